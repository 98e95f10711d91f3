"""What is planned in some districts, said in a line on a page of another app? `{% planned_in codes %}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models import Count, Q
from django.http import HttpRequest

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.portfolio.models.cells import OVER
from kalanso.hub.portfolio.queries import scope

register = template.Library()


@register.inclusion_tag("portfolio/planned_in.html", takes_context=True)
def planned_in(context: template.Context, codes: Iterable[str], pocket: str = "") -> dict[str, Any]:
    """Lead to what is planned in some districts, and to help in designing more; nothing to who may not read it."""
    request = context["request"]
    if not request.user.is_authenticated or not may(request.user, "portfolio.read"):
        return {}
    known = _counted(request)
    return {"districts": [known[code] for code in codes if code in known], "pocket": pocket}


def _counted(request: HttpRequest) -> dict[str, tuple[str, str, int, int]]:
    """Return each district with its name, its lines and those that are not over; asked once for a page."""
    kept: dict[str, tuple[str, str, int, int]] | None = getattr(request, "_kalanso_planned", None)
    if kept is None:
        rows = scope.cells(request.user).filter(intervention__closed=False).order_by().values("place_code")
        counted = {
            row["place_code"]: (row["n"], row["going"])
            for row in rows.annotate(n=Count("pk"), going=Count("pk", filter=~Q(state__in=OVER)))
        }
        names = PlaceMirror.objects.filter(level="district").values_list("code", "name")
        kept = {code: (code, name, *counted.get(code, (0, 0))) for code, name in names}
        request._kalanso_planned = kept  # type: ignore[attr-defined]
    return kept
