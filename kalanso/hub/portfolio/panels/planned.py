"""What is planned in the districts of a place or of a pocket, said in a line on a page of another app? `{% planned_in codes %}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models import Count, Q

from kalanso.hub.people.permissions import may
from kalanso.hub.portfolio.models.cells import OVER
from kalanso.hub.portfolio.queries import keeping, scope

register = template.Library()


@register.inclusion_tag("portfolio/planned_in.html", takes_context=True)
def planned_in(context: template.Context, codes: str | Iterable[str], pocket: str = "") -> dict[str, Any]:
    """Lead to what is planned in the districts of some places, and to help in designing more; nothing to who may not read it."""
    reader = context["request"].user
    if not reader.is_authenticated or not may(reader, "portfolio.read"):
        return {}
    codes = [codes] if isinstance(codes, str) else codes
    homes = sorted(
        {one.code: one for one in keeping.districts(set(codes)).values()}.values(), key=lambda one: one.name
    )
    rows = scope.cells(reader).filter(place_code__in=[one.code for one in homes], intervention__closed=False)
    counted = {
        row["place_code"]: (row["n"], row["going"])
        for row in rows.order_by().values("place_code").annotate(n=Count("pk"), going=Count("pk", filter=~Q(state__in=OVER)))
    }  # fmt: skip
    return {"districts": [(one, *counted.get(one.code, (0, 0))) for one in homes], "pocket": pocket}


@register.simple_tag
def codes_of(rows: Iterable[Any]) -> list[str]:
    """Return the codes of the places of some rows: `{% codes_of pocket.areas as codes %}`."""
    return [str(row["place_code"]) for row in rows]
