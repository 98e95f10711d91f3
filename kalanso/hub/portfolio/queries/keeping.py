"""Which records of the portfolio are for the team alone, and what may others know of them?

A record is kept where its place, or that of its obstacle, is under a security flag, or its cell is marked sensitive.
Those who are cleared there read it, and whoever wrote or owns it. Others see how many there are: by district and
quarter, once the quarter is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import CharField, Q
from django.db.models.functions import Cast

from kalanso.hub.people.models import PlaceMirror, Role
from kalanso.hub.people.queries.access import CLEARED, Access, access_of, path_of, reach_of
from kalanso.hub.portfolio.models import Cell
from kalanso.vocabulary import Period, PeriodType

# How long after its quarter others than the team are told what was done of a line that is kept.
KEPT_FOR = timedelta(days=90)


def flagged(field: str = "place_code") -> Q:
    """Return the condition that a record's place is under a security flag."""
    return Q(**{f"{field}__in": PlaceMirror.objects.filter(flagged=True).values("code")})


def kept_from(person: Any, kept: Q, field: str = "place_code", *, within: str = "") -> Q:
    """Return the condition that a record which is kept (`kept`), by the place in a field of it, is not for a person.

    `within`: the place below which alone records are asked for; who is cleared there is kept from none of them.
    """
    cleared = reach_of(access_of(person), CLEARED)
    if cleared.everywhere or (within and cleared.holds(within)):
        return Q(pk__in=())
    return kept & ~cleared.covers(field)


def kept_lines(person: Any) -> Q:
    """Return the condition that days, people and words of a cell are kept from a person, as `scope.detail` says of one."""
    access = access_of(person)
    kept = kept_from(person, flagged() | Q(sensitive=True))
    for held in access.memberships:
        if held.role == Role.PARTNER:
            own = Access(access.person_id, (held,), access.paths)
            near = reach_of(own, frozenset({Role.PARTNER})).covers()
            kept &= ~(Q(organisation_id=held.organisation_id) & near)
    return kept


def told_until(today: date) -> str:
    """Return the newest quarter of which others than the team are told what was done of a line that is kept."""
    now = Period.containing(today - KEPT_FOR + timedelta(days=1), PeriodType.QUARTER)
    return str(now + -1)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """How many kept records a district has of a quarter."""

    district: str
    period: str
    n: int


def counted(rows: Iterable[tuple[str, datetime]], *, today: date) -> list[Counted]:
    """Count records (place, day) by district and past quarter: all that others may know of them."""
    now = Period.containing(today, PeriodType.QUARTER).code
    told = list(rows)
    homes = districts({code for code, _at in told})
    found: Counter[tuple[str, str]] = Counter()
    for code, at in told:
        period = Period.containing(at.date(), PeriodType.QUARTER).code
        if period < now:
            home = homes.get(code)
            found[home.name if home is not None else "", period] += 1
    return [
        Counted(district=district, period=period, n=n)
        for (district, period), n in sorted(found.items(), key=lambda item: (item[0][1], item[0][0]), reverse=True)
    ]  # fmt: skip


def districts(codes: set[str]) -> dict[str, PlaceMirror]:
    """Return the district of each place that lies in one, by its code; a district is its own."""
    paths = dict(PlaceMirror.objects.filter(code__in=codes - {""}).values_list("code", "path"))
    steps = {step for path in paths.values() for step in path.split("/") if step}
    known = {one.code: one for one in PlaceMirror.objects.filter(code__in=steps, level="district")}
    found = {}
    for code, path in paths.items():
        home = next((known[step] for step in path.split("/") if step in known), None)
        if home is not None:
            found[code] = home
    return found


def below(code: str, field: str = "place_code") -> Q:
    """Return the condition that a record's place is a place or lies below it; nowhere for an unknown one."""
    path = path_of(code)
    if path is None:
        return Q(pk__in=())
    return Q(**{f"{field}__in": PlaceMirror.objects.filter(path__startswith=path).values("code")})


def in_trail() -> Q:
    """Return the condition that an event of the trail is of a cell marked sensitive, or of what belongs to one."""
    found = Q(pk__in=())
    for kind, path in (
        ("cell", "pk"), ("milestone", "cell"), ("report", "cell"), ("factor", "cell"), ("actionpoint", "factor__cell"),
    ):  # fmt: skip
        model = apps.get_model("portfolio", kind)
        secret = Cell.objects.filter(sensitive=True).values("pk")
        keys = (
            model.objects.filter(**{f"{path}__in": secret})
            .annotate(told_as=Cast("pk", CharField()))
            .values("told_as")
        )
        found |= Q(object_type=f"portfolio.{kind}", object_id__in=keys)
    return found
