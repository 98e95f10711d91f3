"""Which records of the portfolio does the library get to read, and how are its rows built?

Words and names stay here: they may name persons, roads and days. What is about a line kept to its team stays here too, but
for its plan by quarters; its reports go ninety days after the quarter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q

from kalanso.hub.people.models import Citation
from kalanso.hub.people.queries.access import today
from kalanso.hub.portfolio.models import ActionPoint, Cell, Decision, Factor, Intervention, Report, Target
from kalanso.hub.portfolio.queries.cells import quarter_of
from kalanso.hub.portfolio.queries.decisions import NAME
from kalanso.hub.portfolio.queries.keeping import told_until
from kalanso.planning.portfolio_tables import (
    PORTFOLIO_ACTIONS,
    PORTFOLIO_CELLS,
    PORTFOLIO_DECISIONS,
    PORTFOLIO_FACTORS,
    PORTFOLIO_INTERVENTIONS,
    PORTFOLIO_REPORTS,
)
from kalanso.vocabulary import Period


def interventions() -> Iterator[dict[str, Any]]:
    """Yield the interventions."""
    for one in Intervention.objects.select_related("lead").order_by("code"):
        yield {
            "intervention": one.code, "title_fr": one.title_fr, "title_en": one.title_en, "approach": one.approach,
            "steps": " ".join(one.steps), "gender": one.gender, "lead": one.lead.code, "unit": one.unit,
            "unit_cost": float(one.unit_cost) if one.unit_cost is not None else None, "currency": one.currency, "closed": one.closed,
        }  # fmt: skip


def cells() -> Iterator[dict[str, Any]]:
    """Yield the lines with plan and state: quarters, never days."""
    for one in Cell.objects.select_related("intervention", "organisation").order_by(
        "intervention__code", "place_code"
    ):
        yield {
            "intervention": one.intervention.code, "place_code": one.place_code, "organisation": one.organisation.code,
            "begins": quarter_of(one.begins), "ends": quarter_of(one.ends), "target": one.target, "state": one.state,
            "since": quarter_of(one.since.date()), "sensitive": one.sensitive,
        }  # fmt: skip


def reports() -> Iterator[dict[str, Any]]:
    """Yield what approved reports say."""
    planned = {
        (cell, period): n for cell, period, n in Target.objects.values_list("cell_id", "period", "quantity")
    }
    told = told_until(today())
    found = (
        Report.objects.filter(state=Report.State.APPROVED)
        .select_related("cell__intervention")
        .defer("narrative")
    )
    for one in found.order_by("cell__intervention__code", "cell__place_code", "period"):
        if one.cell.sensitive and one.period > told:
            continue
        yield {
            "intervention": one.cell.intervention.code, "place_code": one.cell.place_code, **_quarter(Period.parse(one.period).start),
            "quantity": one.quantity, "planned": planned.get((one.cell_id, one.period)), "reached": one.reached, "expected": one.expected,
        }  # fmt: skip


def factors() -> Iterator[dict[str, Any]]:
    """Yield obstacles and facilitators without their words."""
    for one in (
        Factor.objects.exclude(cell__sensitive=True).select_related("cell__intervention").order_by("pk")
    ):
        yield {
            "number": one.pk, "place_code": one.place_code, **_quarter(one.named.date()), "kind": one.kind, "domain": one.domain,
            "level": one.level, "severity": one.severity, "state": one.state,
            "intervention": one.cell.intervention.code if one.cell is not None else "",
        }  # fmt: skip


def actions() -> Iterator[dict[str, Any]]:
    """Yield actions without their words and names."""
    kept = Q(cell__sensitive=True) | Q(factor__cell__sensitive=True)
    for one in (
        ActionPoint.objects.exclude(kept).select_related("organisation", "factor").order_by("reference")
    ):
        place = one.factor.place_code if one.factor is not None else one.place_code
        yield {
            "reference": one.reference, "place_code": place, **_quarter(one.made.date()), "organisation": one.organisation.code,
            "priority": one.priority, "state": one.state, "due": quarter_of(one.due), "factor": one.factor_id,
            "late_days": max(timedelta(0), one.closed.date() - one.due).days if one.closed is not None else None,
        }  # fmt: skip


def decisions() -> Iterator[dict[str, Any]]:
    """Yield decisions without their words."""
    grounds = dict(
        Citation.objects.filter(from_type=NAME).order_by().values_list("from_id").annotate(n=Count("pk"))
    )
    hidden = Decision.cells.through.objects.filter(cell__sensitive=True).values("decision_id")
    for one in Decision.objects.exclude(pk__in=hidden).annotate(lines=Count("cells")).order_by("reference"):
        yield {
            "reference": one.reference, "place_code": one.place_code, **_quarter(one.date), "grounds": grounds.get(str(one.pk), 0),
            "lines": one.lines,
        }  # fmt: skip


def _quarter(day: date) -> dict[str, Any]:
    code = quarter_of(day)
    return {"period": code, "period_start": Period.parse(code).start}


EXPORTS = (
    (PORTFOLIO_INTERVENTIONS, interventions), (PORTFOLIO_CELLS, cells), (PORTFOLIO_REPORTS, reports), (PORTFOLIO_FACTORS, factors),
    (PORTFOLIO_ACTIONS, actions), (PORTFOLIO_DECISIONS, decisions),
)  # fmt: skip
