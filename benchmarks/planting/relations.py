"""Which faults between numbers are planted: doses exchanged or lost, totals apart, stock that does not add up, invented counts?"""

from __future__ import annotations

import numpy as np

from benchmarks.planting.desk import REPORTS, Desk
from kalanso.simulation.timeline import MONTHS
from kalanso.vocabulary import Level

TOTALS, COUNTS, GAPS = "planted-totals", "planted-counts", "planted-gaps"
STOCKED = "stock_closing_doses"


def doses_exchanged(desk: Desk, count: int) -> None:
    """The columns of the first and the third dose are mistaken for each other in one month."""
    for place in desk.facilities(count, usual=25):
        month = desk.month_of(place)
        _exchange(desk, place, month, month)
        desk.remember("doses_exchanged", place, month, month, indicator="dtp3_doses")


def doses_exchanged_for_a_year(desk: Desk, count: int) -> None:
    """The columns of the first and the third dose are mistaken for each other for a year."""
    for place in desk.facilities(count, usual=25):
        first, last = desk.year_of()
        for month in range(first, last + 1):
            _exchange(desk, place, month, month)
        desk.remember("doses_exchanged_for_a_year", place, first, last, indicator="dtp3_doses")


def _exchange(desk: Desk, place: str, first: int, last: int) -> None:
    one, other = (desk.at(place, code, first, last, infants=True) for code in ("dtp1_doses", "dtp3_doses"))
    one, other = (at[~np.isnan(desk.value[at])] for at in (one, other))
    if len(one) and len(other):
        sums = desk.total(one), desk.total(other)
        desk.value[one], desk.value[other] = 0.0, 0.0
        desk.value[one[0]], desk.value[other[0]] = sums[1], sums[0]


def third_above_first(desk: Desk, count: int) -> None:
    """A facility writes a quarter more third doses than first doses for a year."""
    for place in desk.facilities(count, usual=25):
        first, last = desk.year_of()
        for month in range(first, last + 1):
            at, model = (
                desk.at(place, code, month, month, infants=True) for code in ("dtp3_doses", "dtp1_doses")
            )
            if len(at) and not np.isnan(desk.value[at]).all():
                desk.value[at] = 0.0
                desk.value[at[0]] = round(1.25 * desk.total(model))
        desk.remember("third_above_first", place, first, last, indicator="dtp3_doses")


def third_doses_lost(desk: Desk, count: int) -> None:
    """Three third doses of five are not written down for a year."""
    for place in desk.facilities(count, usual=25):
        first, last = desk.year_of()
        desk.scale(desk.at(place, "dtp3_doses", first, last, infants=True), 0.4)
        desk.remember("third_doses_lost", place, first, last, indicator="dtp3_doses")


def visit_apart_for_a_year(desk: Desk, count: int) -> None:
    """Half of the first doses of OPV are not written down for a year, though given with DTP1."""
    for place in desk.facilities(count, usual=25):
        first, last = desk.year_of()
        desk.scale(desk.at(place, "opv1_doses", first, last), 0.5)
        desk.remember("visit_apart_for_a_year", place, first, last, indicator="opv1_doses")


def visit_apart_in_a_month(desk: Desk, count: int) -> None:
    """First doses of PCV stand twice in one month."""
    for place in desk.facilities(count, usual=60):
        month = desk.month_of(place)
        desk.scale(desk.at(place, "pcv1_doses", month, month), 2.2)
        desk.remember("visit_apart_in_a_month", place, month, month, indicator="pcv1_doses")


def births_of_elsewhere(desk: Desk, count: int) -> None:
    """Doses of BCG are twice as many for a year."""
    for place in desk.facilities(count, usual=20):
        first, last = desk.year_of()
        desk.scale(desk.at(place, "bcg_doses", first, last), 2.0)
        desk.remember("births_of_elsewhere", place, first, last)


def total_apart(desk: Desk, count: int) -> None:
    """The totals that districts send beside their facilities' reports are 15 % higher for a year, or just alike."""
    district_of = {code: desk.above(code, Level.DISTRICT) for code in desk.first_doses.index}
    # What was planted before stands in the rows; the totals are of the rows as they are now.
    now = desk.rows.assign(value=desk.value)[~desk.dropped]
    now = now[(now["indicator"] == "dtp1_doses") & (now["age_band"] == "0-11m")]
    now = now[~now["strategy"].isin(["catch_up", "campaign"])]
    sums = now.groupby([now["place_code"].map(district_of), "period"])["value"].sum().unstack(fill_value=0.0)
    districts = sorted(sums.index)
    table = sums.loc[districts].to_numpy(copy=True)
    for row in desk.rng.permutation(len(districts))[:count]:
        first, last = desk.year_of()
        table[row, first : last + 1] = np.round(1.15 * table[row, first : last + 1])
        desk.remember("total_apart", districts[row], first, last, source=TOTALS, indicator="dtp1_doses")
    desk.add(TOTALS, districts, range(MONTHS), "dtp1_doses", table)


