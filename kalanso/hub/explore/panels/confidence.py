"""How far can a number be trusted, told beside it on a page of any app?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.conf import settings

from kalanso.hub.explore.queries import confidence as queries
from kalanso.hub.explore.queries import doors, places, shelf
from kalanso.hub.explore.queries.beside import Grade
from kalanso.hub.explore.queries.confidence import Confidence

register = template.Library()


@register.simple_tag
def confidence_in(place_code: str, *groups: Iterable[Any]) -> Confidence:
    """Return the grades for the questions of some groups below a place: `{% confidence_in code near as trusted %}`."""
    if settings.KALANSO_STORE is None:
        return Confidence()
    own = shelf.current()
    here = doors.reading(own, places.tree(own).places.get(place_code))
    codes = {str(line.row["place_code"]) for several in groups for group in several for line in group.lines}
    return queries.confidence(here, codes)


@register.filter
def grade_for(trusted: Confidence | str, row: Mapping[str, Any]) -> Grade | None:
    """Return the grade that stands nearest to the number of a finding; None where there is none."""
    return trusted.of(row) if isinstance(trusted, Confidence) else None


@register.simple_tag
def estimate_grade(place_code: str, indicator: str, period: str) -> Grade | None:
    """Return how far an estimate can be trusted: `{% estimate_grade code dose period as grade %}`."""
    if settings.KALANSO_STORE is None:
        return None
    return queries.of_estimate(shelf.current(), place_code, indicator, period)
