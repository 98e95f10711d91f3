"""Which places are flagged, or live in which context, on a given day?

Flags and contexts are dated rows. A flag on a place holds for everything below it; who is shown
what of flagged places is decided in `kalanso.store`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from kalanso.places.frames import days, frame


def holding_on(rows: pd.DataFrame, on: date) -> pd.DataFrame:
    """Return the rows whose validity includes a day; an empty end is open."""
    holds = [
        (first is None or first <= on) and (last is None or last >= on)
        for first, last in zip(days(rows["valid_from"]), days(rows["valid_to"]), strict=True)
    ]
    return rows[pd.Series(holds, index=rows.index, dtype=bool)]


def flagged(flags: Any, lineage: Any, *, on: date, flag: str = "security") -> set[str]:
    """Return the places under a flag on a day: those that carry it and everything below them.

    `flags` are rows of PLACE_FLAGS, `lineage` that of the same day (of one tree, or of both put
    together: a flagged health area then also covers what lies below it in the other tree).
    """
    rows = frame(flags, ("place_code", "flag", "valid_from", "valid_to"), what="place_flags")
    carrying = set(holding_on(rows[rows["flag"] == flag], on)["place_code"])
    family = frame(lineage, ("place_code", "ancestor_code"), what="lineage")
    return carrying | set(family.loc[family["ancestor_code"].isin(carrying), "place_code"])


def contexts_on(contexts: Any, *, on: date, lineage: Any = None) -> pd.DataFrame:
    """Return columns place_code and context: the contexts that hold on a day, each once.

    With a `lineage`, a context of a place also stands at every place below it.
    """
    rows = frame(contexts, ("place_code", "context", "valid_from", "valid_to"), what="place_contexts")
    held = holding_on(rows, on)[["place_code", "context"]]
    if lineage is not None:
        family = frame(lineage, ("place_code", "ancestor_code"), what="lineage")
        below = family.merge(held.rename(columns={"place_code": "ancestor_code"}), on="ancestor_code")
        held = pd.concat([held, below[["place_code", "context"]]])
    return held.drop_duplicates().sort_values(["place_code", "context"], ignore_index=True)
