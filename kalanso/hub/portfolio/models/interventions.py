"""What is an intervention of the portfolio: what is done, by whom, counted in what, why it should work?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Step(models.TextChoices):
    """The steps of IRMMA, Gavi's way to zero-dose children."""

    IDENTIFY = "identify", _("Identifier")
    REACH = "reach", _("Atteindre")
    MONITOR = "monitor", _("Suivre")
    MEASURE = "measure", _("Mesurer")
    ADVOCATE = "advocate", _("Plaider")


class Approach(models.TextChoices):
    """By which way children are to be reached."""

    EXTENDED_HOURS = "extended_hours", _("Horaires élargis")
    MICROPLANNING = "microplanning", _("Microplanification")
    ROLLING_LOGISTICS = "rolling_logistics", _("Logistique tournante des districts insulaires")
    WOMENS_GROUPS = "womens_groups", _("Groupements de femmes")
    GENDER = "gender", _("Autre travail sur le genre")
    PAID_RELAIS = "paid_relais", _("Relais payés en zone de conflit")
    COMMUNITY_CARE = "community_care", _("Vaccination dans les soins communautaires")
    NGO_PARTNERSHIP = "ngo_partnership", _("Partenariat avec une ONG")
    MOBILE_CLINIC = "mobile_clinic", _("Clinique mobile trimestrielle")
    SUPPLY = "supply", _("Chaîne du froid et stocks")
    DATA = "data", _("Données et suivi")
    COACHING = "coaching", _("Coaching de la performance")
    OTHER = "other", _("Autre")


class Gender(models.TextChoices):
    """How far it takes up what keeps women and girls from vaccination."""

    UNAWARE = "unaware", _("Ne regarde pas le genre")
    SENSITIVE = "sensitive", _("Tient compte du genre")
    RESPONSIVE = "responsive", _("Répond à une barrière de genre")
    TRANSFORMATIVE = "transformative", _("Change les rapports de genre")


class Intervention(models.Model):
    """One line of the portfolio. `code` is the programme's own; `steps` are codes of `Step`.

    `unit` is what is counted ("séances tenues"), `unit_cost` what one of it costs, in `currency`. `theory` says why it
    should reach children. `closed` keeps a line that is over out of the grid; nothing is deleted. `version` grows with
    each change by a person.
    """

    code = models.CharField(max_length=20, unique=True)
    title_fr = models.CharField(max_length=250)
    title_en = models.CharField(max_length=250, blank=True, default="")
    steps = models.JSONField(default=list, blank=True)
    approach = models.CharField(
        max_length=20, choices=Approach.choices, default=Approach.OTHER, db_index=True
    )
    objective = models.CharField(max_length=250, blank=True, default="")
    gender = models.CharField(max_length=15, choices=Gender.choices, blank=True, default="")
    lead = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="interventions_led"
    )
    partners = models.ManyToManyField(
        "people.Organisation", blank=True, related_name="interventions_supported"
    )
    theory = models.TextField(max_length=4000, blank=True, default="")
    unit = models.CharField(max_length=80, blank=True, default="")
    unit_cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="XOF")
    closed = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(condition=~Q(code="") & ~Q(title_fr=""), name="portfolio_intervention_named"),
            models.CheckConstraint(condition=Q(approach__in=Approach.values), name="portfolio_intervention_known_approach"),
            models.CheckConstraint(condition=Q(gender__in=[*Gender.values, ""]), name="portfolio_intervention_known_gender"),
            models.CheckConstraint(condition=Q(unit_cost__isnull=True) | Q(unit_cost__gt=0), name="portfolio_intervention_cost_above_zero"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} · {self.title_fr}"

    @property
    def title(self) -> str:
        """Its title in the language of the page; the French one where no other is written."""
        english = str(get_language()).startswith("en")
        return str(self.title_en if english and self.title_en else self.title_fr)

    @property
    def place_code(self) -> str:
        """An intervention belongs to the whole country; its cells to districts."""
        return ""

    @property
    def organisation_id(self) -> int:
        """The organisation that answers for it."""
        return int(self.lead_id)
