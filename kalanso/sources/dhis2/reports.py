"""How many reports were due from each facility, how many came, how many in time?

Counted from ACTUAL_REPORTS and EXPECTED_REPORTS, never from the rate: DHIS2 cuts a rate at 100 %
(`min(100 x actual/target, 100)`, DataHandler of core 2.42), which hides forms that come more often
than they are due. Where analytics do not answer, from the registrations of completeness themselves:
in time is what was declared complete within `timelyDays` + 1 of the period's end
(JdbcCompletenessTableManager of core 2.42).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from kalanso.sources.dhis2.analytics import Cell, Cells, ask
from kalanso.sources.dhis2.chunks import Chunk
from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.sources.dhis2.periods import period_of
from kalanso.sources.dhis2.transport import Transport, mapping

EXPECTED, ACTUAL, ON_TIME = "EXPECTED_REPORTS", "ACTUAL_REPORTS", "ACTUAL_REPORTS_ON_TIME"
SCHEMA = pa.schema(
    [
        ("data_set", pa.string()), ("period", pa.string()), ("unit", pa.string()), ("expected", pa.float64()),
        ("received", pa.float64()), ("on_time", pa.float64()),
    ]
)  # fmt: skip


def reports_by_analytics(transport: Transport, chunk: Chunk, level: int) -> pa.Table:
    """Return reports due, received and in time of the places of a level, as counts (SCHEMA)."""
    items = tuple(f"{chunk.data_set}.{metric}" for metric in (EXPECTED, ACTUAL, ON_TIME))
    cells = ask(
        transport,
        Cells(items=items, periods=chunk.periods, places=chunk.units, level=level if chunk.below else 0),
    )
    return _counted(cells)


def _counted(cells: Iterable[Cell]) -> pa.Table:
    counts: dict[tuple[str, str, str], dict[str, float]] = {}
    for cell in cells:
        data_set, _, metric = cell.item.partition(".")
        counts.setdefault((data_set, cell.period, cell.place), {})[metric] = cell.value
    rows = [
        {
            "data_set": key[0], "period": key[1], "unit": key[2], "expected": told.get(EXPECTED),
            # No row for a count that is zero: analytics leave empty cells out.
            "received": told.get(ACTUAL, 0.0), "on_time": told.get(ON_TIME, 0.0),
        }
        for key, told in sorted(counts.items())
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def reports_by_registrations(
    transport: Transport, chunk: Chunk, metadata: Metadata, due: Collection[str]
) -> pa.Table:
    """Return the same from `/api/completeDataSetRegistrations`.

    `due` are the places from which the form is due; each owes one report for every period in which it
    was open.
    """
    periods = [period_of(code) for code in chunk.periods]
    params = [
        ("dataSet", chunk.data_set), *(("orgUnit", unit) for unit in chunk.units),
        ("children", "true" if chunk.below else "false"),
        ("startDate", min(p.start for p in periods).isoformat()),
        ("endDate", max(p.end for p in periods).isoformat()),
    ]  # fmt: skip
    path = "completeDataSetRegistrations"
    answer = mapping(transport.get_json(path, params), path)
    timely = int(float(metadata.data_sets.get(chunk.data_set, {}).get("timelyDays") or 0))
    came = _registered(answer.get(path) or [], timely)
    rows = []
    for unit in _within(chunk, metadata):
        for period in periods:
            received = came.get((period.code, unit))
            owed = unit in due and _open(metadata.units[unit], period.start, period.end)
            if owed or received:
                rows.append(
                    {
                        "data_set": chunk.data_set, "period": period.code, "unit": unit,
                        "expected": 1.0 if owed else 0.0, "received": float(received is not None),
                        "on_time": float(bool(received)),
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _registered(rows: Iterable[Any], timely: int) -> dict[tuple[str, str], bool]:
    """Return by period and place whether the form, declared complete, was in time."""
    found: dict[tuple[str, str], bool] = {}
    for row in rows:
        if not isinstance(row, Mapping) or not {"period", "organisationUnit"} <= row.keys():
            raise DhisFault("other_shape", url="completeDataSetRegistrations", found=str(row)[:80])
        if row.get("completed") is False:
            continue
        period = period_of(row["period"])
        day = date.fromisoformat(str(row.get("date") or "9999-12-31")[:10])
        in_time = day - period.end <= timedelta(days=timely + 1)
        key = (period.code, str(row["organisationUnit"]))
        found[key] = found.get(key, False) or in_time
    return found


def _within(chunk: Chunk, metadata: Metadata) -> list[str]:
    if not chunk.below:
        return [unit for unit in chunk.units if unit in metadata.units]
    roots = set(chunk.units)
    return sorted(
        uid for uid, unit in metadata.units.items() if roots & set(str(unit.get("path", "")).split("/"))
    )


def _open(unit: Mapping[str, Any], first: date, last: date) -> bool:
    opened, closed = str(unit.get("openingDate") or "")[:10], str(unit.get("closedDate") or "")[:10]
    return (not opened or opened <= last.isoformat()) and (not closed or closed >= first.isoformat())
