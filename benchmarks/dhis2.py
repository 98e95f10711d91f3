"""How fast does a pull bring a DHIS2 server's values, beside a plain download of the same bytes?

The server of the tests runs in a process of its own and makes each row as it sends it, as a real one does
from its database: once as fast as it can, once at the pace of a database (PACED values a second). The limit
is a client that asks the same questions, two at once, and writes the compressed bytes to disk without
looking at them; beside it stands one that unpacks them, as a browser does. All take turns; the best of each
counts, since other work on the machine only ever slows. Storing comes after the download and is told apart.
Each side's time of the processor is told too: server and client share the machine here, seldom elsewhere.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
FACILITIES = int(os.environ.get("BENCH_FACILITIES", "1000"))
PACED = 100_000
TURNS = int(os.environ.get("BENCH_TURNS", "3"))
MONTHS = tuple(f"{year}{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13))
FIRST, LAST = date(2022, 1, 1), date(2024, 12, 31)
NOW = datetime(2025, 2, 4, 9, 0, tzinfo=UTC)


def main() -> None:
    """Print values per second of a plain download, of a pull's download and of a whole pull, and their ratios."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    print(f"\nDHIS2: {FACILITIES:,} facilities, 40 elements, 36 months, best of {TURNS} turns", flush=True)
    for pace, said in (
        (0.0, "a server as fast as it can"),
        (2.0 / PACED, f"a server of {PACED:,} values a second"),
    ):
        print(f" {said}", flush=True)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, pace), daemon=True)
        process.start()
        url = ours.recv()
        try:
            with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
                _turns(url, Path(folder), _served(ours))
        finally:
            ours.send(None)
            process.join(10)


def _served(pipe: Any) -> Callable[[], float]:
    """Return what asks the server how many seconds of the processor it has worked."""

    def asked() -> float:
        pipe.send("processor")
        return float(pipe.recv())

    return asked


def _turns(url: str, folder: Path, served: Callable[[], float]) -> None:
    best: dict[str, tuple[float, float]] = {}
    rows = size = 0

    def note(step: str, seconds: float, cpu: float) -> None:
        before = best.get(step, (float("inf"), float("inf")))
        best[step] = (min(before[0], seconds), min(before[1], cpu))

    for _ in range(TURNS):
        shutil.rmtree(folder / "plain", ignore_errors=True)
        begun = served()
        seconds, cpu, size = _plain(url, folder / "plain")
        note("plain download", seconds, cpu)
        note("server: making the rows", seconds, served() - begun)
        shutil.rmtree(folder / "unpacked", ignore_errors=True)
        note("plain download, unpacked", *_plain(url, folder / "unpacked", unpack=True)[:2])
        shutil.rmtree(folder / "pull", ignore_errors=True)
        download, whole, rows = _pull(url, folder / "pull")
        note("pull: download", *download)
        note("pull: download and storing", *whole)
    for step, (seconds, cpu) in best.items():
        print(
            f"  {step:<28}{rows:>12,} values{seconds:>8.1f} s{cpu:>8.1f} s cpu{rows / seconds:>12,.0f} values/s"
            f"{size / seconds / 2**20:>8.2f} MiB/s"
        )
    plain, pull, server = best["plain download"], best["pull: download"], best["server: making the rows"]
    print(f"  pull: download / plain download, by clock: {plain[0] / pull[0]:.0%} of the speed (goal 70 %)")
    print(f"  pull: download / plain download, unpacked: {best['plain download, unpacked'][0] / pull[0]:.0%}")
    # What a machine with a core for each side would allow, whatever else runs on this one.
    side = max(server[1], plain[1]) / max(server[1], pull[1])
    print(f"  the same by processor, server and client each on a core of its own: {side:.0%}")


def _serve(pipe: Any, row_seconds: float) -> None:
    from tests.sources.dhis2.dhis2_server import Dhis2, running

    with running(Dhis2(_country(), remember=False, row_seconds=row_seconds)) as made:
        pipe.send(made.url)
        while pipe.recv() is not None:
            pipe.send(time.process_time())


def _country() -> Any:
    from tests.sources.dhis2.dhis2_country import Country

    return Country(
        regions=10, districts=5, areas=max(1, FACILITIES // 500), facilities=10, elements=40, months=MONTHS
    )


def _transport(url: str) -> Any:
    from kalanso.sources.dhis2 import Credentials, Transport
    from tests.sources.dhis2.dhis2_server import TOKEN

    return Transport(address=f"{url}/dhis", credentials=Credentials(token=TOKEN))


def _plain(url: str, folder: Path, *, unpack: bool = False) -> tuple[float, float, int]:
    """Ask the questions of a pull and write what comes to disk, as it is or unpacked."""
    from kalanso.sources.dhis2 import fetch_metadata, who_am_i
    from kalanso.sources.dhis2.chunks import plan, roots
    from kalanso.sources.dhis2.periods import periods_between
    from kalanso.vocabulary import PeriodType

    folder.mkdir()
    with _transport(url) as transport:
        metadata, identity = fetch_metadata(transport), who_am_i(transport)
        headers = {"Authorization": transport.credentials.header(), "Accept-Encoding": "gzip"}
    months = periods_between(PeriodType.MONTH, FIRST, LAST)
    pieces = plan(dict.fromkeys(metadata.data_sets, months), roots(identity, metadata))
    with httpx.Client(headers=headers, timeout=300) as client, ThreadPoolExecutor(2) as pool:

        def bring(number: int) -> int:
            written = 0
            address = f"{url}/dhis/api/dataValueSets.json"
            with (
                client.stream("GET", address, params=pieces[number].params()) as answer,
                (folder / str(number)).open("wb") as stream,
            ):
                for piece in answer.iter_bytes() if unpack else answer.iter_raw():
                    written += stream.write(piece)
            return written

        began, worked = time.perf_counter(), time.process_time()
        size = sum(pool.map(bring, range(len(pieces))))
        return time.perf_counter() - began, time.process_time() - worked, size


def _pull(url: str, folder: Path) -> tuple[tuple[float, float], tuple[float, float], int]:
    """Pull into an empty store; return seconds (clock, processor) of its download, of everything, and the values."""
    from kalanso.pipeline import pull_dhis2
    from kalanso.store import Store
    from tests.sources.dhis2.dhis2_plans import every_element

    store = Store.create(folder, country="ML", now=NOW)
    reached: dict[str, tuple[float, float]] = {}

    def note(step: str, _share: float) -> None:
        reached.setdefault(step, _clocks())

    with _transport(url) as transport:
        began = _clocks()
        told = pull_dhis2(
            store,
            transport,
            every_element(_country()),
            first=FIRST,
            last=LAST,
            new_places=True,
            progress=note,
            now=NOW,
        )
        ended = _clocks()
    download = _between(reached["pipeline.dhis2.values"], reached["pipeline.dhis2.reports"])
    return download, _between(began, ended), told.imported.receipt.stored


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _between(first: tuple[float, float], last: tuple[float, float]) -> tuple[float, float]:
    return last[0] - first[0], last[1] - first[1]
