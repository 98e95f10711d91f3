"""How long did a step take, and how much memory did it need at most?

Each step runs in a process of its own, so that peaks do not hide behind one another.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One step: what it was, over how many rows, seconds, peak memory, and what it returned."""

    step: str
    rows: int
    seconds: float
    peak_gb: float
    result: Any = None

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds


def measure(step: str, rows: int, work: Callable[..., Any], *arguments: Any) -> Measured:
    """Run a step in a fresh process and return its time, peak memory and (small) result."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        seconds, peak, result = receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{step}: ended with exit code {process.exitcode}") from None
    process.join()
    if isinstance(result, Exception):
        raise result
    return Measured(step, rows, seconds, peak, result)


def _run(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start = time.perf_counter()
    try:
        result = work(*arguments)
    except Exception as error:  # the parent raises it again
        result = error
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    sender.send((seconds, peak, result))
    sender.close()


def show(title: str, lines: list[Measured], limit: str | None = None) -> None:
    """Print steps with their rate, and how many times the limit's time each one takes."""
    print(f"\n{title}")
    base = next((line for line in lines if line.step == limit), None)
    for line in lines:
        ratio = f"{line.seconds / base.seconds:8.2f} x the limit" if base else ""
        print(
            f"  {line.step:<46}{line.rows:>13,} rows{line.seconds:>9.1f} s"
            f"{line.rate:>13,.0f} rows/s{line.peak_gb:>7.2f} GB{ratio}"
        )


def keep(path: Path, lines: list[Measured]) -> None:
    """Write the measurements beside the printed ones, for comparison with later runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(line) for line in lines], indent=1, default=str), encoding="utf-8")
