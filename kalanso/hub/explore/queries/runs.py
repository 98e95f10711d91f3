"""Which run of the estimate stands in the store, how far was it reviewed, and is another being computed?

Reads the newest snapshot's manifest, and what a run says of itself in the folder `estimates*` of the
store. The numbers of a run belong to `estimates`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from kalanso.coverage.tables import KEPT_RUNS
from kalanso.hub.evidence.queries.runs import SetAside
from kalanso.hub.evidence.queries.runs import set_aside as set_aside_by
from kalanso.hub.explore.queries import tables
from kalanso.hub.explore.queries.shelf import Shelf, remembered, run_folders
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.computation_status import DONE, RUNNING, WAITING, read_status
from kalanso.pipeline.kept_runs import KEPT
from kalanso.pipeline.publish_estimates import is_preview
from kalanso.store import Manifest, Store, TableSpec

ESTIMATES = "coverage_estimates"
# The estimates as each circle reads them: the working run, what is validated, what is published.
BOOKS = (ESTIMATES, "coverage_estimates_partners", "coverage_estimates_public")
YEARLY = "coverage_estimates_yearly"  # of each book, the same over years and over four quarters
STILL_RUNNING = 900  # seconds without a sign of life after which a computation counts as interrupted
LEAST_ACCEPTED = 0.2  # share of proposals; a chain that takes fewer has hardly moved
MOST_R_HAT = 1.2  # of totals; a preview is allowed more than the gates of a published run
DIAGNOSTICS, CHECKPOINT = "diagnostics.json", ".checkpoint"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the estimate, as its tables and its diagnostics describe it.

    `preview` is None where the diagnostics are not there to tell; `provisional` are the quarters whose
    reports may still arrive; `unsettled` says that the chains do not agree, so that the intervals are too
    narrow and nothing may be decided on them. `data_until` is when the newest observations that it heard were
    published, and `newer_data` whether others have been published since. `set_aside` says who set it aside.
    """

    name: str
    state: str
    manifest: Manifest
    preview: bool | None
    provisional: tuple[str, ...]
    draws: int | None
    unsettled: bool = False
    data_until: datetime | None = None
    newer_data: bool = False
    notes: tuple[dict[str, str], ...] = ()
    set_aside: SetAside | None = None

    @property
    def needs_review(self) -> bool:
        """Whether nobody at the national centre has confirmed it yet."""
        return self.state in {"draft", "technical_review"}


@dataclass(frozen=True, kw_only=True)
class Computing:
    """A run beside the published one: `running`, `waiting` to be taken up again, or `refused` with its reason.

    `fr` and `en` say how far it is or why it ended; empty for one that was started by hand.
    """

    state: str
    since: datetime
    share: float | None = None
    fr: str = ""
    en: str = ""


def book(shelf: Shelf) -> str:
    """Return the name of the table from which the reader's circle reads estimates by quarter."""
    return next((name for name in BOOKS if tables.knows(shelf, name)), BOOKS[-1])


def yearly_book(shelf: Shelf) -> str:
    """Return the name of the table from which the reader's circle reads estimates over years and four quarters."""
    return book(shelf).replace(ESTIMATES, YEARLY)


def working(shelf: Shelf) -> bool:
    """Whether the reader sees the programme's working run, not only what was released from it."""
    return book(shelf) == ESTIMATES


def spec_of(shelf: Shelf, name: str) -> TableSpec | None:
    """Return the declaration of a table that the reader may see; None where there is no such table.

    Estimates are those released to the reader's circle.
    """
    name = {ESTIMATES: book, YEARLY: yearly_book}.get(name, lambda _shelf: name)(shelf)
    try:
        return tables.find(shelf, name)
    except tables.NoSuchTable:
        return None


def table(shelf: Shelf, name: str) -> ir.Table | None:
    """Return the visible rows of a table by name; None where nothing of it is published."""
    spec = spec_of(shelf, name)
    if spec is None:
        return None
    manifest = shelf.manifest(spec)
    return shelf.table(spec) if manifest is not None and manifest.rows else None


def run(shelf: Shelf) -> Run | None:
    """Return the run whose estimates pages show now; None where there is none, or where it was set aside."""
    found = held(shelf)
    return found if found is None or found.set_aside is None else None


def held(shelf: Shelf) -> Run | None:
    """Return the run that stands in the tables, one that was set aside included: people decide, tables stay."""
    found = _run(shelf)
    aside = set_aside_by(found.name) if found is not None and found.state == "draft" else None
    return replace(found, set_aside=aside) if found is not None and aside is not None else found


