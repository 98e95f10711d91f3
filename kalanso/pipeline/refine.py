"""How does a store get from its data to the published estimate and its grid, while people already read?

A preview first, published at once; then the posterior that may be published, in its place; then the grid
of assumptions. Whatever is done is not done again, so that the verb can be stopped and started at will. All of
it rests on the snapshots with which it began, whatever is published meanwhile: where each month's sheet began it
anew, an estimate of hours would never come to its end. Where it stands is written for the pages
(`computation_status`).
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from kalanso import coverage
from kalanso.coverage import writing
from kalanso.coverage.faults import EstimateRefused, EvidenceRefused
from kalanso.coverage.tables import COVERAGE_ESTIMATES
from kalanso.pipeline import estimate_account as account
from kalanso.pipeline.assumptions import assumptions
from kalanso.pipeline.computation_status import (
    DONE,
    FAILED,
    REFUSED,
    STEPS,
    WAITING,
    StatusFile,
    is_open,
    read_status,
)
from kalanso.pipeline.estimate import Engine, estimate, folder_of
from kalanso.pipeline.evidence import Holdings, NothingToWorkOn, still_stand
from kalanso.pipeline.evidence_folder import Gathered, gathered
from kalanso.pipeline.one_at_a_time import one_at_a_time
from kalanso.pipeline.progress import Cancel, Cancelled, Progress, never, quiet
from kalanso.store import Store
from kalanso.vocabulary import Message

# Where the share of the whole work stands when each step begins, and at the end.
_SHARES = {"preview": (0.0, 0.15), "published": (0.15, 0.7), "assumptions": (0.7, 1.0)}


def refine(
    store: Store, *, question: coverage.Question | None = None, engine: Engine | None = None,
    progress: Progress = quiet, cancel: Cancel = never, now: datetime,
) -> str:  # fmt: skip
    """Bring a store to its published estimate and the grid of assumptions; return `done` or `refused`.

    A posterior that may not be published leaves the preview where it is, with the grid made from it, and
    the reason in the status. Raises NothingToWorkOn, EvidenceRefused, Cancelled and AlreadyComputing; the
    status then says `refused` or `waiting`.
    """
    asked = question or coverage.Question()
    with one_at_a_time(store):
        holdings = _holdings(store, asked, now)
        heard = {name: found.id for name, found in holdings.standing.items()}
        status = StatusFile(store, of=_identity(holdings, asked), snapshots=heard)
        work = _Work(store, holdings, asked, engine, status, progress, cancel, now)
        try:
            return work.run()
        except (Cancelled, KeyboardInterrupt):
            status.say(WAITING, Message("pipeline.refine.interrupted"), 0.0, STEPS[0])
            raise
        except (EvidenceRefused, EstimateRefused) as refusal:
            status.say(REFUSED, Message(refusal.message_id, refusal.params), 0.0, STEPS[0])
            raise
        except BaseException as fault:
            failed = Message(FAILED, {"fault": f"{type(fault).__name__}: {fault}"[:300]})
            status.say(REFUSED, failed, 0.0, STEPS[0])
            raise


def left_to_refine(store: Store, *, question: coverage.Question | None = None, now: datetime) -> bool:
    """Return whether `refine` would still have something to do.

    What was done or refused for the same data and question is not tried again; a fault of the software is.
    """
    found = read_status(store)
    if found is None or is_open(found):
        return True
    try:
        identity = _identity(Holdings(store, now.date()), question or coverage.Question())
    except NothingToWorkOn:
        return False
    return bool(found.get("of") != identity)


def _holdings(store: Store, asked: coverage.Question, now: datetime) -> Holdings:
    """Return the tables of an interrupted computation as they stood when it began; else as they stand now."""
    found = read_status(store)
    kept = dict(found.get("snapshots") or {}) if found is not None and is_open(found) else {}
    if found is not None and still_stand(store, kept):
        begun = Holdings(store, now.date(), kept)
        if _identity(begun, asked) == found.get("of"):
            return begun
    return Holdings(store, now.date())


def _identity(holdings: Holdings, question: coverage.Question) -> str:
    assert holdings.observations is not None  # raises NothingToWorkOn
    return account.identity({name: name for name in holdings.heard_from()}, question)


class _Work:
    """The three steps, each of which looks whether it was done before."""

    def __init__(
        self, store: Store, holdings: Holdings, question: coverage.Question, engine: Engine | None,
        status: StatusFile, progress: Progress, cancel: Cancel, now: datetime,
    ) -> None:  # fmt: skip
        self.store, self.holdings, self.question = store, holdings, question
        self.engine, self.status, self.progress, self.cancel, self.now = engine, status, progress, cancel, now
        self._given: Gathered | None = None

    def run(self) -> str:
        """Do what is left; the last word is the status."""
        why: EstimateRefused | None = None
        if not self._published(self.question):
            preview = self.question.with_(preview=True)
            if not self._published(preview):
                self._estimate("preview", preview, warm=None)
            try:
                self._estimate("published", self.question, warm=self.store.folder / folder_of(preview))
            except EstimateRefused as refusal:
                why = refusal
        self._grid()
        if why is not None:
            self.status.say(REFUSED, why.message(), 1.0, "published")
            return REFUSED
        self.status.say(DONE, Message("pipeline.refine.done"), 1.0, "assumptions")
        return DONE

    def _hear(self, step: str) -> Progress:
        first, last = _SHARES[step]

        def heard(message: str, share: float) -> None:
            whole = first + (last - first) * share
            self.status.running(message, whole, step)
            self.progress(message, whole)

        return heard

    @property
    def given(self) -> Gathered:
        """The evidence, read once for all steps."""
        if self._given is None:
            self._hear("preview")("pipeline.evidence.gathering", 0.0)
            self._given = gathered(self.holdings)
        return self._given

    def _run_of(self, question: coverage.Question) -> str:
        return account.identity({name: name for name in self.holdings.heard_from()}, question)

    def _published(self, question: coverage.Question) -> bool:
        """Return whether the store shows the run of this question on these data, its files included."""
        manifest = self.store.latest(COVERAGE_ESTIMATES.name)
        if manifest is None or not manifest.rows:
            return False
        rows = self.store.read(COVERAGE_ESTIMATES).select("run").limit(1).to_pandas()
        run = self._run_of(question)
        document = _json(self.store.folder / folder_of(question) / writing.DIAGNOSTICS)
        return bool(str(rows["run"].iloc[0]) == run == document.get("run"))

    def _estimate(self, step: str, question: coverage.Question, warm: Path | None) -> None:
        start = warm if warm is not None and (warm / writing.WARM).is_file() else None
        estimate(
            self.store, question=question, warm=start, engine=self.engine, gathered=self.given,
            progress=self._hear(step), cancel=self.cancel, now=self.now,
        )  # fmt: skip

    def _grid(self) -> None:
        for asked in (self.question, self.question.with_(preview=True)):
            folder = self.store.folder / folder_of(asked)
            if self._published(asked) and _json(folder / writing.ASSUMED).get("run") == self._run_of(asked):
                return
        assumptions(
            self.store, engine=self.engine, given=self.given, progress=self._hear("assumptions"),
            cancel=self.cancel, now=self.now,
        )  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
