"""Is a workbook safe to unpack, and which of its cells hold faults instead of values?

A workbook is a zip archive. Every entry is inflated once, in small pieces, within limits, before
any other library may touch it. The same pass finds the extent of each sheet, cells with errors and
formulas without a stored result, which the spreadsheet reader would show as blanks.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from kalanso.sources.faults import BadFile

PIECE = 1 << 20
MEBIBYTE = 1 << 20
RATIO_FROM = 4 * MEBIBYTE  # small entries may be all blanks without harm
DEPTH = 3
NESTED_BYTES = 64 * MEBIBYTE
LONGEST_CELL = 2 * MEBIBYTE  # Excel admits 32,767 letters in a cell
_WORKSHEET = re.compile(r"(?:^|/)worksheets/[^/]+\.xml$", re.IGNORECASE)
_TAG = re.compile(rb"<(?:\w+:)?(c|row)\b(?!:)([^>]*)>")
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})?(\d{1,7})?[\"']")
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)<")
_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_TEXT = re.compile(rb"\bt\s*=\s*[\"']str[\"']")  # a formula whose stored result is an empty text


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large a file may be before it is refused, in bytes and cells.

    `ratio` is unpacked bytes per packed byte of one entry; sheets of numbers stay below 50.
    """

    file_bytes: int = 500 * MEBIBYTE
    unpacked_bytes: int = 2048 * MEBIBYTE
    ratio: float = 200.0
    entries: int = 10_000
    cells: int = 20_000_000


@dataclass(kw_only=True)
class SheetExtent:
    """How far a sheet reaches (rows and columns from 1), and its faulty cells by (row, column)."""

    last_row: int = 0
    last_column: int = 0
    first_row: int = 0
    first_column: int = 0
    cells: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    without_result: set[tuple[int, int]] = field(default_factory=set)

    @property
    def area(self) -> int:
        """Cells in the rectangle around all that hold something."""
        if not self.cells:
            return 0
        return (self.last_row - self.first_row + 1) * (self.last_column - self.first_column + 1)


def inspect(stream: BinaryIO, *, file: str, limits: Limits) -> dict[str, SheetExtent]:
    """Inflate every entry within limits and return the extent of each worksheet, by entry name.

    Raises BadFile for damaged archives, bombs, and sheets with too many cells.
    """
    budget = _Budget(file, limits)
    return _inspect(stream, budget, depth=1)


