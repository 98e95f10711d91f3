"""How far is each indicator of the performance framework, of a place and a quarter, for one grant or the whole pack?

Composes what published tables, the portfolio and the ledger say. `rows` is what pages, files and reviews call: one row
for each indicator and basis, so that reported, estimated and recorded numbers are never one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.definitions.indicators import IndicatorDefinition
from kalanso.hub.explore.queries import framework as of_tables
from kalanso.hub.explore.queries import places, series
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.grants.models import AgreedIndicator, Grant
from kalanso.hub.grants.queries import framework as of_grants
from kalanso.hub.grants.queries.scope import visible_grants
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.places import country_pack
from kalanso.hub.portfolio.queries import framework as of_portfolio
from kalanso.indicators.measures import ESTIMATED, MONEY, About, Measure, absent, added
from kalanso.indicators.verdicts import UNKNOWN, Way, verdict
from kalanso.vocabulary import Period

# An estimate is no subtraction and no administrative share: it has a name of its own.
ESTIMATE_NAMES = {
    "dtp1_missed_children": _("Enfants sans Penta 1 (zéro dose)"),
    "dtp3_missed_children": _("Enfants sans Penta 3 (sous-vaccinés)"),
    "dtp1_coverage": _("Couverture en Penta 1"),
    "dtp3_coverage": _("Couverture en Penta 3"),
}
TREND = 8  # quarters of a trend, the chosen one included


@dataclass(frozen=True, kw_only=True)
class Row:
    """One indicator on one basis: its measure of the quarter, its trend, what was agreed, and how it stands on its way.

    `newest` is the newest value that is known where the quarter has none. `of_grant` is the grant whose money it is.
    """

    key: str
    frame: str
    chain: str
    name: str
    definition: str
    unit: str
    measure: Measure
    trend: tuple[Measure, ...]
    newest: Measure | None = None
    agreed: AgreedIndicator | None = None
    way: Way | None = None
    expected: float | None = None
    verdict: str = UNKNOWN
    of_grant: Grant | None = None

    @property
    def silent(self) -> bool:
        """Whether no quarter of the trend has a value, all for one reason."""
        return not any(one.known for one in self.trend) and len({one.reason for one in self.trend}) == 1

    @property
    def basis(self) -> str:
        """Whose number it is."""
        return self.measure.basis


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Of what rows are asked: the reader, the shelf from which they read of the place, the quarter, the grant if one is chosen."""

    person: Any
    here: Shelf
    place: Place
    quarter: str
    today: date
    grant: Grant | None = None

    @property
    def whole_country(self) -> bool:
        """Whether the place is the country: what is agreed holds for it alone."""
        root = places.tree(self.here).root()
        return root is not None and root.code == self.place.code

    @property
    def trend(self) -> list[str]:
        """The quarters of a trend, oldest first."""
        last = Period.parse(self.quarter)
        return [str(last + -step) for step in range(TREND)][::-1]


def rows(asked: Asked) -> list[Row]:
    """Return the rows of all indicators, or of those agreed for the chosen grant, along the chain of results."""
    agreed = list(of_grants.agreed(asked.person, asked.grant))
    quarters = _quarters(asked, agreed)
    known = of_grants.pack_indicators()
    wanted = (
        {one.key for one in agreed}
        if asked.grant is not None
        else {*known, *(one.key for one in agreed if one.own)}
    )
    own = {one.key: one for one in agreed if one.own and one.key in wanted}
    found: list[Row] = []
    recorded = _recorded(asked, quarters, own, wanted)
    stock = of_tables.stock(asked.here, asked.place, quarters) if wanted & set(of_tables.STOCKS) else {}
    told = series.of_indicators(asked.here, asked.place.code, wanted & known.keys())
    for key in [*(code for code in known if code in wanted), *own]:
        for measures in _of(asked, key, known.get(key), quarters, recorded | stock, told):
            found.append(
                _row(asked, key, known.get(key), measures, [one for one in agreed if one.key == key])
            )
    return sorted(
        found + _money(asked, known, agreed, quarters, wanted),
        key=lambda row: (of_grants.CHAIN.index(row.chain), row.frame or "~", row.key, (row.basis == ESTIMATED and -1) or 0),
    )  # fmt: skip


