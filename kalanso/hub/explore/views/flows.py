"""Where does each source begin, where is it typed in, and how much of its detail arrives?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.evidence.queries import catalogue
from kalanso.hub.explore.queries import shelf
from kalanso.hub.explore.views import pictures
from kalanso.sources.catalogue.tables import SOURCE_FACTS


@login_required
def flows(request: HttpRequest) -> HttpResponse:
    """Show the lanes of all sources from the facility to the country, with their table."""
    here, lanes = shelf.current(), catalogue.flows()
    subject = {"measure": _("chemin des sources"), "unit": "count", "number": "counted"}
    return render(
        request, "explore/flows.html",
        {
            "lanes": lanes, "manifest": here.manifest(SOURCE_FACTS), "table_name": SOURCE_FACTS.name,
            "picture": pictures.draw(here, "source_flows", lanes, subject, [SOURCE_FACTS]) if lanes else None,
            "silent": sum(not lane["held"] for lane in lanes), "late": sum(lane["state"] == "late" for lane in lanes),
        },
    )  # fmt: skip
