"""What waits for somebody in the portfolio: actions to do, the late ones first, and actions to verify?"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.people.permissions import may, reach
from kalanso.hub.people.queries.access import today
from kalanso.hub.people.queries.tasks import Task
from kalanso.hub.portfolio.models.follow_up import TO_DO, ActionPoint, ActionState
from kalanso.hub.portfolio.queries import follow_up

FEW, SOON = 4, timedelta(days=14)


def own_actions(person: Any) -> list[Task]:
    """Return what the person promised and has not done: what is late, and what is due within two weeks."""
    day = today()
    promised = {"owner": person, "state__in": TO_DO, "due__lte": day + SOON}
    if not ActionPoint.objects.filter(**promised).exists():
        return []  # what most people hear, without the question of what each action belongs to
    mine = follow_up.visible_actions(person).filter(**promised)
    return [
        Task(says=_own(one, one.days_late(day)), address=reverse("action", args=[one.reference]),
             since=datetime.combine(one.due, time.min, UTC), can_wait=one.due >= day)
        for one in mine.order_by("due")[:FEW]
    ]  # fmt: skip


def _own(one: ActionPoint, late: int) -> str:
    # A letter leaves the hub: what is for the team alone is named by its reference.
    what = one.reference if follow_up.is_kept(one) else follow_up.called(one)
    if not late:
        return _("Faire %(what)s") % {"what": what}
    told = {"n": late, "what": what}
    return ngettext("En retard de %(n)s jour : %(what)s", "En retard de %(n)s jours : %(what)s", late) % told


def to_verify(person: Any) -> list[Task]:
    """Return the actions that somebody else closed in the person's places and that nobody verified yet."""
    if not may(person, "portfolio.verify_action"):
        return []
    closed = reach(person, "portfolio.verify_action").covers() & Q(state=ActionState.DONE)
    if not ActionPoint.objects.filter(closed).exists():
        return []
    waiting = follow_up.visible_actions(person).select_related(None).filter(closed)
    return [
        Task(says=_("Vérifier que l'action %(reference)s est faite") % {"reference": one.reference},
             address=reverse("action", args=[one.reference]), since=one.closed or one.made)
        for one in waiting.exclude(closed_by=person).order_by("closed")[:FEW]
        if may(person, "portfolio.verify_action", one)
    ]  # fmt: skip
