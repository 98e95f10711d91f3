"""Do web and worker, killed at random under load, lose nothing that they acknowledged and do nothing twice?

People send comments, each with a job that must leave three marks; two workers do the jobs. Meanwhile the pages
and the workers are killed with SIGKILL, one after the other, at random moments, and started again. In the end
every acknowledged comment must be there once, its job done, with each of its marks once; what was sent
without being acknowledged must be there wholly (comment and job) or not at all.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import hub_ground  # type: ignore[import-not-found]  # its neighbours in this folder
import psutil

SECONDS = float(os.environ.get("KALANSO_PROOF_SECONDS", "300"))
PEOPLE, WORKERS = 8, 2
AUDIT = """
import json
from collections import Counter
from kalanso.hub.people.models import Comment
from kalanso.hub.jobs.models import Job
marks = Counter(Comment.objects.filter(object_type="proof-mark").values_list("object_id", "text"))
print(json.dumps({
    "comments": [str(k) for k in Comment.objects.filter(object_type="proof").values_list("key", flat=True)],
    "jobs": {job.arguments["key"]: [job.state, job.attempts] for job in Job.objects.filter(kind="proof.count")},
    "marks": [[*pair, number] for pair, number in marks.items()],
}))
"""


def prove(folder: Path) -> str:
    """Kill web and workers under load on each database; return what was seen in one sentence."""
    seen = []
    for kind in hub_ground.databases():
        with hub_ground.house(folder, kind) as here:
            seen.append(f"{kind}: {_prove_on(here)}")
    return "; ".join(seen)


def _prove_on(here: Any) -> str:
    web = here.pages()
    links = here.links(PEOPLE)
    nursery = here.nursery()
    over, sent, told = threading.Event(), [], []
    people = [threading.Thread(target=_send, args=(here, link, over, sent, told)) for link in links]
    for one in people:
        one.start()
    kills = Counter[str]()
    until = time.monotonic() + SECONDS
    hunters = [
        threading.Thread(target=_hunt_pages, args=(here, web, until, kills)),
        threading.Thread(target=_hunt, args=(nursery, until, kills)),
    ]
    for one in hunters:
        one.start()
    for one in hunters:
        one.join()
    over.set()
    for one in people:
        one.join()
    held = _settled(here)
    return (
        f"{_judge(held, sent, told)}; the pages killed {kills['web']} times, workers {kills['worker']} times"
    )


def _hunt(nursery: Any, until: float, kills: Counter[str]) -> None:
    """Kill workers at random moments, and start others; the last ones live on."""
    chance = random.Random(5)  # noqa: S311 - moments, not secrets
    workers = [_born(nursery) for _ in range(WORKERS)]
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.3, 3.0))
        which = chance.randrange(WORKERS)
        os.kill(workers[which], signal.SIGKILL)
        kills["worker"] += 1
        workers[which] = _born(nursery)


def _born(nursery: Any) -> int:
    nursery.stdin.write(b"\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def _hunt_pages(here: Any, web: Any, until: float, kills: Counter[str]) -> None:
    """Kill the process that serves pages at random moments, every fourth time with its guardian."""
    chance = random.Random(4)  # noqa: S311 - moments, not secrets
    while time.monotonic() < until:
        time.sleep(chance.uniform(1.0, 12.0))
        kills["web"] += 1
        if kills["web"] % 4:
            for child in psutil.Process(web.pid).children():
                child.kill()
        else:
            hub_ground.kill(web)
            web = here.pages()


def _send(here: Any, link: str, over: threading.Event, sent: list[str], told: list[str]) -> None:
    """Send comments until told to stop; note what was sent and what was acknowledged."""
    address = f"http://127.0.0.1:{here.port}/preuve/"
    with httpx.Client(timeout=20) as browser:
        entered = False
        while not over.is_set():
            try:
                if not entered:
                    browser.get(link)
                    entered = browser.get(address).text == "ready"
                    continue
                key = str(uuid.uuid4())
                sent.append(key)
                answer = browser.post(
                    address, data={"key": key, "job": "1"},
                    headers={"X-CSRFToken": browser.cookies["csrftoken"]},
                )  # fmt: skip
                if answer.text == "acknowledged":
                    told.append(key)
            except httpx.HTTPError:
                time.sleep(1)
            time.sleep(0.05)


def _settled(here: Any) -> dict[str, Any]:
    """Wait until no job waits or runs, and return what the database holds."""
    for _ in range(600):
        held: dict[str, Any] = json.loads(here.ask(AUDIT))
        if all(state not in {"waiting", "running"} for state, _attempts in held["jobs"].values()):
            return held
        time.sleep(2)
    raise AssertionError("jobs still wait after twenty minutes")


def _judge(held: dict[str, Any], sent: list[str], told: list[str]) -> str:
    comments, jobs = held["comments"], held["jobs"]
    if lost := set(told) - set(comments):
        raise AssertionError(f"{len(lost)} acknowledged comments are lost: {sorted(lost)[:3]}")
    if made_up := set(comments) - set(sent) or len(comments) != len(set(comments)):
        raise AssertionError(f"comments that nobody sent, or twice: {made_up}")
    if half := set(comments) ^ set(jobs):
        raise AssertionError(f"{len(half)} comments without their job, or the reverse")
    if undone := [key for key, (state, _attempts) in jobs.items() if state != "done"]:
        raise AssertionError(f"{len(undone)} jobs did not end well: {[(k, jobs[k]) for k in undone[:3]]}")
    marks = {(key, mark): number for key, mark, number in held["marks"]}
    wanted = {(key, mark) for key in jobs for mark in ("first", "second", "third")}
    if set(marks) != wanted or set(marks.values()) - {1}:
        raise AssertionError(
            f"{len(wanted - set(marks))} marks lack, {[m for m in marks.items() if m[1] > 1][:3]} twice"
        )
    again = sum(attempts > 1 for _state, attempts in jobs.values())
    return (
        f"{len(told)} acknowledged comments and their jobs all there and done once ({len(sent) - len(told)} more were "
        f"sent while the server was being killed, {len(comments) - len(told)} of them arrived whole; {again} jobs went on after a kill)"
    )
