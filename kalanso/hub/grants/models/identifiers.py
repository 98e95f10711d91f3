"""Under which identifier does IATI know an organisation?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class IatiIdentifier(models.Model):
    """The identifier of an organisation in the list of IATI, such as XM-DAC-47122; `by` wrote it down."""

    organisation = models.OneToOneField(
        "people.Organisation", on_delete=models.PROTECT, related_name="iati_identifier"
    )
    identifier = models.CharField(max_length=100, unique=True)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("identifier",)
        constraints = (
            models.CheckConstraint(
                condition=Q(identifier__regex=r"^[^\s/&|?]+-[^\s/&|?]+$"), name="grants_iati_identifier_form"
            ),
        )

    def __str__(self) -> str:
        return self.identifier
