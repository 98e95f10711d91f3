"""How does somebody read and write what was agreed to be measured for a grant, and what is counted for it?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.grants.actions import framework as actions
from kalanso.hub.grants.forms.framework import AgreedForm, CountForm, WithdrawForm
from kalanso.hub.grants.models import AgreedIndicator
from kalanso.hub.grants.queries import framework, scope
from kalanso.hub.grants.views import now, tried
from kalanso.hub.grants.views.grants import context_of
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless


@login_required
@require_GET
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was agreed for a grant, along the chain of results."""
    grant = scope.one_grant(request.user, pk)
    rows = [(one, framework.name_of(one.indicator, one)) for one in framework.agreed(request.user, grant)]
    order = list(framework.pack_indicators())
    rows.sort(
        key=lambda row: (framework.CHAIN.index(row[0].chain), row[0].own, row[1] if row[0].own else order.index(row[0].indicator))
    )  # fmt: skip
    gone = [(one, framework.name_of(one.indicator, one)) for one in framework.withdrawn(request.user, grant)]
    context = {**context_of(request, grant), "rows": rows, "gone": gone}
    return render(request, "grants/framework.html", context)


@login_required
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree an indicator for a grant."""
    grant = scope.one_grant(request.user, pk)
    refuse_unless(request.user, "grants.manage", grant)
    form = AgreedForm(request.POST or None, initial={"indicator": request.GET.get("indicateur", "")})
    if request.method == "POST" and form.is_valid():
        made = tried(
            form, lambda: actions.agree(by=request.user, grant=grant, said=form.cleaned_data, now=now()), "indicator", "target_day", "baseline"
        )  # fmt: skip
        if made is not None:
            messages.success(request, _("Indicateur convenu."))
            if made.own:
                return redirect("indicator_counted", key=made.key)
            return redirect("grant_framework", pk=grant.pk)
    context = {**context_of(request, grant), "form": form}
    return render(request, "grants/write_agreed.html", context, status=422 if form.errors else 200)


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what was agreed."""
    one = _held(request, pk)
    form = AgreedForm(request.POST or None, agreed=one)
    if request.method == "POST" and form.is_valid():
        kept = tried(
            form, lambda: actions.correct(by=request.user, agreed=one, said=form.cleaned_data, version=_version(request), now=now()),
            "target_day", "baseline",
        )  # fmt: skip
        if kept is not None:
            messages.success(request, _("Indicateur corrigé."))
            return redirect("grant_framework", pk=one.grant_id)
    context = {**_context(request, one), "form": form}
    return render(request, "grants/write_agreed.html", context, status=422 if form.errors else 200)


@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw what was agreed, from a day on."""
    one = _held(request, pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kept = tried(
            form, lambda: actions.withdraw(by=request.user, agreed=one, version=_version(request), now=now(), **form.cleaned_data), "reason"
        )  # fmt: skip
        if kept is not None:
            messages.success(
                request, _("Indicateur retiré ; il reste à lire dans l'histoire de la subvention.")
            )
            return redirect("grant_framework", pk=one.grant_id)
    context = {**_context(request, one), "form": form}
    return render(request, "grants/withdraw_agreed.html", context, status=422 if form.errors else 200)


def _held(request: HttpRequest, pk: int) -> AgreedIndicator:
    one = framework.one_agreed(request.user, pk)
    refuse_unless(request.user, "grants.manage", one)
    if one.withdrawn is not None:
        raise Http404(_("Cet indicateur ne vaut plus pour cette subvention."))
    return one


def _version(request: HttpRequest) -> int:
    asked = request.POST.get("version", "")
    return int(asked) if asked.isdigit() and len(asked) < 8 else 0


def _context(request: HttpRequest, one: AgreedIndicator) -> dict[str, Any]:
    return {
        **context_of(request, one.grant),
        "agreed": one,
        "indicator": framework.name_of(one.indicator, one),
    }


@login_required
def counted(request: HttpRequest, key: str) -> HttpResponse:
    """Say which interventions are counted for an indicator."""
    refuse_unless(request.user, "grants.manage", WHOLE_COUNTRY)
    own = AgreedIndicator.objects.filter(pk=key[4:]).first() if key.startswith("own-") and key[4:].isdigit() and len(key) < 14 else None  # fmt: skip
    known = framework.pack_indicators().get(key)
    if own is None and (known is None or known.kind != "later"):
        raise Http404(_("Cet indicateur ne se compte pas par les rapports du portefeuille."))
    before = framework.counted().get(key, frozenset())
    form = CountForm(request.POST or None, initial={"interventions": list(before)})
    if request.method == "POST" and form.is_valid():
        chosen = list(form.cleaned_data["interventions"])
        actions.count(by=request.user, indicator=key, interventions=chosen, now=now())
        messages.success(request, _("Interventions comptées gardées."))
        return redirect("indicator", key=key)
    context = {
        "form": form, "called": framework.name_of(key, own), "key": key,
        "definition": known.definition[scope.language()] if known else "",
    }  # fmt: skip
    return render(request, "grants/counted.html", context, status=422 if form.errors else 200)
