"""What does a team say was done of a cell in a quarter, and who agreed with it?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Report(models.Model):
    """What was done of one cell in one quarter, such as "2025Q1".

    `quantity` is in the unit of the intervention. `reached` of `expected` are children whom these activities vaccinated and
    whom they looked for, as the team counted them: a share is never typed. `key` is given where it was written, so that
    sending twice adds once. `note` says why it was returned. `version` grows with each change by a person.
    """

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft", _("Brouillon")
        SUBMITTED = "submitted", _("Envoyé")
        RETURNED = "returned", _("Renvoyé")
        APPROVED = "approved", _("Approuvé")

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    cell = models.ForeignKey("portfolio.Cell", on_delete=models.PROTECT, related_name="reports")
    period = models.CharField(max_length=6, db_index=True)
    quantity = models.PositiveIntegerField(null=True, blank=True)
    reached = models.PositiveIntegerField(null=True, blank=True)
    expected = models.PositiveIntegerField(null=True, blank=True)
    narrative = models.TextField(max_length=2000, blank=True, default="")
    photo = models.FileField(upload_to="reports/%Y/%m", null=True, blank=True)
    photo_alt = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, db_index=True)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="reports_of_cells")
    written = models.DateTimeField()
    changed = models.DateTimeField()
    submitted = models.DateTimeField(null=True, blank=True)
    reviewed = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-period", "cell_id")
        constraints = (
            models.UniqueConstraint(fields=("cell", "period"), name="portfolio_report_once_a_quarter"),
            models.CheckConstraint(condition=Q(period__regex=r"^\d{4}Q[1-4]$"), name="portfolio_report_of_a_quarter"),
            models.CheckConstraint(condition=Q(state__in=("draft", "submitted", "returned", "approved")), name="portfolio_report_known_state"),
            models.CheckConstraint(
                condition=Q(reached__isnull=True) | Q(expected__isnull=True) | Q(reached__lte=F("expected")), name="portfolio_report_no_more_than_expected"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(submitted__isnull=False, quantity__isnull=False), name="portfolio_report_sent_with_a_quantity"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "submitted")) | Q(reviewed__isnull=False, reviewed_by__isnull=False),
                name="portfolio_report_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(reviewed_by=F("by")), name="portfolio_report_approved_by_another"
            ),
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(note=""), name="portfolio_report_returned_why"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.cell} · {self.period}"

    @property
    def place_code(self) -> str:
        """A report belongs to the place of its cell."""
        return str(self.cell.place_code)

    @property
    def organisation_id(self) -> int:
        """The organisation that carries the cell out."""
        return int(self.cell.organisation_id)

    @property
    def open(self) -> bool:
        """Whether its team may still change it."""
        return self.state in (self.State.DRAFT, self.State.RETURNED)
