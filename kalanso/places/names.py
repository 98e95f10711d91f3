"""Which name is meant, however it is spelled?

Takes a written name apart: the name itself, words for the kind of place, and words that tell
neighbours apart. How alike two names are is said here too; which place a name is, by `matching`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rapidfuzz import fuzz

from kalanso.places.words import ARTICLES, COMPOUND, DISTINGUISHING, KINDS, NUMBER_WORDS

_LETTERS = str.maketrans({
    "ɛ": "e", "ɔ": "o", "ŋ": "ng", "ɲ": "ny", "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l",
    "đ": "d", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y", "ı": "i", "&": " et ", "º": "e ", "°": "e ",
})  # fmt: skip
_APOSTROPHES = "'’‘ʼʹ`´′ʻꞌ＇"
_ELISION = re.compile(rf"(?<![^\W_])([dl])[{_APOSTROPHES}]\s?(?=[aeiouyh])")
_ORDINAL = re.compile(r"(?<!\w)(\d+)\s?(?:er|ere|eme|e|nd|rd|st|th)(?!\w)")
_ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")
_SPELLINGS = (  # ways in which French, English and Bambara spelling write one sound
    (re.compile(r"ou|oo|w"), "u"),
    (re.compile(r"gn|ni(?=[aeou])"), "ny"),
    (re.compile(r"dj|di(?=[aeou])"), "j"),
    (re.compile(r"tch|ti(?=[aeou])"), "c"),
    (re.compile(r"qu|q|ck|kh|c(?=[aou]|$)"), "k"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"y"), "i"),
    (re.compile(r"(?<=[a-z])h"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)
SAME_SOUND = 0.97  # likeness of two names that only spelling tells apart


def cleaned(name: str) -> str:
    """Return a name in lower case without accents, apostrophes, hyphens or spare spaces."""
    letters = unicodedata.normalize("NFKD", str(name).casefold().translate(_LETTERS))
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    plain = _ELISION.sub(r"\1 ", plain)
    plain = re.sub(rf"[{_APOSTROPHES}]", "", plain)
    return " ".join(re.sub(r"[^\w]+|_", " ", plain).split())


@lru_cache(maxsize=200_000)
def normalise(name: str) -> str:
    """Return the one spelling under which all ways to write a name meet.

    Accents, case, apostrophes, hyphens and spare spaces go; roman numerals, ordinals and number
    words become figures. Words such as "CSCom" or "Est" stay: see `parse_name`.
    """
    apart = re.sub(r"(?<=[a-z]{2})(?=\d)", " ", cleaned(name))
    return " ".join(_figures(_ORDINAL.sub(r"\1", apart).split()))


def _figures(words: list[str]) -> list[str]:
    return [_figure(word, first=place == 0) for place, word in enumerate(words)]


def _figure(word: str, *, first: bool) -> str:
    # A first word such as "Dix" or "Vi" may well be the name itself.
    if first:
        return word
    if word.isdigit():
        return str(int(word))
    if _ROMAN.fullmatch(word):
        values = {"i": 1, "v": 5, "x": 10}
        numbers = [values[sign] for sign in word]
        later = [*numbers[1:], 0]
        return str(sum(-n if n < after else n for n, after in zip(numbers, later, strict=True)))
    return NUMBER_WORDS.get(word, word)


@dataclass(frozen=True)
class PlaceName:
    """A name taken apart.

    `core` is the name itself, words apart by one space; `marks` are the words that tell neighbours
    apart (east, central, 2, urban), in one language; `kind` is the kind of place that the name says,
    or empty.
    """

    core: str
    marks: frozenset[str]
    kind: str

    @cached_property
    def key(self) -> str:
        """The core without spaces: "Gourma-Rharous" and "Gourmarharous" agree."""
        return self.core.replace(" ", "")

    @cached_property
    def sound(self) -> str:
        """The key in a spelling that follows the sound: "Ségou" and "Segu" agree."""
        heard = self.key
        for form, letters in _SPELLINGS:
            heard = form.sub(letters, heard)
        return heard


@lru_cache(maxsize=200_000)
def parse_name(name: str) -> PlaceName:
    """Return the parts of a written name.

    A name that consists only of such words keeps them: the region "Nord" is called so.
    """
    kind, words = _without_kind(normalise(name).split())
    words = [part for word in words for part in COMPOUND.get(word, (word,))]
    core = [word for word in words if word not in ARTICLES and not _is_mark(word, words)]
    marks = frozenset(DISTINGUISHING.get(word, word) for word in words if _is_mark(word, words))
    if not core and not marks:
        core = normalise(name).split()
    return PlaceName(" ".join(core), marks, kind)


def _is_mark(word: str, words: list[str]) -> bool:
    last_letter = len(word) == 1 and word.isalpha() and len(words) > 1 and word == words[-1]
    return word in DISTINGUISHING or word.isdigit() or last_letter


def _without_kind(words: list[str]) -> tuple[str, list[str]]:
    for length in range(min(5, len(words)), 0, -1):
        for start in (0, len(words) - length, *range(1, len(words) - length)):
            kind = KINDS.get(" ".join(words[start : start + length]))
            rest = words[:start] + words[start + length :]
            if kind and any(word not in ARTICLES for word in rest):
                return kind, rest
    return "", words


def variants(name: str) -> dict[str, float]:
    """Return the ways to read a name, with what each counts less than the whole name.

    Without what stands in brackets it counts hardly less. What stands in brackets is often only where
    the place lies, so that it alone is never enough to accept a match. All keep the kind of the whole.
    """
    outside = re.sub(r"\([^)]*\)", " ", name).strip()
    inside = [part.strip() for part in re.findall(r"\(([^)]*)\)", name)]
    if not inside:
        return {name: 0.0}
    ways = dict.fromkeys(inside, 0.12) | {outside: 0.01, name: 0.0}
    return {part: less for part, less in ways.items() if cleaned(part)}


def likeness(one: PlaceName, other: PlaceName) -> float:
    """Return how alike two names are, 0 to 1, apart from marks and kinds.

    1 where the same letters stand (names made of marks alone: where the marks are the same), 0.97 where they sound alike, 0.95 where the same words stand in
    another order; else the share of common letters; at least 0.8 where one has all words of the
    other and more.
    """
    if not (one.key and other.key):
        return float(one.key == other.key and one.marks == other.marks)
    if one.key == other.key:
        return 1.0
    if one.sound == other.sound and len(one.sound) >= 3:
        return SAME_SOUND
    if sorted(one.core.split()) == sorted(other.core.split()):
        return 0.95
    alike = max(fuzz.ratio(one.key, other.key), fuzz.ratio(one.sound, other.sound)) / 100
    fewer, more = sorted((set(one.core.split()), set(other.core.split())), key=len)
    contained = fewer < more and max(map(len, fewer), default=0) >= 4
    return max(min(alike, 0.96), 0.8 if contained else 0.0)
