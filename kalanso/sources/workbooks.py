"""How is a CSV or XLSX file opened without harm, and what stands in its cells?

Says what a file is from its bytes, never from its name; checks it; gives sheets of cells with
merged ranges. Which cell means what belongs to the reader that asked.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree import ElementTree

import python_calamine

from kalanso.sources import archives, text_files
from kalanso.sources.archives import Limits, SheetExtent
from kalanso.sources.faults import BadFile
from kalanso.sources.text_files import column_letter

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class FaultyCell:
    """A cell that holds no value: `error` (#REF!) or `formula` (never calculated)."""

    kind: str
    text: str = ""

    def __str__(self) -> str:
        return self.text or "=…"


Cell = str | int | float | bool | date | datetime | time | timedelta | FaultyCell | None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The cells of one sheet; `rows[0]` is row 1 of the file, short rows are filled with None.

    `merged` holds ranges as (first row, first column, last row, last column), all from 0.
    """

    file: str
    name: str
    rows: list[list[Cell]]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: bool = False

    @property
    def width(self) -> int:
        """Number of columns of the widest row."""
        return len(self.rows[0]) if self.rows else 0


@dataclass(kw_only=True)
class Workbook:
    """An opened file. A CSV file is a workbook of one sheet whose name is empty.

    `encoding` and `separator` say how a text file was read; both are empty for XLSX.
    """

    file: str
    kind: str
    encoding: str = ""
    separator: str = ""
    sheets: dict[str, Sheet] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the sheets in the order of the workbook."""
        return list(self.sheets)

    def sheet(self, name: str | None = None) -> Sheet:
        """Return a sheet by name, whatever its case and spaces; without a name, the only one.

        Raises BadFile, naming the nearest, where there is none; where several could be meant, the
        first visible one that holds anything is returned only if it alone does.
        """
        if name:
            wanted = _plain(name)
            for found in self.sheets.values():
                if _plain(found.name) == wanted:
                    return found
            raise BadFile(
                "sources.file.no_such_sheet", file=self.file, expected=name,
                found=", ".join(nearest(name, self.names) or self.names),
            )  # fmt: skip
        full = [s for s in self.sheets.values() if not s.hidden and s.rows] or list(self.sheets.values())
        if len(full) == 1:
            return full[0]
        raise BadFile("sources.file.which_sheet", file=self.file, found=", ".join(s.name for s in full))


def open_workbook(
    path: Path,
    *,
    limits: Limits | None = None,
    sheets: Collection[str] | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> Workbook:
    """Return the cells of a CSV or XLSX file.

    `sheets` names the only ones to be loaded. `encoding` and `separator` of a text file are found
    unless stated. Raises BadFile for anything that is not such a file, is damaged, protected,
    empty, too large, or has lost its letters.
    """
    limits = limits or Limits()
    raw = load(Path(path), limits)
    file = Path(path).name
    if raw.startswith(b"PK"):
        return _open_xlsx(raw, file, limits, sheets)
    refuse_other_formats(raw[:65536], raw, file)
    letters = text_files.decode(raw, file=file, encoding=encoding)
    separator = separator or text_files.find_separator(letters.text)
    rows = text_files.parse(letters.text, separator, file=file)
    if sum(map(len, rows)) > limits.cells:
        raise BadFile("sources.file.too_many_cells", file=file, n=sum(map(len, rows)), limit=limits.cells)
    if rows and len(rows[0]) <= 2 and re.fullmatch(r"sep=.?", "".join(rows[0]), re.IGNORECASE):
        rows[0] = []
    if not any(cell.strip() for row in rows for cell in row):
        raise BadFile("sources.file.empty", file=file)
    sheet = Sheet(file=file, name="", rows=_squared(rows))
    return Workbook(file=file, kind="csv", encoding=letters.encoding, separator=separator, sheets={"": sheet})


def load(path: Path, limits: Limits) -> bytes:
    """Return the bytes of a file, or raise BadFile where there are none or too many."""
    file = path.name or str(path)
    if path.is_dir():
        raise BadFile("sources.file.folder", file=file)
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise BadFile(
                "sources.file.too_large", file=file, size=size / archives.MEBIBYTE,
                limit=limits.file_bytes / archives.MEBIBYTE,
            )  # fmt: skip
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise BadFile("sources.file.missing", file=file) from error
    except OSError as error:
        raise BadFile("sources.file.unreadable", file=file, found=error.strerror or str(error)) from error
    if not raw.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BadFile("sources.file.empty", file=file)
    return raw


def refuse_other_formats(head: bytes, raw: bytes, file: str) -> None:
    """Raise BadFile where the first bytes are those of a format that is not read here."""
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        protected = "EncryptedPackage".encode("utf-16-le") in raw
        raise BadFile("sources.file.password" if protected else "sources.file.legacy_xls", file=file)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        raise BadFile("sources.file.web_page", file=file)
    if start.startswith(b"<?xml"):
        raise BadFile("sources.file.xml", file=file)
    packed = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
    if head.startswith(packed):
        raise BadFile("sources.file.packed", file=file)
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PAR1", b"SQLite format 3")):
        raise BadFile("sources.file.binary", file=file)


def _open_xlsx(raw: bytes, file: str, limits: Limits, only: Collection[str] | None) -> Workbook:
    stream = io.BytesIO(raw)
    extents = archives.inspect(stream, file=file, limits=limits)
    entries = _sheet_entries(stream, file)
    wanted = None if only is None else {_plain(name) for name in only}
    book = Workbook(file=file, kind="xlsx")
    try:
        with python_calamine.load_workbook(io.BytesIO(raw)) as opened:
            kinds = {meta.name: meta for meta in opened.sheets_metadata}
            for name in opened.sheet_names:
                meta = kinds[name]
                if meta.typ is not python_calamine.SheetTypeEnum.WorkSheet:
                    continue
                hidden = meta.visible is not python_calamine.SheetVisibleEnum.Visible
                empty = Sheet(file=file, name=name, rows=[], hidden=hidden)
                if wanted is None or _plain(name) in wanted:
                    extent = extents.get(entries.get(name, ""), SheetExtent())
                    empty = _load_sheet(opened.get_sheet_by_name(name), extent, empty)
                book.sheets[name] = empty
    except BadFile:
        raise
    except python_calamine.PasswordError as error:
        raise BadFile("sources.file.password", file=file) from error
    except Exception as error:
        raise BadFile("sources.file.damaged_workbook", file=file) from error
    except BaseException as error:
        # The reader is written in Rust; what it did not foresee reaches Python as PanicException.
        if type(error).__name__ != "PanicException":
            raise
        raise BadFile("sources.file.damaged_workbook", file=file) from error
    if wanted is None and not any(sheet.rows for sheet in book.sheets.values()):
        raise BadFile("sources.file.empty", file=file)
    return book


def _sheet_entries(stream: io.BytesIO, file: str) -> dict[str, str]:
    """Return the archive entry that holds each sheet."""
    book = archives.entry(stream, "xl/workbook.xml", file=file)
    links = archives.entry(stream, "xl/_rels/workbook.xml.rels", file=file)
    if not book:
        raise BadFile(_what_archive(stream, file), file=file)
    if b"<!DOCTYPE" in book + links or b"<!ENTITY" in book + links:
        raise BadFile("sources.file.damaged_workbook", file=file)
    try:
        # Entities, the one danger of this parser, were refused above.
        targets = {
            item.get("Id"): item.get("Target", "")
            for item in ElementTree.fromstring(links)  # noqa: S314
        }
        names = {
            item.get("name", ""): targets.get(item.get(_RELATION), "")
            for item in ElementTree.fromstring(book).iter()  # noqa: S314
            if item.tag.endswith("}sheet")
        }
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadFile("sources.file.damaged_workbook", file=file) from error
    return {name: _absolute(target) for name, target in names.items()}


def _absolute(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _what_archive(stream: io.BytesIO, file: str) -> str:
    if archives.entry(stream, "xl/workbook.bin", file=file):
        return "sources.file.xlsb"
    if b"opendocument" in archives.entry(stream, "mimetype", file=file):
        return "sources.file.opendocument"
    return "sources.file.packed"


def _load_sheet(sheet: python_calamine.CalamineSheet, extent: SheetExtent, empty: Sheet) -> Sheet:
    rows: list[list[Cell]] = [
        [None if cell == "" else _cell(cell) for cell in row]
        for row in sheet.to_python(skip_empty_area=False)
    ]
    faults = {at: FaultyCell("error", text) for at, text in extent.errors.items()}
    faults |= {at: FaultyCell("formula") for at in extent.without_result}
    rows = _squared(rows, faults)
    for (row, column), fault in faults.items():
        if rows[row - 1][column - 1] is None:
            rows[row - 1][column - 1] = fault
    merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
    kept = rows if any(cell is not None for row in rows for cell in row) else []
    return Sheet(file=empty.file, name=empty.name, rows=kept, merged=merged, hidden=empty.hidden)


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell


def _squared(rows: Iterable[Sequence[Cell]], faults: Iterable[tuple[int, int]] = ()) -> list[list[Cell]]:
    listed = [list(row) for row in rows]
    last = max([len(listed), *(row for row, _ in faults)])
    listed += [[] for _ in range(last - len(listed))]
    width = max([0, *(len(row) for row in listed), *(column for _, column in faults)])
    for row in listed:
        row.extend([None] * (width - len(row)))
    return listed


def nearest(wanted: str, names: Iterable[str]) -> list[str]:
    """Return up to three names that look most like the wanted one."""
    plain = {_plain(name): name for name in names}
    return [plain[near] for near in difflib.get_close_matches(_plain(wanted), list(plain), n=3, cutoff=0.5)]


def _plain(name: str) -> str:
    return " ".join(str(name).split()).casefold()


def require_columns(sheet: Sheet, header_row: int, wanted: Iterable[str]) -> dict[str, int]:
    """Return the index of each wanted heading in a row (from 1), whatever case and spaces.

    Raises BadFile naming the first missing one and the nearest headings that exist.
    """
    cells = sheet.rows[header_row - 1] if 0 < header_row <= len(sheet.rows) else []
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if cell is not None:
            found.setdefault(_plain(str(cell)), index)
    for name in wanted:
        if _plain(name) not in found:
            headings = [str(cell) for cell in cells if cell not in (None, "")]
            raise BadFile(
                "sources.file.no_such_column", file=sheet.file, sheet=sheet.name, row=header_row,
                expected=name, found=", ".join(nearest(name, headings) or headings),
            )  # fmt: skip
    return {name: found[_plain(name)] for name in wanted}


__all__ = [
    "Cell", "FaultyCell", "Limits", "Sheet", "Workbook", "column_letter", "load", "nearest",
    "open_workbook", "refuse_other_formats", "require_columns",
]  # fmt: skip
