"""How do the numbers and places of a DHIS2 server come into the store, and go on coming?

Ask who we are, take the lists, bring the values piece by piece into the landing folder, lay them over
what stood before, and publish observations and places with a receipt. Stopped anywhere, the next call
goes on; the receipt is published last and ends the pull. The next one asks only for what changed since
this one began, deletions included.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from kalanso.pipeline import placed_rows
from kalanso.pipeline.dhis2_feeds import Feeds
from kalanso.pipeline.dhis2_landing import Landing, PullRequest, request_from
from kalanso.pipeline.dhis2_observations import ObservationWork
from kalanso.pipeline.dhis2_places import VINTAGE, Redating, ServerPlaces, server_places
from kalanso.pipeline.dhis2_values import Laid, lay_over, lay_reports
from kalanso.pipeline.import_file import CannotImport, Imported, Live, store_reading
from kalanso.pipeline.places_known import KnownPlaces
from kalanso.pipeline.progress import Cancel, Cancelled, Progress, never, quiet, step
from kalanso.sources.dhis2.collecting import complete
from kalanso.sources.dhis2.hierarchy import Change, Unit, changes, picture
from kalanso.sources.dhis2.identity import Identity, who_am_i
from kalanso.sources.dhis2.journal import Journal
from kalanso.sources.dhis2.meanings import FEEDS, Meanings
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.sources.dhis2.periods import periods_between, type_of
from kalanso.sources.dhis2.tables import DHIS2_CHANGES, DHIS2_PULLS, DHIS2_UNITS
from kalanso.sources.dhis2.transport import PullStopped, Transport
from kalanso.sources.readings import Reading
from kalanso.sources.receipts import Receipt
from kalanso.sources.tables import IMPORTS
from kalanso.store import Store
from kalanso.vocabulary import Message, Period, PeriodType

SHARES = {"lists": 0.02, "values": 0.05, "reports": 0.75, "laying": 0.85, "storing": 0.9}


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """What one pull did: its import with the receipt, what it asked, and what changed."""

    imported: Imported
    request: PullRequest
    laid: Laid
    changes: Sequence[Change] = ()
    resumed: bool = False


@dataclass(kw_only=True)
class _Pull:
    store: Store
    transport: Transport
    meanings: Meanings
    source: str
    progress: Progress
    cancel: Cancel
    now: datetime
    resumed: bool = False
    notes: list[Message] = field(default_factory=list)


def pull_dhis2(
    store: Store,
    transport: Transport,
    meanings: Meanings,
    *,
    source: str = "",
    first: date,
    last: date | None = None,
    full: bool = False,
    feed: str = "",
    new_places: bool = False,
    reviewed: pd.DataFrame | None = None,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Pulled:
    """Bring what a server holds from one day to another (by default to the end of its last whole month).

    `meanings` is the document that a person confirmed; `source` the short name under which rows stand
    (by default that of the document). After a first pull only changes are asked for, unless `full`, or
    more is asked than before: an earlier day, another form. `feed` (by default that of the document) may be
    `analytics` where raw values may not be read: then everything is asked every time. `new_places` and `reviewed` are those of
    `import_file`. All earlier rows of this source are replaced by what the server holds now. Raises DhisFault (a NotFetched) where the server does not answer, CannotImport, TableRefused or
    Cancelled; calling again goes on where it stopped.
    """
    source, feed = source or meanings.source, feed or meanings.feed
    _refuse_what_cannot_be_meant(source, meanings, feed)
    work = _Pull(
        store=store,
        transport=transport,
        meanings=meanings,
        source=source,
        progress=progress,
        cancel=cancel,
        now=now,
    )
    landing = Landing(store, source)
    transport.cancel = cancel = work.cancel = _asked_at_home(cancel)
    try:
        step(progress, cancel, "pipeline.dhis2.asking", 0.0)
        identity = who_am_i(transport)
        request = _request(work, landing, identity, first, last, full, feed)
        transport.journal = _journal(landing.journal(request), transport.journal)
        step(progress, cancel, "pipeline.dhis2.lists", SHARES["lists"])
        metadata = landing.metadata(transport)
        _collect(work, landing, identity, request, metadata)
    except PullStopped as error:
        raise Cancelled from error
    return _store(work, landing, identity, request, metadata, new_places=new_places, reviewed=reviewed)


def _asked_at_home(cancel: Cancel) -> Cancel:
    """Ask whether to stop in this thread alone; the others hear what was last answered here."""
    home, stopped = threading.get_ident(), threading.Event()

    def asked() -> bool:
        if threading.get_ident() == home and not stopped.is_set() and cancel():
            stopped.set()
        return stopped.is_set()

    return asked


def _journal(path: Path, before: Journal) -> Journal:
    """Return the journal of the pull, with what was asked before it was known which pull this is."""
    journal = Journal(path=path)
    for asked in before.kept:
        journal.write(asked)
    return journal


def _refuse_what_cannot_be_meant(source: str, meanings: Meanings, feed: str) -> None:
    if not source:
        raise CannotImport("pipeline.dhis2.no_source")
    if feed not in FEEDS:
        raise CannotImport("pipeline.dhis2.no_such_feed", found=feed, expected=", ".join(FEEDS))
    if not meanings.confirmed:
        raise CannotImport("pipeline.dhis2.nothing_confirmed", n=len(meanings.open))
    if not meanings.data_sets:
        raise CannotImport("pipeline.dhis2.no_data_sets")
    if not meanings.levels:
        raise CannotImport("pipeline.dhis2.no_levels")


def _request(
    work: _Pull, landing: Landing, identity: Identity, first: date, last: date | None, full: bool, feed: str
) -> PullRequest:
    """Return the request of the pull that was stopped, where it is the same, or begin a new one."""
    until = last or identity.server_now.date().replace(day=1) - timedelta(days=1)
    if until < first:
        raise CannotImport("pipeline.dhis2.no_months", first=first.isoformat(), last=until.isoformat())
    data_sets = tuple(sorted(work.meanings.data_sets))
    newest = _newest(work, landing, identity, feed)
    more = full or feed == "analytics" or not newest or _asks_more(newest, data_sets, first)
    since = "" if more or not newest else str(newest["watermark"])
    base = str(newest["pull_id"]) if newest else ""
    base_last = _last_day(newest["last_month"]) if newest else ""
    told = (
        identity.address, identity.system_id, work.source, identity.server_now.isoformat(), feed, full,
        first.isoformat(), until.isoformat(), data_sets, since, base,
    )  # fmt: skip
    request = request_from(
        identity, pull_id=hashlib.sha256(repr(told).encode()).hexdigest()[:16], source=work.source, feed=feed,
        data_sets=data_sets, first=first.isoformat(), last=until.isoformat(), since=since, base=base, base_last=base_last,
    )  # fmt: skip
    stopped = landing.unfinished()
    same = stopped and request.asks_like(stopped) and (last is None or stopped.last == request.last)
    if stopped and same and not _is_done(work.store, stopped.pull_id):
        work.resumed = True
        return stopped
    landing.begin(request)
    return request


def _is_done(store: Store, pull_id: str) -> bool:
    receipts = store.read(IMPORTS)
    return bool(receipts.filter(receipts.import_id == pull_id).count().execute())


def _newest(work: _Pull, landing: Landing, identity: Identity, feed: str) -> Mapping[str, Any] | None:
    """Return the last pull from the same server by the same door, where its values are still here."""
    pulls = work.store.read(DHIS2_PULLS)
    rows = pulls.filter(pulls.source == work.source).to_pyarrow().to_pylist()
    done = [row for row in rows if _is_done(work.store, row["pull_id"])]
    if not done:
        return None
    newest = max(done, key=lambda row: row["taken_at"])
    known = identity.system_id and newest["system_id"]
    same = newest["system_id"] == identity.system_id if known else newest["server"] == identity.address
    return newest if same and newest["feed"] == feed and landing.holds(newest["pull_id"]) else None


def _asks_more(newest: Mapping[str, Any], data_sets: Sequence[str], first: date) -> bool:
    """Whether a form or a month is asked for that the last pull did not read."""
    return (
        bool(set(data_sets) - set(newest["data_sets"].split()))
        or first.strftime("%Y%m") < newest["first_month"]
    )


def _last_day(month: str) -> str:
    return Period.month(int(month[:4]), int(month[4:])).end.isoformat()


def _periods(
    request: PullRequest, metadata: Metadata, data_sets: Sequence[str]
) -> dict[str, tuple[Period, ...]]:
    """Return the periods of each form, or refuse a form that the server or Kalanso does not know."""
    first, last = date.fromisoformat(request.first), date.fromisoformat(request.last)
    found = {}
    for uid in data_sets:
        form = metadata.data_sets.get(uid)
        if form is None:
            raise CannotImport(
                "pipeline.dhis2.no_such_data_set", found=uid, expected=", ".join(sorted(metadata.data_sets))
            )
        found[uid] = periods_between(type_of(str(form.get("periodType"))), first, last)
    return found


def _collect(
    work: _Pull, landing: Landing, identity: Identity, request: PullRequest, metadata: Metadata
) -> None:
    """Bring every piece of values and of reports that is not here yet."""
    periods = _periods(request, metadata, request.data_sets)
    feeds = Feeds(work.transport, identity, metadata, work.meanings, request)
    feeds.remember_scope(
        landing.scope(request.pull_id), landing.scope(request.base) if request.since else None
    )

    def share(start: str, end: str) -> Any:
        low, high = SHARES[start], SHARES[end]
        return lambda done: work.progress(f"pipeline.dhis2.{start}", low + (high - low) * done)

    work.progress("pipeline.dhis2.values", SHARES["values"])
    feeds.collect_values(periods, landing.values, share("values", "reports"), work.cancel)
    work.progress("pipeline.dhis2.reports", SHARES["reports"])
    feeds.collect_reports(periods, landing.reports, share("reports", "laying"), work.cancel)
    work.notes += feeds.notes


def _store(
    work: _Pull, landing: Landing, identity: Identity, request: PullRequest, metadata: Metadata, *,
    new_places: bool, reviewed: pd.DataFrame | None,
) -> Pulled:  # fmt: skip
    step(work.progress, work.cancel, "pipeline.dhis2.laying", SHARES["laying"])
    store = work.store
    known = KnownPlaces.of(store)
    places = server_places(metadata, work.meanings.levels, known, work.source)
    units = picture(metadata.of("organisationUnits"))
    before = _picture_before(store, work.source)
    found = changes(before, units)
    with placed_rows.scratch(store.folder, dry_run=False) as folder:
        with _engine(store, folder) as connection:
            laid = _lay(landing, request, metadata, connection)
            receipt = Receipt(reader="dhis2", file_name=landing.journal(request).name, unit="values")
            observed = folder / "listed.parquet"
            counts = ObservationWork(
                connection, landing.raw_values(request.pull_id), landing.raw_reports(request.pull_id), work.meanings,
                metadata,
            ).write(observed, places.names, receipt)  # fmt: skip
            _refuse_emptiness(work.source, receipt)
        receipt.notes += _notes(work, identity, request, metadata, laid, found) + places.notes
        reading = _reading(work, places, observed, receipt, counts, request)
        day = datetime.fromisoformat(request.taken_at).date()
        amend = Redating(
            source=work.source, changes=found, before={u.uid: u for u in before}, units=units, on=day
        )
        live = Live(
            replaces=frozenset({"observations", "dhis2_units"}), amend=amend, import_id=request.pull_id,
            further=_further(request, units, found, laid, landing, day),
        )  # fmt: skip
        imported = store_reading(
            store, reading, landing.journal(request), reader="dhis2", source=work.source, folder=folder,
            new_places=new_places, reviewed=reviewed, live=live, progress=_scaled(work.progress), cancel=work.cancel,
            now=work.now,
        )  # fmt: skip
    landing.finish(request.pull_id)
    return Pulled(imported=imported, request=request, laid=laid, changes=found, resumed=work.resumed)


@contextmanager
def _engine(store: Store, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(
        config={
            "temp_directory": str(folder / "spill"), "memory_limit": store.memory, "threads": store.threads,
            "preserve_insertion_order": "false",
        }
    )  # fmt: skip
    try:
        yield connection
    finally:
        connection.close()


def _lay(
    landing: Landing, request: PullRequest, metadata: Metadata, connection: duckdb.DuckDBPyConnection
) -> Laid:
    periods = _periods(request, metadata, request.data_sets)
    base = landing.raw_values(request.base) if request.base else None
    laid = lay_over(
        list(complete(landing.values)), base, landing.raw_values(request.pull_id),
        elements=[e for uid in request.data_sets for e in metadata.elements_of(uid)],
        periods=[code for listed in periods.values() for p in listed for code in _spellings(p)],
        whole=not request.since, connection=connection,
    )  # fmt: skip
    reports = landing.raw_reports(request.base) if request.base else None
    lay_reports(list(complete(landing.reports)), reports, landing.raw_reports(request.pull_id), connection)
    return laid


def _spellings(period: Period) -> tuple[str, ...]:
    if period.type is PeriodType.WEEK:
        return (period.code, f"{period.year}W{period.number:02d}")
    return (period.code,)


def _refuse_emptiness(source: str, receipt: Receipt) -> None:
    """Refuse to take everything away: a server that suddenly holds nothing is more likely out of order."""
    if not receipt.stored:
        raise CannotImport("pipeline.dhis2.nothing_there", source=source)


def _reading(
    work: _Pull,
    places: ServerPlaces,
    observed: Path,
    receipt: Receipt,
    counts: Mapping[str, int],
    request: PullRequest,
) -> Reading:
    counted = {(uid, above): counts.get(uid, 0) for uid, (_, above) in places.names.items()}
    return Reading(
        receipt=receipt, system=work.source, vintage=VINTAGE, places=places.listed, observations=observed,
        counted=counted, facts={"server": request.server},
    )  # fmt: skip


def _picture_before(store: Store, source: str) -> list[Unit]:
    table = store.read(DHIS2_UNITS)
    rows = table.filter(table.source == source).to_pyarrow().to_pylist()
    return [Unit(**{name: row[name] for name in Unit.__dataclass_fields__}) for row in rows]


def _further(
    request: PullRequest,
    units: Sequence[Unit],
    found: Sequence[Change],
    laid: Laid,
    landing: Landing,
    day: date,
) -> tuple[tuple[Any, Any], ...]:
    source = request.source
    pictured = [
        {"source": source, **{name: getattr(u, name) for name in Unit.__dataclass_fields__}} for u in units
    ]
    changed = {
        (c.uid, c.kind): {
            "source": source, "seen_on": day, "uid": c.uid, "kind": c.kind, "name": c.name, "before": c.before, "after": c.after,
        }
        for c in found
    }  # fmt: skip
    pull = {
        "pull_id": request.pull_id, "source": source, "server": request.server, "system_id": request.system_id,
        "version": request.version, "feed": request.feed, "mode": request.mode, "data_sets": " ".join(request.data_sets),
        "first_month": request.first[:7].replace("-", ""), "last_month": request.last[:7].replace("-", ""),
        "taken_at": datetime.fromisoformat(request.taken_at).replace(tzinfo=UTC), "since": request.since,
        "watermark": request.watermark, "received": laid.received, "added": laid.added, "altered": laid.altered,
        "removed": laid.removed, "requests": landing.requests(request),
    }  # fmt: skip
    return ((DHIS2_UNITS, pictured), (DHIS2_CHANGES, list(changed.values())), (DHIS2_PULLS, [pull]))


def _notes(
    work: _Pull,
    identity: Identity,
    request: PullRequest,
    metadata: Metadata,
    laid: Laid,
    found: Sequence[Change],
) -> list[Message]:
    told = {
        "n": laid.received,
        "added": laid.added,
        "altered": laid.altered,
        "removed": laid.removed,
        "since": request.since,
    }
    notes = [Message(f"pipeline.dhis2.note.{request.mode}", told), *work.notes]
    if identity.newer_than_known:
        notes.append(Message("pipeline.dhis2.note.newer", {"version": identity.version.text}))
    if identity.sees_all:
        notes.append(Message("pipeline.dhis2.note.superuser", {"user": identity.username}))
    if blank := metadata.blank_may_be_zero({e.element for e in work.meanings.confirmed}):
        notes.append(
            Message("pipeline.dhis2.note.blank_zero", {"n": len(blank), "names": ", ".join(blank[:5])})
        )
    if work.meanings.open:
        notes.append(Message("pipeline.dhis2.note.open", {"n": len(work.meanings.open)}))
    kinds = sorted({c.kind for c in found})
    for kind in kinds:
        names = [c.name for c in found if c.kind == kind]
        params = {"n": len(names), "names": ", ".join(names[:5])}
        notes.append(Message(f"pipeline.dhis2.changed.{kind}", params))
    return notes


def _scaled(progress: Progress) -> Progress:
    low = SHARES["storing"]
    return lambda message, share: progress(message, low + (1.0 - low) * share)
