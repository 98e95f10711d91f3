"""How do programs read the indicators of the performance framework, as the page of indicators shows them?"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from kalanso.hub.explore.api.places import place_of
from kalanso.hub.explore.api.tables import Text
from kalanso.hub.explore.queries import doors, indicator_rows, places, shelf
from kalanso.hub.explore.queries.indicator_rows import Asked
from kalanso.hub.grants.queries.scope import one_grant
from kalanso.hub.people.queries.access import today
from kalanso.hub.portfolio.api.asked import LARGEST, Quarter, refuse_outsiders
from kalanso.hub.portfolio.queries.reports import last_quarter

router = Router()


class Wanted(Schema):
    """Which place, quarter and grant."""

    place: Text = Field("", description="code; the country unless stated")
    period: Quarter = Field("", description="a quarter, such as 2025Q1; the last that is over unless stated")
    grant: int = Field(
        0, ge=0, le=LARGEST, description="number of a grant; the whole framework unless stated"
    )


class MeasureSaid(Schema):
    """One value, or the reason why there is none; `low` and `high` bound it where it is estimated."""

    period: str
    basis: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    numerator: float | None
    denominator: float | None
    reason: str
    flags: list[str]
    counted: int
    left_out: int
    source: str
    snapshot: str


class IndicatorSaid(Schema):
    """One indicator on one basis, with its trend, what was agreed for it, and how it stands on its way."""

    indicator: str
    frame: str
    chain: str
    name: str
    grant: str
    measure: MeasureSaid
    trend: list[MeasureSaid]
    baseline: float | None
    baseline_day: date | None
    target: float | None
    target_day: date | None
    expected: float | None
    verdict: str


class Indicators(Schema):
    """The indicators of a place and quarter, along the chain of results."""

    place_code: str
    period: str
    items: list[IndicatorSaid]


@router.get("", response=Indicators, summary="Where do the indicators of the framework stand?")
def list_indicators(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Return every indicator of a place and quarter; numbers of two bases are two items, never one."""
    refuse_outsiders(request)
    own, day = shelf.current(), today()
    root = places.tree(own).root()
    place = place_of(own, wanted.place)[1] if wanted.place else root
    if place is None:
        raise Http404(_("Aucun lieu n'est encore publié."))
    grant = one_grant(request.user, wanted.grant) if wanted.grant else None
    period = wanted.period or last_quarter(day)
    asked = Asked(
        person=request.user, here=doors.reading(own, place), place=place, quarter=period, today=day, grant=grant
    )  # fmt: skip
    return {
        "place_code": place.code,
        "period": period,
        "items": [_said(row) for row in indicator_rows.rows(asked)],
    }


def _said(row: indicator_rows.Row) -> dict[str, Any]:
    agreed = row.agreed
    of_grant = row.of_grant or (agreed.grant if agreed is not None else None)
    return {
        "indicator": row.key, "frame": row.frame, "chain": row.chain, "name": row.name, "grant": of_grant.code if of_grant else "",
        "measure": row.measure, "trend": row.trend, "baseline": agreed.baseline if agreed else None,
        "baseline_day": agreed.baseline_day if agreed else None, "target": agreed.target if agreed else None,
        "target_day": agreed.target_day if agreed else None, "expected": row.expected, "verdict": row.verdict,
    }  # fmt: skip
