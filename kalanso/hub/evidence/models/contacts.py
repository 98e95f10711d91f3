"""Whom can one call about the numbers of a place where nobody has an account?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class PlaceContact(models.Model):
    """A post and its telephone at a place, as those who answer for the place wrote it; one for each place.

    It names a post, never a person, so that it stays true when people move and says no more than a door plate.
    """

    place_code = models.CharField(max_length=40, unique=True)
    post = models.CharField(max_length=80)
    phone = models.CharField(max_length=20)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("place_code",)
        constraints = (
            models.CheckConstraint(condition=~Q(post="") & ~Q(phone=""), name="evidence_contact_whole"),
        )

    def __str__(self) -> str:
        return self.post
