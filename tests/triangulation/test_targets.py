"""Is a target proposed from the best source there is, with bounds and a reason, and never without one?"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from kalanso.triangulation.tables import PROPOSED_TARGETS
from kalanso.triangulation.targets import proposed_targets
from kalanso.vocabulary import Message
from tests.triangulation.dossiers import districts, lay, mali, table

COLUMNS = "place_code year source kind surviving_infants"


def _proposed(populations: list[tuple[Any, ...]], coverage: pd.DataFrame | None = None) -> pd.DataFrame:
    more = {} if coverage is None else {"coverage": coverage}
    rows = proposed_targets(lay(places=districts(2), populations=table(COLUMNS, populations), **more))
    assert list(rows.columns) == list(PROPOSED_TARGETS.column_names)
    return rows.set_index("place_code")


def test_an_estimate_is_proposed_with_its_interval() -> None:
    estimate = table("place_code year indicator source kind value target target_low target_high", [
        ("D01", 2022, "dtp1", "run-7", "estimate", 0.8, 130.0, 110.0, 150.0),
    ])  # fmt: skip

    row = _proposed(
        [("D01", 2022, "moh", "official", 100), ("D01", 2022, "count", "headcount", 140)], estimate
    ).loc["D01"]

    assert (row["present"], row["proposed"], row["low"], row["high"]) == (100, 130, 110, 150)
    assert row["message"] == "triangulation.targets.estimate"
    assert json.loads(row["sources"]) == ["run-7"]


def test_without_an_estimate_independent_sources_are_proposed_and_bound_it() -> None:
    row = _proposed(
        [
            ("D01", 2022, "moh", "official", 100),
            ("D01", 2022, "rgph", "census", 120),
            ("D01", 2021, "wp", "gridded", 130),
        ]
    ).loc["D01"]

    assert row["message"] == "triangulation.targets.independent"
    assert row["proposed"] == pytest.approx(120)
    assert (row["low"], row["high"]) == pytest.approx((120, 130 * 1.03))


def test_a_place_without_a_source_takes_the_gap_of_the_nearest_above() -> None:
    row = _proposed(
        [
            ("ML", 2022, "moh", "official", 1000),
            ("ML", 2022, "un", "un", 1300),
            ("D02", 2022, "moh", "official", 200),
        ]
    ).loc["D02"]

    assert row["message"] == "triangulation.targets.shared"
    assert row["proposed"] == pytest.approx(260)
    assert json.loads(row["params"])["above"] == "ML"


def test_a_target_near_every_source_is_kept() -> None:
    row = _proposed([("D01", 2022, "moh", "official", 100), ("D01", 2022, "rgph", "census", 102)]).loc["D01"]

    assert row["message"] == "triangulation.targets.keep"


def test_without_any_independent_source_nothing_is_proposed() -> None:
    row = _proposed([("D01", 2022, "moh", "official", 100)]).loc["D01"]

    assert pd.isna(row["proposed"])
    assert row["message"] == "triangulation.targets.none"


def test_malis_target_of_2022_is_within_two_percent_of_the_united_nations() -> None:
    row = proposed_targets(mali()).iloc[0]

    assert row["message"] == "triangulation.targets.keep"
    assert row["ratio"] == pytest.approx(892365 / 876191)
    assert "892" in Message.from_json(row["message"], row["params"]).render("fr")
