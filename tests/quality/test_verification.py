"""Do verification factors and their intervals say what was found, and hold what they promise?"""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.quality.verification import ratio_interval, verdict, verification_factors

NONE = float("nan")


def visit(
    place: str,
    register: float,
    report: float,
    system: float = NONE,
    tally: float = NONE,
    month: int = 1,
    **more: Any,
) -> dict[str, Any]:
    return {
        "source": "dqs", "place_code": place, "period": f"2024{month:02d}", "period_type": "month",
        "period_start": date(2024, month, 1), "indicator": "dtp1_doses", "register": register, "tally_sheet": tally,
        "monthly_report": report, "in_system": system, "weight": 1.0,
    } | more  # fmt: skip


def test_a_factor_is_found_over_reported_and_each_step_stands_apart() -> None:
    rows = [visit("F1", 80, 100, 100), visit("F1", 90, 100, 110, month=2), visit("F2", 40, 40, NONE)]

    told = verification_factors(
        pd.DataFrame(rows), {"F1": ["F1", "D"], "F2": ["F2", "D"]}, {"F1": "D", "F2": "D"}
    )

    factors = {(r.step, r.place_code): (r.counted, r.reported, round(r.factor, 4)) for r in told.itertuples()}
    assert factors == {
        ("register_over_report", "F1"): (170, 200, 0.85), ("register_over_report", "F2"): (40, 40, 1.0),
        ("register_over_report", "D"): (210, 240, 0.875),
        ("report_over_system", "F1"): (200, 210, 0.9524), ("report_over_system", "D"): (200, 210, 0.9524),
        ("register_over_system", "F1"): (170, 210, 0.8095), ("register_over_system", "D"): (170, 210, 0.8095),
    }  # fmt: skip
    own = told[(told.step == "register_over_report") & (told.place_code == "F1")].iloc[0]
    assert pd.isna(own.low)  # one facility has no interval
    assert own.verdict == "over_reported"


def test_a_month_with_one_number_only_counts_nowhere_and_weights_count() -> None:
    rows = [
        visit("F1", NONE, 500),
        visit("F1", 50, 100, month=2, weight=3.0),
        visit("F2", 100, 100, weight=1.0),
    ]

    told = verification_factors(pd.DataFrame(rows), {"F1": ["D"], "F2": ["D"]}, {})

    (row,) = told.itertuples()
    assert row.factor == pytest.approx((3 * 50 + 100) / (3 * 100 + 100))
    assert (row.counted, row.reported, row.facilities) == (150, 200, 2)


def by_hand(
    counted: list[float], reported: list[float], cluster: list[str], t: float
) -> tuple[float, float, float]:
    """The linearized variance of a ratio over clusters, in plain loops; t from a printed table."""
    ratio = sum(counted) / sum(reported)
    kinds = sorted(set(cluster))
    residuals = [
        sum(c - ratio * r for c, r, k in zip(counted, reported, cluster, strict=True) if k == kind)
        for kind in kinds
    ]
    n = len(kinds)
    variance = n / (n - 1) * sum(d * d for d in residuals) / sum(reported) ** 2
    width = t * math.sqrt(variance) / ratio
    return ratio, ratio * math.exp(-width), ratio * math.exp(width)


def test_the_interval_equals_the_plain_formula() -> None:
    counted, reported = [80.0, 95.0, 40.0, 130.0, 60.0, 77.0], [100.0, 100.0, 50.0, 120.0, 80.0, 90.0]
    cluster = ["a", "a", "b", "b", "c", "c"]

    told = ratio_interval(np.array(counted), np.array(reported), np.ones(6), cluster)

    assert told == pytest.approx(
        by_hand(counted, reported, cluster, 4.302653), rel=1e-6
    )  # t of 2 degrees, 97.5 %


def test_where_all_facilities_agree_the_interval_is_the_factor() -> None:
    assert ratio_interval(
        np.array([9.0, 18.0]), np.array([10.0, 20.0]), np.ones(2), ["a", "b"]
    ) == pytest.approx((0.9, 0.9, 0.9))


@pytest.mark.parametrize(
    ("counted", "reported", "expected"),
    [
        ([0.0, 0.0], [10.0, 10.0], (0.0, None, None)),
        ([5.0, 5.0], [0.0, 0.0], (None, None, None)),
        ([8.0], [10.0], (0.8, None, None)),
    ],
)
def test_nothing_found_or_reported_or_a_single_visit_has_no_interval(
    counted: list[float], reported: list[float], expected: Any
) -> None:
    size = len(counted)
    assert ratio_interval(np.array(counted), np.array(reported), np.ones(size), ["a"] * size) == expected


@pytest.mark.parametrize(
    ("factor", "low", "high", "said"),
    [(0.8, 0.7, 0.88, "over_reported"), (0.8, 0.7, 0.95, "unsure"), (1.0, 0.95, 1.05, "agrees"), (1.3, 1.2, 1.4, "under_reported"),
     (1.05, None, None, "agrees"), (None, None, None, "not_judged")],
)  # fmt: skip
def test_a_verdict_needs_the_whole_interval(factor: Any, low: Any, high: Any, said: str) -> None:
    assert verdict(factor, low, high) == said


def test_intervals_hold_the_true_factor_about_as_often_as_they_say() -> None:
    """Districts differ, facilities within them too: 400 rounds of 12 districts with 5 facilities each."""
    rng = np.random.default_rng(11)
    rounds, districts, each, true = 400, 12, 5, 0.87
    held = 0
    for _ in range(rounds):
        size = rng.lognormal(4.0, 0.6, (districts, each))
        share = true * np.exp(
            0.10 * rng.normal(size=(districts, 1)) + 0.12 * rng.normal(size=(districts, each)) - 0.0122
        )
        reported = rng.poisson(size).astype(float) + 1
        counted = rng.poisson(share * reported).astype(float)
        cluster = [str(d) for d in range(districts) for _ in range(each)]
        _ratio, low, high = ratio_interval(
            counted.ravel(), reported.ravel(), np.ones(districts * each), cluster
        )
        assert low is not None
        assert high is not None
        held += low <= true <= high
    assert 0.92 <= held / rounds <= 0.98
