"""Who may see the portfolio, plan in it, say how far a cell is, and load a sheet of it?

The whole portfolio is read by everybody who works for it, donors included; what the public may know of it is published.
A partner changes what its organisation leads or carries out, a district what happens at home. Whoever works somewhere
names what holds vaccination back there; actions are verified by the teams of the ministry, never by who closed them.
"""

from __future__ import annotations

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import EVERY_ROLE, Rule

_CENTRE = frozenset({Role.NATIONAL})
TEAMS = frozenset({Role.DISTRICT, Role.REGION, Role.NATIONAL})
_PARTNERS = frozenset({Role.PARTNER})
NAMES_FACTORS = TEAMS | frozenset({Role.FACILITY, Role.COACH, Role.PARTNER, Role.RESEARCHER})

RULES = (
    Rule(verb="portfolio.read", roles=EVERY_ROLE - {Role.READER}, at_home=False),
    Rule(verb="portfolio.plan", roles=frozenset({Role.NATIONAL, Role.PARTNER}), at_home=False, own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.plan_cell", roles=frozenset({Role.REGION, Role.NATIONAL, Role.PARTNER}), own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.advance", roles=TEAMS | {Role.PARTNER}, own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.report", roles=TEAMS | {Role.PARTNER}, own_roles=frozenset({Role.PARTNER}), widely=_CENTRE),
    Rule(verb="portfolio.approve", roles=frozenset({Role.REGION, Role.NATIONAL}), widely=_CENTRE),
    Rule(verb="portfolio.load", roles=_CENTRE, widely=_CENTRE),
    Rule(verb="portfolio.name_factor", roles=NAMES_FACTORS, widely=_CENTRE),
    Rule(verb="portfolio.follow_factor", roles=TEAMS | _PARTNERS, own_roles=_PARTNERS, widely=_CENTRE),
    Rule(verb="portfolio.set_action", roles=TEAMS | _PARTNERS, own_roles=_PARTNERS, widely=_CENTRE),
    Rule(verb="portfolio.verify_action", roles=TEAMS, widely=_CENTRE),
    Rule(verb="portfolio.meet", roles=TEAMS, widely=_CENTRE),
    Rule(verb="portfolio.decide", roles=TEAMS, widely=_CENTRE),
)  # fmt: skip
