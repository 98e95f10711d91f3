"""Under which name does Django know the work without network?"""

from django.apps import AppConfig


class OfflineConfig(AppConfig):
    """Kept pages, outbox, idempotent receiving; knows persons only by number."""

    name = "kalanso.hub.offline"
    label = "offline"
    default_auto_field = "django.db.models.BigAutoField"
