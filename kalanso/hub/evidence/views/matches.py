"""How does a person say which place each name of a sheet is?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.evidence.actions import matches as actions
from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries import matches as queries
from kalanso.hub.evidence.queries import uploads
from kalanso.hub.evidence.views.uploads import csv_answer, found

Decision = PlaceName.Decision


@login_required
def names(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask which place each open name is, the undecided ones first."""
    upload = found(request, key)
    seen, hidden = queries.seen_names(request.user, upload)
    order = {Decision.OPEN: 0, Decision.LATER: 1}
    seen.sort(key=lambda one: order.get(Decision(one.decision), 2))
    asked = request.GET.get("page", "1")
    pages = max(1, -(-len(seen) // queries.SHOWN))
    number = min(max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1), pages)
    shown = seen[(number - 1) * queries.SHOWN : number * queries.SHOWN]
    others = queries.other_places(upload)
    return render(
        request,
        "evidence/names.html",
        {
            "upload": upload, "hidden": hidden, "standing": queries.standing(upload),
            "questions": [queries.question(one) for one in shown],
            "chosen": uploads.place_names({one.place_code for one in shown if one.place_code}),
            "others": others if len(others) <= queries.CHOICES else [], "too_many": len(others) > queries.CHOICES,
            "pager": {"number": number, "pages": pages}, "rights": uploads.rights(request.user, upload),
            "open": upload.state == Upload.State.TRIED,
            "place": uploads.place_names({upload.place_code}).get(upload.place_code, ""),
            "changed": bool(upload.tried) and upload.tried != uploads.mark_of(upload),
        },
    )  # fmt: skip


@login_required
@require_POST
def decide(request: HttpRequest, key: UUID, name: int) -> HttpResponse:
    """Keep one decision, and come back to where the person was."""
    upload = found(request, key)
    seen, _hidden = queries.seen_names(request.user, upload)
    held = next((one for one in seen if one.pk == name), None)
    if held is None:
        raise Http404(_("Ce fichier n'a pas ce nom, ou il n'est pas pour vous."))
    decision, place_code = _answer(request.POST)
    try:
        actions.decide(
            by=request.user, name=held, decision=decision, place_code=place_code, now=datetime.now(UTC)
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    page = request.POST.get("page", "")
    asked = f"?page={page}" if page.isdigit() and page != "1" else ""
    return redirect(reverse("upload_names", kwargs={"key": upload.pk}) + asked)


def _answer(told: Any) -> tuple[str, str]:
    """Return the decision and the place that a form says: a candidate, another place, or a word."""
    choice = str(told.get("choice", ""))
    if choice.startswith("place:"):
        return Decision.PLACE, choice.removeprefix("place:")
    if choice == "other":
        return Decision.PLACE, str(told.get("other", "")).strip()
    return choice, ""


@login_required
def download(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give the names as the table that the command line takes back."""
    upload = found(request, key)
    seen, _hidden = queries.seen_names(request.user, upload)
    place = upload.column_map.get("place", {})
    own = place.get("system", "tables") != "tables"
    system = place["system"] if own else upload.source
    vintage = place.get("vintage") or ("" if own else upload.place_code)
    headings = [
        "system",
        "vintage",
        "code",
        "name",
        "parent_name",
        "status",
        "place_code",
        "by",
        "date",
        "score",
        "candidates",
    ]
    rows = (
        (
            system, vintage, one.code, one.name, one.parent_name, one.status,
            "-" if one.decision == Decision.NONE else one.place_code,
            one.decided_by.username if one.decided_by else "",
            one.decided.date().isoformat() if one.decided else "", f"{one.score:.2f}",
            "; ".join(f"{c.code} {c.name} ({c.above}) {c.score:.2f}" for c in queries.question(one).candidates),
        )
        for one in seen
    )  # fmt: skip
    return csv_answer(f"correspondances-{str(upload.pk)[:8]}.csv", headings, rows)
