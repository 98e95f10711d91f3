"""Under which name does Django know the evidence desk?"""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """Uploads, column maps, reviewed names, findings' status, source catalogue."""

    name = "kalanso.hub.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare who may bring evidence in, review and publish it."""
        from kalanso.hub.evidence.permissions import RULES
        from kalanso.hub.people.permissions import declare

        declare(RULES)
