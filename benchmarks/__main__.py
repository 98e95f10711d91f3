"""Which benchmarks run, and at what scale?

`make bench` measures one and ten million rows; `BENCH_ROWS=100000000 make bench` the full scale.
`python -m benchmarks routine` or `... estimation` runs one of the two.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks import estimation, routine
from benchmarks.measuring import keep, show

SIZES = (1_000_000, 10_000_000)


def main() -> None:
    """Run the benchmarks and print their ratios."""
    sizes = [int(os.environ["BENCH_ROWS"])] if os.environ.get("BENCH_ROWS") else list(SIZES)
    place = os.environ.get("BENCH_FOLDER")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
    with tempfile.TemporaryDirectory(dir=place) as folder:
        growth = {}
        for rows in sizes:
            lines = routine.run(Path(folder) / str(rows), rows)
            show(f"{rows:,} observations", lines)
            _ratios({line.step: line for line in lines})
            keep(Path("bench-results") / f"routine-{rows}.json", lines)
            growth[rows] = {line.step: line.seconds for line in lines}
    if len(growth) > 1:
        small, large = min(growth), max(growth)
        print(f"\nGrowth of time from {small:,} to {large:,} rows ({large / small:.0f} x the rows)")
        for step in growth[large].keys() & growth[small].keys():
            print(f"  {step:<46}{growth[large][step] / growth[small][step]:8.1f} x")


def _ratios(lines: dict[str, routine.Measured]) -> None:
    def ratio(step: str, peer: str) -> None:
        if step in lines and peer in lines:
            print(f"  {step} / {peer}: {lines[step].seconds / lines[peer].seconds:.2f}")

    ratio("kalanso import tables", "plain DuckDB: CSV to Parquet")
    ratio("kalanso import tables", "pandas: read the CSV")
    ratio("kalanso: district quarters", "plain DuckDB: district quarters")
    ratio("kalanso: district quarters", "pandas: district quarters")
    ratio("kalanso: one more month", "kalanso import tables")


if __name__ == "__main__":
    if sys.argv[1:] != ["estimation"]:
        main()
    if sys.argv[1:] != ["routine"]:
        estimation.main()
