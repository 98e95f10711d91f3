"""Which breaks of the series have a dated event beside them, and which have none?

Takes the breaks and shared falls that the checks of data quality found and sets them beside events at the place, or a place above,
that lasted at any time from three months before to one month after. An event beside a break may explain it;
whether it does is asked, not concluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared
from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Message, Period

NAME = "breaks"
NEEDS = ("quality",)
HELPS = ("events",)
BEFORE, AFTER = timedelta(days=92), timedelta(days=31)


def compare(dossier: Dossier) -> Answer:
    """Return every break with the number of events beside it."""
    rows = dossier.rows("quality")
    rows = rows[rows["check"].isin(["breaks", "shared_falls"])].sort_values(
        ["place_code", "period", "indicator"]
    )
    rows = rows.drop_duplicates(["check", "place_code", "period", "indicator"])
    found = [(row, list(_beside(dossier, row))) for row in each(rows)]
    table = [
        {
            "place_code": row.place_code, "period": row.period, "indicator": row.indicator, "measure": row.check, "source": row.source,
            "kind": "reported", "value": float(len(events)), "unit": "count", "verdict": "explained" if events else "unexplained",
        }
        for row, events in found
    ]  # fmt: skip
    return Answer(
        analysis=NAME,
        rows=compared(dossier, NAME, table),
        findings=tuple(_told(dossier, *one) for one in found),
    )


def _beside(dossier: Dossier, row: Any) -> Iterator[Any]:
    events, code = list(dossier.of_place("events", row.place_code)), row.place_code
    while code := dossier.parents.get(code, ""):
        events += dossier.of_place("events", code)
    period = Period.parse(row.period)
    for event in sorted(events, key=lambda one: (one.first_day, one.kind, one.place_code)):
        first = date.fromisoformat(event.first_day[:10])
        last = date.fromisoformat(event.last_day[:10]) if event.last_day else dossier.today
        if first <= period.end + AFTER and last >= period.start - BEFORE:
            yield event


def _told(dossier: Dossier, row: Any, events: list[Any]) -> Finding:
    kinds = list(dict.fromkeys(event.kind for event in events))
    params = {"place": row.place_code, "period": row.period, "count": row.indicator, "events": kinds}
    evidence = (dossier.evidence("quality", row), *(dossier.evidence("events", event) for event in events))
    return Finding(
        kind="changed", place_code=row.place_code, period=row.period, indicator=row.indicator, source=row.check, value=float(len(events)),
        severity="note" if events else "attention", evidence=evidence,
        message=Message(f"triangulation.breaks.{'event' if events else 'no_event'}", params),
    )  # fmt: skip


def explained_share(rows: pd.DataFrame) -> float:
    """Return the share of breaks with an event beside them; NaN without breaks."""
    return float((rows["verdict"] == "explained").mean()) if len(rows) else float("nan")
