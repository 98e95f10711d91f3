"""What does every reader return?

Rows as the file has them, with names of places rather than our codes, and a receipt. Turning
names into codes is the work of `kalanso.places`; storing is the work of `kalanso.pipeline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from kalanso.indicators.tables import COVERAGE_SERIES, EVENTS, OBSERVATIONS, RECOUNTS
from kalanso.places import LISTED_PLACES
from kalanso.sources.receipts import Receipt


def listed_schema(spec_columns: pa.Schema) -> pa.Schema:
    """Return a table's columns with the place as the file names it in the stead of our code."""
    kept = [pa.field(f.name, f.type) for f in spec_columns if f.name not in {"source", "place_code"}]
    listed = ["listed_code", "listed_name", "listed_parent"]
    return pa.schema([*(pa.field(name, pa.string()) for name in listed), *kept])


LISTED_OBSERVATIONS = listed_schema(OBSERVATIONS.arrow_schema())
LISTED_COVERAGE = listed_schema(COVERAGE_SERIES.arrow_schema())
LISTED_EVENTS = listed_schema(EVENTS.arrow_schema())
LISTED_RECOUNTS = listed_schema(RECOUNTS.arrow_schema())


__all__ = [
    "LISTED_COVERAGE",
    "LISTED_EVENTS",
    "LISTED_OBSERVATIONS",
    "LISTED_PLACES",
    "LISTED_RECOUNTS",
    "Reading",
    "listed_schema",
]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one file contained.

    `system` and `vintage` say in which list the names and codes of places stand (see
    `place_codes`). `observations`, `coverage`, `events` and `recounts` follow LISTED_OBSERVATIONS,
    LISTED_COVERAGE, LISTED_EVENTS and LISTED_RECOUNTS, or are a Parquet file of these columns where the rows are too
    many for memory. `licence` is that of the file, where it is known. `counted` says for a listed
    place, as (code, parent name), how many stored units of the receipt are about it, where that is
    not the number of its rows. `row_of` leads from (code, parent name, period, indicator) to the row of
    the file where that number stands, where the reader holds all rows in memory. With `own_codes` the listed
    codes are our own.
    """

    receipt: Receipt
    system: str
    vintage: str
    places: pa.Table
    observations: pa.Table | Path | None = None
    coverage: pa.Table | None = None
    events: pa.Table | None = None
    recounts: pa.Table | None = None
    licence: str = ""
    counted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    row_of: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    own_codes: bool = False
