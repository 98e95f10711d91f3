"""How did DTP1 coverage move in the Learning Hub's health areas from Q4 2022 to Q4 2024?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.queries import learning_hub, shelf
from kalanso.hub.explore.views import asked, pictures
from kalanso.indicators.tables import INDICATOR_VALUES


def trends(request: HttpRequest) -> HttpResponse:
    """Show the study sub-districts, one small figure and one sentence each."""
    here = shelf.current()
    if closed := asked.closed(request, here, "trends"):
        return closed
    study = learning_hub.study(here)
    return render(
        request,
        "explore/trends.html",
        {
            "study": study,
            "picture": pictures.study(here, study.found) if study.found else None,
            "manifest": here.manifest(INDICATOR_VALUES),
            **_counted(study),
        },
    )


def _counted(study: learning_hub.Study) -> dict[str, Any]:
    """Return how many series end higher than they began, and how many pass the whole target."""
    ends = [[p for p in item.points if p.value is not None and not p.provisional] for item in study.found]
    ends = [points for points in ends if len(points) > 1]
    return {
        "higher": sum((points[-1].value or 0) > (points[0].value or 0) for points in ends),
        "above": sum(any((p.value or 0) > 1 for p in points) for points in ends),
    }
