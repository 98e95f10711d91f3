"""Who may connect Kalanso to a server, and who may know that a source is connected?"""

from __future__ import annotations

from kalanso.hub.people.permissions import COUNTRY, PROGRAMME, Rule

NOBODY: frozenset[str] = frozenset()

# A connection is of the whole country: whoever works with one holds the role for the whole country. Teams see
# that a source is connected and when it last came.
CONNECTION_RULES = (
    Rule(verb="evidence.read_connections", roles=PROGRAMME, at_home=False),
    Rule(verb="evidence.manage_connections", roles=COUNTRY, widely=NOBODY),
)
