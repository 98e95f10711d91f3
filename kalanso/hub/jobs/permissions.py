"""Who may look behind the pages, and who may stop what runs there?"""

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import COUNTRY, EVERY_ROLE, Rule

RULES = (
    Rule(verb="jobs.read_all", roles=frozenset({Role.ADMINISTRATOR})),
    Rule(verb="jobs.run_due", roles=frozenset({Role.ADMINISTRATOR})),
    Rule(verb="jobs.cancel", roles=frozenset({Role.RESEARCHER}) | COUNTRY, at_home=True),
    Rule(verb="jobs.start", roles=EVERY_ROLE - {Role.READER}, at_home=False),
)
