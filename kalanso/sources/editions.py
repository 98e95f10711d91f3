"""Which edition is a file, and at which level do its administrative units stand?

Publishers rarely say either inside the file: the year stands in its name, the level in a number.
"""

from __future__ import annotations

import re

from kalanso.sources.months import plain
from kalanso.vocabulary import Level

# Administrative rungs by the number that COD and geoBoundaries give them.
ADMIN_LEVELS = {
    0: Level.COUNTRY.value, 1: Level.REGION.value, 2: Level.CERCLE.value, 3: Level.COMMUNE.value,
}  # fmt: skip
HEALTH_LEVELS = {Level.DISTRICT.value, Level.HEALTH_AREA.value, Level.FACILITY.value}
_WORDS = (
    (r"aires? de sante|health areas?|catchments?", Level.HEALTH_AREA),
    (r"districts?(?: sanitaires?)?|health districts?|count(?:y|ies)", Level.DISTRICT),
    (r"regions?(?: sanitaires?)?|provinces?|state", Level.REGION),
    (r"cercles?|circles?|departements?", Level.CERCLE),
    (r"arrondissements?", Level.ARRONDISSEMENT),
    (r"communes?|municipalit(?:y|ies)", Level.COMMUNE),
    (r"pays|country", Level.COUNTRY),
    (r"formations? sanitaires?|facilit(?:y|ies)|etablissements?|structures?", Level.FACILITY),
)


def year_in(file: str) -> str:
    """Return the one year that stands in a file name, the last where it has several, or nothing."""
    found = re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", file)
    return found[-1] if found else ""


def level_named(text: str) -> str:
    """Return the level that a word such as `Cercle`, `Région` or `Health area` means, or nothing."""
    words = plain(text)
    if words in {level.value for level in Level}:
        return words
    return next((level.value for form, level in _WORDS if re.fullmatch(form, words)), "")


def tree_of(level: str) -> str:
    """Return the tree in which a level stands by default."""
    return "health" if level in HEALTH_LEVELS else "administrative"
