"""Do the checks of single series find what is wrong, and leave what is right?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from kalanso.quality import breaks, copies, heaping, impossible, outliers, zeros


def noisy(level: float, months: int, seed: int) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).poisson(level, months)]


def changed(values: list[float], **months: float | None) -> list[float | None]:
    """Return values with some months replaced: `m20=1000`."""
    found: list[float | None] = list(values)
    for name, value in months.items():
        found[int(name[1:])] = value
    return found


SERIES: dict[str, list[float | None]] = {
    "wild": changed(noisy(100, 36, 1), m20=1000.0),
    "two errors": changed(noisy(100, 12, 2), m3=900.0, m8=2000.0),
    "ten months": changed(noisy(100, 10, 3), m4=700.0),
    "constant": changed([100.0] * 24, m7=400.0),
    "missing": changed(noisy(100, 24, 4), m5=None),
    "five months": [100.0, 99.0, 101.0, 100.0, 900.0],
    "season": changed(noisy(100, 36, 5), m7=210.0, m19=210.0, m31=210.0),
    "pulses": [2.0, 3.0, 400.0, 350.0, 3.0, 2.0] * 4,
    "isolated zero": changed(noisy(80, 24, 9), m10=0.0),
} | {f"small {n}": [float(v) for v in noisy(4, 36, n)] for n in range(30)}  # fmt: skip


@pytest.fixture(scope="module")
def judged(observed: Any, evidence: Any, found: Any) -> dict[str, Any]:
    """What the check of outliers says of each series, all judged at once."""
    rows = [r for place, values in SERIES.items() for r in observed("dtp1_doses", values, place_code=place)]
    told = found(outliers.find(evidence(rows)))
    return {place: told[told.place_code == place] for place in SERIES}


def test_a_wild_number_is_told_with_what_is_usual(judged: dict[str, Any]) -> None:
    told = judged["wild"]

    assert list(zip(told.period, told.value, told.severity, strict=True)) == [("202309", 1000.0, "serious")]
    assert "1\u202f000, très au-dessus" in told.fr.iloc[0]


def test_two_large_errors_do_not_hide_each_other(judged: dict[str, Any]) -> None:
    assert set(judged["two errors"].period) == {"202204", "202209"}


def test_a_short_series_of_ten_still_shows_its_error(judged: dict[str, Any]) -> None:
    assert list(judged["ten months"].period) == ["202205"]


def test_an_error_in_an_otherwise_constant_series_is_told(judged: dict[str, Any]) -> None:
    told = judged["constant"]

    assert list(told.period) == ["202208"]
    assert told.params.iloc[0]["mad"] == 0


def test_a_missing_month_is_no_outlier(judged: dict[str, Any]) -> None:
    assert judged["missing"].empty


def test_five_numbers_are_too_few_to_judge(judged: dict[str, Any]) -> None:
    assert judged["five months"].empty


def test_a_season_that_returns_every_year_is_no_outlier(judged: dict[str, Any]) -> None:
    assert judged["season"].empty


def test_small_counts_scatter_as_chance_does(judged: dict[str, Any]) -> None:
    assert [place for place in judged if place.startswith("small") and len(judged[place])] == []


def test_a_series_of_pulses_is_told_at_most_once(judged: dict[str, Any]) -> None:
    assert set(judged["pulses"].message) <= {"quality.outliers.irregular"}


def test_an_isolated_zero_is_left_to_the_check_of_zeros(judged: dict[str, Any]) -> None:
    assert judged["isolated zero"].empty


def test_what_many_places_show_at_once_is_told_as_shared(observed: Any, evidence: Any, found: Any) -> None:
    rows = []
    for n in range(8):
        values = noisy(200, 36, n)
        values[20] = 20.0
        rows += observed("dtp1_doses", values, place_code=f"P{n}")

    told = found(outliers.find(evidence(rows)))

    assert set(told.message) == {"quality.outliers.shared"}
    assert set(told.severity) == {"note"}
    assert len(told) == 8


def test_strategies_are_added_up_before_a_series_is_judged(observed: Any, evidence: Any) -> None:
    fixed, outreach = noisy(60, 24, 6), noisy(40, 24, 7)
    rows = observed("dtp1_doses", fixed, strategy="fixed") + observed(
        "dtp1_doses", outreach, strategy="outreach"
    )
    made = evidence(rows)

    sums = made.numbers.to_pandas().sort_values("step").value

    assert list(sums) == [a + b for a, b in zip(fixed, outreach, strict=True)]


def test_a_whole_beside_its_parts_is_not_counted_twice(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", [60.0] * 6, strategy="fixed") + observed("dtp1_doses", [100.0] * 6)

    assert set(evidence(rows).numbers.to_pandas().value) == {100.0}


def test_campaign_doses_are_no_part_of_the_routine(observed: Any, evidence: Any) -> None:
    campaign = observed("mcv1_doses", [5000.0], first="202301", strategy="campaign")
    rows = observed("mcv1_doses", noisy(100, 24, 8)) + campaign

    assert evidence(rows).numbers.value.max().execute() < 200


def test_an_unknown_mode_is_refused(observed: Any, evidence: Any) -> None:
    with pytest.raises(ValueError, match="expected one of median"):
        outliers.find(evidence(observed("dtp1_doses", [1.0]), outliers={"mode": "guess"}))


def test_a_zero_among_large_numbers_is_told(observed: Any, evidence: Any, found: Any) -> None:
    values = noisy(80, 24, 9)
    values[10] = 0.0
    made = evidence(observed("dtp1_doses", values))

    told = found(zeros.find(made))

    assert list(zip(told.message, told.period, strict=True)) == [("quality.zeros.single", "202211")]


def test_a_month_of_zeros_in_every_vaccine_is_told_once(observed: Any, evidence: Any, found: Any) -> None:
    rows = []
    for n, code in enumerate(("bcg_doses", "dtp1_doses", "dtp3_doses", "mcv1_doses")):
        values = noisy(50, 24, n)
        values[12] = 0.0
        rows += observed(code, values)

    told = found(zeros.find(evidence(rows)))

    assert list(zip(told.message, told.period, strict=True)) == [("quality.zeros.all", "202301")]
    assert told.params[0]["n"] == 4


def test_zeros_of_a_small_facility_are_left_alone(observed: Any, evidence: Any, found: Any) -> None:
    assert found(zeros.find(evidence(observed("dtp1_doses", [0.0, 2.0, 1.0, 0.0, 3.0, 0.0] * 4)))).empty


def test_blanks_that_stand_for_zeros_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", noisy(30, 24, 10)) + observed("yf_doses", [1.0, None, 2.0, None] * 6)

    told = found(zeros.find(evidence(rows)))

    assert list(zip(told.message, told.indicator, told.value, strict=True)) == [
        ("quality.zeros.blank_for_zero", "yf_doses", 12.0)
    ]


def test_negative_and_broken_counts_are_told_with_their_number(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [10.0, -4.0, -7.0, 12.5]) + observed(
        "population_under_1", [1000.5], first="2022"
    )

    told = found(impossible.find(evidence(rows)))

    assert list(zip(told.message, told.value, strict=True)) == [
        ("quality.impossible.negative", -7.0),
        ("quality.impossible.fraction", 12.5),
    ]
    assert told.params[0]["n"] == 2


def test_negative_doses_of_two_ages_and_products_are_told_apart_by_age(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = [
        row
        for age in ("0-11m", "12-23m")
        for product in ("penta", "hexa")
        for row in observed("dtp1_doses", [-3.0], age_band=age, product=product)
    ]

    told = found(impossible.find(evidence(rows)))

    assert list(zip(told.detail, [p["n"] for p in told.params], strict=True)) == [("0-11m", 2), ("12-23m", 2)]


LEADS = ("bcg_doses", "dtp1_doses", "dtp3_doses", "mcv1_doses", "mcv2_doses")


def forms(
    observed: Any, place: str, *, copied: int | None = None, of: int = 0, level: float = 60
) -> list[dict[str, Any]]:
    rows = []
    for n, code in enumerate(LEADS):
        values = noisy(level, 24, of * 100 + n)
        if copied is not None:
            values[copied] = values[copied - 1]
        rows += observed(code, values, place_code=place)
    return rows


def test_a_report_equal_to_the_month_before_is_told(observed: Any, evidence: Any, found: Any) -> None:
    told = found(copies.find(evidence(forms(observed, "A", copied=9, of=1) + forms(observed, "B", of=2))))

    assert list(zip(told.message, told.place_code, told.period, strict=True)) == [
        ("quality.copies.before", "A", "202210")
    ]
    assert told.value[0] == 5


def test_doses_of_one_visit_that_agree_are_no_copy(observed: Any, evidence: Any, found: Any) -> None:
    same = [50.0, 50.0, 61.0]
    rows = [
        row
        for code in ("dtp1_doses", "opv1_doses", "pcv1_doses", "rota1_doses")
        for row in observed(code, same)
    ]

    assert found(copies.find(evidence(rows))).empty


def test_two_places_with_the_same_report_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = forms(observed, "A", of=1) + forms(observed, "C", of=3)
    rows += [row | {"place_code": "B"} for row in forms(observed, "A", of=1) if row["period"] == "202305"]

    told = found(copies.find(evidence(rows)))

    assert list(zip(told.place_code, told.message, told.period, strict=True)) == [
        ("A", "quality.copies.another", "202305"),
        ("B", "quality.copies.another", "202305"),
    ]
    assert told.params[0]["places"] == ["A", "B"]


def test_two_places_that_round_alike_are_no_copies(observed: Any, evidence: Any, found: Any) -> None:
    same = {"bcg_doses": 40.0, "dtp1_doses": 35.0, "dtp3_doses": 30.0, "mcv1_doses": 40.0, "mcv2_doses": 25.0}
    rows = [
        row
        for place in "AB"
        for code, value in same.items()
        for row in observed(code, [value], place_code=place)
    ]
    rows += [row for n in range(1000) for row in observed("dtp1_doses", [33.0], place_code=f"P{n}")]

    assert found(copies.find(evidence(rows))).empty


def test_small_equal_reports_may_be_chance(observed: Any, evidence: Any, found: Any) -> None:
    rows = [row for code in LEADS for row in observed(code, [3.0, 3.0, 3.0, 2.0])]

    assert found(copies.find(evidence(rows))).empty


def test_rounded_numbers_are_told_and_counted_ones_are_not(observed: Any, evidence: Any, found: Any) -> None:
    rounded = [10.0 * round(v / 10) for v in noisy(80, 60, 11)]
    rows = observed("dtp1_doses", rounded, place_code="R") + observed(
        "dtp1_doses", noisy(80, 60, 12), place_code="C"
    )

    told = found(heaping.find(evidence(rows)))

    assert list(zip(told.place_code, told.severity, told.value, strict=True)) == [("R", "serious", 1.0)]


def test_a_level_that_changes_for_good_is_told_with_its_first_month(
    observed: Any, evidence: Any, found: Any
) -> None:
    values = noisy(100, 20, 13) + noisy(220, 20, 14)

    told = found(breaks.find(evidence(observed("dtp1_doses", values))))

    assert list(zip(told.message, told.period, strict=True)) == [("quality.breaks.shift", "202309")]
    assert told.value[0] == pytest.approx(220, abs=15)


def test_growth_seasons_and_passing_falls_are_no_breaks(observed: Any, evidence: Any, found: Any) -> None:
    quiet = {
        "growth": [100.0 + 3 * n for n in range(40)],
        "season": [100.0, 150.0, 200.0, 150.0] * 10,
        "passing fall": [100.0] * 18 + [20.0] * 4 + [100.0] * 18,
        "noise": [100.0 + n % 7 for n in range(40)],
    }
    rows = [
        row for place, values in quiet.items() for row in observed("dtp1_doses", values, place_code=place)
    ]

    assert list(found(breaks.find(evidence(rows))).place_code) == []


def test_a_break_of_many_places_at_once_is_told_as_shared(observed: Any, evidence: Any, found: Any) -> None:
    rows = [
        row
        for n in range(6)
        for row in observed("dtp1_doses", noisy(100, 20, n) + noisy(30, 20, n + 50), place_code=f"P{n}")
    ]

    told = found(breaks.find(evidence(rows)))

    assert set(told.message) == {"quality.breaks.shared"}
    assert set(told.severity) == {"note"}


def test_chi_square_of_last_digits_agrees_with_scipy(observed: Any, evidence: Any) -> None:
    values = np.random.default_rng(3).poisson(70, 80)
    told = heaping.last_digits(evidence(observed("dtp1_doses", [float(v) for v in values]))).to_pandas()

    digits = np.bincount(values[values >= 10] % 10, minlength=10)
    assert told.statistic[0] == pytest.approx(stats.chisquare(digits).statistic)
    assert told.fives[0] == pytest.approx((digits[0] + digits[5]) / digits.sum())
