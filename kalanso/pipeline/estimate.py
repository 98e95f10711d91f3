"""Where are the zero-dose children, how many, how sure are we?

Reads evidence, runs the engine of `kalanso.coverage`, and writes its tables as files (`estimate_folder`)
or publishes them in the store that the evidence came from (`estimate`). A run whose draws do not
support an estimate leaves its diagnostics and no table; one that was interrupted resumes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from kalanso import coverage
from kalanso.coverage import folder as folders
from kalanso.coverage import writing
from kalanso.coverage.faults import EstimateRefused
from kalanso.coverage.guards import doubt
from kalanso.coverage.sanity import refuse_impossible
from kalanso.coverage.steps import DEFAULT
from kalanso.coverage.tables import provisional_quarters
from kalanso.definitions import Pack
from kalanso.pipeline import estimate_account as account
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_folder import Gathered
from kalanso.pipeline.evidence_folder import gathered as gathered_from
from kalanso.pipeline.one_at_a_time import one_at_a_time
from kalanso.pipeline.pocket_records import pocket_records
from kalanso.pipeline.progress import Cancel, Cancelled, Progress, never, quiet, step
from kalanso.pipeline.publish_estimates import publish_run
from kalanso.store import Store
from kalanso.vocabulary import Message

Engine: TypeAlias = Callable[..., Any]
_READ, _SAMPLED, _SUMMED = 0.05, 0.75, 0.9  # shares of the whole work, as progress shows it


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """What one run made: rows by table, how it was made, and the sentences that belong to it.

    `headline` answers the question for the country, `first` are the areas with most missed children
    (rows of `burden`), `names` the names of places where they are known, `notes` say what is missing,
    was filled or set aside.
    """

    rows: Mapping[str, int]
    run: str
    engine: str
    headline: Message
    first: pd.DataFrame
    notes: tuple[Message, ...] = ()
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    out: Path | None = None
    snapshots: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def estimate_folder(
    evidence_folder: Path,
    out: Path,
    *,
    question: coverage.Question | None = None,
    warm: Path | None = None,
    engine: Engine | None = None,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Estimated:
    """Estimate from a folder of CSV files and write the results into another folder.

    `warm` is the folder of an earlier run from which the new one starts. Raises EvidenceRefused,
    EstimateRefused (then `out` holds the diagnostics only), NotARun where `out` holds other files,
    and Cancelled; what was sampled until then is kept and taken up by the same command.
    """
    asked = question or coverage.Question()
    writing.may_write(out)
    step(progress, cancel, "pipeline.estimate.reading", 0.0)
    inputs = account.checksums(Path(evidence_folder))
    evidence = folders.from_folder(evidence_folder)
    return run_estimate(
        evidence,
        asked,
        out,
        inputs=inputs,
        warm=warm,
        engine=engine,
        progress=progress,
        cancel=cancel,
        now=now,
    )


def estimate(
    store: Store,
    *,
    out: Path | None = None,
    question: coverage.Question | None = None,
    warm: Path | None = None,
    engine: Engine | None = None,
    gathered: Gathered | None = None,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Estimated:
    """Estimate from a store's published tables and publish the results there, as a draft.

    The files of the run stand in `out`, or in the store's folder `estimates` (a preview's in
    `estimates-preview`). `gathered` is the evidence where it was read before. Raises as
    `estimate_folder` does, NothingToWorkOn for a store without observations, AlreadyComputing, and
    QuestionRefused for doses other than DTP1 and DTP3, of which its pages speak.
    """
    asked = question or coverage.Question()
    if (asked.first, asked.second) != DEFAULT:
        raise coverage.QuestionRefused("coverage.question.other_doses")
    target = Path(out) if out is not None else store.folder / folder_of(asked)
    writing.may_write(target)
    with one_at_a_time(store):
        step(progress, cancel, "pipeline.estimate.reading", 0.0)
        given = gathered or gathered_from(Holdings(store, now.date()))
        inputs = {name: name for name in given.holdings.heard_from()}
        done = run_estimate(
            given.evidence, asked, target, inputs=inputs, warm=warm, engine=engine, cancel=cancel, now=now,
            records=pocket_records(given), pack=given.holdings.pack, names=given.names,
            progress=lambda message, share: progress(message, 0.9 * share),
        )  # fmt: skip
        step(progress, cancel, "pipeline.estimate.publishing", 0.9)
        snapshots = publish_run(
            store, target, done.run, given.holdings, given.evidence.periods, engine=done.engine, now=now
        )
    progress("pipeline.estimate.done", 1.0)
    return Estimated(**{**vars(done), "snapshots": snapshots})


def folder_of(question: coverage.Question) -> str:
    """Return the folder of a store in which a run keeps its files: a preview never overwrites more."""
    return "estimates-preview" if question.preview else "estimates"


def run_estimate(
    evidence: coverage.Evidence,
    question: coverage.Question,
    out: Path,
    *,
    inputs: Mapping[str, str],
    warm: Path | None = None,
    engine: Engine | None = None,
    records: pd.DataFrame | None = None,
    pack: Pack | None = None,
    names: Mapping[str, str] | None = None,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Estimated:
    """Run the engine on evidence and write the results; see `estimate_folder`.

    `records` support causes of pockets, `pack` holds the thresholds of RED/REC categories.
    """
    identity = account.identity(inputs, question)
    document = account.document(evidence, question, inputs=inputs, run=identity, now=now)
    checkpoint = account.kept_folder(Path(out) / writing.CHECKPOINT, identity)
    ask = partial(
        engine or published_engine(), warm=warm_start(warm), checkpoint=checkpoint,
        progress=_part(progress, cancel, _READ, _SAMPLED),
    )  # fmt: skip
    posterior, doubts = _sampled(evidence, question, Path(out), ask, document)
    # Exploratory statistics load for seconds; other verbs must not wait for them.
    from kalanso.coverage.run_tables import run_tables

    step(progress, cancel, "pipeline.estimate.summarising", _SAMPLED)
    late = provisional_quarters(list(evidence.periods), today=now.date())
    tables = run_tables(
        posterior, evidence, question, np.random.default_rng([question.seed, 1]), records=records, pack=pack,
        provisional=tuple(late), progress=_within(progress, cancel, _SAMPLED, _SUMMED),
    )  # fmt: skip
    step(progress, cancel, "pipeline.estimate.writing", _SUMMED)
    rows = writing.write_run(out, tables, posterior, {**document, "provisional": late})
    shutil.rmtree(checkpoint, ignore_errors=True)
    progress("pipeline.estimate.done", 1.0)
    return Estimated(
        rows=rows, run=identity, engine=posterior.engine, out=Path(out),
        notes=(*doubts, *evidence.notes, *_unheard(posterior)),
        headline=account.headline(tables, evidence, names or {}), names=names or {},
        first=account.first_areas(tables), diagnostics=document,
    )  # fmt: skip


def _sampled(
    evidence: coverage.Evidence, question: coverage.Question, out: Path, ask: Engine, document: dict[str, Any]
) -> tuple[Any, list[Message]]:
    """Return the posterior and what must be said of it; a refusal leaves the diagnostics alone in `out`."""
    try:
        posterior = ask(evidence, question, np.random.default_rng(question.seed))
        document |= {"engine": posterior.engine, "engine_diagnostics": posterior.diagnostics}
        refuse_impossible(posterior, evidence)
        account.refuse_if_missed(posterior)
    except EstimateRefused as refusal:
        refused = {"id": refusal.message_id, "params": refusal.params, **account.both(refusal.message())}
        kept = refusal.diagnostics or document.get("engine_diagnostics", {})
        writing.write_refusal(out, {**document, "engine_diagnostics": kept, "refused": refused})
        raise
    doubts = [found] if (found := doubt(posterior)) is not None else []
    document["notes"] = [*map(account.noted, doubts), *document["notes"]]
    document["doubtful"] = bool(doubts)
    return posterior, doubts


def published_engine() -> Engine:
    """Return the engine of `kalanso.coverage`; it compiles kernels, so it is loaded when it is used."""
    return import_module("kalanso.coverage.estimating").estimate


def _unheard(posterior: Any) -> tuple[Message, ...]:
    """Return sentences on evidence that was there and did not move the estimate."""
    return tuple(Message(name) for name in posterior.diagnostics.get("unheard", ()))


def warm_start(previous: Path | None) -> dict[str, np.ndarray] | None:
    """Return what an earlier run left to start from; raises NotARun where it left nothing."""
    if previous is None:
        return None
    path = Path(previous) / writing.WARM
    if not path.is_file():
        raise writing.NotARun(
            f"{previous}: expected the folder of an earlier run (with {writing.WARM}), found none; leave out --warm"
        )
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _part(progress: Progress, cancel: Cancel, first: float, last: float) -> Progress:
    """Report the engine's own progress as a part of the whole, and stop it where somebody asked."""

    def heard(message: str, share: float) -> None:
        if cancel():
            raise Cancelled
        progress(message, first + (last - first) * share)

    return heard


def _within(progress: Progress, cancel: Cancel, first: float, last: float) -> Progress:
    inner = _part(progress, cancel, first, last)
    return lambda _name, share: inner("pipeline.estimate.summarising", share)
