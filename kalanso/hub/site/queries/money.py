"""What was spent in the districts of one context, beside the children who were missed there?

Money from the ledger, children from the estimate that was released to the reader's circle: nothing is divided by the
other, and districts stand in the order of their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kalanso.hub.explore.queries import estimates, likeness, places
from kalanso.hub.explore.queries.estimates import Number
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.grants.queries.districts import Spending, spending
from kalanso.vocabulary import Level, Period

DISTRICT = Level.DISTRICT.value
DOSE = "dtp1"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A district with what was spent there and the children missed there, as a sentence may say it."""

    place: Place
    within: Decimal
    ever: Decimal
    unsummed: tuple[tuple[str, Decimal], ...]
    missed: Number


def contexts(here: Shelf) -> list[str]:
    """Return the contexts in which at least two districts live, or hold areas that do: one alone resembles no other."""
    root = places.tree(here).root()
    known = likeness.contexts_of(here, root.code) if root else ()
    return [name for name in known if len(likeness.alike(here, name, DISTRICT)) > 1]


def beside(person: Any, here: Shelf, context: str, period: str) -> tuple[list[Row], int, Spending]:
    """Return the districts of a context in the order of their names, how many have no estimate, and the money."""
    last = Period.parse(period)
    first = last + -3 if estimates.is_rolled(here, period) else last
    money = spending(person, first.start, last.end)
    among = likeness.alike(here, context, DISTRICT)
    values = estimates.values(here, DOSE, period)
    rows = [
        Row(
            place=one, within=money.within.get(one.code, Decimal(0)), ever=money.ever.get(one.code, Decimal(0)),
            unsummed=tuple(money.unsummed.get(one.code, {}).items()), missed=values[one.code].missed.said,
        )
        for one in among
        if one.code in values
    ]  # fmt: skip
    return sorted(rows, key=lambda row: places.folded(row.place.name)), len(among) - len(rows), money
