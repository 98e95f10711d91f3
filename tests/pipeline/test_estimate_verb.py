"""Does an estimate leave complete files, or none, and say what it did?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kalanso import pipeline
from kalanso.coverage import EvidenceRefused, Question
from kalanso.coverage.faults import EstimateRefused
from kalanso.coverage.tables import DRAWS, RUN_TABLES, file_columns
from kalanso.coverage.writing import WARM, NotARun
from kalanso.pipeline.estimate import estimate_folder
from tests.coverage.folders import folder
from tests.coverage.made_up_engine import STEPS, MadeUpEngine

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ASKED = Question(draws=60, seed=3)
EXACT = (
    "place_code,period,indicator,coverage_mean,coverage_sd,coverage_q025,coverage_q250,coverage_q500,coverage_q750,"
    "coverage_q975,surviving_infants_mean,surviving_infants_q025,surviving_infants_q975,missed_children_mean,"
    "missed_children_q025,missed_children_q975,probability_below_80,rank_mean,rank_q025,rank_q975,place_level"
)


def test_every_table_stands_as_parquet_and_as_csv_with_its_declared_columns(tmp_path: Path) -> None:
    done = estimate_folder(
        folder(tmp_path / "in"), tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW
    )
    for spec in RUN_TABLES:
        parquet = pq.read_table(tmp_path / "out" / f"{spec.name}.parquet")
        text = pd.read_csv(tmp_path / "out" / f"{spec.name}.csv")
        assert parquet.column_names == list(text.columns) == file_columns(spec)
        assert parquet.num_rows == len(text) == done.rows[spec.name]
    header = (tmp_path / "out" / "coverage_estimates.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == EXACT
    estimates = pd.read_parquet(tmp_path / "out" / "coverage_estimates.parquet")
    # 4 areas, 1 region and the country, 8 quarters, 2 doses
    assert len(estimates) == 6 * 8 * 2
    assert set(estimates["place_level"]) == {"area", "parent", "country"}
    assert not (tmp_path / "out" / ".checkpoint").exists()
    assert not (tmp_path / "out" / ".writing").exists()


def test_draws_add_up_to_the_estimates(tmp_path: Path) -> None:
    estimate_folder(folder(tmp_path / "in"), tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW)
    draws = pd.read_parquet(tmp_path / "out" / "draws.parquet")
    assert list(draws.columns) == file_columns(DRAWS)
    assert len(draws) == 4 * 8 * 60
    missed = (
        (draws["surviving_infants"] * (1 - draws["dtp1_coverage"]))
        .groupby([draws["period"], draws["draw"]])
        .sum()
    )
    estimates = pd.read_parquet(tmp_path / "out" / "coverage_estimates.parquet")
    own = estimates.query("place_code == 'ML' and indicator == 'dtp1'").set_index("period")[
        "missed_children_mean"
    ]
    pd.testing.assert_series_equal(missed.groupby("period").mean(), own, check_names=False, rtol=1e-4)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    folder(tmp_path / "in")
    for name in ("one", "two"):
        estimate_folder(tmp_path / "in", tmp_path / name, question=ASKED, engine=MadeUpEngine(), now=NOW)
    for path in sorted((tmp_path / "one").iterdir()):
        if path.name != "diagnostics.json":
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_diagnostics_say_what_was_read_asked_and_used(tmp_path: Path) -> None:
    estimate_folder(
        folder(tmp_path / "in", stock=None), tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW
    )
    said = json.loads((tmp_path / "out" / "diagnostics.json").read_text(encoding="utf-8"))
    assert said["seed"] == 3
    assert said["engine"] == "published"
    assert said["state"] == "draft"
    assert len(said["inputs"]["doses.csv"]) == 64
    assert said["question"]["draws"] == 60
    assert said["receipt"]["doses"]["read"] == 64
    assert said["versions"]["kalanso"]
    assert said["tables"]["draws"] == 4 * 8 * 60
    note = next(note for note in said["notes"] if note["id"] == "coverage.folder.missing.stock")
    assert note["fr"].startswith("stock.csv manque")
    assert note["en"].startswith("stock.csv is missing")


def test_newest_quarters_are_provisional(tmp_path: Path) -> None:
    estimate_folder(
        folder(tmp_path / "in"), tmp_path / "out", question=ASKED, engine=MadeUpEngine(),
        now=datetime(2024, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    said = json.loads((tmp_path / "out" / "diagnostics.json").read_text(encoding="utf-8"))
    assert said["provisional"] == ["2023Q4"]


def test_a_run_that_misses_a_gate_leaves_its_diagnostics_and_no_table(tmp_path: Path) -> None:
    folder(tmp_path / "in")
    estimate_folder(tmp_path / "in", tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW)
    with pytest.raises(EstimateRefused, match="r_hat"):
        estimate_folder(
            tmp_path / "in", tmp_path / "out", question=ASKED, engine=MadeUpEngine(missed=True), now=NOW
        )
    left = {path.name for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert left == {"diagnostics.json"}
    said = json.loads((tmp_path / "out" / "diagnostics.json").read_text(encoding="utf-8"))
    assert said["refused"]["id"] == "pipeline.estimate.gates_missed"
    assert "r_hat" in said["refused"]["fr"]
    assert said["tables"] == {}


def test_a_preview_is_not_held_to_the_gates(tmp_path: Path) -> None:
    asked = ASKED.with_(preview=True)
    done = estimate_folder(
        folder(tmp_path / "in"), tmp_path / "out", question=asked, engine=MadeUpEngine(missed=True), now=NOW
    )
    assert done.engine == "preview"


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    folder(tmp_path / "in")
    first = MadeUpEngine(stop_at=2)
    with pytest.raises(KeyboardInterrupt):
        estimate_folder(tmp_path / "in", tmp_path / "out", question=ASKED, engine=first, now=NOW)
    second = MadeUpEngine()
    estimate_folder(tmp_path / "in", tmp_path / "out", question=ASKED, engine=second, now=NOW)
    assert first.steps + second.steps == list(range(STEPS))


def test_what_was_sampled_for_another_question_or_other_files_is_not_taken_up(tmp_path: Path) -> None:
    folder(tmp_path / "in")
    for changed in (ASKED.with_(seed=4), ASKED):
        with pytest.raises(KeyboardInterrupt):
            estimate_folder(
                tmp_path / "in", tmp_path / "out", question=changed, engine=MadeUpEngine(stop_at=2), now=NOW
            )
    folder(tmp_path / "in", stock=None)
    (tmp_path / "in" / "stock.csv").unlink()
    last = MadeUpEngine()
    estimate_folder(tmp_path / "in", tmp_path / "out", question=ASKED, engine=last, now=NOW)
    assert last.steps == list(range(STEPS))


def test_what_another_engine_left_half_done_is_not_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path / "in")
    with pytest.raises(KeyboardInterrupt):
        estimate_folder(
            tmp_path / "in", tmp_path / "out", question=ASKED, engine=MadeUpEngine(stop_at=2), now=NOW
        )
    monkeypatch.setattr("kalanso.pipeline.estimate_account.engine_mark", lambda: "another")
    again = MadeUpEngine()
    estimate_folder(tmp_path / "in", tmp_path / "out", question=ASKED, engine=again, now=NOW)
    assert again.steps == list(range(STEPS))


def test_a_run_can_be_stopped_between_steps(tmp_path: Path) -> None:
    asked = iter([False, False, True])
    with pytest.raises(pipeline.Cancelled):
        estimate_folder(
            folder(tmp_path / "in"), tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW,
            cancel=lambda: next(asked, True),
        )  # fmt: skip
    assert not (tmp_path / "out" / "diagnostics.json").exists()


def test_a_warm_start_is_kept_and_handed_on(tmp_path: Path) -> None:
    folder(tmp_path / "in")
    estimate_folder(tmp_path / "in", tmp_path / "one", question=ASKED, engine=MadeUpEngine(), now=NOW)
    again = MadeUpEngine()
    estimate_folder(
        tmp_path / "in", tmp_path / "two", question=ASKED, engine=again, warm=tmp_path / "one", now=NOW
    )
    assert list(again.warm) == ["gamma", "names"]
    assert (tmp_path / "one" / WARM).exists()
    with pytest.raises(NotARun, match="earlier run"):
        estimate_folder(tmp_path / "in", tmp_path / "three", engine=again, warm=tmp_path / "in", now=NOW)


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("x", encoding="utf-8")
    with pytest.raises(NotARun, match=r"thesis\.docx"):
        estimate_folder(folder(tmp_path / "in"), tmp_path / "mine", engine=MadeUpEngine(), now=NOW)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(NotARun, match="found a file"):
        estimate_folder(tmp_path / "in", tmp_path / "file", engine=MadeUpEngine(), now=NOW)


def test_a_second_run_replaces_the_first_and_keeps_files_of_others(tmp_path: Path) -> None:
    folder(tmp_path / "in")
    estimate_folder(tmp_path / "in", tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW)
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    without = ASKED.with_(dtp3=False)
    estimate_folder(tmp_path / "in", tmp_path / "out", question=without, engine=MadeUpEngine(), now=NOW)
    assert (tmp_path / "out" / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert set(pd.read_parquet(tmp_path / "out" / "coverage_estimates.parquet")["indicator"]) == {"dtp1"}
    assert pd.read_parquet(tmp_path / "out" / "draws.parquet")["dtp3_coverage"].isna().all()


def test_bad_evidence_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(EvidenceRefused, match=r"places\.csv"):
        estimate_folder(
            folder(tmp_path / "in", places="place_code\n"), tmp_path / "out", engine=MadeUpEngine(), now=NOW
        )
    assert not (tmp_path / "out").exists()


def test_the_headline_answers_in_both_languages(tmp_path: Path) -> None:
    done = estimate_folder(
        folder(tmp_path / "in"), tmp_path / "out", question=ASKED, engine=MadeUpEngine(), now=NOW
    )
    assert "zero-dose children" in done.headline.render("en")
    assert "enfants zéro dose" in done.headline.render("fr")
    assert next(iter(done.first["place_code"])) == "d"  # the area with the lowest coverage


@pytest.mark.parametrize("quarters", [1, 3, 4, 5])
def test_short_series_give_the_tables_that_they_can(tmp_path: Path, quarters: int) -> None:
    rows = [f"{area},2023Q{q + 1},dtp1_doses,9,3,3" for area in "abcd" for q in range(min(quarters, 4))]
    rows += ["a,2024Q1,dtp1_doses,9,3,3"] if quarters == 5 else []
    text = "\n".join(["place_code,period,indicator,value,reports_received,reports_expected", *rows]) + "\n"
    less = dict.fromkeys(["surveys", "survey_areas", "lots", "stock", "recounts", "facility_status"])
    done = estimate_folder(
        folder(tmp_path / "in", doses=text, **less),
        tmp_path / "out",
        question=ASKED,
        engine=MadeUpEngine(),
        now=NOW,
    )
    assert done.rows["coverage_estimates"] == 6 * quarters * 2
    assert done.headline.render("en")
