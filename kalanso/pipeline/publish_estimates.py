"""How does a run of the estimate become published tables, and who may see it?

Publishes the files of a run with their provenance, as a draft. Moving a run on (`release`) lets
partners see it once it is validated, and everybody once it is published, then only down to the
district.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.coverage import tables
from kalanso.coverage.aggregates import ROLLING, windows
from kalanso.coverage.comparison_tables import LATER_TABLES
from kalanso.coverage.run_columns import RUN_NAMES, STATES
from kalanso.coverage.tables import RUN_TABLES, provisional_quarters, released, with_run
from kalanso.pipeline.evidence import Holdings, NothingToWorkOn
from kalanso.places.tables import PLACES
from kalanso.store import Audience, Manifest, Mode, Provenance, Store, TableSpec
from kalanso.vocabulary import Level

# What others see, out of which table of the run, and who: quarters, and the four that pages show by default.
RELEASES = (
    (tables.COVERAGE_ESTIMATES_PARTNERS, tables.COVERAGE_ESTIMATES, Audience.PARTNER),
    (tables.COVERAGE_ESTIMATES_YEARLY_PARTNERS, tables.COVERAGE_ESTIMATES_YEARLY, Audience.PARTNER),
    (tables.COVERAGE_ESTIMATES_PUBLIC, tables.COVERAGE_ESTIMATES, Audience.PUBLIC),
    (tables.COVERAGE_ESTIMATES_YEARLY_PUBLIC, tables.COVERAGE_ESTIMATES_YEARLY, Audience.PUBLIC),
)


PREVIEW = " preview"  # ends the note of what was made from a preview


def is_preview(manifest: Manifest) -> bool:
    """Return whether a table holds the numbers of a preview, on which nothing may be decided."""
    return (manifest.provenance.note or "").endswith(PREVIEW)


def publish_run(
    store: Store, out: Path, run: str, holdings: Holdings, periods: Sequence[str], *, engine: str = "",
    now: datetime,
) -> tuple[str, ...]:  # fmt: skip
    """Publish the files of a run in place of the earlier run's, and return the snapshots' names.

    What was made after the earlier run (assumptions, sources left out) goes with it.
    """
    made = _Made(run, STATES[0], holdings, tuple(periods), now)
    provenance = made.provenance(PREVIEW if engine == "preview" else "")
    found = [_publish_file(store, out, spec, made, provenance) for spec in RUN_TABLES]
    for spec in LATER_TABLES:
        latest = store.latest(spec.name)
        if latest is not None and latest.rows:
            found.append(
                store.publish(spec, spec.arrow([]), provenance=provenance, now=now, mode=Mode.REPLACE_ALL).id
            )
    return tuple(found)


def publish_later(
    store: Store, out: Path, run: str, holdings: Holdings, periods: Sequence[str], *, now: datetime
) -> tuple[str, ...]:
    """Publish what was made after a run, in the state that the run has by now."""
    manifest = store.latest(tables.COVERAGE_ESTIMATES.name)
    state = str(manifest.provenance.state) if manifest is not None else STATES[0]
    made = _Made(run, state, holdings, tuple(periods), now)
    return tuple(_publish_file(store, out, spec, made, made.provenance()) for spec in LATER_TABLES)


@dataclass(frozen=True)
class _Made:
    """What is the same in all tables of a run."""

    run: str
    state: str
    holdings: Holdings | None
    periods: tuple[str, ...]
    now: datetime

    def provenance(self, note: str = "") -> Provenance:
        assert self.holdings is not None
        return Provenance(
            sources=self.holdings.sources(), made_from=self.holdings.heard_from(),
            note=f"run {self.run}{note}", state=self.state,
        )  # fmt: skip

    @property
    def late(self) -> list[str]:
        return provisional_quarters(list(self.periods), today=self.now.date())

    @property
    def newest(self) -> str:
        return windows(self.periods, ROLLING)[-1][0] if len(self.periods) >= 4 else self.periods[-1]


@dataclass(frozen=True)
class _Kept(_Made):
    """The same of a run that was made earlier: what was provisional then is told by the run itself."""

    provisional: tuple[str, ...] = ()

    @property
    def late(self) -> list[str]:
        return list(self.provisional)


def publish_file(
    store: Store, out: Path, spec: TableSpec, provenance: Provenance, *, run: str, state: str,
    periods: Sequence[str], provisional: Sequence[str], now: datetime,
) -> str:  # fmt: skip
    """Publish one table of a kept run in a state, and return the snapshot's name."""
    made = _Kept(run, state, None, tuple(periods), now, tuple(provisional))
    return _publish_file(store, out, spec, made, provenance)


