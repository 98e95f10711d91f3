"""How far was the fieldwork of a round, and what did persons correct of what came back?"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kalanso.hub.studies.models.layouts import Draw
from kalanso.hub.studies.models.rounds import Round


class FieldCount(models.Model):
    """How far the fieldwork was by the files that had come (`files`, by kind); counted by the worker, `found` as pages show it."""

    class State(models.TextChoices):
        """How far the counting is."""

        ASKED = "asked", _("comptage en cours")
        DONE = "done", _("compté")
        FAILED = "failed", _("pas compté")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="field_counts")
    number = models.PositiveIntegerField()
    files = models.JSONField()
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked = models.DateTimeField()
    job = models.OneToOneField("jobs.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.ASKED)
    counted = models.DateTimeField(null=True, blank=True)
    found = models.JSONField(default=dict, blank=True)
    fault = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("round", "number"), name="studies_fieldcount_one_after_another"),
            models.CheckConstraint(
                condition=Q(state="asked", counted__isnull=True)
                | (Q(counted__isnull=False) & ((Q(state="done") & ~Q(found={})) | (Q(state="failed") & ~Q(fault={})))),
                name="studies_fieldcount_ended_how",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} ({self.number})"


class Correction(models.Model):
    """What a person decided of one value of one interview: what was received, what it becomes, and why; raw files stay.

    `child` is its salted identifier, `dose` and `source` tell which line of its doses. Where the study asks for a second look, it
    counts once somebody else agreed.
    """

    class State(models.TextChoices):
        """Whether it counts."""

        PROPOSED = "proposed", _("à relire")
        AGREED = "agreed", _("retenue")
        REFUSED = "refused", _("refusée")
        TAKEN_BACK = "back", _("reprise")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="corrections")
    table = models.CharField(max_length=20)
    child = models.CharField(max_length=40)
    dose = models.CharField(max_length=20, blank=True, default="")
    source = models.CharField(max_length=10, blank=True, default="")
    field = models.CharField(max_length=30)
    before = models.CharField(max_length=120, blank=True, default="")
    after = models.CharField(max_length=120, blank=True, default="")
    why = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    proposed = models.DateTimeField()
    looked_at_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    looked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(table__in=("survey_children", "survey_doses")) & ~Q(child="") & ~Q(field="") & ~Q(why="") & ~Q(before=F("after")),
                name="studies_correction_said",
            ),
            models.CheckConstraint(
                condition=(Q(table="survey_children") & Q(dose="") & Q(source="")) | (Q(table="survey_doses") & ~Q(dose="") & ~Q(source="")),
                name="studies_correction_which_line",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", looked_at__isnull=True) | (~Q(state="proposed") & Q(looked_at__isnull=False, looked_at_by__isnull=False)),
                name="studies_correction_looked_at",
            ),
            models.UniqueConstraint(
                fields=("round", "table", "child", "dose", "source", "field"), condition=Q(state__in=("proposed", "agreed")),
                name="studies_correction_one_stands",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.table}.{self.field}"


__all__ = ["Correction", "FieldCount"]
