"""Under which name does Django know the people of the hub?"""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Persons, organisations, roles, places as SQL sees them, trail, discussion, notifications."""

    name = "kalanso.hub.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare what people may do with one another, how it is told, and what waits for them."""
        from allauth.account import signals

        from kalanso.hub.offline.forms import OfflineForm, join
        from kalanso.hub.people import permissions
        from kalanso.hub.people.actions.accounts import heard_of_own_password
        from kalanso.hub.people.queries import citations, discussion, notices, tasks, trail

        permissions.declare(permissions.RULES)
        trail.declare(trail.VERBS | discussion.VERBS, trail.FIELDS, technical=trail.TECHNICAL)
        trail.declare(citations.VERBS, citations.FIELDS)
        citations.citable(citations.TYPED, citations.typed)
        notices.declare(notices.NOTICES | discussion.NOTICES)
        for knows in (tasks.mentions, tasks.silent_invitations, tasks.news):
            tasks.offer(knows)
        for signal in (signals.password_changed, signals.password_set, signals.password_reset):
            signal.connect(heard_of_own_password, dispatch_uid="people.own_password")
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
