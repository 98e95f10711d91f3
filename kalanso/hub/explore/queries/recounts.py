"""How far do reports agree with registers in a place, where somebody counted the doses again?

The rows that the reader may see, and the factors of `kalanso.quality.verification` on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kalanso.hub.explore.queries import places
from kalanso.hub.explore.queries.shelf import Shelf, shared
from kalanso.indicators.tables import RECOUNTS
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.quality.verification import STEPS, verification_factors

_CELL = ["place_code", "period", "indicator"]


@dataclass(frozen=True, kw_only=True)
class Recounted:
    """Factors of the place itself, and of each facility inside it."""

    own: tuple[dict[str, Any], ...]
    facilities: tuple[dict[str, Any], ...]


@shared(RECOUNTS, PLACES, PLACE_PARENTS)
def recounted(shelf: Shelf, code: str, unit: str) -> Recounted:
    """Return verification factors in and below a place; `unit` is the level of the first-stage units (districts).

    Of several rounds that counted one month again, the last by name counts.
    """
    if shelf.manifest(RECOUNTS) is None:
        return Recounted(own=(), facilities=())
    known, within = places.tree(shelf), places.below(shelf, code)
    table = shelf.table(RECOUNTS)
    rows = pd.DataFrame(
        shelf.rows(table.filter(table.place_code.isin(sorted(within)))), columns=list(RECOUNTS.column_names)
    )
    if rows.empty:
        return Recounted(own=(), facilities=())
    rows = rows.sort_values("source").drop_duplicates(_CELL, keep="last")
    counted = [one for one in rows["place_code"].unique() if one in known.places]
    districts = {
        one: above.code for one in counted for above in (*known.above(one), known.places[one]) if above.level == unit
    }  # fmt: skip
    factors = verification_factors(
        rows, {one: (code,) if one == code else (one, code) for one in counted}, districts
    )
    order = {step: number for number, step in enumerate(STEPS)}
    told = sorted(
        factors.astype(object).where(factors.notna(), None).to_dict("records"),
        key=lambda row: (order[row["step"]], row["indicator"], row["source"], row["place_code"]),
    )
    plain = [{str(name): value for name, value in row.items()} for row in told]
    return Recounted(
        own=tuple(row for row in plain if row["place_code"] == code),
        facilities=tuple(row for row in plain if row["place_code"] != code),
    )
