"""How does a process that must stay small have figures drawn?

Keeps one child process that draws (see `render`), asks it one job at a time, and replaces it where
it died, hung, or has drawn enough. This file loads neither Altair nor vl-convert.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any


class RenderingFailed(RuntimeError):
    """A figure that could not be drawn; the message says why."""


class Renderer:
    """A child process that draws figures; safe to share between threads.

    `timeout` is seconds for one figure, the start of the child included; after `most_jobs` figures
    the child is replaced, so that its memory stays bounded.
    """

    def __init__(self, *, timeout: float = 60.0, most_jobs: int = 1000) -> None:
        self.timeout = timeout
        self.most_jobs = most_jobs
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._jobs = 0

    def render(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Have one job drawn (fields of `render.Job`) and return the answer.

        Raises RenderingFailed where the figure is refused, the child dies or the time is over.
        """
        line = json.dumps(dict(job), ensure_ascii=False, default=str)
        with self._lock:
            text = self._ask(line)
        answer: dict[str, Any] = json.loads(text)
        if not answer["ok"]:
            raise RenderingFailed(f"{job.get('kind')}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, line: str) -> str:
        child = self._living()
        assert child.stdin is not None
        try:
            child.stdin.write(line + "\n")
            child.stdin.flush()
            text = self._answers.get(timeout=self.timeout)
        except (BrokenPipeError, queue.Empty) as error:
            self._end()
            raise RenderingFailed(
                f"no drawing within {self.timeout:g} seconds, or the child ended"
            ) from error
        if not text:
            self._end()
            raise RenderingFailed("the drawing process ended before it answered")
        self._jobs += 1
        return text

    def _living(self) -> subprocess.Popen[str]:
        if self._child is not None and (self._child.poll() is not None or self._jobs >= self.most_jobs):
            self._end()
        if self._child is None:
            command = [sys.executable, "-m", "kalanso.figures.render", "--lines"]
            self._child = subprocess.Popen(  # noqa: S603 - our own module
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            self._jobs, self._answers = 0, queue.Queue()
            threading.Thread(target=_listen, args=(self._child, self._answers), daemon=True).start()
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None and not child.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
        try:
            child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _listen(child: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put("")  # the end, so that nobody waits for an answer that will not come