def _quarters(asked: Asked, agreed: Iterable[AgreedIndicator]) -> list[str]:
    """Return the quarters to be read: those of the trend, those that are added up, and the newest that is published."""
    found = set(asked.trend)
    for one in agreed:
        if one.cumulative and one.grant.begins <= Period.parse(asked.quarter).end:
            first = Period.quarter(one.grant.begins.year, (one.grant.begins.month + 2) // 3)
            found |= {str(step) for step in first.until(Period.parse(asked.quarter))}
    found |= {code for code in series.periods(asked.here)[:TREND] if code <= asked.quarter}
    return sorted(found)


def _recorded(
    asked: Asked, quarters: Sequence[str], own: Mapping[str, AgreedIndicator], wanted: set[str]
) -> dict[str, list[Measure]]:
    if not wanted & {*of_portfolio.WHOLES, *of_portfolio.RECORDS, *own}:
        return {}
    ground = of_portfolio.ground(asked.person, asked.place.code, quarters)
    return of_portfolio.measures(
        ground, asked.place.code, quarters, of_grants.counted(), today=asked.today, report_days=report_days(),
        own={key: one.unit for key, one in own.items()},
    )  # fmt: skip


def report_days() -> int:
    """Return within how many days after a quarter a report is on time."""
    return int(country_pack().thresholds["framework.report_days"].value)


def _of(
    asked: Asked, key: str, one: IndicatorDefinition | None, quarters: Sequence[str], counted: Mapping[str, list[Measure]],
    told: Mapping[str, Sequence[series.Point]],
) -> list[list[Measure]]:  # fmt: skip
    """Return the measures of an indicator by quarter, once for each basis on which it is told."""
    if key in counted:
        return [counted[key]]
    if one is None or key in (of_grants.DISBURSED, of_grants.USED):
        return []
    if one.kind == "later":
        about = About(code=key, place_code=asked.place.code, period="", basis="recorded", unit=one.unit)
        return [[absent(replace(about, period=quarter), "no_source") for quarter in quarters]]
    found = [of_tables.reported(asked.here, asked.place, one, quarters, told)]
    if key in of_tables.ESTIMATES:
        found.insert(0, of_tables.estimated(asked.here, asked.place, key, quarters))
    return found


def _row(
    asked: Asked, key: str, one: IndicatorDefinition | None, measures: Sequence[Measure], agreed: Sequence[AgreedIndicator],
    of_grant: Grant | None = None,
) -> Row:  # fmt: skip
    chosen = agreed[0] if len(agreed) == 1 else None
    by_quarter = {measure.period: measure for measure in measures}
    trend = tuple(by_quarter[quarter] for quarter in asked.trend)
    measure = (
        _cumulated(chosen, trend[-1], by_quarter) if chosen is not None and chosen.cumulative else trend[-1]
    )
    earlier = [found for found in measures if found.known and found.period < asked.quarter]
    way = of_grants.way_of(chosen) if chosen is not None and asked.whole_country else None
    day = min(Period.parse(asked.quarter).end, asked.today)
    language = of_grants.scope.language()
    return Row(
        key=key, frame=one.frame if one else "", chain=chosen.chain if chosen else one.chain if one else "activity",
        name=str(ESTIMATE_NAMES[key]) if measure.basis == ESTIMATED else of_grants.name_of(key, chosen), definition=one.definition[language] if one else "", unit=measure.unit,
        measure=measure, trend=trend, newest=earlier[-1] if earlier and not measure.known else None, agreed=chosen, way=way,
        expected=way.expected(day) if way else None, verdict=verdict(measure, way, day) if way else UNKNOWN, of_grant=of_grant,
    )  # fmt: skip


def _cumulated(one: AgreedIndicator, now: Measure, by_quarter: Mapping[str, Measure]) -> Measure:
    """Return the quarters since the beginning of the grant as one; values between bounds are not added."""
    about = About(code=now.code, place_code=now.place_code, period=now.period, basis=now.basis, unit=now.unit, source=now.source, snapshot=now.snapshot)  # fmt: skip
    if now.basis in (ESTIMATED, MONEY) or now.unit == "days":
        return now if now.basis == MONEY else absent(about, "not_added")
    begins = one.grant.begins
    since = f"{begins.year}Q{(begins.month + 2) // 3}"
    return added(
        about, [found for quarter, found in sorted(by_quarter.items()) if since <= quarter <= now.period]
    )


def _money(
    asked: Asked, known: Mapping[str, IndicatorDefinition], agreed: Sequence[AgreedIndicator], quarters: Sequence[str], wanted: set[str]
) -> list[Row]:  # fmt: skip
    """Return the rows of money, one for each grant; one with the reason where none can be told."""
    codes = [
        code
        for code in (of_grants.DISBURSED, of_grants.USED)
        if code in known and (code in wanted or asked.grant is not None)
    ]
    told = of_grants.money(asked.person, quarters, today=asked.today) if asked.whole_country else {}
    grants = {one.pk: one for one in visible_grants(asked.person)} if told else {}
    found = []
    for code in codes:
        here = [
            (pk, steps)
            for (key, pk), steps in told.items()
            if key == code and (asked.grant is None or asked.grant.pk == pk)
        ]
        if not here:
            reason = (
                "by_grant"
                if not asked.whole_country
                else "no_value"
                if may(asked.person, "grants.read")
                else "not_for_you"
            )
            found.append(_row(asked, code, known[code], of_grants.without_money(code, quarters, reason), []))
        for pk, steps in here:
            own = [one for one in agreed if one.key == code and one.grant_id == pk]
            found.append(_row(asked, code, known[code], steps, own, grants.get(pk)))
    return found
