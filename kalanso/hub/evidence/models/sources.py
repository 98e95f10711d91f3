"""What is each source of numbers, whom does one ask, and when should it bring something new?"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SourceCard(models.Model):
    """What people wrote about a source; what it last brought is asked of the store.

    `patience_days` is how long after the end of a period its numbers may take.
    """

    class Cadence(models.TextChoices):
        """How often it brings something new."""

        MONTHLY = "monthly", _("Chaque mois")
        QUARTERLY = "quarterly", _("Chaque trimestre")
        YEARLY = "yearly", _("Chaque année")
        SOMETIMES = "sometimes", _("Sans rythme fixe")

    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200, blank=True, default="")
    what = models.TextField(max_length=1000, blank=True, default="")
    importer = models.CharField(max_length=100, blank=True, default="")
    licence = models.CharField(max_length=200, blank=True, default="")
    contact = models.CharField(max_length=200, blank=True, default="")
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.SOMETIMES)
    patience_days = models.PositiveSmallIntegerField(default=30)
    notes = models.TextField(max_length=4000, blank=True, default="")
    changed_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    changed = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title or self.code
