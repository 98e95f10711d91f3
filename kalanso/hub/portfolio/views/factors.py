"""How does somebody read, name, correct and close obstacles and facilitators, and see where they gather?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.people.queries.places import country_pack, names_of
from kalanso.hub.portfolio import views
from kalanso.hub.portfolio.actions import factors as actions
from kalanso.hub.portfolio.forms.factors import FactorFilter, FactorForm, MoveForm, context_codes
from kalanso.hub.portfolio.models import Factor
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, Domain, FactorKind
from kalanso.hub.portfolio.queries import factors as queries
from kalanso.hub.portfolio.queries import follow_up


def _context_names() -> list[tuple[str, str]]:
    language = page_language()
    pack = country_pack()
    named = [
        (code, pack.name(f"context.{code}", language)) for code in context_codes() if code != queries.UNSAID
    ]
    return [*named, (queries.UNSAID, _("contexte non dit"))]


def _asked(request: HttpRequest) -> tuple[FactorFilter, Any, Any]:
    """Return the filter as it was filled in, what it asks for, and the place of it."""
    form = FactorFilter(request.GET, names=_context_names())
    place = views.place_asked(request)
    return form, form.wanted(place.code if place is not None else ""), place


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the factors that the reader may see, narrowed to what was asked."""
    views.refuse_outsiders(request)
    form, wanted, place = _asked(request)
    found = queries.narrowed(queries.visible_factors(request.user), wanted)
    counts = queries.counts(found)
    rows, pager = views.page_of(
        request, found.order_by("-severity", "-named", "-pk"), queries.SHOWN, total=counts["all"]
    )
    return render(
        request,
        "portfolio/factors/factors.html",
        {
            "form": form, "rows": rows, "pager": pager, "narrowed": any(vars(wanted).values()),
            "barriers": counts["barriers"], "unanswered": counts["unanswered"], "limited_to": place,
            "kept": queries.kept_counts(request.user, today=views.now().date()),
            "may_name": may(request.user, "portfolio.name_factor"), "query": request.GET.urlencode(),
        },
    )  # fmt: skip


@login_required
@require_GET
def download(request: HttpRequest) -> HttpResponse:
    """Send the list as a file."""
    views.refuse_outsiders(request)
    _form, wanted, _place = _asked(request)
    rows = list(queries.narrowed(queries.visible_factors(request.user), wanted))
    names = names_of({one.place_code for one in rows})
    headings = [
        _("Numéro"), _("Obstacle ou facilitateur"), _("Domaine"), _("Niveau"), _("Code du lieu"), _("Lieu"), _("Poids"),
        _("Ce qui bloque ou aide"), _("Intervention"), _("État"), _("Ce qui a changé"), _("Organisation"), _("Signalé le"),
    ]  # fmt: skip
    return views.csv_answer(_("obstacles"), headings, (
        (
            one.pk, one.get_kind_display(), one.get_domain_display(), one.get_level_display(), one.place_code,
            names.get(one.place_code, ""), one.severity, one.what, one.cell.intervention.code if one.cell else "",
            one.get_state_display(), one.reason, one.organisation, one.named.date().isoformat(),
        )
        for one in rows
    ))  # fmt: skip


@login_required
def matrix(request: HttpRequest) -> HttpResponse:
    """Count obstacles by domain and by the context of their district; each count opens its list."""
    views.refuse_outsiders(request)
    kind = (
        FactorKind.FACILITATOR if request.GET.get("nature") == FactorKind.FACILITATOR else FactorKind.BARRIER
    )
    found = queries.visible_factors(request.user).filter(kind=kind).exclude(state__in=FACTOR_OVER)
    columns, rows = queries.matrix(found, Domain.choices)
    names = dict(_context_names())
    heaviest = max(rows, key=lambda row: row.total)
    return render(
        request,
        "portfolio/factors/matrix.html",
        {
            "columns": [(code, names[code]) for code in columns], "rows": rows, "kind": kind.value, "total": sum(row.total for row in rows),
            "heaviest": heaviest if heaviest.total else None, "most": max((n for row in rows for _c, n in row.cells), default=0),
            "kept": queries.kept_counts(request.user, today=views.now().date()), "may_name": may(request.user, "portfolio.name_factor"),
        },
    )  # fmt: skip


@login_required
def unblocked(request: HttpRequest) -> HttpResponse:
    """Say which actions answered the obstacles that are lifted."""
    views.refuse_outsiders(request)
    found = follow_up.unblocked(request.user)
    codes = {one.place_code for part in found for one, _actions in part.factors}
    return render(
        request,
        "portfolio/factors/unblocked.html",
        {
            "parts": found, "names": names_of(codes), "lifted": sum(len(part.factors) + part.without for part in found),
            "answered": sum(len(part.factors) for part in found),
        },
    )  # fmt: skip


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Name a factor, from nothing or from what the reader was looking at."""
    refuse_unless(request.user, "portfolio.name_factor")
    origin = views.came_from(request)
    form = FactorForm(request.user, request.POST or None, came_from=origin)
    if request.method == "POST" and form.is_valid():
        given, at = form.cleaned_data, views.now()
        made = views.done(form, lambda: actions.name_factor(
            by=request.user, key=given["key"], said=form.said(), rests_on=given["rests_on"], number=given["number"],
            source=given["source"], written=at, now=at,
        ))  # fmt: skip
        if made is not None:
            messages.success(request, _("C'est noté. L'équipe du lieu le voit."))
            return redirect("factor", pk=made.pk)
    context = {"form": form, "origin": origin, "names_place": bool(form.inside)}
    return render(request, "portfolio/factors/name.html", context, status=422 if form.errors else 200)


def _context(request: HttpRequest, one: Factor) -> dict[str, Any]:
    names = names_of({one.place_code})
    return {
        "factor": one,
        "place_is": names.get(one.place_code, one.place_code),
        "called": queries.called(one),
    }


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a factor: how it stands, what answers it, on what it rests, and who else says the same."""
    found = queries.one_factor(request.user, pk)
    return render(
        request,
        "portfolio/factors/factor.html",
        {
            **_context(request, found), "is_kept": queries.is_kept(found), "alike": queries.alike(request.user, found),
            "actions": follow_up.visible_actions(request.user).filter(factor=found),
            "may_correct": actions.may_correct(request.user, found),
            "may_move": may(request.user, "portfolio.follow_factor", found),
            "may_act": may(request.user, "portfolio.set_action"), "mark": f"{queries.NAME}:{found.pk}",
        },
    )  # fmt: skip


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what was said of a factor."""
    found = queries.one_factor(request.user, pk)
    if not actions.may_correct(request.user, found):
        raise PermissionDenied(_("Cet obstacle est suivi par l'équipe du lieu : elle seule le corrige."))
    form = FactorForm(request.user, request.POST or None, one=found)
    if request.method == "POST" and form.is_valid():
        kept = views.done(form, lambda: actions.correct_factor(
            by=request.user, one=found, said=form.said(), version=views.version_of(request), now=views.now()
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("Correction gardée."))
            return redirect("factor", pk=found.pk)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/factors/edit.html", context, status=422 if form.errors else 200)


@login_required
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Say where a factor stands now."""
    found = queries.one_factor(request.user, pk)
    refuse_unless(request.user, "portfolio.follow_factor", found)
    form = MoveForm(found, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        kept = views.done(form, lambda: actions.move_factor(
            by=request.user, one=found, after=given["state"], reason=given["reason"], version=given["version"], now=views.now()
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("État gardé."))
            return redirect("factor", pk=found.pk)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/factors/move.html", context, status=422 if form.errors else 200)
