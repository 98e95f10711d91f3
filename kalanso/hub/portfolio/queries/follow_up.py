"""Which actions may somebody see, which are late, what may somebody do with one, and what was unblocked by them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.models import Membership, PlaceMirror, Role
from kalanso.hub.people.permissions import may, reach
from kalanso.hub.people.queries.access import path_of, today
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.people.queries.subjects import Subject
from kalanso.hub.portfolio.models import ActionPoint, Factor
from kalanso.hub.portfolio.models.factors import Domain, FactorKind, FactorState
from kalanso.hub.portfolio.models.follow_up import TO_DO, ActionState
from kalanso.hub.portfolio.queries import factors, keeping

NAME = "portfolio.actionpoint"
SHOWN, LONGEST_NAME = 20, 80
LEVELS = ("country", "region", "district", "health_area")
OWNERS_OFFERED = 200
# Whom an action can be given to.
OWNERS = frozenset(Role.values) - {Role.READER, Role.DONOR}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which actions; "" is any. `state` "to_do" is what is still to do, "late" what is late; `whose` "mine" one's own."""

    state: str = ""
    whose: str = ""
    priority: str = ""
    place: str = ""
    organisation: str = ""
    text: str = ""


STILL, LATE, MINE = "to_do", "late", "mine"


def kept() -> Q:
    """Return the condition that one is for its team alone."""
    sensitive = Q(cell__sensitive=True) | Q(factor__cell__sensitive=True)
    return keeping.flagged() | keeping.flagged("factor__place_code") | sensitive


def visible_actions(person: Any, *, within: str = "") -> QuerySet[ActionPoint]:
    """Return the actions that somebody may read: not those kept from them, but always those they own, made or closed.

    `within`: the place at or below which alone they are asked for, "" for all.
    """
    if not may(person, "portfolio.read"):
        return ActionPoint.objects.none()
    # Ten joined tables cost a database more to plan than to read: who made and closed an action is asked where it is shown.
    found = ActionPoint.objects.select_related("owner", "organisation", "factor__cell", "cell__intervention")
    own = Q(owner=person) | Q(made_by=person) | Q(closed_by=person)
    if within:
        found = found.filter(keeping.below(within))
    return found.filter(~keeping.kept_from(person, kept(), within=within) | own)


def kept_counts(person: Any, *, day: date) -> list[keeping.Counted]:
    """Return how many actions are kept from somebody, by district and past quarter."""
    if not may(person, "portfolio.read"):
        return []
    own = Q(owner=person) | Q(made_by=person) | Q(closed_by=person)
    held_back = ActionPoint.objects.filter(keeping.kept_from(person, kept()) & ~own)
    return keeping.counted(held_back.values_list("place_code", "made"), today=day)


def counts(actions: QuerySet[ActionPoint], day: date) -> dict[str, int]:
    """Return how many of some actions there are, how many are to do, late on a day, and done but not verified."""
    return actions.order_by().aggregate(
        all=Count("pk"), to_do=Count("pk", filter=Q(state__in=TO_DO)), late=Count("pk", filter=_is_late(day)),
        to_verify=Count("pk", filter=Q(state=ActionState.DONE)),
    )  # fmt: skip


def is_kept(one: ActionPoint) -> bool:
    """Whether an action is for the team alone."""
    if (one.cell is not None and one.cell.sensitive) or (
        one.factor is not None and factors.is_kept(one.factor)
    ):
        return True
    return PlaceMirror.objects.filter(code=one.place_code, flagged=True).exists()


def one_action(person: Any, reference: str) -> ActionPoint:
    """Return an action that somebody may see by its reference; any other is not there (Http404)."""
    found = visible_actions(person).filter(reference=reference).first()
    if found is None:
        raise Http404(_("Aucune action ne porte ce numéro, ou elle n'est pas pour vous."))
    return found


def late(actions: QuerySet[ActionPoint], day: date) -> QuerySet[ActionPoint]:
    """Keep what should have been done before a day and is not."""
    return actions.filter(_is_late(day))


def _is_late(day: date) -> Q:
    return Q(state__in=TO_DO, due__lt=day)


def narrowed(actions: QuerySet[ActionPoint], wanted: Wanted, person: Any, day: date) -> QuerySet[ActionPoint]:
    """Keep what was asked for."""
    if wanted.state == STILL:
        actions = actions.filter(state__in=TO_DO)
    elif wanted.state == LATE:
        actions = late(actions, day)
    elif wanted.state:
        actions = actions.filter(state=wanted.state)
    if wanted.whose == MINE:
        actions = actions.filter(owner=person)
    if wanted.priority:
        actions = actions.filter(priority=wanted.priority)
    if wanted.place:
        actions = actions.filter(keeping.below(wanted.place))
    if wanted.organisation.isdigit():
        actions = actions.filter(organisation_id=int(wanted.organisation))
    if wanted.text:
        actions = actions.filter(Q(text__icontains=wanted.text) | Q(reference__iexact=wanted.text.strip()))
    return actions


