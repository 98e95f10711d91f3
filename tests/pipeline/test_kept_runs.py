"""Do runs that are kept stand apart, and does each circle of readers see the run that is meant for it?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from kalanso import pipeline
from kalanso.coverage import EstimateRefused, Question
from kalanso.coverage.tables import (
    COVERAGE_ESTIMATES,
    COVERAGE_ESTIMATES_PARTNERS,
    COVERAGE_ESTIMATES_PUBLIC,
    COVERAGE_ESTIMATES_YEARLY,
    COVERAGE_ESTIMATES_YEARLY_PARTNERS,
    COVERAGE_ESTIMATES_YEARLY_PUBLIC,
    KEPT_RUNS,
    RUN_TABLES,
)
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.evidence import NothingToWorkOn
from kalanso.pipeline.kept_runs import KeptRun, Shown, evidence_snapshots, folder_of_kept, show_runs
from kalanso.pipeline.progress import Cancelled
from kalanso.store import Store, TableSpec
from tests.coverage.made_up_engine import MadeUpEngine
from tests.pipeline.test_evidence_folder import NOW, put, seen
from tests.pipeline.test_store_runs import known

pytestmark = pytest.mark.long

__all__ = ["known"]
RELEASED = (
    (COVERAGE_ESTIMATES_PARTNERS, COVERAGE_ESTIMATES_YEARLY_PARTNERS),
    (COVERAGE_ESTIMATES_PUBLIC, COVERAGE_ESTIMATES_YEARLY_PUBLIC),
)
ASKED = Question(draws=20)


def keep(store: Store, name: str, **changes: Any) -> KeptRun:
    return pipeline.keep_estimate(
        store, name, question=ASKED.with_(**changes), engine=MadeUpEngine(), now=NOW
    )


def runs_in(store: Store, spec: TableSpec) -> set[tuple[str, str]]:
    rows = store.read(spec).to_pandas()
    return set(zip(rows["run"], rows["state"], strict=True))


def test_a_kept_run_changes_nothing_that_pages_show(known: Store) -> None:
    kept = keep(known, "1", preview=True)
    assert known.latest(COVERAGE_ESTIMATES.name) is None
    assert kept.preview
    assert kept.folder == known.folder / "estimates-run-1"
    rows = known.read(KEPT_RUNS).to_pandas()
    assert set(rows["run"]) == {kept.run}
    assert {"H1", "D", "R", "ML"} <= set(rows["place_code"])
    assert set(rows["span"]) == {"rolling4"}


def test_runs_are_kept_side_by_side_and_one_is_never_kept_twice(known: Store) -> None:
    first, second = keep(known, "1"), keep(known, "2", seed=2)
    again = MadeUpEngine()
    pipeline.keep_estimate(known, "1", question=ASKED, engine=again, now=NOW)
    assert again.steps == []
    rows = known.read(KEPT_RUNS).to_pandas()
    assert set(rows["run"]) == {first.run, second.run}
    assert not rows.duplicated(["run", "place_code", "period", "indicator"]).any()


def test_a_run_of_fewer_quarters_is_another_run(known: Store) -> None:
    whole = keep(known, "1")
    short = pipeline.keep_estimate(known, "2", question=ASKED, quarters=2, engine=MadeUpEngine(), now=NOW)
    assert whole.run != short.run
    assert short.document["periods"] == ["2024Q3", "2024Q4"]
    assert set(known.read(KEPT_RUNS).filter(lambda t: t.run == short.run).to_pandas()["span"]) == {"quarter"}


def test_an_interrupted_run_goes_on_and_a_stopped_one_keeps_what_it_has(known: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        pipeline.keep_estimate(known, "1", question=ASKED, engine=MadeUpEngine(stop_at=2), now=NOW)
    second = MadeUpEngine()
    pipeline.keep_estimate(known, "1", question=ASKED, engine=second, now=NOW)
    assert second.steps == [2, 3]
    with pytest.raises(Cancelled):
        pipeline.keep_estimate(
            known, "2", question=ASKED, engine=MadeUpEngine(), cancel=lambda: True, now=NOW
        )


def test_a_refused_run_leaves_its_diagnostics_and_no_rows(known: Store) -> None:
    with pytest.raises(EstimateRefused):
        pipeline.keep_estimate(known, "1", question=ASKED, engine=MadeUpEngine(missed=True), now=NOW)
    found = pipeline.kept_run(folder_of_kept(known, "1"))
    assert found is not None
    assert not found.finished
    assert found.document["refused"]["fr"] != found.document["refused"]["en"]
    assert known.latest(KEPT_RUNS.name) is None


def show(
    store: Store, programme: Any = None, partners: Any = None, public: Any = None, ours: Any = ()
) -> Any:
    return show_runs(
        store, programme=programme, partners=partners, public=public, ours=ours, by="CNI", now=NOW
    )


def test_each_circle_sees_the_run_that_is_meant_for_it(known: Store) -> None:
    first, second = keep(known, "1"), keep(known, "2", seed=2)
    ours = {first.run, second.run}
    published, validated = Shown(kept=first, state="published"), Shown(kept=second, state="validated")
    show(known, validated, validated, published, ours)
    assert {names for spec in RUN_TABLES if spec.name != "draws" for names in runs_in(known, spec)} == {
        (second.run, "validated")
    }
    assert runs_in(known, COVERAGE_ESTIMATES_PARTNERS) == {(second.run, "validated")}
    assert runs_in(known, COVERAGE_ESTIMATES_PUBLIC) == {(first.run, "published")}
    assert set(known.read(COVERAGE_ESTIMATES_PUBLIC).to_pandas()["place_code"]) == {"ML", "R", "D"}
    # the second comes back for reasons: partners see the first again, nobody sees the second
    review = Shown(kept=second, state="technical_review")
    show(known, review, published, published, ours)
    assert runs_in(known, COVERAGE_ESTIMATES_PARTNERS) == {(first.run, "published")}
    show(known, review, None, None, ours)
    assert runs_in(known, COVERAGE_ESTIMATES_PARTNERS) == set()
    assert runs_in(known, COVERAGE_ESTIMATES_PUBLIC) == set()
    manifest = known.latest(COVERAGE_ESTIMATES_PUBLIC.name)
    assert manifest is not None
    assert manifest.provenance.by == "CNI"


def test_four_quarters_go_to_each_circle_with_the_quarters_and_come_back_with_them(known: Store) -> None:
    kept = keep(known, "1")
    validated, published = Shown(kept=kept, state="validated"), Shown(kept=kept, state="published")
    show(known, validated, validated, None, {kept.run})
    assert runs_in(known, COVERAGE_ESTIMATES_YEARLY_PARTNERS) == {(kept.run, "validated")}
    assert known.latest(COVERAGE_ESTIMATES_YEARLY_PUBLIC.name) is None
    show(known, published, published, published, {kept.run})
    told, own = (
        known.read(spec).to_pandas() for spec in (COVERAGE_ESTIMATES_YEARLY_PUBLIC, COVERAGE_ESTIMATES_YEARLY)
    )
    assert set(told["place_code"]) == {"ML", "R", "D"}
    assert set(told["span"]) == set(own["span"])
    country = [
        rows.loc[(rows["place_code"] == "ML") & (rows["span"] == "rolling4"), "missed_children_mean"].tolist()
        for rows in (told, own)
    ]
    assert country[0] == country[1] != []
    show(known, published, None, None, {kept.run})
    for spec in (COVERAGE_ESTIMATES_YEARLY_PARTNERS, COVERAGE_ESTIMATES_YEARLY_PUBLIC):
        assert runs_in(known, spec) == set()


def test_what_stands_is_not_written_again_and_others_releases_are_left_alone(known: Store) -> None:
    kept = keep(known, "1")
    shown = Shown(kept=kept, state="published")
    assert len(show(known, shown, shown, shown, {kept.run})) == len(RUN_TABLES) + 4
    assert show(known, shown, shown, shown, {kept.run}) == ()
    assert show(known, None, None, None, {"another"}) == ()
    assert runs_in(known, COVERAGE_ESTIMATES_PUBLIC) == {(kept.run, "published")}


def test_showing_that_was_cut_short_is_brought_to_its_end(known: Store) -> None:
    kept = keep(known, "1")
    (kept.folder / "burden.parquet").rename(kept.folder / "away")
    shown = Shown(kept=kept, state="validated")
    with pytest.raises(FileNotFoundError):
        show(known, shown, shown, None)
    (kept.folder / "away").rename(kept.folder / "burden.parquet")
    show(known, shown, shown, None)
    assert all(runs_in(known, spec) == {(kept.run, "validated")} for spec in RUN_TABLES[:5])


def test_a_run_in_review_does_not_take_the_released_one_from_partners(known: Store) -> None:
    first = pipeline.estimate(known, question=ASKED, engine=MadeUpEngine(), now=NOW)
    pipeline.release(known, "published", by="CNI", now=NOW)
    second = pipeline.estimate(known, question=ASKED.with_(seed=2), engine=MadeUpEngine(), now=NOW)
    pipeline.release(known, "technical_review", by="CNI", now=NOW)
    assert runs_in(known, COVERAGE_ESTIMATES_PARTNERS) == {(first.run, "published")}
    pipeline.release(known, "validated", by="CNI", now=NOW)
    for quarters, years in RELEASED:
        assert runs_in(known, quarters) == runs_in(known, years)
    assert runs_in(known, COVERAGE_ESTIMATES_PARTNERS) == {(second.run, "validated")}
    assert runs_in(known, COVERAGE_ESTIMATES_PUBLIC) == {(first.run, "published")}


def test_the_run_of_a_command_line_can_be_kept_too(known: Store) -> None:
    with pytest.raises(NothingToWorkOn):
        pipeline.adopt(known, "1", now=NOW)
    done = pipeline.estimate(known, question=ASKED, engine=MadeUpEngine(), now=NOW)
    kept = pipeline.adopt(known, "1", now=NOW)
    assert (kept.run, kept.finished) == (done.run, True)
    assert json.loads((kept.folder / "diagnostics.json").read_text())["run"] == done.run
    assert set(known.read(KEPT_RUNS).to_pandas()["run"]) == {done.run}


def test_an_unknown_state_is_refused(known: Store) -> None:
    with pytest.raises(ValueError, match="expected one of draft"):
        Shown(kept=keep(known, "1"), state="final")


def test_a_look_counts_what_an_estimate_would_hear(known: Store) -> None:
    found = pipeline.look(known, now=NOW)
    assert (found["areas"], found["first"], found["last"]) == (2, "2024Q1", "2024Q4")
    assert found["newest_areas"] == 2
    assert {row["source"] for row in found["sources"] if row["table"] == "denominators"} == {"census"}
    assert found["years"] == [
        {"year": "2024", "quarters": 4, "areas": 2, "doses": 720.0, "received": 36.0, "expected": 36.0}
    ]
    assert "surveys" in found["missing"]
    assert found["snapshots"] == evidence_snapshots(known)
    assert json.loads(json.dumps(found)) == found


def test_a_run_is_kept_on_the_snapshots_that_were_named(known: Store) -> None:
    asked = evidence_snapshots(known)
    put(known, OBSERVATIONS, [seen("F1", "202412", 99, source="sheet")])
    kept = pipeline.keep_estimate(known, "1", question=ASKED, snapshots=asked, engine=MadeUpEngine(), now=NOW)
    assert set(kept.document["inputs"]) == set(asked.values())
    again = MadeUpEngine()
    pipeline.keep_estimate(known, "1", question=ASKED, snapshots=asked, engine=again, now=NOW)
    assert again.steps == []
    assert pipeline.look(known, snapshots=asked, now=NOW)["snapshots"] == asked
