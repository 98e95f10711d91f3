"""Which rows of each analysis make its picture?

Known without loading what draws them. How each is drawn is said by `beside`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# analysis -> the measures of which its picture is made; none: all that it has
PICTURED: Final = {
    "coverage_sources": (),
    "zero_dose": ("zero_dose",),
    "denominators": (),
    "cases": (),
    "dropout": (),
    "vials": ("fall_after_stockout",),
    "first_contacts": (),
    "same_visit": (),
    "susceptibles": (),
    "campaigns": (),
    "sectors": (),
    "above_full": (),
    "silence": (),
    "access": (),
    "breaks": (),
    "inequality": ("fifth_coverage", "coverage_sex_female", "coverage_wealth_1"),
    "confidence": (),
    "narrative": (),
}


def is_pictured(analysis: str, measures: Iterable[str]) -> bool:
    """Whether rows of an analysis with these measures have a picture."""
    if analysis not in PICTURED:
        return False
    wanted, found = PICTURED[analysis], set(measures)
    return bool(found & set(wanted)) if wanted else bool(found)
