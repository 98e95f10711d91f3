"""How does the whole portfolio look: which intervention is how far in which district, and how many are in each state?

Narrowed by what the reader chose. Whoever reads the portfolio reads every line's state, so that what is shown is put
together once for all of them, and again once a record of it has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, Q, When
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Organisation, PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.places import folded
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.models.cells import OVER, State

# Icon and word of each state: never colour alone.
ICONS = {
    State.PLANNED: "○", State.PREPARING: "◔", State.ONGOING: "▶", State.DELAYED: "!", State.SUSPENDED: "‖", State.COMPLETED: "✓",
    State.DROPPED: "✕",
}  # fmt: skip
OVERDUE = _("fin dépassée")


class Square(NamedTuple):
    """One cell as the grid shows it. `late`: its end has passed and it is not over."""

    pk: int
    state: str
    late: bool
    place_code: str

    @property
    def icon(self) -> str:
        """Its icon."""
        return ICONS[State(self.state)]

    @property
    def word(self) -> str:
        """Its state in words."""
        told = str(State(self.state).label)
        return f"{told}, {OVERDUE}" if self.late else told


# Parts of a square by their place in it: thousands are counted for one page.
STATE, IS_LATE = itemgetter(1), itemgetter(2)


@dataclass(frozen=True)
class Line:
    """One intervention with a square for each column, None where it is not planned."""

    intervention: Intervention
    squares: tuple[Square | None, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many of its cells are in each state."""
        return Counter(map(STATE, filter(None, self.squares)))


@dataclass(frozen=True)
class Column:
    """A district with the name of its region."""

    code: str
    name: str
    region: str
    region_code: str


# What of the records a grid was made from: as long as this is the same, so is the grid.
Edition = tuple[Any, ...]


