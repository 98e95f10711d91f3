"""How are pieces of work that do not wait for each other done side by side?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import joblib

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def each(do: Callable[[Piece], Result], of: Sequence[Piece], workers: int) -> list[Result]:
    """Return what is done with each, in threads; the order of the results is that of the pieces."""
    if workers < 2 or len(of) < 2:
        return [do(one) for one in of]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(do, of))


def apart(do: Callable[[Piece], Result], of: Iterable[Piece], workers: int) -> list[Result]:
    """Return what is done with each, in processes; the order of the results is that of the pieces.

    For long work of many short compiled steps: threads of one process wait for each other between such steps.
    Pieces and results are copied on their way, so what is done to a piece is seen only in what is returned.
    """
    pieces = list(of)
    if workers < 2 or len(pieces) < 2:
        return [do(one) for one in pieces]
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        # Arrays shared as files could not be written to, for which all loops would be compiled anew.
        pool = joblib.Parallel(n_jobs=workers, batch_size=1, pre_dispatch="all", max_nbytes=None)
        return list(pool(joblib.delayed(do)(one) for one in pieces))
