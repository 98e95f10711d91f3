"""Which weights were computed for a round out of its draw, from which files, and with which margins?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from kalanso.hub.studies.models.layouts import Draw
from kalanso.hub.studies.models.rounds import Round, RoundFile


class Weighting(models.Model):
    """One time that the weights of a round were computed out of a draw, from the files that stood (`homes`, `answers`, and
    `members`, the children of the listed households, where they had come).

    `listed` leads from clusters to the households counted there, `margins` from variables to shares of categories, `lines` is how many
    clusters had been replaced. The worker adds `factors` (a cluster a row), `rates` of answer and the `sample` that it made.
    """

    class State(models.TextChoices):
        """How far it is."""

        ASKED = "asked"
        DONE = "done"
        FAILED = "failed"

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="weightings")
    number = models.PositiveIntegerField()
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="+")
    homes = models.ForeignKey(RoundFile, on_delete=models.PROTECT, related_name="+")
    answers = models.ForeignKey(RoundFile, on_delete=models.PROTECT, related_name="+")
    members = models.ForeignKey(RoundFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    listed = models.JSONField()
    margins = models.JSONField(default=dict, blank=True)
    lines = models.PositiveIntegerField(default=0)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    job = models.OneToOneField("jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.ASKED)
    ended = models.DateTimeField(null=True, blank=True)
    factors = models.JSONField(default=list, blank=True)
    rates = models.JSONField(default=dict, blank=True)
    sample = models.OneToOneField(
        RoundFile, on_delete=models.PROTECT, null=True, blank=True, related_name="weighting"
    )
    fault = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("round", "number"), name="studies_weighting_one_after_another"),
            models.CheckConstraint(condition=~Q(listed={}), name="studies_weighting_listed"),
            models.CheckConstraint(
                condition=Q(state="asked", ended__isnull=True)
                | Q(state="done", ended__isnull=False, sample__isnull=False) & ~Q(factors=[])
                | Q(state="failed", ended__isnull=False, sample__isnull=True) & ~Q(fault={}),
                name="studies_weighting_ended_how",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} ({self.number})"

    @property
    def waits(self) -> bool:
        """Whether the worker still has something to do for it."""
        return self.state == self.State.ASKED and (self.job is None or not self.job.over)


__all__ = ["Weighting"]
