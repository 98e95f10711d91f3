"""What waits among the studies for somebody: an analysed round to publish, corrections that another person proposed?"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task
from kalanso.hub.studies.models import Correction, Round
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


def to_look_at(person: Any) -> list[Task]:
    """Return the rounds in which corrections wait for another person than the one who proposed them."""
    if not may(person, "studies.analyse"):
        return []
    found = []
    for one in (
        visible_rounds(person)
        .exclude(state=Round.State.PUBLISHED)
        .filter(corrections__state=Correction.State.PROPOSED)
        .distinct()
    ):
        lines = (
            one.corrections.filter(state=Correction.State.PROPOSED).exclude(by=person).order_by("proposed")
        )
        if (n := lines.count()) and may(person, "studies.analyse", one):
            says = ngettext(
                "Relire %(n)s correction de l'étude « %(study)s »", "Relire %(n)s corrections de l'étude « %(study)s »", n
            ) % {"n": n, "study": title_of(one)}  # fmt: skip
            found.append(
                Task(says=says, address=reverse("round_corrections", args=[one.pk]), since=lines[0].proposed)
            )
    return found[:FEW]
