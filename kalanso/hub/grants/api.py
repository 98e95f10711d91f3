"""How do programs read the grants that their person may see: amounts, lines, quarters, and what was agreed to be measured?

A line that lies in a protected place is given without it, and what moved on it as sums of quarters that ended ninety
days ago.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from kalanso.hub.grants.models import BudgetLine, Grant
from kalanso.hub.grants.queries import accounts, framework, scope
from kalanso.hub.grants.queries.exchange import Exchange
from kalanso.hub.grants.views import refuse_outsiders
from kalanso.hub.people.queries.access import today
from kalanso.hub.portfolio.api.asked import LARGEST, Paged, Text, here, of_intervention, page

router = Router()
Number = Annotated[int, Path(ge=1, le=LARGEST)]
MOVED = ("committed", "disbursed", "spent")


class OfLines(Paged):
    """Which budget lines of a grant; `place` finds none that lies in a protected place kept from the reader."""

    place: Text = Field("", description="code of a place; all below it are included")
    intervention: Text = Field("", description="code of an intervention")
    year: int = Field(0, ge=0, le=2100, description="a year; all unless stated")


class GrantSaid(Schema):
    """One grant; `whole`: whether its person sees every line of it."""

    id: int
    code: str
    title_fr: str
    title_en: str
    lever: str
    funder: str
    holder: str
    begins: date
    ends: date
    amount: float
    currency: str
    status: str
    source_note: str
    whole: bool


class Grants(Schema):
    """The grants that this person may see, wholly or in part."""

    items: list[GrantSaid]


class LineSaid(Schema):
    """One budget line: an intervention, an organisation, a place, a year.

    `planned` is in `planned_currency`, as it was written; what moved is in the currency of the grant, `unsummed` what has
    no rate to it. `protected`: the place is null, and what moved is that of quarters which ended ninety days ago.
    """

    id: int
    intervention: str
    organisation: str
    place_code: str | None
    protected: bool
    year: int
    planned: float
    planned_currency: str
    committed: float
    disbursed: float
    spent: float
    unsummed: list[str]


class Lines(Schema):
    """Budget lines of a grant; pass `next` as `after` to read on, null at the end."""

    grant: str
    currency: str
    whole: bool
    items: list[LineSaid]
    next: int | None


class QuarterSaid(Schema):
    """One quarter of a grant, in its currency; `planned` is the even share of the year."""

    period: str
    planned: float
    committed: float
    disbursed: float
    spent: float


class Quarters(Schema):
    """The quarters of a grant, oldest first; `unsummed` is what has no rate, by part and currency.

    `protected_until`: where protected lines are among those of the grant, the last quarter in which they count; else "".
    """

    grant: str
    currency: str
    whole: bool
    items: list[QuarterSaid]
    protected_until: str
    unsummed: list[str]


class AgreedSaid(Schema):
    """An indicator as it was agreed; shares from 0 to 1."""

    id: int
    indicator: str
    name: str
    chain: str
    kind: str
    unit: str
    better: str
    cumulative: bool
    baseline: float | None
    baseline_day: date | None
    baseline_source: str
    target: float | None
    target_day: date | None
    data_source: str
    frequency: str


class Agreed(Schema):
    """The performance framework of a grant."""

    grant: str
    items: list[AgreedSaid]


@router.get("", response=Grants, summary="Which grants are there?")
def list_grants(request: HttpRequest) -> dict[str, Any]:
    """Return the grants that this person may see, wholly or in part."""
    refuse_outsiders(request)
    plain = (
        "code", "title_fr", "title_en", "lever", "begins", "ends", "amount", "currency", "status", "source_note",
    )  # fmt: skip
    items = [
        {
            "id": one.pk, **{name: getattr(one, name) for name in plain}, "funder": one.funder.code, "holder": one.holder.code,
            "whole": scope.rights(request.user, one).whole,
        }
        for one in scope.visible_grants(request.user)
    ]  # fmt: skip
    return {"items": items}


@router.get("/{number}/lines", response=Lines, summary="For what is the money of a grant planned?")
def lines_of_a_grant(request: HttpRequest, number: Number, wanted: Query[OfLines]) -> dict[str, Any]:
    """Return the budget lines of a grant that this person may see, with what moved on them."""
    grant = scope.one_grant(request.user, number)
    found = scope.visible_lines(request.user).filter(
        of_intervention(request.user, wanted.intervention, "intervention"), grant=grant
    )
    found = found.filter(year=wanted.year) if wanted.year else found
    if wanted.place:
        found = found.filter(here(wanted.place)).exclude(scope.guarded(request.user))
    shown, following = page(found.select_related("intervention", "organisation"), wanted)
    own = BudgetLine.objects.filter(pk__in=[one.pk for one in shown])
    hidden = scope.guarded_lines(request.user, own)
    money = accounts.accounts(own, grant.currency, Exchange.of_today(), by="line", reader=request.user)
    items = [
        _line(one, money.get(one.pk, accounts.Account(grant.currency)), hidden=one.pk in hidden)
        for one in shown
    ]
    return {**_head(request.user, grant), "items": items, "next": following}


def _head(person: Any, grant: Grant) -> dict[str, Any]:
    whole = scope.rights(person, grant).whole
    return {"grant": grant.code, "currency": grant.currency, "whole": whole}


def _line(one: BudgetLine, own: accounts.Account, *, hidden: bool) -> dict[str, Any]:
    moved = {name: getattr(own.total, name) for name in MOVED}
    return {
        "id": one.pk, "intervention": one.intervention.code, "organisation": one.organisation.code,
        "place_code": None if hidden else one.place_code, "protected": hidden, "year": one.year, "planned": one.planned,
        "planned_currency": one.currency, **moved, "unsummed": [] if hidden else _left(own),
    }  # fmt: skip


def _left(own: accounts.Account) -> list[str]:
    return [f"{one.part} {one.amount.normalize():f} {one.currency}" for one in own.left]


@router.get("/{number}/quarters", response=Quarters, summary="What moved in a grant, quarter by quarter?")
def quarters_of_a_grant(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Return what was planned, committed, disbursed and spent, of the lines that this person may see."""
    grant = scope.one_grant(request.user, number)
    lines = scope.visible_lines(request.user).filter(grant=grant)
    own = accounts.account(lines, grant.currency, Exchange.of_today(), reader=request.user)
    items = [
        {"period": one.code, "planned": one.planned, **{name: getattr(one.tally, name) for name in MOVED}}
        for one in accounts.quarters(own, grant, today())
    ]
    return {
        **_head(request.user, grant),
        "items": items,
        "protected_until": own.until,
        "unsummed": _left(own),
    }


@router.get("/{number}/framework", response=Agreed, summary="What did a grant promise?")
def framework_of_a_grant(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Return the indicators that are agreed for a grant and hold."""
    grant = scope.one_grant(request.user, number)
    plain = (
        "indicator", "chain", "kind", "unit", "better", "cumulative", "baseline", "baseline_day", "baseline_source", "target", "target_day",
        "data_source", "frequency",
    )  # fmt: skip
    items = [
        {"id": one.pk, "name": framework.name_of(one.indicator, one), **{name: getattr(one, name) for name in plain}}
        for one in framework.agreed(request.user, grant)
    ]  # fmt: skip
    return {"grant": grant.code, "items": items}
