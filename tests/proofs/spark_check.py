"""Does the whole of `kalanso check` come out the same on Spark as on DuckDB?

Every check by itself is held against both engines in the tests; planning all of them, WHO's metrics and the score
cards in one command takes Spark minutes, whatever the number of rows.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("quality_findings", "quality_metrics", "quality_scores")


def prove(folder: Path) -> str:
    """Check one store with both engines; return what was seen in one sentence."""
    sys.path.insert(0, str(ROOT))
    from tests.cli.faulty import check, faulty_store

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    store = faulty_store(folder)
    here = check(store, folder / "here")
    begun = time.perf_counter()
    there = check(store, folder / "there", "--engine", "pyspark")
    took = time.perf_counter() - begun
    for key in ("by_check", "by_severity"):
        if here[key] != there[key]:
            raise AssertionError(f"{key}: {here[key]} on DuckDB, {there[key]} on Spark")
    rows = {name: _same(name, folder) for name in TABLES}
    counted = ", ".join(f"{n:,} rows of {name}" for name, n in rows.items())
    return f"{counted} equal on both engines; Spark took {took:.0f} s"


def _same(name: str, folder: Path) -> int:
    from kalanso.store import Store

    def rows(side: str) -> pd.DataFrame:
        store = Store.open(folder / side)
        manifest = store.latest(name)
        if manifest is None:
            return pd.DataFrame()
        found = pd.concat([pd.read_parquet(store.part_path(part.sha256)) for part in manifest.parts])
        return found.sort_values(list(found.columns), key=lambda one: one.astype(str)).reset_index(drop=True)

    here, there = rows("here"), rows("there")
    pd.testing.assert_frame_equal(here, there, check_exact=False, rtol=1e-9, check_dtype=False, obj=name)
    return len(here)
