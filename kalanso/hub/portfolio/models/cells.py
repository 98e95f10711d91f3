"""What is planned of an intervention in one district, until when, by whom, and how far is it?"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.queries.access import mirrored


class State(models.TextChoices):
    """How far a cell is."""

    PLANNED = "planned", _("Prévue")
    PREPARING = "preparing", _("En préparation")
    ONGOING = "ongoing", _("En cours")
    DELAYED = "delayed", _("En retard")
    SUSPENDED = "suspended", _("Suspendue")
    COMPLETED = "completed", _("Terminée")
    DROPPED = "dropped", _("Abandonnée")


# From where to where a cell may go; what is over is taken up again only by going back to preparation.
STEPS: dict[str, tuple[str, ...]] = {
    State.PLANNED: (State.PREPARING, State.ONGOING, State.DELAYED, State.SUSPENDED, State.DROPPED),
    State.PREPARING: (State.ONGOING, State.DELAYED, State.SUSPENDED, State.DROPPED),
    State.ONGOING: (State.COMPLETED, State.DELAYED, State.SUSPENDED, State.DROPPED),
    State.DELAYED: (State.PREPARING, State.ONGOING, State.SUSPENDED, State.COMPLETED, State.DROPPED),
    State.SUSPENDED: (State.PREPARING, State.ONGOING, State.DELAYED, State.DROPPED),
    State.COMPLETED: (State.PREPARING,),
    State.DROPPED: (State.PREPARING,),
}
# What readers must be told why.
NEEDS_REASON = frozenset({State.DELAYED, State.SUSPENDED, State.DROPPED})
OVER = frozenset({State.COMPLETED, State.DROPPED})


class Cell(models.Model):
    """One intervention in one district; only where it is planned.

    `organisation` carries it out there. `target` is the whole quantity in the unit of the intervention; `Target` splits
    it by quarter. `sensitive`: its days, places and people are for the team alone, as in a flagged place. `since` says
    when the state was last changed.
    """

    intervention = models.ForeignKey("portfolio.Intervention", on_delete=models.PROTECT, related_name="cells")
    place_code = models.CharField(max_length=40, db_index=True)
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="cells")
    owner = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="cells_owned"
    )
    begins = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)
    target = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED, db_index=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    since = models.DateTimeField()
    sensitive = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("intervention__code", "place_code")
        constraints = (
            models.UniqueConstraint(fields=("intervention", "place_code"), name="portfolio_cell_once"),
            models.CheckConstraint(condition=~Q(place_code=""), name="portfolio_cell_somewhere"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="portfolio_cell_known_state"),
            models.CheckConstraint(
                condition=Q(begins__isnull=True) | Q(ends__isnull=True) | Q(ends__gte=F("begins")), name="portfolio_cell_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(NEEDS_REASON)) | ~Q(reason=""), name="portfolio_cell_stopped_why"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        place = mirrored(self.place_code)
        return f"{self.intervention.code} · {place.name if place is not None else self.place_code}"


class Milestone(models.Model):
    """A point of the plan of a cell: what will be there by when, and when it was."""

    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="milestones")
    title = models.CharField(max_length=200)
    due = models.DateField()
    done = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("due", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(title=""), name="portfolio_milestone_named"),
            models.UniqueConstraint(fields=("cell", "title", "due"), name="portfolio_milestone_once"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def place_code(self) -> str:
        """A milestone belongs to the place of its cell."""
        return str(self.cell.place_code)


class Target(models.Model):
    """How much of a cell is to be done in one quarter, such as "2025Q1"."""

    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="targets")
    period = models.CharField(max_length=6)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ("period",)
        constraints = (
            models.UniqueConstraint(fields=("cell", "period"), name="portfolio_target_once"),
            models.CheckConstraint(condition=Q(period__regex=r"^\d{4}Q[1-4]$"), name="portfolio_target_of_a_quarter"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.period}: {self.quantity}"
