"""How do programs read what holds vaccination back, what was promised against it, and what was decided?

Those of protected places are for their teams, as on the pages. Organisations are named, people never.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kalanso.hub.people.queries.access import today
from kalanso.hub.portfolio.api.asked import (
    Quarter,
    Wanted,
    here,
    of_intervention,
    one_of,
    page,
    refuse_outsiders,
)
from kalanso.hub.portfolio.models import Decision
from kalanso.hub.portfolio.models.factors import FactorKind, FactorState
from kalanso.hub.portfolio.models.follow_up import TO_DO, ActionState
from kalanso.hub.portfolio.queries import decisions, factors, follow_up
from kalanso.vocabulary import Period

router = Router()
BY_CELL = ("cell__intervention",)


class OfFactors(Wanted):
    """Which obstacles and facilitators; `period` is the quarter in which they were named."""

    kind: str = one_of(FactorKind.values)
    state: str = one_of(FactorState.values)
    period: Quarter = Field("", description="the quarter in which they were named, such as 2025Q1")


class OfActions(Wanted):
    """Which actions; `period` is the quarter in which they are due."""

    state: str = one_of(ActionState.values)
    period: Quarter = Field("", description="the quarter in which they are due, such as 2025Q1")


class OfDecisions(Wanted):
    """Which decisions; `period` is the quarter in which they were taken."""

    period: Quarter = Field("", description="the quarter in which they were taken, such as 2025Q1")


class FactorSaid(Schema):
    """What holds vaccination back, or helps it; `intervention` is "" where it is named of none."""

    id: int
    kind: str
    domain: str
    level: str
    place_code: str
    severity: int
    state: str
    what: str
    named: date
    intervention: str


class ActionSaid(Schema):
    """What was promised, by which organisation, by when; `factor` is the obstacle that it answers."""

    id: int
    reference: str
    text: str
    place_code: str
    organisation: str
    priority: str
    state: str
    late: bool
    made: date
    due: date
    closed: date | None
    verified: bool
    factor: int | None


class DecisionSaid(Schema):
    """What was decided."""

    id: int
    reference: str
    text: str
    body: str
    date: date
    place_code: str
    meeting: int | None


class Factors(Schema):
    """Obstacles and facilitators; pass `next` as `after` to read on, null at the end."""

    items: list[FactorSaid]
    next: int | None


class Actions(Schema):
    """Actions; pass `next` as `after` to read on, null at the end."""

    items: list[ActionSaid]
    next: int | None


class Decisions(Schema):
    """Decisions; pass `next` as `after` to read on, null at the end."""

    items: list[DecisionSaid]
    next: int | None


def _within(period: str, field: str, *, moments: bool = False) -> Q:
    """Return the condition that a day (or a moment) lies in a quarter."""
    if not period:
        return ~Q(pk__in=())
    quarter = Period.parse(period)
    first, last = quarter.start, quarter.end
    if moments:
        ends = datetime.combine(last, time.max, UTC)
        return Q(**{f"{field}__gte": datetime.combine(first, time.min, UTC), f"{field}__lte": ends})
    return Q(**{f"{field}__gte": first, f"{field}__lte": last})


def _day(at: datetime | None) -> date | None:
    return at.date() if at is not None else None


@router.get("/factors", response=Factors, summary="What holds vaccination back, and what helps it?")
def list_factors(request: HttpRequest, wanted: Query[OfFactors]) -> dict[str, Any]:
    """Return obstacles and facilitators; those of protected places are for their teams."""
    refuse_outsiders(request)
    chosen = factors.Wanted(kind=wanted.kind, state=wanted.state)
    found = factors.narrowed(factors.visible_factors(request.user), chosen).filter(
        here(wanted.place),
        of_intervention(request.user, wanted.intervention, *BY_CELL),
        _within(wanted.period, "named", moments=True),
    )
    shown, following = page(found, wanted)
    plain = ("kind", "domain", "level", "place_code", "severity", "state", "what")
    items = [
        {
            "id": one.pk, **{name: getattr(one, name) for name in plain}, "named": _day(one.named),
            "intervention": one.cell.intervention.code if one.cell is not None else "",
        }
        for one in shown
    ]  # fmt: skip
    return {"items": items, "next": following}


@router.get("/actions", response=Actions, summary="What was promised, by when, and was it done?")
def list_actions(request: HttpRequest, wanted: Query[OfActions]) -> dict[str, Any]:
    """Return actions; those of protected places are for their teams."""
    refuse_outsiders(request)
    found = follow_up.visible_actions(request.user).filter(
        here(wanted.place),
        of_intervention(request.user, wanted.intervention, *BY_CELL, "factor__cell__intervention"),
        _within(wanted.period, "due"),
    )
    shown, following = page(found.filter(state=wanted.state) if wanted.state else found, wanted)
    plain, day = ("reference", "text", "place_code", "priority", "state", "due"), today()
    items = [
        {
            "id": one.pk, **{name: getattr(one, name) for name in plain}, "organisation": one.organisation.code,
            "late": one.state in TO_DO and one.due < day, "made": _day(one.made), "closed": _day(one.closed),
            "verified": one.verified is not None, "factor": one.factor_id,
        }
        for one in shown
    ]  # fmt: skip
    return {"items": items, "next": following}


@router.get("/decisions", response=Decisions, summary="What was decided?")
def list_decisions(request: HttpRequest, wanted: Query[OfDecisions]) -> dict[str, Any]:
    """Return decisions; those of protected places, or on lines kept to their team, are for these teams."""
    refuse_outsiders(request)
    through = Decision.interventions.through.objects, Decision.cells.through.objects
    touching = Q() if not wanted.intervention else (
        Q(pk__in=through[0].filter(of_intervention(request.user, wanted.intervention, "intervention")).values("decision"))
        | Q(pk__in=through[1].filter(of_intervention(request.user, wanted.intervention, "cell__intervention")).values("decision"))
    )  # fmt: skip
    found = decisions.visible_decisions(request.user).filter(
        touching, here(wanted.place), _within(wanted.period, "date")
    )
    shown, following = page(found, wanted)
    plain = ("reference", "text", "body", "date", "place_code")
    items = [
        {"id": one.pk, **{name: getattr(one, name) for name in plain}, "meeting": one.meeting_id}
        for one in shown
    ]
    return {"items": items, "next": following}
