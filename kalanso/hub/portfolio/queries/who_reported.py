"""Who has reported on a quarter and who has not, by district and by organisation?

The database counts; of the lines whose report is missing, only those that a page lists are read one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import Somewhere, right
from kalanso.hub.people.queries.access import ask_for_places
from kalanso.hub.portfolio.models import Cell, Report
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.reports import expected_in

NONE = "none"
TO_SEND = (NONE, Report.State.DRAFT, Report.State.RETURNED)
LISTED = 115  # lines without a report that are named; a page of thousands serves nobody


@dataclass(frozen=True)
class Expected:
    """A cell that is to report on a quarter and has not; `mine`: its reader may write the report."""

    pk: int
    code: str
    place: str
    organisation: str
    mine: bool


@dataclass
class Status:
    """Who has reported on a quarter: counts by state for districts and organisations, and the cells still missing.

    `missing` names those of the reader first, at most `LISTED`; `unsent` is how many there are.
    """

    period: str
    expected: int = 0
    unsent: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    districts: list[tuple[str, str, Counter[str]]] = field(default_factory=list)
    organisations: list[tuple[str, Counter[str]]] = field(default_factory=list)
    missing: list[Expected] = field(default_factory=list)

    @property
    def received(self) -> int:
        """How many reports were sent."""
        return self.counts[Report.State.SUBMITTED] + self.counts[Report.State.APPROVED]


@dataclass(frozen=True)
class _Team:
    """The lines of one organisation in one district whose reports are missing."""

    mine: bool
    place: str
    place_code: str
    organisation: int
    lines: int


def status(person: Any, period: str) -> Status:
    """Return who has reported on a quarter, among all cells that somebody may see."""
    told = Status(period)
    asked = _with_reports(person, period)
    rows = list(
        asked.values_list("place_code", "organisation_id", "organisation__name", "of_quarter__state").annotate(n=Count("pk"))
    )  # fmt: skip
    names = {code: place.name for code, place in ask_for_places(row[0] for row in rows).items()}
    districts: dict[str, Counter[str]] = {}
    houses: dict[str, Counter[str]] = {}
    unsent: Counter[tuple[str, int]] = Counter()
    for code, house, house_name, state, lines in rows:
        state = state or NONE
        districts.setdefault(code, Counter())[state] += lines
        houses.setdefault(house_name, Counter())[state] += lines
        told.counts[state] += lines
        if state in TO_SEND:
            unsent[code, house] += lines
    told.expected, told.unsent = told.counts.total(), unsent.total()
    told.districts = sorted(
        ((code, names.get(code, code), found) for code, found in districts.items()), key=lambda row: row[1]
    )
    told.organisations = sorted(houses.items())
    reports = right(person, "portfolio.report")
    teams = [
        _Team(reports(Somewhere(code, house)), names.get(code, code), code, house, lines)
        for (code, house), lines in unsent.items()
    ]  # fmt: skip
    told.missing = _named(asked, teams)
    return told


def _with_reports(person: Any, period: str) -> QuerySet[Cell]:
    """Return the cells that are to report on a quarter, each with its report as `of_quarter`; a cell has one or none."""
    found = scope.cells(person).select_related(None).filter(expected_in(period), intervention__closed=False)
    return found.order_by().annotate(
        of_quarter=FilteredRelation("reports", condition=Q(reports__period=period))
    )


def _named(asked: QuerySet[Cell], teams: list[_Team]) -> list[Expected]:
    """Return the cells without a sent report, those of the reader first, then by district; no more than are listed."""
    wanted, held = {}, 0
    ordered = sorted(teams, key=lambda one: (not one.mine, one.place, one.place_code))
    for at, one in enumerate(ordered):
        before = ordered[at - 1] if at else one
        if held >= LISTED and (one.mine, one.place_code) != (before.mine, before.place_code):
            break
        wanted[one.place_code, one.organisation] = one
        held += one.lines
    unsent = Q(of_quarter__state=None) | Q(of_quarter__state__in=TO_SEND)
    rows = asked.filter(unsent, place_code__in={code for code, _house in wanted}).values_list(
        "pk", "intervention__code", "place_code", "organisation_id", "organisation__name"
    )
    found = []
    for pk, code, place, house, house_name in rows:
        team = wanted.get((place, house))
        if team is not None:
            found.append(Expected(pk, code, team.place, house_name, team.mine))
    found.sort(key=lambda one: (not one.mine, one.place, one.code))
    return found[:LISTED]


def shown_states() -> Iterable[tuple[str, str]]:
    """Return the states of reports with their words, the missing ones first."""
    yield NONE, _("Pas commencé")
    yield from ((str(one), str(one.label)) for one in Report.State)
