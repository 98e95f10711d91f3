"""How is a solver kept from writing its own notes among the answers?

HiGHS prints a debugging line to the process's standard output now and then, past its own switch (scipy 1.15 to
1.17), and a program that reads our JSON from there would stumble over it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

_ONE = Lock()  # the standard output belongs to the whole process


@contextmanager
def quiet_solver() -> Iterator[None]:
    """Send what compiled code writes to standard output nowhere, while the block lasts."""
    with _ONE:
        try:
            kept = os.dup(1)
        except OSError:  # no standard output at all
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        _flush()
        os.dup2(nowhere, 1)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, 1)
            os.close(kept)
            os.close(nowhere)


def _flush() -> None:
    """Empty the buffers of Python and of the C library: each would write its words later."""
    with suppress(AttributeError, ValueError, OSError):
        sys.stdout.flush()
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).fflush(None)
