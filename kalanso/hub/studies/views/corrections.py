"""How does somebody read what cleaning found, look at its lines, correct one, and agree with what others propose?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions import corrections as actions
from kalanso.hub.studies.forms.corrections import NAMES, SOURCES, CorrectionForm, CorrectionsFileForm, shown
from kalanso.hub.studies.forms.rounds import dose_name
from kalanso.hub.studies.models import Analysis, Correction, Round
from kalanso.hub.studies.queries import corrections as queries
from kalanso.hub.studies.queries import rounds
from kalanso.hub.studies.views import context_of

SHOWN = 100


def _analysed(request: HttpRequest, pk: int) -> tuple[Round, Analysis]:
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.analyse", found)
    if found.shown is None:
        raise Http404(_("Cette étude n'est pas encore analysée."))
    return found, found.shown


def _told(line: queries.Line) -> dict[str, Any]:
    return {
        "line": line, "field": NAMES.get(line.field, line.field), "before": shown(line.field, line.before), "after": shown(line.field, line.after),
        "source": SOURCES.get(line.source, line.source), "dose": dose_name(line.dose) if line.dose else "",
    }  # fmt: skip


@login_required
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """List what each rule found and what persons decided; a file of corrections is taken whole or not at all."""
    found, analysis = _analysed(request, pk)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = CorrectionsFileForm(*given)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.propose(
                by=request.user, one=found, said=form.cleaned_data["file"], now=datetime.now(UTC)
            )
        except ValidationError as error:
            form.add_error("file", error)
        else:
            messages.success(request, _("Corrections gardées : %(n)s.") % {"n": len(made)})
            return redirect("round_corrections", pk=found.pk)
    decided = queries.of_round(found)
    context = {
        **context_of(request, found), "analysis": analysis, "rules": queries.rules(analysis), "form": form, "left_out": max(0, len(decided) - SHOWN),
        "decided": [
            (one, NAMES.get(one.field, one.field), shown(one.field, one.before), shown(one.field, one.after), SOURCES.get(one.source, ""), dose_name(one.dose) if one.dose else "")
            for one in decided[:SHOWN]
        ],
        "waiting": sum(one.state == Correction.State.PROPOSED for one in decided), "again": rounds.decided_since(found),
    }  # fmt: skip
    return render(request, "studies/corrections.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def findings(request: HttpRequest, pk: int, rule: str) -> HttpResponse:
    """Show the lines that a rule found."""
    found, analysis = _analysed(request, pk)
    asked = request.GET.get("page", "1")
    number = max(1, int(asked) if asked.isdigit() and len(asked) < 6 else 1)
    named = next((one for one in queries.rules(analysis) if one.rule == rule and one.has_lines), None)
    if named is None:
        raise Http404(_("Cette règle n'a trouvé aucune ligne."))
    lines, n = queries.lines(analysis, rule, number)
    context = {
        **context_of(request, found), "rule": named, "lines": [_told(one) for one in lines], "fields": queries.FIELDS,
        "pager": {"number": number, "pages": max(1, -(-n // queries.PAGE))},
    }  # fmt: skip
    return render(request, "studies/findings.html", context)


@login_required
def correct(request: HttpRequest, pk: int, table: str, row: int) -> HttpResponse:
    """Show a line and correct one of its values."""
    found, analysis = _analysed(request, pk)
    at = queries.line(analysis, table, row)
    if at is None:
        raise Http404(_("Cette ligne n'est pas parmi celles qui sont venues."))
    line, values = at
    form = CorrectionForm(
        request.POST or None, values=values, initial={"field": request.GET.get("champ", "")}
    )
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        said = {
            "table": table, "child": line.child, "dose": line.dose, "source": line.source, "field": told["field"],
            "before": values[told["field"]], "after": told["after"].strip(), "why": told["why"].strip(),
        }  # fmt: skip
        try:
            actions.propose(by=request.user, one=found, said=[said], now=datetime.now(UTC))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Correction proposée : une autre personne la relit.") if found.second_look else _("Correction gardée. Elle compte à la prochaine analyse.")
            )  # fmt: skip
            return redirect("round_corrections", pk=found.pk)
    context = {**context_of(request, found), "form": form, "told": _told(line)}
    return render(request, "studies/correct.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def look(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Agree with a correction, refuse it, or take it back."""
    found, _analysis = _analysed(request, pk)
    try:
        actions.look_at(
            by=request.user,
            one=found,
            pk=number,
            verdict=request.POST.get("verdict", ""),
            now=datetime.now(UTC),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("C'est noté."))
    return redirect("round_corrections", pk=found.pk)
