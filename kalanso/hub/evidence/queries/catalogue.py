"""Who holds which number, who says the same as whom, and what is missing?

Reads what `kalanso catalogue` measured, beside what the country's pack declares of each source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.definitions import DeclaredSource, Pack
from kalanso.hub.evidence.models import SourceCard
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.sources import called, described
from kalanso.hub.evidence.queries.uploads import language
from kalanso.hub.people.models import PlaceMirror
from kalanso.sources.catalogue.sentences import (
    agreement_message,
    gap_message,
    grouped,
    grouped_pairs,
)
from kalanso.sources.catalogue.tables import (
    CATALOGUE_GAPS,
    SOURCE_AGREEMENT,
    SOURCE_FACTS,
    SOURCE_HOLDINGS,
)
from kalanso.store import TableSpec
from kalanso.vocabulary import Message, format_value

LEVELS = ("country", "region", "district", "health_area", "facility")
_BESIDE = {"cercle": "district", "arrondissement": "health_area", "commune": "health_area"}
MOST_GAPS = 30
FEW = 0.5  # share of a level's places below which their number is named beside a source
# What stops at many places is read first; a source that never came says least.
_ORDER = ("unheld", "uncovered", "undeclared", "stopped", "silent", "absent", "undelivered")


@dataclass(frozen=True)
class Held:
    """One row of the matrix: an indicator, whether decisions need it, and the sources by level."""

    name: str
    needed: bool
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Catalogue:
    """What was measured: the matrix, sentences on agreement and on gaps; `measured` is false before the first time."""

    measured: bool
    needed: tuple[Held, ...] = ()
    others: tuple[Held, ...] = ()
    levels: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    more_gaps: int = 0


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number that a source holds at a level: what it means, its last period, and the share of its cells with a number."""

    name: str
    definition: str
    level: str
    last: str
    share: float


@dataclass(frozen=True)
class Measured:
    """What is measured and declared of one source."""

    facts: Mapping[str, Any]
    declared: DeclaredSource | None
    held: tuple[Number, ...]
    gaps: tuple[str, ...]
    levels: tuple[str, ...]

    @property
    def lag_days(self) -> int | None:
        """Whole days from the end of a period to its first numbers; None where that was not seen yet."""
        return None if self.facts["lag_days"] is None else round(self.facts["lag_days"])

    @property
    def redundant(self) -> str:
        """The sources that say the same facts, by their titles."""
        return ", ".join(called(str(self.facts["redundant_with"] or "").split(", ")))

    @property
    def words(self) -> dict[str, str]:
        """The declared words in the reader's language."""
        if self.declared is None:
            return {}
        texts = (
            "name", "what", "population", "denominator", "places_list", "identifiers", "licence", "biases", "source",
        )  # fmt: skip
        return {name: getattr(self.declared, name)[language()] for name in texts}


def catalogue() -> Catalogue:
    """Return the whole catalogue. Raises NotVisible."""
    held = _frame(SOURCE_HOLDINGS)
    if held.empty:
        return Catalogue(measured=False)
    names = Names()
    rows = [names.row(code, own) for code, own in held.groupby("indicator", sort=False)]
    rows += [
        Held(names.indicator(code), True, ((),) * len(LEVELS))
        for code in sorted(names.needs - set(held["indicator"]))
    ]
    rows.sort(key=lambda row: row.name.casefold())
    agreed = _frame(SOURCE_AGREEMENT)
    gaps = names.gaps(_frame(CATALOGUE_GAPS))
    return Catalogue(
        measured=True, needed=tuple(row for row in rows if row.needed),
        others=tuple(row for row in rows if not row.needed), levels=tuple(names.level(code) for code in LEVELS),
        same=names.agreements(agreed, ("redundant",)), apart=names.agreements(agreed, ("biased", "scattered")),
        gaps=gaps[:MOST_GAPS], more_gaps=max(0, len(gaps) - MOST_GAPS),
    )  # fmt: skip


def measured(code: str) -> Measured | None:
    """Return what is known of one source; None where nothing was measured of it. Raises NotVisible."""
    facts = [row for row in _frame(SOURCE_FACTS).to_dict("records") if row["source"] == code]
    if not facts:
        return None
    held = _frame(SOURCE_HOLDINGS)
    names = Names()
    own = held[held["source"] == code].sort_values(["indicator", "level"])
    found = _frame(CATALOGUE_GAPS)
    declared = names.pack.sources.source(str(facts[0]["declared"]))
    return Measured(
        facts={name: None if pd.isna(value) else value for name, value in facts[0].items()}, declared=declared,
        held=tuple(
            Number(
                name=names.indicator(row.indicator), definition=names.definition(row.indicator), level=names.level(row.level),
                last=row.last_period, share=row.completeness,
            )
            for row in own.itertuples()
        ),
        gaps=names.gaps(found[found["source"] == code])[:MOST_GAPS],
        levels=tuple(names.level(level) for level in (declared.levels if declared else ())),
    )  # fmt: skip


