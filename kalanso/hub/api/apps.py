"""What does Django need to know of this app?"""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Reading by programs."""

    name = "kalanso.hub.api"
    label = "api"

    def ready(self) -> None:
        """Declare who may do what."""
        from kalanso.hub.api import permissions
        from kalanso.hub.people.permissions import declare

        declare(permissions.RULES)
