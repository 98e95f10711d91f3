"""How does a person say which place each name of a sheet is?"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
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
from kalanso.hub.evidence.actions.uploads import try_again
from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries import matches as queries
from kalanso.hub.evidence.queries import uploads
from kalanso.hub.evidence.views.uploads import csv_answer, found

Decision = PlaceName.Decision


@login_required
def names(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask which place each open name is, the undecided ones first; keep the answers of a whole page at once."""
    upload = found(request, key)
    seen, hidden = queries.seen_names(request.user, upload)
    seen.sort(key=queries.group_of)
    if request.method == "POST":
        return _keep_all(request, upload, seen) or _page(request, upload, seen, hidden, status=422)
    return _page(request, upload, seen, hidden)


def _page(
    request: HttpRequest, upload: Upload, seen: list[PlaceName], hidden: int, status: int = 200
) -> HttpResponse:
    """Show a page of names; with what was ticked in a form that was refused, so that nobody ticks it again."""
    asked = request.GET.get("page", "1")
    pages = max(1, -(-len(seen) // queries.SHOWN))
    number = min(max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1), pages)
    shown = [
        replace(one, answered=_ticked(request.POST, one.name.pk) if status != 200 else None)
        for one in queries.questions(upload, seen[(number - 1) * queries.SHOWN : number * queries.SHOWN])
    ]
    others = queries.other_places(upload)
    may_decide = uploads.rights(request.user, upload).match and upload.state == Upload.State.TRIED
    return render(
        request,
        "evidence/names.html",
        {
            "upload": upload, "hidden": hidden, "standing": queries.standing(upload),
            "groups": [[one for one in shown if queries.group_of(one.name) == group] for group in range(3)],
            "proposals": queries.proposals(upload, seen) if may_decide else [],
            "chosen": uploads.place_names({one.name.place_code for one in shown if one.name.place_code}),
            "others": others if len(others) <= queries.CHOICES else [], "too_many": len(others) > queries.CHOICES,
            "pager": {"number": number, "pages": pages}, "may_decide": may_decide,
            "open": upload.state == Upload.State.TRIED,
            "place": uploads.place_names({upload.place_code}).get(upload.place_code, ""),
            "changed": bool(upload.tried) and upload.tried != uploads.mark_of(upload),
        },
        status=status,
    )  # fmt: skip


def _keep_all(request: HttpRequest, upload: Upload, seen: list[PlaceName]) -> HttpResponse | None:
    """Keep all answers of one form; where they leave no name open, have the dry run done anew. None where it is refused."""
    now = datetime.now(UTC)
    told = answers(request.POST, {one.pk for one in seen})
    try:
        if not told:
            raise ValidationError(_("Répondez à un nom au moins."), code="none")
        actions.decide_all(by=request.user, upload=upload, told=told, now=now)
        if not queries.standing(upload)["waiting"]:
            try_again(by=request.user, upload=upload, now=now)
            messages.success(request, _("Décisions gardées. L'essai est refait avec elles."))
            return redirect("upload", key=upload.pk)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return None
    return redirect("upload_names", key=upload.pk)


def _ticked(told: Any, name: int) -> tuple[str, str] | None:
    """Return what a form said of a name, as it said it; None where it did not."""
    other = str(told.get(f"other-{name}", ""))[:80]
    choice = str(told.get(f"choice-{name}", "") or (other and "other"))
    return (choice, other) if choice else None


def answers(told: Any, seen: Set[int]) -> dict[int, tuple[str, str]]:
    """Return the answers of a form by the names' keys: places accepted from the list of proposals, or each choice."""
    found: dict[int, tuple[str, str]] = {}
    for pair in told.getlist("accept"):
        name, _colon, place = str(pair).partition(":")
        if name.isdigit() and int(name) in seen:
            found[int(name)] = (Decision.PLACE, place)
    for name in seen:
        other = str(told.get(f"other-{name}", ""))
        # A place chosen from the list says enough, where nothing else is ticked.
        choice = str(told.get(f"choice-{name}", "") or (other and "other"))
        if choice:
            found[name] = _answer({"choice": choice, "other": other})
    return found


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
            "; ".join(
                f"{c.code} {c.name} ({', '.join(up.name for up in c.above)}) {c.score:.2f}"
                for c in question.candidates
            ),
        )
        for one, question in zip(seen, queries.questions(upload, seen), strict=True)
    )  # fmt: skip
    return csv_answer(f"correspondances-{str(upload.pk)[:8]}.csv", headings, rows)
