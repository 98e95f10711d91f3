"""By which decision did data of a round go abroad, to whom, and on which legal ground?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kalanso.hub.studies.models.rounds import Round


class Transfer(models.Model):
    """A decision under which data of a round may go, or went, abroad. It is never changed: one that no longer holds is `ended`, with why."""

    class Ground(models.TextChoices):
        """On which legal ground."""

        AUTHORISED = "authorised", _("Autorisation de l'autorité de protection des données")
        ADEQUATE = "adequate", _("Pays reconnu pour sa protection des données")
        CLAUSES = "clauses", _("Clauses signées avec le destinataire")
        CONSENT = "consent", _("Consentement exprès des personnes")
        LAW = "law", _("Loi ou convention internationale")

    class Data(models.TextChoices):
        """What goes."""

        PSEUDONYMOUS = "pseudonymous", _("Lignes d'enfants ou d'entretiens sous pseudonyme")
        IDENTIFIED = "identified", _("Données qui nomment ou situent des personnes")
        RECORDINGS = "recordings", _("Enregistrements ou transcriptions")

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="transfers")
    data = models.CharField(max_length=12, choices=Data.choices)
    recipient = models.CharField(max_length=200)
    country = models.CharField(max_length=60)
    ground = models.CharField(max_length=10, choices=Ground.choices)
    decision = models.CharField(max_length=120)
    decided_on = models.DateField()
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    noted = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ("-decided_on", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(recipient="") & ~Q(country="") & ~Q(decision=""),
                name="studies_transfer_decided",
            ),
            models.CheckConstraint(
                condition=Q(ground__in=("authorised", "adequate", "clauses", "consent", "law"))
                & Q(data__in=("pseudonymous", "identified", "recordings")),
                name="studies_transfer_known",
            ),
            models.CheckConstraint(
                condition=Q(ended__isnull=True, ended_by__isnull=True, ended_why="")
                | (Q(ended__isnull=False, ended_by__isnull=False) & ~Q(ended_why="")),
                name="studies_transfer_ended_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.decision} ({self.recipient})"
