"""Whose token is this, and which tokens does somebody hold?"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.api.models import Token
from kalanso.hub.api.permissions import PARTS
from kalanso.hub.people.actions.persons import fingerprint

VERBS = {
    "api.token_made": _("%(who)s a fait un jeton pour un programme."),
    "api.token_revoked": _("%(who)s a retiré un jeton."),
}

FIELDS = {"parts": _("Ce qu'il ouvre"), "expires": _("Valable jusqu'au")}


def _parts(told: Any) -> str:
    """Return in words what a token opens, of which the trail keeps the list as text."""
    return ", ".join(str(PARTS.get(name, name)) for name in re.findall(r"\w+", str(told)))


VALUES = {"parts": _parts}
# What each address of the API answers, by its question in the OpenAPI document, which stays English.
ADDRESSES = {
    "Who am I?": _("Qui suis-je ?"),
    "Which tables are published?": _("Quelles tables le programme peut-il lire ?"),
    "What are the columns of a table?": _("Quelles colonnes une table a-t-elle ?"),
    "What stands in a table?": _("Que contient une table ?"),
    "In which states was a table?": _("Quels états une table a-t-elle connus ?"),
    "Where did a state come from?": _("D'où vient un état ?"),
    "How many children were missed, place by place?": _("Combien d'enfants ont été manqués, lieu par lieu ?"),
    "How did a place's estimates move?": _("Comment les estimations d'un lieu ont-elles bougé ?"),
    "Which data look doubtful, and why?": _("Quelles données paraissent douteuses, et pourquoi ?"),
    "Where is the place that I am looking for?": _("Où est le lieu que je cherche ?"),
    "What lies below a place?": _("Qu'y a-t-il sous un lieu ?"),
    "What is known of a place?": _("Que sait-on d'un lieu ?"),
    "What was reported for a place?": _("Qu'a-t-on notifié pour un lieu ?"),
    "Where do the indicators of the framework stand?": _("Où en sont les indicateurs du cadre ?"),
    "Which interventions are there?": _("Quelles interventions y a-t-il ?"),
    "What is planned where, and how far is it?": _("Qu'est-ce qui est prévu où, et où en est-ce ?"),
    "What do approved reports say was done?": _("Que disent les rapports approuvés de ce qui a été fait ?"),
    "What holds vaccination back, and what helps it?": _(
        "Qu'est-ce qui freine la vaccination, et qu'est-ce qui l'aide ?"
    ),
    "What was promised, by when, and was it done?": _("Qu'a-t-on promis, pour quand, et est-ce fait ?"),
    "What was decided?": _("Qu'a-t-on décidé ?"),
    "Which grants are there?": _("Quelles subventions y a-t-il ?"),
    "For what is the money of a grant planned?": _("À quoi l'argent d'une subvention est-il prévu ?"),
    "What moved in a grant, quarter by quarter?": _(
        "Qu'est-ce qui a bougé dans une subvention, trimestre par trimestre ?"
    ),
    "What did a grant promise?": _("Que promet une subvention ?"),
    "Which jobs did I ask for?": _("Quelles tâches ai-je demandées ?"),
    "How far is a job?": _("Où en est une tâche ?"),
}


def open_token(secret: str, *, now: datetime) -> Token | None:
    """Return the token of a secret, with its person; None where a program may not read with it."""
    found = Token.objects.select_related("person").filter(fingerprint=fingerprint(secret)).first()
    if found is None or not found.is_open(now) or not found.person.is_active:
        return None
    return found


def tokens_of(person: Any, *, now: datetime) -> list[tuple[Token, bool]]:
    """Return somebody's tokens, the newest first, each with whether it is open."""
    return [(token, token.is_open(now)) for token in Token.objects.filter(person=person)]
