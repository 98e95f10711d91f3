"""What was one currency worth in another on a day, and who says so?"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from kalanso.hub.grants.models.grants import CURRENCY


class ExchangeRate(models.Model):
    """On a day, one unit of `base` was worth `rate` units of `quote`."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=6)
    source = models.CharField(max_length=250)
    by = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("-day", "base", "quote")
        constraints = (
            models.UniqueConstraint(fields=("base", "quote", "day"), name="grants_rate_once"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="grants_rate_of_two_currencies"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="grants_rate_above_zero"),
            models.CheckConstraint(condition=~Q(source=""), name="grants_rate_says_its_source"),
            models.CheckConstraint(
                condition=Q(base__regex=CURRENCY) & Q(quote__regex=CURRENCY),
                name="grants_rate_currencies_of_three_letters",
            ),
        )

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.day}"
