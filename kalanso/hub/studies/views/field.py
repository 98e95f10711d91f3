"""How does somebody follow the fieldwork of a round, on a telephone too?"""

from __future__ import annotations

import csv
import io

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.queries import draws, rounds
from kalanso.hub.studies.queries import field as queries
from kalanso.hub.studies.views import context_of

CLUSTERS_SHOWN = 150


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what was expected, done, refused and absent, and what a supervisor should look at."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.read", found)
    context = {
        **context_of(request, found), "seen": queries.seen(found, request.user), "newest": queries.newest(found),
        "draw": draws.newest(found), "clusters_shown": CLUSTERS_SHOWN, "files": rounds.files_of(found),
    }  # fmt: skip
    return render(request, "studies/field.html", context)


@login_required
@require_GET
def as_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the count out cluster by cluster, as the reader may see it."""
    found = rounds.one_of_households(request.user, pk)
    refuse_unless(request.user, "studies.read", found)
    seen = queries.seen(found, request.user)
    if seen is None:
        raise Http404(_("Rien n'est encore compté."))
    text = io.StringIO()
    writer = csv.DictWriter(text, queries.CSV_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(seen.clusters)
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="kalanso-{found.survey}-terrain.csv"'
    return answer
