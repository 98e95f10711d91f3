"""Under which name does Django know the people of the hub?"""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons, organisations, roles, places as SQL sees them, trail, discussion, notifications."""

    name = "kalanso.hub.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare what people may do with one another."""
        from kalanso.hub.offline.forms import OfflineForm, join
        from kalanso.hub.people import permissions

        permissions.declare(permissions.RULES)
        join(
            OfflineForm(
                name="people.comment",
                version=1,
                fields=("object_type", "object_id", "place_code", "answers", "text", "photo_alt"),
                photos=("photo",),
                receive="kalanso.hub.people.actions.received.comment",
            )
        )
        join(
            OfflineForm(
                name="people.comment_change",
                version=1,
                fields=("key", "version", "text"),
                receive="kalanso.hub.people.actions.received.comment_change",
            )
        )