def entry(stream: BinaryIO, name: str, *, file: str) -> bytes:
    """Return one inspected entry in full; empty where the archive has none of this name."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return archive.read(name) if name in archive.namelist() else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error, ValueError) as error:
        raise BadFile("sources.file.damaged_workbook", file=file) from error


@dataclass
class _Budget:
    file: str
    limits: Limits
    unpacked: int = 0

    def spend(self, size: int, packed: int, inflated: int) -> None:
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes:
            raise self._bomb(self.unpacked)
        if inflated > RATIO_FROM and inflated > self.limits.ratio * max(packed, 1):
            raise self._bomb(inflated)

    def _bomb(self, size: int) -> BadFile:
        return BadFile(
            "sources.file.bomb",
            file=self.file,
            size=size / MEBIBYTE,
            limit=self.limits.unpacked_bytes / MEBIBYTE,
            ratio=self.limits.ratio,
        )


def _inspect(stream: BinaryIO, budget: _Budget, depth: int) -> dict[str, SheetExtent]:
    damaged = BadFile("sources.file.damaged_workbook", file=budget.file)
    try:
        with zipfile.ZipFile(stream) as archive:
            infos = archive.infolist()
    except (
        zipfile.BadZipFile,
        OSError,
        ValueError,
        NotImplementedError,
        struct.error,
        OverflowError,
    ) as error:
        raise damaged from error
    if len(infos) > budget.limits.entries:
        raise BadFile("sources.file.too_many_entries", file=budget.file, n=len(infos))
    if any(info.flag_bits & 1 for info in infos):
        raise BadFile("sources.file.password", file=budget.file)
    # A directory that admits its size is refused before anything is inflated.
    declared = sum(info.file_size for info in infos)
    if declared > budget.limits.unpacked_bytes:
        raise budget._bomb(declared)
    sheets: dict[str, SheetExtent] = {}
    for info in infos:
        pieces = _inflated(stream, info, budget)
        if depth == 1 and _WORKSHEET.search(info.filename):
            sheets[info.filename] = _scan(pieces, info.filename, budget)
        else:
            _look_inside(pieces, budget, depth)
    return sheets


def _inflated(stream: BinaryIO, info: zipfile.ZipInfo, budget: _Budget) -> Iterator[bytes]:
    damaged = BadFile("sources.file.damaged_workbook", file=budget.file)
    try:
        stream.seek(info.header_offset)
        header = stream.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise damaged
        name, extra = struct.unpack("<HH", header[26:30])
        stream.seek(info.header_offset + 30 + name + extra)
    except (OSError, ValueError, OverflowError) as error:
        raise damaged from error
    if info.compress_type == zipfile.ZIP_STORED:
        source = _stored(stream, info.compress_size)
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        source = _deflated(stream, info.compress_size, damaged)
    else:
        raise damaged
    total = crc = 0
    for piece in source:
        total += len(piece)
        crc = zlib.crc32(piece, crc)
        budget.spend(len(piece), info.compress_size, total)
        yield piece
    # A directory that lies about sizes would let another reader inflate more than was counted.
    if total != info.file_size or crc != info.CRC:
        raise damaged


def _stored(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := stream.read(min(size, PIECE))):
        size -= len(piece)
        yield piece


def _deflated(stream: BinaryIO, size: int, damaged: BadFile) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-15)
    try:
        for packed in _stored(stream, size):
            waiting = packed
            while waiting and not inflater.eof:
                if piece := inflater.decompress(waiting, PIECE):
                    yield piece
                waiting = inflater.unconsumed_tail
        while not inflater.eof and (piece := inflater.decompress(b"", PIECE)):
            yield piece
        if not inflater.eof:
            raise damaged
    except zlib.error as error:
        raise damaged from error


def _look_inside(pieces: Iterator[bytes], budget: _Budget, depth: int) -> None:
    first = next(pieces, b"")
    if not first.startswith(b"PK\x03\x04"):
        for _ in pieces:
            pass
        return
    inner = io.BytesIO()
    inner.write(first)
    for piece in pieces:
        if inner.tell() + len(piece) > NESTED_BYTES:
            raise budget._bomb(budget.unpacked)
        inner.write(piece)
    if depth >= DEPTH:
        raise BadFile("sources.file.nested", file=budget.file, n=DEPTH)
    _inspect(inner, budget, depth + 1)


def _scan(pieces: Iterator[bytes], name: str, budget: _Budget) -> SheetExtent:
    extent = SheetExtent()
    cursor = _Cursor()
    kept = b""
    for number, piece in enumerate(pieces):
        foreign = number == 0 and (piece[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in piece[:200])
        if foreign or b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise BadFile("sources.file.damaged_workbook", file=budget.file)
        text = kept + piece
        cut = _finished(text)
        _count_cells(text[:cut], extent, cursor)
        kept = text[cut:]
        if len(kept) > LONGEST_CELL:
            raise BadFile("sources.file.damaged_workbook", file=budget.file)
        if extent.area > budget.limits.cells:
            sheet = name.rsplit("/", 1)[-1]
            raise BadFile(
                "sources.file.too_many_cells", file=budget.file, sheet=sheet, n=extent.area,
                limit=budget.limits.cells,
            )  # fmt: skip
    _count_cells(kept, extent, cursor)
    return extent


@dataclass
class _Cursor:
    row: int = 0
    column: int = 0


def _finished(text: bytes) -> int:
    """Return where the part ends in which no cell and no tag is cut in two."""
    start = max((text.rfind(mark) for mark in (b"<c ", b"<c>", b":c ", b":c>")), default=-1)
    if start < 0:
        return max(text.rfind(b"<"), 0)
    opening = text.find(b">", start)
    if opening < 0:
        return max(text.rfind(b"<", 0, start + 1), 0)
    if text[opening - 1 : opening] != b"/":
        closing = max(text.find(b"</c>", opening), text.find(b":c>", opening))
        if closing < 0:
            return max(text.rfind(b"<", 0, start + 1), 0)
        opening = closing
    return max(text.rfind(b"<"), opening + 1)


def _count_cells(text: bytes, extent: SheetExtent, cursor: _Cursor) -> None:
    tags = list(_TAG.finditer(text))
    for number, tag in enumerate(tags):
        attributes = tag[2] or b""
        reference = _REFERENCE.search(attributes)
        if tag[1] == b"row":
            cursor.row = int(reference[2]) if reference and reference[2] else cursor.row + 1
            cursor.column = 0
            continue
        cursor.column += 1
        if reference and reference[1]:
            cursor.column = column_number(reference[1].decode())
            cursor.row = int(reference[2] or cursor.row)
        if attributes.endswith(b"/"):
            continue
        end = tags[number + 1].start() if number + 1 < len(tags) else len(text)
        _note_cell(attributes, text[tag.end() : end], extent, cursor)


def _note_cell(attributes: bytes, body: bytes, extent: SheetExtent, cursor: _Cursor) -> None:
    value = _VALUE.search(body)
    full = bool(value and value[1].strip())
    formula = b"<f" in body or b":f" in body
    if not (full or formula or b"<is" in body or b":is" in body):
        return
    row, column = cursor.row, cursor.column
    extent.first_row = min(extent.first_row or row, row)
    extent.first_column = min(extent.first_column or column, column)
    extent.last_row = max(extent.last_row, row)
    extent.last_column = max(extent.last_column, column)
    extent.cells += 1
    if value and full and _ERROR.search(attributes):
        extent.errors[row, column] = value[1].decode("ascii", "replace")
    elif formula and not full and not _TEXT.search(attributes):
        extent.without_result.add((row, column))


def column_number(letters: str) -> int:
    """Return the number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
