"""What do the portfolio and its approved reports say of the indicators of a performance framework, quarter by quarter?

Nothing is asked again: quantities come from approved reports of the interventions that somebody said are counted,
states from the trail as they stood at the end of the quarter. Lines kept to their team are counted for others ninety
days after the quarter, as published tables are, and left out until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Min

from kalanso.hub.people.models import Event, PlaceMirror
from kalanso.hub.portfolio.models import Cell, Report, Target
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.keeping import below, told_until
from kalanso.indicators import deliveries
from kalanso.indicators.deliveries import Delivery, First, Line
from kalanso.indicators.measures import RECORDED, About, Measure, absent
from kalanso.vocabulary import Period

ON_TRACK, DELAY, COMPLETE, ON_TIME = (
    "interventions_on_track", "delay_to_first_delivery", "district_report_completeness", "district_report_timeliness",
)  # fmt: skip
RECORDS = (ON_TRACK, DELAY, COMPLETE, ON_TIME)
# Out of what the quantities of reports are told: what was planned of the quarter, the health areas of the place, another
# indicator; "nothing" where the whole is kept by a system that is not here yet, "" for a number.
WHOLES: Mapping[str, str] = {
    "planned_sessions_held": "plan", "extended_hours_sessions_held": "plan", "mobile_clinics_on_time": "plan_on_time",
    "cscoms_with_current_microplan": "health_areas", "missed_communities_identified": "", "missed_communities_reached": "missed_communities_identified",
    "womens_groups_active": "", "sessions_led_by_women": "plan", "functional_cold_chain": "nothing", "facilities_coached": "nothing",
}  # fmt: skip
SENT = (Report.State.SUBMITTED, Report.State.APPROVED)


@dataclass
class Ground:
    """All that is read once for a page: lines below a place, their plans, reports and states."""

    cells: list[Cell]
    guarded: frozenset[int]
    reports: dict[tuple[int, str], Report]
    sent: dict[int, date]
    targets: dict[tuple[int, str], int]
    moves: dict[int, list[tuple[datetime, str, str]]]
    areas: dict[str, int] = field(default_factory=dict)

    @cached_property
    def first_delivery(self) -> dict[int, str]:
        """The first quarter in which each line delivered something, as an approved report says."""
        found: dict[int, str] = {}
        for (cell, period), one in self.reports.items():
            if one.state == Report.State.APPROVED and one.quantity:
                found[cell] = min(period, found.get(cell, period))
        return found


def ground(person: Any, place_code: str, quarters: Iterable[str]) -> Ground:
    """Read the lines below a place, as far as somebody may see them."""
    wanted = sorted(quarters)
    cells = list(scope.cells(person).filter(below(place_code), intervention__closed=False))
    keys = [one.pk for one in cells]
    flagged = scope.flagged_among({one.place_code for one in cells})
    own = Cell.objects.filter(below(place_code), intervention__closed=False).values("pk")
    reports = {
        (one.cell_id, one.period): one for one in Report.objects.filter(cell__in=own).defer("narrative")
    }
    first = dict(
        Event.objects.filter(object_type="portfolio.report", verb="portfolio.report_sent", object_id__in=[str(one.pk) for one in reports.values()])
        .order_by().values_list("object_id").annotate(at=Min("at"))
    )  # fmt: skip
    return Ground(
        cells=cells,
        guarded=frozenset(one.pk for one in cells if not scope.detail(person, one, flagged)),
        reports=reports,
        sent={
            one.pk: (first.get(str(one.pk)) or one.submitted).date()
            for one in reports.values()
            if one.state in SENT and one.submitted is not None
        },
        targets={(cell, period): n for cell, period, n in Target.objects.filter(cell__in=own, period__in=wanted).values_list("cell_id", "period", "quantity")},
        moves=_moves(set(keys)),
        areas=_areas(place_code),
    )  # fmt: skip


def _moves(keys: set[int]) -> dict[int, list[tuple[datetime, str, str]]]:
    """Return when each line changed its state, with the state before and after, oldest first."""
    found: dict[int, list[tuple[datetime, str, str]]] = {}
    events = Event.objects.filter(object_type="portfolio.cell", verb__startswith="portfolio.cell_").order_by(
        "at", "pk"
    )
    for key, at, before, after in events.values_list("object_id", "at", "before", "after"):
        if key.isdecimal() and int(key) in keys and ("state" in before or "state" in after):
            found.setdefault(int(key), []).append(
                (at, str(before.get("state", "")), str(after.get("state", "")))
            )
    return found


def _areas(place_code: str) -> dict[str, int]:
    """Return how many health areas each district below a place has."""
    paths = dict(
        PlaceMirror.objects.filter(below(place_code, "code"), level="health_area").values_list("code", "path")
    )
    districts = set(PlaceMirror.objects.filter(level="district").values_list("code", flat=True))
    found: dict[str, int] = {}
    for path in paths.values():
        home = next((step for step in path.split("/") if step in districts), "")
        found[home] = found.get(home, 0) + 1
    return found


def state_on(cell: Cell, moves: list[tuple[datetime, str, str]], day: date) -> str | None:
    """Return the state of a line at the end of a day; None where nobody wrote it down yet."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    if cell.since < end:
        return str(cell.state)
    told = [after for at, _before, after in moves if at < end and after]
    if told:
        return told[-1]
    first = next((before for at, before, _after in moves if at >= end), "")
    return first or None


