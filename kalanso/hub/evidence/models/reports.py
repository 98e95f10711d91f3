"""Which reports on data quality were asked for and made, of which year, by whose rules, out of which snapshots?"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kalanso.quality.tables import MODES


class QualityReport(models.Model):
    """One report that somebody asked for, in every language and format.

    `year` is the year that it is about; `made` is empty until the worker wrote it, `snapshots` and `files` (names)
    with it. Every file holds what a partner may see and nothing more, since a file that was sent on knows no roles.
    """

    class Mode(models.TextChoices):
        """By whose rules the data are judged."""

        WHO = "who", _("Mesures de l'OMS")
        ROBUST = "robust", _("Contrôles robustes")

    mode = models.CharField(max_length=10, choices=Mode.choices)
    year = models.PositiveIntegerField()
    asked_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    job = models.OneToOneField("jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    made = models.DateTimeField(null=True, blank=True)
    snapshots = models.JSONField(default=list, blank=True)
    files = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-asked", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(mode__in=MODES), name="evidence_qualityreport_mode"),
            models.CheckConstraint(
                condition=Q(year__gte=1990, year__lte=2100), name="evidence_qualityreport_year"
            ),
            models.CheckConstraint(
                condition=Q(made__isnull=True, files=[], snapshots=[])
                | (Q(made__isnull=False) & ~Q(files=[]) & ~Q(snapshots=[])),
                name="evidence_qualityreport_made_with_files",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_mode_display()} {self.year}"

    @property
    def folder(self) -> Path:
        """Return where its files stand."""
        return Path(settings.KALANSO_DATA) / "quality-reports" / str(self.pk)
