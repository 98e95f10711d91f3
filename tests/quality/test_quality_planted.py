"""How many planted faults are found in a clean series, and how many alarms are false?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.quality import (
    breaks,
    copies,
    dropout,
    heaping,
    outliers,
    same_visit,
    shared_falls,
    silence,
    zeros,
)

CODES = ("bcg_doses", "dtp1_doses", "opv1_doses", "dtp3_doses", "mcv1_doses", "anc1_visits")
SHARES = (1.05, 1.0, 1.0, 0.85, 0.8, 1.1)
PLACES, MONTHS = 40, 36
FAULTS = {  # place numbers, each with one fault
    "outlier": range(4), "zero": range(4, 8), "copy": range(8, 12), "rounding": range(12, 15),
    "break": range(15, 18), "silence": range(18, 21), "negative": range(21, 23), "visit": range(23, 25),
}  # fmt: skip
CLEAN = 25  # places from here on have no fault of their own
FALL = 27  # the month in which all services halve


def country(rng: np.random.Generator) -> np.ndarray:
    """Counts by place, code and month: monthly births with season, shared by doses of one visit, and chance."""
    level = rng.uniform(30, 150, PLACES)
    season = 1 + 0.15 * np.sin(2 * np.pi * (np.arange(MONTHS) % 12) / 12)
    counts = np.empty((PLACES, len(CODES), MONTHS))
    for place in range(PLACES):
        for code, share in enumerate(SHARES):
            counts[place, code] = rng.poisson(level[place] * share * season)
        counts[place, 2] = np.minimum(counts[place, 1], rng.binomial(counts[place, 1].astype(int), 0.98))
    return counts


def plant(counts: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, dict[str, set[tuple[int, int]]]]:
    """Return the counts with faults, and (place, month) of each; NaN is a report that did not come."""
    sick, where = counts.copy(), {name: set() for name in FAULTS}
    for name, places in FAULTS.items():
        for place in places:
            month = int(rng.integers(13, 24))
            where[name].add((place, month))
            if name == "outlier":
                sick[place, 1, month] = 10 * sick[place, 1, month]
            elif name == "zero":
                sick[place, 3, month] = 0
            elif name == "copy":
                sick[place, :, month] = sick[place, :, month - 1]
            elif name == "rounding":
                sick[place] = 10 * np.round(sick[place] / 10)
            elif name == "break":
                sick[place, :, month:] = np.round(2.5 * sick[place, :, month:])
            elif name == "silence":
                sick[place, :, month:] = np.nan
            elif name == "negative":
                sick[place, 3, 12:24] = np.round(1.3 * sick[place, 1, 12:24])
            elif name == "visit":
                sick[place, 2, 12:24] = np.round(0.4 * sick[place, 2, 12:24])
    sick[:, :, FALL] = np.round(0.5 * sick[:, :, FALL])
    return sick, where


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    rng = np.random.default_rng(2024)
    clean = country(rng)
    sick, where = plant(clean, rng)
    return {"clean": clean, "sick": sick, "where": where}


@pytest.fixture
def made(judged: dict[str, Any], observed: Any, evidence: Any) -> Any:
    def make(counts: np.ndarray) -> Any:
        rows = [
            row
            for place in range(PLACES)
            for code, name in enumerate(CODES)
            for row in observed(
                name, [None if np.isnan(v) else v for v in counts[place, code]], place_code=f"P{place}"
            )
        ]
        tree = {f"P{place}": "ML" for place in range(PLACES)}
        return evidence(rows, tree=tree, levels={"ML": "country"})

    return make


def hits(told: pd.DataFrame, case: str, expected: set[tuple[int, int]], *, by_month: bool) -> tuple[int, int]:
    """Return how many planted faults were found, and how many places without a fault are named."""
    own = told[told.message.str.endswith(case) & (told.place_code != "ML")]
    months = [(int(p[:4]) - 2022) * 12 + int(p[4:]) - 1 if len(p) == 6 else -1 for p in own.period]
    # A fault may rightly show in more than one check, so only places without any count as false.
    named = {(int(c[1:]), m if by_month else -1) for c, m in zip(own.place_code, months, strict=True)}
    wanted = {(place, month if by_month else -1) for place, month in expected}
    return len(named & wanted), len({place for place, _ in named - wanted if place >= CLEAN})


def test_planted_faults_are_found_and_few_alarms_are_false(judged: dict[str, Any], made: Any) -> None:
    evidence = made(judged["sick"])
    where = judged["where"]
    trials = [
        ("outlier", outliers, ".high", True), ("zero", zeros, ".single", True), ("copy", copies, ".before", True),
        ("rounding", heaping, ".digits", False), ("break", breaks, ".shift", False),
        ("silence", silence, ".stopped", False), ("negative", dropout, ".negative_year", False),
        ("visit", same_visit, ".year", False),
    ]  # fmt: skip

    results = {
        name: hits(check.find(evidence).to_pandas(), case, where[name], by_month=by_month)
        for name, check, case, by_month in trials
    }

    assert {name: found for name, (found, _) in results.items()} == {n: len(p) for n, p in FAULTS.items()}
    assert sum(false for _, false in results.values()) <= 2, results


def test_a_planted_fall_of_all_services_is_told_once_and_named(judged: dict[str, Any], made: Any) -> None:
    told = shared_falls.find(made(judged["sick"])).to_pandas()

    assert list(zip(told.place_code, told.period, told.message, strict=True)) == [
        ("ML", "202404", "quality.shared_falls.service")
    ]


def test_a_clean_country_raises_hardly_an_alarm(judged: dict[str, Any], made: Any) -> None:
    evidence = made(judged["clean"])

    alarms = {
        check.NAME: int((check.find(evidence).to_pandas().severity != "note").sum())
        for check in (outliers, zeros, copies, heaping, breaks, silence, dropout, same_visit, shared_falls)
    }

    assert sum(alarms.values()) <= 2, alarms
