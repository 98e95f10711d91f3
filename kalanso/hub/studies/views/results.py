"""How does somebody read what a round says, what was cleaned, and take its report along?

Rows of single children have no address here; those that a rule found are in `corrections`, for who analyses the study.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.models import Analysis, Round
from kalanso.hub.studies.queries import results as queries
from kalanso.hub.studies.queries import rounds, weights
from kalanso.hub.studies.views import access, context_of

FORMS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _shown(one: Round) -> Analysis:
    if one.shown is None:
        raise Http404(_("Cette étude n'est pas encore analysée."))
    return one.shown


@login_required
@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what was received and what each rule of cleaning found."""
    one = rounds.one_round(request.user, pk)
    refuse_unless(request.user, "studies.read", one)
    if not one.of_households:
        raise Http404(_("Ce qui a été mis de côté se lit avec les résultats."))
    analysis = _shown(one)
    context = {**context_of(request, one), "analysis": analysis, "receipt": queries.receipt(analysis)}
    return render(request, "studies/receipt.html", context)


@login_required
@require_GET
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a round found, cohort by cohort."""
    one = rounds.one_round(request.user, pk)
    context = context_of(request, one)
    if not context["rights"].results:
        raise Http404(_("Cette étude n'est pas encore analysée."))
    analysis = _shown(one)
    if not one.of_households:
        return access.results(request, one, analysis)
    context |= {
        "analysis": analysis,
        "cohorts": queries.told(one, analysis, detail=context["rights"].detail),
        "weights": weights.told(analysis, rounds.language()),
        "broken": weights.broken(analysis, rounds.language()),
        "unreached": queries.unreached(analysis, detail=context["rights"].detail),
        "drawings": queries.drawings(analysis, detail=context["rights"].detail),
    }
    return render(request, "studies/results.html", context)


@login_required
@require_GET
def report(request: HttpRequest, pk: int, locale: str, form: str) -> FileResponse:
    """Send the report of a round in one language and form."""
    one = rounds.one_round(request.user, pk)
    held = rounds.rights(request.user, one)
    name = f"report-{locale}.{form}"
    if not held.detail or form not in FORMS or name not in _shown(one).outputs:
        raise Http404(_("Ce rapport n'existe pas dans cette langue ou ce format."))
    path = _shown(one).folder / name
    if not path.is_file():
        raise Http404(_("Ce rapport n'existe pas dans cette langue ou ce format."))
    told = f"kalanso-{one.survey}-{locale}.{form}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=told, content_type=FORMS[form])


@login_required
@require_GET
def figure(request: HttpRequest, pk: int, number: int, locale: str, width: int) -> FileResponse:
    """Send a drawing of a round, as the worker made it."""
    one = rounds.one_round(request.user, pk)
    held = rounds.rights(request.user, one)
    name = f"picture-{number}-{locale}-{width}.svg"
    missing = Http404(_("Cette figure n'existe pas."))
    if not held.results or name not in _shown(one).outputs:
        raise missing
    if number not in {drawing["number"] for drawing in queries.drawings(_shown(one), detail=held.detail)}:
        raise missing
    path = _shown(one).folder / name
    if not path.is_file():
        raise missing
    response = FileResponse(path.open("rb"), content_type="image/svg+xml")
    response["Cache-Control"] = "private, max-age=3600"
    return response
