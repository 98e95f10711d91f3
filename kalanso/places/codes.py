"""Which code does a new place get?

Our own key, such as `ML-D0042`: it says the country and the rung and nothing else, and is never
given twice, not even after the place is gone. Codes of other systems stand in `place_codes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kalanso.places.faults import PlacesRefused
from kalanso.vocabulary import Level

LETTERS = {
    Level.REGION: "R",
    Level.DISTRICT: "D",
    Level.HEALTH_AREA: "H",
    Level.FACILITY: "F",
    Level.CERCLE: "C",
    Level.ARRONDISSEMENT: "A",
    Level.COMMUNE: "M",
}


def mint_codes(country: str, level: str, count: int, taken: Iterable[str]) -> list[str]:
    """Return new codes for places of one level.

    `country` is the ISO code of two letters; `taken` must hold every code ever given, those of
    closed places included. Numbers go on after the highest one, so that a gap is never filled. The
    country itself has its ISO code. Raises PlacesRefused where a code would be given twice.
    """
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise PlacesRefused("places.refused.country", found=country)
    rung = Level(level)
    used = set(taken)
    if rung is Level.COUNTRY:
        if count > 1 or (count and country in used):
            raise PlacesRefused("places.refused.second_country", found=country)
        return [country] * count
    form = re.compile(rf"{country}-{LETTERS[rung]}(\d+)")
    numbers = [int(found[1]) for code in used if (found := form.fullmatch(code))]
    first = max(numbers, default=0) + 1
    return [f"{country}-{LETTERS[rung]}{number:04d}" for number in range(first, first + count)]
