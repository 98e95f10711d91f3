"""How was a round laid out: how many children, which forms, which clusters were drawn, and which could not be visited?"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from kalanso.hub.studies.models.rounds import Round


class SampleSize(models.Model):
    """One time that somebody asked how many children a round needs; what was asked, and the answer by cohort."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="sizes")
    number = models.PositiveIntegerField()
    asked = models.JSONField()
    needs = models.JSONField()
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    made = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("round", "number"), name="studies_samplesize_one_after_another"),
            models.CheckConstraint(condition=~Q(asked={}) & ~Q(needs=[]), name="studies_samplesize_answered"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} ({self.number})"


class Instrument(models.Model):
    """A form that a round uses, in the version and languages that were chosen; another choice of it replaces this one."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="instruments")
    form = models.CharField(max_length=40)
    version = models.CharField(max_length=60)
    language = models.CharField(max_length=8)
    chosen_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    chosen = models.DateTimeField()
    replaced = models.DateTimeField(null=True, blank=True)
    codebook = models.TextField()

    class Meta:
        ordering = ("form", "-chosen")
        constraints = (
            models.CheckConstraint(condition=~Q(form="") & ~Q(version="") & ~Q(codebook=""), name="studies_instrument_whole"),
            models.UniqueConstraint(
                fields=("round", "form"), condition=Q(replaced__isnull=True), name="studies_instrument_one_stands"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.form


class Draw(models.Model):
    """The clusters of a round as chance drew them; never changed. A further draw is another version, with a reason.

    `asked` says from what and how (`seed` repeats it), `outside` lists units of the frame that could not be drawn, `clusters` the drawn.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="draws")
    number = models.PositiveIntegerField()
    asked = models.JSONField()
    seed = models.PositiveBigIntegerField()
    units = models.PositiveIntegerField()
    children = models.FloatField()
    outside = models.JSONField(default=list, blank=True)
    clusters = models.JSONField()
    reason = models.CharField(max_length=500, blank=True, default="")
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    drawn = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("round", "number"), name="studies_draw_one_after_another"),
            models.CheckConstraint(condition=~Q(clusters=[]) & Q(units__gt=0), name="studies_draw_of_something"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(reason=""), name="studies_draw_again_why"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} ({self.number})"


class Replacement(models.Model):
    """A drawn cluster that could not be visited, why, and which reserve went in its place (none where none was left)."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="replacements")
    cluster = models.CharField(max_length=80)
    replaced_by = models.CharField(max_length=80, blank=True, default="")
    reason = models.CharField(max_length=20)
    told = models.CharField(max_length=300, blank=True, default="")
    decided_on = models.DateField()
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    recorded = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("draw", "cluster"), name="studies_replacement_once"),
            models.UniqueConstraint(
                fields=("draw", "replaced_by"), condition=~Q(replaced_by=""), name="studies_replacement_reserve_once"
            ),
            models.CheckConstraint(condition=~Q(cluster="") & ~Q(reason="") & ~Q(cluster=F("replaced_by")), name="studies_replacement_said"),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.cluster


__all__ = ["Draw", "Instrument", "Replacement", "SampleSize"]
