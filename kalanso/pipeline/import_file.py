"""How does a file from outside become rows of the store, with nothing lost on the way?

Read, place, publish, and leave a receipt. Rows whose place is not certain are refused and listed.
The receipt is published last: whatever is cut short is completed by running it again, with the
same codes, since codes are published before anything that uses them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa

from kalanso import sources
from kalanso.pipeline import outlining, placed_rows, sheet_doubts
from kalanso.pipeline.places_known import KnownPlaces, listed_frame
from kalanso.pipeline.placing import Key, Placing, PlacingRules, place_names
from kalanso.pipeline.progress import Cancel, Cancelled, Progress, never, quiet, step
from kalanso.places import tables as place_tables
from kalanso.sources.fetching import origin_of
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt, Rejection
from kalanso.sources.streaming import ReadingCancelled
from kalanso.sources.tables import IMPORTS, REJECTED_ROWS
from kalanso.store import Input, Mode, Provenance, Store, TableSpec
from kalanso.vocabulary import Refusal

READ_SHARE = 0.4  # of the whole work, as progress shows it
CHECKED = (
    300_000  # numbers that are looked through for errors of typing; a sheet of a country's year has fewer
)
LISTED_REJECTIONS = 10_000  # a file that is wrong throughout must not be copied into the list


_Doubts: TypeAlias = tuple[Mapping[str, Any], ...] | None


class CannotImport(Refusal, ValueError):
    """An import that was asked for in a way that cannot be meant."""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What one import did.

    `matches` are rows of PLACE_MATCHES of this list, those still open included; `places` counts
    them by outcome; `placed` holds our codes of all places that its rows are about. `snapshots` names what
    was published, in order; empty after a dry run. `first_rows` are some observations as they would stand,
    each with the `names` of its place in the file, out of `observed`, and `periods` those of all. `doubts` are numbers that look
    mistyped (see `sheet_doubts`), each with the `names` of its place and its `row` in the file; None where the
    file is too long for that.
    """

    import_id: str
    source: str
    receipt: Receipt
    places: Mapping[str, int]
    matches: pd.DataFrame
    placed: frozenset[str] = frozenset()
    snapshots: tuple[str, ...] = ()
    dry_run: bool = False
    observed: int = 0
    first_rows: tuple[Mapping[str, Any], ...] = ()
    periods: tuple[str, ...] = ()
    doubts: tuple[Mapping[str, Any], ...] | None = ()


@dataclass(frozen=True, kw_only=True)
class Live:
    """What a live source adds to an import.

    `replaces` names the tables whose rows of this source are all replaced, so that what the source has
    deleted goes; `amend` completes what became of the places; `further` are tables of the source itself;
    `import_id` is its own name for the import.
    """

    replaces: frozenset[str] = frozenset()
    amend: Callable[[Placing, KnownPlaces], None] = lambda _placing, _known: None
    further: tuple[tuple[TableSpec, Any], ...] = ()
    import_id: str = ""


@dataclass(frozen=True, kw_only=True)
class _Job:
    store: Store
    reading: Reading
    source: str
    path: Path
    sha256: str
    import_id: str
    now: datetime
    progress: Progress
    cancel: Cancel
    live: Live = field(default_factory=lambda: Live())
    snapshots: list[str] = field(default_factory=list)

    def publish(self, spec: Any, rows: Any) -> None:
        """Publish rows of one table, unless there are none."""
        if rows is None or (isinstance(rows, list) and not rows):
            return
        mode = Mode.REPLACE_SOURCE if spec.name in self.live.replaces else Mode.MERGE
        manifest = self.store.publish(spec, rows, provenance=self.provenance(), now=self.now, mode=mode)
        self.snapshots.append(manifest.id)

    def provenance(self) -> Provenance:
        """Say from which file these rows came."""
        origin = origin_of(self.path, self.sha256)
        made = Input(
            name=self.path.name,
            sha256=self.sha256,
            retrieved_at=origin.get("retrieved_at") or self.now.isoformat(),
            url=origin.get("url"),
            licence=_licence(self.path, self.sha256, self.reading) or None,
        )
        return Provenance(sources=(self.source,), inputs=(made,), note=f"import {self.import_id}")


