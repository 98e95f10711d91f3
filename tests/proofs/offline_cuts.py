"""Is a message of a telephone ever lost or doubled, wherever the network or the page is cut?

A real browser writes comments over a real server. At a random moment of saving or sending, the network
fails, the page is closed, the request does not arrive or its answer is lost; then the telephone comes
back and sends what it has. Every message that it said to have kept must stand in the database of the hub
exactly once, and every other at most once. The browser's memory and the database stay in the folder, so
that an interrupted proof goes on where it was.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from kalanso import simulation
from kalanso.pipeline.tables import TABLES
from kalanso.store import Provenance, Store

CUTS = int(os.environ.get("CUTS", "1000"))
CODE = "proof-of-cuts"
KINDS = (
    "closed while saving",
    "network off while sending",
    "closed while sending",
    "request lost",
    "answer lost",
)
SENDING = "**/hors-ligne/envoi/"
LONGEST = {
    "closed while saving": 0.15,
    "network off while sending": 0.35,
    "closed while sending": 0.35,
}  # seconds
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)
# Tells on the console that the page said "kept": what was said must hold.
WITNESS = """new MutationObserver(() => { const said = document.querySelector('.boite-reponse.caveat');
  if (said && said.textContent && !said.dataset.seen) { said.dataset.seen = '1'; console.log('KEPT HERE'); } })
  .observe(document, { subtree: true, childList: true, characterData: true })"""
LEFT = "kalanso.outbox.rowsOf(kalanso.writing.person).then(all => all.length)"


def prove(folder: Path) -> str:
    """Cut CUTS times at random moments; return what was seen in one sentence."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    store = _store(folder)
    done = _progress(folder)
    with _served(store) as address, sync_playwright() as hand:
        context = _telephone(hand, folder, address)
        places = _places(store)
        while len(done) < CUTS:
            chance = random.Random(20261129 + len(done))  # noqa: S311 - moments, not secrets
            done.append(
                _cut_once(context, store, chance, KINDS[len(done) % len(KINDS)], chance.choice(places))
            )
            (folder / "progress.json").write_text(json.dumps(done), encoding="utf-8")
            print(f"\r{len(done)}/{CUTS} cut", end="", flush=True)
        context.close()
    print()
    return _judged(done, store)


def _judged(done: list[dict[str, Any]], store: Path) -> str:
    """Count every message of the proof in the database, and say what was seen."""
    texts = [text for one in done for text in one["texts"]]
    kept = {text for one in done for text in one["said"]}
    counts = _counts(store, texts)
    if lost := [text for text in kept if counts[text] == 0]:
        raise AssertionError(f"lost: {lost[:5]}")
    if doubled := [text for text in texts if counts[text] > 1]:
        raise AssertionError(f"doubled: {doubled[:5]}")
    unknowing = sum(one["unknowing"] for one in done)
    waiting = sum(one["waiting"] > 0 for one in done)
    kinds = ", ".join(f"{number} {kind}" for kind, number in Counter(one["kind"] for one in done).items())
    return (
        f"{len(done)} cuts at random moments ({kinds}), {len(texts)} messages: none lost of {len(kept)} that the telephone "
        f"said to have kept, none doubled; after {waiting} cuts something still waited on the telephone, and of {unknowing} "
        f"messages the hub had them already without the telephone knowing"
    )


def _cut_once(context: Any, store: Path, chance: random.Random, kind: str, place: str) -> dict[str, Any]:
    texts = [f"preuve {uuid4()}" for _ in range(1 if kind == "closed while saving" else chance.randint(1, 3))]
    said: list[str] = []
    page = _opened(context, place)
    moment = chance.uniform(0, LONGEST.get(kind, 0))
    if kind == "closed while saving":
        said += _close_while_saving(context, page, texts[0], moment, offline=chance.random() < 0.5)
    else:
        context.set_offline(True)
        for text in texts:
            _write(page, text)
            page.wait_for_selector(".boite-reponse.caveat")
            page.evaluate("document.querySelector('.boite-reponse').remove()")
            said.append(text)
        _cut_while_sending(context, page, kind, moment)
    context.set_offline(False)
    waiting, unknowing = _come_back(context, store, place, texts)
    counts = _counts(store, texts)
    for text in texts:
        if counts[text] > 1 or (text in said and counts[text] != 1):
            raise AssertionError(f"{kind} after {moment:.3f} s: {text} stands {counts[text]} times")
    told = {
        "kind": kind,
        "moment": moment,
        "texts": texts,
        "said": said,
        "waiting": waiting,
        "unknowing": unknowing,
    }
    return {**told, "at": datetime.now(UTC).isoformat()}


def _close_while_saving(context: Any, page: Any, text: str, moment: float, *, offline: bool) -> list[str]:
    """Close the page a moment after a message was given; return the message if the page said that it is kept."""
    heard: list[str] = []
    page.on("console", lambda told: heard.append(text) if told.text == "KEPT HERE" else None)
    context.set_offline(offline)
    page.click("a[href='#ecrire']")
    page.fill("#ecrire textarea", text)
    page.evaluate("document.querySelector('#ecrire .does button').click()")
    page.wait_for_timeout(moment * 1000)
    _shut(page)
    return heard[:1]