def measures(
    one: Ground, place_code: str, quarters: Iterable[str], counted: Mapping[str, frozenset[int]], *, today: date,
    report_days: int, own: Mapping[str, str] | None = None, among: frozenset[str] | None = None, group: str = "",
) -> dict[str, list[Measure]]:  # fmt: skip
    """Return the measures of each indicator by quarter, of all lines of a place, or of those of some districts (`among`).

    `counted` names the interventions that are counted for an indicator, `own` the unit of those that only a grant knows.
    """
    chosen = [cell for cell in one.cells if among is None or cell.place_code in among]
    keys = [*WHOLES, *(own or {})]
    found: dict[str, list[Measure]] = {key: [] for key in (*keys, *RECORDS)}
    for quarter in quarters:
        look = _Quarter(one, chosen, Period.parse(quarter), today)
        for key in keys:
            unit = (own or {}).get(key) or ("count" if WHOLES.get(key) == "" else "share")
            about = About(
                code=key, place_code=place_code, period=quarter, basis=RECORDED, unit=unit, group=group
            )
            found[key].append(look.marked(_delivered(look, about, counted, among)))
        for key, ask in _RECORDS.items():
            about = About(code=key, place_code=place_code, period=quarter, basis=RECORDED, group=group, unit="days" if key == DELAY else "share")  # fmt: skip
            found[key].append(look.marked(ask(look, about, report_days)))
    return found


@dataclass(frozen=True)
class _Quarter:
    """The lines of a place in one quarter."""

    ground: Ground
    cells: list[Cell]
    period: Period
    today: date

    @property
    def code(self) -> str:
        return str(self.period)

    @property
    def open_to_all(self) -> bool:
        """Whether the quarter ended so long ago that lines kept to their team are counted for everybody."""
        return self.code <= told_until(self.today)

    def rows(self, interventions: frozenset[int]) -> tuple[list[Delivery], int]:
        """Return what was planned and done of some interventions, and how many lines are not counted for this reader yet."""
        own = [one for one in self.expected() if one.intervention_id in interventions]
        kept = [one for one in own if one.pk in self.ground.guarded and not self.open_to_all]
        hidden = {one.pk for one in kept}
        return [self._row(one) for one in own if one.pk not in hidden], len(kept)

    def _row(self, cell: Cell) -> Delivery:
        planned = self.ground.targets.get((cell.pk, self.code))
        report = self.ground.reports.get((cell.pk, self.code))
        approved = report is not None and report.state == Report.State.APPROVED
        return Delivery(planned, report.quantity if report is not None and approved else None)

    def expected(self) -> list[Cell]:
        """Return the lines that are to report on the quarter, as `reports.expected_in` says it to the database."""
        return [
            one for one in self.cells
            if one.begins is not None and one.begins <= self.period.end and (one.ends is None or one.ends >= self.period.start)
            and one.state != State.DROPPED
        ]  # fmt: skip

    def marked(self, one: Measure) -> Measure:
        """Mark a measure of a quarter that is not over."""
        return replace(one, flags=(*one.flags, "unfinished")) if self.period.end >= self.today else one


