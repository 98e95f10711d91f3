"""Who may ask for estimates, review them, and let them out?"""

from __future__ import annotations

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import COUNTRY, PROGRAMME, Rule

_ANALYSTS = frozenset({Role.NATIONAL, Role.RESEARCHER, Role.ADMINISTRATOR})
_REVIEWERS = frozenset({Role.NATIONAL, Role.RESEARCHER})
_CENTRE = frozenset({Role.NATIONAL})
NOBODY: frozenset[str] = frozenset()

# A run is of the whole country: whoever reviews or validates it holds the role for the whole country.
RUN_RULES = (
    Rule(verb="evidence.read_runs", roles=PROGRAMME, at_home=False),
    Rule(verb="evidence.ask_run", roles=_ANALYSTS, widely=NOBODY),
    Rule(verb="evidence.ask_preview", roles=_ANALYSTS | {Role.REGION}, at_home=False),
    Rule(verb="evidence.cancel_run", roles=COUNTRY, widely=NOBODY),
    Rule(verb="evidence.review_run", roles=_REVIEWERS, widely=NOBODY),
    Rule(verb="evidence.validate_run", roles=_CENTRE, widely=NOBODY),
    Rule(verb="evidence.publish_run", roles=_CENTRE, widely=NOBODY),
    Rule(verb="evidence.return_run", roles=_REVIEWERS, widely=NOBODY),
    Rule(verb="evidence.agree_sentence", roles=_CENTRE, widely=NOBODY),
)
# Which verb each change of a run's state needs. Returning a run before it is validated is the reviewers' right;
# what was validated or published is taken back by the centre alone.
RUN_STEPS: dict[tuple[str, str], str] = {
    ("draft", "technical_review"): "evidence.review_run",
    ("draft", "rejected"): "evidence.return_run",
    ("rejected", "draft"): "evidence.return_run",
    ("technical_review", "draft"): "evidence.return_run",
    ("technical_review", "validated"): "evidence.validate_run",
    ("validated", "technical_review"): "evidence.validate_run",
    ("validated", "published"): "evidence.publish_run",
    ("published", "validated"): "evidence.publish_run",
    ("published", "technical_review"): "evidence.publish_run",
    ("replaced", "technical_review"): "evidence.review_run",
}
BACKWARD = frozenset(
    {
        ("draft", "rejected"),
        ("rejected", "draft"),
        ("technical_review", "draft"),
        ("validated", "technical_review"),
        ("published", "validated"),
        ("published", "technical_review"),
        ("replaced", "technical_review"),
    }
)
