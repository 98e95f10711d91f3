"""Under which name does Django know the evidence desk?"""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Uploads, matches, findings, sources, runs of the estimate and their release."""

    name = "kalanso.hub.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may do what at the desk, how it is told, and what waits there for somebody."""
        from kalanso.hub.evidence.permissions import RULES
        from kalanso.hub.evidence.queries import cited, discussed, waiting
        from kalanso.hub.evidence.queries.notices import NOTICES
        from kalanso.hub.evidence.queries.trail import FIELDS, KINDS, TECHNICAL, VALUES, VERBS
        from kalanso.hub.jobs.queries import name_kinds, name_things
        from kalanso.hub.offline.forms import OfflineForm, join
        from kalanso.hub.people.permissions import declare
        from kalanso.hub.people.queries import citations, notices, tasks, trail
        from kalanso.hub.people.queries.subjects import discuss
        from kalanso.hub.portfolio.queries import agenda

        declare(RULES)
        trail.declare(VERBS, FIELDS, values=VALUES, technical=TECHNICAL)
        notices.declare(NOTICES)
        citations.citable(cited.FINDING, cited.cited)
        discuss(discussed.FINDING, discussed.subject)
        agenda.offer(cited.released)
        name_kinds(KINDS)
        name_things(waiting.THINGS)
        for knows in (waiting.names, waiting.sheets, waiting.runs, waiting.questions):
            tasks.offer(knows)
        join(
            OfflineForm(
                name="evidence.finding",
                version=2,
                fields=("key", "version", "status", "comment", "back"),
                accepts=(1,),
                receive="kalanso.hub.evidence.actions.received.finding_answer",
            )
        )
