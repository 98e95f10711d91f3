"""Which indicators were agreed for a grant, from which value to which, and which work is counted for them?"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Chain(models.TextChoices):
    """Where an indicator stands in the chain of results."""

    INPUT = "input", _("Moyens")
    ACTIVITY = "activity", _("Activités")
    INTERMEDIATE = "intermediate", _("Résultats intermédiaires")
    OUTCOME = "outcome", _("Résultats finaux")


class AgreedIndicator(models.Model):
    """An indicator of the performance framework of one grant.

    `indicator` is its code in the definitions of the country; where these do not have it, the agreement names it itself
    (`name_fr`, `name_en`) and it is counted from reports of the portfolio. Shares are kept from 0 to 1. `withdrawn` is
    the day from which it no longer holds; nothing is deleted. `version` grows with each change by a person.
    """

    class Kind(models.TextChoices):
        """Whether every country has it, or this agreement alone."""

        CORE = "core", _("Commun à tous les pays")
        TAILORED = "tailored", _("Propre à cette subvention")

    class Better(models.TextChoices):
        """In which direction it should move."""

        UP = "up", _("Plus haut, c'est mieux")
        DOWN = "down", _("Plus bas, c'est mieux")

    class Frequency(models.TextChoices):
        """How often the agreement asks for it."""

        QUARTER = "quarter", _("Chaque trimestre")
        HALF = "half", _("Chaque semestre")
        YEAR = "year", _("Chaque année")

    grant = models.ForeignKey("grants.Grant", on_delete=models.PROTECT, related_name="framework")
    indicator = models.CharField(max_length=60)
    name_fr = models.CharField(max_length=200, blank=True, default="")
    name_en = models.CharField(max_length=200, blank=True, default="")
    unit = models.CharField(max_length=10, default="share")
    chain = models.CharField(max_length=12, choices=Chain.choices)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CORE)
    better = models.CharField(max_length=4, choices=Better.choices, default=Better.UP)
    cumulative = models.BooleanField(default=False)
    baseline = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    baseline_day = models.DateField(null=True, blank=True)
    baseline_source = models.CharField(max_length=250, blank=True, default="")
    target = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    target_day = models.DateField(null=True, blank=True)
    data_source = models.CharField(max_length=250)
    frequency = models.CharField(max_length=7, choices=Frequency.choices, default=Frequency.QUARTER)
    withdrawn = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("grant__code", "indicator")
        constraints = (
            models.UniqueConstraint(
                fields=("grant", "indicator"), condition=Q(withdrawn__isnull=True), name="grants_agreed_once"
            ),
            models.CheckConstraint(condition=~Q(indicator="") & ~Q(data_source=""), name="grants_agreed_named_with_its_source"),
            models.CheckConstraint(
                condition=Q(name_fr="", name_en="") | ~Q(name_fr="") & ~Q(name_en="") & Q(kind="tailored"), name="grants_agreed_own_in_both_languages"
            ),
            models.CheckConstraint(condition=Q(unit__in=("share", "count", "days")), name="grants_agreed_known_unit"),
            models.CheckConstraint(condition=Q(chain__in=Chain.values), name="grants_agreed_known_step"),
            models.CheckConstraint(condition=Q(kind__in=("core", "tailored"), better__in=("up", "down"), frequency__in=("quarter", "half", "year")), name="grants_agreed_known_words"),
            models.CheckConstraint(
                condition=Q(baseline__isnull=True, baseline_day__isnull=True, baseline_source="")
                | Q(baseline__isnull=False, baseline_day__isnull=False) & ~Q(baseline_source=""),
                name="grants_agreed_baseline_with_day_and_source",
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True, target_day__isnull=True) | Q(target__isnull=False, target_day__isnull=False),
                name="grants_agreed_target_with_day",
            ),
            models.CheckConstraint(
                condition=Q(baseline_day__isnull=True) | Q(target_day__isnull=True) | Q(target_day__gt=F("baseline_day")),
                name="grants_agreed_target_after_baseline",
            ),
            models.CheckConstraint(condition=~Q(cumulative=True, unit="days"), name="grants_agreed_days_never_added"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.grant.code} · {self.indicator}"

    @property
    def place_code(self) -> str:
        """An agreement holds for the whole country."""
        return ""

    @property
    def organisation_id(self) -> int:
        """The organisation that pays."""
        return int(self.grant.funder_id)

    @property
    def own(self) -> bool:
        """Whether the agreement names it itself."""
        return self.name_fr != ""

    @property
    def key(self) -> str:
        """Under which name work is counted for it: its code, or its own key where the definitions do not have it."""
        return f"own-{self.pk}" if self.own else str(self.indicator)


class CountedIntervention(models.Model):
    """That the reports of an intervention are counted for an indicator (`AgreedIndicator.key`): said by a person, never guessed."""

    indicator = models.CharField(max_length=60, db_index=True)
    intervention = models.ForeignKey(
        "portfolio.Intervention", on_delete=models.PROTECT, related_name="counted_for"
    )
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("indicator", "intervention__code")
        constraints = (
            models.UniqueConstraint(fields=("indicator", "intervention"), name="grants_counted_once"),
            models.CheckConstraint(condition=~Q(indicator=""), name="grants_counted_for_something"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.indicator} · {self.intervention.code}"
