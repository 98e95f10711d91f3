"""Into which five classes do values fall, and what is each class called?

Shares use fixed limits (or those given), counts use rounded quintiles, so that a legend shows round
numbers and how many places stand behind each tone.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from kalanso.figures import words
from kalanso.figures.figure import FigureRefused
from kalanso.figures.theme import SEQUENTIAL

SHARE_LIMITS: Final = (0.5, 0.7, 0.8, 1.0)


def limits(values: Sequence[float], unit: str, given: Sequence[float] | None = None) -> tuple[float, ...]:
    """Return up to four rising limits that cut values into up to five classes."""
    if given is not None:
        if list(given) != sorted(set(given)) or not 1 <= len(given) <= len(SEQUENTIAL) - 1:
            raise FigureRefused(f"limits: expected one to four rising values, got {list(given)}")
        return tuple(given)
    if unit == "share":
        return SHARE_LIMITS
    return _rounded_quintiles(values)


def _rounded_quintiles(values: Sequence[float]) -> tuple[float, ...]:
    ordered = sorted(values)
    if not ordered:
        return (1.0,)
    cuts = [ordered[min(round(len(ordered) * share), len(ordered) - 1)] for share in (0.2, 0.4, 0.6, 0.8)]
    for figures in (1, 2, 3):
        rounded = [_round_to(cut, figures) for cut in cuts]
        if len(set(rounded)) == len(set(cuts)):
            break
    lowest = ordered[0]
    return tuple(sorted({cut for cut in rounded if cut > lowest})) or (_round_to(ordered[-1], 1) or 1.0,)


def _round_to(value: float, figures: int) -> float:
    if value == 0:
        return 0.0
    return float(round(value, figures - 1 - math.floor(math.log10(abs(value)))))


def class_of(value: float, cuts: Sequence[float], unit: str) -> int:
    """Return the class of a value, counted from 0; for shares, exactly 100 % is not above 100 %."""
    place = bisect_right(list(cuts), value)
    if unit == "share" and place and cuts[place - 1] == 1.0 and value == 1.0:
        return place - 1
    return place


def tones(cuts: Sequence[float]) -> tuple[str, ...]:
    """Return one tone per class, light for few and dark for many, as far apart as they can be."""
    count, last = len(cuts) + 1, len(SEQUENTIAL) - 1
    return tuple(SEQUENTIAL[round(index * last / max(count - 1, 1))] for index in range(count))


def names(cuts: Sequence[float], unit: str, locale: str) -> list[str]:
    """Return what each class is called: moins de 50 %, 50 à 70 %, 100 % et plus."""
    shown = [words.number(cut, unit, locale) for cut in cuts]
    middle = [
        words.say(locale, "figures.classes.from_to", low=_bare(low, unit), high=high)
        for low, high in pairwise(shown)
    ]
    last = "above" if unit == "share" and cuts[-1] == 1.0 else "from"
    return [
        words.say(locale, "figures.classes.below", high=shown[0]),
        *middle,
        words.say(locale, "figures.classes.above", low=shown[-1])
        if last == "above"
        else words.say(locale, "figures.classes.from", low=shown[-1]),
    ]


def _bare(text: str, unit: str) -> str:
    return text.rstrip("%\u202f\u00a0 ") if unit != "count" else text
