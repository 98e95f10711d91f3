"""What did a source change after the fact, and how soon do its numbers come?

Compares kept states of the store (vintages) with one another. The share of the final number that is
known after so many months is told by `kalanso.indicators.delays`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from kalanso.indicators.delays import months_after
from kalanso.sources.catalogue.tables import SOURCE_REVISIONS
from kalanso.vocabulary import Period

KEY = ["source", "indicator", "place_code", "period"]


@dataclass(frozen=True, kw_only=True)
class Vintage:
    """One kept state: its snapshot, its day, and sums by district and period in the columns of KEY and value."""

    snapshot: str
    known_on: date
    numbers: pd.DataFrame


def revisions(vintages: Sequence[Vintage], *, settled: int) -> pd.DataFrame:
    """Return the rows of SOURCE_REVISIONS: what each source changed from one state to the next.

    A period that ended at least `settled` months before the earlier state is settled: what changes there
    is a correction, not a late report. A source that did not change between two states has no row for them. The first state in which a
    source stands is no revision.
    """
    made: list[dict[str, Any]] = []
    for before, after in itertools.pairwise(vintages):
        known = set(before.numbers["source"])
        for (source, indicator), now in after.numbers.groupby(["source", "indicator"]):
            if source not in known:
                continue
            earlier = before.numbers
            then = earlier[(earlier["source"] == source) & (earlier["indicator"] == indicator)]
            row = _compared(then, now, before.known_on, settled)
            if row["changed"] or row["added"] or row["removed"]:
                made.append(
                    {
                        "source": source, "indicator": indicator, "snapshot_before": before.snapshot,
                        "snapshot": after.snapshot, "known_on": after.known_on, **row,
                    }
                )  # fmt: skip
    return pd.DataFrame(made, columns=list(SOURCE_REVISIONS.column_names))


def _compared(then: pd.DataFrame, now: pd.DataFrame, known_on: date, settled: int) -> dict[str, Any]:
    both = then[[*KEY, "value"]].merge(now[[*KEY, "value"]], on=KEY, how="outer", suffixes=("_then", "_now"))
    old, new = both["value_then"], both["value_now"]
    there = old.notna() & new.notna()
    change = (new - old)[there]
    base = float(old[there].sum())
    moved = both.loc[there, "period"][change != 0]
    old_enough = [months_after(Period.parse(str(code)).end, known_on) >= settled for code in moved]
    return {
        "compared": int(there.sum()), "changed": len(moved), "settled_changed": sum(old_enough),
        "added": int((old.isna() & new.notna()).sum()), "removed": int((old.notna() & new.isna()).sum()),
        "size": float(change.abs().sum()) / base if base > 0 else None,
        "net": float(change.sum()) / base if base > 0 else None,
    }  # fmt: skip


def arrivals(vintages: Sequence[Vintage]) -> dict[str, float]:
    """Return by source the days from the end of a period to its first numbers, as the median over periods.

    Periods that stood already in the first state of a source are left out: when they came is not known.
    """
    first: dict[str, dict[str, date]] = {}
    begun: dict[str, date] = {}
    for vintage in vintages:
        for source, rows in vintage.numbers.groupby("source"):
            begun.setdefault(str(source), vintage.known_on)
            seen = first.setdefault(str(source), {})
            for period in rows["period"].unique():
                seen.setdefault(str(period), vintage.known_on)
    found = {}
    for source, seen in first.items():
        days = [(came - Period.parse(code).end).days for code, came in seen.items() if came > begun[source]]
        if days:
            found[source] = float(pd.Series(days).median())
    return found
