"""What do people say to one another, about what, and who is told?

Objects are named by type and key (`object_type`, `object_id`), so that anything can be discussed or
cited: a record of any app, a place, a row of a published table.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Comment(models.Model):
    """A contribution to a discussion. `key` is given where it was written, so that sending twice adds once.

    `photo_width`, `photo_height` and `photo_bytes` tell a page how much room and time a photo takes before it is there.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    answers = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="answers_to_it"
    )
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="comments")
    text = models.TextField(max_length=4000)
    photo = models.FileField(upload_to="comments/%Y/%m", null=True, blank=True)
    photo_width = models.PositiveIntegerField(null=True, blank=True)
    photo_height = models.PositiveIntegerField(null=True, blank=True)
    photo_bytes = models.PositiveIntegerField(null=True, blank=True)
    photo_alt = models.CharField(max_length=300, blank=True, default="")
    written = models.DateTimeField()
    received = models.DateTimeField()
    changed = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    withdrawn = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("received", "id")
        indexes = (models.Index(fields=("object_type", "object_id"), name="people_comment_object"),)
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="people_comment_says_something"),)

    def __str__(self) -> str:
        return self.object_id


class Mention(models.Model):
    """A person named in a comment."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="mentions")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("comment", "person"), name="people_mention_once"),)


class Subscription(models.Model):
    """A person who wants to be told what is said of an object."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="subscriptions")
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    since = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person", "object_type", "object_id"), name="people_subscription_once"
            ),
        )


class Notification(models.Model):
    """Something that a person should know. `sentence` is declared in an app's `NOTICES`."""

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="notifications")
    sentence = models.CharField(max_length=60)
    params = models.JSONField(default=dict, blank=True)
    address = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField(db_index=True)
    read = models.DateTimeField(null=True, blank=True)
    mailed = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("person", "read"), name="people_notification_unread"),)


class Digest(models.Model):
    """The weekly letter to a person: claimed before it is sent, so that it is never sent twice.

    `week` is an ISO week such as "2025-W07". Claimed and not sent: the worker died in between.
    """

    person = models.ForeignKey("people.Person", on_delete=models.CASCADE, related_name="digests")
    week = models.CharField(max_length=8)
    claimed = models.DateTimeField()
    sent = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-claimed", "-id")
        constraints = (models.UniqueConstraint(fields=("person", "week"), name="people_digest_once"),)


class Citation(models.Model):
    """A record that rests on another: a decision on a finding, an obstacle on an estimate."""

    from_type = models.CharField(max_length=60)
    from_id = models.CharField(max_length=64)
    to_type = models.CharField(max_length=60)
    to_id = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="citations")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        indexes = (models.Index(fields=("to_type", "to_id"), name="people_citation_to"),)
        constraints = (
            models.UniqueConstraint(
                fields=("from_type", "from_id", "to_type", "to_id"), name="people_citation_once"
            ),
        )
