"""How does somebody reconcile what others wrote with its documents, or ask about it?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.grants.actions import entries as actions
from kalanso.hub.grants.forms.entries import QuestionForm
from kalanso.hub.grants.models import Entry
from kalanso.hub.grants.queries import scope, waiting
from kalanso.hub.grants.views import now, page_of, said
from kalanso.hub.people.permissions import refuse_unless

PAGE = 20


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """List the entries of others that wait for their document, the oldest first."""
    refuse_unless(request.user, "grants.reconcile")
    rows = waiting.unreconciled(request.user)
    pager = page_of(request, rows.count(), PAGE)
    shown = list(
        rows.select_related("line__grant", "line__intervention", "line__organisation", "by", "corrects")[(pager["number"] - 1) * PAGE :][:PAGE]
    )  # fmt: skip
    asked = (
        scope.visible_entries(request.user)
        .exclude(question="")
        .select_related("line__intervention", "by", "asked_by")
    )
    return render(request, "grants/reconciliation.html", {
        "rows": shown, "pager": pager, "count": rows.count(), "asked": list(asked[:PAGE]), "form": QuestionForm(auto_id=False),
        "names": scope.place_names({one.line.place_code for one in shown}),
        "own": Entry.objects.filter(by=request.user, reconciled__isnull=True).count(),
    })  # fmt: skip


@login_required
@require_POST
def reconcile(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that an entry agrees with its document, or ask about it."""
    entry = scope.one_entry(request.user, pk)
    refuse_unless(request.user, "grants.reconcile", entry)
    question = request.POST.get("question", "").strip()[:500]
    if request.POST.get("answer") == "ask":
        said(
            request,
            lambda: actions.ask(by=request.user, entry=entry, question=question, now=now()),
            _("Question envoyée."),
        )
    else:
        said(
            request,
            lambda: actions.reconcile(by=request.user, entry=entry, now=now()),
            _("Écriture rapprochée."),
        )
    return redirect("grant_reconciliation")
