"""Which late actions have to be told to whom today?

From the first day on its owner; from the eighth those who answer for the level above its place; from the thirty-first
the country. Each step once for each due date: an action whose date was moved begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from kalanso.hub.people.models import Membership, Person, PlaceMirror, Role
from kalanso.hub.people.queries.access import path_of
from kalanso.hub.portfolio.models import ActionPoint, Escalation
from kalanso.hub.portfolio.models.follow_up import TO_DO

OWNER, ABOVE, COUNTRY = 1, 2, 3
DAYS: Mapping[int, int] = {OWNER: 1, ABOVE: 8, COUNTRY: 31}


def due_steps(day: date) -> list[tuple[ActionPoint, int]]:
    """Return the late actions with the steps that are due and were not told, the oldest first."""
    late = ActionPoint.objects.filter(state__in=TO_DO, due__lt=day).select_related(
        "owner", "cell", "factor__cell"
    )
    told = set(Escalation.objects.filter(action__in=late).values_list("action_id", "due", "step"))
    return [
        (one, step)
        for one in late.order_by("due", "pk")
        for step, days in DAYS.items()
        if one.due + timedelta(days=days) <= day and (one.pk, one.due, step) not in told
    ]


def whom(one: ActionPoint, step: int, day: date) -> list[Person]:
    """Return whom a step tells: all of them may read the action."""
    if step == OWNER:
        return [one.owner]
    place = PlaceMirror.objects.filter(code=one.place_code).first()
    above_district = place is None or place.level in ("country", "region")
    if step == COUNTRY or above_district:
        return _holding(Role.NATIONAL, [""], day)
    return _holding(Role.REGION, ["", *(path_of(one.place_code) or "").split("/")], day)


def _holding(role: str, places: list[str], day: date) -> list[Person]:
    rows = Membership.objects.filter(role=role, place_code__in=places, person__is_active=True)
    return [row.person for row in rows.select_related("person") if row.holds_on(day)]