def source_fell_silent(desk: Desk, count: int) -> None:
    """A whole source brings nothing for four months."""
    districts = sorted({desk.above(code, Level.DISTRICT) for code in desk.first_doses.index})[:5]
    for number in range(count):
        first = int(desk.rng.integers(13, 36))
        months = [m for m in range(MONTHS) if not first <= m < first + 4]
        source = f"{GAPS}-{number}"
        desk.add(
            source, districts, months, "anc4_visits", desk.rng.poisson(200, (len(districts), len(months)))
        )
        desk.remember("source_fell_silent", "ML", first - 1, first + 4, source=source)


def closing_stock_wrong(desk: Desk, count: int) -> None:
    """The closing stock of one month is wrong by four tenths of what there was, and the next opens with the true one."""
    for place in _stocked(desk, count):
        month = desk.month_of(place)
        at = desk.at(place, STOCKED, month, month)
        if len(at) and not np.isnan(desk.value[at]).any():
            true = desk.total(at)
            desk.value[at] = true + max(40.0, round(0.4 * true))
            desk.remember("closing_stock_wrong", place, month, month, true=true, wrong=desk.total(at))


def opening_not_carried(desk: Desk, count: int) -> None:
    """For five months of a year the stock opens with half of what the month before closed with."""
    for place in _stocked(desk, count):
        first, last = desk.year_of()
        for month in desk.rng.permutation(np.arange(first + 1, last + 1))[:5]:
            desk.scale(desk.at(place, "stock_opening_doses", int(month), int(month)), 0.4)
        desk.remember("opening_not_carried", place, first, last)


def used_above_stock(desk: Desk, count: int) -> None:
    """For five months of a year more doses are used than there were."""
    for place in _stocked(desk, count):
        first, last = desk.year_of()
        for month in desk.rng.permutation(np.arange(first, last + 1))[:5]:
            m = int(month)
            had = desk.total(desk.at(place, ("stock_opening_doses", "doses_received"), m, m))
            at = desk.at(place, "doses_used", m, m)
            desk.value[at] = np.where(np.isnan(desk.value[at]), np.nan, round(1.5 * had) + 40)
        desk.remember("used_above_stock", place, first, last)


def given_above_used(desk: Desk, count: int) -> None:
    """For five months of a year half of the doses used are not on the stock card."""
    for place in _stocked(desk, count):
        first, last = desk.year_of()
        for month in desk.rng.permutation(np.arange(first, last + 1))[:5]:
            desk.scale(desk.at(place, "doses_used", int(month), int(month)), 0.5)
        desk.remember("given_above_used", place, first, last)


def _stocked(desk: Desk, count: int) -> list[str]:
    """Take facilities that send a stock card."""
    found = []
    for place in desk.facilities(3 * count, usual=25):
        if len(found) < count and len(desk.at(place, STOCKED)):
            found.append(place)
        else:
            desk.taken[REPORTS].discard(place)
    return found


def counts_invented(desk: Desk, count: int) -> None:
    """Counts of a wide span, by health area, whose first digits are even in some regions, and natural in the others."""
    by_region: dict[str, list[str]] = {}
    for area in sorted({desk.above(place, Level.HEALTH_AREA) for place in desk.first_doses.index}):
        by_region.setdefault(desk.above(area, Level.REGION), []).append(area)
    regions = sorted(by_region)
    invented = set(desk.rng.permutation(regions)[: max(1, min(count, len(regions) // 2))])
    for region in regions:
        shape = (len(by_region[region]), MONTHS)
        natural = np.ceil(10 ** desk.rng.normal(2.5, 0.75, shape))
        made_up = desk.rng.integers(1, 10, shape) * 10.0 ** desk.rng.integers(0, 5, shape)
        values = made_up + desk.rng.integers(0, 2, shape) if region in invented else natural
        desk.add(COUNTS, by_region[region], range(MONTHS), "opd_visits", values)
        if region in invented:
            desk.remember("counts_invented", region, source=COUNTS)