def flows() -> list[dict[str, str]]:
    """Return where each source arises, is typed in and arrives, as `source_flows` draws it; a source once. Raises NotVisible.

    What nobody declared is taken to arise and to be typed in at its finest level here.
    """
    facts = _frame(SOURCE_FACTS)
    if facts.empty:
        return []
    names = Names()
    found: dict[str, dict[str, str]] = {}
    for row in facts.to_dict("records"):
        declared = names.pack.sources.source(str(row["declared"]))
        held = str(row["finest_level"] or "")
        key = str(row["declared"] or row["source"])
        here = found.setdefault(key, {
            "source": declared.name[language()] if declared else names.source(str(row["source"])),
            "arises": declared.arises_at if declared else held or "country",
            "entered": declared.entered_at if declared else held or "country",
            "held": held, "state": str(row["state"]),
            "feeds": ", ".join(map(names.source, declared.feeds)) if declared else "",
            "by": _reached(declared) if declared else "",
        })  # fmt: skip
        if row["state"] == "late":
            here["state"] = "late"
    return list(found.values())


def _reached(declared: DeclaredSource) -> str:
    """Return how a source is reached, and how many days after the end of a period its numbers come."""
    told = [str(SourceCard.Access(declared.access).label).lower()]
    if declared.lag_days is not None:
        told.append(ngettext("%(n)s jour", "%(n)s jours", declared.lag_days) % {"n": declared.lag_days})
    return ", ".join(told)


def _of_few(held: Any) -> str:
    """Return how many places of a level a source tells, where they are less than half of them."""
    if held.places >= held.places_known * FEW:
        return ""
    return " " + _("(%(places)s lieux sur %(known)s)") % {
        "places": format_value(held.places, "count", language()),
        "known": format_value(held.places_known, "count", language()),
    }


def _frame(spec: TableSpec) -> pd.DataFrame:
    return pd.DataFrame(published.rows(spec, lambda table: table), columns=list(spec.column_names))


class Names:
    """What readers call indicators, levels, sources and places."""

    def __init__(self) -> None:
        self.pack: Pack = published.pack()
        self.titles = described()
        self.needs = {need.indicator for need in self.pack.sources.needs}

    @cached_property
    def places(self) -> dict[str, str]:
        """Names of all places by code."""
        return dict(PlaceMirror.objects.values_list("code", "name"))

    def indicator(self, code: str) -> str:
        return self.pack.name(code, language()) if code else ""

    def definition(self, code: str) -> str:
        known = self.pack.indicators.get(code)
        return known.definition[language()] if known else ""

    def level(self, code: str) -> str:
        return self.pack.name(f"level.{code}", language()) if code else ""

    def source(self, code: str) -> str:
        known = self.pack.sources.source(code)
        return self.titles.get(code) or (known.name[language()] if known else code)

    def row(self, code: Any, own: pd.DataFrame) -> Held:
        """Return one row of the matrix; communes stand where health areas stand."""
        cells: dict[str, set[str]] = {level: set() for level in LEVELS}
        for held in own.itertuples():
            level = _BESIDE.get(str(held.level), str(held.level))
            name = " · ".join(filter(None, [self.source(str(held.source)), str(held.series)]))
            cells[level].add(name + _of_few(held))
        return Held(
            self.indicator(code), code in self.needs, tuple(tuple(sorted(cells[level])) for level in LEVELS)
        )

    def gaps(self, rows: pd.DataFrame) -> tuple[str, ...]:
        """Return the sentences of gaps, what nobody holds first."""
        rows = grouped(rows)
        order = {kind: number for number, kind in enumerate(_ORDER)}
        told = sorted(rows.itertuples(), key=lambda row: order[str(row.kind)])
        return tuple(
            gap_message(
                row, source=self.source, indicator=self.indicator, level=self.level,
                place=lambda code: self.places.get(code, code),
            ).render(language())
            for row in told
        )  # fmt: skip

    def agreements(self, rows: pd.DataFrame, verdicts: Sequence[str]) -> tuple[str, ...]:
        """Return the sentences of pairs with one of some verdicts."""
        found: list[Message] = [
            agreement_message(row, source=self.source, indicator=self.indicator)
            for row in grouped_pairs(rows[rows["verdict"].isin(list(verdicts))]).itertuples()
        ]
        return tuple(message.render(language()) for message in found)
