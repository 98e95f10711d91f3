"""Of which place and quarter is a review, for which reader, and how do its sections say numbers?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Linked
from kalanso.hub.explore.panels import locale
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.portfolio.queries import keeping
from kalanso.vocabulary import Level, Period, format_value

SHOWN = 10  # lines of a table; what is not listed is counted


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A review as one reader asks for it: `own` is all that they may read, `here` what they may read of this place."""

    person: Any
    place: Place
    period: str
    moment: datetime
    own: Shelf
    here: Shelf

    @property
    def whole(self) -> bool:
        """Whether it is of the whole country, to which records without a place belong too."""
        return self.place.level == Level.COUNTRY

    @property
    def quarter(self) -> Period:
        """The quarter."""
        return Period.parse(self.period)

    @property
    def before(self) -> Period:
        """The quarter before it."""
        return self.quarter + -1

    @property
    def today(self) -> date:
        """The day on which it is made."""
        return self.moment.date()

    @property
    def over(self) -> bool:
        """Whether the quarter is over."""
        return self.quarter.end < self.today

    def at(self, field: str = "place_code") -> Q:
        """Return the condition that a record lies in the place."""
        return ~Q(pk__in=()) if self.whole else keeping.below(self.place.code, field)

    def within(self, field: str, quarter: Period | None = None) -> Q:
        """Return the condition that a moment lies in the quarter, or in another."""
        first, last = bounds(quarter or self.quarter)
        return Q(**{f"{field}__gte": first, f"{field}__lt": last})

    def within_days(self, field: str, quarter: Period | None = None) -> Q:
        """Return the condition that a day lies in the quarter, or in another."""
        one = quarter or self.quarter
        return Q(**{f"{field}__gte": one.start, f"{field}__lte": one.end})

    def list_of(self, name: str, **narrowed: str) -> str:
        """Return the address of a list, narrowed to the place."""
        kept = narrowed if self.whole else {"lieu": self.place.code, **narrowed}
        return f"{reverse(name)}?{urlencode(kept)}" if kept else reverse(name)


def bounds(quarter: Period) -> tuple[datetime, datetime]:
    """Return the moments at which a quarter begins and ends."""
    return (
        datetime.combine(quarter.start, time.min, UTC),
        datetime.combine(quarter.end + timedelta(days=1), time.min, UTC),
    )


def count(number: float | None) -> str:
    """Return a number as the reader writes it."""
    return format_value(number, "count", locale())


def percent(share: float | None) -> str:
    """Return a share as the reader writes it."""
    return format_value(share, "percent", locale())


def day(one: date) -> str:
    """Return a day as the reader writes it."""
    return format_value(one, "date", locale())


def not_listed(total: int, shown: int) -> str:
    """Return a sentence on what a table leaves out; nothing where it holds all."""
    left = total - shown
    return _("Les %(shown)s premiers sur %(total)s ; les autres sont dans la liste.") % {
        "shown": count(shown), "total": count(total),
    } if left > 0 else ""  # fmt: skip


def plain(*texts: str) -> tuple[Linked, ...]:
    """Return texts that lead nowhere."""
    return tuple(Linked(text) for text in texts)


def shortened(text: str, longest: int = 110) -> str:
    """Return words of a record on one line, cut where they are long: the record holds them whole."""
    words = " ".join(text.split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def kept_in(asked: Asked, kept: Sequence[keeping.Counted], names: frozenset[str]) -> int:
    """Return how many records of protected places are kept from the reader: of past quarters, as others may know."""
    return sum(one.n for one in kept if asked.whole or one.district in names)
