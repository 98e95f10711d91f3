"""Under which name does Django know the portfolio?"""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Interventions, their cells in districts, what is planned and how far it is."""

    name = "kalanso.hub.portfolio"
    label = "portfolio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may do what in the portfolio, and how it is told."""
        from kalanso.hub.jobs.queries import name_kinds
        from kalanso.hub.offline.forms import OfflineForm, join
        from kalanso.hub.people.permissions import declare
        from kalanso.hub.people.queries import notices, tasks, trail
        from kalanso.hub.people.queries.subjects import discuss
        from kalanso.hub.portfolio.permissions import RULES
        from kalanso.hub.portfolio.queries import cells, waiting
        from kalanso.hub.portfolio.queries.notices import NOTICES
        from kalanso.hub.portfolio.queries.trail import FIELDS, KINDS, TECHNICAL, VERBS

        declare(RULES)
        trail.declare(VERBS, FIELDS, technical=TECHNICAL)
        notices.declare(NOTICES)
        name_kinds(KINDS)
        for knows in (waiting.to_approve, waiting.to_report):
            tasks.offer(knows)
        discuss("portfolio.cell", cells.subject)
        join(
            OfflineForm(
                name="portfolio.report", version=1, photos=("photo",), receive="kalanso.hub.portfolio.actions.received.report",
                fields=("cell", "period", "version", "quantity", "reached", "expected", "narrative", "photo_alt", "send"),
            )
        )  # fmt: skip
