"""What do routine systems already say of a place and a quarter, shown where somebody reports so that they are not asked again?"""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

from kalanso.hub.explore.panels import records
from kalanso.hub.explore.queries import doors, places, series, shelf
from kalanso.indicators.tables import INDICATOR_VALUES

register = template.Library()
DOSES = ("dtp1_coverage", "dtp3_coverage")


@register.inclusion_tag("explore/already_known.html", takes_context=True)
def already_known(context: template.Context, code: str, period: str) -> dict[str, Any]:
    """Show doses and reports of a place in a quarter with their source; say so where none has come or may be read."""
    shown: dict[str, Any] = {
        "demo": context.get("demo"),
        "first": None,
        "third": None,
        "source": "",
        "code": code,
    }
    if settings.KALANSO_STORE is None:
        return shown
    here = shelf.current()
    place = places.tree(here).places.get(code)
    if place is None:
        return shown
    there = doors.reading(here, place)
    found = [series.at(there, (code,), name, period).get(code) for name in DOSES]
    basis = series.bases(there, DOSES[0])
    return shown | {
        "first": found[0],
        "third": found[1],
        "as_of": there.manifest(INDICATOR_VALUES),
        "source": records.source_named(basis[0].source) if basis else "",
        "completeness": found[0].completeness if found[0] is not None else None,
    }
