"""What is a figure, and what is it about?

A figure carries everything that a page, a print or a listener needs: a title that says the
finding, what was measured, where the numbers come from, alternative text, and the table behind it.
Drawing it belongs to `drawing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

import pandas as pd

from kalanso.figures.theme import DEFAULT_WIDTH, NARROWEST, WIDEST
from kalanso.vocabulary import Message
from kalanso.vocabulary.messages import LOCALES

UNITS = ("share", "rate", "ratio", "count")
NUMERIC = ("value", "low", "high", "target", "doses", "first_doses", "third_doses")
NUMBERS = ("counted", "reported", "surveyed", "estimated", "simulated")


class FigureRefused(ValueError):
    """A table or an argument from which no honest figure can be drawn."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One system behind the numbers, and the day on which its snapshot was taken."""

    system: str
    snapshot: date | str | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a figure shows: the measure in the reader's words, unit, age, place, population, sources.

    `unit` is `share` (a coverage: 1 is the whole target, above 1 is possible), `rate` (another ratio,
    such as dropout, which may be negative and has no target of 100 %), `ratio` (a number that is not
    read in percent, such as a correlation) or `count`. `age` is an age band
    such as `0-11m`. `number` says how the numbers came about (NUMBERS). `level` names the places of
    a map or ranking (`district`, `health_area` ...). `caveats` are sentences that must stand below. `rolled` says
    that the numbers are of a year, the four quarters that end with the period of the figure.
    """

    measure: str
    unit: str = "share"
    age: str = ""
    place: str = ""
    population: str = ""
    level: str = ""
    number: str = "reported"
    sources: tuple[Source, ...] = ()
    version: str = ""
    demo: bool = False
    caveats: tuple[Message, ...] = ()
    rolled: bool = False

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise FigureRefused(f"subject.unit: expected one of {', '.join(UNITS)}, got {self.unit!r}")
        if self.number not in NUMBERS:
            raise FigureRefused(f"subject.number: expected one of {', '.join(NUMBERS)}, got {self.number!r}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Subject:
        """Return a subject from plain values, as a job in JSON carries them."""
        known = {item.name for item in fields(cls)}
        if unknown := set(values) - known:
            raise FigureRefused(f"subject: unknown fields {sorted(unknown)}; known are {sorted(known)}")
        given = dict(values)
        given["sources"] = tuple(_source(item) for item in given.get("sources", ()))
        given["caveats"] = tuple(_message(item) for item in given.get("caveats", ()))
        return cls(**given)


def _source(item: Source | Mapping[str, Any]) -> Source:
    return item if isinstance(item, Source) else Source(**item)


def _message(item: Message | Mapping[str, Any]) -> Message:
    return item if isinstance(item, Message) else Message(item["id"], item.get("params") or {})


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawn answer with its words.

    `table` is the twin for readers: localised headings, formatted values. `data` holds the same
    rows raw (shares 0..1). `compose(width)` returns the Vega-Lite specification for a width in
    pixels, since a figure of 320 px is another layout than one of 960; `spec` is the one for
    640 px.
    """

    kind: str
    title: str
    subtitle: str
    caption: str
    source_line: str
    alt: str
    table: pd.DataFrame
    data: pd.DataFrame
    locale: str
    demo: bool
    compose: Callable[[int], dict[str, Any]] = field(repr=False, compare=False)

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification at the default width."""
        return self.spec_at(DEFAULT_WIDTH)

    def spec_at(self, width: int) -> dict[str, Any]:
        """Return the Vega-Lite specification, laid out for a width of 280 to 960 px."""
        if not NARROWEST - 40 <= width <= WIDEST:
            raise FigureRefused(f"width: expected {NARROWEST} to {WIDEST} px, got {width}")
        spec = self.compose(width)
        spec["description"] = self.alt
        return spec


def check_locale(locale: str) -> None:
    """Raise FigureRefused unless figures speak this language."""
    if locale not in LOCALES:
        raise FigureRefused(f"locale: expected one of {', '.join(LOCALES)}, got {locale!r}")


def require(kind: str, table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise FigureRefused where a table lacks needed columns, or holds what is not a finite number.

    A table without rows passes: it becomes a figure that says so.
    """
    if table.empty:
        return
    if missing := [name for name in columns if name not in table.columns]:
        raise FigureRefused(
            f"{kind}: missing columns {missing}; the table has {[str(name) for name in table.columns]}"
        )
    for name in NUMERIC:
        if name in table:
            _finite(kind, table, name)


def _finite(kind: str, table: pd.DataFrame, name: str) -> None:
    numbers = pd.to_numeric(table[name], errors="coerce")
    bad = (numbers.isna() & table[name].notna()) | numbers.isin([float("inf"), float("-inf")])
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise FigureRefused(
            f"{kind}: {name} in row {row}: expected a finite number, got {table[name].iloc[row]!r}"
        )


def each(frame: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as named tuples (with `Index`), in order."""
    return list(frame.itertuples())


def row_at(frame: pd.DataFrame, index: Any) -> Any:
    """Return one row of a table by its index."""
    return frame.loc[index]
