"""What do tests in a real browser share: a served demo store and Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kalanso import definitions, indicators, places, simulation
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.pipeline.tables import TABLES
from kalanso.store import Provenance, Store
from kalanso.vocabulary import Level, PeriodType, Tree
from tests.hub import made_up_run

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SHOWN = tuple(level for level in Level if level is not Level.FACILITY)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small example country, with the coverage that the pages show and a made-up run of the estimate."""
    store = Store.create(tmp_path_factory.mktemp("functional") / "store", country="ML", demo=True, now=NOW)
    country = simulation.example_country(size="small")
    provenance = Provenance(sources=("demo",))
    for spec in TABLES:
        rows = getattr(country, spec.name, None)
        if isinstance(rows, pa.Table):
            store.publish(spec, rows, provenance=provenance, now=NOW)
    lineage = places.lineage(
        country.place_parents.to_pandas(), country.places.to_pandas(), tree=Tree.HEALTH, on=NOW.date()
    )
    lines = store.engine.rows(pa.Table.from_pandas(lineage, preserve_index=False))
    pack = definitions.load("ML")
    for kind, rolling in ((PeriodType.QUARTER, False), (PeriodType.QUARTER, True), (PeriodType.MONTH, False)):
        question = indicators.IndicatorQuestion(
            indicators=("dtp1_coverage", "dtp3_coverage"),
            period_type=kind,
            rolling=rolling,
            today=NOW.date(),
            levels=SHOWN,
        )
        answer = indicators.evaluate(store.read(OBSERVATIONS), lines, pack, question)
        store.publish(INDICATOR_VALUES, answer, provenance=provenance, now=NOW)
    parents = {row["place_code"]: row["parent_code"] for row in country.place_parents.to_pylist()}
    made_up_run.publish(store, country.places.to_pylist(), parents, now=NOW)
    return store.folder


@pytest.fixture(scope="session")
def hub_address(demo_folder: Path) -> Iterator[str]:
    """The address of a hub that serves the demo store, as a person starts it."""
    pytest.importorskip("granian", reason="the extra `hub` is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "kalanso.hub", "serve", "--store", str(demo_folder), "--port", str(port)]
    server = subprocess.Popen(
        command, env={**os.environ, **dict.fromkeys(("KALANSO_STORE", "KALANSO_CACHE", "KALANSO_DATA"), "")}
    )
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        assert server.poll() is None, "the hub ended before it answered"
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the hub did not answer within a minute")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs Chromium (on Debian: apt install chromium)")
    with playwright.sync_playwright() as hand:
        browser = hand.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def entered(chromium: Any, hub_address: str) -> Any:
    """What a browser keeps once somebody of the national centre has entered the simulated country."""
    context = chromium.new_context(base_url=hub_address)
    page = context.new_page()
    page.goto("/")
    page.click("form[action='/entrer-comme/ibrahim/'] button")
    assert page.locator(".me").inner_text() == "Ibrahim Keïta"
    kept = context.storage_state()
    context.close()
    return kept