def _delivered(
    look: _Quarter, about: About, counted: Mapping[str, frozenset[int]], among: frozenset[str] | None
) -> Measure:
    interventions = counted.get(about.code, frozenset())
    if not interventions:
        return absent(about, "no_intervention")
    rows, kept = look.rows(interventions)
    if not rows:
        return absent(about, "protected" if kept else "nothing_expected", left_out=kept)
    found = _out_of(look, about, rows, counted, among)
    if not kept:
        return found
    return replace(
        found, left_out=found.left_out + kept, flags=tuple(dict.fromkeys((*found.flags, "protected")))
    )


def _out_of(
    look: _Quarter, about: About, rows: list[Delivery], counted: Mapping[str, frozenset[int]], among: frozenset[str] | None
) -> Measure:  # fmt: skip
    whole = WHOLES.get(about.code, "plan" if about.unit == "share" else "")
    if whole == "":
        return deliveries.in_all(about, rows)
    if whole in ("plan", "plan_on_time"):
        return deliveries.of_planned(about, rows, on_time=whole == "plan_on_time")
    if whole == "health_areas":
        areas = look.ground.areas
        return deliveries.out_of(
            about, rows, sum(n for code, n in areas.items() if among is None or code in among)
        )
    if whole == "nothing":
        return deliveries.out_of(about, rows, None)
    others, _kept = look.rows(counted.get(whole, frozenset()))
    return deliveries.out_of(about, rows, deliveries.in_all(replace(about, unit="count"), others).value)


def _on_track(look: _Quarter, about: About, _days: int) -> Measure:
    day = min(look.period.end, look.today)
    lines = [
        Line(one.begins, one.ends, state_on(one, look.ground.moves.get(one.pk, []), day))
        for one in look.cells
    ]
    return deliveries.on_track(about, lines, day)


def _delay(look: _Quarter, about: About, _days: int) -> Measure:
    """Return the delay of lines that were to begin before the quarter: days are for the team, so kept lines stay out."""
    due = [
        one for one in look.cells
        if one.begins is not None and one.begins < look.period.start and one.state != State.DROPPED
    ]  # fmt: skip
    open_ = [one for one in due if one.pk not in look.ground.guarded]
    if due and not open_:
        return absent(about, "protected", left_out=len(due))
    found = deliveries.delay(about, [_first(look, one) for one in open_])
    if len(open_) == len(due):
        return found
    return replace(found, left_out=found.left_out + len(due) - len(open_), flags=(*found.flags, "protected"))


def _first(look: _Quarter, cell: Cell) -> First:
    assert cell.begins is not None
    made = look.ground.first_delivery.get(cell.pk)
    first = Period.parse(made) if made is not None and made <= look.code else None
    return First(cell.begins, first.start if first else None, first.end if first else None)


def _reports(look: _Quarter) -> list[deliveries.Report]:
    found = [look.ground.reports.get((one.pk, look.code)) for one in look.expected()]
    return [deliveries.Report(look.ground.sent.get(one.pk) if one is not None else None) for one in found]


def _complete(look: _Quarter, about: About, _days: int) -> Measure:
    return deliveries.completeness(about, _reports(look))


def _on_time(look: _Quarter, about: About, days: int) -> Measure:
    return deliveries.timeliness(about, _reports(look), look.period.end + timedelta(days=days))


_RECORDS: Mapping[str, Callable[[_Quarter, About, int], Measure]] = {
    ON_TRACK: _on_track, DELAY: _delay, COMPLETE: _complete, ON_TIME: _on_time,
}  # fmt: skip
