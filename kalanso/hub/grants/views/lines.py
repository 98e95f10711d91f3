"""How does somebody read the ledger of a line, write a movement of money on it, and put one right?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.grants.actions import entries as actions
from kalanso.hub.grants.actions import grants as line_actions
from kalanso.hub.grants.forms.entries import CorrectionForm, EntryForm, LineForm, PlannedForm
from kalanso.hub.grants.models import BudgetLine
from kalanso.hub.grants.queries import accounts, ledger, scope
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.grants.views import now, tried
from kalanso.hub.people.permissions import may, refuse_unless


def context_of(request: HttpRequest, line: BudgetLine) -> dict[str, Any]:
    """Return what every page of a line shows."""
    hidden = scope.is_guarded(request.user, line)
    names = scope.place_names({line.place_code})
    return {
        "line": line, "grant": line.grant, "called": scope.title_of(line.grant), "intervention": scope.title_of(line.intervention),
        "hidden": hidden, "place": "" if hidden else names.get(line.place_code, line.place_code),
        "may_write": may(request.user, "grants.write", line), "may_reconcile": may(request.user, "grants.reconcile", line),
    }  # fmt: skip


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what became of the money of a line, and take another planned amount."""
    line = scope.one_line(request.user, pk)
    if request.method == "POST":
        refuse_unless(request.user, "grants.write", line)
    context = context_of(request, line)
    form = (
        PlannedForm(request.POST or None, initial={"planned": line.planned, "version": line.version})
        if context["may_write"]
        else None
    )
    if request.method == "POST" and form is not None and form.is_valid():
        given = form.cleaned_data
        kept = tried(form, lambda: line_actions.correct_line(by=request.user, line=line, now=now(), **given))
        if kept is not None:
            messages.success(request, _("Montant prévu corrigé."))
            return redirect("grant_line", pk=line.pk)
    found = accounts.account(
        BudgetLine.objects.filter(pk=line.pk), line.currency, Exchange.of_today(), reader=request.user
    )
    context |= {
        "account": found, "form": form,
        "entries": [] if context["hidden"] else ledger.entries_of(line),
        "coarse": ledger.coarse(request.user, line) if context["hidden"] else [],
    }  # fmt: skip
    return render(
        request, "grants/line.html", context, status=422 if form is not None and form.errors else 200
    )


@login_required
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan money on a line that is not there yet."""
    grant = scope.one_grant(request.user, pk)
    if not may(request.user, "grants.write"):
        raise PermissionDenied(_("Le CNI et les partenaires prévoient des lignes de budget."))
    form = LineForm(grant, scope.writing_for(request.user), request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        place = given.pop("place")
        made = tried(
            form,
            lambda: line_actions.plan_line(
                by=request.user, grant=grant, place_code=place.code if place else "", now=now(), **given
            ),
            "year",
        )
        if made is not None:
            messages.success(request, _("Ligne prévue."))
            return redirect("grant_line", pk=made.pk)
    context = {"grant": grant, "called": scope.title_of(grant), "form": form}
    return render(request, "grants/new_line.html", context, status=422 if form.errors else 200)


@login_required
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a commitment, disbursement or expenditure on a line."""
    line = scope.one_line(request.user, pk)
    refuse_unless(request.user, "grants.write", line)
    form = EntryForm(line, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = tried(
            form,
            lambda: actions.write(by=request.user, line=line, now=now(), **given),
            "day",
            "kind",
            "amount",
        )
        if made is not None:
            messages.success(request, _("Écriture gardée. Une autre personne la rapprochera de sa pièce."))
            return redirect("grant_line", pk=line.pk)
    context = {**context_of(request, line), "form": form}
    return render(request, "grants/write_entry.html", context, status=422 if form.errors else 200)


@login_required
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an entry right by another; what was written stays."""
    entry = scope.one_entry(request.user, pk)
    refuse_unless(request.user, "grants.write", entry.line)
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("amount", "day", "reference", "reason")}
        made = tried(
            form,
            lambda: actions.adjust(by=request.user, entry=entry, now=now(), **given),
            "day",
            "amount",
            "reason",
        )
        if made is not None:
            messages.success(request, _("Correction gardée, à côté de ce qu'elle corrige."))
            return redirect("grant_line", pk=entry.line_id)
    context = {**context_of(request, entry.line), "entry": entry, "form": form}
    return render(request, "grants/correct_entry.html", context, status=422 if form.errors else 200)
