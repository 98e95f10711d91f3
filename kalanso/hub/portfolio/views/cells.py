"""How is one cell shown, and how do its plan, its state and its milestones change?"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.actions import cells as actions
from kalanso.hub.portfolio.forms.interventions import AdvanceForm, MilestoneForm, PlanForm
from kalanso.hub.portfolio.models import Cell
from kalanso.hub.portfolio.queries import cells as queries
from kalanso.hub.portfolio.queries import reports, scope
from kalanso.hub.portfolio.views import does, not_kept_if_sensitive, now, version_of


def _context(request: HttpRequest, one: Cell) -> dict[str, object]:
    """Return what every page of a cell shows."""
    told = queries.told(request.user, [one], today=now().date())[0]
    return {
        "cell": one,
        "told": told,
        "place": names_of({one.place_code}).get(one.place_code, one.place_code),
        "rights": queries.rights(request.user, one),
    }


@login_required
def cell(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far an intervention is in a district, what is planned, and what was done."""
    one = scope.one_cell(request.user, pk)
    context = _context(request, one)
    due = reports.due_quarters(one, now().date())
    context |= {
        "progress": reports.progress(request.user, one), "reports": reports.readable(request.user, one)[:8], "due": due[:1],
        "may_report": may(request.user, "portfolio.report", one),
    }  # fmt: skip
    if context["rights"].detail:  # type: ignore[attr-defined]
        context |= {
            "milestones": one.milestones.all(),
            "targets": one.targets.all(),
            "history": queries.history(one),
        }
    return not_kept_if_sensitive(render(request, "portfolio/cell.html", context), one)


@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct the plan of a cell."""
    one = scope.one_cell(request.user, pk)
    refuse_unless(request.user, "portfolio.plan_cell", one)
    initial = {
        "organisation": one.organisation_id,
        "owner": one.owner_id,
        "begins": one.begins,
        "ends": one.ends,
        "target": one.target,
        "sensitive": one.sensitive,
    }
    form = PlanForm(request.POST or None, places=[], cell=one, unit=one.intervention.unit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct_plan(
                by=request.user, one=one, said=form.said(), version=version_of(request), now=now(), targets=form.targets()
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Plan gardé."))
            return redirect("cell", pk=one.pk)
    return render(
        request,
        "portfolio/plan.html",
        {**_context(request, one), "form": form, "one": one.intervention},
        status=422 if form.errors else 200,
    )


@login_required
def advance(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the state of a cell."""
    one = scope.one_cell(request.user, pk)
    refuse_unless(request.user, "portfolio.advance", one)
    form = AdvanceForm(one, request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            actions.advance(
                by=request.user, one=one, state=said["state"], reason=said["reason"], version=version_of(request), now=now()
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("État changé."))
            return redirect("cell", pk=one.pk)
    return render(
        request,
        "portfolio/advance.html",
        {**_context(request, one), "form": form},
        status=422 if form.errors else 200,
    )


@login_required
def milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a point to the plan."""
    one = scope.one_cell(request.user, pk)
    refuse_unless(request.user, "portfolio.plan_cell", one)
    form = MilestoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if does(
            request,
            lambda: actions.set_milestone(
                by=request.user, one=one, title=said["title"], due=said["due"], now=now()
            ),
            _("Étape fixée."),
        ):
            return redirect("cell", pk=one.pk)
    return render(
        request,
        "portfolio/milestone.html",
        {**_context(request, one), "form": form},
        status=422 if form.errors else 200,
    )


@login_required
@require_POST
def milestone_done(request: HttpRequest, pk: int, milestone: int) -> HttpResponse:
    """Note that a point of the plan is done today."""
    one = scope.one_cell(request.user, pk)
    point = one.milestones.filter(pk=milestone).first()
    if point is None:
        raise Http404(_("Cette étape n'existe pas."))
    if not queries.rights(request.user, one).advance:
        raise PermissionDenied(_("Votre rôle ou vos lieux ne permettent pas cette action."))
    does(
        request,
        lambda: actions.milestone_done(by=request.user, one=point, day=now().date(), now=now()),
        _("Étape notée comme faite."),
    )
    return redirect("cell", pk=one.pk)
