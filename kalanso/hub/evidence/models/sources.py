"""What is each source of numbers, whom does one ask, and when should it bring something new?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kalanso.definitions.sources import ACCESS, AGREEMENTS, REQUESTS


class SourceCard(models.Model):
    """What people wrote about a source; what it last brought is asked of the store.

    `patience_days` is how long after the end of a period its numbers may take. What is said of its owner, money,
    agreement and so on stands before what the country's pack declares; left empty, that holds.
    """

    class Agreement(models.TextChoices):
        """How far the agreement with its owner is."""

        NOT_NEEDED = "not_needed", _("Pas nécessaire")
        TO_ASK = "to_ask", _("À demander")
        ASKED = "asked", _("Demandé")
        SIGNED = "signed", _("Signé")
        EXPIRED = "expired", _("Échu")
        UNKNOWN = "unknown", _("Inconnu")

    class Request(models.TextChoices):
        """How far the request for access is."""

        NOT_NEEDED = "not_needed", _("Pas nécessaire")
        TO_ASK = "to_ask", _("À demander")
        ASKED = "asked", _("Demandé")
        GRANTED = "granted", _("Accordé")
        REFUSED = "refused", _("Refusé")
        UNKNOWN = "unknown", _("Inconnu")

    class Access(models.TextChoices):
        """How one gets at its numbers."""

        API = "api", _("Par un serveur")
        FILE = "file", _("Par un fichier")
        PAPER = "paper", _("Sur papier")
        NONE = "none", _("Pas d'accès")

    class Cadence(models.TextChoices):
        """How often it brings something new."""

        MONTHLY = "monthly", _("Chaque mois")
        QUARTERLY = "quarterly", _("Chaque trimestre")
        YEARLY = "yearly", _("Chaque année")
        SOMETIMES = "sometimes", _("Sans rythme fixe")

    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200, blank=True, default="")
    what = models.TextField(max_length=1000, blank=True, default="")
    importer = models.CharField(max_length=100, blank=True, default="")
    licence = models.CharField(max_length=200, blank=True, default="")
    contact = models.CharField(max_length=200, blank=True, default="")
    cadence = models.CharField(max_length=10, choices=Cadence.choices, default=Cadence.SOMETIMES)
    patience_days = models.PositiveSmallIntegerField(default=30)
    owner = models.CharField(max_length=200, blank=True, default="")
    system = models.CharField(max_length=200, blank=True, default="")
    levels = models.CharField(max_length=200, blank=True, default="")
    population = models.CharField(max_length=300, blank=True, default="")
    periods = models.CharField(max_length=100, blank=True, default="")
    denominator = models.CharField(max_length=300, blank=True, default="")
    places_list = models.CharField(max_length=200, blank=True, default="")
    identifiers = models.CharField(max_length=200, blank=True, default="")
    access = models.CharField(max_length=10, blank=True, default="", choices=Access.choices)
    funder = models.CharField(max_length=200, blank=True, default="")
    funding_ends = models.DateField(null=True, blank=True)
    agreement = models.CharField(max_length=10, blank=True, default="", choices=Agreement.choices)
    request = models.CharField(max_length=10, blank=True, default="", choices=Request.choices)
    next_release = models.CharField(max_length=200, blank=True, default="")
    fallback = models.CharField(max_length=200, blank=True, default="")
    biases = models.TextField(max_length=1000, blank=True, default="")
    notes = models.TextField(max_length=4000, blank=True, default="")
    changed_by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    changed = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=Q(agreement__in=["", *AGREEMENTS]) & Q(request__in=["", *REQUESTS]),
                name="evidence_source_known_states",
            ),
            models.CheckConstraint(
                condition=Q(access__in=["", *ACCESS]), name="evidence_source_known_access"
            ),
        )

    def __str__(self) -> str:
        return self.title or self.code
