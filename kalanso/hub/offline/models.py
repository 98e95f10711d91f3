"""Which messages of telephones have arrived? One row for each, so that sending twice adds once."""

from __future__ import annotations

from django.db import models


class Received(models.Model):
    """A message that was written on a telephone and is kept here now.

    `uuid` was given on the telephone. `person_id` is the number of the sender; who that is, others know.
    `address` is where the record that it became is shown.
    """

    uuid = models.UUIDField(unique=True)
    person_id = models.PositiveBigIntegerField(db_index=True)
    form = models.CharField(max_length=60)
    form_version = models.PositiveIntegerField()
    captured = models.DateTimeField()
    received = models.DateTimeField()
    address = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ("-received", "-id")
