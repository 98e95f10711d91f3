"""What is each source, what did it bring last, and is something overdue?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from kalanso.hub.evidence.models import SourceCard
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.uploads import visible_uploads
from kalanso.hub.people.permissions import COUNTRY
from kalanso.hub.people.queries.access import access_of
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.sources.tables import IMPORTS
from kalanso.vocabulary import Period

RECENT = 50  # sheets among which the source last used is looked for
_TITLES: ContextVar[list[dict[str, str]] | None] = ContextVar("titles", default=None)
_STEPS = {"monthly": 1, "quarterly": 3, "yearly": 12}


@dataclass(frozen=True)
class Source:
    """A source as the catalogue shows it; `expected` is when its next numbers are due, None without a rhythm."""

    code: str
    card: SourceCard | None
    newest: str
    newest_ends: date | None
    numbers: int
    imported: datetime | None
    reader: str
    expected: date | None
    late_days: int
    file: str = ""  # name of the file that came last, and its checksum
    sha256: str = ""
    surveys: tuple[str, ...] = ()  # titles of the surveys whose results it brought

    @property
    def title(self) -> str:
        """What people call it."""
        return self.card.title if self.card and self.card.title else self.code


def catalogue(*, today: date) -> list[Source]:
    """Return all sources that have numbers, published coverage or survey results, or a card; those that are late first. Raises NotVisible."""
    held = {row["source"]: row for row in published.rows(OBSERVATIONS, _newest)}
    series = _series()
    held = {row["source"]: row for row in series} | held
    surveys = {row["source"]: tuple(sorted(filter(None, row["surveys"] or ()))) for row in series}
    imports: dict[str, dict[str, Any]] = {}
    if published.sees(IMPORTS):
        for row in published.rows(IMPORTS, lambda t: t.order_by("imported_at")):
            imports[row["source"]] = row
    cards = {card.code: card for card in SourceCard.objects.select_related("changed_by")}
    found = [
        replace(
            _source(code, cards.get(code), held.get(code, {}), imports.get(code, {}), today),
            surveys=surveys.get(code, ()),
        )
        for code in sorted({*held, *imports, *cards})
    ]
    return sorted(found, key=lambda s: (-s.late_days, s.title.casefold()))


def _newest(table: ir.Table) -> ir.Table:
    told = table.filter(table.status.isin(["reported", "zero"]))
    return told.group_by("source").aggregate(n=told.count(), period=told.period.argmax(told.period_start))


def _series() -> list[dict[str, Any]]:
    """Return what published coverage each source brought, with the surveys among it."""
    if not published.sees(COVERAGE_SERIES):
        return []

    def question(table: ir.Table) -> ir.Table:
        told = table.filter(table.coverage.notnull())
        named = told.mutate(title=ibis.coalesce(told.survey_title, told.survey))
        return named.group_by("source").aggregate(
            n=named.count(), period=named.period.argmax(named.period_start),
            surveys=named.title.nullif("").collect(distinct=True),
        )  # fmt: skip

    return published.rows(COVERAGE_SERIES, question)


def _source(
    code: str, card: SourceCard | None, held: Mapping[str, Any], imported: Mapping[str, Any], today: date
) -> Source:
    period = Period.parse(held["period"]) if held.get("period") else None
    ends = period.end if period else None
    expected = due(card, ends)
    return Source(
        code=code, card=card, newest=period.code if period else "", newest_ends=ends,
        numbers=int(held.get("n", 0)), imported=imported.get("imported_at"), reader=str(imported.get("reader", "")),
        file=str(imported.get("file_name", "")), sha256=str(imported.get("sha256", "")),
        expected=expected, late_days=(today - expected).days if expected and today > expected else 0,
    )  # fmt: skip


def due(card: SourceCard | None, newest_ends: date | None) -> date | None:
    """Return the day by which the next numbers should be there: end of the next period, and patience."""
    months = _STEPS.get(card.cadence) if card else None
    if card is None or months is None or newest_ends is None:
        return None
    following = newest_ends + timedelta(days=1)
    step = following.year * 12 + following.month - 1 + months
    end_of_next = date(step // 12, step % 12 + 1, 1) - timedelta(days=1)
    return end_of_next + timedelta(days=card.patience_days)


def offered(person: Any) -> list[tuple[str, str]]:
    """Return the sources under which somebody may bring a sheet, as code and title.

    The one last used for their places or by their organisations comes first. Sources that tell populations
    alone (projections, a census) are for those who answer for the country.
    """
    if not published.sees(OBSERVATIONS):
        return []
    counted = published.told_by_source()
    known = published.pack().indicators
    if not any(m.role in COUNTRY and not m.place_code for m in access_of(person).memberships):
        counted = {
            code: told for code, told in counted.items()
            if any(one not in known or known[one].kind != "population" for one in told)
        }  # fmt: skip
    named = described()
    last = next((code for code in _used(person) if code in counted), "")
    found = [(code, f"{named[code]} · {code}" if code in named else spelled(code)) for code in counted]
    return sorted(found, key=lambda one: (one[0] != last, one[1].casefold()))


def _used(person: Any) -> list[str]:
    return list(visible_uploads(person).values_list("source", flat=True)[:RECENT])


def last_used(person: Any) -> str:
    """Return the source under which somebody brought a sheet last, if it is still offered to them."""
    last = list(visible_uploads(person).filter(by=person).values_list("source", flat=True)[:1])
    return last[0] if last and last[0] in dict(offered(person)) else ""


def described() -> dict[str, str]:
    """Return what people call the sources that somebody described."""
    kept = _TITLES.get()
    if kept:
        return kept[0]
    found = dict(SourceCard.objects.exclude(title="").values_list("code", "title"))
    if kept is not None:
        kept.append(found)
    return found


def distinct_titles() -> dict[str, str]:
    """Return the titles that name one source alone: of two sources of the same title, only codes can tell them apart."""
    named = described()
    times = Counter(named.values())
    return {code: title for code, title in named.items() if times[title] == 1}


@contextmanager
def titles_asked_once() -> Iterator[None]:
    """Ask for the titles of sources once while an answer is made, however many sentences name them."""
    token = _TITLES.set([])
    try:
        yield
    finally:
        _TITLES.reset(token)


def called(codes: Iterable[str]) -> list[str]:
    """Return the titles of sources in their order, each by its code where no title names it alone."""
    named = distinct_titles()
    return [named.get(code, code) for code in codes]


def spelled(code: str) -> str:
    """Return the short name of a source as words, for one that nobody described: rapport-district-niono."""
    words = code.replace("-", " ").replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}" if words else code


def titles(codes: Set[str]) -> dict[str, str]:
    """Return what people call some sources."""
    known = described()
    return {code: known.get(code) or spelled(code) for code in codes}


def title_of(code: str) -> str:
    """Return what people call a source; the words of its short name where nobody described it."""
    return described().get(code) or spelled(code)
