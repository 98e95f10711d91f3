"""What does the weekly letter to a person say, and which secret links does it carry?

Links are signed, not kept: a link for one purpose is worth nothing for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from kalanso.hub.people.models import Notification, Person
from kalanso.hub.people.queries import notices
from kalanso.hub.people.queries.tasks import SHOWN, tasks_of

FEED, STOP = "kalanso.feed", "kalanso.stop-letter"
TOLD = 20
# What is older than this is no news.
OLDEST = timedelta(days=28)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter in both forms, and the notifications that it tells."""

    subject: str
    text: str
    html: str
    stop: str
    told: tuple[int, ...]


def week_of(now: datetime) -> str:
    """Return the ISO week of a moment, such as "2025-W07"."""
    year, week, _day = now.isocalendar()
    return f"{year}-W{week:02}"


def readers() -> Iterator[Person]:
    """Yield who may get the letter: an open account, an address, and the wish to."""
    yield from (
        Person.objects.filter(is_active=True, wants_digest=True, email__isnull=False)
        .order_by("pk")
        .iterator(chunk_size=200)
    )


def letter_to(person: Person, *, now: datetime) -> Letter | None:
    """Return the letter to a person in their language; None where there is nothing to say."""
    fresh = notices.unread(person).filter(mailed__isnull=True, at__gt=now - OLDEST)
    news: list[Notification] = list(fresh[: TOLD + 1])
    with override(person.language):
        waiting = [task for task in tasks_of(person) if task.address != reverse("notices")][:SHOWN]
        if not news and not waiting:
            return None
        stop = absolute(reverse("unsubscribe", args=[sealed(person, STOP)]))
        told = {
            "reader": person,
            "news": [
                (says, absolute(address) if address else "")
                for says, address in notices.told_outside(news[:TOLD])
            ],
            "more": len(news) > TOLD,
            "tasks": [(task.says, absolute(task.address)) for task in waiting],
            "all": absolute(reverse("notices")),
            "me": absolute(reverse("me")),
            "stop": stop,
        }
        number = len(news[:TOLD])
        subject = (
            ngettext(
                "Kalanso : %(n)s nouvelle cette semaine", "Kalanso : %(n)s nouvelles cette semaine", number
            )
            % {"n": number}
            if number
            else _("Kalanso : ce qui vous attend")
        )
        return Letter(
            subject=subject,
            text=render_to_string("people/letter.txt", told),
            html=render_to_string("people/letter.html", told),
            stop=stop,
            told=tuple(one.pk for one in news[:TOLD]),
        )


def absolute(address: str) -> str:
    """Return the whole address of a path of the hub, as people outside reach it."""
    return f"{settings.KALANSO_ADDRESS}{address}"


def sealed(person: Person, purpose: str) -> str:
    """Return the secret of a person's link for a purpose."""
    return signing.dumps([person.pk, person.feed_edition if purpose == FEED else 0], salt=purpose)


def unsealed(secret: str, purpose: str) -> Person | None:
    """Return whose link it is; None for one that is made up, renewed since, or of a closed account."""
    try:
        pk, edition = signing.loads(secret, salt=purpose)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = Person.objects.filter(pk=pk, is_active=True).first()
    if person is None or (purpose == FEED and edition != person.feed_edition):
        return None
    return person
