"""Which sources of numbers does a country know of, and which numbers does it need at which level?

Rows of `sources.yaml`: what people declare of each source (owner, system, levels, lag, denominator, access,
agreement, funding, fallback), and the needs against which gaps are named. What a source really
holds is measured by `kalanso.sources.catalogue`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from kalanso.definitions.entries import LANGUAGES, Entry, rows_of
from kalanso.definitions.faults import PackFault
from kalanso.vocabulary import Level

ACCESS = ("api", "file", "paper", "none")
REFRESH = ("weekly", "monthly", "quarterly", "yearly", "sometimes")
AGREEMENTS = ("not_needed", "to_ask", "asked", "signed", "expired", "unknown")
REQUESTS = ("not_needed", "to_ask", "asked", "granted", "refused", "unknown")
_LEVELS = tuple(level.value for level in Level)


@dataclass(frozen=True, kw_only=True)
class DeclaredSource:
    """What people declare of one source.

    `match` finds the names under which its rows stand in a store, `series` the category of published
    coverage that is meant (empty: any). Numbers arise at `arises_at` and are first typed in at
    `entered_at`; `levels` are those that it can give, the finest last. `feeds` and `fallback` are codes
    of other sources. `lag_days` counts from the end of a period to its numbers. `source` says where
    this declaration comes from; `to_confirm` marks what its owner has not confirmed.
    """

    code: str
    match: str
    series: str
    name: Mapping[str, str]
    what: Mapping[str, str]
    owner: str
    contact: str
    system: str
    version: str
    levels: tuple[str, ...]
    arises_at: str
    entered_at: str
    feeds: tuple[str, ...]
    population: Mapping[str, str]
    period: str
    refresh: str
    lag_days: int | None
    indicators: tuple[str, ...]
    denominator: Mapping[str, str]
    places_list: Mapping[str, str]
    identifiers: Mapping[str, str]
    access: str
    licence: Mapping[str, str]
    biases: Mapping[str, str]
    funder: str
    funding_ends: date | None
    agreement: str
    request: str
    next_release: str
    fallback: str
    source: Mapping[str, str]
    to_confirm: bool

    def fits(self, name: str, series: str = "") -> bool:
        """Whether rows under this name, and of this category, are of the source."""
        known = re.search(self.match, name) is not None
        return known and (not self.series or re.fullmatch(self.series, series) is not None)


@dataclass(frozen=True, kw_only=True)
class Need:
    """A number that decisions need: `indicator` for every place of `level`, and why."""

    indicator: str
    level: str
    why: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """The declared sources of a country, in the order in which they are asked, and its needs."""

    sources: tuple[DeclaredSource, ...] = ()
    needs: tuple[Need, ...] = ()

    def of(self, name: str, series: str = "") -> DeclaredSource | None:
        """Return the first declared source whose pattern finds a name."""
        return next((one for one in self.sources if one.fits(name, series)), None)

    def source(self, code: str) -> DeclaredSource | None:
        """Return a declared source by its code."""
        return next((one for one in self.sources if one.code == code), None)


def read_declarations(value: Any, file: str) -> Declarations:
    """Return the content of `sources.yaml`: its two lists `sources` and `needs`."""
    whole = Entry(value, file=file, key="(whole file)")
    sources = tuple(map(_source, rows_of(whole.raw("sources", "a list of entries"), file=file)))
    needs = tuple(map(_need, rows_of(whole.raw("needs", "a list of entries"), file=file)))
    whole.done()
    known = [one.code for one in sources]
    if twice := [code for code in known if known.count(code) > 1]:
        raise PackFault(file=file, key=twice[0], expected="each code once", found=twice[0])
    return Declarations(sources=sources, needs=needs)


def check_links(declared: Declarations, file: str) -> None:
    """Refuse a source that feeds, or falls back on, a source that nobody declares."""
    known = {one.code for one in declared.sources}
    for one in declared.sources:
        for code in (*one.feeds, *filter(None, [one.fallback])):
            if code not in known:
                raise PackFault(file=file, key=one.code, expected="the code of a source", found=code)


def laid_over(generic: Declarations, own: Declarations) -> Declarations:
    """Return a country's declarations before the generic ones; entries of one code replace each other."""
    codes = {one.code for one in own.sources}
    asked = {(need.indicator, need.level) for need in own.needs}
    return Declarations(
        sources=(*own.sources, *(one for one in generic.sources if one.code not in codes)),
        needs=(*own.needs, *(n for n in generic.needs if (n.indicator, n.level) not in asked)),
    )


_NONE = {"fr": "", "en": ""}


def _source(entry: Entry) -> DeclaredSource:
    entry.key = str(entry.values.get("code", entry.key))
    take: dict[str, Callable[[Entry, str], Any]] = {
        **dict.fromkeys(("levels", "feeds", "indicators"), _texts),
        **dict.fromkeys(("what", "population", "denominator", "biases"), _both),
        "name": lambda e, n: e.both(n),
        "code": lambda e, n: e.text(n),
        "match": lambda e, n: e.text(n),
        **dict.fromkeys(("places_list", "identifiers", "licence", "source"), _named),
        "to_confirm": lambda e, n: e.truth(n) if e.has(n) else True,
        "lag_days": lambda e, n: e.days(n) if e.has(n) else None,
        "funding_ends": lambda e, n: e.day(n) if e.has(n) else None,
        "access": lambda e, n: e.text(n, one_of=ACCESS),
        "refresh": lambda e, n: e.text(n, one_of=REFRESH, default="sometimes"),
        "agreement": lambda e, n: e.text(n, one_of=AGREEMENTS, default="unknown"),
        "request": lambda e, n: e.text(n, one_of=REQUESTS, default="unknown"),
        "arises_at": lambda e, n: e.text(n, one_of=_LEVELS),
        "entered_at": lambda e, n: e.text(n, one_of=_LEVELS),
    }
    names = [item.name for item in fields(DeclaredSource)]
    found = DeclaredSource(**{name: take.get(name, _text)(entry, name) for name in names})
    for pattern in (found.match, found.series):
        try:
            re.compile(pattern)
        except re.error as error:
            raise entry.fault("match", "a regular expression") from error
    if unknown := set(found.levels) - set(_LEVELS):
        raise entry.fault("levels", f"levels among {', '.join(_LEVELS)}, not {sorted(unknown)[0]}")
    entry.done()
    return found


def _need(entry: Entry) -> Need:
    need = Need(
        indicator=entry.text("indicator"), level=entry.text("level", one_of=_LEVELS), why=entry.both("why")
    )
    entry.done()
    return need


def _text(entry: Entry, name: str) -> str:
    return entry.text(name, default="")


def _texts(entry: Entry, name: str) -> tuple[str, ...]:
    return entry.texts(name) if entry.has(name) else ()


def _named(entry: Entry, name: str) -> Mapping[str, str]:
    """Return a text in both languages, or what is called the same in both (a site, a licence, a list of codes)."""
    if isinstance(entry.values.get(name), str):
        return dict.fromkeys(LANGUAGES, entry.text(name))
    return entry.both(name, default=None if name == "source" else _NONE)


def _both(entry: Entry, name: str) -> Mapping[str, str]:
    return entry.both(name, default=_NONE)
