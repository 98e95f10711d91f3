"""What happened: who changed what, when, why, and what stood there before?

Rows are only ever added, by `actions.record`, in the transaction of the change itself.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models


class Event(models.Model):
    """One change. `verb` is declared in an app's `VERBS` and read there as a sentence.

    `object_type` and `object_id` name the record that changed; `before` and `after` hold its changed
    fields. `by` is nobody where the hub acted by itself. `flagged` events keep their place and day from
    outsiders.
    """

    at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    object_name = models.CharField(max_length=200, blank=True, default="")
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("object_type", "object_id"), name="people_event_object"),)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event; one that stands already is never changed."""
        if self.pk is not None:
            raise PermissionDenied("an event of the trail is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: the trail only grows."""
        raise PermissionDenied("an event of the trail is never removed")
