"""How does somebody have the weights of a round computed out of its draw, and read every factor?"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.weights import ask_weights
from kalanso.hub.studies.forms.margins import WeightsForm
from kalanso.hub.studies.models import Weighting
from kalanso.hub.studies.queries import draws, rounds
from kalanso.hub.studies.queries import weights as queries
from kalanso.hub.studies.views import context_of
from kalanso.surveys.drawn_weights import FACTOR_COLUMNS

ROWS_SHOWN = 150


@login_required
def weights(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the weights of each cluster with every factor; asking has them computed."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    drawn, newest = draws.newest(found), queries.newest(found)
    codes = {row["cluster"]: str(row["name"]) for row in queries.in_use(drawn)}
    form = WeightsForm(
        request.POST or None,
        clusters=codes,
        before=newest.listed if newest else None,
        margins=newest.margins if newest else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            ask_weights(by=request.user, one=found, now=datetime.now(UTC), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Calcul des poids demandé."))
            return redirect("round_weights", pk=found.pk)
    files = rounds.files_of(found)
    done = newest if newest is not None and newest.state == Weighting.State.DONE else None
    context = {
        **context_of(request, found), "form": form, "draw": drawn, "newest": newest, "done": done, "rows_shown": ROWS_SHOWN,
        "rows": queries.rows(done, request.user) if done else [], "ready": all(kind in files for kind in queries.READ),
        "silent": queries.silent_children(done, rounds.language()) if done else "",
        "stale": bool(done and done.sample and queries.stale(found, done.sample)),
        "margins": queries.margins(done, rounds.language()) if done else [], "span": queries.span(done) if done else None,
    }  # fmt: skip
    return render(request, "studies/weights.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def as_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand every factor out, cluster by cluster, as the reader may see it."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    newest = queries.newest(found)
    if newest is None or newest.state != Weighting.State.DONE:
        raise Http404(_("Aucun poids n'est encore calculé."))
    text = io.StringIO()
    writer = csv.DictWriter(text, FACTOR_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(queries.rows(newest, request.user))
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kalanso-{found.survey}-poids-{newest.number}.csv"'
    return answer
