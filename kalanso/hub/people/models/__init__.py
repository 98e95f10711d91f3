"""Which records does the hub keep of people, places and what was said?

One file per kind of record; everything is imported here, since Django looks only here.
"""

from kalanso.hub.people.models.discussion import (
    Citation,
    Comment,
    Digest,
    Mention,
    Notification,
    Subscription,
)
from kalanso.hub.people.models.persons import (
    Invitation,
    Membership,
    Organisation,
    Person,
    Role,
)
from kalanso.hub.people.models.places import PlaceMirror
from kalanso.hub.people.models.trail import Event

__all__ = [
    "Citation",
    "Comment",
    "Digest",
    "Event",
    "Invitation",
    "Membership",
    "Mention",
    "Notification",
    "Organisation",
    "Person",
    "PlaceMirror",
    "Role",
    "Subscription",
]
