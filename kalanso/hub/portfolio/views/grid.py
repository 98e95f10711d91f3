"""How does the portfolio look whole, by district, by organisation, and as a file?"""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.people.permissions import WHOLE_COUNTRY, may
from kalanso.hub.people.queries.access import mirrored
from kalanso.hub.portfolio.models.cells import OVER, State
from kalanso.hub.portfolio.models.interventions import Approach, Step
from kalanso.hub.portfolio.queries import cells as cell_queries
from kalanso.hub.portfolio.queries import listed
from kalanso.hub.portfolio.queries.coverage_of_work import who_does_what
from kalanso.hub.portfolio.queries.grid import LATE, Chosen, grid, leads
from kalanso.hub.portfolio.views import now, refuse_outsiders
from kalanso.vocabulary import Period, no_formula

ASKED = {
    "approach": "approche", "lead": "responsable", "region": "region", "district": "district", "state": "etat", "step": "etape", "text": "mot",
}  # fmt: skip


def chosen_of(request: HttpRequest) -> Chosen:
    """Return what the address asks for; what it asks in vain is everything."""
    told = {name: request.GET.get(asked, "").strip()[:60] for name, asked in ASKED.items()}
    if told["approach"] not in Approach.values:
        told["approach"] = ""
    if told["state"] not in [*State.values, LATE]:
        told["state"] = ""
    if told["step"] not in Step.values:
        told["step"] = ""
    return Chosen(**told)


@login_required
def portfolio(request: HttpRequest) -> HttpResponse:
    """Show every intervention in every district, and how far each is."""
    refuse_outsiders(request)
    chosen = chosen_of(request)
    shown = grid(request.user, chosen, today=now().date())
    context: dict[str, Any] = {
        "grid": shown, "chosen": chosen, "approaches": Approach.choices, "steps": Step.choices,
        "states": [*State.choices, (LATE, _("Fin dépassée"))],
        "leads": leads(shown.edition),
        "regions": sorted({(one.region_code, one.region) for one in shown.columns if one.region_code}, key=lambda told: told[1]),
        "districts": sorted(((one.code, one.name) for one in shown.columns), key=lambda told: told[1]),
        "may_load": may(request.user, "portfolio.load", WHOLE_COUNTRY), "may_plan": may(request.user, "portfolio.plan"),
    }  # fmt: skip
    return render(request, "portfolio/grid.html", context)


@login_required
def district(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is planned in one district: what is late or stopped first."""
    refuse_outsiders(request)
    place = mirrored(code)
    if place is None or place.level != "district":
        raise Http404(_("Aucun district ne porte ce code."))
    rows = cell_queries.of_district(request.user, code, today=now().date())
    urgent = [one for one in rows if one.late or one.cell.state in (State.DELAYED, State.SUSPENDED)]
    over = [one for one in rows if one.cell.state in OVER]
    context = {
        "place": place,
        "rows": rows,
        "urgent": urgent,
        "over": over,
        "going": [one for one in rows if one not in urgent and one not in over],
        "late": sum(one.late for one in rows),
        "stopped": sum(one.cell.state in (State.DELAYED, State.SUSPENDED) for one in rows),
        "ongoing": sum(one.cell.state == State.ONGOING for one in rows),
    }
    return render(request, "portfolio/district.html", context)


@login_required
def who(request: HttpRequest) -> HttpResponse:
    """Show which organisation works in which district, where nobody does and where several do the same."""
    refuse_outsiders(request)
    this = Period.parse(cell_queries.quarter_of(now().date()))
    offered = [str(this + step) for step in range(-4, 5)]
    asked = request.GET.get("trimestre", "")
    period = asked if asked in offered else ""
    context = {"work": who_does_what(request.user, period), "quarters": offered, "period": period}
    return render(request, "portfolio/who.html", context)


@login_required
@require_GET
def download(request: HttpRequest, form: str) -> HttpResponse:
    """Hand the chosen part of the portfolio out as CSV or XLSX, in the shape in which it can be loaded again."""
    refuse_outsiders(request)
    if form not in {"csv", "xlsx"}:
        raise Http404(_("Le portefeuille se prend en CSV ou en XLSX."))
    rows = listed.rows(request.user, chosen_of(request), today=now().date())
    heads = listed.headings()
    if form == "csv":
        text = io.StringIO()
        sheet = csv.writer(text, delimiter=";")
        sheet.writerow(heads)
        sheet.writerows([[no_formula(cell) for cell in row] for row in rows])
        answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    else:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        answer = HttpResponse(listed.workbook(heads, rows, _("Portefeuille")), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="portefeuille.{form}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
