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
        from kalanso.hub.people.queries import first_steps as steps
        from kalanso.hub.people.queries import notices, tasks, trail
        from kalanso.hub.people.queries.subjects import discuss
        from kalanso.hub.portfolio.permissions import RULES
        from kalanso.hub.portfolio.queries import cells, first_steps, followed, keeping, waiting
        from kalanso.hub.portfolio.queries.notices import NOTICES
        from kalanso.hub.portfolio.queries.trail import FIELDS, KINDS, TECHNICAL, VERBS

        declare(RULES)
        trail.declare(VERBS, FIELDS, technical=TECHNICAL)
        trail.keep_inside(keeping.in_trail)
        notices.declare(NOTICES)
        notices.keep_inside(followed.of_kept_lines)
        name_kinds(KINDS)
        for knows in (waiting.to_approve, waiting.to_report):
            tasks.offer(knows)
        steps.offer(first_steps.first_steps)
        discuss("portfolio.cell", cells.subject)
        join(
            OfflineForm(
                name="portfolio.report", version=1, photos=("photo",), receive="kalanso.hub.portfolio.actions.received.report",
                fields=("cell", "period", "version", "quantity", "reached", "expected", "narrative", "photo_alt", "send"),
            )
        )  # fmt: skip
        _follow_up()


def _follow_up() -> None:
    """Declare what obstacles, actions and decisions have in common with other records: citing, talking, telling, sending."""
    from kalanso.hub.offline.forms import OfflineForm, join
    from kalanso.hub.people.queries import citations, subjects, tasks
    from kalanso.hub.portfolio.queries import (
        agenda,
        cells_cited,
        decisions,
        factors,
        follow_up,
        reports_cited,
        waiting_actions,
    )

    for about in (factors, follow_up, decisions):
        subjects.discuss(about.NAME, about.subject)
        citations.citable(about.NAME, about.cited)
    citations.citable(decisions.MEETING, decisions.cited_meetings)
    citations.citable(cells_cited.CELL, cells_cited.cells)
    citations.citable(cells_cited.INTERVENTION, cells_cited.interventions)
    citations.citable(reports_cited.REPORT, reports_cited.reports)
    citations.bound(cells_cited.CELL, decisions.bonds_of_cell)
    citations.bound(cells_cited.INTERVENTION, decisions.bonds_of_intervention)
    for waits in (waiting_actions.own_actions, waiting_actions.to_verify):
        tasks.offer(waits)
    for knows in (agenda.of_cells, agenda.of_factors, agenda.of_actions, reports_cited.of_reports):
        agenda.offer(knows)
    join(
        OfflineForm(
            name="portfolio.factor",
            version=1,
            fields=(
                "kind",
                "domain",
                "level",
                "place",
                "cell",
                "severity",
                "what",
                "rests_on",
                "number",
                "source",
            ),
            receive="kalanso.hub.portfolio.actions.received_factors.factor",
        )
    )
