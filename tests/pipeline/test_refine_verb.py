"""Does a store get from its data to the published estimate behind its pages, once, and say where it stands?"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kalanso import pipeline
from kalanso.coverage import EstimateRefused, Question
from kalanso.coverage.assumption_runs import GRID
from kalanso.coverage.comparison_tables import ASSUMPTION_RUNS
from kalanso.coverage.posterior import Posterior
from kalanso.coverage.tables import COVERAGE_ESTIMATES
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.computation_status import StatusFile, read_status
from kalanso.pipeline.evidence import NothingToWorkOn
from kalanso.store import Store
from kalanso.vocabulary import Message
from tests.pipeline.test_assumptions_verb import Moving
from tests.pipeline.test_evidence_folder import NOW, put, seen
from tests.pipeline.test_store_runs import known

pytestmark = pytest.mark.long

ASKED = Question(draws=20)
# nothing but doses, one population, no survey and no conflict: the unmoved point, the anchor's, two sources
POINTS = 1 + sum(point.assumption in ("anchor_bias", "cut") for point in GRID) + 2

__all__ = ["known"]


class Gated(Moving):
    """An engine whose published draws miss a gate."""

    def __call__(self, evidence: Any, question: Question, *rest: Any, **more: Any) -> Posterior:
        found = super().__call__(evidence, question, *rest, **more)
        passed = {"r_hat": {"value": 1.3, "limit": 1.02, "passed": question.preview}}
        return replace(found, diagnostics={"gates": passed})


def published(store: Store) -> str:
    manifest = store.latest(COVERAGE_ESTIMATES.name)
    return str(manifest.provenance.note) if manifest else ""


def test_a_preview_comes_first_then_the_estimate_then_the_grid(known: Store) -> None:
    assert pipeline.read_status(known) is None
    assert pipeline.left_to_refine(known, question=ASKED, now=NOW)
    seen: list[tuple[str, float, str]] = []

    def hear(message: str, share: float) -> None:
        seen.append((message, share, published(known)))

    engine = Moving()
    assert pipeline.refine(known, question=ASKED, engine=engine, progress=hear, now=NOW) == "done"
    assert [question.preview for question in engine.asked] == [True, False, *[True] * POINTS]
    assert engine.warm[0] is None
    assert "gamma" in engine.warm[1]  # the estimate starts from the preview
    shares = [share for _, share, _ in seen]
    assert shares == sorted(shares)
    # the preview can be read while the rest is computed
    assert any(note.endswith("preview") for _, share, note in seen if share > 0.2)
    assert not published(known).endswith("preview")
    assert known.read(ASSUMPTION_RUNS).count().execute() > 0
    status = pipeline.read_status(known)
    assert status is not None
    assert (status["state"], status["share"]) == ("done", 1.0)
    assert status["fr"] != status["en"]
    assert not pipeline.left_to_refine(known, question=ASKED, now=NOW)


def test_what_was_done_is_not_done_again(known: Store) -> None:
    pipeline.refine(known, question=ASKED, engine=Moving(), now=NOW)
    again = Moving()
    assert pipeline.refine(known, question=ASKED, engine=again, now=NOW) == "done"
    assert again.asked == []
    # another question is another estimate
    assert pipeline.left_to_refine(known, question=ASKED.with_(seed=2), now=NOW)


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_computation_goes_on_where_it_was(known: Store, stop: int) -> None:
    first = Moving(stop_at=stop)
    with pytest.raises(KeyboardInterrupt):
        pipeline.refine(known, question=ASKED, engine=first, now=NOW)
    status = pipeline.read_status(known)
    assert status is not None
    assert status["state"] == "waiting"
    assert pipeline.left_to_refine(known, question=ASKED, now=NOW)
    second = Moving()
    assert pipeline.refine(known, question=ASKED, engine=second, now=NOW) == "done"
    assert len(first.asked) + len(second.asked) == 2 + POINTS


def test_a_refused_estimate_leaves_the_preview_its_grid_and_the_reason(known: Store) -> None:
    assert pipeline.refine(known, question=ASKED, engine=Gated(), now=NOW) == "refused"
    assert published(known).endswith("preview")
    assert known.read(ASSUMPTION_RUNS).count().execute() > 0
    status = pipeline.read_status(known)
    assert status is not None
    assert status["state"] == "refused"
    assert status["message"] == "pipeline.estimate.gates_missed"
    assert status["params"] == {"found": "r_hat"}
    # the same data would be refused again
    assert not pipeline.left_to_refine(known, question=ASKED, now=NOW)


def test_a_preview_that_is_refused_says_why(known: Store) -> None:
    with pytest.raises(EstimateRefused):
        pipeline.refine(known, question=ASKED, engine=Moving(refuse=lambda _q, _e: True), now=NOW)
    status = pipeline.read_status(known)
    assert status is not None
    assert (status["state"], status["message"]) == ("refused", "coverage.sanity.not_finite")


def test_a_fault_of_the_software_is_kept_and_raised(known: Store) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by zero")

    with pytest.raises(ZeroDivisionError):
        pipeline.refine(known, question=ASKED, engine=broken, now=NOW)
    status = pipeline.read_status(known)
    assert status is not None
    assert status["state"] == "refused"
    assert "ZeroDivisionError: by zero" in status["en"]
    # the next version of the software may not have it
    assert pipeline.left_to_refine(known, question=ASKED, now=NOW)


def test_an_empty_store_has_nothing_to_refine(store: Store) -> None:
    with pytest.raises(NothingToWorkOn):
        pipeline.refine(store, now=NOW)
    assert pipeline.read_status(store) is None


def test_a_computation_that_died_without_a_word_is_waiting(known: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    StatusFile(known, of="x").say("running", Message("pipeline.estimate.reading"), 0.4, "published")
    path = known.folder / "estimates" / "status.json"
    alive = read_status(known)
    assert alive is not None
    assert alive["state"] == "running"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": gone.pid}), encoding="utf-8")
    dead = read_status(known)
    assert dead is not None
    assert dead["state"] == "waiting"
    path.write_text("{", encoding="utf-8")
    assert read_status(known) is None


def test_status_and_log_are_no_strangers_in_the_folder_of_estimates(known: Store) -> None:
    StatusFile(known, of="x").say("waiting", Message("pipeline.refine.interrupted"), 0.0, "preview")
    (known.folder / "estimates" / "computation.log").write_text("", encoding="utf-8")
    done = pipeline.estimate(known, question=ASKED, engine=Moving(), now=NOW)
    assert done.out == known.folder / "estimates"
    assert Path(known.folder / "estimates" / "status.json").is_file()


class Publishing(Moving):
    """An engine during whose work somebody publishes a sheet: before its `at`th call."""

    def __init__(self, store: Store, at: int, stop_at: int | None = None) -> None:
        super().__init__(stop_at=stop_at)
        self.store, self.at = store, at

    def __call__(self, *given: Any, **more: Any) -> Posterior:
        if len(self.asked) == self.at:
            put(self.store, OBSERVATIONS, [seen("F1", "202412", 99, source="sheet")])
        return super().__call__(*given, **more)


@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_sheet_that_is_published_meanwhile_does_not_end_an_estimate(known: Store, at: int) -> None:
    engine = Publishing(known, at)
    assert pipeline.refine(known, question=ASKED, engine=engine, now=NOW) == "done"
    assert [question.preview for question in engine.asked] == [True, False, *[True] * POINTS]
    manifest = known.latest(COVERAGE_ESTIMATES.name)
    assert manifest is not None
    assert "observations-000001" in manifest.provenance.made_from
    assert {row["run"] for row in known.read(ASSUMPTION_RUNS).to_pyarrow().to_pylist()} == {
        str(manifest.provenance.note).removeprefix("run ")
    }
    # the newer data are for the next estimate
    assert pipeline.left_to_refine(known, question=ASKED, now=NOW)


def test_an_interrupted_estimate_goes_on_with_the_data_with_which_it_began(known: Store) -> None:
    first = Publishing(known, at=1, stop_at=3)
    with pytest.raises(KeyboardInterrupt):
        pipeline.refine(known, question=ASKED, engine=first, now=NOW)
    second = Moving()
    assert pipeline.refine(known, question=ASKED, engine=second, now=NOW) == "done"
    assert len(first.asked) + len(second.asked) == 2 + POINTS
    manifest = known.latest(COVERAGE_ESTIMATES.name)
    assert manifest is not None
    assert "observations-000001" in manifest.provenance.made_from


def test_an_estimate_begins_anew_where_its_data_were_taken_back(known: Store) -> None:
    put(known, OBSERVATIONS, [seen("F1", "202412", 99, source="sheet")])
    with pytest.raises(KeyboardInterrupt):
        pipeline.refine(known, question=ASKED, engine=Moving(stop_at=1), now=NOW)
    known.withdraw("observations-000002", reason="erreur de saisie", by="cni", now=NOW)
    second = Moving()
    assert pipeline.refine(known, question=ASKED, engine=second, now=NOW) == "done"
    assert len(second.asked) == 2 + POINTS
    manifest = known.latest(COVERAGE_ESTIMATES.name)
    assert manifest is not None
    assert "observations-000003" in manifest.provenance.made_from
