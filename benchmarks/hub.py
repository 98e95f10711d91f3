"""How fast are the hub's pages, beside a file that the same server sends as it is?

Ratios, not seconds: the file costs what server, network and client cost, and what a page costs beyond it is ours.
Each kind of page is asked for by eight readers at once, after a first time that is not counted.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
READERS, ASKED = 8, 400  # at once; for each kind of page
PAGES = ("/", "/lieux/", "place", "/ou/", "/preuves/qualite/", "/methode/")


def main() -> None:
    """Print pages per second and the 95th percentile of each kind of page, and their ratios to a plain file."""
    with tempfile.TemporaryDirectory() as folder, _pages(Path(folder)) as address:
        home = httpx.get(address, timeout=60).text
        style = re.search(r'href="(/static/[^"]+\.css)"', home)
        assert style is not None, "the home page names no style sheet"
        places = httpx.get(f"{address}/lieux/", timeout=60).text
        place = re.search(r'href="(/lieux/[^/"]+/)"', places)
        print(f"\nThe hub: {READERS} readers at once, {ASKED} of each")
        plain = _measure("a plain file", address + style[1])
        for path in PAGES:
            if path == "place":
                if place is None:
                    continue
                path = place[1]
            rate, late = _measure(path, address + path)
            print(f"{'':<44}{plain[0] / rate:>6.1f} x as long as the file, p95 {late / plain[1]:.1f} x")


def _measure(name: str, address: str) -> tuple[float, float]:
    """Ask for an address again and again; return pages per second and the 95th percentile in milliseconds."""
    with httpx.Client(timeout=60, limits=httpx.Limits(max_connections=READERS)) as browser:
        browser.get(address).raise_for_status()

        def ask(_number: int) -> float:
            begun = time.perf_counter()
            browser.get(address).raise_for_status()
            return time.perf_counter() - begun

        begun = time.perf_counter()
        with ThreadPoolExecutor(READERS) as readers:
            times = sorted(readers.map(ask, range(ASKED)))
        seconds = time.perf_counter() - begun
    rate, late = ASKED / seconds, 1000 * times[int(0.95 * len(times))]
    print(f"  {name:<42}{rate:>9.0f} pages/s{late:>9.1f} ms p95", flush=True)
    return rate, late


@contextmanager
def _pages(folder: Path) -> Iterator[str]:
    """Lend the address of a hub over a small simulated country."""
    store, given = folder / "store", os.environ.get("BENCH_STORE")
    if given:
        shutil.copytree(given, store, ignore=shutil.ignore_patterns("hub", "cache", "tmp"))
    else:
        made = [sys.executable, "-m", "kalanso.cli", "demo", "--size", "small", "--no-serve", "--no-estimate"]
        subprocess.run([*made, "--store", str(store)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "kalanso.hub",
        "serve",
        "--store",
        str(store),
        "--port",
        str(port),
        "--no-worker",
    ]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{address}/healthz", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
