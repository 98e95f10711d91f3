"""Do the summaries keep the columns, types and bounds that are declared?"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import tables
from kalanso.coverage.declared import declared
from kalanso.coverage.exploratory import CLUSTER_COLUMNS
from kalanso.coverage.pocket_words import POCKET_COLUMNS
from kalanso.coverage.summaries import DROPOUT_COLUMNS, ESTIMATE_COLUMNS
from kalanso.coverage.tables import file_columns, provisional_quarters, released, with_run
from kalanso.store import Audience


@pytest.mark.parametrize(
    ("spec", "columns"),
    [
        (tables.COVERAGE_ESTIMATES, ESTIMATE_COLUMNS),
        (tables.DROPOUT_CHILDREN, DROPOUT_COLUMNS),
        (tables.POCKETS, POCKET_COLUMNS),
        (tables.LOCAL_CLUSTERS, CLUSTER_COLUMNS),
    ],
)
def test_files_have_the_columns_of_the_summaries_in_their_order(spec, columns) -> None:  # type: ignore[no-untyped-def]
    assert tuple(file_columns(spec)) == columns


def test_estimates_are_for_the_programme_and_guard_flagged_places() -> None:
    for spec in tables.RUN_TABLES:
        assert spec.audience is Audience.PROGRAMME
        assert spec.security is not None
        assert spec.security.coarsen_to == "district"
        assert not spec.security.sums
    assert tables.COVERAGE_ESTIMATES_PARTNERS.audience is Audience.PARTNER
    assert tables.COVERAGE_ESTIMATES_PUBLIC.audience is Audience.PUBLIC


def _members(**changed: object) -> pd.DataFrame:
    row = {"pocket": "p", "place_code": "a", "probability_below": 0.9, "in_core": True}
    return pd.DataFrame([row | changed])


def test_rounding_at_a_bound_is_mended_and_more_is_refused() -> None:
    kept = declared(_members(probability_below=1 + 1e-9), tables.POCKET_AREAS)
    assert kept.column("probability_below").to_pylist() == [1.0]
    for wrong in (1.1, -0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match="pocket_areas, probability_below: expected 0 to 1"):
            declared(_members(probability_below=wrong), tables.POCKET_AREAS)
    with pytest.raises(ValueError, match="pocket_areas, place_code: expected a value"):
        declared(_members(place_code=None), tables.POCKET_AREAS)
    with pytest.raises(ValueError, match="missing \\['in_core'\\]"):
        declared(_members().drop(columns="in_core"), tables.POCKET_AREAS)


def test_no_rows_are_a_table_without_rows() -> None:
    assert declared(pd.DataFrame(), tables.COVERAGE_CHANGES).num_rows == 0


def test_rows_of_a_run_are_dated_and_marked() -> None:
    rows = pd.DataFrame({"place_code": ["a", "a", "a"], "period": ["2023Q3", "2023Q4", "2023"]})
    marked = with_run(rows, run="r", state="draft", provisional=["2023Q4"])
    assert marked["period_start"].tolist() == [date(2023, 7, 1), date(2023, 10, 1), date(2023, 1, 1)]
    assert marked["provisional"].tolist() == [False, True, True]  # the year ends with a provisional quarter
    with pytest.raises(ValueError, match="expected one of draft"):
        with_run(rows, run="r", state="final", provisional=[])
    with pytest.raises(ValueError, match="period of all rows"):
        with_run(rows[["place_code"]], run="r", state="draft", provisional=[])


def test_a_quarter_is_provisional_for_ninety_days() -> None:
    codes = ["2023Q3", "2023Q4", "2024Q1"]
    assert provisional_quarters(codes, today=date(2024, 3, 1)) == ["2023Q4", "2024Q1"]
    assert provisional_quarters(codes, today=date(2024, 12, 31)) == []


def test_what_each_circle_may_see_follows_the_state_of_the_run() -> None:
    rows = pd.DataFrame({"place_code": ["ML", "a"] * 4, "state": np.repeat(tables.STATES, 2)})
    seen = {
        audience: released(rows, audience, district_or_above={"ML"})[["place_code", "state"]]
        .to_numpy()
        .tolist()
        for audience in (Audience.PROGRAMME, Audience.PARTNER, Audience.PUBLIC)
    }
    assert len(seen[Audience.PROGRAMME]) == 8
    assert seen[Audience.PARTNER] == [
        ["ML", "validated"],
        ["a", "validated"],
        ["ML", "published"],
        ["a", "published"],
    ]
    assert seen[Audience.PUBLIC] == [["ML", "published"]]
    with pytest.raises(ValueError, match="other than private"):
        released(rows, Audience.PRIVATE, district_or_above=set())
