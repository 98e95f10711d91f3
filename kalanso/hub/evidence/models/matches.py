"""Which names of a sheet are which places, and who said so?"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PlaceName(models.Model):
    """A name of a sheet that the matching left open, and what a person decided.

    `code` and `parent_name` are the name's key in its list; `candidates` the evidence as the library gives
    it. `flagged`: it may be a place under a security flag. A decision outlives the next dry run.
    """

    class Decision(models.TextChoices):
        """What a person said."""

        OPEN = "open", _("À décider")
        PLACE = "place", _("C'est ce lieu")
        NONE = "none", _("Ce n'est pas un lieu connu")
        LATER = "later", _("Plus tard")

    upload = models.ForeignKey("evidence.Upload", on_delete=models.CASCADE, related_name="names")
    code = models.CharField(max_length=300)
    parent_name = models.CharField(max_length=300, blank=True, default="")
    name = models.CharField(max_length=300)
    status = models.CharField(max_length=12)
    score = models.FloatField(default=0.0)
    candidates = models.JSONField(default=dict, blank=True)
    row = models.PositiveIntegerField(null=True, blank=True)
    flagged = models.BooleanField(default=False)
    decision = models.CharField(max_length=5, choices=Decision.choices, default=Decision.OPEN)
    place_code = models.CharField(max_length=40, blank=True, default="")
    decided_by = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("name", "parent_name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("upload", "code", "parent_name"), name="evidence_place_name_once"
            ),
            models.CheckConstraint(
                condition=(Q(decision="place") & ~Q(place_code=""))
                | (~Q(decision="place") & Q(place_code="")),
                name="evidence_place_name_says_which",
            ),
            models.CheckConstraint(
                condition=Q(decision="open") | Q(decided_by__isnull=False, decided__isnull=False),
                name="evidence_place_name_signed",
            ),
        )

    @property
    def key(self) -> str:
        """Its number as a text, by which fields of a form tell names apart."""
        return str(self.pk)

    def __str__(self) -> str:
        return f"{self.name} ({self.parent_name})" if self.parent_name else self.name
