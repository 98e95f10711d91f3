"""Which faults of reporting are planted: reports lost, late, counted twice, places silent, lines left blank, zeros?"""

from __future__ import annotations

import numpy as np

from benchmarks.planting.desk import REPORTS, Desk
from kalanso.simulation.timeline import MONTHS

LINES = ("bcg_doses", "opv1_doses", "pcv1_doses", "ipv1_doses", "mcv1_doses", "yf_doses")


def reports_lost_in_a_month(desk: Desk, count: int) -> None:
    """Seven reports of ten of a district do not come in one month."""
    for district in desk.districts(count, reports=0.75):
        month = int(desk.rng.integers(13, 42))
        for place in _some(desk, district, 0.7):
            desk.lose(desk.at(place, None, month, month))
        desk.remember("reports_lost_in_a_month", district, month, month)


def reports_lost_for_a_year(desk: Desk, count: int) -> None:
    """Half of the facilities of a district send nothing for a year."""
    for district in desk.districts(count):
        first, last = desk.year_of()
        for place in _some(desk, district, 0.5):
            desk.lose(desk.at(place, None, first, last))
        desk.remember("reports_lost_for_a_year", district, first, last)


def reports_counted_twice(desk: Desk, count: int) -> None:
    """The reports of a district are counted twice in three months."""
    for district in desk.districts(count, reports=0.6):
        first = int(desk.rng.integers(13, 33))
        for place in desk.below(district):
            desk.received[desk.at(place, None, first, first + 2)] *= 2
        desk.remember("reports_counted_twice", district, first, first + 2)


def reports_late(desk: Desk, count: int) -> None:
    """Eight facilities of ten of a district send their reports too late for a year."""
    for district in desk.districts(count):
        first, last = desk.year_of()
        for place in _some(desk, district, 0.8):
            desk.on_time[desk.at(place, None, first, last)] = 0.0
        desk.remember("reports_late", district, first, last)


def more_in_time_than_came(desk: Desk, count: int) -> None:
    """All reports due are written down as come in time, those that did not come as well."""
    for district in desk.districts(count):
        first, last = desk.year_of()
        for place in desk.below(district):
            at = desk.at(place, None, first, last)
            desk.on_time[at] = np.where(np.isnan(desk.on_time[at]), np.nan, 1.0)
        desk.remember("more_in_time_than_came", district, first, last)


def _some(desk: Desk, district: str, share: float) -> list[str]:
    places = sorted(desk.below(district))
    return [str(code) for code in desk.rng.permutation(places)[: round(share * len(places))]]


def stopped_reporting(desk: Desk, count: int) -> None:
    """A facility sends nothing more: its rows stand empty, or there are none."""
    for number, place in enumerate(desk.facilities(count)):
        first = int(desk.rng.integers(30, 41))
        at = desk.at(place, None, first)
        (desk.lose if number % 2 else desk.drop)(at)
        desk.remember("stopped_reporting", place, first)


def silent_for_months(desk: Desk, count: int) -> None:
    """A facility is silent for five months and then goes on."""
    for place in desk.facilities(count):
        first = int(desk.rng.integers(12, 36))
        desk.lose(desk.at(place, None, first, first + 4))
        # The finding stands at the last month with a number.
        desk.remember("silent_for_months", place, first - 1, first + 4)


def never_reported(desk: Desk, count: int) -> None:
    """A facility has rows in every month, and not one number."""
    for place in desk.facilities(count):
        desk.lose(desk.at(place))
        desk.remember("never_reported", place)


def line_left_blank(desk: Desk, count: int) -> None:
    """One line of the form stays blank in six months of a year."""
    for number, place in enumerate(desk.facilities(count, reports=44)):
        first, last = desk.year_of()
        code = LINES[number % len(LINES)]
        for month in desk.rng.permutation(np.arange(first, last + 1))[:6]:
            desk.value[desk.at(place, code, int(month), int(month))] = np.nan
        desk.remember("line_left_blank", place, first, last, indicator=code)


def line_left_blank_in_a_district(desk: Desk, count: int) -> None:
    """Half of the facilities of a district leave one line of the form blank for a year."""
    for number, district in enumerate(desk.districts(count, reports=0.6)):
        first, last = desk.year_of()
        code = LINES[number % len(LINES)]
        for place in _some(desk, district, 0.5):
            desk.value[desk.at(place, code, first, last)] = np.nan
        desk.remember("line_left_blank_in_a_district", district, first, last, indicator=code)


def zero_for_missing(desk: Desk, count: int) -> None:
    """A report that nobody filled in is entered as if nothing had been done."""
    for place in desk.facilities(count):
        month = desk.month_of(place)
        at = desk.doses(place, month, month)
        true = desk.total(desk.at(place, "dtp1_doses", month, month, infants=True))
        desk.value[at] = np.where(np.isnan(desk.value[at]), np.nan, 0.0)
        desk.remember("zero_for_missing", place, month, month, true=true, wrong=0.0)


def single_zero(desk: Desk, count: int) -> None:
    """One dose of a report stands at zero."""
    for number, place in enumerate(desk.facilities(count, usual=25)):
        month, code = desk.month_of(place), LINES[number % len(LINES)]
        at = desk.at(place, code, month, month, infants=True)
        true = desk.total(at)
        desk.value[at] = 0.0
        desk.remember("single_zero", place, month, month, indicator=code, true=true, wrong=0.0)


def blank_for_zero(desk: Desk, count: int) -> None:
    """A facility that gives few late doses writes nothing where it gave none."""
    code = "dtp3_doses"
    for place in desk.facilities(4 * count):
        late = desk.at(place, code)
        late = late[(desk.columns["age_band"][late] == "12-23m")]
        zeros = late[desk.value[late] == 0]
        if len(zeros) < 6 or np.nanmedian(np.where(desk.value[late] == 0, np.nan, desk.value[late])) > 2:
            desk.taken[REPORTS].discard(place)
            continue
        desk.value[zeros] = np.nan
        desk.remember("blank_for_zero", place, 0, MONTHS - 1, indicator=code)
        if sum(line["kind"] == "blank_for_zero" for line in desk.lines) == count:
            return
