"""Which product carries which antigen, and when is a dose due?

Both tables are dated and name a source per row; rows that the national programme has still to
confirm are marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kalanso.definitions.entries import Entry, rows_of
from kalanso.vocabulary import Antigen, Dose


@dataclass(frozen=True, kw_only=True)
class Product:
    """A vaccine product and the antigens that it carries between two days.

    An empty `valid_from` or `valid_to` is unknown or open. `aliases` are other spellings, in lower case.
    `doses_per_vial` is None where vials of several sizes are in use, or nobody said.
    """

    code: str
    name: Mapping[str, str]
    antigens: tuple[Antigen, ...]
    aliases: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    source: str
    to_confirm: bool
    doses_per_vial: int | None = None

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way in which files may write the product, in lower case."""
        return tuple(dict.fromkeys((self.code, *self.aliases)))

    def is_valid_on(self, day: date) -> bool:
        """Whether the row holds on a day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


@dataclass(frozen=True, kw_only=True)
class ScheduledDose:
    """When a dose is due: ages and interval from the previous dose in days, since when and where.

    `due_days` and `minimum_days` are None where the season decides and not the age: then `season` holds
    the months (1 to 12). `valid_from` and `valid_to` are days on which children fall due, `born_from` is the first
    day of birth where that is what was decided. `counts_for` says in which sums the dose counts.
    """

    dose: Dose
    due_days: int | None
    minimum_days: int | None
    maximum_days: int | None
    interval_days: int | None
    valid_from: date | None
    where: str
    source: str
    to_confirm: bool
    valid_to: date | None = None
    born_from: date | None = None
    season: tuple[int, ...] = ()
    counts_for: tuple[str, ...] = ()


# Sums of doses: a child with all of the first is fully vaccinated, one without the second is zero-dose.
COUNTS_FOR = ("fully_vaccinated", "zero_dose")


def read_products(value: Any, file: str) -> tuple[Product, ...]:
    """Return the rows of `products.yaml`."""
    products: list[Product] = []
    for entry in rows_of(value, file=file):
        product = Product(
            code=entry.text("product"),
            name=entry.both("name"),
            antigens=tuple(Antigen(a) for a in entry.texts("antigens", one_of=[a.value for a in Antigen])),
            aliases=tuple(alias.lower() for alias in entry.texts("aliases")),
            valid_from=entry.day("valid_from"),
            valid_to=entry.day("valid_to"),
            source=entry.text("source"),
            to_confirm=entry.truth("to_confirm"),
            doses_per_vial=entry.days("doses_per_vial") if entry.has("doses_per_vial") else None,
        )
        if product.doses_per_vial == 0:
            raise entry.fault("doses_per_vial", "a whole number from 1")
        if (product.valid_from or date.min) > (product.valid_to or date.max):
            raise entry.fault("valid_to", f"a day after {product.valid_from}")
        twin = next(
            (p for p in products if p.code != product.code and set(p.spellings) & set(product.spellings)),
            None,
        )
        if twin:
            raise entry.fault("aliases", f"spellings that {twin.code} does not use")
        entry.done()
        products.append(product)
    return tuple(products)


def read_schedule(value: Any, file: str) -> tuple[ScheduledDose, ...]:
    """Return the rows of `schedule.yaml`."""
    schedule: list[ScheduledDose] = []
    for entry in rows_of(value, file=file):
        try:
            dose = Dose.parse(entry.text("dose"))
        except ValueError as error:
            raise entry.fault("dose", "a dose such as dtp1, mcv2 or bcg") from error
        schedule.append(
            ScheduledDose(
                dose=dose,
                due_days=entry.days("due_days"),
                minimum_days=entry.days("minimum_days"),
                maximum_days=entry.days("maximum_days"),
                interval_days=entry.days("interval_days"),
                valid_from=entry.day("valid_from"),
                where=entry.text("where"),
                source=entry.text("source"),
                to_confirm=entry.truth("to_confirm"),
                valid_to=entry.day("valid_to") if entry.has("valid_to") else None,
                born_from=entry.day("born_from") if entry.has("born_from") else None,
                season=_months(entry) if entry.has("season") else (),
                counts_for=entry.texts("counts_for", one_of=COUNTS_FOR) if entry.has("counts_for") else (),
            )
        )
        if (schedule[-1].valid_from or date.min) > (schedule[-1].valid_to or date.max):
            raise entry.fault("valid_to", f"a day after {schedule[-1].valid_from}")
        entry.done()
    return tuple(schedule)


def _months(entry: Entry) -> tuple[int, ...]:
    expected = "a list of months from 1 to 12"
    months = entry.raw("season", expected)
    if not isinstance(months, list) or not all(type(one) is int and 1 <= one <= 12 for one in months):
        raise entry.fault("season", expected)
    return tuple(months)
