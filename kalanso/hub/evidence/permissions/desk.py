"""Who may bring a sheet, say what its columns and names mean, publish it, take it back, judge a finding?

A sheet belongs to a place and an organisation. District teams speak for their own places, partners for what
their organisation brought, researchers map and match everywhere; only those who answer for the country
publish.
"""

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import COUNTRY, Rule

BRING = frozenset({Role.DISTRICT, Role.REGION, Role.PARTNER}) | COUNTRY
WORK_ON = BRING | {Role.RESEARCHER}
EVERYWHERE = COUNTRY | {Role.RESEARCHER}
PARTNERS = frozenset({Role.PARTNER})

DESK_RULES = (
    Rule(verb="evidence.read_upload", roles=WORK_ON, widely=EVERYWHERE, own_roles=PARTNERS),
    Rule(verb="evidence.upload", roles=BRING, own_roles=PARTNERS),
    Rule(verb="evidence.map", roles=WORK_ON, widely=EVERYWHERE, own_roles=PARTNERS),
    Rule(verb="evidence.match", roles=WORK_ON, widely=EVERYWHERE, own_roles=PARTNERS),
    Rule(verb="evidence.publish", roles=COUNTRY),
    Rule(verb="evidence.withdraw", roles=COUNTRY),
    Rule(
        verb="evidence.set_finding",
        roles=frozenset({Role.DISTRICT, Role.FACILITY, Role.REGION, Role.RESEARCHER}) | COUNTRY,
        widely=EVERYWHERE,
    ),
    # Whom to call at a place is known to those who work there or answer for it.
    Rule(
        verb="evidence.keep_contact", roles=frozenset({Role.DISTRICT, Role.FACILITY, Role.REGION}) | COUNTRY
    ),
    # The report is of the whole country and holds what every partner may see: whoever answers for a region may ask.
    Rule(
        verb="evidence.ask_quality_report",
        roles=frozenset({Role.REGION, Role.RESEARCHER}) | COUNTRY,
        at_home=False,
    ),
    Rule(verb="evidence.edit_source", roles=EVERYWHERE, at_home=False),
)
