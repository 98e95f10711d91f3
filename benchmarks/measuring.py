"""How long did a step take, how much work was it, and how much memory did it need at most?

Each step runs in a process of its own, so that peaks do not hide behind one another. Seconds of the
processor are kept beside those of the clock: other work on the machine disturbs only the latter.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One step: what it was, over how many rows, seconds by clock and processor, peak memory, result."""

    step: str
    rows: int
    seconds: float
    cpu: float
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
        seconds, cpu, peak, result = receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{step}: ended with exit code {process.exitcode}") from None
    process.join()
    if isinstance(result, Exception):
        raise result
    return Measured(step, rows, seconds, cpu, peak, result)


def _run(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start, worked = time.perf_counter(), time.process_time()
    try:
        result = work(*arguments)
    except Exception as error:  # the parent raises it again
        result = error
    seconds, cpu = time.perf_counter() - start, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    sender.send((seconds, cpu, peak, result))
    sender.close()
    _dismiss_helpers()


def _dismiss_helpers() -> None:
    """End the processes in which parts of the step ran: idle, they would hold the next step back for five minutes."""
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)


def show(line: Measured) -> None:
    """Print a step with its rate."""
    print(
        f"  {line.step:<42}{line.rows:>13,} rows{line.seconds:>9.1f} s{line.cpu:>9.1f} s cpu"
        f"{line.rate:>13,.0f} rows/s{line.peak_gb:>7.2f} GB",
        flush=True,
    )


def keep(path: Path, lines: list[Measured]) -> None:
    """Write the measurements beside the printed ones, for comparison with later runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(line) for line in lines], indent=1, default=str), encoding="utf-8")
