"""How wide is a text, and where does it break?

Widths of Liberation Sans (metric twin of Arial and Helvetica), with room for the widest letters that a
reader's system may have instead, so that titles and labels can be placed before anything is drawn.
Letters with accents are as wide as without.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Advance widths in thousandths of the font size, for the characters from space to tilde.
_REGULAR: Final = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD: Final = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip
_OTHERS: Final = {
    "\u00a0": 278, "\u202f": 278, "·": 278, "«": 556, "»": 556, "–": 556, "—": 1000, "’": 278,
    "“": 500, "”": 500, "…": 1000, "°": 400, "×": 584, "−": 584, "œ": 944, "Œ": 1000, "≥": 549,
    "≤": 549, "ɛ": 556, "ɔ": 556, "ŋ": 611, "ɲ": 611,
}  # fmt: skip

# DejaVu Sans, which stands in for Arial where neither it nor its twins are installed, is so much wider.
_REGULAR_ROOM: Final = 1.14
_BOLD_ROOM: Final = 1.22

_PERIOD: Final = re.compile(r"([^\W\d_]{3,}\.?|\b[TQ][1-4]) (\d{4})\b")


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in pixels at a font size in pixels."""
    room = _BOLD_ROOM if bold else _REGULAR_ROOM
    return sum(_advance(letter, bold) for letter in text) * size * room / 1000


@lru_cache(maxsize=2048)
def _advance(letter: str, bold: bool) -> int:
    if letter in _OTHERS:
        return _OTHERS[letter]
    base = unicodedata.normalize("NFD", letter)[0]
    if " " <= base <= "~":
        return (_BOLD if bold else _REGULAR)[ord(base) - 32]
    return 1000 if unicodedata.east_asian_width(letter) in "WF" else 611


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Return the lines of a text that fit into a width in pixels.

    Breaks at ordinary spaces only: a non-breaking space keeps a number with its unit, and a month or
    quarter stays with its year. A word wider than the line stands alone on it.
    """
    lines: list[str] = []
    for word in _PERIOD.sub("\\1\u00a0\\2", text).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return a text cut with an ellipsis so that it fits into a width in pixels."""
    if width_of(text, size, bold=bold) <= width:
        return text
    while text and width_of(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
