"""Does a pull give the same table, whatever goes wrong in thousands of answers of a DHIS2 server?

A server that answers only small questions, so that every piece is halved again and again, and of whose
answers eight in a hundred go wrong, in one of twenty-two ways: expired tokens, conflicts, web pages of proxies,
addresses too long, too many requests, cut and spoilt answers, silence and trickles. What passes must be
asked again; what does not must end the pull with a sentence, and the next call must go on. The table must
be that of a server without faults. Scale: KALANSO_PROOF_TROUBLED (facilities).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import dhis2_pull as long_pull  # type: ignore[import-not-found]  # noqa: E402 - its neighbour in this folder

from kalanso.pipeline import pull_dhis2  # noqa: E402
from kalanso.sources.dhis2 import Credentials, DhisFault, Limits, Transport  # noqa: E402
from kalanso.sources.tables import IMPORTS  # noqa: E402
from kalanso.store import Store  # noqa: E402
from tests.sources.dhis2.dhis2_country import Country  # noqa: E402
from tests.sources.dhis2.dhis2_faults import CONFLICTS, ENDING, PASSING, SLOW, TOO_MUCH, Faults  # noqa: E402
from tests.sources.dhis2.dhis2_plans import every_element  # noqa: E402
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running  # noqa: E402

FACILITIES = int(os.environ.get("KALANSO_PROOF_TROUBLED", "1000"))
KINDS = PASSING + TOO_MUCH + SLOW + ENDING + CONFLICTS
RATE = 0.08
ROWS = 500  # of an answer at most; a facility has 40 a month
PAGE = 40
MONTHS = tuple(f"{year}{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13))
FIRST, LAST = date(2022, 1, 1), date(2024, 12, 31)
NOW = datetime(2025, 2, 4, 9, 0, tzinfo=UTC)
# Seconds of silence, and of a whole answer: the server's slowness lasts longer than both.
SILENCE, WHOLE = 0.5, 1.2


def country() -> Country:
    """Ten regions of five districts; facilities in areas of ten."""
    areas = max(1, FACILITIES // (10 * 5 * 10))
    return Country(regions=10, districts=5, areas=areas, facilities=10, elements=40, months=MONTHS)


def serve(pipe: Any, rate: float) -> None:
    """Run the server in this process and tell, where asked, what it played."""
    faults = Faults(rate=rate, seed=20250115, kinds=KINDS, slow_seconds=1.6)
    made = Dhis2(country(), faults=faults, remember=False, largest_set=ROWS, page_limit=PAGE)
    with running(made):
        pipe.send(made.url)
        while pipe.recv() is not None:
            pipe.send((faults.asked, dict(faults.played)))


def pulled(store: Store, made: Country, rate: float) -> tuple[int, Counter[str], Counter[str]]:
    """Pull, as often as a fault ends the pull; return requests, faults by kind, and ends by their sentence."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, rate), daemon=True)
    process.start()
    url, ends = ours.recv(), Counter[str]()
    try:
        while True:
            try:
                _once(store, made, url)
                break
            except DhisFault as fault:
                ends[fault.case] += 1
                print(f"\rended {ends.total()} times", end="", flush=True)
        ours.send("asked")
        asked, played = ours.recv()
    finally:
        ours.send(None)
        process.join(10)
    print()
    return asked, Counter(played), ends


def _once(store: Store, made: Country, url: str) -> None:
    limits = Limits(read=SILENCE, total=WHOLE, first_wait=0.01, longest_wait=5.0)
    with Transport(
        address=f"{url}/dhis", credentials=Credentials(token=TOKEN), limits=limits,
        sleep=lambda seconds: time.sleep(min(seconds, 0.02)),
    ) as transport:  # fmt: skip
        pull_dhis2(store, transport, every_element(made), first=FIRST, last=LAST, new_places=True, now=NOW)


def prove(folder: Path) -> str:
    """Pull from a good server and from a troubled one; return what was seen in one sentence."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = country()
    good = Store.create(folder / "good", country="ML", now=NOW)
    asked, none, ends = pulled(good, made, 0.0)
    assert not none, none
    assert not ends, ends
    print(f"without faults: {asked} requests", flush=True)
    troubled = Store.create(folder / "troubled", country="ML", now=NOW)
    began = time.monotonic()
    asked, faults, ends = pulled(troubled, made, RATE)
    seconds = time.monotonic() - began
    values = long_pull._judge(troubled, made)
    if long_pull.table(troubled) != long_pull.table(good):
        raise AssertionError("with faults the table is another")
    missed = set(KINDS) - set(faults)
    assert not missed, f"never played: {missed}"
    imports = troubled.read(IMPORTS).count().execute()
    assert imports == 1, f"{imports} receipts for one pull"
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(faults.items()))
    ended = ", ".join(f"{case} {count}" for case, count in sorted(ends.items()))
    return (
        f"{values:,} values in {asked:,} requests, of which {sum(faults.values())} went wrong in {len(faults)} ways "
        f"({said}): the table of a server without faults, every value once, one receipt; {ends.total()} times the pull "
        f"ended with a sentence ({ended}) and went on when called again ({seconds:.0f} s)"
    )
