"""Under which name does Django know the grants?"""

from django.apps import AppConfig


class GrantsConfig(AppConfig):
    """Grants, their budget lines, and the ledger of what was committed, disbursed and spent."""

    name = "kalanso.hub.grants"
    label = "grants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may do what with money, how it is told, and what waits there for somebody."""
        from kalanso.hub.grants.permissions import RULES
        from kalanso.hub.grants.queries import first_steps, waiting
        from kalanso.hub.grants.queries.trail import FIELDS, TECHNICAL, VERBS
        from kalanso.hub.people.permissions import declare
        from kalanso.hub.people.queries import first_steps as steps
        from kalanso.hub.people.queries import tasks, trail

        declare(RULES)
        trail.declare(VERBS, FIELDS, technical=TECHNICAL)
        tasks.offer(waiting.to_reconcile)
        tasks.offer(waiting.questioned)
        steps.offer(first_steps.first_steps)
