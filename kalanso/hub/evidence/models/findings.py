"""What did people say of a finding of the quality checks?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kalanso.quality.tables import OF_SILENCE, STATUSES


class FindingStatus(models.Model):
    """What somebody said last of one finding; earlier words stand in the trail.

    `key` is the fingerprint of check, source, place, period, indicator and detail, so that it stays the same
    when the checks run again. A finding without a row is new. `explained`: the number is what it is, and somebody
    said why; `no_error`: the check was mistaken. Both need words. `not_entered`, `place_closed` and `not_vaccinating` say
    what became of a place that fell silent. Asked, passed on, being corrected or not entered: the answer is waited for.
    """

    class Status(models.TextChoices):
        """How it stands with people."""

        NEW = "new", _("Nouvelle")
        KNOWN = "known", _("Demandée, réponse attendue")
        HANDED_ON = "handed_on", _("Transmise, réponse attendue")
        CORRECTING = "correcting", _("En cours de correction")
        NOT_ENTERED = "not_entered", _("Ouverte, rapport non saisi")
        EXPLAINED = "explained", _("Expliquée")
        CORRECTED = "corrected", _("Corrigée à la source")
        PLACE_CLOSED = "place_closed", _("Structure fermée")
        NOT_VACCINATING = "not_vaccinating", _("N'y vaccine plus")
        NO_ERROR = "no_error", _("Ce n'est pas une erreur")

    key = models.CharField(max_length=64, unique=True)
    check_name = models.CharField(max_length=60)
    source = models.CharField(max_length=100)
    place_code = models.CharField(max_length=40, db_index=True)
    period = models.CharField(max_length=20)
    indicator = models.CharField(max_length=100)
    detail = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.NEW)
    comment = models.CharField(max_length=1000, blank=True, default="")
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("status",), name="evidence_finding_status"),)
        constraints = (
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="evidence_finding_known_status"),
            models.CheckConstraint(
                condition=~Q(status__in=("explained", "no_error")) | ~Q(comment=""),
                name="evidence_finding_why",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=OF_SILENCE) | Q(check_name="silence"),
                name="evidence_finding_of_silence",
            ),
        )

    def __str__(self) -> str:
        return f"{self.check_name} {self.indicator} {self.period}"