@dataclass(frozen=True)
class Rights:
    """What somebody may do with an action as it stands."""

    change: bool
    close: bool
    verify: bool
    own_closing: bool


def rights(person: Any, one: ActionPoint) -> Rights:
    """Return what somebody may do with an action: it is never verified by who closed it."""
    sets = may(person, "portfolio.set_action", one)
    verifies = one.state == ActionState.DONE and may(person, "portfolio.verify_action", one)
    return Rights(
        change=sets and one.state != ActionState.VERIFIED, close=one.to_do and (sets or one.owner_id == person.pk),
        verify=verifies and one.closed_by_id != person.pk, own_closing=verifies and one.closed_by_id == person.pk,
    )  # fmt: skip


def places(person: Any, *, also: str = "") -> tuple[bool, list[PlaceMirror]]:
    """Return whether somebody may set an action for the whole country, and the places where they may."""
    far = reach(person, "portfolio.set_action")
    inside = PlaceMirror.objects.filter(far.places(), level__in=LEVELS[1:])
    found = list(inside[: factors.PLACES_OFFERED + 1])
    if len(found) > factors.PLACES_OFFERED:
        found = list(inside.filter(level__in=LEVELS[1:3]))
    if also and also not in {one.code for one in found}:
        found = [*PlaceMirror.objects.filter(far.places(), code=also), *found]
    return far.everywhere, found


def owners(place_codes: Sequence[str]) -> list[Membership]:
    """Return whom an action at one of some places can be given to: roles held there, above it or below it.

    One of the whole country ("") can be given to anybody who works for the programme.
    """
    near = Q(place_code="") if "" not in place_codes else ~Q(pk__in=())
    for code in place_codes:
        path = path_of(code)
        if path is not None:
            near |= Q(place_code__in=[step for step in path.split("/") if step])
            near |= Q(place_code__in=PlaceMirror.objects.filter(path__startswith=path).values("code"))
    held = Membership.objects.filter(near, role__in=OWNERS, person__is_active=True)
    rows = held.select_related("person", "organisation").order_by(
        "person__last_name", "person__username", "pk"
    )
    day, found, seen = today(), [], set()
    for row in rows:
        if row.holds_on(day) and (row.person_id, row.organisation_id) not in seen:
            seen.add((row.person_id, row.organisation_id))
            found.append(row)
    return found[:OWNERS_OFFERED]


@dataclass(frozen=True, kw_only=True)
class Unblocked:
    """A domain, with its lifted obstacles and the verified actions that answered each."""

    domain: str
    label: str
    factors: Sequence[tuple[Factor, Sequence[ActionPoint]]]
    without: int


def unblocked(person: Any) -> list[Unblocked]:
    """Return which lifted obstacles were answered by which verified actions; `without` is how many by none."""
    lifted = factors.visible_factors(person).filter(kind=FactorKind.BARRIER, state=FactorState.LIFTED)
    rows = list(lifted.order_by("-since")[:300])
    done: dict[int, list[ActionPoint]] = {}
    verified = (
        visible_actions(person).filter(factor__in=rows, state=ActionState.VERIFIED).order_by("verified")
    )
    for action in verified:
        if action.factor_id is not None:
            done.setdefault(action.factor_id, []).append(action)
    found = []
    for domain, label in Domain.choices:
        own = [one for one in rows if one.domain == domain]
        answered = [(one, done[one.pk]) for one in own if one.pk in done]
        if own:
            found.append(
                Unblocked(domain=domain, label=str(label), factors=answered, without=len(own) - len(answered))
            )
    return found


def called(one: ActionPoint) -> str:
    """Return an action's reference and words as a name."""
    words = " ".join(one.text.split())
    words = words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1].rstrip()}…"
    return f"{one.reference} · {words}"


def cited(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the actions that somebody may see among some keys, as what can be cited."""
    rows = visible_actions(person).filter(pk__in=[key for key in keys if key.isdigit() and len(key) < 15])
    return {
        str(one.pk): Cited(
            object_type=NAME, object_id=str(one.pk), kind=_("Action"), name=f"{called(one)} ({one.get_state_display()})",
            address=reverse("action", args=[one.reference]), place_code=one.place_code,
        )
        for one in rows
    }  # fmt: skip


def subject(key: str) -> Subject | None:
    """Return an action as what can be discussed; not where a sensitive cell keeps it inside a place without a flag."""
    rows = ActionPoint.objects.select_related("cell", "factor__cell")
    one = rows.filter(pk=key).first() if key.isdigit() and len(key) < 15 else None
    if one is None:
        return None
    place_code = one.place_code
    if is_kept(one) and not PlaceMirror.objects.filter(code=place_code, flagged=True).exists():
        return None
    place = names_of({place_code}).get(place_code, place_code) or _("tout le pays")
    return Subject(
        object_type=NAME, object_id=str(one.pk), place_code=place_code, name=f"{place} ({one.reference})",
        address=reverse("action", args=[one.reference]),
    )  # fmt: skip
