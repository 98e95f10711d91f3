"""How are the innermost loops compiled, and when is a compiled loop out of date?

Compiled loops are kept between runs. The compiler looks only at the file of the outermost loop, not at
those of the loops that it takes in: after an upgrade it would run yesterday's mathematics on today's
arrays. So each state of the sources has a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba as nb

SOURCES = Path(__file__).parent
# Folders of other states that nobody used for so many days are removed.
FORGOTTEN_DAYS = 30


@cache
def folder() -> Path:
    """Return the folder of this state of the sources; its name changes with any line of them."""
    digest = hashlib.sha256(nb.__version__.encode())
    for path in sorted(SOURCES.rglob("*.py")):
        digest.update(path.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    above = Path(given) if given else _home() / "kalanso" / "compiled"
    _forget(above)
    return above / digest.hexdigest()[:16]


def _home() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(given) if given else Path.home() / ".cache"
    except RuntimeError:  # nobody's home is known: the compiler then looks for a place itself
        return Path(os.devnull)


def _forget(above: Path) -> None:
    """Remove the folders of states that have not been used for long."""
    before = time.time() - FORGOTTEN_DAYS * 86_400
    for other in above.glob("?" * 16) if above.is_dir() else ():
        if other.is_dir() and other.stat().st_mtime < before:
            shutil.rmtree(other, ignore_errors=True)


def _kept(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    usual = nb.config.CACHE_DIR
    nb.config.CACHE_DIR = str(folder())
    try:
        made: Callable[..., Any] = nb.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    finally:
        nb.config.CACHE_DIR = usual
    return made


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop that allocates nothing, and keep it.

    Without a count of who holds which array: every area would add one to and take one from the count of every
    array in its records, which costs half of the time, and more where two chains count at the same place.
    """
    return _kept(function, _nrt=False)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, for what is called once an area with many records: a call would copy them field by field."""
    return _kept(function, _nrt=False, inline="always")


def roomy(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop that makes arrays of its own, and keep it."""
    return _kept(function, _nrt=True)
