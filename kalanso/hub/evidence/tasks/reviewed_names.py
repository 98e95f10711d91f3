"""How do decisions on names reach the store: as the command line hands them over, as a reviewed table?"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from kalanso import pipeline
from kalanso.pipeline.reviewing import COLUMNS, NONE
from kalanso.store import Store


def keep(store: Store, rows: Iterable[Mapping[str, str | None]], *, by: str, now: datetime) -> dict[str, int]:
    """Keep decisions with `system`, `vintage`, `code`, `parent_name`, `name`, `place_code` (empty: no known place), `by` and `date`.

    The store keeps the table that is written for it. Returns how many names were confirmed and rejected.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "correspondances.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows({**row, "place_code": row["place_code"] or NONE} for row in rows)
        return pipeline.keep_matches(store, path, by=by, now=now)
