"""How long does a sheet of the whole portfolio take to be understood, and how heavy is the grid of 3,476 lines?

The peer of reading is pandas over openpyxl, which returns the cells of the same sheet as they stand; what we do beyond
(headings, merged cells, districts, days, words, faults) is ours. The limit of the grid is a first view of 60 KB.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring import measure, show

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 60 * 1024


def main() -> None:
    """Print seconds of both readers with their ratio, and the size of pages beside their limit."""
    from tests.sources.whole_portfolio import DISTRICTS, INTERVENTIONS, whole_sheet

    rows = DISTRICTS * INTERVENTIONS
    print(f"\nThe portfolio: {INTERVENTIONS} interventions in {DISTRICTS} districts", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portfolio.xlsx"
        path.write_bytes(whole_sheet())
        peer = measure("pandas over openpyxl: cells as they stand", rows, _pandas, path)
        ours = measure("kalanso: what the sheet says", rows, _kalanso, path)
        for line in (peer, ours):
            show(line)
        print(
            f"  kalanso / pandas: {ours.seconds / peer.seconds:.2f} (processor {ours.cpu / peer.cpu:.2f})",
            flush=True,
        )
        for name, size, spent in _pages(Path(folder)):
            print(
                f"  {name:<42}{size / 1024:>9.1f} KB gzipped, {size / MOST_BYTES:.2f} of the limit, {spent:.0f} ms of the processor"
            )


def _pandas(path: Path) -> int:
    import pandas as pd

    return len(pd.read_excel(path, header=None, engine="openpyxl"))


def _kalanso(path: Path) -> int:
    from kalanso.sources.portfolio import read
    from kalanso.sources.workbooks import open_workbook
    from tests.sources.whole_portfolio import districts

    return len(read(open_workbook(path).sheet(), districts()).cells)


def _pages(folder: Path) -> list[tuple[str, int, float]]:
    """Return the pages of a full portfolio with their size and what they cost, on SQLite."""
    sys.path.insert(0, str(ROOT / "tests" / "proofs"))
    import hub_ground  # type: ignore[import-not-found]

    with hub_ground.house(folder, "sqlite") as here:
        here.run("manage", "collectstatic", "--noinput", "-v", "0")
        here.ask("import portfolio_people\nportfolio_people.plan()\nportfolio_people.make(2)")
        told = here.ask("from benchmarks.portfolio import weigh\nweigh()")
    lines = [line.split("\t") for line in told.splitlines() if "\t" in line]
    return [(name, int(size), float(spent)) for name, size, spent in lines]


def weigh() -> None:
    """Print name, gzipped size and milliseconds of each page; runs inside the hub."""
    import time

    from django.conf import settings
    from django.test import Client

    from kalanso.hub.people.models import Person

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(Person.objects.get(username="proof0"))
    for name, path in {
        "the grid": "/agir/portefeuille/", "who has reported": "/agir/portefeuille/rapports/", "who does what, where": "/agir/portefeuille/qui/",
    }.items():  # fmt: skip
        client.get(path)
        begun = time.process_time()
        answers: list[Any] = [client.get(path) for _ in range(5)]
        spent = 200 * (time.process_time() - begun)
        assert answers[0].status_code == 200, path
        print(name, len(gzip.compress(answers[0].content, 6)), spent, sep="\t")


if __name__ == "__main__":
    main()
