"""What holds vaccination back or helps it, where, how heavily, and does it still?"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FactorKind(models.TextChoices):
    """Whether it holds back or helps."""

    BARRIER = "barrier", _("Obstacle")
    FACILITATOR = "facilitator", _("Facilitateur")


class Domain(models.TextChoices):
    """Of what kind of thing it is."""

    SUPPLY = "supply", _("Approvisionnement")
    ACCESS = "access", _("Accès")
    DEMAND = "demand", _("Demande et société")
    GENDER = "gender", _("Genre")
    SECURITY = "security", _("Sécurité")
    STAFF = "staff", _("Personnel")
    DATA = "data", _("Données")
    FINANCE = "finance", _("Finances")
    GOVERNANCE = "governance", _("Gouvernance")


class Where(models.TextChoices):
    """At which level it must be taken up."""

    HOUSEHOLD = "household", _("Ménage")
    COMMUNITY = "community", _("Communauté")
    FACILITY = "facility", _("Centre de santé")
    DISTRICT = "district", _("District")
    REGION = "region", _("Région")
    NATIONAL = "national", _("National")


class Weight(models.IntegerChoices):
    """How heavily it weighs, in words that hold for obstacles and facilitators."""

    SLIGHT = 1, _("1 · à peine sensible")
    FELT = 2, _("2 · sensible")
    HEAVY = 3, _("3 · pèse sur les séances")
    DECIDING = 4, _("4 · décide de la plupart des séances")
    TOTAL = 5, _("5 · décide de tout")


class FactorState(models.TextChoices):
    """Whether it is still there."""

    OPEN = "open", _("Ouvert")
    ANSWERED = "answered", _("On y répond")
    LIFTED = "lifted", _("Levé")
    GONE = "gone", _("N'a plus lieu")


# What is over, and has to be told why.
FACTOR_OVER = frozenset({FactorState.LIFTED, FactorState.GONE})


class Factor(models.Model):
    """An obstacle or a facilitator that somebody named.

    `key` is given where it was written, so that sending twice adds once. `level` says who can take it up, which need
    not be the level of its place. `since` says when its state was last changed, `state_by` by whom.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    kind = models.CharField(max_length=12, choices=FactorKind.choices, default=FactorKind.BARRIER)
    domain = models.CharField(max_length=12, choices=Domain.choices, db_index=True)
    level = models.CharField(max_length=12, choices=Where.choices)
    place_code = models.CharField(max_length=40, db_index=True)
    cell = models.ForeignKey(
        "portfolio.Cell", on_delete=models.PROTECT, null=True, blank=True, related_name="factors"
    )
    severity = models.PositiveSmallIntegerField(choices=Weight.choices)
    what = models.TextField(max_length=2000)
    state = models.CharField(
        max_length=10, choices=FactorState.choices, default=FactorState.OPEN, db_index=True
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    since = models.DateTimeField()
    state_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="factors")
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="factors")
    named = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("-named", "-id")
        constraints = (
            models.CheckConstraint(condition=~Q(what="") & ~Q(place_code=""), name="portfolio_factor_says_what_and_where"),
            models.CheckConstraint(condition=Q(kind__in=FactorKind.values) & Q(domain__in=Domain.values) & Q(level__in=Where.values), name="portfolio_factor_known_kind"),
            models.CheckConstraint(condition=Q(severity__gte=1) & Q(severity__lte=5), name="portfolio_factor_weight_of_five"),
            models.CheckConstraint(condition=Q(state__in=FactorState.values), name="portfolio_factor_known_state"),
            models.CheckConstraint(condition=~Q(state__in=sorted(FACTOR_OVER)) | ~Q(reason=""), name="portfolio_factor_over_why"),
        )  # fmt: skip

    def __str__(self) -> str:
        # Without its words, which may be for the team alone where a change of it is told.
        return f"{self.get_kind_display()} {self.pk}"
