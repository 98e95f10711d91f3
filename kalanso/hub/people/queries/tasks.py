"""What waits for a person, and what did they begin? Each app adds a function that knows its part.

`offer` a function of a person that returns tasks; `offer_drafts` one that returns what they began and did
not send yet. Both are asked when somebody opens their page or gets their weekly letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.people.models import Invitation, Person
from kalanso.hub.people.queries import notices

SHOWN = 3
# An invitation that nobody answered is worth a word shortly before it ends.
SOON = timedelta(days=4)


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to do: a sentence that begins with a verb, where it is done, since when it waits.

    `can_wait`: it stands below what waits for a decision of the person. `in_the_field`: it is a form that works without
    network, so that a telephone keeps its page beforehand.
    """

    says: str
    address: str
    since: datetime
    can_wait: bool = False
    in_the_field: bool = False


Knows = Callable[[Person], Iterable[Task]]
_TASKS: list[Knows] = []
_DRAFTS: list[Knows] = []


def offer(function: Knows) -> None:
    """Add a function that knows what waits for a person."""
    if function not in _TASKS:
        _TASKS.append(function)


def offer_drafts(function: Knows) -> None:
    """Add a function that knows what a person began and did not send yet."""
    if function not in _DRAFTS:
        _DRAFTS.append(function)


def tasks_of(person: Person) -> list[Task]:
    """Return all that waits for a person: decisions first, and of each kind what waits longest."""
    found = (task for ask in _TASKS for task in ask(person))
    return sorted(found, key=lambda task: (task.can_wait, task.since))


def drafts_of(person: Person) -> list[Task]:
    """Return what a person began and did not send yet, the newest first."""
    return sorted(
        (task for ask in _DRAFTS for task in ask(person)), key=lambda task: task.since, reverse=True
    )


def mentions(person: Person) -> list[Task]:
    """Return where somebody named the person and waits for an answer."""
    found = notices.unread(person).filter(sentence__contains="mention").order_by("at")[:SHOWN]
    return [
        Task(says=notices.told(one), address=one.address or reverse("notices"), since=one.at) for one in found
    ]


def news(person: Person) -> list[Task]:
    """Return the other unread notifications as one task."""
    found = notices.unread(person).exclude(sentence__contains="mention").order_by("at")
    dates = list(found.values_list("at", flat=True)[:100])
    if not dates:
        return []
    says = ngettext("Lire %(n)s notification", "Lire %(n)s notifications", len(dates)) % {"n": len(dates)}
    return [Task(says=says, address=reverse("notices"), since=dates[0], can_wait=True)]


def silent_invitations(person: Person) -> list[Task]:
    """Return the person's invitations that end soon and that nobody answered."""
    now = datetime.now(UTC)
    found = Invitation.objects.filter(
        invited_by=person, accepted_by__isnull=True, withdrawn__isnull=True, expires__gt=now,
        expires__lt=now + SOON,
    )[:SHOWN]  # fmt: skip
    return [
        Task(
            says=_("Relancer %(name)s, dont l'invitation expire bientôt") % {"name": one.name},
            address=reverse("invitations"),
            since=one.created,
        )
        for one in found
    ]
