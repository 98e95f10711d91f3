"""How can many runs of the estimate stand beside the one that the pages show, and which one does each circle see?

A kept run has a folder of its own in the store (`estimates-run-NAME`) and rows in the table `kept_runs`, by
which one run is set beside another; it changes nothing that anybody reads elsewhere. `show_runs` then
brings the tables of the programme, of partners and of everybody to the runs that are meant for them. Both
may be cut short anywhere and done again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kalanso import coverage
from kalanso.coverage import tables, writing
from kalanso.coverage.aggregates import ROLLING
from kalanso.coverage.comparison_tables import LATER_TABLES
from kalanso.coverage.run_columns import STATES
from kalanso.coverage.tables import KEPT_RUNS, RUN_TABLES, released, with_run
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.pipeline import estimate_account as account
from kalanso.pipeline.estimate import Engine, run_estimate
from kalanso.pipeline.evidence import Holdings, NothingToWorkOn
from kalanso.pipeline.evidence_folder import QUARTERS, gathered
from kalanso.pipeline.one_at_a_time import one_at_a_time
from kalanso.pipeline.pocket_records import pocket_records
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.publish_estimates import (
    PREVIEW,
    RELEASES,
    district_or_above,
    publish_file,
    restate,
    run_in,
)
from kalanso.places.tables import PLACE_CONTEXTS, PLACE_NEIGHBOURS
from kalanso.simulation.tables import SURVEY_CHILDREN, SURVEY_CLUSTERS
from kalanso.store import Audience, Mode, Provenance, Store, TableSpec
from kalanso.surveys.tables import SURVEY_EVIDENCE

# Tables beside those of `Holdings.made_from` that an estimate hears.
_HEARD = (
    COVERAGE_SERIES,
    PLACE_CONTEXTS,
    PLACE_NEIGHBOURS,
    SURVEY_CHILDREN,
    SURVEY_CLUSTERS,
    SURVEY_EVIDENCE,
)
_ESTIMATES = "coverage_estimates"
KEPT = "estimates-run-"  # how folders of kept runs begin


@dataclass(frozen=True, kw_only=True)
class KeptRun:
    """One run that stands in a folder: its name, what it says of itself, and the folder."""

    run: str
    document: Mapping[str, Any]
    folder: Path

    @property
    def preview(self) -> bool:
        """Whether it is the quick posterior."""
        return bool(self.document.get("engine") == "preview")

    @property
    def finished(self) -> bool:
        """Whether it has tables; one that was refused has diagnostics alone."""
        return bool(self.document.get("tables"))


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A kept run, and the state in which a circle of readers sees it."""

    kept: KeptRun
    state: str

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"state: expected one of {', '.join(STATES)}, got {self.state!r}")


def folder_of_kept(store: Store, name: str) -> Path:
    """Return the folder of the run that goes by a name."""
    return store.folder / f"{KEPT}{name}"


def discard_unfinished(store: Store, name: str) -> None:
    """Take away what a stopped run left half-done; a run that ended stays."""
    folder = folder_of_kept(store, name)
    if kept_run(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)


