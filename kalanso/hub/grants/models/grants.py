"""Which money was granted, by whom, from when to when, how much, and who says so?"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

CURRENCY = r"^[A-Z]{3}$"


class Lever(models.TextChoices):
    """Under which of its levers the funder pays."""

    FAE = "fae", _("FAE (fonds d'accélération de l'équité)")
    RSS3 = "rss3", _("RSS3 (renforcement du système de santé)")
    INNOVATION = "innovation", _("Appui à l'innovation")
    ASSISTANCE = "assistance", _("Assistance technique (PTA)")
    CONSOLIDATED = "consolidated", _("Subvention consolidée (Gavi 6.0)")
    OTHER = "other", _("Autre levier")


class Grant(models.Model):
    """A grant with its own dates, currency and amount; `source_note` says on whose word they rest.

    `holder` answers for it in the country. `version` grows with each change by a person.
    """

    class Status(models.TextChoices):
        """Whether its money may be used."""

        PLANNED = "planned", _("Annoncée")
        ACTIVE = "active", _("En cours d'exécution")
        SUSPENDED = "suspended", _("Paiements suspendus")
        CLOSED = "closed", _("Close")

    code = models.CharField(max_length=30, unique=True)
    title_fr = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    lever = models.CharField(max_length=12, choices=Lever.choices)
    funder = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="grants_paid")
    holder = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="grants_held")
    begins = models.DateField()
    ends = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, default="XOF")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    source_note = models.CharField(max_length=1000)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(condition=~Q(code="") & ~Q(title_fr="") & ~Q(title_en=""), name="grants_grant_named"),
            models.CheckConstraint(condition=Q(ends__gte=F("begins")), name="grants_grant_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="grants_grant_amount_above_zero"),
            models.CheckConstraint(condition=Q(currency__regex=CURRENCY), name="grants_grant_currency_of_three_letters"),
            models.CheckConstraint(condition=Q(lever__in=Lever.values), name="grants_grant_known_lever"),
            models.CheckConstraint(condition=Q(status__in=("planned", "active", "suspended", "closed")), name="grants_grant_known_status"),
            models.CheckConstraint(condition=~Q(source_note=""), name="grants_grant_says_its_source"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} · {self.title_fr}"

    @property
    def place_code(self) -> str:
        """A grant belongs to the whole country; its lines to districts."""
        return ""

    @property
    def organisation_id(self) -> int:
        """The organisation that pays."""
        return int(self.funder_id)

    def holds_year(self, year: int) -> bool:
        """Whether some day of a year lies within the grant."""
        return self.begins.year <= year <= self.ends.year


class GrantParent(models.Model):
    """From when to when a grant was counted within a larger one; `ends` empty: until today.

    A grant that changes its parent ends one row and begins another, so that what was counted where at any day stays known.
    """

    child = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="parents")
    parent = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="children")
    begins = models.DateField()
    ends = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("begins", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(child=F("parent")), name="grants_parent_is_another"),
            models.CheckConstraint(condition=Q(ends__isnull=True) | Q(ends__gte=F("begins")), name="grants_parent_ends_after_it_begins"),
            models.CheckConstraint(condition=~Q(reason=""), name="grants_parent_says_why"),
            models.UniqueConstraint(fields=("child",), condition=Q(ends__isnull=True), name="grants_parent_one_at_a_time"),
            models.UniqueConstraint(fields=("child", "begins"), name="grants_parent_one_a_day"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.child.code} › {self.parent.code}"

    def holds_on(self, day: date) -> bool:
        """Whether the child is counted within the parent on a day, both ends included."""
        return self.begins <= day and (self.ends is None or day <= self.ends)
