"""Do runs in a store stand apart, carry what was made after them, and never meet?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kalanso import pipeline
from kalanso.coverage import Question
from kalanso.coverage.comparison_tables import (
    ASSUMPTION_RUNS,
    LATER_TABLES,
    METHOD_COMPARISON,
    PLACE_EVIDENCE,
    WITHOUT_SOURCES,
)
from kalanso.coverage.tables import COVERAGE_ESTIMATES
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.evidence import NothingToWorkOn
from kalanso.pipeline.one_at_a_time import AlreadyComputing, is_computing, one_at_a_time
from kalanso.store import Store
from tests.coverage.made_up_engine import MadeUpEngine
from tests.pipeline.test_assumptions_verb import Moving
from tests.pipeline.test_evidence_folder import NOW, place_rows, put, seen

pytestmark = pytest.mark.long

ASKED = Question(draws=20)
HOLD = "import sys\nfrom pathlib import Path\nfrom kalanso.store import Store\nfrom kalanso.pipeline.one_at_a_time import one_at_a_time\nwith one_at_a_time(Store.open(Path(sys.argv[1]))):\n    print('held', flush=True)\n    sys.stdin.read()\n"  # fmt: skip


@pytest.fixture
def known(store: Store) -> Store:
    """A store with a year of doses of three facilities."""
    place_rows(store)
    months = [f"2024{month:02d}" for month in range(1, 13)]
    put(store, OBSERVATIONS, [
        *[seen(place, month, 20) for place in ("F1", "F2", "CS") for month in months],
        *[seen(place, "2024", 300, "surviving_infants", source="census") for place in ("H1", "H2")],
    ])  # fmt: skip
    return store


def test_a_run_publishes_methods_and_evidence_and_a_preview_keeps_apart(known: Store) -> None:
    preview = pipeline.estimate(known, question=ASKED.with_(preview=True), engine=MadeUpEngine(), now=NOW)
    assert preview.out == known.folder / "estimates-preview"
    manifest = known.latest("coverage_estimates")
    assert manifest is not None
    assert str(manifest.provenance.note).endswith("preview")
    done = pipeline.estimate(known, question=ASKED, engine=MadeUpEngine(), now=NOW)
    assert done.out == known.folder / "estimates"
    assert (known.folder / "estimates-preview" / "diagnostics.json").is_file()
    for spec in (METHOD_COMPARISON, PLACE_EVIDENCE):
        rows = known.read(spec).to_pandas()
        assert len(rows) == done.rows[spec.name]
        assert set(rows["run"]) == {done.run}
        assert {"H1", "D", "R", "ML"} <= set(rows["place_code"])


def test_assumptions_follow_the_published_run_and_its_state(known: Store) -> None:
    with pytest.raises(NothingToWorkOn, match="published estimate"):
        pipeline.assumptions(known, engine=Moving(), now=NOW)
    first = pipeline.estimate(known, question=ASKED, engine=MadeUpEngine(), now=NOW)
    pipeline.release(known, "validated", by="CNI", now=NOW)
    done = pipeline.assumptions(known, engine=Moving(), now=NOW)
    assert (done.run, len(done.snapshots)) == (first.run, 2)
    rows = known.read(ASSUMPTION_RUNS).to_pandas()
    assert set(rows["state"]) == {"validated"}
    assert set(rows["place_code"]) == {"D", "R", "ML"}
    assert set(known.read(WITHOUT_SOURCES).to_pandas()["source"]) == {"doses", "census"}
    pipeline.release(known, "published", by="CNI", now=NOW)
    assert set(known.read(ASSUMPTION_RUNS).to_pandas()["state"]) == {"published"}
    # another run has no grid yet
    pipeline.estimate(known, question=ASKED.with_(seed=2), engine=MadeUpEngine(), now=NOW)
    for spec in LATER_TABLES:
        assert known.read(spec).count().execute() == 0


def test_a_preview_whose_chains_disagree_is_usable_nowhere_and_says_so(known: Store) -> None:
    done = pipeline.estimate(
        known, question=ASKED.with_(preview=True), engine=MadeUpEngine(missed=True), now=NOW
    )
    assert done.notes[0].id == "coverage.preview.chains_disagree"
    assert done.diagnostics["doubtful"] is True
    assert done.diagnostics["notes"][0]["fr"].startswith("Les chaînes de cet aperçu se contredisent")
    use = known.read(next(spec for spec in pipeline.TABLES if spec.name == "usability")).to_pandas()
    assert not use["usable"].any()
    assert set(use["message"]) == {"coverage.use.doubtful"}
    sound = pipeline.estimate(known, question=ASKED.with_(preview=True), engine=MadeUpEngine(), now=NOW)
    assert sound.diagnostics["doubtful"] is False


def test_two_computations_never_work_in_one_store(known: Store) -> None:
    with one_at_a_time(known), one_at_a_time(known):
        pass  # the same process may ask again
    assert not is_computing(known)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(known.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_computing(known)
        with pytest.raises(AlreadyComputing, match="another computation"):
            pipeline.estimate(known, question=ASKED, engine=MadeUpEngine(), now=NOW)
        holder.kill()
    # the lock goes with its process, however that ended
    assert not is_computing(known)
    assert known.latest(COVERAGE_ESTIMATES.name) is None
