"""How much was planned, committed, disbursed and spent, in all, by quarter and year, and by what it was for?

Sums are of one currency. What was written in another is converted by a dated rate, which is told; without a rate it
stands beside the sum. The planned money of a year is converted by the rate of its first day. What moved on lines that
are guarded from the reader waits: `until` is the last quarter in which it counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncQuarter

from kalanso.hub.grants.models import BudgetLine, Entry, Grant
from kalanso.hub.grants.queries.exchange import Conversion, Exchange
from kalanso.hub.grants.queries.scope import counted_as, told_entries, waiting_after
from kalanso.vocabulary import Period, PeriodType

NOTHING = Decimal(0)
# How the kinds of entries are called as parts of a sum.
PARTS = {"commitment": "committed", "disbursement": "disbursed", "expenditure": "spent"}
# By what money is put together: the field of a line.
BY = {"line": "pk", "grant": "grant_id", "intervention": "intervention_id", "organisation": "organisation_id", "place": "place_code"}  # fmt: skip


@dataclass
class Tally:
    """What was planned, committed, disbursed and spent."""

    planned: Decimal = NOTHING
    committed: Decimal = NOTHING
    disbursed: Decimal = NOTHING
    spent: Decimal = NOTHING

    def add(self, part: str, amount: Decimal) -> None:
        """Add an amount to one part."""
        setattr(self, part, getattr(self, part) + amount)

    @property
    def absorbed(self) -> float | None:
        """Spent out of disbursed."""
        return float(self.spent / self.disbursed) if self.disbursed > 0 else None

    @property
    def paid(self) -> float | None:
        """Disbursed out of planned."""
        return float(self.disbursed / self.planned) if self.planned > 0 else None

    @property
    def used(self) -> float | None:
        """Spent out of planned."""
        return float(self.spent / self.planned) if self.planned > 0 else None

    @property
    def overspent(self) -> Decimal:
        """How much more was spent than planned."""
        return max(NOTHING, self.spent - self.planned)


@dataclass(frozen=True)
class Left:
    """What is not in a sum, for want of a rate: a part, in its own currency."""

    part: str
    amount: Decimal
    currency: str


@dataclass
class Account:
    """Money of some lines in one currency; `rates` are those by which parts of it were converted."""

    currency: str
    until: str = ""
    total: Tally = field(default_factory=Tally)
    years: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    quarters: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    rates: set[Conversion] = field(default_factory=set)
    unsummed: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def take(self, part: str, day: date, amount: Decimal) -> None:
        """Add an amount of this currency to the sums of its day; what is planned has a year alone."""
        self.total.add(part, amount)
        self.years[day.year].add(part, amount)
        if part != "planned":
            self.quarters[Period.containing(day, PeriodType.QUARTER).code].add(part, amount)

    def convert(self, part: str, day: date, amount: Decimal, currency: str, exchange: Exchange) -> None:
        """Add an amount of any currency, or note that it could not be added."""
        if currency == self.currency:
            self.take(part, day, amount)
            return
        found = exchange.worth(amount, currency, self.currency, day)
        if found is None:
            self.unsummed[part, currency] += amount
            return
        worth, rate = found
        self.rates.add(rate)
        self.take(part, day, worth)

    @property
    def left(self) -> list[Left]:
        """What is not in the sums."""
        return [
            Left(part, amount, currency)
            for (part, currency), amount in sorted(self.unsummed.items())
            if amount
        ]

    @property
    def told_rates(self) -> list[Conversion]:
        """The rates by which parts were converted, the newest first."""
        return sorted(self.rates, key=lambda one: (one.day, one.base), reverse=True)


def account(lines: QuerySet[BudgetLine], currency: str, exchange: Exchange, *, reader: Any) -> Account:
    """Return the money of some lines, as far as somebody may know it."""
    found = accounts(lines, currency, exchange, by=None, reader=reader).get(None) or Account(currency)
    found.until = waiting_after(reader, lines)
    return found


def accounts(
    lines: QuerySet[BudgetLine], currency: str, exchange: Exchange, *, by: str | None, reader: Any
) -> dict[Any, Account]:
    """Return the money of some lines by what it was for, a key of `BY`, or all together under None; see `account`."""
    found: dict[Any, Account] = defaultdict(lambda: Account(currency))
    entries = told_entries(reader, lines)
    for key, year, money, amount in _planned(lines, by):
        found[key].convert("planned", date(year, 1, 1), amount, money, exchange)
    for key, kind, money, day, amount in _moved(entries, by, currency):
        found[key].convert(PARTS[kind], day, amount, money, exchange)
    return dict(found)


def consolidated(grant: Grant, lines: QuerySet[BudgetLine], exchange: Exchange, *, reader: Any) -> Account:
    """Return the money of a grant with that of the grants counted within it, each for as long as it was.

    Of `lines` those that somebody may see. Entries count by their day, what is planned by the first day of its year.
    """
    found = account(lines.filter(grant=grant), grant.currency, exchange, reader=reader)
    for link in grant.children.all():
        inside = lines.filter(grant=link.child_id)
        found.until = found.until or waiting_after(reader, inside)
        entries = told_entries(reader, inside).filter(day__gte=link.begins)
        for _key, year, money, amount in _planned(inside, None):
            if link.holds_on(date(year, 1, 1)):
                found.convert("planned", date(year, 1, 1), amount, money, exchange)
        if link.ends is not None:
            entries = entries.filter(day__lte=link.ends)
        for _key, kind, money, day, amount in _moved(entries, None, grant.currency):
            found.convert(PARTS[kind], max(day, link.begins), amount, money, exchange)
    return found


def _planned(lines: QuerySet[BudgetLine], by: str | None) -> Iterator[tuple[Any, int, str, Decimal]]:
    keys = ((BY[by],) if by else ()) + ("year", "currency")
    for row in lines.order_by().values_list(*keys).annotate(amount=Sum("planned")):
        yield (row[0] if by else None, *row[-3:])


def _moved(
    entries: QuerySet[Entry], by: str | None, currency: str
) -> Iterator[tuple[Any, str, str, date, Decimal]]:
    """Yield sums of entries: by quarter where they are in the currency asked for, else by the day of their rate."""
    entries = entries.order_by().annotate(counted=counted_as())
    keys = ((f"line__{BY[by]}",) if by else ()) + ("counted", "currency")
    own = entries.filter(currency=currency).annotate(when=TruncQuarter("day"))
    other = entries.exclude(currency=currency)
    for found, when in ((own, "when"), (other, "day")):
        for row in found.values_list(*keys, when).annotate(total=Sum("amount")):
            yield (row[0] if by else None, *row[-4:])


@dataclass(frozen=True)
class Quarter:
    """A quarter of a grant: what moved in it, and its even share of what is planned for its year."""

    code: str
    planned: Decimal
    tally: Tally


def quarters(found: Account, grant: Grant, until: date) -> list[Quarter]:
    """Return the quarters of a grant to the one of a day, and those outside it in which money moved, oldest first."""
    first, last = (Period.containing(day, PeriodType.QUARTER) for day in (grant.begins, grant.ends))
    now = Period.containing(until, PeriodType.QUARTER)
    inside = [one.code for one in first.until(last)]
    shown = {code for code in inside if Period.parse(code) <= now} | set(found.quarters)
    share = {
        code: found.years[year].planned / sum(other[:4] == code[:4] for other in inside)
        for code in inside
        if (year := int(code[:4])) in found.years
    }
    return [
        Quarter(code, share.get(code, NOTHING), found.quarters.get(code, Tally())) for code in sorted(shown)
    ]
