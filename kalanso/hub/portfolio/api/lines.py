"""How do programs read what is planned where, how far it is, and what approved reports say was done?

Each sees what their person sees on the pages. In protected places days and words stay with the team: quarters stand for
days, and quantities come ninety days after their quarter. Nobody is named.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kalanso.hub.people.queries.access import today
from kalanso.hub.portfolio.api.asked import (
    Paged,
    Quarter,
    Wanted,
    here,
    of_intervention,
    one_of,
    page,
    refuse_outsiders,
)
from kalanso.hub.portfolio.models import Cell, Report, Target
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.queries import reports, scope
from kalanso.hub.portfolio.queries.cells import late, quarter_of
from kalanso.vocabulary import Period

router = Router()


class OfCells(Wanted):
    """Which lines."""

    state: str = one_of(State.values)
    period: Quarter = Field("", description="a quarter for which they are planned, such as 2025Q1")


class OfReports(Wanted):
    """Which reports."""

    period: Quarter = Field("", description="a quarter, such as 2025Q1")


class InterventionSaid(Schema):
    """One intervention; `lead` is the code of an organisation."""

    code: str
    title_fr: str
    title_en: str
    approach: str
    steps: list[str]
    objective: str
    gender: str
    lead: str
    unit: str
    unit_cost: float | None
    currency: str
    closed: bool


class CellSaid(Schema):
    """One intervention in one district.

    `protected`: its days and words are for its team; `begins`, `ends` and `reason` are null then, and quarters stand for days.
    """

    id: int
    intervention: str
    place_code: str
    organisation: str
    state: str
    late: bool
    protected: bool
    reason: str | None
    begins: date | None
    ends: date | None
    begins_quarter: str
    ends_quarter: str
    target: int | None


class ReportSaid(Schema):
    """What an approved report says of one line and quarter, in the unit of the intervention; `planned`: of that quarter."""

    id: int
    cell: int
    intervention: str
    place_code: str
    period: str
    quantity: int
    planned: int | None
    reached: int | None
    expected: int | None


class Interventions(Schema):
    """Interventions; pass `next` as `after` to read on, null at the end."""

    items: list[InterventionSaid]
    next: int | None


class Cells(Schema):
    """Lines of the portfolio; pass `next` as `after` to read on, null at the end."""

    items: list[CellSaid]
    next: int | None


class Reports(Schema):
    """Approved reports; pass `next` as `after` to read on, null at the end."""

    items: list[ReportSaid]
    next: int | None


@router.get("/interventions", response=Interventions, summary="Which interventions are there?")
def list_interventions(request: HttpRequest, wanted: Query[Paged]) -> dict[str, Any]:
    """Return the interventions of the portfolio."""
    refuse_outsiders(request)
    shown, following = page(scope.interventions(request.user), wanted)
    plain = (
        "code", "title_fr", "title_en", "approach", "steps", "objective", "gender", "unit", "unit_cost", "currency", "closed",
    )  # fmt: skip
    items = [{**{name: getattr(one, name) for name in plain}, "lead": one.lead.code} for one in shown]
    return {"items": items, "next": following}


@router.get("/cells", response=Cells, summary="What is planned where, and how far is it?")
def list_cells(request: HttpRequest, wanted: Query[OfCells]) -> dict[str, Any]:
    """Return the lines of the portfolio: each intervention in each district where it is planned."""
    refuse_outsiders(request)
    found = scope.cells(request.user).filter(
        here(wanted.place), of_intervention(request.user, wanted.intervention, "intervention")
    )
    found = found.filter(state=wanted.state) if wanted.state else found
    shown, following = page(found.filter(_planned_in(wanted.period)) if wanted.period else found, wanted)
    flagged, day = scope.flagged_among({one.place_code for one in shown}), today()
    items = [_cell(one, detail=scope.detail(request.user, one, flagged), day=day) for one in shown]
    return {"items": items, "next": following}


def _planned_in(period: str) -> Q:
    quarter = Period.parse(period)
    return Q(begins__lte=quarter.end) & (Q(ends__isnull=True) | Q(ends__gte=quarter.start))


def _cell(one: Cell, *, detail: bool, day: date) -> dict[str, Any]:
    return {
        "id": one.pk, "intervention": one.intervention.code, "place_code": one.place_code, "organisation": one.organisation.code,
        "state": one.state, "late": late(one, day), "protected": not detail, "reason": one.reason if detail else None,
        "begins": one.begins if detail else None, "ends": one.ends if detail else None, "begins_quarter": quarter_of(one.begins),
        "ends_quarter": quarter_of(one.ends), "target": one.target,
    }  # fmt: skip


@router.get("/reports", response=Reports, summary="What do approved reports say was done?")
def list_reports(request: HttpRequest, wanted: Query[OfReports]) -> dict[str, Any]:
    """Return approved reports; those of lines kept to their team ninety days after the quarter."""
    refuse_outsiders(request)
    found = reports.approved(request.user).filter(
        here(wanted.place, "cell__place_code"),
        of_intervention(request.user, wanted.intervention, "cell__intervention"),
    )
    shown, following = page(found.filter(period=wanted.period) if wanted.period else found, wanted)
    rows = Target.objects.filter(cell__in={one.cell_id for one in shown})
    planned = {(cell, period): n for cell, period, n in rows.values_list("cell_id", "period", "quantity")}
    return {
        "items": [_report(one, planned.get((one.cell_id, one.period))) for one in shown],
        "next": following,
    }


def _report(one: Report, planned: int | None) -> dict[str, Any]:
    return {
        "id": one.pk, "cell": one.cell_id, "intervention": one.cell.intervention.code, "place_code": one.cell.place_code,
        "period": one.period, "quantity": one.quantity, "planned": planned, "reached": one.reached, "expected": one.expected,
    }  # fmt: skip
