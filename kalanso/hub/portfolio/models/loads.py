"""Which sheets of the portfolio were brought, what would each change, and what did it change?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Load(models.Model):
    """A sheet of the portfolio that was tried, and perhaps applied.

    `changes` is the difference that it would make, row by row, as it was shown; `faults` the rows that say nothing that
    can be kept, each with its reason; `counts` both in numbers. `mark` is a checksum of the portfolio as it stood when
    it was tried: where it moved since, the sheet is tried again before it is applied.
    """

    class Status(models.TextChoices):
        """What became of it."""

        TRIED = "tried", _("Essayé, rien n'est changé")
        APPLIED = "applied", _("Chargé")
        DISCARDED = "discarded", _("Écarté")

    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    received = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TRIED)
    ended = models.DateTimeField(null=True, blank=True)
    reading = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    mark = models.CharField(max_length=64)

    class Meta:
        ordering = ("-received", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(status="tried", ended__isnull=True) | (Q(status__in=("applied", "discarded")) & Q(ended__isnull=False)),
                name="portfolio_load_ended_when",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.file_name

    @property
    def place_code(self) -> str:
        """A sheet speaks for the whole portfolio."""
        return ""
