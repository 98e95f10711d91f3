"""Do 200 people, on the grid of 3,476 lines and reporting at once, get every page quickly, and is no update lost?

As in `hub_load`: the pages run in granian as `serve` starts them, on PostgreSQL where there is one; people log in once
and think a few seconds between two pages. Teams write drafts of the same few reports over one another on purpose: a
write that was acknowledged must have raised the version of its report by one, and stand in the trail; a write that came
second is told so, and is no error.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import hub_ground  # type: ignore[import-not-found]  # its neighbours in this folder
from hub_browser import Answer, Browser  # type: ignore[import-not-found]
from hub_load import ASKED, PEOPLE, SECONDS, THINKING, percentile, summary  # type: ignore[import-not-found]

PAGES = (
    ("grid", "/agir/portefeuille/", 4), ("filtered", "/agir/portefeuille/?approche=extended_hours", 2),
    ("district", "/agir/portefeuille/district/{place}/", 4), ("who reported", "/agir/portefeuille/rapports/", 2),
    ("intervention", "/agir/portefeuille/intervention/INT-{number:03d}/", 2), ("who does what", "/agir/portefeuille/qui/", 1),
    ("obstacles", "/agir/obstacles/", 2), ("actions", "/agir/actions/", 2), ("my page", "/moi/", 2), ("report", "", 6),
)  # fmt: skip
VERSION = re.compile(r'name="version" value="(\d+)"')


def prove(folder: Path) -> str:
    """Let people loose on the portfolio; return what was seen in one sentence."""
    kind = hub_ground.databases()[-1]
    with hub_ground.house(folder, kind) as here:
        lines = int(here.ask("import portfolio_people\nportfolio_people.plan()"))
        here.pages()
        here.start("work")
        told = here.ask(f"import portfolio_people\nportfolio_people.make({PEOPLE})").splitlines()
        here.prepared()
        people = [
            {"link": f"/entrer/{secret}/", "place": place, "cells": cells}
            for secret, place, *cells in map(str.split, told)
        ]
        task = {"port": here.port, "people": people, "seconds": SECONDS, "period": _quarter()}
        (here.folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        out = subprocess.run(
            [sys.executable, __file__, str(here.folder / "task.json")], check=True, capture_output=True, text=True
        ).stdout  # fmt: skip
        seen: dict[str, Any] = json.loads(out)
        held = here.ask("import portfolio_people\nportfolio_people.written()").splitlines()
    (folder / "last.json").write_text(json.dumps(seen, indent=1), encoding="utf-8")
    lost = _lost(seen["acknowledged"], held)
    if lost or seen["errors"]:
        raise AssertionError(f"updates lost: {lost[:5]}, errors: {seen['errors'][:5]}")
    slow = ", ".join(f"{name} {line['p95']:.0f}" for name, line in seen["pages"].items())
    return (
        f"{PEOPLE} people for {SECONDS / 60:.0f} min on {kind}, {os.cpu_count()} cores, {lines} lines: {seen['answers']} answers "
        f"({seen['answers'] / SECONDS:.0f}/s), no error, {len(seen['acknowledged'])} reports written, {seen['second']} told that somebody "
        f"was before them, no update lost; p95 {seen['p95']:.0f} ms (asked: {ASKED}), in the second half {seen['later']:.0f}; the crowd took "
        f"{seen['asking']:.0%} of one core; by page: {slow}"
    )


def _quarter() -> str:
    """Return the quarter that ended."""
    now = time.gmtime()
    year, quarter = (now.tm_year - 1, 4) if now.tm_mon < 4 else (now.tm_year, (now.tm_mon - 1) // 3)
    return f"{year}Q{quarter}"


def _lost(acknowledged: list[list[str]], held: list[str]) -> list[str]:
    """Return the cells whose report was not written as often as was acknowledged, or keeps words that came earlier."""
    times = Counter(cell for cell, _words in acknowledged)
    last = dict(acknowledged)
    wrong = []
    for line in held:
        cell, version, said, words = line.split(" ", 3)
        count = times.pop(cell, 0)
        if not count == int(version) == int(said) or words not in {
            told for one, told in acknowledged if one == cell
        }:
            wrong.append(f"{line}: {count} acknowledged, last {last.get(cell)}")
    return wrong + [f"{cell}: nothing held" for cell in times]


async def _people(task: dict[str, Any]) -> dict[str, Any]:
    times: dict[str, list[float]] = defaultdict(list)
    seen: dict[str, Any] = {"errors": [], "acknowledged": [], "later": [], "second": 0}
    seen["half"] = time.monotonic() + task["seconds"] / 2
    gate = asyncio.Semaphore(4)
    await asyncio.gather(
        *(_person(task, one, number, times, seen, gate) for number, one in enumerate(task["people"]))
    )
    every = [one for all_ in times.values() for one in all_]
    p95 = {"p95": percentile(every, 0.95), "later": percentile(seen["later"], 0.95)}
    asking = time.process_time() / task["seconds"]  # processors that the crowd itself took
    return {**seen, **p95, "answers": len(every), "asking": asking, "pages": summary(times)}


async def _person(
    task: dict[str, Any], one: dict[str, Any], number: int, times: dict[str, list[float]], seen: dict[str, Any],
    gate: asyncio.Semaphore,
) -> None:  # fmt: skip
    chance = random.Random(number)  # noqa: S311 - a crowd, not a secret
    names = [(name, path) for name, path, weight in PAGES for _ in range(weight) if path or one["cells"]]
    browser = Browser(task["port"])
    async with gate:
        await browser.ask("GET", one["link"])
        entered = await browser.ask("GET", "/preuve/")
        if entered.text != "ready":
            seen["errors"].append(f"not let in: {entered.status}")
            return
    await asyncio.sleep(chance.uniform(0, THINKING[1]))
    until = time.monotonic() + task["seconds"]
    while time.monotonic() < until:
        name, path = chance.choice(names)
        if path:
            asked = path.format(place=one["place"], number=chance.randint(1, 79))
            await _timed(browser, "GET", asked, name, times, seen)
        else:
            await _report(browser, chance.choice(one["cells"]), task["period"], times, seen)
        await asyncio.sleep(chance.uniform(*THINKING))
    browser.close()


async def _report(
    browser: Browser, cell: str, period: str, times: dict[str, list[float]], seen: dict[str, Any]
) -> None:
    """Open the form, think, and write a draft over what was read."""
    path, words = f"/agir/portefeuille/ligne/{cell}/rapport/{period}/", str(uuid.uuid4())
    form = await _timed(browser, "GET", path, "form", times, seen)
    if form is None:
        return
    await asyncio.sleep(random.uniform(0, 2))  # noqa: S311
    found = VERSION.search(form.text)
    said = {
        "csrfmiddlewaretoken": browser.cookies["csrftoken"], "version": found.group(1) if found else "0", "quantity": "3",
        "narrative": words, "send": "0",
    }  # fmt: skip
    answer = await _timed(browser, "POST", path, "report", times, seen, said)
    if answer is None:
        return
    if answer.status == 302:
        seen["acknowledged"].append((cell, words))
    else:
        seen["second"] += 1


async def _timed(
    browser: Browser, method: str, path: str, name: str, times: dict[str, list[float]], seen: dict[str, Any],
    said: dict[str, str] | None = None,
) -> Answer | None:  # fmt: skip
    """Ask for a page, and note how long it took and what was wrong with it."""
    begun, answer = time.perf_counter(), None
    try:
        answer = await browser.ask(method, path, said)
        fine = {200} if said is None else {302, 422}
        if answer.status not in fine:
            seen["errors"].append(f"{name} {path}: {answer.status}")
            answer = None
    except (OSError, TimeoutError) as error:
        seen["errors"].append(f"{name} {path}: {type(error).__name__}")
    took = 1000 * (time.perf_counter() - begun)
    times[name].append(took)
    if time.monotonic() > seen["half"]:
        seen["later"].append(took)
    return answer


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_people(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))))
