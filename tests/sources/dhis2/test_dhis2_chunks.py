"""Do the pieces of a pull ask everything once, also when they are halved?"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.sources.dhis2 import DhisFault, PullStopped, Transport, fetch_metadata, who_am_i
from kalanso.sources.dhis2.chunks import Chunk, Roots, chunk_from, halves, plan, roots
from kalanso.sources.dhis2.collecting import collect, complete
from kalanso.sources.dhis2.periods import periods_between
from kalanso.vocabulary import PeriodType
from tests.sources.dhis2.dhis2_server import Dhis2

CHILDREN = {"R": ("D1", "D2", "D3"), "D1": ("F1", "F2"), "D2": ("F3",)}


def places(chunk: Chunk) -> list[str]:
    """Every place whose values a piece asks for."""
    found, waiting = [], list(chunk.units)
    while waiting:
        unit = waiting.pop()
        found.append(unit)
        waiting += CHILDREN.get(unit, ()) if chunk.below else ()
    return found


@given(periods=st.integers(1, 7), depth=st.integers(0, 12), choice=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_however_often_halved_each_place_and_period_is_asked_once(
    periods: int, depth: int, choice: object
) -> None:
    whole = Chunk(data_set="DS", units=("R",), periods=tuple(f"2024{m:02d}" for m in range(1, periods + 1)))
    pieces = [whole]
    for _ in range(depth):
        at = choice.randrange(len(pieces))  # type: ignore[attr-defined]
        pieces[at : at + 1] = halves(pieces[at], CHILDREN) or [pieces[at]]
    asked = Counter(
        (place, period) for piece in pieces for place in places(piece) for period in piece.periods
    )
    wanted = {(place, period) for place in places(whole) for period in whole.periods}
    assert set(asked) == wanted
    assert set(asked.values()) == {1}


def test_a_single_place_and_period_cannot_be_halved() -> None:
    assert halves(Chunk(data_set="DS", units=("F1",), periods=("202401",)), CHILDREN) == []
    assert halves(Chunk(data_set="DS", units=("R",), below=False, periods=("202401",)), CHILDREN) == []


def test_a_piece_has_one_name_and_comes_back_from_its_note() -> None:
    chunk = Chunk(data_set="DS", units=("R", "S"), periods=("202401",), since="2024-01-01T00:00:00")
    assert chunk_from(asdict(chunk)) == chunk
    assert chunk_from(asdict(chunk)).id == chunk.id != Chunk(data_set="DS", units=("R",)).id
    assert ("includeDeleted", "true") in chunk.params()
    assert not {"startDate", "endDate"} & {name for name, _ in chunk.params()}, "E2003"


def test_pieces_are_form_by_region_by_half_year_and_the_country_alone(
    server: Dhis2, connect: Callable[..., Transport]
) -> None:
    transport = connect(server)
    metadata, identity = fetch_metadata(transport), who_am_i(transport)
    where = roots(identity, metadata)
    assert where == Roots(below=("OU2x0000001", "OU2x0000002"), alone=("ImspTQPwCqd",))
    year = periods_between(PeriodType.MONTH, date(2024, 1, 1), date(2024, 12, 31))
    pieces = plan({"DS": year}, where)
    assert [(p.units, p.below, len(p.periods)) for p in pieces[:3]] == [
        (("OU2x0000001",), True, 6), (("OU2x0000002",), True, 6), (("ImspTQPwCqd",), False, 6),
    ]  # fmt: skip
    assert len(pieces) == 6
    assert [p.periods for p in plan({"DS": year}, where, since="2024-01-01T00:00:00")] == [(), (), ()]


def test_a_user_of_a_district_asks_for_that_district(
    server: Dhis2, connect: Callable[..., Transport]
) -> None:
    server.capture = ("OU3x0000002",)
    transport = connect(server)
    assert roots(who_am_i(transport), fetch_metadata(transport)) == Roots(below=("OU3x0000002",))


def test_pieces_arrive_once_and_only_what_is_missing_is_asked_again(tmp_path: Path) -> None:
    chunks = [Chunk(data_set="DS", units=(f"U{n}",), periods=("202401",)) for n in range(9)]
    asked: list[str] = []
    lock = threading.Lock()

    def fetch(chunk: Chunk, target: Path) -> int:
        with lock:
            asked.append(chunk.units[0])
            if len(asked) == 5:
                raise DhisFault("cut", url="x", found="y")
        target.write_text("rows", encoding="utf-8")
        return 2

    with pytest.raises(DhisFault):
        collect(chunks, tmp_path, fetch, children={})
    shares: list[float] = []
    assert collect(chunks, tmp_path, fetch, children={}, progress=shares.append) == 18
    assert max(Counter(asked).values()) <= 2
    assert len(asked) == 10, "nine pieces, and the one that broke once more"
    assert len(list(complete(tmp_path))) == 9
    assert shares[-1] == pytest.approx(1.0)
    assert shares == sorted(shares)


def test_a_piece_that_is_too_much_is_halved_and_stays_halved(tmp_path: Path) -> None:
    whole = Chunk(data_set="DS", units=("R",), periods=("202401", "202402"))
    asked: list[Chunk] = []

    def fetch(chunk: Chunk, target: Path) -> int:
        asked.append(chunk)
        if len(places(chunk)) * len(chunk.periods) > 2:
            raise DhisFault("timeout", url="x", code=504)
        target.write_text("rows", encoding="utf-8")
        return len(places(chunk)) * len(chunk.periods)

    assert collect([whole], tmp_path, fetch, children=CHILDREN, at_once=1) == 14
    first = len(asked)
    assert collect([whole], tmp_path, fetch, children=CHILDREN, at_once=1) == 14
    assert len(asked) == first, "what was found out about the pieces is kept too"


def test_a_stop_is_obeyed_between_two_pieces(tmp_path: Path) -> None:
    chunks = [Chunk(data_set="DS", units=(f"U{n}",), periods=("202401",)) for n in range(5)]
    with pytest.raises(PullStopped):
        collect(chunks, tmp_path, lambda _c, _p: 0, children={}, cancel=lambda: True)
