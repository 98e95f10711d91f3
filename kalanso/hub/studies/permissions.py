"""Who may declare a round, have it analysed, read it before it is published, and let it out, or note that its data go abroad?

A round belongs to an organisation: its people of the programme read it, its researchers work on it. Partners and
donors read what is published. Lines of interviews are for those who analyse the study, to correct them, and for nobody else.
"""

from __future__ import annotations

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import COUNTRY, EVERY_ROLE, PROGRAMME, Rule

_CENTRE = frozenset({Role.NATIONAL})
ANALYSTS = frozenset({Role.NATIONAL, Role.RESEARCHER})
NOBODY: frozenset[str] = frozenset()

RULES = (
    Rule(verb="studies.read_published", roles=EVERY_ROLE - {Role.READER}, at_home=False),
    Rule(verb="studies.read", roles=PROGRAMME, at_home=False, own=True, widely=COUNTRY),
    Rule(verb="studies.declare", roles=ANALYSTS, own=True, widely=_CENTRE),
    Rule(verb="studies.analyse", roles=ANALYSTS, own=True, widely=_CENTRE),
    Rule(verb="studies.send_abroad", roles=_CENTRE, widely=_CENTRE),
    Rule(verb="studies.publish", roles=_CENTRE, widely=_CENTRE),
)
