"""What can somebody begin on pages that belong to no single app, from their own page?"""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import WHOLE_COUNTRY, may
from kalanso.hub.people.queries.first_steps import FirstStep

FIRST, AFTER_WORK, LAST = 5, 30, 40


def first_steps(person: Any) -> list[FirstStep]:
    """Return the keeping of the hub, the making of evidence, and what can be read of both."""
    told = []
    if may(person, "jobs.read_all", WHOLE_COUNTRY):
        told.append((_("Voir l'état du système"), "system_state", FIRST))
        told.append((_("Inviter quelqu'un"), "invite", FIRST + 1))
    rank = AFTER_WORK if may(person, "portfolio.set_action") else FIRST + 2
    if may(person, "evidence.ask_run", WHOLE_COUNTRY):
        told.append((_("Demander une estimation"), "runs_look", rank))
    if may(person, "studies.declare"):
        told.append((_("Déclarer une enquête"), "round_new", rank + 1))
    if may(person, "portfolio.read"):
        told.append((_("Lire la revue du trimestre"), "review", AFTER_WORK + 2))
    told.append((_("Voir où sont les enfants zéro dose"), "missed", LAST))
    return [FirstStep(says=says, address=reverse(name), order=order) for says, name, order in told]
