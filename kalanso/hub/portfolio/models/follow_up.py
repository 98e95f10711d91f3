"""Who has to do what until when, was it done, and who has seen that it was?"""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Priority(models.TextChoices):
    """How urgent it is."""

    HIGH = "high", _("Haute")
    NORMAL = "normal", _("Normale")
    LOW = "low", _("Basse")


class ActionState(models.TextChoices):
    """How far an action is."""

    OPEN = "open", _("À faire")
    DONE = "done", _("Faite, à vérifier")
    VERIFIED = "verified", _("Vérifiée")
    REOPENED = "reopened", _("Rouverte")
    CANCELLED = "cancelled", _("Annulée")


# What somebody still has to do.
TO_DO = frozenset({ActionState.OPEN, ActionState.REOPENED})


class ActionPoint(models.Model):
    """Something that somebody promised to do, known by its reference ("A-2026-0042").

    `organisation` is the owner's. What it answers is cited; `factor` says of which obstacle the answer is part. What
    closes it stays until it is reopened: the words of who closed it, a link or a photo. Whoever closed it never
    verifies it.
    """

    reference = models.CharField(max_length=16, unique=True)
    text = models.TextField(max_length=1000)
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    factor = models.ForeignKey(
        "portfolio.Factor", on_delete=models.PROTECT, null=True, blank=True, related_name="actions"
    )
    cell = models.ForeignKey(
        "portfolio.Cell", on_delete=models.PROTECT, null=True, blank=True, related_name="actions"
    )
    owner = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="actions_owned")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="actions")
    due = models.DateField(db_index=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    state = models.CharField(
        max_length=10, choices=ActionState.choices, default=ActionState.OPEN, db_index=True
    )
    made_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="actions_made")
    made = models.DateTimeField()
    closing = models.TextField(max_length=2000, blank=True, default="")
    link = models.URLField(max_length=500, blank=True, default="")
    photo = models.FileField(upload_to="actions/%Y/%m", null=True, blank=True)
    photo_alt = models.CharField(max_length=300, blank=True, default="")
    closed_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="actions_closed"
    )
    closed = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="actions_verified"
    )
    verified = models.DateTimeField(null=True, blank=True)
    # Why it was reopened or cancelled.
    reason = models.CharField(max_length=500, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("due", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(text="") & ~Q(reference=""), name="portfolio_action_says_what"),
            models.CheckConstraint(condition=Q(state__in=ActionState.values) & Q(priority__in=Priority.values), name="portfolio_action_known_state"),
            models.CheckConstraint(condition=Q(verified_by__isnull=True) | ~Q(verified_by=F("closed_by")), name="portfolio_action_verified_by_another"),
            models.CheckConstraint(
                condition=~Q(state__in=("done", "verified")) | (Q(closed_by__isnull=False, closed__isnull=False) & ~Q(closing="")),
                name="portfolio_action_closed_by_somebody_how",
            ),
            models.CheckConstraint(
                condition=Q(state="verified", verified_by__isnull=False, verified__isnull=False) | (~Q(state="verified") & Q(verified_by__isnull=True, verified__isnull=True)),
                name="portfolio_action_verified_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(state__in=("reopened", "cancelled")) | ~Q(reason=""), name="portfolio_action_reopened_or_cancelled_why"),
            models.CheckConstraint(condition=Q(photo__isnull=True) | Q(photo="") | ~Q(photo_alt=""), name="portfolio_action_photo_in_words"),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    @property
    def to_do(self) -> bool:
        """Whether somebody still has to do it."""
        return self.state in TO_DO

    def days_late(self, day: date) -> int:
        """By how many days it is late on a day; 0 where it is not, or is done."""
        return max(0, (day - self.due).days) if self.to_do else 0


class Escalation(models.Model):
    """That an action was late was told, once for each step and due date: 1 its owner, 2 the level above, 3 the country."""

    action = models.ForeignKey(ActionPoint, on_delete=models.PROTECT, related_name="escalations")
    due = models.DateField()
    step = models.PositiveSmallIntegerField()
    told = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(fields=("action", "due", "step"), name="portfolio_escalation_once"),
            models.CheckConstraint(condition=Q(step__gte=1) & Q(step__lte=3), name="portfolio_escalation_known_step"),
        )  # fmt: skip