def restate(store: Store, spec: TableSpec, state: str, provenance: Provenance, *, now: datetime) -> str:
    """Publish a table as it stands in another state, and return the snapshot's name."""
    rows = store.read(spec)
    if "state" in spec.column_names:
        rows = rows.mutate(state=ibis.literal(state))
    table = spec.arrow(rows.to_pyarrow()) if spec is not tables.DRAWS else rows
    return store.publish(spec, table, provenance=provenance, now=now, mode=Mode.REPLACE_ALL).id


def _publish_file(store: Store, out: Path, spec: TableSpec, made: _Made, provenance: Provenance) -> str:
    draft = store.folder / "tmp" / f"{spec.name}-{uuid4().hex}.parquet"
    draft.parent.mkdir(exist_ok=True)
    try:
        _write(draft, spec, _parts(Path(out) / f"{spec.name}.parquet", spec, made))
        return store.publish(spec, draft, provenance=provenance, now=made.now, mode=Mode.REPLACE_ALL).id
    finally:
        draft.unlink(missing_ok=True)


def _write(path: Path, spec: TableSpec, parts: Iterator[pa.Table]) -> None:
    schema = pa.schema([pa.field(f.name, f.type) for f in spec.arrow_schema()])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(part)


def _parts(path: Path, spec: TableSpec, made: _Made) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            if not rows.num_rows:
                continue
            added = _run_columns(rows, spec, made)
            yield spec.arrow(
                pa.Table.from_arrays([*rows.columns, *added.values()], [*rows.column_names, *added])
            )


def _run_columns(rows: pa.Table, spec: TableSpec, made: _Made) -> dict[str, pa.Array]:
    dated = next((name for name in ("period", "after") if name in rows.column_names), None)
    codes = rows.column(dated).to_pandas() if dated else pd.Series([made.newest] * rows.num_rows)
    frame = with_run(pd.DataFrame({"period": codes}), run=made.run, state=made.state, provisional=made.late)
    wanted = [name for name in spec.column_names if name in RUN_NAMES]
    return {name: pa.Array.from_pandas(frame[name]) for name in wanted}


def release(store: Store, state: str, *, by: str, now: datetime) -> tuple[str, ...]:
    """Move the newest run to another state, and publish what that state lets others see.

    Going back withdraws rows from those who may no longer see them; an earlier run that they were shown
    stays in their tables until this one takes its place. Raises NothingToWorkOn for a store without
    estimates, and ValueError for an unknown state.
    """
    if state not in STATES:
        raise ValueError(f"state: expected one of {', '.join(STATES)}, got {state!r}")
    manifest = store.latest(tables.COVERAGE_ESTIMATES.name)
    if manifest is None or not manifest.rows:
        raise NothingToWorkOn(
            f"{store.folder}: expected estimates, found none; run kalanso estimate --store first"
        )
    moved = replace(manifest.provenance, state=state, by=by)
    found = []
    later = [spec for spec in LATER_TABLES if store.latest(spec.name) is not None]
    for spec in (*RUN_TABLES, *later):
        found.append(restate(store, spec, state, moved, now=now))
    run = run_in(store, tables.COVERAGE_ESTIMATES)
    for spec, of, audience in RELEASES:
        estimates = store.read(of).to_pandas()
        seen = released(estimates, audience, district_or_above=district_or_above(store))
        if seen.empty and run_in(store, spec) not in {"", run}:
            continue
        table = spec.arrow(pa.Table.from_pandas(seen, preserve_index=False) if len(seen) else [])
        found.append(store.publish(spec, table, provenance=moved, now=now, mode=Mode.REPLACE_ALL).id)
    return tuple(found)


def run_in(store: Store, spec: TableSpec) -> str:
    """Return which run stands in a table of estimates; empty where none does."""
    manifest = store.latest(spec.name)
    if manifest is None or not manifest.rows:
        return ""
    return str(store.read(spec).select("run").limit(1).to_pandas()["run"].iloc[0])


def district_or_above(store: Store) -> frozenset[str]:
    """Return the places whose estimates everybody may see."""
    rows = store.read(PLACES).select("place_code", "level").to_pandas()
    deepest = Level.DISTRICT.depth
    known = {level.value for level in Level if level.depth <= deepest}
    return frozenset(rows.loc[rows["level"].isin(known), "place_code"])
