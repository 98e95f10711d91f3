"""What is there to say of one cell, one intervention and one district of the portfolio?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from kalanso.hub.people.models import Event, Organisation, Person, PlaceMirror, Role
from kalanso.hub.people.permissions import Somewhere, may, right
from kalanso.hub.people.queries import trail
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.people.queries.subjects import Subject
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.models.cells import OVER, STEPS, State
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.grid import ICONS, Edition, edition, interventions
from kalanso.vocabulary import Period

TOLD = 30


@dataclass(frozen=True)
class Rights:
    """What somebody may do with a cell."""

    detail: bool
    plan: bool
    advance: bool


def rights(person: Any, cell: Cell) -> Rights:
    """Return what somebody may do with a cell."""
    return Rights(
        detail=scope.detail(person, cell), plan=may(person, "portfolio.plan_cell", cell), advance=may(person, "portfolio.advance", cell)
    )  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One cell as a list shows it; without `detail`, quarters stand for days.

    `written` holds how it was written before, by all on which that depends: a cell that is kept is written once.
    """

    cell: Cell
    place: str
    detail: bool
    late: bool
    written: dict[tuple[Any, ...], str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def icon(self) -> str:
        """The icon of its state."""
        return ICONS[State(self.cell.state)]

    @property
    def begins(self) -> str:
        """The quarter in which it begins, "" where that is not said."""
        return quarter_of(self.cell.begins)

    @property
    def ends(self) -> str:
        """The quarter in which it ends, "" where that is not said."""
        return quarter_of(self.cell.ends)


def quarter_of(day: date | None) -> str:
    """Return the code of the quarter of a day."""
    return f"{day.year}Q{(day.month + 2) // 3}" if day is not None else ""


def late(cell: Cell, today: date) -> bool:
    """Whether the end of a cell has passed and it is not over."""
    return cell.ends is not None and cell.ends < today and cell.state not in OVER


def told(person: Any, cells: list[Cell], *, today: date) -> list[Told]:
    """Return cells as lists show them."""
    return _told(person, ((one, {}) for one in cells), today)


Kept = tuple[tuple[Cell, dict[tuple[Any, ...], str]], ...]


def _told(person: Any, kept: Iterable[tuple[Cell, dict[tuple[Any, ...], str]]], today: date) -> list[Told]:
    rows = list(kept)
    codes = {one.place_code for one, _written in rows}
    names = names_of(codes)
    flagged = scope.flagged_among(codes)
    return [
        Told(one, names.get(one.place_code, one.place_code), scope.detail(person, one, flagged), late(one, today), written)
        for one, written in rows
    ]  # fmt: skip


@lru_cache(maxsize=100)
def _of_district(edition: Edition, code: str) -> Kept:
    return _kept(edition, Cell.objects.filter(place_code=code, intervention__closed=False))


@lru_cache(maxsize=100)
def _of_intervention(edition: Edition, pk: int) -> Kept:
    return _kept(edition, Cell.objects.filter(intervention=pk))


def _kept(edition: Edition, cells: QuerySet[Cell]) -> Kept:
    """Return cells with their intervention and organisation, each of which is there once; until one of them changes."""
    lines, houses = interventions(edition), _houses(edition)
    found = list(cells)
    for one in found:
        for name, kept in (
            ("intervention", lines.get(one.intervention_id)), ("organisation", houses.get(one.organisation_id)),
        ):  # fmt: skip
            if kept is not None:
                setattr(one, name, kept)
    return tuple((one, {}) for one in found)


@lru_cache(maxsize=4)
def _houses(_edition: Edition) -> dict[int, Organisation]:
    return Organisation.objects.in_bulk()


def of_intervention(person: Any, one: Intervention, *, today: date) -> list[Told]:
    """Return the cells of an intervention, by the name of the district."""
    kept = _of_intervention(edition(), one.pk) if may(person, "portfolio.read") else ()
    return sorted(_told(person, kept, today), key=lambda t: t.place)


def of_district(person: Any, code: str, *, today: date) -> list[Told]:
    """Return the cells of a district: what is late or stopped first, what is over last."""
    kept = _of_district(edition(), code) if may(person, "portfolio.read") else ()
    found = _told(person, kept, today)
    order = (
        State.DELAYED,
        State.SUSPENDED,
        State.ONGOING,
        State.PREPARING,
        State.PLANNED,
        State.COMPLETED,
        State.DROPPED,
    )
    rank = {str(state): at for at, state in enumerate(order)}
    return sorted(
        found, key=lambda t: (t.cell.state in OVER, not t.late, rank[t.cell.state], t.cell.intervention.code)
    )


def history(cell: Cell) -> list[trail.Line]:
    """Return what was done with a cell, the newest first."""
    events = Event.objects.select_related("by").filter(object_type="portfolio.cell", object_id=str(cell.pk))
    return trail.lines(list(events.order_by("-at", "-pk")[:TOLD]))


def next_states(cell: Cell) -> list[tuple[str, str]]:
    """Return the states that may follow, with their words."""
    return [(str(one), str(State(one).label)) for one in STEPS[cell.state]]


def quarters_of(cell: Cell) -> list[str]:
    """Return the quarters from the beginning to the end of a cell, at most twenty; none where one is not said."""
    if cell.begins is None or cell.ends is None:
        return []
    first, last = Period.parse(quarter_of(cell.begins)), Period.parse(quarter_of(cell.ends))
    return [str(one) for one in first.until(last)][:20]


def free_districts(person: Any, one: Intervention) -> list[PlaceMirror]:
    """Return the districts in which somebody may plan an intervention and where it is not planned yet."""
    taken = set(one.cells.values_list("place_code", flat=True))
    found = PlaceMirror.objects.filter(level="district").exclude(code__in=taken).order_by("name")
    plans = right(person, "portfolio.plan_cell")
    return [place for place in found if plans(Somewhere(place.code, one.lead_id))]


def owners_for(cell: Cell) -> QuerySet[Person]:
    """Return who may answer for a cell: people of the organisation that carries it out, and of the place and above."""
    place = PlaceMirror.objects.filter(code=cell.place_code).first()
    above = [part for part in (place.path if place else "").split("/") if part]
    near = Q(memberships__organisation=cell.organisation_id) | Q(
        memberships__place_code__in=above, memberships__role__in=(Role.DISTRICT, Role.REGION)
    )
    return Person.objects.filter(near, is_active=True).distinct()


def subject(key: str) -> Subject | None:
    """Return a cell as a subject of discussion; none where it is sensitive.

    What is said of a sensitive cell would be read by all who read the district: it is not said here.
    """
    found = (
        Cell.objects.select_related("intervention").filter(pk=key, sensitive=False).first()
        if key.isdecimal()
        else None
    )
    if found is None:
        return None
    return Subject(
        object_type="portfolio.cell", object_id=key, place_code=found.place_code, name=str(found), address=reverse("cell", args=[found.pk])
    )  # fmt: skip