def _shut(page: Any) -> None:
    """Close a page that may be on its way to another one: asking Playwright to close it may wait for ever."""
    with suppress(Exception):  # the answer may be lost with the page
        page.context.new_cdp_session(page).send("Page.close")


def _cut_while_sending(context: Any, page: Any, kind: str, moment: float) -> None:
    def lose(route: Any) -> None:
        if kind == "answer lost":
            route.fetch()
        route.abort("connectionreset")

    if kind in {"request lost", "answer lost"}:
        page.route(SENDING, lose)
        context.set_offline(False)
        with suppress(Exception):
            page.evaluate("kalanso.writing.send(false)")
        page.unroute_all(behavior="wait")
    else:
        context.set_offline(False)  # the page sends by itself
        page.wait_for_timeout(moment * 1000)
        if kind == "network off while sending":
            context.set_offline(True)
            page.wait_for_timeout(50)
    _shut(page)


def _come_back(context: Any, store: Path, place: str, texts: list[str]) -> tuple[int, int]:
    """Open the page again and send; return how many waited, and how many of them the hub had already."""
    there = sum(_counts(store, texts).values())
    page = _opened(context, place, hold=True)
    waiting = int(page.evaluate(LEFT))
    unknowing = max(0, waiting + there - len(texts))
    page.unroute_all()
    until = time.monotonic() + 60
    while page.evaluate(LEFT):
        if time.monotonic() > until:
            raise AssertionError(f"{page.evaluate(LEFT)} messages did not leave within a minute")
        with suppress(Exception):  # the page may be leaving for the comment that it sent
            page.evaluate("kalanso.writing.send(false)")
        page.wait_for_timeout(50)
    page.close()
    return waiting, unknowing


def _opened(context: Any, place: str, *, hold: bool = False) -> Any:
    page = context.new_page()
    if hold:  # count before anything leaves
        page.route(SENDING, lambda route: route.abort())
    page.goto(f"/discussion/place/{place}/")
    page.wait_for_function("Boolean(window.kalanso && kalanso.writing)")
    page.evaluate(
        """async code => { const {outbox, writing} = kalanso;
          if (!await outbox.exists(writing.person)) await outbox.begin(writing.person, code);
          else if (!await outbox.isOpen(writing.person)) await outbox.unlock(writing.person, code);
          await outbox.touch(writing.person) }""",
        CODE,
    )
    return page


def _write(page: Any, text: str) -> None:
    page.click("a[href='#ecrire']")
    page.fill("#ecrire textarea", text)
    page.evaluate("document.querySelector('#ecrire .does button').click()")


def _telephone(hand: Any, folder: Path, address: str) -> Any:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    context = hand.chromium.launch_persistent_context(
        folder / "telephone", executable_path=path, args=list(FLAGS), base_url=address,
        viewport={"width": 360, "height": 740},
    )  # fmt: skip
    context.add_init_script(WITNESS)
    page = context.new_page()
    page.goto("/")
    if page.locator("form[action='/entrer-comme/ibrahim/']").count():
        page.click("form[action='/entrer-comme/ibrahim/'] button")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()
    return context


def _store(folder: Path) -> Path:
    """Make the small example country, places only, in a folder of its own; it stays for the next time."""
    path = folder / "store"
    if not (path / "store.json").exists():
        now = datetime.now(UTC)
        store = Store.create(path, country="ML", demo=True, now=now)
        country = simulation.example_country(size="small")
        for spec in TABLES:
            rows = getattr(country, spec.name, None)
            if spec.name.startswith("place") and isinstance(rows, pa.Table):
                store.publish(spec, rows, provenance=Provenance(sources=("demo",)), now=now)
    return path


@contextmanager
def _served(store: Path) -> Iterator[str]:
    """Serve the store; the same port every time, since a telephone's memory belongs to an address."""
    port_file = store.parent / "port"
    if not port_file.exists():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port_file.write_text(str(free.getsockname()[1]))
    port = int(port_file.read_text())
    names = dict.fromkeys(("KALANSO_STORE", "KALANSO_CACHE", "KALANSO_DATA", "KALANSO_DATABASE"), "")
    command = [sys.executable, "-m", "kalanso.hub", "serve", "--store", str(store), "--port", str(port)]
    with (store.parent / "server.log").open("ab") as log:
        server = subprocess.Popen(command, env={**os.environ, **names}, stdout=log, stderr=log)
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise AssertionError("the hub ended before it answered; see server.log")
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the hub did not answer within a minute")


def _places(store: Path) -> list[str]:
    rows = _asked(store, "SELECT code FROM people_placemirror WHERE level = 'health_area' ORDER BY code")
    return [row[0] for row in rows]


def _counts(store: Path, texts: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for start in range(0, len(texts), 500):
        part = texts[start : start + 500]
        marks = ",".join("?" * len(part))
        question = f"SELECT text, count(*) FROM people_comment WHERE text IN ({marks}) GROUP BY text"
        found.update(dict(_asked(store, question, part)))
    return found


def _asked(store: Path, question: str, values: list[str] | None = None) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{store / 'hub' / 'hub.sqlite3'}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(question, values or []).fetchall()
    finally:
        connection.close()


def _progress(folder: Path) -> list[dict[str, Any]]:
    path = folder / "progress.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
