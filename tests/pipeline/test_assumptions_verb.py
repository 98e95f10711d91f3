"""Is every point of the grid computed once, kept, and read beside the run that it belongs to?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import EstimateRefused, Evidence, EvidenceRefused, Question
from kalanso.coverage.assumption_runs import COLUMNS, GRID, Point, moved, silent
from kalanso.coverage.comparison_tables import ASSUMPTION_RUNS, WITHOUT_SOURCES
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.tables import file_columns
from kalanso.coverage.writing import ASSUMING, NotARun
from kalanso.pipeline.assumptions import assumptions_folder
from kalanso.pipeline.estimate import estimate_folder
from kalanso.pipeline.progress import Cancelled
from tests.coverage.folders import SOUND, folder
from tests.coverage.made_up_engine import MadeUpEngine, posterior_of

pytestmark = pytest.mark.long

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CONFLICT = SOUND["covariates"].replace("urban,", "conflict,")
SOURCES = 8  # doses, two surveys of the folder, two populations, lots, stock, recounts


class Moving:
    """An engine whose coverage follows the assumptions; it can refuse one, or be interrupted."""

    def __init__(
        self, refuse: Callable[[Question, Evidence], bool] = lambda _q, _e: False, stop_at: int | None = None
    ) -> None:
        self.asked: list[Question] = []
        self.warm: list[Any] = []
        self.refuse = refuse
        self.stop_at = stop_at

    def __call__(self, evidence: Evidence, question: Question, rng: np.random.Generator, *, progress: Any, warm: Any = None, checkpoint: Any = None) -> Posterior:  # fmt: skip
        if len(self.asked) == self.stop_at:
            raise KeyboardInterrupt
        self.asked.append(question)
        self.warm.append(warm)
        progress("coverage.progress.sampling", 0.5)
        if self.refuse(question, evidence):
            raise EstimateRefused("coverage.sanity.not_finite")
        found = posterior_of(evidence, question, rng)
        share = found.dtp1_coverage * (1 - 0.5 * abs(question.anchor_bias))
        return replace(found, dtp1_coverage=share.astype(np.float32), dtp3_coverage=share * np.float32(0.8))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run in `out`, made from `in`."""
    folder(tmp_path / "in", covariates=CONFLICT)
    estimate_folder(
        tmp_path / "in", tmp_path / "out", question=Question(draws=40), engine=MadeUpEngine(), now=NOW
    )
    return tmp_path


