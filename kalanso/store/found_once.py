"""What was found from published snapshots, kept for all who open the same store in this process?

Snapshots never change, so what rests on them alone holds as long as they are the newest: `standing` names them.
A question of each page otherwise began by finding anew which places lie under a flag.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar, cast

KEPT = 48
Found = TypeVar("Found")
_found: OrderedDict[tuple[Path, str, Hashable], Any] = OrderedDict()
_door = threading.Lock()


def found_once(folder: Path, what: str, standing: Hashable, find: Callable[[], Found]) -> Found:
    """Return what `find` finds, the same object for everybody: it must not be changed.

    Of all answers the last KEPT are kept.
    """
    key = (folder, what, standing)
    with _door:
        if key in _found:
            _found.move_to_end(key)
            return cast(Found, _found[key])
    answer = find()
    with _door:
        _found[key] = answer
        while len(_found) > KEPT:
            _found.popitem(last=False)
    return answer
