"""How are pieces of work that do not wait for each other done side by side?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def each(do: Callable[[Any], Any], of: Sequence[Any], workers: int) -> list[Any]:
    """Return what is done with each, in threads; the order of the results is that of the pieces."""
    if workers < 2 or len(of) < 2:
        return [do(one) for one in of]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(do, of))
