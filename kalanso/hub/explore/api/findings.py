"""How do programs read which data look doubtful, and why?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kalanso.hub.explore.api.places import place_of
from kalanso.hub.explore.api.tables import Text, found
from kalanso.hub.explore.panels import sentence
from kalanso.hub.explore.queries import findings as queries
from kalanso.hub.explore.queries import shelf

router = Router()
MOST = 500


class FindingSaid(Schema):
    """One doubt, with its sentence in the asked language."""

    check: str
    severity: str
    source: str
    place_code: str
    period: str
    indicator: str
    value: float | None
    expected: float | None
    sentence: str


class Findings(Schema):
    """One page of findings, the most serious and newest first."""

    total: int
    page: int
    items: list[FindingSaid]


class Wanted(Schema):
    """Which findings: by check, severity, period, and place with all below it."""

    check: Text = ""
    severity: Text = ""
    period: Text = ""
    place: Text = Field("", description="code of a place; all below it are included")
    page: int = Field(1, ge=1, le=10_000)
    limit: int = Field(100, ge=1, le=MOST, description="findings at most")


@router.get("", response=Findings, summary="Which data look doubtful, and why?")
def list_findings(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Return findings, the most serious and newest first. Nothing was corrected because of them."""
    here = shelf.current()
    found(here, "quality_findings")
    if wanted.place:
        place_of(here, wanted.place)
    which = queries.Wanted(
        check=wanted.check, severity=wanted.severity, place=wanted.place, period=wanted.period
    )
    rows = queries.listed(here, which, wanted.page, wanted.limit)
    items = [
        {name: row[name] for name in FindingSaid.model_fields if name != "sentence"}
        | {"period": row["period"] or "", "indicator": row["indicator"] or "", "sentence": sentence(row)}
        for row in rows
    ]
    return {"total": queries.total(here, which), "page": wanted.page, "items": items}
