"""What waits among the studies for somebody: an analysed round to publish?"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task
from kalanso.hub.studies.models import Round
from kalanso.hub.studies.queries.rounds import title_of, visible_rounds

FEW = 3


def to_publish(person: Any) -> list[Task]:
    """Return the analysed rounds that somebody may publish."""
    if not may(person, "studies.publish"):
        return []
    waiting = visible_rounds(person).filter(state=Round.State.ANALYSED).order_by("declared")[: 2 * FEW]
    return [
        Task(
            says=_("Relire et publier l'étude « %(study)s »") % {"study": title_of(one)}, address=reverse("round", args=[one.pk]),
            since=one.shown.ended if one.shown is not None and one.shown.ended else one.declared,
        )
        for one in waiting
        if may(person, "studies.publish", one)
    ][:FEW]  # fmt: skip
