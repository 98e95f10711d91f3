"""Does standard output hold our answers alone?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SPEAKS = """
import ctypes
from kalanso.planning.quiet_solver import quiet_solver
libc = ctypes.CDLL(None)
print("before")
with quiet_solver():
    libc.printf(b"HighsMipSolverData\\n")
    print("ours inside is lost too, so nothing is printed there")
print("after")
libc.printf(b"others speak again\\n")
"""


def test_words_of_compiled_code_do_not_reach_the_output() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SPEAKS], capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    lines = sorted(told.stdout.splitlines())
    assert lines == ["after", "before", "others speak again"]
