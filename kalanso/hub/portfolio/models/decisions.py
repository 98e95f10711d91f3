"""Who met when, what was said, and what was decided on which ground?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Meeting(models.Model):
    """A review of the portfolio: of the whole country, or of a place. Its agenda is what changed since the one before."""

    title = models.CharField(max_length=200)
    date = models.DateField(db_index=True)
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    organisations = models.ManyToManyField("people.Organisation", blank=True, related_name="meetings")
    minutes = models.TextField(max_length=20_000, blank=True, default="")
    made_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="meetings_made")
    made = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-date", "-id")
        constraints = (
            models.CheckConstraint(condition=~Q(title=""), name="portfolio_meeting_named"),
            models.UniqueConstraint(fields=("title", "date", "place_code"), name="portfolio_meeting_once"),
        )

    def __str__(self) -> str:
        return self.title


class Decision(models.Model):
    """What a body decided, known by its reference ("D-2026-0007"). What it rests on is cited.

    `body` is who decided, in words: a committee is no organisation.
    """

    reference = models.CharField(max_length=16, unique=True)
    text = models.TextField(max_length=4000)
    body = models.CharField(max_length=200)
    date = models.DateField(db_index=True)
    place_code = models.CharField(max_length=40, blank=True, default="", db_index=True)
    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    cells = models.ManyToManyField("portfolio.Cell", blank=True, related_name="decisions")
    interventions = models.ManyToManyField("portfolio.Intervention", blank=True, related_name="decisions")
    made_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="decisions_made")
    made = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-date", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(body="") & ~Q(reference=""), name="portfolio_decision_says_what_and_who"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.reference
