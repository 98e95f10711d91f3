"""Under which name does Django know the work behind the pages?"""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Jobs: leased by a worker, kept alive by its heartbeat, given back when it dies."""

    name = "kalanso.hub.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may see and cancel jobs, how it is told, and which failures wait for somebody."""
        from kalanso.hub.jobs.permissions import RULES
        from kalanso.hub.jobs.queries import VERBS, failures
        from kalanso.hub.people.permissions import declare
        from kalanso.hub.people.queries import tasks, trail

        declare(RULES)
        trail.declare(VERBS)
        tasks.offer(failures)
