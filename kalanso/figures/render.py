"""How does another process have a figure drawn?

`python -m kalanso.figures.render` reads one job in JSON from standard input, writes the file and
answers in JSON. With `--lines` it stays: one job per line in, one answer per line out, so that a
web process never loads Altair. What a job may say is written at `Job`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TextIO

import pandas as pd

from kalanso import figures
from kalanso.figures.figure import Figure, FigureRefused, Subject
from kalanso.figures.interpretation import Denominator, Thresholds
from kalanso.figures.theme import DEFAULT_WIDTH

_TABLES = ("findings",)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One figure to be drawn.

    `kind` is one of `figures.KINDS`. The rows stand in `table` (a list of objects, or an object of
    columns; outlines as hexadecimal WKB) or in the file `table_path` (.parquet or .json).
    `arguments` are those of the figure's function, with `subject`, `denominator` and `thresholds`
    as objects. `output` is the file to write; without it, only words and table are answered.
    """

    kind: str
    table: Any = None
    table_path: str = ""
    arguments: Mapping[str, Any]
    locale: str = "fr"
    width: int = DEFAULT_WIDTH
    format: str = "svg"
    with_words: bool = True
    output: str = ""

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Return the job that a line of JSON describes."""
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise FigureRefused(f"job: not JSON ({error})") from error
        if not isinstance(values, dict):
            raise FigureRefused(f"job: expected an object, got {type(values).__name__}")
        known = {item.name for item in fields(cls)}
        if unknown := set(values) - known:
            raise FigureRefused(f"job: unknown fields {sorted(unknown)}; known are {sorted(known)}")
        if missing := {"kind", "arguments"} - set(values):
            raise FigureRefused(f"job: missing fields {sorted(missing)}")
        return cls(**values)


def run(job: Job) -> dict[str, Any]:
    """Draw one figure, write its file and return the answer as plain values."""
    figure = build(job)
    answer: dict[str, Any] = {"ok": True, "figure": words_of(figure)}
    if job.output:
        drawn = figures.draw(figure, job.format, job.width, with_words=job.with_words)
        _write(Path(job.output), drawn)
        answer |= {"output": job.output, "bytes": len(drawn)}
    return answer


def build(job: Job) -> Figure:
    """Return the figure that a job describes, without drawing it."""
    if job.kind not in figures.KINDS:
        raise FigureRefused(f"kind: expected one of {', '.join(figures.KINDS)}, got {job.kind!r}")
    arguments = dict(job.arguments)
    arguments["subject"] = Subject.from_dict(arguments.get("subject") or {})
    if arguments.get("denominator"):
        arguments["denominator"] = Denominator(**arguments["denominator"])
    if arguments.get("thresholds"):
        arguments["thresholds"] = Thresholds(**arguments["thresholds"])
    for name in _TABLES:
        if arguments.get(name) is not None:
            arguments[name] = pd.DataFrame(arguments[name])
    make = getattr(figures, job.kind)
    try:
        figure: Figure = make(_table(job), locale=job.locale, **arguments)
    except TypeError as error:
        raise FigureRefused(f"{job.kind}: {error}") from error
    return figure


def words_of(figure: Figure) -> dict[str, Any]:
    """Return everything about a figure but its drawing, as plain values."""
    return {
        "kind": figure.kind, "title": figure.title, "subtitle": figure.subtitle, "caption": figure.caption,
        "source_line": figure.source_line, "alt": figure.alt, "locale": figure.locale, "demo": figure.demo,
        "table": {"columns": [str(name) for name in figure.table.columns], "rows": figure.table.values.tolist()},
    }  # fmt: skip


def _table(job: Job) -> pd.DataFrame:
    if job.table_path:
        path = Path(job.table_path)
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix == ".json":
            return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
        raise FigureRefused(f"table_path: expected a .parquet or .json file, got {path.name}")
    if job.table is None:
        raise FigureRefused("job: expected rows in `table` or a file in `table_path`, got neither")
    return pd.DataFrame(job.table)


def _write(path: Path, drawn: bytes) -> None:
    # A reader of the cache must never meet half a file.
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(drawn)
    beside.replace(path)


def answer(text: str) -> dict[str, Any]:
    """Return the answer to one job, faults included."""
    try:
        return run(Job.from_json(text))
    except FigureRefused as error:
        return {"ok": False, "fault": "refused", "error": str(error)}
    except Exception as error:  # the process must outlive any single job
        return {"ok": False, "fault": type(error).__name__, "error": str(error)}


def serve(jobs: TextIO, answers: TextIO) -> None:
    """Answer jobs line by line until the input ends."""
    for line in jobs:
        if line.strip():
            answers.write(json.dumps(answer(line), ensure_ascii=False, default=str) + "\n")
            answers.flush()


def main() -> int:
    """Answer one job, or with `--lines` as many as come; 1 where the single job failed."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    if "--lines" in sys.argv[1:]:
        serve(sys.stdin, sys.stdout)
        return 0
    said = answer(sys.stdin.read())
    print(json.dumps(said, ensure_ascii=False, default=str))
    return 0 if said["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
