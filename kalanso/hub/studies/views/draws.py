"""How does somebody draw the clusters of a round, read which were drawn, and say which could not be visited?"""

from __future__ import annotations

import csv
import io
import secrets
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions import draws as actions
from kalanso.hub.studies.actions import field
from kalanso.hub.studies.forms.draws import CELLS, FILE, REASONS, DrawForm, ReplacementForm
from kalanso.hub.studies.models import Round
from kalanso.hub.studies.queries import cells, frames, rounds, sizes
from kalanso.hub.studies.queries import draws as queries
from kalanso.hub.studies.queries.forms import chosen
from kalanso.hub.studies.views import context_of
from kalanso.surveys.handed_in import SurveyRefused

ROWS_SHOWN = 200
SEEDS = 2**31


@login_required
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the newest draw, what became of each cluster, and earlier draws."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.read", found)
    drawn = queries.newest(found)
    context = context_of(request, found)
    if drawn is not None:
        context |= {
            "draw": drawn, "standing": queries.standing(drawn, request.user), "reasons": dict(REASONS), "rows_shown": ROWS_SHOWN, "frame": frames.told(str(drawn.asked["frame"])),
            "earlier": list(found.draws.select_related("by")[1:]), "asked": chosen(found),
        }  # fmt: skip
    return render(request, "studies/draw.html", context)


@login_required
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask from what and how to draw, and draw."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    offered, before = frames.measures(found), queries.newest(found)
    form = DrawForm(*given, measures=offered, again=before is not None, clusters=sizes.clusters_needed(found))
    if request.method == "POST" and form.is_valid():
        try:
            drawn = _draw(request, found, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Grappes tirées et gardées."))
            return redirect("round_draw", pk=drawn.round_id)
    context = {**context_of(request, found), "form": form, "again": before is not None, "offered": offered}
    return render(request, "studies/draw_new.html", context, status=422 if form.errors else 200)


def _draw(request: HttpRequest, found: Round, said: dict[str, Any]) -> Any:
    if said["frame"] == FILE:
        listed = said["rows"]
        inside = [row for row in listed if row["children"] > 0]
        outside = [
            {"unit_code": row["unit_code"], "name": row["name"]} for row in listed if row["children"] <= 0
        ]
        for row in inside:
            row["stratum"] = row["stratum"] or queries.WHOLE
            row["stratum_name"] = row["stratum"]
    elif said["frame"] == CELLS:
        try:
            inside, outside = cells.units(said["rows"], least=said["least"]), []
        except SurveyRefused as error:
            raise ValidationError(error.render(rounds.language()), code="frame") from error
    else:
        inside, outside = frames.rows(found, said["frame"])
        for row in inside:
            row["stratum"] = row.get(said["strata"] or "", "") or queries.WHOLE
            row["stratum_name"] = row.get(f"{said['strata']}_name", "") or str(found)
    asked = {
        name: said[name] or 0
        for name in ("clusters", "reserves", "households", "teams", "segment_above", "segment_size")
    }
    asked |= {"frame": said["frame"], "strata": said["strata"]}
    if said["frame"] in (FILE, CELLS):
        asked["file_name"] = str(said["file"].name)[:80]
    if said["frame"] == CELLS:
        asked["least"] = said["least"]
    seed = said["seed"] if said["seed"] is not None else secrets.randbelow(SEEDS)
    return actions.draw(
        by=request.user, one=found, frame=inside, outside=outside, asked=asked, seed=seed, reason=said.get("reason", ""),
        now=datetime.now(UTC),
    )  # fmt: skip


@login_required
@require_GET
def as_csv(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Hand a draw out as a file: what the reader may see of it."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.read", found)
    drawn = found.draws.filter(number=number).first()
    if drawn is None:
        raise Http404(_("Ce tirage n'existe pas."))
    text = io.StringIO()
    writer = csv.DictWriter(text, queries.CSV_COLUMNS)
    writer.writeheader()
    writer.writerows(queries.csv_rows(drawn, request.user))
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kalanso-{found.survey}-tirage-{number}.csv"'
    return answer


@login_required
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask which cluster could not be visited, and send the next reserve."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    drawn = queries.newest(found)
    if drawn is None:
        raise Http404(_("Aucune grappe n'est encore tirée."))
    standing = queries.standing(drawn, request.user)
    in_use = [
        (row["cluster"], f"{row['cluster']} · {row['name']}")
        for row in standing.rows
        if row["state"] == "visited"
    ]
    form = ReplacementForm(request.POST or None, clusters=in_use, today=datetime.now(UTC).date())
    if request.method == "POST" and form.is_valid():
        try:
            line = actions.replace(by=request.user, one=found, now=datetime.now(UTC), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            field.ask_count(by=request.user, one=found, now=datetime.now(UTC))
            told = {"cluster": line.cluster, "reserve": line.replaced_by}
            messages.success(
                request,
                _("%(cluster)s est remplacée par %(reserve)s.") % told
                if line.replaced_by
                else _("%(cluster)s est notée : il ne reste pas de réserve dans sa strate.") % told,
            )
            return redirect("round_draw", pk=found.pk)
    context = {**context_of(request, found), "form": form, "standing": standing}
    return render(request, "studies/replace.html", context, status=422 if form.errors else 200)
