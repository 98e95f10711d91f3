"""How does the example country become a store that can be looked at?

Simulates the country, publishes its tables, hands the Learning Hub's progress report to the reader
of tables as a partner would, checks everything, evaluates the indicators and sets all sources beside one another. All of it is labelled
DÉMO.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa

from kalanso import simulation
from kalanso.indicators.tables import COVERAGE_SERIES, EVENTS, INDICATOR_VALUES, OBSERVATIONS
from kalanso.pipeline.catalogue import Catalogued, catalogue
from kalanso.pipeline.check import Checked, check
from kalanso.pipeline.demo_truth import DEMO_TRUTH, truth_of
from kalanso.pipeline.import_file import Imported, import_file
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.publish import Published, publish
from kalanso.pipeline.tables import TABLES
from kalanso.pipeline.triangulate import triangulate
from kalanso.places import tables as place_tables
from kalanso.sources.column_maps import ColumnMap, from_document
from kalanso.store import Manifest, Provenance, Store, TableSpec

COUNTRY = "ML"
REPORT_SOURCE = "demo-hub-report"
_IN_ORDER: tuple[TableSpec, ...] = (*place_tables.TABLES, EVENTS, COVERAGE_SERIES, OBSERVATIONS)


class NotADemo(ValueError):
    """The folder holds something else than an example country."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What was built; `already` where it stood complete, and nothing was done."""

    store: Store
    already: bool
    observations: int
    report: Imported | None = None
    checked: Checked | None = None
    published: Published | None = None
    catalogued: Catalogued | None = None


def demo(
    folder: Path,
    *,
    seed: int = 2024,
    size: str = "full",
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Demo:
    """Build the example country of one seed in a folder, or find it there complete.

    Raises NotADemo where the folder holds a real store or other files: simulated numbers never mix
    with real ones.
    """
    store = _demo_store(folder, now)
    if (done := _finished(store, seed, size)) is not None:
        return Demo(store=store, already=True, observations=done.rows)
    step(progress, cancel, "pipeline.demo.simulating", 0.0)
    country = simulation.example_country(seed=seed, size=size)
    note = _note(seed, size)
    publish_sources(store, country, note, progress=_part(progress, 0.2, 0.4), cancel=cancel, now=now)
    step(progress, cancel, "pipeline.demo.report", 0.4)
    with _report_file(country) as path:
        report = import_file(
            store, "tables", path, source=REPORT_SOURCE, now=now, options={"column_map": report_map()}
        )
    _publish_truth(store, country, note, now)
    checked = check(store, progress=_part(progress, 0.45, 0.7), cancel=cancel, now=now)
    published = publish(store, progress=_part(progress, 0.7, 0.92), cancel=cancel, now=now)
    catalogued = catalogue(store, progress=_part(progress, 0.92, 0.95), cancel=cancel, now=now)
    step(progress, cancel, "pipeline.demo.triangulating", 0.96)
    triangulate(store, cancel=cancel, now=now)
    step(progress, cancel, "pipeline.demo.done", 1.0)
    rows = store.latest(OBSERVATIONS.name)
    assert rows is not None
    return Demo(
        store=store, already=False, observations=rows.rows, report=report, checked=checked,
        published=published, catalogued=catalogued,
    )  # fmt: skip


def publish_sources(
    store: Store,
    country: simulation.ExampleCountry,
    note: str,
    *,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> None:
    """Publish the tables of the example country, and what its other sources sent."""
    _publish_states(store, country.other_sources, note, now)
    publish_tables(store, country, note, progress=progress, cancel=cancel, now=now)
    others = Provenance(sources=("demo",), note=f"{note}, surveillance", state="draft")
    store.publish(OBSERVATIONS, country.other_sources.surveillance, provenance=others, now=now)
    around = Provenance(sources=("demo",), note=f"{note}, around services", state="draft")
    store.publish(OBSERVATIONS, country.other_sources.around, provenance=around, now=now)


def report_map() -> ColumnMap:
    """The meaning of the columns of the Learning Hub's progress report."""
    return from_document(
        {
            "version": 1,
            "place": {
                "name": "Aire de santé", "parent": "District", "level": "health_area",
                "system": REPORT_SOURCE, "vintage": "2024",
            },
            "wide": ["period"],
            "period": {"type": "quarter"},
            "constants": {"indicator": "dtp1_coverage", "age_band": "0-11m"},
            "unit": "percent",
            "ignore": ["Documenté", "Unité"],
        },
        file="demo",
    )  # fmt: skip


def _demo_store(folder: Path, now: datetime) -> Store:
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / "store.json").exists():
        raise NotADemo(f"{folder}: expected an empty folder or a demo, found other files; choose another")
    store = Store.create(folder, country=COUNTRY, demo=True, now=now)
    if not store.demo:
        raise NotADemo(f"{folder}: holds real data; choose another folder for the example country")
    return store


def _note(seed: int, size: str) -> str:
    return f"example country, seed {seed}, size {size}"


def _finished(store: Store, seed: int, size: str) -> Manifest | None:
    """Return the observations of a complete demo of this seed, or None."""
    observations = next(
        (m for m in store.history(OBSERVATIONS.name) if m.provenance.note == _note(seed, size)), None
    )
    values = store.latest(INDICATOR_VALUES.name)
    return store.latest(OBSERVATIONS.name) if observations and values and values.rows else None


def publish_tables(
    store: Store,
    country: Any,
    note: str,
    *,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> None:
    """Publish the tables of the example country, without its other sources."""
    specs = [*_IN_ORDER, *(spec for spec in TABLES if spec not in _IN_ORDER)]
    given = [(spec, getattr(country, spec.name.removeprefix("demo_"), None)) for spec in specs]
    waiting = [(spec, rows) for spec, rows in given if isinstance(rows, pa.Table)]
    for number, (spec, rows) in enumerate(waiting):
        step(progress, cancel, "pipeline.demo.publishing", number / len(waiting))
        provenance = Provenance(sources=("demo",), note=note, state="draft")
        store.publish(spec, rows, provenance=provenance, now=now)


def _publish_states(store: Store, others: simulation.OtherSources, note: str, now: datetime) -> None:
    """Publish what the other sources had sent by each day, as if each had been pulled on that day.

    States older than what stands there already are left: a store has one past.
    """
    provenance = Provenance(sources=("demo",), note=f"{note}, other sources", state="draft")
    latest = store.latest(OBSERVATIONS.name)
    for day, rows in others.states:
        at = datetime.combine(day, time(8), tzinfo=UTC)
        if at <= now and (latest is None or at > latest.created):
            store.publish(OBSERVATIONS, rows, provenance=provenance, now=at)


def _publish_truth(store: Store, country: simulation.ExampleCountry, note: str, now: datetime) -> None:
    rows = pa.Table.from_pandas(truth_of(country, on=now.date()), preserve_index=False)
    provenance = Provenance(sources=("demo",), note=note, state="draft")
    store.publish(DEMO_TRUTH, DEMO_TRUTH.arrow(rows), provenance=provenance, now=now)


@contextmanager
def _report_file(country: simulation.ExampleCountry) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tendances-dtc1-centre-apprentissage.csv"
        path.write_text(simulation.learning_hub_report(country), encoding="utf-8")
        yield path


def _part(progress: Progress, first: float, last: float) -> Progress:
    return lambda message, share: progress(message, first + (last - first) * share)