def import_file(
    store: Store,
    reader: str,
    path: Path,
    *,
    source: str = "",
    country: str = "",
    options: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    new_places: bool = False,
    valid_from: date | None = None,
    reviewed: pd.DataFrame | None = None,
    within: frozenset[str] | None = None,
    shown: int = 0,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Imported:
    """Read a file with one of the readers and publish what it holds.

    `source` is the short name under which rows stand (by default the name of the list that the reader
    recognised). Names are matched to places of the store; where it has none of a level, or with `new_places`,
    new ones are made. `reviewed` are decisions of persons, rows of PLACE_MATCHES. `within` holds the codes of
    the only places whose rows are taken, where whoever sends the file may speak for those alone. `valid_from`
    dates links to other parents than the stored ones. `shown` first rows are returned for a person to look at.
    With `dry_run` nothing is stored. Running the same import again changes nothing. Raises BadFile,
    CannotImport, TableRefused or Cancelled; what was published until then is valid, a rerun completes it.
    """
    path, module = Path(path), _reader(reader)
    if country and country != store.country:
        raise CannotImport("pipeline.import.other_country", found=country, expected=store.country)
    with placed_rows.scratch(store.folder, dry_run=dry_run) as folder:
        step(progress, cancel, "pipeline.import.reading", 0.0)
        try:
            reading = module.read(path, **_options(reader, store, options or {}, folder, progress, cancel))
        except ReadingCancelled as error:
            raise Cancelled from error
        return store_reading(
            store, reading, path, reader=reader, source=source, folder=folder, dry_run=dry_run,
            new_places=new_places, valid_from=valid_from, reviewed=reviewed, within=within, shown=shown,
            progress=progress, cancel=cancel, now=now,
        )  # fmt: skip


def store_reading(
    store: Store,
    reading: Reading,
    path: Path,
    *,
    reader: str,
    source: str,
    folder: Path,
    dry_run: bool = False,
    new_places: bool = False,
    valid_from: date | None = None,
    reviewed: pd.DataFrame | None = None,
    within: frozenset[str] | None = None,
    shown: int = 0,
    live: Live | None = None,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Imported:
    """Place and publish what was read from a file, or from a live source with the journal of its answers as the file.

    `folder` is a scratch folder beside the store's parts; the other arguments are those of `import_file`.
    """
    job = _job(store, reader, reading, path, source, now, progress, cancel, live or Live())
    step(progress, cancel, "pipeline.import.placing", READ_SHARE)
    rules = PlacingRules(
        system=reading.system, vintage=reading.vintage, source=job.source, new_places=new_places,
        valid_from=valid_from, within=within, own_codes=reading.own_codes,
    )  # fmt: skip
    placing, first, odd = _place_and_publish(job, rules, reviewed, folder, dry_run=dry_run, shown=shown)
    return Imported(
        import_id=job.import_id, source=job.source, receipt=reading.receipt, places=placing.status(),
        matches=pd.DataFrame(placing.matches, columns=list(place_tables.PLACE_MATCHES.column_names)),
        placed=frozenset(placing.codes.values()), snapshots=tuple(job.snapshots), dry_run=dry_run,
        observed=first[0], first_rows=first[1], periods=first[2], doubts=odd,
    )  # fmt: skip


def _job(
    store: Store, reader: str, reading: Reading, path: Path, source: str, now: datetime, progress: Progress,
    cancel: Cancel, live: Live,
) -> _Job:  # fmt: skip
    source = source or reading.facts.get("source", "") or reading.system
    sha256 = _checksum(path)
    return _Job(
        store=store, reading=reading, source=source, path=path, sha256=sha256,
        import_id=live.import_id or _import_id(sha256, source, reader), now=now, progress=progress,
        cancel=cancel, live=live,
    )  # fmt: skip


def _place_and_publish(
    job: _Job, rules: PlacingRules, reviewed: pd.DataFrame | None, folder: Path, *, dry_run: bool, shown: int
) -> tuple[Placing, placed_rows.FirstRows, _Doubts]:
    reading = job.reading
    known = KnownPlaces.of(job.store)
    listed = listed_frame(reading.places)
    placing = place_names(listed, known, rules, _decisions(known, reviewed, reading))
    job.live.amend(placing, known)
    _note_places(reading.receipt, placing)
    licence = _licence(job.path, job.sha256, reading)
    outlines = outlining.boundary_rows(
        listed, placing.codes, vintage=reading.vintage, licence=licence, source=job.source
    )
    rows = placed_rows.give_codes(
        reading, placing, source=job.source, folder=folder, memory=job.store.memory, threads=job.store.threads
    )
    _count_refused(reading, placing, listed, rows)
    reading.receipt.check()
    if not dry_run:
        _publish(job, placing, outlines, rows)
    doubted = _doubts(job, known, placing, rows) if shown else ()
    return placing, placed_rows.first_observations(rows, placing, reading, shown), doubted


def _doubts(job: _Job, known: KnownPlaces, placing: Placing, rows: placed_rows.PlacedRows) -> _Doubts:
    """Return the numbers that look mistyped, with where they stand in the file."""
    numbers = placed_rows.observations(rows, sheet_doubts.COLUMNS, CHECKED)
    if numbers is None:
        return None
    listed = placed_rows.names_in_file(placing, job.reading)
    found = sheet_doubts.of_sheet(job.store, known, numbers, today=job.now.date())
    return tuple({**one, **_where(one, listed.get(one["place_code"], []), job.reading)} for one in found)


def _where(doubt: Mapping[str, Any], listed: list[Any], reading: Reading) -> dict[str, Any]:
    keys = [
        (row["code"] or "", row["parent_name"] or "", doubt["period"], doubt["indicator"]) for row in listed
    ]
    exact = [reading.row_of[key] for key in keys if key in reading.row_of]
    first = [int(row["row"]) for row in listed if row["row"]]
    names = list(dict.fromkeys(row["name"] for row in listed if row["name"]))
    return {"names": names, "row": min(exact or first, default=None)}


def _reader(name: str) -> Any:
    if name not in sources.READERS:
        raise CannotImport("pipeline.import.no_such_reader", found=name, expected=", ".join(sources.READERS))
    return sources.READERS[name]


def _options(
    reader: str, store: Store, options: Mapping[str, Any], folder: Path, progress: Progress, cancel: Cancel
) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value not in (None, "")}
    if reader == "raster":
        given["outlines"] = outlining.newest_outlines(KnownPlaces.of(store))
    if reader != "tables":
        return {"country": store.country, **given}
    if "map" in given:
        given["column_map"] = sources.load_map(Path(given.pop("map")))
    if "column_map" not in given:
        raise CannotImport("pipeline.import.no_map")

    def reading(step_id: str, share: float) -> None:
        progress(step_id, share * READ_SHARE)

    streamed = {"scratch": folder, "memory": store.memory, "threads": store.threads}
    return {**given, **streamed, "progress": reading, "cancel": cancel}


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _import_id(sha256: str, source: str, reader: str) -> str:
    return hashlib.sha256(f"{sha256}\n{source}\n{reader}".encode()).hexdigest()[:16]


def _decisions(known: KnownPlaces, reviewed: pd.DataFrame | None, reading: Reading) -> pd.DataFrame:
    """Return what persons decided about this list; what came with the import wins over the store."""
    stored = known.reviewed[known.reviewed["status"].isin(["reviewed", "rejected"])]
    both = stored if reviewed is None else pd.concat([stored.astype(object), reviewed.astype(object)])
    same = both[(both["system"] == reading.system) & (both["vintage"] == reading.vintage)]
    return same.drop_duplicates(["code", "parent_name"], keep="last").reset_index(drop=True)


def _licence(path: Path, sha256: str, reading: Reading) -> str:
    return str(origin_of(path, sha256).get("licence") or reading.licence)


def _note_places(receipt: Receipt, placing: Placing) -> None:
    counts = {
        "pipeline.suspicious.other_parent": len(placing.other_parents),
        "pipeline.suspicious.parent_unknown": len(placing.without_parent),
        "pipeline.suspicious.outside_parent": len(placing.outside_parent),
    }
    for reason, count in counts.items():
        if count:
            receipt.suspicious[reason] += count


def _count_refused(
    reading: Reading, placing: Placing, listed: pd.DataFrame, rows: placed_rows.PlacedRows
) -> None:
    """Move what has no certain place, or comes twice, from stored to rejected on the receipt."""
    receipt = reading.receipt
    status = {(m["code"], m["parent_name"]): m["status"] for m in placing.matches}
    where = {(row.code, row.parent_name): row for row in listed.itertuples()}
    for key, count in rows.without_place.items():
        outside = "outside" if key in placing.outside else status.get(key, "unmatched")
        reason = f"pipeline.rejected.place_{outside}"
        _reject(receipt, reason, count, where.get(key), key)
    for key, count in rows.repeated.items():
        _reject(receipt, "pipeline.rejected.same_place_twice", count, where.get(key), key)


def _reject(receipt: Receipt, reason: str, count: int, row: Any, key: Key) -> None:
    if not count:
        return
    name = key[0] if row is None else row.name
    line = 1 if row is None else max(int(row.row), 1)
    found = f"{name} ({key[1]})" if key[1] else name
    receipt.stored -= count
    receipt.rejections.append(Rejection(reason=reason, row=line, found=found))
    receipt.rejected_beyond_list[reason] += count - 1


def _publish(
    job: _Job, placing: Placing, outlines: list[dict[str, Any]], rows: placed_rows.PlacedRows
) -> None:
    """Publish in the order in which a stop at any moment leaves nothing that a rerun cannot complete."""
    announced = (
        ("pipeline.import.places", 0.55, (
            (place_tables.PLACE_CODES, placing.place_codes),
            (place_tables.PLACES, placing.places),
            (place_tables.PLACE_PARENTS, placing.parents),
            (place_tables.PLACE_BOUNDARIES, outlines),
            (place_tables.PLACE_MATCHES, _matches(placing)),
        )),
        ("pipeline.import.rows", 0.7, (*rows.tables, *job.live.further)),
        ("pipeline.import.receipt", 0.95, (
            (REJECTED_ROWS, _rejected_rows(job)),
            (IMPORTS, [_receipt_row(job)]),
        )),
    )  # fmt: skip
    job.store.keep_file(job.path)
    for message, share, tables in announced:
        step(job.progress, job.cancel, message, share)
        for spec, table in tables:
            job.publish(spec, table)
    job.progress("pipeline.import.done", 1.0)


def _matches(placing: Placing) -> pa.Table | None:
    if not placing.matches:
        return None
    return place_tables.PLACE_MATCHES.arrow(placing.matches)


def _rejected_rows(job: _Job) -> list[dict[str, Any]]:
    return [
        {
            "import_id": job.import_id, "number": number, "sheet": r.sheet, "row": max(r.row, 1),
            "column": r.column, "reason": r.reason,
            "found": None if r.found is None else str(r.found),
            "expected": None if r.expected is None else str(r.expected),
        }
        for number, r in enumerate(job.reading.receipt.rejections[:LISTED_REJECTIONS], start=1)
    ]  # fmt: skip


def _receipt_row(job: _Job) -> dict[str, Any]:
    receipt = job.reading.receipt
    counts = receipt.as_dict()
    row = {
        "import_id": job.import_id, "source": job.source, "reader": receipt.reader,
        "file_name": job.path.name, "sha256": job.sha256, "imported_at": job.now,
        "unit": receipt.unit, "read": receipt.read, "stored": receipt.stored,
        "skipped": receipt.skipped.total(), "rejected": receipt.rejected.total(),
        "suspicious": receipt.suspicious.total(),
        "reasons": json.dumps(
            {kind: counts[kind] for kind in ("skipped", "rejected", "suspicious")},
            ensure_ascii=False, sort_keys=True,
        ),
    }  # fmt: skip
    # The same import again says when it was first done, so that it changes nothing.
    earlier = job.store.read(IMPORTS)
    same = earlier.filter(earlier.import_id == job.import_id).to_pyarrow().to_pylist()
    without_time = {name: value for name, value in row.items() if name != "imported_at"}
    if same and without_time.items() <= same[0].items():
        row["imported_at"] = same[0]["imported_at"]
    return row
