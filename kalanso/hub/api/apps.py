"""What does Django need to know of this app?"""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Reading by programs."""

    name = "kalanso.hub.api"
    label = "api"

    def ready(self) -> None:
        """Declare who may do what, how it is told, and that tokens end with their person's account."""
        from kalanso.hub.api import permissions
        from kalanso.hub.api.actions import end_tokens
        from kalanso.hub.api.queries import FIELDS, VALUES, VERBS
        from kalanso.hub.people.actions.accounts import LEAVING
        from kalanso.hub.people.permissions import declare
        from kalanso.hub.people.queries import trail

        declare(permissions.RULES)
        trail.declare(VERBS, FIELDS, values=VALUES)
        if end_tokens not in LEAVING:
            LEAVING.append(end_tokens)
