"""How is a text file of any size turned into UTF-8 without being held in memory?

Finds the encoding in one pass over the bytes, refuses lost letters with row and column, and hands
out the rest as a stream. Cells and columns are not its business.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kalanso.sources import text_files, workbooks
from kalanso.sources.faults import BadFile

PIECE = 8 << 20
HEAD = 1 << 20
# Letters without which none was lost or encoded twice: they are sought before anything slower.
_SIGNS_OF_DAMAGE = ("\ufffd", "Ã", "Å", "Â", "â€")


@dataclass(frozen=True)
class LongText:
    """A text file on disk, the encoding of its bytes, its separator and its first megabyte of text."""

    path: Path
    encoding: str
    separator: str
    head: str

    def first_rows(self) -> list[list[str]]:
        """Return the rows of the first megabyte; the last one may be cut."""
        rows = text_files.parse(self.head, self.separator, file=self.path.name)
        if rows and re.fullmatch(r"sep=.?", "".join(rows[0]), re.IGNORECASE):
            rows[0] = []
        return rows

    def lines_before(self, row: int) -> int:
        """Return how many lines the rows before this one (from 1) take."""
        reader = csv.reader(io.StringIO(self.head, newline=""), delimiter=self.separator)
        for _ in range(row - 1):
            next(reader)
        return reader.line_num


def open_long_text(path: Path, *, encoding: str, separator: str) -> LongText:
    """Return a text file whose letters are whole, or raise BadFile naming the first that is not."""
    found = encoding or _find_encoding(path)
    try:
        with path.open("rb") as stream:
            decoder = codecs.getincrementaldecoder(found)()
            head = decoder.decode(stream.read(HEAD)).removeprefix("\ufeff")
    except LookupError as error:
        raise BadFile("sources.file.unknown_encoding", file=path, found=encoding) from error
    except UnicodeDecodeError as error:
        raise BadFile(
            "sources.file.undecodable", file=path, row=1, expected=found, found=error.reason
        ) from error
    if not head.strip():
        raise BadFile("sources.file.empty", file=path)
    return LongText(path, found.removesuffix("-sig"), separator or text_files.find_separator(head), head)


def _find_encoding(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(64 << 10)
    workbooks.refuse_other_formats(start, start, path.name)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in start:
        # Decides between UTF-16 without a mark and a binary file, which it refuses.
        return text_files.decode(start[: len(start) // 4 * 4], file=path.name).encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    rows = 0
    for piece in _pieces(path):
        try:
            text = None if piece.isascii() and decoder.getstate()[0] == b"" else decoder.decode(piece)
        except UnicodeDecodeError as error:
            return _encoding_around(piece, error.start, rows, path.name)
        if b"\x00" in piece:
            raise BadFile("sources.file.binary", file=path)
        if text is not None and any(sign in text for sign in _SIGNS_OF_DAMAGE):
            _refuse_damage(text, rows, path.name)
        rows += piece.count(b"\n")
    return "utf-8"


def _encoding_around(piece: bytes, at: int, rows: int, file: str) -> str:
    start = max(at - HEAD // 2, 0)
    try:
        return text_files.decode(piece[start : at + HEAD // 2], file=file).encoding
    except BadFile as error:
        if error.row is not None:
            error.row += rows + piece[:start].count(b"\n")
        raise


def _refuse_damage(text: str, rows: int, file: str) -> None:
    try:
        text_files.decode(text.encode("utf-8"), file=file)
    except BadFile as error:
        if error.row is not None:
            error.row += rows
        raise


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            yield piece


class Utf8Stream(io.RawIOBase):
    """The bytes of a text file as UTF-8, from a line onwards; `seen` is called with bytes read so far."""

    def __init__(self, text: LongText, *, skip_lines: int, seen: Callable[[int], None]) -> None:
        self._stream = text.path.open("rb")
        self._seen, self._read = seen, 0
        plain = text.encoding in {"utf-8", "ascii"}
        self._decoder = None if plain else codecs.getincrementaldecoder(text.encoding)()
        self._kept = b""
        self._skip(skip_lines)

    def _skip(self, lines: int) -> None:
        while lines:
            piece = self._next(HEAD)
            if not piece:
                return
            found = piece.split(b"\n", lines)
            lines -= len(found) - 1
            self._kept = found[-1] if not lines else b""

    def _next(self, size: int) -> bytes:
        raw = self._stream.read(size)
        self._read += len(raw)
        self._seen(self._read)
        if self._decoder is None:
            return raw
        return self._decoder.decode(raw, final=not raw).encode("utf-8")

    def readable(self) -> bool:
        """Say that bytes can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to about `size` bytes; none at the end."""
        size = PIECE if size is None or size < 0 else size
        if not self._kept:
            self._kept = self._next(size)
        piece, self._kept = self._kept[:size], self._kept[size:]
        return piece

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()
