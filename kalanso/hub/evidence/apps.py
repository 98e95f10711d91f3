"""Under which name does Django know the evidence desk?"""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Uploads, matches, findings, sources, runs of the estimate and their release."""

    name = "kalanso.hub.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may do what at the desk."""
        from kalanso.hub.evidence.permissions import RULES
        from kalanso.hub.people.permissions import declare

        declare(RULES)
