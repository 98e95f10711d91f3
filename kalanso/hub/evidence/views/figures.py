"""How far is what a sheet waits for, asked again and again, and how does a person have figures computed anew?"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.evidence.actions.figures import ask_to_recompute
from kalanso.hub.evidence.queries.figures import awaited, following
from kalanso.hub.evidence.views.uploads import found
from kalanso.hub.jobs.views import STOP_ASKING


@require_GET
def standing(request: HttpRequest, key: UUID) -> HttpResponse:
    """Answer how far the work on a sheet is; where it ended since, have the whole page shown anew."""
    if not request.user.is_authenticated:
        return HttpResponse(escape(_("Vous n'êtes plus connecté : rechargez la page.")), status=STOP_ASKING)
    upload = found(request, key)
    now = awaited(request.user, upload, following(upload))
    if now is None or now.mark != request.GET.get("vu", ""):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "evidence/standing.html", {"upload": upload, "awaited": now})


@login_required
@require_POST
def recompute(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have checks and indicators computed anew, where their computation ended before its end."""
    upload = found(request, key)
    ask_to_recompute(by=request.user, upload=upload, now=datetime.now(UTC))
    return redirect("upload", key=upload.pk)
