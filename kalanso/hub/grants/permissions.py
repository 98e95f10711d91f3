"""Who may read the money, write it down, load a sheet of it, and reconcile what another wrote?

Money is read by the national centre and administrators, by a region at home, by a donor where it paid, and by a partner
where its organisation spends. A partner writes on the lines of its organisation. Nobody reconciles what they wrote.
"""

from __future__ import annotations

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import COUNTRY, Rule

_CENTRE = frozenset({Role.NATIONAL})
_PARTNER = frozenset({Role.PARTNER})
READERS = COUNTRY | {Role.REGION, Role.DONOR, Role.PARTNER}
# Those who read the lines of their places.
PLACED = COUNTRY | {Role.REGION}

RULES = (
    Rule(verb="grants.read", roles=READERS, at_home=False),
    Rule(verb="grants.read_grant", roles=COUNTRY | {Role.DONOR}, own_roles=frozenset({Role.DONOR}), at_home=False),
    Rule(verb="grants.read_lines", roles=PLACED),
    Rule(verb="grants.read_own_lines", roles=_PARTNER, at_home=False, own=True, widely=frozenset()),
    Rule(verb="grants.manage", roles=_CENTRE, widely=_CENTRE),
    Rule(verb="grants.write", roles=_CENTRE | _PARTNER, own_roles=_PARTNER, widely=_CENTRE),
    Rule(verb="grants.load", roles=_CENTRE | _PARTNER, at_home=False),
    Rule(verb="grants.reconcile", roles=_CENTRE, widely=_CENTRE),
    Rule(verb="grants.export_iati", roles=COUNTRY, widely=COUNTRY),
)  # fmt: skip
