"""What should a person know, in which words, and how much of it did they not read yet?

Each app declares the sentences it may send (`declare`); a notification keeps the sentence's id and what
fills its blanks, so that everybody reads it in their own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Notification, Person, PlaceMirror, Role

PAGE = 30


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A sentence with blanks, and the name of its kind in a person's preferences.

    A notice that is `always` sent cannot be refused: it tells what was done to the person's own account.
    """

    says: Any
    kind: Any
    always: bool = False


NOTICES: dict[str, Notice] = {
    "people.role_given": Notice(
        says=_("%(by)s vous a donné le rôle « %(role)s »."), kind=_("Mes rôles et mon compte"), always=True
    ),
    "people.role_ended": Notice(
        says=_("%(by)s a mis fin à votre rôle « %(role)s » : %(reason)s"),
        kind=_("Mes rôles et mon compte"),
        always=True,
    ),
    "people.password_reset": Notice(
        says=_("%(by)s vous a donné un nouveau mot de passe."), kind=_("Mes rôles et mon compte"), always=True
    ),
    "people.second_proof_reset": Notice(
        says=_(
            "%(by)s a retiré votre double vérification : %(reason)s. Si vous ne l'avez pas demandé, prévenez-nous."
        ),
        kind=_("Mes rôles et mon compte"),
        always=True,
    ),
    "people.invitation_accepted": Notice(
        says=_("%(name)s a accepté votre invitation."), kind=_("Mes invitations acceptées")
    ),
}
_DECLARED: dict[str, Notice] = {}
# Returns, of some notifications, the numbers of those that tell of what is for a team alone.
Guard = Callable[[Sequence[Notification]], set[int]]
_GUARDS: list[Guard] = []
INSIDE = _("Du nouveau dans une zone ou une activité protégée : à lire dans Kalanso.")


def declare(of_app: Mapping[str, Notice]) -> None:
    """Add the sentences that an app sends."""
    _DECLARED.update(of_app)


def declared() -> dict[str, Notice]:
    """Return all sentences by id."""
    return dict(_DECLARED)


def say(sentence: str, params: Mapping[str, Any]) -> str:
    """Return a sentence in the language of the moment. Raises LookupError for an unknown one or an empty blank."""
    if sentence not in _DECLARED:
        raise LookupError(f"{sentence}: expected one of {', '.join(sorted(_DECLARED))}")
    told = dict(params)
    if told.get("role") in Role.values:
        told["role"] = Role(told["role"]).label
    return str(_DECLARED[sentence].says) % told


def told(notification: Notification) -> str:
    """Return what a notification says; one whose sentence is no longer known says only that it is old."""
    try:
        return say(notification.sentence, notification.params)
    except (LookupError, TypeError, ValueError):
        return str(_("Une notification d'une version antérieure."))


def keep_inside(function: Guard) -> None:
    """Declare which notifications of an app tell of what must not leave the hub."""
    if function not in _GUARDS:
        _GUARDS.append(function)


def of_flagged_places(rows: Sequence[Notification]) -> set[int]:
    """Return the notifications that tell of a place under a security flag."""
    codes = {row.pk: str(row.params.get("place_code", "")) for row in rows}
    flagged = set(
        PlaceMirror.objects.filter(code__in=set(codes.values()) - {""}, flagged=True).values_list("code", flat=True)
    )  # fmt: skip
    return {pk for pk, code in codes.items() if code in flagged}


def told_outside(rows: Sequence[Notification]) -> list[tuple[str, str]]:
    """Return what notifications say and where they lead, in words that may leave the hub, as letters and feeds do.

    Of what is protected today only that there is news is said: feeds are read by programs of others, letters pass them.
    """
    kept = set().union(*(guards(rows) for guards in (of_flagged_places, *_GUARDS)))
    return [(str(INSIDE), reverse("notices")) if row.pk in kept else (told(row), row.address) for row in rows]


def unread(person: Person) -> QuerySet[Notification]:
    """Return what a person has not read yet."""
    return Notification.objects.filter(person=person, read__isnull=True)


def page(person: Person, *, before: int | None = None) -> tuple[list[Notification], int | None]:
    """Return the newest notifications before one of them, and from which the next page goes on."""
    mine = Notification.objects.filter(person=person)
    last = mine.filter(pk=before).first() if before else None
    if last is not None:
        mine = mine.filter(at__lte=last.at).exclude(at=last.at, pk__gte=last.pk)
    rows = list(mine[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def choices() -> list[tuple[str, str]]:
    """Return the kinds that a person may refuse: (ids joined by a comma, name)."""
    kinds: dict[str, list[str]] = {}
    for sentence, notice in sorted(_DECLARED.items()):
        if not notice.always:
            kinds.setdefault(str(notice.kind), []).append(sentence)
    return [(",".join(ids), kind) for kind, ids in kinds.items()]
