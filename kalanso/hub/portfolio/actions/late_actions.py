"""How is it told, once, that an action is late?"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse

from kalanso.hub.people.actions import notify
from kalanso.hub.portfolio.models import ActionPoint, Escalation
from kalanso.hub.portfolio.queries.late_actions import OWNER, whom


def escalate(*, action: ActionPoint, step: int, now: datetime) -> int:
    """Tell one step of a late action and return how many were told; 0 where another worker told it already."""
    day = now.date()
    persons = whom(action, step, day)
    try:
        with transaction.atomic():
            mark = Escalation.objects.create(action=action, due=action.due, step=step, told=0, at=now)
            mark.told = notify(
                persons=persons, sentence="portfolio.own_action_late" if step == OWNER else "portfolio.action_late",
                params={"reference": action.reference, "days": str(action.days_late(day)), "owner": str(action.owner)},
                address=reverse("action", args=[action.reference]), now=now,
            )  # fmt: skip
            mark.save(update_fields=["told"])
    except IntegrityError:
        return 0
    return mark.told
