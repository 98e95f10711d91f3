"""What is each source at a glance: what it brings, how late, how it stands to the others?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kalanso.definitions import Declarations, DeclaredSource
from kalanso.sources.catalogue.tables import SOURCE_FACTS
from kalanso.vocabulary import Level, Period

FEW = 0.1  # share of a level's places below which a source does not count at that level
# Months from one delivery to the next; sources without a rhythm are never late.
STEPS = {"weekly": 1, "monthly": 1, "quarterly": 3, "yearly": 12}


def facts(
    held: pd.DataFrame,
    agreed: pd.DataFrame,
    found: pd.DataFrame,
    revised: pd.DataFrame,
    arrived: Mapping[str, float],
    declared: Declarations,
    *,
    today: date,
) -> pd.DataFrame:
    """Return the rows of SOURCE_FACTS: every source of the store, and every declared one that never came.

    Takes rows of SOURCE_HOLDINGS, SOURCE_AGREEMENT, CATALOGUE_GAPS and SOURCE_REVISIONS, and days of arrival.
    """
    made: list[dict[str, Any]] = []
    named = set()
    for (source, series), rows in held.groupby(["source", "series"]):
        one = declared.of(str(source), str(series))
        named.add(one.code if one else "")
        own = revised[revised["source"] == source] if not series else revised.iloc[:0]
        made.append({
            "source": source, "series": series, "declared": one.code if one else "",
            **_held(rows), **_due(rows, one, today),
            "lag_days": arrived.get(str(source)) if not series else None,
            "vintages": own["snapshot"].nunique() + 1,
            "revised": None if own["size"].isna().all() else float(own["size"].max()),
            "redundant_with": ", ".join(_same(agreed, str(source), str(series))),
            "gaps": int(((found["source"] == source) & (found["series"] == series)).sum()),
        })  # fmt: skip
    made += [_absent(one) for one in declared.sources if one.code not in named]
    return pd.DataFrame(made, columns=list(SOURCE_FACTS.column_names))


def _held(rows: pd.DataFrame) -> dict[str, Any]:
    span = rows.sort_values("last_day")["last_period"].iloc[-1]
    begun = min(rows["first_period"], key=lambda code: Period.parse(code).start)
    # A level of which it told a few places alone is not the one at which it counts.
    known = rows[rows["places"] >= FEW * rows["places_known"]]
    finest = max((known if len(known) else rows)["level"], key=lambda name: Level(name).depth)
    return {
        "indicators": rows["indicator"].nunique(), "finest_level": finest, "numbers": int(rows["numbers"].sum()),
        "first_period": begun, "last_period": span, "completeness": float(rows["completeness"].median()),
    }  # fmt: skip


def _due(rows: pd.DataFrame, one: DeclaredSource | None, today: date) -> dict[str, Any]:
    last = max(rows["last_day"])
    due = next_due(last, one.refresh, one.lag_days) if one else None
    late = max(0, (today - due).days) if due else 0
    state = "undeclared" if one is None else "late" if late else "current"
    return {"state": state, "due_on": due, "late_days": late}


def next_due(last_day: date, refresh: str, lag_days: int | None) -> date | None:
    """Return the day by which the numbers of the period after `last_day` should be there; None without a rhythm."""
    if refresh not in STEPS or lag_days is None:
        return None
    following = last_day + timedelta(days=1)
    months = following.year * 12 + following.month - 1 + STEPS[refresh]
    return date(months // 12, months % 12 + 1, 1) + timedelta(days=lag_days - 1)


def _same(agreed: pd.DataFrame, source: str, series: str) -> list[str]:
    twice = agreed[agreed["verdict"] == "redundant"]
    others = {
        *twice.loc[(twice["source"] == source) & (twice["series"] == series), "other"],
        *twice.loc[(twice["other"] == source) & (twice["other_series"] == series), "source"],
    }
    return sorted(others - {source})


def _absent(one: DeclaredSource) -> dict[str, Any]:
    return {
        "source": one.code, "series": "", "declared": one.code, "state": "declared_only", "indicators": 0,
        "finest_level": "", "numbers": 0, "first_period": "", "last_period": "", "completeness": None,
        "due_on": None, "late_days": 0, "lag_days": None, "vintages": 0, "revised": None, "redundant_with": "",
        "gaps": 1,
    }  # fmt: skip
