"""What do published tables say of the indicators of a performance framework: reported doses, estimates, stock?

Reported and estimated numbers are told apart, each with its snapshot. Everything is read as far as the reader may see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kalanso.definitions.indicators import IndicatorDefinition
from kalanso.hub.explore.queries import estimates, places, runs, said, series
from kalanso.hub.explore.queries.estimates import Estimate, Number
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.queries.series import Point
from kalanso.hub.explore.queries.shelf import Shelf, shared
from kalanso.hub.people.queries.places import country_pack
from kalanso.indicators import stocks
from kalanso.indicators.measures import ESTIMATED, REPORTED, About, Measure, absent
from kalanso.indicators.stocks import Stock
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.vocabulary import Level, Period

# Which part of which estimate says the same as an indicator of reported doses.
ESTIMATES = {
    "dtp1_missed_children": ("dtp1", "missed"), "dtp3_missed_children": ("dtp3", "missed"),
    "dtp1_coverage": ("dtp1", "coverage"), "dtp3_coverage": ("dtp3", "coverage"),
}  # fmt: skip
STOCKOUT, WASTAGE = "tracer_stockout_months", "vaccine_wastage"
STOCKS = (STOCKOUT, WASTAGE)
STOCK_NUMBERS = ("stockout_days", "doses_wasted", "doses_issued")
TRACER = "dtp"  # the antigen whose products are followed for stock-outs
OF_MANY_DISTRICTS = ("share_of_places", "top_share")


def reported(
    here: Shelf, place: Place, one: IndicatorDefinition, quarters: Iterable[str], told: Mapping[str, Sequence[Point]]
) -> list[Measure]:  # fmt: skip
    """Return what reported doses say of an indicator, by quarter; `told` are the values of the place by indicator."""
    manifest = here.manifest(INDICATOR_VALUES) if here.sees(INDICATOR_VALUES) else None
    about = _about(one, place, REPORTED, manifest.id if manifest else "")
    if one.kind in OF_MANY_DISTRICTS and place.level not in ("country", "region"):
        return [absent(_of(about, quarter), "not_at_this_level") for quarter in quarters]
    if manifest is None:
        return [absent(_of(about, quarter), "no_table") for quarter in quarters]
    points = {point.period: point for point in told.get(one.code, ())}
    return [measure_of(_of(about, quarter), one.kind, points.get(quarter)) for quarter in quarters]


def measure_of(about: About, kind: str, point: Point | None) -> Measure:
    """Return one published value as a measure: missed children as they were subtracted, below zero too."""
    if point is None:
        return absent(about, "no_value")
    about = _of(about, about.period, point.source)
    flags = ("provisional",) if point.provisional else ()
    if point.value is None or point.value != point.value:
        reason = "no_denominator" if point.denominator is None and point.numerator is not None else "no_value"
        reason = "no_numerator" if point.numerator is None and point.denominator is not None else reason
        reason = "nothing_expected" if point.denominator is not None and point.denominator <= 0 else reason
        return absent(about, reason, numerator=point.numerator, denominator=point.denominator, flags=flags)
    found = [*flags]
    found += ["negative"] if point.value < 0 else []
    found += ["above_whole"] if about.unit == "share" and kind == "coverage" and point.value > 1 else []
    return about.of(
        value=point.value,
        numerator=point.numerator,
        denominator=point.denominator,
        flags=tuple(found),
        counted=1,
    )


def estimated(here: Shelf, place: Place, code: str, quarters: Iterable[str]) -> list[Measure]:
    """Return what the released estimate says of an indicator, by quarter, with its interval."""
    dose, part = ESTIMATES[code]
    about = _about(country_pack().indicators[code], place, ESTIMATED, "")
    run = runs.run(here)
    if run is None:
        return [absent(_of(about, quarter), "no_estimate") for quarter in quarters]
    if not said.tellable(here):
        return [absent(_of(about, quarter), "unsettled") for quarter in quarters]
    found = {one.period: one for one in estimates.quarters(here, place.code, dose)}
    manifest = here.manifest(spec) if (spec := runs.spec_of(here, runs.ESTIMATES)) else None
    return [
        _estimate(_of(about, quarter, run.name, manifest.id if manifest else ""), part, found.get(quarter)) for quarter in quarters
    ]  # fmt: skip


def _estimate(about: About, part: str, one: Estimate | None) -> Measure:
    if one is None:
        return absent(about, "no_value")
    number: Number = one.coverage if part == "coverage" else one.missed
    flags = ("provisional",) if one.provisional else ()
    return about.of(
        value=number.mean,
        low=number.low,
        high=number.high,
        denominator=one.infants.mean,
        flags=flags,
        counted=1,
    )


def stock(here: Shelf, place: Place, quarters: Iterable[str]) -> dict[str, list[Measure]]:
    """Return stock-outs and wastage by quarter, from stock as facilities reported it; the reason where no table has it."""
    wanted = list(quarters)
    manifest = here.manifest(OBSERVATIONS) if here.sees(OBSERVATIONS) else None
    abouts = {
        code: _about(country_pack().indicators[code], place, REPORTED, manifest.id if manifest else "")
        for code in STOCKS
    }
    if manifest is None:
        return {
            code: [absent(_of(about, quarter), "no_table") for quarter in wanted]
            for code, about in abouts.items()
        }
    rows, source = _stock_rows(here, place.code)
    tracers = [one.code for one in country_pack().products if TRACER in one.antigens]
    found: dict[str, list[Measure]] = {code: [] for code in STOCKS}
    for quarter in wanted:
        months = _months(quarter)
        there, coarse = _fine(here, [row for row in rows if row.month in months])
        about = _of(abouts[STOCKOUT], quarter, source)
        found[STOCKOUT].append(stocks.stockout_months(about, there, tracers, left_out=coarse))
        found[WASTAGE].append(stocks.wastage(_of(abouts[WASTAGE], quarter, source), there, left_out=coarse))
    return found


def _months(quarter: str) -> set[str]:
    start = Period.parse(quarter).start
    return {f"{start.year}{start.month + step:02d}" for step in range(3)}


def _fine(here: Shelf, rows: list[Stock]) -> tuple[list[Stock], int]:
    """Return rows of facilities, and how many were put together to districts because their places are protected."""
    known = places.tree(here).places
    upper = {Level.COUNTRY.value, Level.REGION.value, Level.DISTRICT.value}
    fine = [row for row in rows if row.place_code in known and known[row.place_code].level not in upper]
    return fine, len(rows) - len(fine)


@shared(OBSERVATIONS)
def _stock_rows(here: Shelf, code: str) -> tuple[list[Stock], str]:
    """Return the rows of stock below a place, of the source that has most."""
    table = here.table(OBSERVATIONS)
    rows: list[dict[str, Any]] = here.rows(
        table.filter(table.indicator.isin(list(STOCK_NUMBERS)) & (table.period_type == "month") & table.place_code.isin(sorted(places.below(here, code))))
        .select("source", "place_code", "period", "product", "indicator", "value")
        .order_by("source", "place_code", "period", "product", "indicator")
    )  # fmt: skip
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["source"]] = counts.get(row["source"], 0) + 1
    if not counts:
        return [], ""
    source = max(sorted(counts), key=lambda name: counts[name])
    return [
        Stock(row["place_code"], row["period"], row["product"], row["indicator"], row["value"]) for row in rows if row["source"] == source
    ], source  # fmt: skip


def of_districts(
    here: Shelf, codes: Iterable[str], one: IndicatorDefinition, quarter: str
) -> dict[str, Measure]:
    """Return what reported doses say of an indicator in several districts, in one quarter."""
    wanted = tuple(codes)
    if not here.sees(INDICATOR_VALUES) or one.kind in OF_MANY_DISTRICTS:
        return {}
    points = series.at(here, wanted, one.code, quarter)
    manifest = here.manifest(INDICATOR_VALUES)
    about = About(
        code=one.code,
        place_code="",
        period=quarter,
        basis=REPORTED,
        unit=one.unit,
        snapshot=manifest.id if manifest else "",
    )
    return {
        code: measure_of(replace(about, place_code=code), one.kind, points.get(code))
        for code in wanted
    }  # fmt: skip


def _about(one: IndicatorDefinition, place: Place, basis: str, snapshot: str) -> About:
    return About(
        code=one.code, place_code=place.code, period="", basis=basis, unit=one.unit, snapshot=snapshot
    )


def _of(about: About, quarter: str, source: str = "", snapshot: str = "") -> About:
    return replace(about, period=quarter, source=source or about.source, snapshot=snapshot or about.snapshot)
