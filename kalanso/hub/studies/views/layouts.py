"""How does somebody say how many children a round needs, choose its forms, and take them along?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.figures.survey_words import ages_told
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions import layouts as actions
from kalanso.hub.studies.forms.sizes import SizeForm
from kalanso.hub.studies.models import Instrument, Round
from kalanso.hub.studies.queries import forms, rounds, sizes
from kalanso.hub.studies.views import context_of
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments import workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def cohorts_of(one: Round) -> list[tuple[str, str]]:
    """Return the cohorts of a round, with their ages in words."""
    return [
        (each["name"], ages_told((each["from_days"], each["to_days"]), rounds.language())) for each in one.cohorts
    ]  # fmt: skip


@login_required
def size(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many children, households and clusters are needed; asking keeps question and answer."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.read" if request.method == "GET" else "studies.declare", found)
    newest, cohorts = sizes.newest(found), cohorts_of(found)
    form = SizeForm(request.POST or None, cohorts=cohorts, asked=newest.asked if newest else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.keep_size(by=request.user, one=found, asked=form.asked(), now=datetime.now(UTC))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Taille calculée et gardée."))
            return redirect("round_size", pk=found.pk)
    names = dict(cohorts)
    drives = [row for row in newest.needs if row["drives"]] if newest else []
    context = {
        **context_of(request, found), "form": form, "size": newest,
        "needs": [{**row, "ages": names.get(row["cohort"], row["cohort"])} for row in newest.needs] if newest else [],
        "driver": {**drives[0], "ages": names.get(drives[0]["cohort"], drives[0]["cohort"])} if drives else None,
        "one_drives": newest is not None and len(drives) == 1 < len(newest.needs),
        "earlier": [
            (each, max(int(row["clusters"]) for row in each.needs)) for each in found.sizes.select_related("by")[1:6]
        ],
    }  # fmt: skip
    return render(request, "studies/size.html", context, status=422 if form.errors else 200)


@login_required
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """List the forms of the library as this round fills them, and choose one."""
    found = rounds.one_round(request.user, pk)
    refuse_unless(request.user, "studies.read" if request.method == "GET" else "studies.declare", found)
    if request.method == "POST":
        try:
            kept = actions.choose_form(
                by=request.user, one=found, name=request.POST.get("form", "")[:40], language=request.POST.get("language", ""),
                now=datetime.now(UTC),
            )  # fmt: skip
        except SurveyRefused as error:
            messages.error(request, error.render(rounds.language()))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(
                request, _("Formulaire choisi, version %(version)s.") % {"version": kept.version}
            )
        return redirect("round_forms", pk=found.pk)
    offered = forms.offered(found)
    others = [one for one in offered if not one.needed]
    context = {
        **context_of(request, found), "offered": offered, "others": others, "others_open": any(one.chosen for one in others),
        "ready": all(one.chosen for one in offered if one.needed),
    }  # fmt: skip
    return render(request, "studies/forms.html", context)


def _kept(request: HttpRequest, pk: int, name: str) -> tuple[Round, Instrument]:
    found = rounds.one_round(request.user, pk)
    # The list of clusters stands in it: only for those who work on the study.
    refuse_unless(request.user, "studies.declare", found)
    kept = forms.chosen(found).get(name)
    if kept is None:
        raise Http404(_("Ce formulaire n'est pas choisi pour cette étude."))
    return found, kept


@login_required
@require_GET
def xlsform(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Hand a chosen form out as an XLSForm for ODK and KoboToolbox."""
    found, kept = _kept(request, pk, form)
    answer = HttpResponse(workbook(forms.form_of(kept), language=kept.language), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="kalanso-{found.survey}-{kept.form}.xlsx"'
    return answer


@login_required
@require_GET
def codes(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Hand the codebook of a chosen form out."""
    found, kept = _kept(request, pk, form)
    answer = HttpResponse("\ufeff" + kept.codebook, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kalanso-{found.survey}-{kept.form}-codes.csv"'
    return answer
