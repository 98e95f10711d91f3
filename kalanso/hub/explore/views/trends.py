"""How did DTP1 coverage move in the Learning Hub's health areas from Q4 2022 to Q4 2024?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kalanso.hub.explore.queries import learning_hub, shelf


def trends(request: HttpRequest) -> HttpResponse:
    """Show the study sub-districts, one small figure and one sentence each."""
    here = shelf.current()
    return render(request, "explore/trends.html", {"study": learning_hub.study(here)})
