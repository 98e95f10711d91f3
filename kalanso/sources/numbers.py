"""Which number does a cell of a spreadsheet mean?

Reads numbers as people write them in French and English, and says when a cell can mean two: `1,234`
is 1.234 or 1234. The column decides where it can; nothing here guesses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from kalanso.sources.months import plain

_SPACES = " \u00a0\u202f\u2009\u2007\u2008\u200a"
_GROUPED = re.compile(rf"(\d{{1,3}})((?:[{_SPACES}'’]\d{{3}})+)((?:[.,]\d+)?)")
_ONE_MARK = re.compile(r"(\d*)([.,])(\d*)")
_TWO_MARKS = re.compile(r"\d{1,3}(?:([.,])\d{3})+(?!\1)[.,]\d+")
_REPEATED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+")
_SCIENTIFIC = re.compile(r"(\d+(?:[.,]\d+)?)[eE]([+-]?\d{1,3})")
BLANK_WORDS = frozenset(
    {
        "", "-", "--", "---", ".", "..", "...", "/", "\\", "n/a", "na", "n.a.", "n.a", "#n/a", "nan", "nd", "n.d.",
        "n.d", "nr", "n.r.", "nc", "null", "<null>", "(null)", "none", "nil", "missing", "manquant", "manquante",
        "vide", "blank", "non disponible", "non renseigne", "non renseignee", "non rapporte", "pas de donnees",
        "pas de donnee", "not available", "not reported", "no data",
    }
)  # fmt: skip


@dataclass(frozen=True)
class WrittenNumber:
    """What a text means with a comma and with a point as decimal mark; None where it has no meaning.

    `percent` says that a percent sign stood behind it; the values are not divided by 100.
    """

    comma: float | None
    point: float | None
    percent: bool = False

    @property
    def ambiguous(self) -> bool:
        """Whether both readings are possible and differ."""
        return self.comma is not None and self.point is not None and self.comma != self.point

    def value(self, decimal: str) -> float | None:
        """Return the number under a decimal mark; under none, the only possible reading if there is one."""
        if decimal == ",":
            return self.comma
        if decimal == ".":
            return self.point
        if self.ambiguous:
            return None
        return self.comma if self.comma is not None else self.point


NOT_A_NUMBER = WrittenNumber(None, None)


def is_blank(text: str, words: frozenset[str] = frozenset()) -> bool:
    """Return whether a text stands for no value: nothing, `-`, `n/a`, `ND`, or one of `words`."""
    bare = plain(text)
    return bare in BLANK_WORDS or bare in words


def written_number(text: str) -> WrittenNumber:
    """Return the readings of a text as a number.

    Spaces of any width and apostrophes group thousands in threes; a comma or a point may group or
    mark decimals. Where spaces group, a mark can only be decimal.
    """
    bare = text.strip().replace("\u2212", "-")
    percent = bare.endswith("%")
    bare = bare.removesuffix("%").strip()
    sign = -1.0 if bare.startswith("-") else 1.0
    bare = bare[1:].lstrip() if bare[:1] in {"-", "+"} else bare
    if not bare.isascii():
        bare = "".join(" " if letter in _SPACES else letter for letter in bare)
    readings = _readings(bare)
    if readings is None:
        return NOT_A_NUMBER
    comma, point = ((None if v is None or not math.isfinite(v) else sign * v) for v in readings)
    return WrittenNumber(comma, point, percent)


def _readings(bare: str) -> tuple[float | None, float | None] | None:
    if bare.isascii() and bare.isdigit():
        return float(bare), float(bare)
    if grouped := _GROUPED.fullmatch(bare):
        digits = grouped[1] + re.sub(r"\D", "", grouped[2])
        return _marked(digits, grouped[3][:1], grouped[3][1:])
    if power := _SCIENTIFIC.fullmatch(bare):
        number = float(f"{power[1].replace(',', '.')}e{power[2]}")
        only = power[1]
        return (None if "." in only else number), (None if "," in only else number)
    if _TWO_MARKS.fullmatch(bare):
        decimal = bare[max(bare.rfind(","), bare.rfind("."))]
        whole, rest = bare.rsplit(decimal, 1)
        return _marked(re.sub(r"\D", "", whole), decimal, rest)
    if repeated := _REPEATED.fullmatch(bare):
        number = float(re.sub(r"\D", "", bare))
        return (None, number) if repeated[1] == "," else (number, None)
    if one := _ONE_MARK.fullmatch(bare):
        return _one_mark(one[1], one[2], one[3])
    return None


def _marked(digits: str, mark: str, rest: str) -> tuple[float | None, float | None]:
    number = float(f"{digits}.{rest or 0}")
    if not mark:
        return number, number
    return (number, None) if mark == "," else (None, number)


def _one_mark(whole: str, mark: str, rest: str) -> tuple[float | None, float | None] | None:
    if not whole and not rest:
        return None
    decimal = float(f"{whole or 0}.{rest or 0}")
    # A group of three behind one to three digits that do not start with 0 may be thousands.
    may_group = len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    grouped = float(whole + rest) if may_group else None
    return (decimal, grouped) if mark == "," else (grouped, decimal)


def decimal_mark(texts: Iterable[str]) -> str:
    """Return the decimal mark that the texts of one column prove, or an empty text.

    Proof is a cell with one possible reading. Cells that prove opposite marks prove nothing.
    """
    proved = {mark for text in texts if (mark := proof(written_number(text)))}
    return proved.pop() if len(proved) == 1 else ""


def proof(number: WrittenNumber) -> str:
    """Return the decimal mark that one number proves, or an empty text."""
    if number.comma is None and number.point is not None:
        return "."
    if number.point is None and number.comma is not None:
        return ","
    return ""
