"""Does a long pull from a DHIS2 server lose nothing, whatever goes wrong and however often it is stopped?

Three years of forty elements from three thousand facilities, from the server of the tests in a process of
its own. Two requests of a hundred fail in one of twelve ways. One pull runs to its end; another is stopped
at fifty random moments and resumed each time; both must give the same table, with every value once. Then
values are edited, added and deleted, and the next pull must ask for these alone. Scale:
KALANSO_PROOF_FACILITIES, KALANSO_PROOF_STOPS.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import random
import shutil
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from kalanso.indicators.tables import OBSERVATIONS  # noqa: E402
from kalanso.pipeline import Cancelled, pull_dhis2  # noqa: E402
from kalanso.pipeline.pull_dhis2 import SHARES  # noqa: E402
from kalanso.places.tables import PLACE_CODES  # noqa: E402
from kalanso.sources.dhis2 import Credentials, Limits, Transport  # noqa: E402
from kalanso.sources.tables import IMPORTS  # noqa: E402
from kalanso.store import Store  # noqa: E402
from tests.sources.dhis2.dhis2_country import Country  # noqa: E402
from tests.sources.dhis2.dhis2_faults import Faults  # noqa: E402
from tests.sources.dhis2.dhis2_plans import every_element  # noqa: E402
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running  # noqa: E402

FACILITIES = int(os.environ.get("KALANSO_PROOF_FACILITIES", "3000"))
STOPS = int(os.environ.get("KALANSO_PROOF_STOPS", "50"))
ELEMENTS = 40
RATE = 0.02
MONTHS = tuple(f"{year}{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13))
FIRST, LAST = date(2022, 1, 1), date(2024, 12, 31)
NOW = datetime(2025, 2, 4, 9, 0, tzinfo=UTC)


def country() -> Country:
    """Ten regions of five districts; facilities in areas of ten."""
    areas = max(1, FACILITIES // (10 * 5 * 10))
    return Country(regions=10, districts=5, areas=areas, facilities=10, elements=ELEMENTS, months=MONTHS)


def serve(pipe: Any, rate: float) -> None:
    """Run the server in this process; do what the pipe asks of the country."""
    made = Dhis2(country(), faults=Faults(rate=rate, seed=20250115), remember=False)
    with running(made):
        pipe.send(made.url)
        while (asked := pipe.recv()) is not None:
            if asked[0] == "edit":
                made.country.edit(*asked[1:])
            elif asked[0] == "time":
                made.country.pass_time(days=asked[1])
            elif asked[0] == "rate":
                made.faults.rate = asked[1]
            pipe.send((made.faults.asked, dict(made.faults.played)))


class Server:
    """The server in its process."""

    def __init__(self, rate: float = RATE) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, rate), daemon=True)
        self.process.start()
        self.url = self.pipe.recv()

    def tell(self, *words: Any) -> tuple[int, dict[str, int]]:
        """Have the country changed; return requests so far and faults by kind."""
        self.pipe.send(words)
        return self.pipe.recv()  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the server."""
        self.pipe.send(None)
        self.process.join(10)


def pull(
    store: Store,
    server: Server,
    made: Country,
    *,
    cancel: Any = lambda: False,
    progress: Any = lambda _step, _share: None,
) -> Any:
    """Pull with short pauses, as a person would with `kalanso dhis2 pull`."""
    limits = Limits(read=60.0, total=300.0, attempts=12, first_wait=0.01, longest_wait=5.0)
    with Transport(
        address=f"{server.url}/dhis", credentials=Credentials(token=TOKEN), limits=limits,
        sleep=lambda seconds: time.sleep(min(seconds, 0.02)),
    ) as transport:  # fmt: skip
        return pull_dhis2(
            store,
            transport,
            every_element(made),
            first=FIRST,
            last=LAST,
            new_places=True,
            cancel=cancel,
            progress=progress,
            now=NOW,
        )


