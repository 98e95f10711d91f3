"""How is an intervention shown, added, corrected and planned in a district?"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless
from kalanso.hub.portfolio.actions import cells as cell_actions
from kalanso.hub.portfolio.actions import interventions as actions
from kalanso.hub.portfolio.forms.interventions import InterventionForm, PlanForm, initial_of
from kalanso.hub.portfolio.models.interventions import Step
from kalanso.hub.portfolio.queries import cells as queries
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.views import now, version_of


@login_required
def intervention(request: HttpRequest, code: str) -> HttpResponse:
    """Show an intervention across its districts."""
    one = scope.one_intervention(request.user, code)
    rows = queries.of_intervention(request.user, one, today=now().date())
    context = {
        "one": one, "rows": rows, "places": [row.cell.place_code for row in rows], "may_plan": may(request.user, "portfolio.plan", one),
        "may_count": may(request.user, "grants.read", WHOLE_COUNTRY),
        "may_place": bool(queries.free_districts(request.user, one)),
        "steps": [str(Step(step).label) for step in one.steps], "partners": one.partners.all(),
    }  # fmt: skip
    return render(request, "portfolio/intervention.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Add an intervention."""
    if not may(request.user, "portfolio.plan"):
        raise PermissionDenied(
            _("Une intervention est ajoutée par le CNI ou par l'organisation qui la mène.")
        )
    form = InterventionForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            one = actions.add(by=request.user, said=form.said(), now=now())
        except ValidationError as error:
            form.add_error("code" if error.code == "code" else None, error)
        else:
            messages.success(request, _("Intervention ajoutée."))
            return redirect("intervention", code=one.code)
    return render(
        request, "portfolio/intervention_form.html", {"form": form}, status=422 if form.errors else 200
    )


@login_required
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Correct an intervention."""
    one = scope.one_intervention(request.user, code)
    refuse_unless(request.user, "portfolio.plan", one)
    form = InterventionForm(request.user, request.POST or None, initial=initial_of(one), one=one)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(
                by=request.user,
                one=one,
                said=form.said(),
                version=version_of(request),
                now=now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Intervention corrigée."))
            return redirect("intervention", code=one.code)
    return render(
        request,
        "portfolio/intervention_form.html",
        {"form": form, "one": one},
        status=422 if form.errors else 200,
    )


@login_required
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """Plan an intervention in one more district."""
    one = scope.one_intervention(request.user, code)
    places = queries.free_districts(request.user, one)
    if not places:
        raise PermissionDenied(
            _("Votre rôle ou vos lieux ne permettent de la prévoir dans aucun district de plus.")
        )
    asked = request.GET.get("district", "")
    initial = {
        "organisation": one.lead_id,
        "place": asked if asked in {place.code for place in places} else None,
    }
    form = PlanForm(request.POST or None, places=places, unit=one.unit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            cell = cell_actions.plan(
                by=request.user,
                intervention=one,
                place_code=form.cleaned_data["place"],
                said=form.said(),
                now=now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Intervention prévue dans ce district."))
            return redirect("cell", pk=cell.pk)
    return render(
        request, "portfolio/plan.html", {"form": form, "one": one}, status=422 if form.errors else 200
    )