@dataclass(frozen=True)
class Grid:
    """The portfolio, or what was chosen of it. `written` holds parts of pages that are the same for all its readers."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    counts: Mapping[str, int]
    late: int
    edition: Edition = ()
    written: dict[tuple[str, str], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def cells(self) -> int:
        """How many cells are shown."""
        return sum(self.counts.values())

    @cached_property
    def codes(self) -> list[str]:
        """The codes of its districts."""
        return [column.code for column in self.columns]

    @property
    def states(self) -> list[tuple[str, str, str, int]]:
        """Each state with its icon, word and number of cells, those that occur."""
        return [
            (str(one), ICONS[one], str(one.label), self.counts[one]) for one in State if self.counts.get(one)
        ]

    @property
    def regions(self) -> list[tuple[str, int]]:
        """The regions above the columns, each with how many columns it spans."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.region:
                found[-1] = (column.region, found[-1][1] + 1)
            else:
                found.append((column.region, 1))
        return found

    @cached_property
    def districts(self) -> list[tuple[Column, Counter[str], int]]:
        """Each district with how many of its cells are in each state, and how many are late."""
        by_column = zip(*(line.squares for line in self.lines), strict=True)
        return [
            (column, Counter(map(STATE, shown)), sum(map(IS_LATE, shown)))
            for column, squares in zip(self.columns, by_column, strict=bool(self.lines))
            if (shown := [one for one in squares if one is not None])
        ]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the reader wants to see; "" is everything."""

    approach: str = ""
    lead: str = ""
    region: str = ""
    district: str = ""
    state: str = ""
    step: str = ""
    text: str = ""
    fields: tuple[str, ...] = field(
        default=("approach", "lead", "region", "district", "state", "step", "text"), repr=False
    )

    @property
    def anything(self) -> bool:
        """Whether something was chosen."""
        return any(getattr(self, name) for name in self.fields)


LATE = "late"  # a choice beside the states


def grid(person: Any, chosen: Chosen, *, today: date) -> Grid:
    """Return the portfolio as somebody may see it, narrowed by a choice: all of it, or nothing."""
    if not may(person, "portfolio.read"):
        return Grid((), (), Counter(), 0)
    return _made(edition(), chosen, today)


def edition() -> Edition:
    """Return what changes with every change of a line, an intervention or a place: each action raises the version of what it changes."""
    quote = connection.ops.quote_name
    places, cells, lines = (quote(kind._meta.db_table) for kind in (PlaceMirror, Cell, Intervention))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT (SELECT snapshot FROM {places} LIMIT 1), c.n, c.versions, c.newest, i.n, i.versions, i.newest "
            f"FROM (SELECT COUNT(*) AS n, SUM(version) AS versions, MAX(id) AS newest FROM {cells}) c, "
            f"(SELECT COUNT(*) AS n, SUM(version) AS versions, MAX(id) AS newest FROM {lines}) i"
        )
        return tuple(cursor.fetchone())


@lru_cache(maxsize=4)
def interventions(_edition: Edition) -> dict[int, Intervention]:
    """Return all interventions with the organisations that answer for them, by key."""
    return {one.pk: one for one in Intervention.objects.select_related("lead")}


@lru_cache(maxsize=16)
def leads(_edition: Edition) -> tuple[Organisation, ...]:
    """Return the organisations that answer for an intervention."""
    return tuple(Organisation.objects.filter(interventions_led__isnull=False).distinct())


@lru_cache(maxsize=24)
def _made(edition: Edition, chosen: Chosen, today: date) -> Grid:
    """Put a grid together; asked after its edition, so that one which is kept is never older than that."""
    known = interventions(edition).values()
    lines = [one for one in known if not one.closed and _wanted(one, chosen)]
    ended = Case(When(Q(ends__lt=today) & ~Q(state__in=OVER), then=True), default=False)
    rows = Cell.objects.order_by().values_list("intervention_id", "pk", "state", ended, "place_code")
    if chosen.anything:
        rows = rows.filter(intervention__in=[one.pk for one in lines])
    if chosen.district:
        rows = rows.filter(place_code=chosen.district)
    planned: dict[int, dict[str, Square]] = {one.pk: {} for one in lines}
    for row in rows:
        if (there := planned.get(row[0])) is not None:
            # Thousands at once: `Square(...)` and `Square._make` are functions of Python around this one.
            there[row[4]] = tuple.__new__(Square, row[1:])
    columns = [one for one in _columns(set().union(*planned.values())) if _inside(one, chosen)]
    codes = [one.code for one in columns]
    found = []
    for one in lines:
        held = planned[one.pk]
        if chosen.state:
            held = {code: square for code, square in held.items() if _is_so(square, chosen.state)}
        own = tuple(map(held.get, codes))
        if not chosen.anything or any(own):
            found.append(Line(one, own))
    shown = [square for line in found for square in line.squares if square is not None]
    return Grid(tuple(columns), tuple(found), Counter(map(STATE, shown)), sum(map(IS_LATE, shown)), edition)


def _wanted(one: Intervention, chosen: Chosen) -> bool:
    return (
        chosen.approach in {"", one.approach}
        and chosen.lead in {"", one.lead.code}
        and (not chosen.step or chosen.step in one.steps)
        and (not chosen.text or folded(chosen.text) in folded(f"{one.code} {one.title_fr} {one.title_en}"))
    )


def _inside(column: Column, chosen: Chosen) -> bool:
    return chosen.region in {"", column.region_code} and chosen.district in {"", column.code}


def _is_so(square: Square, state: str) -> bool:
    return square.late if state == LATE else square.state == state


def _columns(codes: set[str]) -> list[Column]:
    """Return the districts, those of a region beside one another."""
    regions = dict(PlaceMirror.objects.filter(level="region").values_list("code", "name"))
    found = []
    for code, name, path in PlaceMirror.objects.filter(code__in=codes).values_list("code", "name", "path"):
        above = next((part for part in path.split("/") if part in regions), "")
        found.append(Column(code, name, regions.get(above, ""), above))
    gone = codes - {one.code for one in found}
    found += [Column(code, code, "", "") for code in gone]
    return sorted(found, key=lambda one: (one.region, one.name))
