"""What was planned of a grant, for which intervention, by whom, where and in which year, and what became of it?"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kalanso.hub.grants.models.grants import CURRENCY


class BudgetLine(models.Model):
    """What is planned for one intervention, spent by one organisation, in one year; `place_code` "" is the whole country."""

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="lines")
    intervention = models.ForeignKey(
        "portfolio.Intervention", on_delete=models.PROTECT, related_name="budget_lines"
    )
    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="budget_lines"
    )
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    year = models.PositiveSmallIntegerField()
    planned = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("intervention__code", "place_code", "year", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("grant", "intervention", "organisation", "place_code", "year"),
                name="grants_line_once",
            ),
            models.CheckConstraint(condition=Q(planned__gte=0), name="grants_line_planned_not_negative"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="grants_line_year"),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY), name="grants_line_currency_of_three_letters"
            ),
        )

    def __str__(self) -> str:
        return f"{self.grant.code} · {self.intervention.code} · {self.year}"


class Entry(models.Model):
    """One movement of money on a line; it is never changed nor removed.

    What was wrong is put right by an adjustment that names the entry and says why: its amount, which may be negative,
    counts with the kind of the entry that it corrects. `reference` names the document. Another person than who wrote it
    reconciles it, or asks (`question`).
    """

    class Kind(models.TextChoices):
        """What happened to the money."""

        COMMITMENT = "commitment", _("Engagement")
        DISBURSEMENT = "disbursement", _("Décaissement")
        EXPENDITURE = "expenditure", _("Dépense")
        ADJUSTMENT = "adjustment", _("Correction")

    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="entries")
    day = models.DateField(db_index=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=120)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="money_entries")
    written = models.DateTimeField()
    reconciled_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reconciled = models.DateTimeField(null=True, blank=True)
    question = models.CharField(max_length=500, blank=True, default="")
    asked_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("day", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("line", "kind", "day", "reference", "amount", "currency"), name="grants_entry_once"
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="grants_entry_has_a_document"),
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="grants_entry_currency_of_three_letters"),
            models.CheckConstraint(
                condition=Q(kind__in=("commitment", "disbursement", "expenditure"), amount__gt=0, corrects__isnull=True)
                | Q(kind="adjustment", corrects__isnull=False) & ~Q(amount=0) & ~Q(reason=""),
                name="grants_entry_above_zero_or_corrects_why",
            ),
            models.CheckConstraint(
                condition=Q(reconciled__isnull=True, reconciled_by__isnull=True)
                | Q(reconciled__isnull=False, reconciled_by__isnull=False, question="") & ~Q(reconciled_by=F("by")),
                name="grants_entry_reconciled_by_another",
            ),
            models.CheckConstraint(
                condition=Q(question="", asked_by__isnull=True) | ~Q(question="") & Q(asked_by__isnull=False),
                name="grants_entry_questioned_by_somebody",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reference} · {self.line}"

    @property
    def place_code(self) -> str:
        """An entry belongs to the place of its line."""
        return str(self.line.place_code)

    @property
    def organisation_id(self) -> int:
        """An entry belongs to the organisation of its line."""
        return int(self.line.organisation_id)

    @property
    def counts_as(self) -> str:
        """As which kind it counts: a correction as what it corrects."""
        return str(self.corrects.kind if self.corrects is not None else self.kind)
