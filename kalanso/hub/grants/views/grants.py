"""How does somebody read where the money is, grant by grant, and how is a grant written down?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.grants.actions import grants as actions
from kalanso.hub.grants.forms.grants import GrantForm, GroupForm, RateForm
from kalanso.hub.grants.models import BudgetLine, ExchangeRate, Grant, GrantParent
from kalanso.hub.grants.queries import accounts, framework, overview, scope
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.grants.queries.flags import flags
from kalanso.hub.grants.views import now, page_of, refuse_outsiders, tried
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless

PAGE, FLAGS, RATES = 25, 8, 60
BY = ("intervention", "organisation", "place")


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Say where the money is."""
    refuse_outsiders(request)
    whole, rows = overview.overview(request.user, today=now().date())
    context = {
        "whole": whole, "rows": rows, "currency": overview.home_currency(), "today": now().date(),
        "rights": scope.rights(request.user), "title_of": {row.grant.pk: scope.title_of(row.grant) for row in rows},
    }  # fmt: skip
    return render(request, "grants/grants.html", context)


def context_of(request: HttpRequest, grant: Grant) -> dict[str, Any]:
    """Return what every page of a grant shows."""
    return {"grant": grant, "called": scope.title_of(grant), "rights": scope.rights(request.user, grant)}


@login_required
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Say of one grant what was planned, committed, disbursed and spent, by quarter and by what it was for."""
    grant = scope.one_grant(request.user, pk)
    lines, exchange, today = scope.visible_lines(request.user), Exchange.of_today(), now().date()
    own = accounts.account(lines.filter(grant=grant), grant.currency, exchange, reader=request.user)
    quarters = accounts.quarters(own, grant, today)
    hidden = scope.guarded_lines(request.user, lines.filter(grant=grant))
    most = max((max(q.planned, q.tally.disbursed, q.tally.spent) for q in quarters), default=0)
    found = [one for one in flags(lines.filter(grant=grant), exchange) if one.line.pk not in hidden]
    by = request.GET.get("par", BY[0])
    by = by if by in BY else BY[0]
    parts = overview.parts(request.user, lines.filter(grant=grant), grant.currency, by)
    pager = page_of(request, len(parts), PAGE)
    links = grant.children.select_related("child").order_by("begins")
    return render(request, "grants/grant.html", {
        **context_of(request, grant), "account": own, "quarters": quarters, "most": most, "today": today,
        "years": sorted(own.years.items()), "flags": found[:FLAGS],
            "flag_count": len({one.line.pk for one in found}),
        "more_flags": max(0, len(found) - FLAGS), "by": by, "parts": parts[(pager["number"] - 1) * PAGE :][:PAGE], "pager": pager,
        "links": links, "together": accounts.consolidated(grant, lines, exchange, reader=request.user) if links else None,
        "parents": GrantParent.objects.filter(child=grant).select_related("parent", "by"),
        "dollars": _elsewhere(grant, exchange), "promised": framework.agreed(request.user, grant).count(),
        "reads_portfolio": may(request.user, "portfolio.read"),
    })  # fmt: skip


def _elsewhere(grant: Grant, exchange: Exchange) -> Any:
    """Return what the grant is worth in dollars, with the rate; francs where it was granted in dollars."""
    other = "USD" if grant.currency == "XOF" else "XOF"
    found = exchange.worth(grant.amount, grant.currency, other, grant.begins)
    return {"amount": found[0], "currency": other, "rate": found[1]} if found else None


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Add a grant."""
    refuse_unless(request.user, "grants.manage", WHOLE_COUNTRY)
    form = GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = tried(
            form, lambda: actions.add(by=request.user, said=form.cleaned_data, now=now()), "code", "ends"
        )
        if made is not None:
            messages.success(request, _("Subvention ajoutée."))
            return redirect("grant", pk=made.pk)
    return render(request, "grants/write_grant.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what is said of a grant."""
    grant = scope.one_grant(request.user, pk)
    refuse_unless(request.user, "grants.manage", grant)
    version = request.POST.get("version", "")
    form = GrantForm(
        request.POST or None,
        initial={
            name: getattr(grant, f"{name}_id" if name in ("funder", "holder") else name)
            for name in actions.SAID
        },
    )
    if request.method == "POST" and form.is_valid():
        kept = tried(
            form,
            lambda: actions.correct(
                by=request.user, grant=grant, said=form.cleaned_data, version=int(version) if version.isdigit() else 0, now=now()
            ),
            "code", "ends",
        )  # fmt: skip
        if kept is not None:
            messages.success(request, _("Subvention corrigée."))
            return redirect("grant", pk=grant.pk)
    context = {**context_of(request, grant), "form": form}
    return render(request, "grants/write_grant.html", context, status=422 if form.errors else 200)


@login_required
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """Count a grant within another from a day on."""
    grant = scope.one_grant(request.user, pk)
    refuse_unless(request.user, "grants.manage", grant)
    form = GroupForm(grant, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        before = len(form.errors)
        tried(
            form,
            lambda: actions.group(by=request.user, grant=grant, now=now(), **given),
            "parent",
            "since",
            "reason",
        )
        if len(form.errors) == before:
            messages.success(request, _("Rattachement gardé."))
            return redirect("grant", pk=grant.pk)
    parents = GrantParent.objects.filter(child=grant).select_related("parent", "by")
    context = {**context_of(request, grant), "form": form, "parents": parents}
    return render(request, "grants/group.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def intervention(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what one intervention costs: its lines over all grants that the reader sees."""
    found = scope.one_intervention(request.user, pk)
    lines = scope.visible_lines(request.user).filter(intervention=found)
    exchange = Exchange.of_today()
    own = accounts.account(lines, overview.home_currency(), exchange, reader=request.user)
    pager = page_of(request, lines.count(), PAGE)
    shown = list(lines.select_related("grant", "organisation")[(pager["number"] - 1) * PAGE :][:PAGE])
    by_line = accounts.accounts(
        BudgetLine.objects.filter(pk__in=[one.pk for one in shown]),
        overview.home_currency(),
        exchange,
        by="line",
        reader=request.user,
    )
    return render(request, "grants/intervention.html", {
        "intervention": found, "called": scope.title_of(found), "account": own, "currency": overview.home_currency(), "pager": pager,
        "rows": [(one, by_line[one.pk]) for one in shown], "hidden": scope.guarded_lines(request.user, lines), "years": sorted(own.years.items()),
        "rights": scope.rights(request.user), "names": scope.place_names({one.place_code for one in shown}),
    })  # fmt: skip


@login_required
def rates(request: HttpRequest) -> HttpResponse:
    """Show by which rates amounts are converted, and take a new one."""
    refuse_outsiders(request)
    rights = scope.rights(request.user)
    if request.method == "POST":
        refuse_unless(request.user, "grants.manage", WHOLE_COUNTRY)
    form = RateForm(request.POST or None) if rights.manage else None
    if request.method == "POST" and form is not None and form.is_valid():
        if (
            tried(form, lambda: actions.write_rate(by=request.user, now=now(), **form.cleaned_data), "rate")
            is not None
        ):
            messages.success(request, _("Cours gardé."))
            return redirect("grant_rates")
    context = {"form": form, "rates": ExchangeRate.objects.select_related("by")[:RATES], "rights": rights}
    return render(
        request, "grants/rates.html", context, status=422 if form is not None and form.errors else 200
    )
