"""How does a receipt look on a screen, and as JSON for other programs?

Tables go to stdout for people; JSON to stdout and nothing else beside it; progress to stderr.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kalanso.cli.language import say
from kalanso.vocabulary import Message, UnknownMessage, format_value

if TYPE_CHECKING:
    from kalanso.pipeline import Imported

EXAMPLES = 10  # refused rows shown one by one; all of them stand in the table `rejected_rows`
ROW_WIDTH = 110
_START = "\x02"  # a mark that no sentence contains


def console() -> Console:
    """Return the console for what people read; beyond a terminal its width is fixed."""
    return Console(width=None if sys.stdout.isatty() else ROW_WIDTH, highlight=False, soft_wrap=False)


@contextmanager
def progress_bar(locale: str) -> Iterator[Any]:
    """Lend a function that shows how far a verb is, on stderr."""
    screen = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task("", total=1.0)

        def show(step: str, share: float) -> None:
            bars.update(task, description=_sentence(step, locale), completed=share)

        yield show


def _sentence(step: str, locale: str) -> str:
    try:
        return Message(step).render(locale)
    except (UnknownMessage, FileNotFoundError):
        return step


def reason_text(reason: str, locale: str, params: Mapping[str, Any] | None = None) -> str:
    """Return a reason without the place where it was met; a reason without a sentence stays as it is."""
    blanks = dict.fromkeys(("file", "sheet", "row", "column", "found", "expected"), "…")
    try:
        text = Message(reason, {**blanks, "file": _START, "n": 1, **(params or {})}).render(locale)
    except (UnknownMessage, FileNotFoundError, KeyError):
        return reason
    # Sentences about one cell begin with where it stands, which the screen says in its own column.
    return re.sub(rf"^{_START}[^:]*:\s*", "", text).replace(_START, "…")


def receipt_dict(imported: Imported) -> dict[str, Any]:
    """Return everything that an import says about itself as plain values."""
    return {
        **imported.receipt.as_dict(),
        "import_id": imported.import_id,
        "source": imported.source,
        "places": dict(imported.places),
        "snapshots": list(imported.snapshots),
        "dry_run": imported.dry_run,
    }


def print_receipt(
    imported: Imported, locale: str, *, as_json: bool, matches_out: Path | None = None, written: int = 0
) -> None:
    """Print what was read, stored, skipped, rejected and suspicious, and what became of the names."""
    if as_json:
        typer.echo(json.dumps(receipt_dict(imported), ensure_ascii=False, indent=1, default=str))
        return
    screen = console()
    receipt = imported.receipt
    title = say(locale, "cli.receipt.title", file=receipt.file_name, source=imported.source)
    screen.print(title, style="bold", markup=False)
    screen.print(_counts_table(imported, locale))
    screen.print(_places_line(imported, locale))
    for note in receipt.notes:
        screen.print(f"• {_note(note, locale)}", markup=False)
    if receipt.rejections:
        screen.print(say(locale, "cli.receipt.examples", n=min(EXAMPLES, len(receipt.rejections))))
        for rejection in receipt.rejections[:EXAMPLES]:
            screen.print(f"  – {_where(rejection, locale)}", markup=False)
    if matches_out is not None:
        screen.print(say(locale, "cli.receipt.matches_out", n=written, file=str(matches_out)), markup=False)
    elif imported.places.get("ambiguous") or imported.places.get("unmatched"):
        screen.print(say(locale, "cli.receipt.open_names"), markup=False)
    if imported.dry_run:
        screen.print(say(locale, "cli.receipt.dry_run"))
    elif imported.snapshots:
        screen.print(say(locale, "cli.receipt.published", names=", ".join(imported.snapshots)), markup=False)


def _counts_table(imported: Imported, locale: str) -> Table:
    receipt = imported.receipt
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    unit = say(locale, f"cli.receipt.unit.{receipt.unit}")
    table.add_row(say(locale, "cli.receipt.read", unit=unit), _count(receipt.read, locale), style="bold")
    table.add_row(say(locale, "cli.receipt.stored"), _count(receipt.stored, locale), style="bold")
    for kind, counts in (
        ("skipped", receipt.skipped),
        ("rejected", receipt.rejected),
        ("suspicious", receipt.suspicious),
    ):
        table.add_row(say(locale, f"cli.receipt.{kind}"), _count(counts.total(), locale), style="bold")
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            table.add_row(f"    {reason_text(reason, locale)}", _count(count, locale))
    return table


def _count(number: int, locale: str) -> str:
    return format_value(number, "count", locale)


def _places_line(imported: Imported, locale: str) -> str:
    named = [
        f"{say(locale, f'cli.receipt.places.{outcome}')} {_count(count, locale)}"
        for outcome, count in imported.places.items() if count
    ]  # fmt: skip
    return say(locale, "cli.receipt.places", list=", ".join(named) or "0")


def _note(note: Message, locale: str) -> str:
    try:
        return note.render(locale)
    except (UnknownMessage, FileNotFoundError):
        return f"{note.id} {dict(note.params)}"


def _where(rejection: Any, locale: str) -> str:
    at = [("sheet", rejection.sheet), ("row", rejection.row), ("column", rejection.column)]
    where = ", ".join(
        Message(f"sources.where.{name}", {name: value}).render(locale) for name, value in at if value
    )
    quoted = {
        name: " ".join(str(value).split())[:80]
        for name, value in (("found", rejection.found), ("expected", rejection.expected))
        if value is not None
    }
    return f"{where}{say(locale, 'cli.receipt.colon')}{reason_text(rejection.reason, locale, quoted)}"


def print_counts(counts: Mapping[str, int], locale: str, *, as_json: bool) -> None:
    """Print how many decisions on names were taken in."""
    if as_json:
        typer.echo(json.dumps(dict(counts), ensure_ascii=False))
        return
    console().print(say(locale or "fr", "cli.matches.kept", **counts))
