"""What would the estimate be under other assumptions, and without each source?

Runs the grid of `kalanso.coverage.assumption_runs` and leaves out one source after the other, as previews
that start from a finished run. Each point is kept when it is done, so that an interrupted command goes on
where it was; a point that the engine refuses has no rows, and is said.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from kalanso import coverage
from kalanso.coverage import folder as folders
from kalanso.coverage import guards, writing
from kalanso.coverage.assumption_runs import GRID, Point, run_point, silent
from kalanso.coverage.comparison_tables import ASSUMPTION_RUNS, WITHOUT_SOURCES
from kalanso.coverage.declared import declared
from kalanso.coverage.faults import EstimateRefused, EvidenceRefused
from kalanso.coverage.tables import COVERAGE_ESTIMATES
from kalanso.pipeline import estimate_account as account
from kalanso.pipeline.estimate import Engine, published_engine, warm_start
from kalanso.pipeline.evidence import Holdings, NothingToWorkOn
from kalanso.pipeline.evidence_folder import Gathered, gathered
from kalanso.pipeline.kept_posterior import keep_posterior, kept_posterior
from kalanso.pipeline.one_at_a_time import one_at_a_time
from kalanso.pipeline.progress import Cancel, Cancelled, Progress, never, quiet, step
from kalanso.pipeline.publish_estimates import publish_later
from kalanso.store import Store
from kalanso.vocabulary import Message

NOTHING = Point(assumption="none", setting=0.0)


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What was made: rows by table, for which run, and the points that could not be had."""

    rows: Mapping[str, int]
    run: str
    out: Path
    notes: tuple[Message, ...] = ()
    snapshots: tuple[str, ...] = ()


def assumptions_folder(
    evidence_folder: Path, out: Path, *, engine: Engine | None = None, grid: Sequence[Point] = GRID,
    progress: Progress = quiet, cancel: Cancel = never, now: datetime,
) -> Assumed:  # fmt: skip
    """Run the grid for the run in `out`, made from a folder of evidence, and write its tables there.

    Raises NotARun where `out` holds no run, EvidenceRefused where the evidence is not the run's any
    more, and Cancelled.
    """
    step(progress, cancel, "pipeline.estimate.reading", 0.0)
    run = _finished_run(Path(out), account.checksums(Path(evidence_folder)))
    evidence = folders.from_folder(evidence_folder)
    return _run(evidence, Path(out), run, engine, grid, progress, cancel, now)


def assumptions(
    store: Store, *, engine: Engine | None = None, grid: Sequence[Point] = GRID, given: Gathered | None = None,
    progress: Progress = quiet, cancel: Cancel = never, now: datetime,
) -> Assumed:  # fmt: skip
    """Run the grid for the run that is published in a store, and publish its tables beside it.

    Raises as `assumptions_folder` does, NothingToWorkOn for a store without a run whose files are there,
    and AlreadyComputing.
    """
    with one_at_a_time(store):
        step(progress, cancel, "pipeline.estimate.reading", 0.0)
        known = given or gathered(Holdings(store, now.date()))
        out = _folder_of_published(store)
        run = _finished_run(out, {name: name for name in known.holdings.heard_from()})
        done = _run(
            known.evidence,
            out,
            run,
            engine,
            grid,
            lambda name, share: progress(name, 0.97 * share),
            cancel,
            now,
        )
        step(progress, cancel, "pipeline.estimate.publishing", 0.97)
        snapshots = publish_later(store, out, done.run, known.holdings, known.evidence.periods, now=now)
    progress("pipeline.estimate.done", 1.0)
    return Assumed(**{**vars(done), "snapshots": snapshots})


def _folder_of_published(store: Store) -> Path:
    """Return the folder that holds the files of the published run."""
    manifest = store.latest(COVERAGE_ESTIMATES.name)
    if manifest is not None and manifest.rows:
        run = str(store.read(COVERAGE_ESTIMATES).select("run").limit(1).to_pandas()["run"].iloc[0])
        for folder in sorted(store.folder.glob("estimates*")):
            if _document(folder).get("run") == run and (folder / writing.WARM).is_file():
                return folder
    raise NothingToWorkOn(
        f"{store.folder}: expected a published estimate with its files, found none; run kalanso estimate --store first"
    )


def _document(folder: Path) -> dict[str, Any]:
    path = folder / writing.DIAGNOSTICS
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(found) if isinstance(found, dict) else {}


