"""What could be done in a district or a pocket, for which reasons, what came of it elsewhere, and at which stated cost?"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kalanso.hub.explore.panels import word
from kalanso.hub.explore.queries import places, shelf
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.portfolio import views as portfolio
from kalanso.hub.portfolio.models.interventions import Approach
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.site.forms import AssumptionsForm
from kalanso.hub.site.queries import design as queries
from kalanso.planning import Shares, costing
from kalanso.planning.design import BOTH, OBSTACLE, PLACE

# Assumed until somebody says better; the page calls them so.
ASSUMED = {"units": 12, "low": 10, "central": 20, "high": 30}
LONGEST_KEY = 100


@login_required
@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Suggest approaches for a district or a pocket, with what each suggestion rests on."""
    portfolio.refuse_outsiders(request)
    here = shelf.current()
    asked = request.GET.get("lieu", "").strip()[:LONGEST_KEY]
    key = request.GET.get("poche", "").strip()[:LONGEST_KEY]
    pocket = queries.pocket_of(here, key) if key else None
    place = queries.district_of(here, asked or (str(pocket.row["leading_area"]) if pocket else ""))
    if key and pocket is None:
        raise Http404(_("Cette poche n'est plus dans le calcul, ou elle n'est pas pour vous."))
    if place is None:
        if asked:
            raise Http404(_("Choisissez un district, ou un lieu qui en a un."))
        return render(request, "site/design_choose.html", {"districts": _districts(here)})
    where = queries.ground(request.user, here, place, pocket)
    shown = queries.suggestions(request.user, where, today=portfolio.now().date())
    groups = [
        (name, [one for one in shown if one.suggestion.group == name]) for name in (BOTH, OBSTACLE, PLACE)
    ]
    context = {
        "place": place, "where": where, "contexts": [word(name, "context") for name in where.contexts], "shown": shown,
        "groups": [(name, several) for name, several in groups if several], "missed": where.missed.said if where.missed else None,
        "pocket": pocket, **_cost(request, where.missed),
    }  # fmt: skip
    return render(request, "site/design.html", context)


def _districts(here: shelf.Shelf) -> list[Any]:
    known = places.tree(here).places.values()
    return sorted(
        (one for one in known if one.level == queries.DISTRICT), key=lambda one: places.folded(one.name)
    )


def _cost(request: HttpRequest, missed: Number | None) -> dict[str, Any]:
    """Reckon what a child would cost under what was assumed; a line of the portfolio lends its unit and its cost."""
    line = scope.interventions(request.user).filter(code=request.GET.get("ligne", "")[:20].upper()).first()
    usual = ASSUMED | {"unit_cost": int(line.unit_cost) if line is not None and line.unit_cost else None}
    told = {name: request.GET[name] for name in AssumptionsForm.base_fields if name in request.GET}
    form = (
        AssumptionsForm(told or None, initial=usual)
        if told or usual["unit_cost"] is None
        else AssumptionsForm(usual)
    )
    found: dict[str, Any] = {
        "form": form, "line": line, "assumed": not told, "lines": scope.interventions(request.user).filter(closed=False, unit_cost__isnull=False),
        "approaches": Approach.choices,
    }  # fmt: skip
    if missed is None or not form.is_bound or not form.is_valid():
        return found
    said = form.cleaned_data
    low, central, high = (said[name] / 100 for name in ("low", "central", "high"))
    told_missed = missed.said
    cost = costing(
        unit_cost=said["unit_cost"], units=said["units"], missed=(told_missed.low, told_missed.mean, told_missed.high),
        shares=Shares(low=low, central=central, high=high),
    )  # fmt: skip
    return found | {"cost": cost, "said": said}
