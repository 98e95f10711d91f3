"""Which meetings and decisions may somebody see, and what may be affected by a decision?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import may, reach
from kalanso.hub.people.queries.citations import Bond, Cited
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.people.queries.subjects import Subject
from kalanso.hub.portfolio.models import Cell, Decision, Intervention, Meeting
from kalanso.hub.portfolio.queries import keeping

NAME, MEETING = "portfolio.decision", "portfolio.meeting"
SHOWN, LONGEST_NAME = 20, 80


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which decisions; "" is any."""

    place: str = ""
    text: str = ""
    since: date | None = None


def visible_meetings(person: Any) -> QuerySet[Meeting]:
    """Return the meetings that somebody may read."""
    if not may(person, "portfolio.read"):
        return Meeting.objects.none()
    found = Meeting.objects.select_related("made_by").prefetch_related("organisations")
    return found.filter(~keeping.kept_from(person, keeping.flagged()) | Q(made_by=person))


def kept() -> Q:
    """Return the condition that a decision is for a team alone: by its place, its meeting's, or a line that it touches."""
    hidden = Cell.objects.filter(keeping.flagged() | Q(sensitive=True))
    touches = Decision.cells.through.objects.filter(cell__in=hidden).values("decision_id")
    return Q(pk__in=touches) | keeping.flagged() | keeping.flagged("meeting__place_code")


def visible_decisions(person: Any) -> QuerySet[Decision]:
    """Return the decisions that somebody may read: not those of flagged places, or on cells kept from them, wherever taken."""
    if not may(person, "portfolio.read"):
        return Decision.objects.none()
    # Each end by itself: a team is cleared for its own cell, wherever the decision on it was taken.
    secret = keeping.kept_from(person, Q(sensitive=True)) | (keeping.flagged() & keeping.kept_lines(person))
    hidden = Cell.objects.filter(secret)
    touches = Decision.cells.through.objects.filter(cell__in=hidden).values("decision_id")
    kept = Q(pk__in=touches) | keeping.kept_from(person, keeping.flagged())
    kept |= keeping.kept_from(person, keeping.flagged("meeting__place_code"), "meeting__place_code")
    found = Decision.objects.select_related("meeting", "made_by")
    return found.filter(~kept | Q(made_by=person))


def one_meeting(person: Any, pk: int) -> Meeting:
    """Return a meeting that somebody may see; any other is not there (Http404)."""
    found = visible_meetings(person).filter(pk=pk).first()
    if found is None:
        raise Http404(_("Aucune réunion ne porte cette adresse, ou elle n'est pas pour vous."))
    return found


def one_decision(person: Any, reference: str) -> Decision:
    """Return a decision that somebody may see by its reference; any other is not there (Http404)."""
    found = visible_decisions(person).filter(reference=reference).first()
    if found is None:
        raise Http404(_("Aucune décision ne porte ce numéro, ou elle n'est pas pour vous."))
    return found


def narrowed(decisions: QuerySet[Decision], wanted: Wanted) -> QuerySet[Decision]:
    """Keep what was asked for."""
    if wanted.place:
        decisions = decisions.filter(keeping.below(wanted.place))
    if wanted.since:
        decisions = decisions.filter(date__gte=wanted.since)
    if wanted.text:
        decisions = decisions.filter(
            Q(text__icontains=wanted.text) | Q(reference__iexact=wanted.text.strip())
        )
    return decisions


def before(one: Meeting) -> Meeting | None:
    """Return the meeting before one, of the same place."""
    earlier = Meeting.objects.filter(place_code=one.place_code).filter(
        Q(date__lt=one.date) | Q(date=one.date, pk__lt=one.pk)
    )
    return earlier.order_by("-date", "-pk").first()


def places(person: Any, verb: str) -> tuple[bool, list[PlaceMirror]]:
    """Return whether somebody may do something for the whole country, and the regions and districts where they may."""
    far = reach(person, verb)
    inside = PlaceMirror.objects.filter(far.places(), level__in=("region", "district"))
    return far.everywhere, list(inside)


def cells_of(person: Any, decision: Decision) -> list[tuple[Cell, str]]:
    """Return the cells that a decision affects, with the names of their districts."""
    rows = list(decision.cells.select_related("intervention"))
    names = names_of({one.place_code for one in rows})
    return [(one, names.get(one.place_code, one.place_code)) for one in rows]


def cells_to_affect(place_code: str) -> QuerySet[Cell]:
    """Return the cells at or below a place; of the whole country, all."""
    found = Cell.objects.select_related("intervention").order_by("intervention__code", "place_code")
    return found.filter(keeping.below(place_code)) if place_code else found


def interventions() -> QuerySet[Intervention]:
    """Return the interventions that a decision may affect."""
    return Intervention.objects.filter(closed=False)


def called(one: Decision) -> str:
    """Return a decision's reference and words as a name."""
    words = " ".join(one.text.split())
    words = words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1].rstrip()}…"
    return f"{one.reference} · {words}"


def cited(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the decisions that somebody may see among some keys, as what can be cited."""
    rows = visible_decisions(person).filter(pk__in=[key for key in keys if key.isdigit() and len(key) < 15])
    return {
        str(one.pk): Cited(
            object_type=NAME, object_id=str(one.pk), kind=_("Décision"), name=called(one),
            address=reverse("decision", args=[one.reference]), place_code=one.place_code,
        )
        for one in rows
    }  # fmt: skip


def cited_meetings(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the meetings that somebody may see among some keys, as what can be cited."""
    rows = visible_meetings(person).filter(pk__in=[key for key in keys if key.isdigit() and len(key) < 15])
    return {
        str(one.pk): Cited(
            object_type=MEETING, object_id=str(one.pk), kind=_("Réunion"), name=one.title,
            address=reverse("meeting", args=[one.pk]), place_code=one.place_code,
        )
        for one in rows
    }  # fmt: skip


def subject(key: str) -> Subject | None:
    """Return a decision as what can be discussed; not where a sensitive cell keeps it inside a place without a flag."""
    one = Decision.objects.filter(pk=key).first() if key.isdigit() and len(key) < 15 else None
    if one is None or one.cells.filter(sensitive=True).exists():
        return None
    place = names_of({one.place_code}).get(one.place_code, one.place_code) or _("tout le pays")
    return Subject(
        object_type=NAME, object_id=str(one.pk), place_code=one.place_code, name=f"{place} ({one.reference})",
        address=reverse("decision", args=[one.reference]),
    )  # fmt: skip


def _bonds(rows: QuerySet[Decision], note: str) -> list[Bond]:
    return [
        Bond(object_type=NAME, object_id=str(one.pk), note=note, by=one.made_by, at=one.made)
        for one in rows.select_related("made_by")
    ]


def bonds_of_cell(key: str) -> list[Bond]:
    """Return the decisions that affect a cell."""
    return (
        _bonds(Decision.objects.filter(cells=key), _("la touche")) if key.isdigit() and len(key) < 15 else []
    )


def bonds_of_intervention(key: str) -> list[Bond]:
    """Return the decisions that affect an intervention."""
    return (
        _bonds(Decision.objects.filter(interventions=key), _("la touche"))
        if key.isdigit() and len(key) < 15
        else []
    )