def prove(folder: Path) -> str:
    """Pull whole, pull in pieces, pull changes; return what was seen in one sentence."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = country()
    server = Server()
    try:
        whole = Store.create(folder / "whole", country="ML", now=NOW)
        began = time.monotonic()
        told = pull(whole, server, made)
        seconds = time.monotonic() - began
        asked, faults = server.tell("nothing")
        values = _judge(whole, made)
        print(
            f"whole: {values} values, {asked} requests, {sum(faults.values())} faults, {seconds:.0f} s",
            flush=True,
        )
        cut = Store.create(folder / "cut", country="ML", now=NOW)
        stops = _in_pieces(cut, server, made, asked)
        if table(cut) != table(whole):
            raise AssertionError(f"after {stops} stops the table is another")
        changes = _changes(whole, server, made)
        asked, faults = server.tell("nothing")
    finally:
        server.close()
    assert told.imported.receipt.stored == values
    return (
        f"{values:,} values of {FACILITIES:,} facilities, {ELEMENTS} elements and 36 months in {seconds:.0f} s with "
        f"{RATE:.0%} faults, every value once; stopped {stops} times at random and resumed, the same table; {changes}; "
        f"in all {asked:,} requests, {sum(faults.values())} faults of {len(faults)} kinds"
    )


def _in_pieces(store: Store, server: Server, made: Country, requests: int) -> int:
    """Stop at random moments until STOPS are done, then let the pull end; return how many there were."""
    chance = random.Random(20250115)  # noqa: S311 - moments, not secrets
    stops = 0
    # The last stops come while everything is laid out and stored, one step after the other.
    late = [
        f"pipeline.{step}"
        for step in ("dhis2.reports", "dhis2.laying", "import.placing", "import.places", "import.rows")
    ]
    late = late[: STOPS // 2]
    # Moments of the download, in their order: each pull goes on from where the one before was stopped.
    for moment in sorted(chance.uniform(0.0, 0.98) for _ in range(STOPS - len(late))):
        far: list[float] = [0.0]
        pause = chance.randint(0, 3)  # and some looks later, in the middle of pieces

        def stop() -> bool:
            nonlocal pause
            pause -= far[0] >= moment  # noqa: B023 - used at once
            return pause < 0

        _stopped(store, server, made, stop, requests, far=far)
        stops += 1
        print(f"\rstopped {stops}/{STOPS}", end="", flush=True)
    for step in late:
        reached: list[str] = []
        _stopped(store, server, made, lambda: step in reached, requests, reached=reached)  # noqa: B023 - used at once
        stops += 1
        print(f"\rstopped {stops}/{STOPS}", end="", flush=True)
    print()
    pull(store, server, made)
    _judge(store, made)
    imports = store.read(IMPORTS).count().execute()
    assert imports == 1, f"{imports} receipts for one pull"
    return stops


def _stopped(
    store: Store, server: Server, made: Country, stop: Any, requests: int, *, reached: list[str] | None = None,
    far: list[float] | None = None,
) -> None:  # fmt: skip
    """Pull until `stop` says so, told of steps `reached` and how `far` the download is; raise where the pull ended before."""

    def progress(step: str, share: float) -> None:
        if reached is not None:
            reached.append(step)
        if far is not None and step == "pipeline.dhis2.values":
            far[0] = (share - SHARES["values"]) / (SHARES["reports"] - SHARES["values"])

    try:
        pull(store, server, made, cancel=stop, progress=progress)
    except Cancelled:
        return
    raise AssertionError(f"the pull ended before it was stopped ({requests} requests when left alone)")


def _changes(store: Store, server: Server, made: Country) -> str:
    chance = random.Random(7)  # noqa: S311
    units = [unit["id"] for unit in made.at_level(5)]
    elements = [element["id"] for element in made.data_elements]
    server.tell("time", 3)
    made.pass_time(days=3)
    wanted: dict[tuple[str, str, str], str | None] = {}
    while len(wanted) < 500:
        key = (chance.choice(elements), chance.choice(MONTHS), chance.choice(units))
        wanted[key] = None if len(wanted) % 5 == 0 else str(1000 + len(wanted))
    for (element, period, unit), value in wanted.items():
        server.tell("edit", element, period, unit, value)
        made.edit(element, period, unit, value)
    before, _ = server.tell("nothing")
    began = time.monotonic()
    told = pull(store, server, made)
    seconds = time.monotonic() - began
    after, _ = server.tell("nothing")
    assert told.request.mode == "increment", told.request
    assert told.laid.received == len(wanted), (told.laid, len(wanted))
    _judge(store, made)
    gone = sum(value is None for value in wanted.values())
    return f"the next pull asked for {told.laid.received} changes alone, {gone} deletions included ({after - before} requests, {seconds:.0f} s)"


def _judge(store: Store, made: Country) -> int:
    """Raise unless the store holds exactly what the rule and the changes say; return how many values."""
    problems = store.verify()
    assert not problems, problems
    names = {f"made_up_{n}": e["id"] for n, e in enumerate(made.data_elements)}
    seen = 0
    for month in made.months:
        held = _held(store, month)
        assert len({row[:3] for row in held}) == len(held), f"{month}: a value is there twice"
        for unit, period, indicator, value in held:
            wanted = _wanted(made, names[indicator], period, unit)
            if wanted is None or float(wanted) != value:
                raise AssertionError(
                    f"{unit} {period} {indicator}: {value} stands there, {wanted} is on the server"
                )
        seen += len(held)
    if seen != _count(made):
        raise AssertionError(f"{_count(made) - seen} values are missing")
    return seen


def _wanted(made: Country, element: str, period: str, unit: str) -> Any:
    change = made.changed.get((element, period, unit, made.options[0]))
    return made.base(element, period, unit) if change is None else change.value


def _count(made: Country) -> int:
    triples = itertools.product(made.order, made.months, made.facility_order)
    return sum(_wanted(made, element, period, unit) is not None for element, period, unit in triples)


def _held(store: Store, period: str) -> list[tuple[str, str, str, float]]:
    observed, codes = _parts(store, OBSERVATIONS.name), _parts(store, PLACE_CODES.name)
    return duckdb.sql(
        f"SELECT c.code, o.period, o.indicator, o.value FROM read_parquet({observed}) o "
        f"JOIN read_parquet({codes}) c ON o.place_code = c.place_code WHERE o.value IS NOT NULL AND o.period = '{period}'"
    ).fetchall()


def table(store: Store) -> str:
    """Return a checksum of every row of the observations."""
    rows = f"read_parquet({_parts(store, OBSERVATIONS.name)}) o"
    return str(duckdb.sql(f"SELECT count(*), bit_xor(hash(o)), sum(hash(o)::HUGEINT) FROM {rows}").fetchall())


def _parts(store: Store, name: str) -> str:
    latest = store.latest(name)
    assert latest is not None
    return json.dumps([str(store.part_path(part.sha256)) for part in latest.parts]).replace('"', "'")
