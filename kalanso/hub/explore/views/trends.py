"""How did DTP1 coverage move in the Learning Hub's health areas from Q4 2022 to Q4 2024?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.queries import beside, learning_hub, series, shelf, withheld
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views import asked, pictures
from kalanso.indicators.tables import INDICATOR_VALUES


def trends(request: HttpRequest) -> HttpResponse:
    """Show the study sub-districts, one small figure and one sentence each."""
    here = shelf.current()
    if closed := asked.closed(request, here, "trends"):
        return closed
    study = learning_hub.study(here)
    guarded = withheld.reports_guarded(here)
    hidden = [item for item in study.missing if item.place and item.place.code in guarded]
    return render(
        request,
        "explore/trends.html",
        {
            "study": study,
            "hidden": len(hidden),
            "missing": [item for item in study.missing if item not in hidden],
            "rows": [(item, _grade(here, item)) for item in study.found],
            "picture": pictures.study(here, study.found) if study.found else None,
            "manifest": here.manifest(INDICATOR_VALUES),
            **_counted(study),
        },
    )


def _grade(here: Shelf, item: learning_hub.Studied) -> beside.Grade | None:
    """Return how far the reports of an area can be trusted in the year in which its series ends."""
    basis = next(iter(series.bases(here, "dtp1_coverage")), None)
    if basis is None or item.place is None or not item.points:
        return None
    return beside.grade_of(here, item.place.code, "dtp1", basis.source, item.points[-1].period)


def _counted(study: learning_hub.Study) -> dict[str, Any]:
    """Return how many series end higher than they began, and how many pass the whole target."""
    ends = [[p for p in item.points if p.value is not None and not p.provisional] for item in study.found]
    ends = [points for points in ends if len(points) > 1]
    return {
        "higher": sum((points[-1].value or 0) > (points[0].value or 0) for points in ends),
        "above": sum(any((p.value or 0) > 1 for p in points) for points in ends),
    }
