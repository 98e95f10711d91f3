"""How do the same equations read one area, or a block of areas in lanes?

An area's place `i` is a whole number, or a `Block`: LANES areas after each other, of which the last block of a
country may have fewer (its spare lanes repeat its last area, and are written nowhere). `pick` reads records of
areas at such a place, as a number or in lanes; `put` writes them. What stays the same over many looks is `laid` out
in lanes once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.extending import overload

from kalanso.coverage.lanes import LANES, in_all_lanes, in_lanes, of_lane, types, with_lane


class Block(NamedTuple):
    """Areas `first` to `first + size - 1`."""

    first: int
    size: int


def _is_block(i: Any) -> bool:
    return isinstance(i, types.BaseNamedTuple)


def pick(x: Any, i: Any) -> Any:
    """Return x[i]."""
    return x[i]


def pick2(x: Any, i: Any, t: Any) -> Any:
    """Return x[i, t]."""
    return x[i, t]


def pick3(x: Any, i: Any, t: Any, c: Any) -> Any:
    """Return x[i, t, c]."""
    return x[i, t, c]


def pick_of(table: Any, places: Any, i: Any, t: Any) -> Any:
    """Return table[places[i, t]]."""
    return table[places[i, t]]


def put(x: Any, i: Any, value: Any) -> None:
    """Write x[i]."""
    x[i] = value


def put2(x: Any, i: Any, t: Any, value: Any) -> None:
    """Write x[i, t]."""
    x[i, t] = value


def laid(x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Lay records of areas (N, ...) out in blocks (B, ..., LANES), which `pick` reads without collecting them."""
    n, blocks = len(x), -(-len(x) // LANES)
    whole = x[np.minimum(np.arange(blocks * LANES), n - 1)].astype(np.float64)
    return np.ascontiguousarray(np.moveaxis(whole.reshape(blocks, LANES, *x.shape[1:]), 1, -1))


def laid_records(records: Any, *names: str) -> Any:
    """Return a record in which these fields are laid out."""
    return records._replace(**{name: laid(getattr(records, name)) for name in names})


@overload(pick)
def _pick(x: Any, i: Any) -> Any:
    def one(x: Any, i: Any) -> Any:
        return x[i]

    def block(x: Any, i: Any) -> Any:
        value, last = in_all_lanes(0.0), i.first + i.size - 1
        for lane in range(LANES):
            value = with_lane(value, lane, x[min(i.first + lane, last)])
        return value

    def room(x: Any, i: Any) -> Any:
        return in_lanes(x)[i.first // LANES]

    return one if not _is_block(i) else block if x.ndim == 1 else room


@overload(pick2)
def _pick2(x: Any, i: Any, t: Any) -> Any:
    def one(x: Any, i: Any, t: Any) -> Any:
        return x[i, t]

    def block(x: Any, i: Any, t: Any) -> Any:
        value, last = in_all_lanes(0.0), i.first + i.size - 1
        for lane in range(LANES):
            value = with_lane(value, lane, x[min(i.first + lane, last), t])
        return value

    def room(x: Any, i: Any, t: Any) -> Any:
        return in_lanes(x)[i.first // LANES, t]

    return one if not _is_block(i) else block if x.ndim == 2 else room


@overload(pick3)
def _pick3(x: Any, i: Any, t: Any, c: Any) -> Any:
    def one(x: Any, i: Any, t: Any, c: Any) -> Any:
        return x[i, t, c]

    def room(x: Any, i: Any, t: Any, c: Any) -> Any:
        return in_lanes(x)[i.first // LANES, t, c]

    return room if _is_block(i) else one


@overload(pick_of)
def _pick_of(table: Any, places: Any, i: Any, t: Any) -> Any:
    def block(table: Any, places: Any, i: Any, t: Any) -> Any:
        value, last = in_all_lanes(0.0), i.first + i.size - 1
        for lane in range(LANES):
            value = with_lane(value, lane, table[places[min(i.first + lane, last), t]])
        return value

    def one(table: Any, places: Any, i: Any, t: Any) -> Any:
        return table[places[i, t]]

    return block if _is_block(i) else one


@overload(put)
def _put(x: Any, i: Any, value: Any) -> Any:
    def block(x: Any, i: Any, value: Any) -> None:
        for lane in range(i.size):
            x[i.first + lane] = of_lane(value, lane)

    def one(x: Any, i: Any, value: Any) -> None:
        x[i] = value

    return block if _is_block(i) else one


@overload(put2)
def _put2(x: Any, i: Any, t: Any, value: Any) -> Any:
    def block(x: Any, i: Any, t: Any, value: Any) -> None:
        for lane in range(i.size):
            x[i.first + lane, t] = of_lane(value, lane)

    def one(x: Any, i: Any, t: Any, value: Any) -> None:
        x[i, t] = value

    return block if _is_block(i) else one
