"""What came of what a page shows, and how is something done about it? `{% act_on type key place %}`, `{% weight factor %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Count, Q

from kalanso.hub.people.permissions import Somewhere, may
from kalanso.hub.people.queries.access import mirrored, today
from kalanso.hub.people.queries.citations import SEPARATOR
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, FactorState
from kalanso.hub.portfolio.models.follow_up import TO_DO, ActionState
from kalanso.hub.portfolio.queries.factors import LEVELS, visible_factors
from kalanso.hub.portfolio.queries.follow_up import visible_actions

register = template.Library()
# Icon and mark of each state: never by colour alone.
MARKS = {
    FactorState.OPEN: ("○", "attention"), FactorState.ANSWERED: ("◐", "note"), FactorState.LIFTED: ("●", "good"), FactorState.GONE: ("–", "note"),
    ActionState.DONE: ("◐", "note"), ActionState.VERIFIED: ("●", "good"), ActionState.REOPENED: ("↺", "attention"),
    ActionState.CANCELLED: ("–", "note"),
}  # fmt: skip


@register.inclusion_tag("portfolio/act_on.html", takes_context=True)
def act_on(
    context: template.Context, object_type: str, object_id: Any, place_code: str = ""
) -> dict[str, Any]:
    """Offer to name an obstacle, set an action or note a decision from what a page shows, to who may."""
    reader = context["request"].user
    if not reader.is_authenticated:
        return {}
    place = mirrored(place_code)
    below = place is not None and place.level in LEVELS
    somewhere = Somewhere(place_code)
    return {
        "mark": f"{object_type}{SEPARATOR}{object_id}",
        "may_name": below and may(reader, "portfolio.name_factor", somewhere),
        "may_set": may(reader, "portfolio.set_action") and may(reader, "portfolio.read"),
        "may_decide": may(reader, "portfolio.decide", somewhere),
    }


@register.inclusion_tag("portfolio/place_follow_up.html", takes_context=True)
def follow_up(context: template.Context, place_code: str) -> dict[str, Any]:
    """Show, on the page of a place, how many obstacles and actions stand there, what rests on it, and how to add to it."""
    reader = context["request"].user
    if not reader.is_authenticated or not may(reader, "portfolio.read"):
        return {}
    still = visible_factors(reader, within=place_code).exclude(state__in=FACTOR_OVER).count()
    to_do = visible_actions(reader, within=place_code).filter(state__in=TO_DO)
    counted = to_do.aggregate(
        n=Count("pk", distinct=True), late=Count("pk", distinct=True, filter=Q(due__lt=today()))
    )
    return {
        "request": context["request"], "place_code": place_code, "still": still, "to_do": counted["n"], "late": counted["late"],
    }  # fmt: skip


@register.inclusion_tag("portfolio/state.html")
def state_mark(one: Any, late: int = 0) -> dict[str, Any]:
    """Show the state of a factor or an action: icon, word and colour; of a late action, by how many days."""
    icon, mark = MARKS.get(one.state, ("○", "attention"))
    return {"icon": icon, "mark": "serious" if late else mark, "word": one.get_state_display(), "late": late}


@register.inclusion_tag("portfolio/kept.html")
def kept_elsewhere(kept: Any) -> dict[str, Any]:
    """Say how many records of protected places are not listed, by district and past quarter."""
    return {"kept": kept, "kept_total": sum(one.n for one in kept)}
