"""How do programs read how many children were missed, where, and how sure that is?"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from kalanso.hub.explore.api.places import Code, place_of
from kalanso.hub.explore.api.tables import Text
from kalanso.hub.explore.queries import doors, estimates, places, runs, shelf

router = Router()
Dose = Annotated[str, Field(pattern=r"^(dtp1|dtp3)$")]


class Between(Schema):
    """A number with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


class EstimateSaid(Schema):
    """What the run says of a place; `span`: `quarter`, or `rolling4` for the four that end with the period."""

    place_code: str
    period: str
    span: str
    coverage: Between
    infants: Between
    missed: Between
    rank: Between
    provisional: bool


class Estimates(Schema):
    """Estimates with the run they come from, how far it was reviewed, and its state of the table.

    `settled`: false where the draws of the run do not agree with one another; decide nothing on its numbers then.
    """

    run: str | None
    state: str | None
    preview: bool | None
    settled: bool | None
    snapshot: str | None
    indicator: str
    items: list[EstimateSaid]


class OfDose(Schema):
    """Which dose."""

    indicator: Dose = Field("dtp1", description="dtp1 or dtp3")


class Wanted(OfDose):
    """Which place, dose and period."""

    place: Text = Field("", description="code; this place and those right below. The country unless stated")
    period: Text = Field("", description="code such as 2024Q4; the newest unless stated")


def _answer(here: shelf.Shelf, indicator: str, items: list[estimates.Estimate]) -> dict[str, Any]:
    run = runs.run(here)
    told = {"run": None, "state": None, "preview": None, "settled": None, "snapshot": None}
    if run is not None:
        told = {
            "run": run.name, "state": run.state, "preview": run.preview, "settled": not run.unsettled,
            "snapshot": run.manifest.id,
        }  # fmt: skip
    return {**told, "indicator": indicator, "items": items if run is not None else []}


@router.get("", response=Estimates, summary="How many children were missed, place by place?")
def in_a_period(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Return the estimates of a place and of the places right below it, in one period.

    A place outside one's own is read from what was released to one's circle.
    """
    known, where = place_of(shelf.current(), wanted.place or _root())
    here = doors.reading(shelf.current(), where)
    spans = estimates.spans(here)
    indicator, period = wanted.indicator, wanted.period
    if period and period not in spans:
        raise HttpError(
            422, _("Pas d'estimation pour cette période : %(known)s.") % {"known": ", ".join(spans) or "-"}
        )
    values = estimates.values(here, indicator, period or next(iter(spans))) if spans else {}
    shown = [where, *known.children(where.code)]
    return _answer(here, indicator, [values[one.code] for one in shown if one.code in values])


def _root() -> str:
    root = places.tree(shelf.current()).root()
    return root.code if root else ""


@router.get("/{code}", response=Estimates, summary="How did a place's estimates move?")
def of_a_place(request: HttpRequest, code: Code, wanted: Query[OfDose]) -> dict[str, Any]:
    """Return the quarterly estimates of one place, the oldest first."""
    _known, where = place_of(shelf.current(), code)
    here = doors.reading(shelf.current(), where)
    return _answer(here, wanted.indicator, list(estimates.quarters(here, code, wanted.indicator)))
