"""Under which name does Django know the people of the hub?"""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons, organisations, roles, places as SQL sees them, trail, discussion, notifications."""

    name = "kalanso.hub.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare what people may do with one another."""
        from kalanso.hub.people import permissions

        permissions.declare(permissions.RULES)
