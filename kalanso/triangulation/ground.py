"""Did facilities close, or did displaced people arrive, in the newest month that a place tells?

Beside access: a district whose facilities closed or whose people grew needs another plan next month. The newest month stands beside the
one told before it; each place speaks for itself, and the review joins those that share a change. Incidents are shown, never told of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Finding
from kalanso.vocabulary import Message, Period

SHUT = ("facilities_closed", "facilities_destroyed")
FACILITIES = ("facilities_functional", "facilities_partly_functional", *SHUT)
PEOPLE = "displaced_persons"
MEASURES = (*FACILITIES, PEOPLE)
_FURTHEST = 6  # months between two numbers that are still compared


def changes(dossier: Dossier) -> Iterator[Finding]:
    """Yield what changed for the worse from the month told before to the newest, place by place."""
    for place, rows in dossier.rows("ground").groupby("place_code", sort=True):
        wide = rows.pivot_table(index="period", columns="measure", values="value", aggfunc="first")
        shut = wide.reindex(columns=list(SHUT)).sum(axis=1, min_count=1)
        every = wide.reindex(columns=list(FACILITIES)).sum(axis=1, min_count=1)
        if (two := _newest(shut)) is not None and two[3] > two[1]:
            before, was, now, value = two
            params = {"all": float(every[now])}
            yield _told(dossier, str(place), "closed", before, was, now, value, params)
        people = wide[PEOPLE] if PEOPLE in wide else pd.Series(dtype=float)
        if (two := _newest(people)) is not None:
            before, was, now, value = two
            if value - was >= dossier.threshold("access.arrived"):
                yield _told(dossier, str(place), "arrived", before, was, now, value, {})


def _newest(values: pd.Series) -> tuple[str, float, str, float] | None:
    """Return the month before with its number, and the newest with its own; None where there are no two close enough."""
    told = values.dropna().sort_index()
    if len(told) < 2:
        return None
    before, now = (str(code) for code in told.index[-2:])
    first, last = Period.parse(before).start, Period.parse(now).start
    if 12 * (last.year - first.year) + last.month - first.month > _FURTHEST:
        return None
    return before, float(told.iloc[-2]), now, float(told.iloc[-1])


def _told(
    dossier: Dossier, place: str, which: str, before: str, was: float, now: str, value: float, more: dict[str, Any]
) -> Finding:  # fmt: skip
    params = {"place": place, "period": now, "before": before, "value": value, "more": value - was} | more
    key = {"place_code": place, "period": now}
    return Finding(
        kind="changed", place_code=place, period=now, source="facilities" if which == "closed" else "people", value=value,
        expected=was, severity="attention", message=Message(f"triangulation.access.{which}", params),
        evidence=({"table": "observations", "key": key, "snapshot": dossier.snapshots.get("observations", "")},),
    )  # fmt: skip
