"""Do measures keep what they rest on, refuse to guess, and agree with counting by hand?"""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from kalanso.indicators import deliveries as d
from kalanso.indicators import stocks
from kalanso.indicators.measures import About, Measure, absent, added, count, missed, share
from kalanso.indicators.verdicts import Way, verdict

ABOUT = About(code="x", place_code="P", period="2025Q1", basis="reported")
COUNTS = About(code="x", place_code="P", period="2025Q1", basis="reported", unit="count")


def test_without_a_denominator_there_is_a_reason_and_no_value() -> None:
    for denominator, reason in ((None, "no_denominator"), (0, "nothing_expected"), (-3, "nothing_expected")):
        one = share(ABOUT, 4, denominator)
        assert (one.value, one.reason, one.numerator, one.denominator) == (None, reason, 4, denominator)
    assert share(ABOUT, None, 5).reason == "no_value"
    with pytest.raises(ValueError, match="expected one of"):
        absent(ABOUT, "because")


def test_shares_above_the_whole_and_missed_children_below_zero_stay_and_are_flagged() -> None:
    assert share(ABOUT, 6, 5).value == pytest.approx(1.2)
    assert share(ABOUT, 6, 5).flags == ("above_whole",)
    one = missed(COUNTS, 263, 255.5)
    assert (one.value, one.flags) == (-7.5, ("negative",))
    assert missed(COUNTS, 5, None).reason == "no_denominator"
    assert missed(COUNTS, 5, 9).flags == ()


def test_sums_are_of_numerators_and_denominators_and_say_what_is_left_out() -> None:
    rows = [share(ABOUT, 1, 2), share(ABOUT, 30, 40), share(ABOUT, 3, None)]
    one = added(ABOUT, rows)
    assert (one.numerator, one.denominator, one.value) == (31, 42, 31 / 42)
    assert (one.counted, one.left_out, one.flags) == (2, 1, ("incomplete",))
    assert added(ABOUT, []).reason == "no_value"
    assert added(ABOUT, [share(ABOUT, 3, None)]).reason == "no_denominator"
    assert added(COUNTS, [count(COUNTS, 5), count(COUNTS, -2)]).value == 3
    assert added(COUNTS, [count(COUNTS, 1), count(COUNTS, -2)]).flags == ("negative",)


def test_measures_of_two_bases_and_between_bounds_are_not_added() -> None:
    with pytest.raises(ValueError, match="expected measures of"):
        added(ABOUT, [share(About(code="x", place_code="P", period="q", basis="recorded"), 1, 2)])
    with pytest.raises(ValueError, match="cannot be added"):
        added(COUNTS, [COUNTS.of(value=5, low=1, high=9)])


def test_deliveries_by_hand() -> None:
    rows = [d.Delivery(10, 8), d.Delivery(10, 14), d.Delivery(10, None), d.Delivery(None, 3)]
    plain = d.of_planned(ABOUT, rows)
    assert (plain.numerator, plain.denominator, plain.counted, plain.left_out) == (22, 20, 2, 2)
    assert plain.flags == ("above_whole", "incomplete")
    assert d.of_planned(ABOUT, rows, on_time=True).numerator == 18
    assert d.in_all(COUNTS, rows).value == 25
    assert d.out_of(ABOUT, rows, 50).value == 0.5
    assert d.out_of(ABOUT, rows, None).reason == "no_denominator"
    assert d.of_planned(ABOUT, [d.Delivery(3, None)]).reason == "no_report"
    assert d.of_planned(ABOUT, [d.Delivery(None, 3)]).reason == "no_plan"
    assert d.in_all(COUNTS, []).reason == "no_report"


def test_what_is_on_track_by_hand() -> None:
    day = date(2025, 3, 31)
    early, late = date(2025, 1, 1), date(2025, 6, 1)
    lines = [
        d.Line(early, late, "ongoing"), d.Line(early, late, "preparing"), d.Line(early, date(2025, 2, 1), "ongoing"),
        d.Line(early, late, "delayed"), d.Line(early, late, "suspended"), d.Line(early, late, "planned"),
        d.Line(late, None, "planned"), d.Line(early, late, "completed"), d.Line(early, late, "dropped"), d.Line(early, late, None),
        d.Line(None, None, "planned"),
    ]  # fmt: skip
    one = d.on_track(ABOUT, lines, day)
    assert (one.numerator, one.denominator, one.left_out) == (2, 6, 1)
    assert d.on_track(ABOUT, [d.Line(early, late, None)], day).reason == "no_state"
    assert d.on_track(ABOUT, [d.Line(early, late, "completed")], day).reason == "nothing_expected"


