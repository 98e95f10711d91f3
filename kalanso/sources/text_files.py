"""With which letters and which separator was a text file written?

Finds the encoding of a CSV file and refuses one whose letters were lost on the way; finds the
separator. What the columns mean is not asked here.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from kalanso.sources.faults import BadFile

SEPARATORS = (",", ";", "\t", "|")
SAMPLE_LINES = 400
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ONE_BYTE = ("cp1252", "latin-1", "mac-roman")
# Letters that French, English and the languages of West Africa write, by how they weigh as evidence.
_USUAL = set("éèêëàâäçîïôöùûüœæÉÈÊËÀÂÄÇÎÏÔÖÙÛÜŒñÑ’‘“”«»–—…°€²³ \u00a0\u202f")
_TWICE_ENCODED = re.compile(
    "[ÃÅ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[™œ\u009d“”˜¢¦\u0093\u0094\u0099]|Â[«»°©®²³\u00a0]"
)


@dataclass(frozen=True)
class Letters:
    """A file's text, and the encoding in which its bytes were read."""

    text: str
    encoding: str


def decode(raw: bytes, *, file: str, encoding: str | None = None) -> Letters:
    """Return the text of a file; the encoding is found unless it is stated.

    Tries byte-order marks, UTF-8, UTF-16 without mark, then the 8-bit encodings of Windows, Latin-1
    and old Macintosh, of which the one that gives the most usual letters wins. Raises BadFile, with
    the row and column of the first fault, for undecodable bytes, for letters already lost (�) and
    for text encoded twice (Ã©), unless `encoding` is stated by a person.
    """
    if encoding:
        return Letters(_decode_as(raw, encoding, file), encoding)
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return _intact(Letters(_decode_as(raw, name, file), name.removesuffix("-sig")), file)
    if wide := _wide_without_mark(raw):
        return _intact(Letters(_decode_as(raw, wide, file), wide), file)
    if _looks_binary(raw):
        raise BadFile("sources.file.binary", file=file)
    try:
        return _intact(Letters(raw.decode("utf-8"), "utf-8"), file)
    except UnicodeDecodeError as error:
        return _intact(_one_byte(raw, error.start, file), file)


def _decode_as(raw: bytes, encoding: str, file: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(raw, error.start, encoding, file) from error
    except LookupError as error:
        raise BadFile("sources.file.unknown_encoding", file=file, found=encoding) from error


def _undecodable(raw: bytes, at: int, encoding: str, file: str) -> BadFile:
    before = raw[:at].decode(encoding, "replace")
    row, column = _place(before)
    return BadFile(
        "sources.file.undecodable", file=file, row=row, column=column, expected=encoding,
        found=" ".join(f"{byte:02X}" for byte in raw[at : at + 4]),
    )  # fmt: skip


def _place(before: str) -> tuple[int, str]:
    """Return the row and column letter at the end of a text, told by its likeliest separator."""
    line = before.rsplit("\n", 1)[-1]
    separator = max(SEPARATORS, key=line.count)
    return before.count("\n") + 1, column_letter(line.count(separator) + 1)


def _wide_without_mark(raw: bytes) -> str | None:
    sample = raw[:4000]
    if len(sample) < 4 or len(raw) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _looks_binary(raw: bytes) -> bool:
    sample = raw[:65536]
    control = sum(sample.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\x1a\x1b")
    return b"\x00" in raw or control > 0.01 * len(sample)


def _one_byte(raw: bytes, at: int, file: str) -> Letters:
    best: tuple[float, Letters] | None = None
    for encoding in _ONE_BYTE:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        share = _usual_share(text)
        if best is None or share > best[0]:
            best = share, Letters(text, encoding)
    # Fewer usual letters than strange ones: no encoding that is known here wrote this file.
    if best is None or best[0] < 0.5:
        raise _undecodable(raw, at, "utf-8", file)
    return best[1]


def _usual_share(text: str) -> float:
    foreign = Counter(letter for letter in text if ord(letter) > 127)
    if not foreign:
        return 1.0
    return sum(n for letter, n in foreign.items() if letter in _USUAL) / foreign.total()


def _intact(letters: Letters, file: str) -> Letters:
    """Raise BadFile where letters were lost or encoded twice before the file was written."""
    text = letters.text
    lost = text.find("\ufffd")
    if lost >= 0:
        row, column = _place(text[:lost])
        raise BadFile(
            "sources.file.lost_letters", file=file, row=row, column=column, found=_around(text, lost),
            n=text.count("\ufffd"),
        )  # fmt: skip
    if twice := _TWICE_ENCODED.search(text):
        row, column = _place(text[: twice.start()])
        raise BadFile(
            "sources.file.mojibake", file=file, row=row, column=column,
            found=_around(text, twice.start()),
        )  # fmt: skip
    return letters


def damaged_letters(text: str) -> str | None:
    """Return the message id of what happened to the letters of one cell, or None if they are whole."""
    if "\ufffd" in text:
        return "sources.file.lost_letters"
    return "sources.file.mojibake" if _TWICE_ENCODED.search(text) else None


def _around(text: str, at: int) -> str:
    return (
        re.split(r"[\n\r,;\t|]", text[max(at - 20, 0) : at])[-1]
        + re.split(r"[\n\r,;\t|]", text[at : at + 20])[0]
    )


def find_separator(text: str) -> str:
    """Return the separator that cuts most of the first lines into the same number of cells.

    A first line `sep=;`, as Excel understands it, decides. A file of one column gives a comma.
    """
    if stated := re.match(r"\s*sep=(.)\r?\n", text, re.IGNORECASE):
        return stated[1]
    sample = "".join(io.StringIO(text[: 1 << 20]).readlines()[:SAMPLE_LINES])
    scores = {separator: _regularity(sample, separator) for separator in SEPARATORS}
    return max(SEPARATORS, key=lambda separator: scores[separator])


def _regularity(sample: str, separator: str) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(sample), delimiter=separator) if any(row)]
    except csv.Error:
        return 0.0, 0
    several = Counter(width for width in widths if width > 1)
    if not several:
        return 0.0, 0
    width, count = max(several.items(), key=lambda item: (item[1], item[0]))
    return count / len(widths), width


def parse(text: str, separator: str, *, file: str) -> list[list[str]]:
    """Return the cells of every record, blank lines included, so that row numbers hold.

    Row numbers are those that a spreadsheet shows: a quoted cell with line breaks is one row.
    """
    csv.field_size_limit(1 << 24)
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise BadFile("sources.file.not_a_csv", file=file, row=len(rows) + 1, found=str(error)) from error
    return rows


def column_letter(number: int) -> str:
    """Return the letters of a column from its number: 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
