"""Which benchmarks run, and at what scale?

`make bench` measures one and ten million rows; `BENCH_ROWS=1000000,10000000,100000000 make bench`
the full scale, with its growth.
`python -m benchmarks routine`, `... quality`, `... estimation`, `... catalogue`, `... hub`, `... dhis2`, `... surveys` or `... portfolio` runs one of them.
"""

from __future__ import annotations

import itertools
import os
import platform
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks import catalogue, dhis2, estimation, hub, portfolio, quality, routine, surveys
from benchmarks.measuring import keep, show

SIZES = (1_000_000, 10_000_000)


def main() -> None:
    """Run the benchmarks and print their ratios."""
    asked = os.environ.get("BENCH_ROWS")
    sizes = [int(rows) for rows in asked.split(",")] if asked else list(SIZES)
    place = os.environ.get("BENCH_FOLDER")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    )
    growth: dict[int, dict[str, routine.Measured]] = {}
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for rows in sizes:
            print(f"\n{rows:,} observations", flush=True)
            lines = []
            for line in routine.run(Path(folder) / str(rows), rows):
                lines.append(line)
                show(line)
                keep(Path("bench-results") / f"routine-{rows}.json", lines)
            growth[rows] = {line.step: line for line in lines}
            _ratios(growth[rows])
    for small, large in itertools.pairwise(sorted(growth)):
        print(f"\nFrom {small:,} to {large:,} rows ({large / small:.0f} x the rows), by clock and processor")
        for step, line in growth[large].items():
            if before := growth[small].get(step):
                print(f"  {step:<42}{line.seconds / before.seconds:8.1f} x{line.cpu / before.cpu:8.1f} x")


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
    asked = sys.argv[1:] or [
        "routine",
        "quality",
        "estimation",
        "catalogue",
        "hub",
        "dhis2",
        "surveys",
        "portfolio",
    ]
    for name, run in {
        "routine": main,
        "quality": quality.main,
        "estimation": estimation.main,
        "catalogue": catalogue.main,
        "hub": hub.main,
        "dhis2": dhis2.main,
        "surveys": surveys.main,
        "portfolio": portfolio.main,
    }.items():
        if name in asked:
            run()