def test_the_delay_agrees_with_a_slow_median_between_bounds() -> None:
    chance = random.Random(3)  # noqa: S311
    days = About(code="x", place_code="P", period="q", basis="recorded", unit="days")
    for _round in range(200):
        begins = date(2025, 1, 1)
        first = [begins + timedelta(days=chance.randrange(-40, 300)) for _ in range(chance.randrange(1, 9))]
        late = chance.randrange(0, 4)
        rows = [d.First(begins, one, one + timedelta(days=90)) for one in first] + [
            d.First(begins, None, None)
        ] * late
        one = d.delay(days, rows)
        slow = sorted([max(0, (one - begins).days) for one in first] + [10**6] * late)
        middle = (slow[(len(slow) - 1) // 2] + slow[len(slow) // 2]) / 2
        if 2 * len(first) <= len(rows):
            assert one.reason == "not_half"
            continue
        assert one.value is None
        assert one.low == middle
        assert one.high is not None
        assert one.high >= middle + 50 or middle == 0
    assert d.delay(days, []).reason == "nothing_expected"


def test_reports_received_and_on_time() -> None:
    reports = [d.Report(date(2025, 4, 2)), d.Report(date(2025, 6, 1)), d.Report(None), d.Report(None)]
    assert d.completeness(ABOUT, reports).value == 0.5
    assert d.timeliness(ABOUT, reports, date(2025, 4, 30)).value == 0.5
    assert d.timeliness(ABOUT, [d.Report(None)], date(2025, 4, 30)).reason == "nothing_expected"


def test_stock_by_hand() -> None:
    row = stocks.Stock
    rows = [
        row("A", "202501", "penta", "stockout_days", 3), row("A", "202501", "hexa", "stockout_days", 0),
        row("A", "202502", "penta", "stockout_days", 0), row("B", "202501", "penta", "stockout_days", None),
        row("B", "202501", "bcg", "stockout_days", 9), row("A", "202501", "penta", "doses_wasted", 5),
        row("A", "202501", "penta", "doses_issued", 50), row("B", "202501", "penta", "doses_wasted", 7),
    ]  # fmt: skip
    out = stocks.stockout_months(ABOUT, rows, ("penta", "hexa"))
    assert (out.numerator, out.denominator, out.value) == (1, 2, 0.5)
    lost = stocks.wastage(ABOUT, rows)
    assert (lost.numerator, lost.denominator, lost.left_out) == (5, 50, 1)
    assert stocks.wastage(ABOUT, rows[-1:]).reason == "no_denominator"
    assert stocks.wastage(ABOUT, []).reason == "no_table"
    assert stocks.stockout_months(ABOUT, rows[4:5], ("penta",)).reason == "no_table"


@pytest.mark.parametrize(
    ("better", "value", "told"),
    [("up", 0.9, "reached"), ("up", 0.75, "on_way"), ("up", 0.69, "off"), ("down", 0.9, "off"), ("up", None, "unknown")],
)  # fmt: skip
def test_the_way_is_a_straight_line(better: str, value: float | None, told: str) -> None:
    way = Way(
        baseline=0.6, baseline_day=date(2024, 1, 1), target=0.8, target_day=date(2026, 1, 1), better=better
    )
    assert way.expected(date(2024, 12, 31)) == pytest.approx(0.7, abs=0.001)
    one = Measure(code="x", place_code="P", period="q", basis="reported", value=value)
    assert verdict(one, way, date(2025, 1, 5)) == told


def test_a_value_between_bounds_is_told_only_where_both_stand_on_one_side() -> None:
    way = Way(
        baseline=100, baseline_day=date(2024, 1, 1), target=50, target_day=date(2026, 1, 1), better="down"
    )
    day = date(2024, 12, 31)  # the line stands near 75

    def told(low: float, high: float) -> str:
        return verdict(COUNTS.of(value=(low + high) / 2, low=low, high=high), way, day)

    assert [told(30, 50), told(60, 74), told(60, 90), told(80, 95)] == ["reached", "on_way", "unsure", "off"]
    assert verdict(COUNTS.of(value=-3, flags=("negative",)), way, day) == "unknown"
    assert Way(baseline=None, baseline_day=None, target=5, target_day=day).expected(day) is None


def test_what_cannot_be_true_and_what_is_mostly_lacking_is_not_judged() -> None:
    way = Way(baseline=0.6, baseline_day=date(2024, 1, 1), target=0.8, target_day=date(2026, 1, 1))
    recorded = About(code="x", place_code="P", period="q", basis="recorded")

    def told(one: Measure) -> str:
        return verdict(one, way, date(2025, 1, 1))

    assert told(share(ABOUT, 115, 100)) == "unknown"
    assert told(share(recorded, 12, 10)) == "reached"
    assert told(share(ABOUT, -1, 10)) == "unknown"
    assert told(share(recorded, 9, 10, counted=10, left_out=11)) == "unknown"
    assert told(share(recorded, 9, 10, counted=10, left_out=10)) == "reached"
