"""Which sheets of money were brought, what would each change, and what did it change?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class MoneyLoad(models.Model):
    """A sheet of budget lines or entries that was tried, and perhaps applied.

    `changes` is the difference that it would make, row by row, as it was shown; `faults` the rows that say nothing that
    can be kept, each with its reason; `counts` both in numbers. `mark` is a checksum of the money as it stood when the
    sheet was tried: where it moved since, the sheet is tried again before it is applied.
    """

    class Kind(models.TextChoices):
        """What its rows are."""

        LINES = "lines", _("Lignes de budget")
        ENTRIES = "entries", _("Écritures")

    class Status(models.TextChoices):
        """What became of it."""

        TRIED = "tried", _("Essayée, rien n'est changé")
        APPLIED = "applied", _("Chargée")
        DISCARDED = "discarded", _("Écartée")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="loads")
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    received = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.TRIED)
    ended = models.DateTimeField(null=True, blank=True)
    changes = models.JSONField(default=list, blank=True)
    faults = models.JSONField(default=list, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    mark = models.CharField(max_length=64)

    class Meta:
        ordering = ("-received", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=("lines", "entries")), name="grants_load_known_kind"),
            models.CheckConstraint(
                condition=Q(status="tried", ended__isnull=True) | (Q(status__in=("applied", "discarded")) & Q(ended__isnull=False)),
                name="grants_load_ended_when",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.file_name

    @property
    def place_code(self) -> str:
        """A sheet may speak of the whole country."""
        return ""