def kept_run(folder: Path) -> KeptRun | None:
    """Return the run of a folder, refused ones included; None where none has ended there."""
    try:
        document = json.loads((folder / writing.DIAGNOSTICS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or "run" not in document:
        return None
    return KeptRun(run=str(document["run"]), document=document, folder=folder)


def evidence_snapshots(store: Store) -> dict[str, str]:
    """Return the newest snapshot of every table that an estimate hears, by table."""
    names = [OBSERVATIONS.name, "places", "place_parents", "events", *(spec.name for spec in _HEARD)]
    return {name: found.id for name in names if (found := store.latest(name)) is not None}


def keep_estimate(
    store: Store, name: str, *, question: coverage.Question, quarters: int = QUARTERS,
    snapshots: Mapping[str, str] | None = None, warm: Path | None = None, engine: Engine | None = None, progress: Progress = quiet, cancel: Cancel = never, now: datetime,
) -> KeptRun:  # fmt: skip
    """Estimate from a store and keep the run apart from the one that its pages show.

    `quarters` are the newest ones on which it looks back; `snapshots` name what it hears of each table, the newest
    unless stated. One that was interrupted goes on where it was; one that ended is not computed again. Raises as `estimate` does; a refused run leaves its diagnostics.
    """
    out = folder_of_kept(store, name)
    writing.may_write(out)
    with one_at_a_time(store):
        step(progress, cancel, "pipeline.estimate.reading", 0.0)
        heard = dict(snapshots) if snapshots else evidence_snapshots(store)
        inputs = {one: one for one in heard.values()}
        if quarters != QUARTERS:
            inputs["quarters"] = str(quarters)
        done = kept_run(out)
        if done is None or not done.finished or done.run != account.identity(inputs, question):
            given = gathered(Holdings(store, now.date(), heard), quarters=quarters)
            run_estimate(
                given.evidence, question, out, inputs=inputs, warm=warm, engine=engine, cancel=cancel, now=now,
                records=pocket_records(given), pack=given.holdings.pack, names=given.names,
                progress=lambda message, share: progress(message, 0.95 * share),
            )  # fmt: skip
        step(progress, cancel, "pipeline.estimate.publishing", 0.95)
        found = kept_run(out)
        assert found is not None
        keep_rows(store, found, now=now)
    progress("pipeline.estimate.done", 1.0)
    return found


def adopt(store: Store, name: str, *, now: datetime) -> KeptRun:
    """Keep the run that the store's pages show now, whoever computed it, under a name of its own.

    Raises NothingToWorkOn where no run is shown, or where its files are gone.
    """
    shown, target = run_in(store, tables.COVERAGE_ESTIMATES), folder_of_kept(store, name)
    for folder in sorted(store.folder.glob("estimates*")):
        found = kept_run(folder) if folder != target else None
        if found is None or not shown or found.run != shown or not found.finished:
            continue
        target.mkdir(exist_ok=True)
        wanted = [f"{spec.name}.parquet" for spec in (*RUN_TABLES, *LATER_TABLES)]
        for file in (*wanted, writing.WARM, writing.ASSUMED, writing.DIAGNOSTICS):  # the last makes it whole
            if (folder / file).is_file():
                shutil.copyfile(folder / file, target / file)
        kept = KeptRun(run=found.run, document=found.document, folder=target)
        keep_rows(store, kept, now=now)
        return kept
    raise NothingToWorkOn(
        f"{store.folder}: expected a published estimate with its files, found none; run kalanso estimate --store first"
    )


def keep_rows(store: Store, kept: KeptRun, *, now: datetime) -> str:
    """Publish what is compared of a run, and return the snapshot's name."""
    rows = _compared(kept)
    late = list(kept.document.get("provisional", ()))
    frame = with_run(rows, run=kept.run, state=STATES[0], provisional=late).drop(columns="state")
    table = pa.Table.from_pandas(frame[list(KEPT_RUNS.column_names)], preserve_index=False)
    manifest = store.publish(
        KEPT_RUNS, KEPT_RUNS.arrow(table), provenance=_provenance(store, kept, STATES[0]), now=now,
        mode=Mode.REPLACE_SOURCE,
    )  # fmt: skip
    return manifest.id


def _compared(kept: KeptRun) -> pd.DataFrame:
    """Return the newest period of all places and every period of the country; single quarters in a short series."""
    yearly = pd.read_parquet(kept.folder / "coverage_estimates_yearly.parquet")
    rows = yearly[yearly["span"] == ROLLING] if len(yearly) else yearly
    if not len(rows):
        rows = pd.read_parquet(kept.folder / f"{_ESTIMATES}.parquet").assign(span="quarter")
    wanted = (rows["period"] == rows["period"].max()) | (rows["place_level"] == "country")
    names = [name for name in KEPT_RUNS.column_names if name in rows.columns]
    return rows.loc[wanted, names]


def _provenance(store: Store, kept: KeptRun, state: str, by: str = "kalanso") -> Provenance:
    made_from = tuple(one for one in kept.document.get("inputs", {}) if one != "quarters")
    seen = [one for one in store.history(OBSERVATIONS.name) if one.id in made_from]
    sources = {str(part.bucket["source"]) for one in seen for part in one.parts}
    note = f"run {kept.run}{PREVIEW if kept.preview else ''}"
    return Provenance(sources=tuple(sorted(sources)), made_from=made_from, note=note, state=state, by=by)


def show_runs(
    store: Store, *, programme: Shown | None, partners: Shown | None, public: Shown | None,
    ours: Collection[str], by: str, now: datetime,
) -> tuple[str, ...]:  # fmt: skip
    """Bring the tables of each circle of readers to the run that is meant for it; return new snapshots.

    The programme's tables stay as they are where no run is meant for them. From the tables of partners
    and of everybody, runs among `ours` that are no longer meant for them are taken away; a run that
    somebody else released is left alone. What stands already is not written again.
    """
    found = [*_show_programme(store, programme, by, now)] if programme is not None else []
    meant = {Audience.PARTNER: partners, Audience.PUBLIC: public}
    for spec, of, audience in RELEASES:
        shown = meant[audience]
        there = run_in(store, spec)
        if shown is None:
            if there in set(ours):
                manifest = store.latest(spec.name)
                assert manifest is not None
                empty = Provenance(by=by, note=manifest.provenance.note, state=STATES[0])
                found.append(store.publish(spec, spec.arrow([]), provenance=empty, now=now, mode=Mode.REPLACE_ALL).id)  # fmt: skip
            continue
        if _stands(store, spec, shown):
            continue
        rows = _with_state(shown, of)
        seen = released(rows, audience, district_or_above=district_or_above(store))
        frame = seen[list(spec.column_names)]
        table = spec.arrow(pa.Table.from_pandas(frame, preserve_index=False) if len(frame) else [])
        provenance = _provenance(store, shown.kept, shown.state, by)
        found.append(store.publish(spec, table, provenance=provenance, now=now, mode=Mode.REPLACE_ALL).id)
    return tuple(found)


def _with_state(shown: Shown, spec: TableSpec) -> pd.DataFrame:
    rows = pd.read_parquet(shown.kept.folder / f"{spec.name}.parquet")
    late = list(shown.kept.document.get("provisional", ()))
    return with_run(rows, run=shown.kept.run, state=shown.state, provisional=late)


def _stands(store: Store, spec: TableSpec, shown: Shown) -> bool:
    """Whether a table holds a run in a state already."""
    manifest = store.latest(spec.name)
    if manifest is None:
        return False
    run = str(manifest.provenance.note).removeprefix("run ").partition(" ")[0]
    return run == shown.kept.run and manifest.provenance.state == shown.state


def _show_programme(store: Store, shown: Shown, by: str, now: datetime) -> list[str]:
    kept, found = shown.kept, []
    provenance = _provenance(store, kept, shown.state, by)
    for spec in RUN_TABLES:
        if not _stands(store, spec, shown):
            found.append(
                publish_file(
                    store, kept.folder, spec, provenance, run=kept.run, state=shown.state,
                    periods=list(kept.document["periods"]), provisional=list(kept.document["provisional"]), now=now,
                )
            )  # fmt: skip
    for spec in LATER_TABLES:
        latest = store.latest(spec.name)
        if latest is None or not latest.rows or _stands(store, spec, shown):
            continue
        if run_in(store, spec) == kept.run:
            found.append(restate(store, spec, shown.state, provenance, now=now))
        else:
            found.append(store.publish(spec, spec.arrow([]), provenance=provenance, now=now, mode=Mode.REPLACE_ALL).id)  # fmt: skip
    return found
