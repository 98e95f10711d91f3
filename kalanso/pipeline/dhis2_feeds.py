"""From which doors of a DHIS2 server do values and reports come in one pull?

Raw values where they may be read, analytics otherwise; reports from analytics where these answer, else
from the registrations of completeness. What had to be done otherwise than planned becomes a note.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.pipeline.dhis2_landing import PullRequest
from kalanso.sources.dhis2.analytics import Cells, ask, in_runs
from kalanso.sources.dhis2.chunks import Chunk, plan, roots
from kalanso.sources.dhis2.collecting import collect
from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.identity import Identity
from kalanso.sources.dhis2.meanings import ANY, Meanings
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.sources.dhis2.reports import reports_by_analytics, reports_by_registrations
from kalanso.sources.dhis2.transport import Transport, fields, mapping
from kalanso.sources.dhis2.values import SCHEMA, read_values
from kalanso.vocabulary import Message, Period

REPORT_MONTHS = 12  # reports come late: an increment asks for those of a year again
# Analytics that refuse in one of these ways will not answer otherwise later in this pull.
NO_ANALYTICS = frozenset({"conflict", "forbidden", "e7120", "e7124", "not_found", "server_error", "refused"})
READING = 2  # pieces that are read while the next ones come; questions to the server stay two at once
Periods = Mapping[str, Sequence[Period]]


@dataclass
class Feeds:
    """The doors of one server for one pull."""

    transport: Transport
    identity: Identity
    metadata: Metadata
    meanings: Meanings
    request: PullRequest
    notes: list[Message] = field(default_factory=list)
    assigned: dict[str, frozenset[str]] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)

    def collect_values(
        self, periods: Periods, folder: Path, progress: Callable[[float], None], cancel: Callable[[], bool]
    ) -> int:
        """Bring the values; return how many rows came."""
        by_analytics = self.request.feed == "analytics"
        places = roots(self.identity, self.metadata, view=by_analytics)
        pieces = plan(periods, places, since=self.request.since)
        if self.request.since:
            pieces += plan(self._never_read(periods), places)
        if by_analytics:
            self.notes.append(
                Message("pipeline.dhis2.note.analytics", {"day": self.identity.analytics_at[:10] or "?"})
            )
            pieces = [piece for piece in pieces if piece.below]
        return collect(
            pieces, folder, self._analytic_values if by_analytics else self._values, children=self.metadata.children,
            at_once=self.transport.limits.concurrent + READING, progress=progress, cancel=cancel,
        )  # fmt: skip

    def remember_scope(self, path: Path, before: Path | None) -> None:
        """Note which elements and places this pull can see, and read what the pull before it could see."""
        now = {
            "places": sorted(self.asked_places()),
            "elements": {uid: list(self.metadata.elements_of(uid)) for uid in self.request.data_sets},
        }
        path.write_text(json.dumps(now), encoding="utf-8")
        if before is not None:
            with contextlib.suppress(OSError, ValueError):
                self.seen = json.loads(before.read_text(encoding="utf-8"))

    def _never_read(self, periods: Periods) -> dict[str, tuple[Period, ...]]:
        """Return what an increment must read whole: it was saved before the last pull, which did not ask for it.

        Periods after the last one read; every period of a form that has new elements, or of all forms where
        the account sees other places.
        """
        elsewhere = set(self.asked_places()) - set(self.seen.get("places", ()))
        found = {}
        for uid, listed in periods.items():
            fresh = set(self.metadata.elements_of(uid)) - set(self.seen.get("elements", {}).get(uid, ()))
            wanted = (
                listed
                if fresh or elsewhere
                else [p for p in listed if p.start.isoformat() > self.request.base_last]
            )
            if wanted:
                found[uid] = tuple(wanted)
        return found

    def asked_places(self) -> tuple[str, ...]:
        """Return the places under which, and at which, values are asked for."""
        places = roots(self.identity, self.metadata)
        return (*places.below, *places.alone)

    def _values(self, chunk: Chunk, target: Path) -> int:
        return self.transport.download(
            "dataValueSets.json", chunk.params(), lambda answer: read_values(answer, target)
        )

    def _analytic_values(self, chunk: Chunk, target: Path) -> int:
        """Bring operands of the confirmed meanings at the finest level, as rows of raw values."""
        on_form = set(self.metadata.elements_of(chunk.data_set))
        items = [
            entry.element if entry.option == ANY else f"{entry.element}.{entry.option}"
            for entry in self.meanings.confirmed if entry.element in on_form
        ]  # fmt: skip
        rows = []
        for run in in_runs(items):
            cells = Cells(items=run, periods=chunk.periods, places=chunk.units, level=self._finest())
            for cell in ask(self.transport, cells):
                element, _, option = cell.item.partition(".")
                rows.append(
                    {
                        "element": element, "period": cell.period, "unit": cell.place, "option": option, "attribute": "",
                        "value": repr(cell.value), "saved": self.request.taken_at, "deleted": False,
                    }
                )  # fmt: skip
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), target)
        return len(rows)

    def collect_reports(
        self, periods: Periods, folder: Path, progress: Callable[[float], None], cancel: Callable[[], bool]
    ) -> int:
        """Bring reports due and received of all periods, or of the last year in an increment."""
        wanted = {
            uid: self._recent(listed) if self.request.since else tuple(listed)
            for uid, listed in periods.items()
        }
        for fetch, view in ((self._analytic_reports, True), (self._registered_reports, False)):
            pieces = [p for p in plan(wanted, roots(self.identity, self.metadata, view=view)) if p.below]
            try:
                return collect(
                    pieces, folder, fetch, children=self.metadata.children, at_once=self.transport.limits.concurrent + READING,
                    progress=progress, cancel=cancel,
                )  # fmt: skip
            except DhisFault as fault:
                if fault.case not in NO_ANALYTICS:
                    raise
                case = "registrations" if view else "no_reports"
                self.notes.append(Message(f"pipeline.dhis2.note.{case}", {"reason": fault.case}))
        return 0

    def _recent(self, listed: Sequence[Period]) -> tuple[Period, ...]:
        last = date.fromisoformat(self.request.last)
        first = last.replace(year=last.year - REPORT_MONTHS // 12, day=1)
        return tuple(p for p in listed if p.end >= first or p.start.isoformat() > self.request.base_last)

    def _analytic_reports(self, chunk: Chunk, target: Path) -> int:
        table = reports_by_analytics(self.transport, chunk, self._finest())
        pq.write_table(table, target)
        return int(table.num_rows)

    def _registered_reports(self, chunk: Chunk, target: Path) -> int:
        due = self._due(chunk.data_set)
        table = reports_by_registrations(self.transport, chunk, self.metadata, due)
        pq.write_table(table, target)
        return int(table.num_rows)

    def _due(self, data_set: str) -> frozenset[str]:
        """Return the places from which a form is due, asked for once."""
        if data_set not in self.assigned:
            path = f"dataSets/{data_set}"
            answer = mapping(self.transport.get_json(path, fields(fields="organisationUnits[id]")), path)
            self.assigned[data_set] = frozenset(u["id"] for u in answer.get("organisationUnits") or ())
        return self.assigned[data_set]

    def _finest(self) -> int:
        return max(self.meanings.levels)
