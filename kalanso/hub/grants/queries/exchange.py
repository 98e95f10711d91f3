"""What is an amount worth in another currency on a day, and by which rate?

The newest rate of that day or of the year before it; nothing where there is none: what cannot be converted is told
beside the sum, never added to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from kalanso.hub.grants.models import ExchangeRate

# A rate that is older says nothing of the day.
LASTS = timedelta(days=366)
CENT = Decimal("0.01")


@dataclass(frozen=True, order=True)
class Conversion:
    """By which rate amounts were converted: one unit of `base` for `rate` of `quote` on `day`, as `source` says."""

    base: str
    quote: str
    day: date
    rate: Decimal
    source: str


@dataclass
class Exchange:
    """All rates, read once for a page."""

    by_pair: dict[tuple[str, str], list[Conversion]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of_today(cls) -> Exchange:
        """Return the rates that stand."""
        found = cls()
        for one in ExchangeRate.objects.order_by("day"):
            rate = Conversion(one.base, one.quote, one.day, one.rate, one.source)
            found.by_pair[one.base, one.quote].append(rate)
        return found

    def rate_on(self, base: str, quote: str, day: date) -> Conversion | None:
        """Return the rate between two currencies that counts on a day, whichever way it was written."""
        ways = (self._newest(base, quote, day), self._newest(quote, base, day))
        return max((one for one in ways if one is not None), key=lambda one: one.day, default=None)

    def _newest(self, base: str, quote: str, day: date) -> Conversion | None:
        rates = self.by_pair.get((base, quote), [])
        at = bisect_right(rates, day, key=lambda one: one.day)
        return rates[at - 1] if at and day - rates[at - 1].day <= LASTS else None

    def worth(
        self, amount: Decimal, currency: str, target: str, day: date
    ) -> tuple[Decimal, Conversion] | None:
        """Return what an amount was worth in another currency on a day, and by which rate; None without a rate."""
        rate = self.rate_on(currency, target, day)
        if rate is None:
            return None
        worth = amount * rate.rate if rate.base == currency else amount / rate.rate
        return worth.quantize(CENT), rate
