"""Which word that tells neighbours apart is meant, where it is written with a slip or cut short?

"Cental" may be Central, and "Sd" may be Sud. Such a reading only ever ranks what a person is asked about:
it is never reason enough to accept a place unasked. Numbers and single letters are read to the letter.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from rapidfuzz.distance import DamerauLevenshtein

from kalanso.places.names import PlaceName
from kalanso.places.words import DISTINGUISHING

SLIP, SHORTENED = 1, 2  # how the word is written; the less like, the higher
_SHORTEST = 3  # letters of a word in which a slip is believed
_LONG = 6  # letters from which two slips are


def as_meant(one: PlaceName, other: PlaceName) -> tuple[PlaceName, PlaceName, int]:
    """Return two names with a doubtful word of either read as the mark of the other, and how it is written.

    They come back as they are, with 0, where no such reading makes all their marks agree.
    """
    if one.marks != other.marks:
        if read := _read(one, other):
            return read[0], other, read[1]
        if read := _read(other, one):
            return one, read[0], read[1]
    return one, other, 0


def without_doubtful(name: PlaceName) -> PlaceName:
    """Return a name without the words that may be marks, so that short names are still found."""
    words = name.core.split()
    rest = [word for place, word in enumerate(words) if place == 0 or not meant(word)]
    return name if len(rest) == len(words) else replace(name, core=" ".join(rest))


@lru_cache(maxsize=200_000)
def _read(one: PlaceName, other: PlaceName) -> tuple[PlaceName, int] | None:
    lacking = other.marks - one.marks
    if one.marks - other.marks or not lacking <= _MARKS:
        return None
    words, worst = one.core.split(), 0
    for mark in sorted(lacking):
        fits = sorted((how, word) for word in words if (how := meant(word).get(mark, 0)))
        fits = [(how, word) for how, word in fits if word not in other.core.split()]
        if not fits:
            return None
        words.remove(fits[0][1])
        worst = max(worst, fits[0][0])
    # A name of such words alone may be read so only where the other is one too.
    if not words and other.core:
        return None
    return replace(one, core=" ".join(words), marks=other.marks), worst


@lru_cache(maxsize=200_000)
def meant(word: str) -> MappingProxyType[str, int]:
    """Return the marks that a word of a name may be, with how it is written then."""
    found: dict[str, int] = {}
    if word.isalpha() and word not in DISTINGUISHING:
        for written, mark in DISTINGUISHING.items():
            if how := _how(word, written):
                found[mark] = min(how, found.get(mark, how))
    return MappingProxyType(found)


def _how(word: str, written: str) -> int:
    most = 2 if min(len(word), len(written)) >= _LONG - 1 and len(written) >= _LONG else 1
    if (
        min(len(word), len(written)) >= _SHORTEST
        and abs(len(word) - len(written)) <= most
        and DamerauLevenshtein.distance(word, written, score_cutoff=most) <= most
    ):
        return SLIP
    return SHORTENED if _shortens(word, written) else 0


def _shortens(word: str, written: str) -> bool:
    """Say whether a word is the other with letters left out behind the first: "Sd", "Ctral"."""
    rest = iter(written[1:])
    return 2 <= len(word) < len(written) and word[0] == written[0] and all(sign in rest for sign in word[1:])


_MARKS = frozenset(DISTINGUISHING.values())

__all__ = ["SHORTENED", "SLIP", "as_meant", "meant", "without_doubtful"]
