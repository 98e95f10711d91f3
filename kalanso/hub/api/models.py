"""Which programs read on whose behalf, what, and until when?"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q


class Token(models.Model):
    """A secret with which a program reads some parts of what its person sees at that moment.

    The secret is shown once; its fingerprint is kept, and its first letters, by which the person knows it again.
    """

    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64, unique=True)
    begins_with = models.CharField(max_length=12)
    parts = models.JSONField(default=list)
    created = models.DateTimeField()
    expires = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(expires__gt=F("created")), name="api_token_expires_after_it_begins"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def is_open(self, now: datetime) -> bool:
        """Whether a program may still read with it."""
        return self.revoked is None and now < self.expires
