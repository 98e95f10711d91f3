"""How do a telephone and the hub speak: what is there, who asks, and what became of each message?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kalanso.hub.offline import queries
from kalanso.hub.offline.actions import Answer, keep


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Send the program that keeps pages on the telephone."""
    response = HttpResponse(queries.worker(), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Send how a telephone shows the hub beside its programs."""
    response = JsonResponse(queries.manifest(), content_type="application/manifest+json")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_safe
def nothing(request: HttpRequest) -> HttpResponse:
    """Show, where there is no network, which pages are kept. Nobody's own: every telephone holds a copy."""
    return render(request, "offline/nothing.html")


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Show what waits on this telephone; the telephone itself fills the page."""
    return render(request, "offline/desk.html")


@require_safe
def state(request: HttpRequest) -> JsonResponse:
    """Say to whom the telephone speaks, and give it the token that a form of this person carries."""
    response = JsonResponse({"person": request.user.pk or 0, "token": get_token(request)})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def receive(request: HttpRequest) -> JsonResponse:
    """Keep a batch of messages, each for itself, and answer for each."""
    if not request.user.is_authenticated:
        told = _("Vous n'êtes plus connecté. Vos messages restent sur ce téléphone.")
        return JsonResponse({"sentence": told}, status=401)
    try:
        rows = queries.messages_of(request)
    except queries.Unreadable as error:
        return JsonResponse({"sentence": str(error)}, status=400)
    return JsonResponse({"answers": [_keep(request, row).told() for row in rows]})


def _keep(request: HttpRequest, row: dict[str, Any]) -> Answer:
    try:
        sent = queries.sent_of(row, request.FILES, person_id=request.user.pk)
    except ValidationError as error:
        return Answer(uuid=UUID(row["uuid"]), state="invalid", sentence=" ".join(error.messages))
    return keep(by=request.user, sent=sent, now=datetime.now(UTC))