def _finished_run(out: Path, inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return what a run says of itself; its evidence must be the one that is there now."""
    document = _document(out)
    if not document.get("tables"):
        raise writing.NotARun(
            f"{out}: expected the results of an estimate, found none; run kalanso estimate first"
        )
    if dict(document["inputs"]) != dict(inputs):
        raise EvidenceRefused("pipeline.assumptions.other_evidence", run=document["run"])
    return document


@dataclass(eq=False)
class _Work:
    """The grid of one run: what to compute with, and where points are kept."""

    evidence: coverage.Evidence
    question: coverage.Question
    engine: Engine
    warm: Mapping[str, Any] | None
    folder: Path
    hear: Progress = quiet
    notes: list[Message] = field(default_factory=list)

    def estimate(self, evidence: coverage.Evidence, question: coverage.Question, rng: Any) -> Any:
        """Ask the engine for one point, from the run on."""
        checkpoint = self.folder / writing.CHECKPOINT
        shutil.rmtree(checkpoint, ignore_errors=True)
        checkpoint.mkdir(parents=True)
        return self.engine(evidence, question, rng, warm=self.warm, checkpoint=checkpoint, progress=self.hear)

    def rows(self, name: str) -> pd.DataFrame | None:
        """Return the rows of a point that is done; None where it is not."""
        path = self.folder / f"{name}.parquet"
        return pd.read_parquet(path) if path.is_file() else None

    def keep(self, name: str, rows: pd.DataFrame) -> None:
        """Keep a point, whole or not at all."""
        draft = self.folder / f"{name}.draft"
        rows.to_parquet(draft, index=False)
        draft.replace(self.folder / f"{name}.parquet")


def _run(
    evidence: coverage.Evidence, out: Path, document: Mapping[str, Any], engine: Engine | None,
    grid: Sequence[Point], progress: Progress, cancel: Cancel, now: datetime,
) -> Assumed:  # fmt: skip
    question = coverage.Question.from_dict(document["question"])
    work = _Work(
        evidence,
        question,
        engine or published_engine(),
        warm_start(out),
        account.kept_folder(out / writing.ASSUMING, document["run"]),
    )
    jobs: list[Point | tuple[str, str]] = [NOTHING, *(point for point in grid if point != NOTHING)]
    jobs += guards.sources_of(evidence)
    moved, left = [], []
    for number, job in enumerate(jobs):
        if cancel():
            raise Cancelled
        work.hear = _part(progress, cancel, number, len(jobs))
        work.hear("pipeline.assumptions.moving", 0.0)
        if isinstance(job, Point):
            moved.append(_point(work, job))
        else:
            left.append(_source(work, *job))
    found = {
        ASSUMPTION_RUNS.name: declared(_together(moved), ASSUMPTION_RUNS),
        WITHOUT_SOURCES.name: declared(_together(left), WITHOUT_SOURCES),
    }
    notes = [account.noted(note) for note in work.notes]
    rows = writing.write_later(
        out, found, {"run": document["run"], "made_at": now.isoformat(), "notes": notes}
    )
    shutil.rmtree(work.folder / writing.CHECKPOINT, ignore_errors=True)
    progress("pipeline.estimate.done", 1.0)
    return Assumed(rows=rows, run=str(document["run"]), out=out, notes=tuple(work.notes))


def _point(work: _Work, point: Point) -> pd.DataFrame:
    """Return the rows of a point, computed or kept; none where it is refused or would move nothing."""
    if (why := silent(work.evidence, point)) is not None:
        if why not in work.notes:
            work.notes.append(why)
        return pd.DataFrame()
    if (kept := work.rows(point.name)) is not None:
        return kept
    try:
        posterior, rows = run_point(work.evidence, work.question, point, work.estimate)
    except (EstimateRefused, EvidenceRefused, coverage.QuestionRefused) as refusal:
        told = {"assumption": point.assumption, "setting": point.setting}
        work.notes += [
            Message("pipeline.assumptions.refused", told),
            Message(refusal.message_id, refusal.params),
        ]
        return pd.DataFrame()
    if point == NOTHING:
        keep_posterior(work.folder / "unmoved.npz", posterior)
    work.keep(point.name, rows)
    return rows


def _source(work: _Work, kind: str, name: str) -> pd.DataFrame:
    """Return how much wider the answer would be without a source; none where nothing is there to compare."""
    key = "without-" + account.short_name(f"{kind}/{name}")
    if (kept := work.rows(key)) is not None:
        return kept
    unmoved = kept_posterior(work.folder / "unmoved.npz")
    if unmoved is None:
        return pd.DataFrame()
    rows = guards.without_source(unmoved, work.evidence, work.question, work.estimate, kind, name)
    rows = rows.assign(place_code=work.evidence.country)
    work.keep(key, rows)
    return rows


def _together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _part(progress: Progress, cancel: Cancel, number: int, count: int) -> Progress:
    def heard(_message: str, share: float) -> None:
        if cancel():
            raise Cancelled
        progress("pipeline.assumptions.moving", (number + share) / count)

    return heard
