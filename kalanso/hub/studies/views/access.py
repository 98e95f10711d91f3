"""How does somebody declare a round where no household survey can go, plan its lots, and read what it says?

Its files, analysis, publication and withdrawal are those of every round (`views.rounds`).
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import may
from kalanso.hub.studies.actions import rounds as actions
from kalanso.hub.studies.forms.access import QUESTIONS, AccessForm
from kalanso.hub.studies.forms.lot_plans import LotPlanForm
from kalanso.hub.studies.models import Analysis, Round
from kalanso.hub.studies.queries import heard, rounds
from kalanso.hub.studies.queries.results import drawings
from kalanso.hub.studies.views import context_of
from kalanso.surveys.handed_in import SurveyRefused

TABLES = {
    "lots": ("place_code", "name", "round", "indicator", "children", "vaccinated", "decision", "previous_decision", "change", "fails_in_a_row"),
    "children": ("place_code", "name", "children", "low", "high"),
}  # fmt: skip


def _refuse_unless_declares(request: HttpRequest) -> None:
    if not may(request.user, "studies.declare"):
        raise PermissionDenied(_("Une étude est déclarée par les chercheurs et le CNI."))


@login_required
@require_GET
def ways(request: HttpRequest) -> HttpResponse:
    """Say which way fits where no household survey can go."""
    _refuse_unless_declares(request)
    return render(request, "studies/ways.html", {"offered": heard.offered()})


@login_required
def new(request: HttpRequest, way: str) -> HttpResponse:
    """Declare a round of one way."""
    _refuse_unless_declares(request)
    if way not in QUESTIONS:
        raise Http404(_("Ce chemin n'existe pas."))
    form = AccessForm(request.user, request.POST or None, way=way, today=datetime.now(UTC).date())
    if request.method == "POST" and form.is_valid():
        try:
            one = actions.declare(by=request.user, said=form.said(), now=datetime.now(UTC))
        except ValidationError as error:
            form.add_error("survey" if error.code == "survey" else None, error)
        else:
            messages.success(request, _("Étude déclarée."))
            return redirect("round", pk=one.pk)
    context = {"form": form, "way_name": Round.Way(way).label, "when": heard.WHEN[Round.Way(way)]}
    return render(request, "studies/declare.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def lot_plan(request: HttpRequest) -> HttpResponse:
    """Say how many children a lot needs, from how many vaccinated on it passes, and how often the rule errs."""
    if not may(request.user, "studies.read_published"):
        raise PermissionDenied(_("Les études sont pour les équipes du programme et leurs partenaires."))
    form, found, refused = LotPlanForm(request.GET or None), None, ""
    if request.GET and form.is_valid():
        try:
            found = heard.planned(**form.asked())
        except SurveyRefused as error:
            refused = error.render(rounds.language())
    context = {"form": form, "found": found, "refused": refused}
    return render(request, "studies/lot_plan.html", context, status=422 if form.errors or refused else 200)


def results(request: HttpRequest, one: Round, analysis: Analysis) -> HttpResponse:
    """Say what a round without a household survey found, with its label and what it rests on."""
    context = {
        **context_of(request, one), "analysis": analysis, "told": heard.told(one, analysis, request.user), "settings": heard.settings(one),
        "ages": heard.ages(one), "dose": heard.dose(one),
    }  # fmt: skip
    context["drawings"] = drawings(analysis, detail=context["rights"].detail)
    return render(request, "studies/heard.html", context)


@login_required
@require_GET
def as_csv(request: HttpRequest, pk: int, table: str) -> HttpResponse:
    """Hand lots, or children by locality, out as the reader may see them."""
    one = rounds.one_round(request.user, pk)
    if (
        not rounds.rights(request.user, one).results
        or one.of_households
        or one.shown is None
        or table not in TABLES
    ):
        raise Http404(_("Ce tableau n'existe pas."))
    rows = getattr(heard.told(one, one.shown, request.user), table)
    text = io.StringIO()
    writer = csv.DictWriter(text, TABLES[table], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kalanso-{one.survey}-{table}.csv"'
    return answer