@remembered
def _run(shelf: Shelf) -> Run | None:
    spec = spec_of(shelf, ESTIMATES)
    rows = table(shelf, ESTIMATES)
    if spec is None or rows is None:
        return None
    manifest = shelf.manifest(spec)
    first = shelf.rows(rows.select("run", "state").limit(1))
    if manifest is None or not first:
        return None
    late = shelf.rows(rows.filter(rows.provisional).select("period").distinct())
    told = _diagnostics(shelf.store.folder, first[0]["run"])
    heard = _heard(shelf.store, manifest)
    return Run(
        name=first[0]["run"],
        state=first[0]["state"],
        manifest=manifest,
        preview=_preview(told, manifest),
        provisional=tuple(sorted(row["period"] for row in late)),
        draws=told.get("engine_diagnostics", {}).get("draws"),
        unsettled=_unsettled(told.get("engine_diagnostics", {})),
        data_until=heard.created if heard else None,
        newer_data=bool(heard) and _newer_than(shelf.store, heard),
        notes=tuple(note for note in told.get("notes", ()) if "fr" in note and "en" in note),
    )


def _heard(store: Store, manifest: Manifest) -> Manifest | None:
    """Return the snapshot of observations on which a run rests; None where it is not told, or gone."""
    wanted = {one for one in manifest.provenance.made_from if one.rpartition("-")[0] == OBSERVATIONS.name}
    return next((one for one in store.history(OBSERVATIONS.name) if one.id in wanted), None)


def _newer_than(store: Store, heard: Manifest) -> bool:
    latest = store.latest(OBSERVATIONS.name)
    return latest is not None and latest.number > heard.number


def _unsettled(engine: dict[str, Any]) -> bool:
    """Return whether a run missed one of its own checks, as the evidence desk tells it; older runs are judged by what they
    wrote: the sampler stood still, or its chains disagree on a total."""
    if gates := [one for one in engine.get("gates", {}).values() if isinstance(one, dict)]:
        return not all(one.get("passed", False) for one in gates)
    if engine.get("accepted") is not None and engine["accepted"] < LEAST_ACCEPTED:
        return True
    disagreement = [one.get("r_hat") for one in engine.get("totals", {}).values() if isinstance(one, dict)]
    return any(found is None or found > MOST_R_HAT for found in disagreement)


def _preview(told: dict[str, Any], manifest: Manifest) -> bool | None:
    if "engine" in told:
        return bool(told["engine"] == "preview")
    return True if is_preview(manifest) else None


def _diagnostics(store: Path, name: str) -> dict[str, Any]:
    """Return what a run wrote about itself; nothing where its files are gone."""
    for folder in run_folders(store):
        try:
            document = json.loads((folder / DIAGNOSTICS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(document, dict) and document.get("run") == name:
            return document
    return {}


def computing(shelf: Shelf) -> Computing | None:
    """Return the run that is being computed beside the published one; never kept, since it changes.

    One that was refused, or waits to be taken up again, counts only while nothing that is shown was computed since.
    """
    told = read_status(shelf.store)
    if told is not None and told["state"] == DONE:
        return None
    if told is not None:
        since = datetime.fromisoformat(told["started"])
        last = datetime.fromisoformat(told.get("updated") or told["started"])
        found = Computing(state=told["state"], since=since, share=told["share"], fr=told["fr"], en=told["en"])
    else:
        by_hand = _by_hand(shelf.store.folder)
        if by_hand is None:
            return None
        found, last = by_hand
    if found.state == RUNNING:
        return found
    shown = _computed(shelf)
    return found if shown is None or last >= shown else None


@remembered
def _computed(shelf: Shelf) -> datetime | None:
    """Return when the run that the reader is shown was first published or kept, before it was moved from state to state."""
    found = _run(shelf)
    if found is None:
        return None
    history = [one for name in (ESTIMATES, KEPT_RUNS.name) for one in shelf.store.history(name)]
    of_run = [one.created for one in history if _run_of(one) == found.name]
    return min([*of_run, found.manifest.created])


def _run_of(manifest: Manifest) -> str:
    return (manifest.provenance.note or "").removeprefix("run ").partition(" ")[0]


def _by_hand(store: Path) -> tuple[Computing, datetime] | None:
    """Return the run of somebody who estimates at the command line, by its checkpoint, and its last sign of life."""
    found = []
    for folder in run_folders(store):
        if folder.name.startswith(KEPT):  # asked for at the evidence desk, which says how far it is
            continue
        checkpoint = folder / CHECKPOINT
        try:
            begun = (checkpoint / "about.json").stat().st_mtime
            last = max(path.stat().st_mtime for path in checkpoint.iterdir())
        except (OSError, ValueError):
            continue
        found.append((last, begun))
    if not found:
        return None
    last, begun = max(found)
    state = RUNNING if time.time() - last < STILL_RUNNING else WAITING
    found_so = Computing(state=state, since=datetime.fromtimestamp(begun, UTC))
    return found_so, datetime.fromtimestamp(last, UTC)
