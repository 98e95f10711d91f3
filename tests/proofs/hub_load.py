"""Do 200 people, reading pages and writing comments at once, get every page quickly, and is none of their words lost?

The pages run in granian as `serve` starts them, on PostgreSQL where there is one; the people live in a process
of their own, log in once, and think a few seconds between two pages. What is measured is the time from asking
to the last byte, without network. The hub has answered its first pages (`healthz`), and nobody asked anything else before, so that the first half
holds the first question of each of 200 readers, the second those of a usual day.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import hub_ground  # type: ignore[import-not-found]  # its neighbours in this folder

PEOPLE = int(os.environ.get("KALANSO_PROOF_PEOPLE", "200"))
SECONDS = float(os.environ.get("KALANSO_PROOF_SECONDS", "600"))
THINKING = (3.0, 9.0)  # seconds between two pages
ASKED = 300  # milliseconds
PAGES = (
    ("home", "/", 3), ("my page", "/moi/", 2), ("missed", "/ou/", 3), ("places", "/lieux/", 2),
    ("place", "place", 6), ("tables", "/preuves/tables/", 1), ("evidence", "/preuves/", 1), ("quality", "/preuves/qualite/", 1),
    ("jobs", "/travaux/", 1), ("glossary", "/glossaire/", 1), ("comment", "comment", 4),
)  # fmt: skip


def prove(folder: Path) -> str:
    """Let people loose on the hub; return what was seen in one sentence."""
    kind = hub_ground.databases()[-1]
    with hub_ground.house(folder, kind) as here:
        here.pages()
        here.start("work")
        links = here.links(PEOPLE)
        here.prepared()
        places = here.ask(
            "from kalanso.hub.people.models import PlaceMirror as P\n"
            "print(*P.objects.filter(level__in=('region','district')).values_list('code', flat=True))"
        ).split()
        task = {"port": here.port, "links": links, "places": places, "seconds": SECONDS}
        (here.folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        import subprocess

        told = subprocess.run(
            [sys.executable, __file__, str(here.folder / "task.json")],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        seen: dict[str, Any] = json.loads(told)
        held = set(
            here.ask(
                "from kalanso.hub.people.models import Comment as C\n"
                "print(*C.objects.filter(object_type='proof').values_list('key', flat=True))"
            ).split()
        )
    (folder / "last.json").write_text(json.dumps(seen, indent=1), encoding="utf-8")
    lost = set(seen["acknowledged"]) - held
    if lost or seen["errors"]:
        raise AssertionError(f"{len(lost)} comments lost, errors: {seen['errors'][:5]}")
    slow = ", ".join(f"{name} {line['p95']:.0f}" for name, line in seen["pages"].items())
    return (
        f"{PEOPLE} people for {SECONDS / 60:.0f} min on {kind}, {os.cpu_count()} cores: {seen['answers']} pages "
        f"({seen['answers'] / SECONDS:.0f}/s), no error, {len(seen['acknowledged'])} comments, none lost; p95 "
        f"{seen['p95']:.0f} ms (asked: {ASKED}), in the second half {seen['later']:.0f}; by page: {slow}"
    )


def summary(times: dict[str, list[float]]) -> dict[str, Any]:
    """Return number, median and 95th percentile (milliseconds) of each kind of page."""
    return {
        name: {"n": len(all_), "median": statistics.median(all_), "p95": percentile(all_, 0.95)}
        for name, all_ in sorted(times.items())
    }


def percentile(times: list[float], share: float) -> float:
    """Return the time that a share of all times does not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


async def _people(task: dict[str, Any]) -> dict[str, Any]:
    times: dict[str, list[float]] = defaultdict(list)
    seen: dict[str, Any] = {"errors": [], "acknowledged": [], "later": []}
    seen["half"] = time.monotonic() + task["seconds"] / 2
    gate = asyncio.Semaphore(4)
    crowd = [_person(task, link, number, times, seen, gate) for number, link in enumerate(task["links"])]
    await asyncio.gather(*crowd)
    every = [one for all_ in times.values() for one in all_]
    p95 = {"p95": percentile(every, 0.95), "later": percentile(seen["later"], 0.95)}
    return {**seen, **p95, "answers": len(every), "pages": summary(times)}


async def _person(
    task: dict[str, Any], link: str, number: int, times: dict[str, list[float]], seen: dict[str, Any],
    gate: asyncio.Semaphore,
) -> None:  # fmt: skip
    chance = random.Random(number)  # noqa: S311 - a crowd, not a secret
    base = f"http://127.0.0.1:{task['port']}"
    async with httpx.AsyncClient(timeout=60, headers={"Accept-Encoding": "gzip"}) as browser:
        async with gate:
            await browser.get(link)
            entered = await browser.get(f"{base}/preuve/")
            if entered.text != "ready":
                seen["errors"].append(f"not let in: {entered.status_code}")
                return
        await asyncio.sleep(chance.uniform(0, THINKING[1]))
        until = time.monotonic() + task["seconds"]
        names = [name for name, _path, weight in PAGES for _ in range(weight)]
        paths = {name: path for name, path, _weight in PAGES}
        while time.monotonic() < until:
            name = chance.choice(names)
            await _ask(browser, base, name, paths[name], chance.choice(task["places"]), times, seen)
            await asyncio.sleep(chance.uniform(*THINKING))


async def _ask(
    browser: httpx.AsyncClient, base: str, name: str, path: str, place: str, times: dict[str, list[float]],
    seen: dict[str, Any],
) -> None:  # fmt: skip
    begun = time.perf_counter()
    try:
        if name == "comment":
            key = str(uuid.uuid4())
            token = {"X-CSRFToken": browser.cookies["csrftoken"]}
            answer = await browser.post(f"{base}/preuve/", data={"key": key}, headers=token)
            if answer.text == "acknowledged":
                seen["acknowledged"].append(key)
        else:
            answer = await browser.get(base + (f"/lieux/{place}/" if name == "place" else path))
        if answer.status_code != 200:
            seen["errors"].append(f"{name} {answer.request.url.path}: {answer.status_code}")
    except httpx.HTTPError as error:
        seen["errors"].append(f"{name}: {type(error).__name__}")
    took = 1000 * (time.perf_counter() - begun)
    times[name].append(took)
    if time.monotonic() > seen["half"]:
        seen["later"].append(took)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_people(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))))
