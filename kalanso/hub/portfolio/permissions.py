"""Who may see the portfolio, plan in it, say how far a cell is, and load a sheet of it?

The whole portfolio is read by everybody who works for it, donors included; what the public may know of it is published.
A partner changes what its organisation leads or carries out, a district what happens at home.
"""

from __future__ import annotations

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import EVERY_ROLE, Rule

_CENTRE = frozenset({Role.NATIONAL})
TEAMS = frozenset({Role.DISTRICT, Role.REGION, Role.NATIONAL})

RULES = (
    Rule(verb="portfolio.read", roles=EVERY_ROLE - {Role.READER}, at_home=False),
    Rule(verb="portfolio.plan", roles=frozenset({Role.NATIONAL, Role.PARTNER}), at_home=False, own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.plan_cell", roles=frozenset({Role.REGION, Role.NATIONAL, Role.PARTNER}), own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.advance", roles=TEAMS | {Role.PARTNER}, own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.report", roles=TEAMS | {Role.PARTNER}, own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.approve", roles=frozenset({Role.REGION, Role.NATIONAL}), widely=_CENTRE),
    Rule(verb="portfolio.load", roles=_CENTRE, widely=_CENTRE),
)  # fmt: skip
