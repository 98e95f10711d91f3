"""Under which name does Django know the studies?"""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Rounds of household surveys, their files, analyses and publication."""

    name = "kalanso.hub.studies"
    label = "studies"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may do what with a round, how it is told, and what waits there for somebody."""
        from kalanso.hub.jobs.queries import name_kinds
        from kalanso.hub.people.permissions import declare
        from kalanso.hub.people.queries import citations, notices, tasks, trail
        from kalanso.hub.studies.permissions import RULES
        from kalanso.hub.studies.queries import rounds, waiting
        from kalanso.hub.studies.queries.notices import NOTICES
        from kalanso.hub.studies.queries.trail import FIELDS, KINDS, TECHNICAL, VERBS

        declare(RULES)
        trail.declare(VERBS, FIELDS, technical=TECHNICAL)
        notices.declare(NOTICES)
        name_kinds(KINDS)
        tasks.offer(waiting.to_publish)
        tasks.offer(waiting.to_look_at)
        citations.citable(rounds.NAME, rounds.cited)