def table(run: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(run / "out" / f"{name}.parquet")


def test_the_grid_is_run_from_the_run_on_and_stands_in_its_folder(run: Path) -> None:
    engine, shares = Moving(), []
    done = assumptions_folder(
        run / "in", run / "out", engine=engine, now=NOW, progress=lambda _name, share: shares.append(share)
    )
    assert len(engine.asked) == len(GRID) + SOURCES
    assert all(question.preview and question.seed == 1 for question in engine.asked)
    assert all("gamma" in warm for warm in engine.warm)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    rows = table(run, "assumption_runs")
    assert list(rows.columns) == list(COLUMNS) == file_columns(ASSUMPTION_RUNS)
    assert set(rows["place_code"]) == {"north", "ML"}
    assert set(rows["period"]) == {"2023Q4"}
    points = rows[["assumption", "setting"]].drop_duplicates()
    assert len(points) == len(GRID)
    nation = rows.query("place_code == 'ML' and indicator == 'dtp1'").set_index(["assumption", "setting"])
    none, tenth = nation.loc[("none", 0.0)], nation.loc[("anchor_bias", 0.1)]
    assert tenth["coverage_mean"] == pytest.approx(0.95 * none["coverage_mean"], rel=1e-5)
    assert tenth["missed_children_mean"] > none["missed_children_mean"]
    assert done.rows == {"assumption_runs": len(rows), "without_sources": len(table(run, "without_sources"))}
    assert done.notes == ()
    assert (run / "out" / "assumption_runs.csv").is_file()


def test_without_each_source_says_how_much_wider_every_level_would_be(run: Path) -> None:
    alone = lambda _question, evidence: evidence.doses.empty  # noqa: E731
    assumptions_folder(run / "in", run / "out", engine=Moving(refuse=alone), now=NOW)
    rows = table(run, "without_sources")
    assert list(rows.columns) == file_columns(WITHOUT_SOURCES)
    assert set(rows["source"]) == {"doses", "eds", "mics", "census", "worldpop", "r1", "stock", "recounts"}
    assert set(rows["place_code"]) == {"ML"}
    stock = rows[rows["source"] == "stock"].set_index("place_level")
    # nothing of the made-up draws depends on the stock
    assert stock["width_ratio_median"].tolist() == pytest.approx([1.0] * 3)
    assert stock["places"].to_dict() == {"area": 4, "parent": 1, "country": 1}
    doses = rows[rows["source"] == "doses"].iloc[0]
    assert doses["message"] == "coverage.without.impossible"
    assert np.isnan(doses["width_ratio_median"])


def test_an_interrupted_grid_goes_on_where_it_was(run: Path) -> None:
    first = Moving(stop_at=5)
    with pytest.raises(KeyboardInterrupt):
        assumptions_folder(run / "in", run / "out", engine=first, now=NOW)
    assert not (run / "out" / "assumption_runs.parquet").exists()
    second = Moving()
    assumptions_folder(run / "in", run / "out", engine=second, now=NOW)
    assert len(first.asked) + len(second.asked) == len(GRID) + SOURCES
    third = Moving()
    assumptions_folder(run / "in", run / "out", engine=third, now=NOW)
    assert third.asked == []
    stopped = iter([False] * 3)
    with pytest.raises(Cancelled):
        assumptions_folder(run / "in", run / "out", engine=third, now=NOW, cancel=lambda: next(stopped, True))


def test_a_refused_point_has_no_rows_and_is_said(run: Path) -> None:
    engine = Moving(refuse=lambda question, _: question.anchor_bias == 0.05)
    done = assumptions_folder(run / "in", run / "out", engine=engine, now=NOW)
    rows = table(run, "assumption_runs")
    assert set(rows.loc[rows["assumption"] == "anchor_bias", "setting"]) == {-0.1, -0.05, 0.1}
    told = [note for note in done.notes if note.id == "pipeline.assumptions.refused"]
    assert [(note.params["assumption"], note.params["setting"]) for note in told] == [("anchor_bias", 0.05)]
    said = json.loads((run / "out" / "assumptions.json").read_text(encoding="utf-8"))
    assert {"coverage.sanity.not_finite"} < {note["id"] for note in said["notes"]}
    assert all(note["fr"] != note["en"] for note in said["notes"])


def test_without_an_unmoved_answer_no_source_is_compared(run: Path) -> None:
    assumptions_folder(run / "in", run / "out", engine=Moving(refuse=lambda _q, _e: True), now=NOW)
    assert table(run, "assumption_runs").empty
    assert table(run, "without_sources").empty


def test_evidence_of_another_day_or_a_folder_without_a_run_is_refused(run: Path) -> None:
    with pytest.raises(NotARun, match="expected the results of an estimate"):
        assumptions_folder(run / "in", run / "in", engine=Moving(), now=NOW)
    folder(run / "in", stock="place_code,period,doses_used,wastage\nnorth,2022Q1,701,0.1\n")
    with pytest.raises(EvidenceRefused, match="no longer that of the estimate"):
        assumptions_folder(run / "in", run / "out", engine=Moving(), now=NOW)


def test_a_new_run_puts_the_grid_of_the_old_one_away(run: Path) -> None:
    assumptions_folder(run / "in", run / "out", engine=Moving(), now=NOW)
    estimate_folder(run / "in", run / "out", question=Question(draws=41), engine=MadeUpEngine(), now=NOW)
    assert not (run / "out" / "assumption_runs.parquet").exists()
    assert not (run / "out" / "assumptions.json").exists()
    assert (run / "out" / ASSUMING).is_dir()
    engine = Moving()
    assumptions_folder(run / "in", run / "out", engine=engine, now=NOW)
    assert len(engine.asked) == len(GRID) + SOURCES


def test_settings_move_what_the_run_assumed() -> None:
    asked = Question(anchor_bias=-0.05, draws=20)
    assert moved(asked, Point(assumption="none", setting=0.0)) == asked.with_(preview=True)
    assert moved(asked, Point(assumption="anchor_bias", setting=0.1)).anchor_bias == pytest.approx(0.05)
    assert moved(asked, Point(assumption="conflict_reporting", setting=-0.2)).conflict_reporting == -0.2
    recall = moved(asked, Point(assumption="recall", setting=-0.1)).recall_error
    assert recall is not None
    assert (recall.sensitivity, recall.specificity) == pytest.approx((0.948 - 0.1, 0.9), abs=1e-3)
    sure = moved(asked, Point(assumption="recall", setting=0.2)).recall_error
    assert sure is not None
    assert sure.sensitivity < 1
    with pytest.raises(ValueError, match="expected one of none"):
        moved(asked, Point(assumption="weather", setting=1.0))


def test_points_that_would_move_nothing_are_left_out_and_said() -> None:
    bare = Evidence.of(places=pd.DataFrame([("ML", "")], columns=["place_code", "parent_code"]))
    told = {name: silent(bare, Point(assumption=name, setting=0.1)) for name in ("none", "anchor_bias", "conflict_reporting", "recall", "cut")}  # fmt: skip
    assert {name for name, why in told.items() if why} == {"anchor_bias", "conflict_reporting", "recall"}
    assert all(why.render("fr") != why.render("en") for why in told.values() if why)
