"""What do tests in a real browser share: a served demo store and Chromium."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from kalanso import definitions, indicators, places, simulation
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.pipeline.tables import TABLES
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Provenance, Store
from kalanso.vocabulary import Level, PeriodType, Tree
from tests.functional.judged import PHONE
from tests.hub import made_up_beside, made_up_run, migrated
from tests.hub.conftest import findings

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# The programs that tests start know nothing of a hub of this machine.
ALONE = {
    **os.environ, **dict.fromkeys(("KALANSO_STORE", "KALANSO_CACHE", "KALANSO_DATA", "KALANSO_DATABASE"), ""),
    "KALANSO_CREDENTIAL_KEYS": json.dumps(["a2FsYW5zby1vZi10ZXN0cy1vbmx5LW5vdC1zZWNyZXQ="]),
    "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
}  # fmt: skip
SHOWN = tuple(level for level in Level if level is not Level.FACILITY)


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the example country before any hub served it; who serves it takes a copy."""
    return built(tmp_path_factory, "example")


@pytest.fixture(scope="session")
def demo_folder(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the hub that most tests share."""
    return Path(shutil.copytree(example, tmp_path_factory.mktemp("functional") / "store"))


def built(factory: pytest.TempPathFactory, name: str) -> Path:
    """Build the small example country, with the coverage that the pages show and a made-up run of the estimate."""
    folder = factory.mktemp(name) / "store"
    store = Store.create(folder, country="ML", demo=True, now=NOW)
    migrated.lay(migrated.database(factory.getbasetemp()), folder / "hub")
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
    places_ = country.places.to_pylist()
    made_up_run.publish(store, places_, parents, now=NOW)
    made_up_beside.publish(store, places_, now=NOW)
    store.publish(QUALITY_FINDINGS, findings(places_), provenance=provenance, now=NOW)
    return store.folder


@pytest.fixture(scope="session")
def ground(demo_folder: Path) -> dict[str, str]:
    """What people did in the hub before: the keys and secrets by which its pages are reached."""
    command = [sys.executable, "-m", "tests.functional.ground", str(demo_folder)]
    done = subprocess.run(command, env=ALONE, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="session")
def hub_address(demo_folder: Path, ground: dict[str, str]) -> Iterator[str]:
    """The address of a hub that serves the demo store, as a person starts it."""
    with served(demo_folder) as address:
        yield address


@contextmanager
def served(folder: Path, *, worker: bool = False) -> Iterator[str]:
    """Serve a store and lend the address of the hub."""
    pytest.importorskip("granian", reason="the extra `hub` is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Most pages are seen without a worker: what waits goes on waiting.
    told = ["--store", str(folder), "--port", str(port), *([] if worker else ["--no-worker"])]
    server = subprocess.Popen([sys.executable, "-m", "kalanso.hub", "serve", *told], env=ALONE)
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(3000):
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
    raise AssertionError("the hub did not answer within five minutes")


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


@pytest.fixture
def phone(chromium: Any, hub_address: str) -> Iterator[Callable[..., Any]]:
    """Make a telephone with nothing on it, on which somebody of the simulated country has entered."""
    from tests.functional.telephone import enter

    contexts = []

    def new(person: str = "ibrahim", **options: Any) -> Any:
        context = chromium.new_context(base_url=hub_address, viewport=PHONE, **options)
        contexts.append(context)
        enter(context, person)
        return context

    yield new
    for context in contexts:
        context.close()


class Tab:
    """One page of a browser that somebody uses for one address after another."""

    def __init__(self, context: Any, address: str) -> None:
        self.page, self.address = context.new_page(), address
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self.hosts.add(asked.url.split("/")[2]))

    def _said(self, said: Any) -> None:
        # the driver's own word, not the browser's: no worker answers between a page and the hub here
        blocked = said.text == "Service Worker registration blocked by Playwright"
        if said.type in {"error", "warning"} and not blocked:
            self.complaints.append(said.text)

    def open(self, path: str) -> Any:
        """Go to an address, and forget what the one before complained of."""
        self.complaints.clear()
        self.hosts.clear()
        return self.page.goto(self.address + path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)


@pytest.fixture(scope="module")
def tab(chromium: Any, hub_address: str, ground: dict[str, str]) -> Iterator[Callable[[str], Tab]]:
    """The tab of a person on a telephone, the same one each time: where what they did before does no harm."""
    tabs: dict[str, Tab] = {}

    def of(who: str) -> Tab:
        if who not in tabs:
            context = chromium.new_context(viewport=PHONE, service_workers="block")
            tabs[who] = Tab(context, hub_address)
            if f"session_{who}" in ground:
                cookie = {"name": "sessionid", "value": ground[f"session_{who}"], "url": hub_address}
                context.add_cookies([cookie])
            elif who != "nobody":
                tabs[who].open("/")
                tabs[who].click(f"form[action='/entrer-comme/{who}/'] button")
        return tabs[who]

    yield of
    for one in tabs.values():
        one.context.close()
