"""What does the machine see in a sheet before a person says what its columns mean?

A proposal with its reasons, and examples of what stands under each heading. Nothing is imported by it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import blank_sheets
from kalanso.sources import BadFile, Guess, guess_map, recounts, stock
from kalanso.sources.archives import MEBIBYTE, Limits
from kalanso.sources.months import plain
from kalanso.sources.workbooks import Cell, Sheet, column_letter, open_workbook

LIMITS = Limits(file_bytes=200 * MEBIBYTE, unpacked_bytes=1024 * MEBIBYTE)
COLUMNS = 200  # more than any form; columns beyond are left to a map written by hand
EXAMPLES = 3
LONGEST_EXAMPLE = 60
SAMPLE_BYTES = 4 * MEBIBYTE  # of a long text file; a proposal looks at two thousand rows at most
LABELS = 300


def look_at(path: Path, *, sheet: str = "") -> dict[str, Any]:
    """Return what a sheet shows: its sheets, headings, examples, the proposed map and why.

    `mark` is the fingerprint of the headings. Raises BadFile where the file cannot be opened.
    """
    with _sample(path) as small:
        guess = guess_map(small, sheet=sheet or None, limits=LIMITS)
        book = open_workbook(small, limits=LIMITS)
        names = [one.name for one in book.sheets.values() if one.rows and not one.hidden]
        seen = book.sheet(guess.column_map.file.sheet or None)
    columns = _columns(seen, guess)
    return {
        "sheets": names,
        "sheet": seen.name,
        "headings": list(guess.column_map.file.headings),
        "columns": columns,
        "rows": len(seen.rows),
        "mark": blank_sheets.mark([column["heading"] for column in columns]),
        "map": guess.column_map.as_document(),
        "reasons": [{"id": one.id, "params": _plain(one.params)} for one in guess.reasons],
    }


def look_at_known(path: Path, reader: str) -> dict[str, Any]:
    """Return what a sheet of recounts or lots shows; its columns are known by their headings. Raises BadFile."""
    known = recounts if reader == Upload.Reader.RECOUNTS else stock
    sheet, headings, rows = known.headings(path, limits=LIMITS)
    return {
        "sheets": [sheet], "sheet": sheet, "headings": headings, "columns": [], "rows": rows, "mark": "", "map": {}, "reasons": [],
    }  # fmt: skip


def _plain(params: Any) -> dict[str, Any]:
    kept = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, kept) else str(value) for name, value in dict(params).items()}


@contextmanager
def _sample(path: Path) -> Iterator[Path]:
    """Lend the beginning of a long text file under the same name; any other file as it is."""
    with path.open("rb") as stream:
        head = stream.read(SAMPLE_BYTES)
        more = bool(stream.read(1))
    # Letters of several bytes without a mark of their own, as in UTF-16, cannot be cut at a line's end.
    if not more or head.startswith((b"PK", b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / path.name
        small.write_bytes(head[: head.rfind(b"\n") + 1] or head)
        yield small


def _columns(sheet: Sheet, guess: Guess) -> list[dict[str, Any]]:
    """Return each column with its name in the map, its label, and examples of what stands there."""
    headings = guess.column_map.file.headings
    above = [sheet.rows[number - 1] for number in headings if number <= len(sheet.rows)]
    width = min(sheet.width, COLUMNS)
    lowest = [next((_text(row[at]) for row in reversed(above) if _text(row[at])), "") for at in range(width)]
    roles = guess.column_map.wide or ("indicator",) * len(above)
    found = []
    for at in range(width):
        unique = sum(plain(name) == plain(lowest[at]) for name in lowest) == 1
        below = (_text(row[at]) for row in sheet.rows[max(headings, default=0) :])
        examples = list(dict.fromkeys(text for text in below if text))[:EXAMPLES]
        if not lowest[at] and not examples:
            continue
        found.append(
            {
                "reference": lowest[at] if lowest[at] and unique else f"@{column_letter(at + 1)}",
                "heading": lowest[at],
                "letter": column_letter(at + 1),
                "label": _label(above, roles, at),
                "examples": examples,
            }
        )
    return found


def _label(above: list[list[Cell]], roles: tuple[str, ...], at: int) -> str:
    """Return what a wide map calls the numbers of a column: its headings that name an indicator."""
    parts = []
    for row, role in zip(above, roles, strict=False):
        if role == "indicator":
            filled = next((_text(row[i]) for i in range(at, -1, -1) if _text(row[i])), "")
            parts.append(filled)
    return " / ".join(part for part in parts if part)


def _text(cell: Cell) -> str:
    text = "" if cell is None else " ".join(str(cell).split())
    return text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"


__all__ = ["LIMITS", "BadFile", "look_at", "look_at_known"]
