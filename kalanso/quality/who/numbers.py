"""Which numbers does WHO's review judge: sums by month, cells filled in, reports, populations, surveys?

Adds what places reported up to the units that are judged (districts) and to the country, once, in
the engine; the metrics are then computed from small tables. Children under one, routine doses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis import _

from kalanso.quality.denominators import populations
from kalanso.quality.evidence import Evidence

AGES = ("0-11m", "all", "unknown")  # the first that a source has for a number stands for it
COUNTRY = "country"


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What the metrics are computed from, for units and for the country.

    `monthly`: source, place_code, indicator, year, month, value. `filled`: source, place_code,
    indicator, year, given, due (cells of reports). `reports`: source, form, place_code, year,
    expected, received, on_time, timed, months (reports; `timed` are those whose day is known).
    `populations`: source, place_code, indicator, year, value. `coverage`: source, place_code,
    indicator, denominator_name, year, numerator, denominator. `surveys`: survey, place_code,
    indicator, year, value, collected. `years` are those of which every month was reported by
    somebody; `levels` says of each place whether it is a unit or the country.
    """

    monthly: pd.DataFrame
    filled: pd.DataFrame
    reports: pd.DataFrame
    populations: pd.DataFrame
    coverage: pd.DataFrame
    surveys: pd.DataFrame
    levels: Mapping[str, str]
    years: tuple[int, ...]

    @property
    def units(self) -> list[str]:
        """The places that are judged, in alphabetical order."""
        return sorted(code for code, level in self.levels.items() if level != COUNTRY)


def gather(evidence: Evidence) -> Numbers:
    """Return the numbers of the units at `who.level`, and of the country."""
    judged = evidence.places.filter(evidence.places.level.isin([evidence.threshold("who.level"), COUNTRY]))
    places = judged.select("place_code", "level").to_pandas()
    levels = {str(row.place_code): str(row.level) for row in places.itertuples()}
    chosen = _chosen_series(evidence)
    monthly = _monthly(evidence, chosen, list(levels))
    return Numbers(
        monthly=monthly,
        filled=_filled(evidence, chosen, list(levels)),
        reports=_reports(evidence, list(levels)),
        populations=_populations(evidence, levels),
        coverage=_coverage(evidence, list(levels)),
        surveys=_surveys(evidence, list(levels)),
        levels=levels,
        years=_whole_years(monthly),
    )


def _chosen_series(evidence: Evidence) -> ir.Table:
    """Return the monthly series of the elements of the review, of one age band per source and number."""
    s = evidence.series
    wanted = s.filter(
        s.indicator.isin(_codes(evidence)),
        s.period_type == "month",
        s["product"] == "",
        s.age_band.isin(AGES),
    )
    rank = wanted.age_band.cases(*((age, n) for n, age in enumerate(AGES)), else_=len(AGES))
    ranked = wanted.mutate(rank=rank)
    first = ranked.group_by("source", "indicator").agg(first=ranked["rank"].min())
    return ranked.join(first, ["source", "indicator"]).filter(_["rank"] == _.first).drop("rank", "first")


def _codes(evidence: Evidence) -> list[str]:
    named: Sequence[str] = evidence.threshold("who.elements")
    related: Sequence[Mapping[str, Any]] = evidence.threshold("who.relations")
    return sorted({*named, *(code for pair in related for code in (pair["first"], pair["second"]))})


def _monthly(evidence: Evidence, chosen: ir.Table, places: list[str]) -> pd.DataFrame:
    n = evidence.numbers.filter(evidence.numbers.value.notnull())
    own = n.select("series", "step", "season", "year", "value").join(
        chosen.select("series", "source", "place_code", "indicator"), "series"
    )
    spread = evidence.upwards(own.select("source", "place_code", "indicator", "year", "season", "value"))
    spread = spread.filter(spread.ancestor_code.isin(places))
    sums = spread.group_by(
        "source", "indicator", place_code=spread.ancestor_code, year=spread.year.cast("int64"),
        month=spread.season.cast("int64"),
    ).agg(value=spread.value.sum())  # fmt: skip
    return _sorted(sums, ["source", "indicator", "place_code", "year", "month"])


def _filled(evidence: Evidence, chosen: ir.Table, places: list[str]) -> pd.DataFrame:
    """Return the cells filled in and due: one by reporting place, number and month with a report due."""
    due = _due(evidence)
    n = evidence.numbers.join(chosen.select("series", "source", "place_code", "indicator"), "series")
    given = n.group_by("source", "place_code", "indicator", year=n.year.cast("int64")).agg(
        given=n.value.count()
    )
    ever = chosen.select("source", "place_code", "indicator").distinct()
    cells = ever.join(due, ["source", "place_code"])
    keys = ["source", "place_code", "indicator", "year"]
    both = cells.left_join(given, keys).select(*keys, "due", given=_.given.fill_null(0))
    spread = evidence.upwards(both)
    spread = spread.filter(spread.ancestor_code.isin(places))
    sums = spread.group_by("source", "indicator", "year", place_code=spread.ancestor_code).agg(
        given=spread.given.sum(), due=spread.due.sum()
    )
    return _sorted(sums, ["source", "indicator", "place_code", "year"])


def _due(evidence: Evidence) -> ir.Table:
    """Return the months by reporting place and year in which a report was due.

    Those for which the source expects one; where it never says so, every month from the first with a
    row of the place to the last of the source.
    """
    o = evidence.observations.filter(evidence.observations.period_type == "month")
    o = o.filter(o.indicator.notin(evidence.population_codes))
    stated = o.filter(o.reports_expected > 0)
    counted = stated.group_by("source", "place_code", year=stated.period_start.year().cast("int64")).agg(
        due=stated.period.nunique()
    )
    months = o.select("source", "period", "period_start").distinct()
    first = o.group_by("source", "place_code").agg(opened=o.period_start.min())
    silent = first.anti_join(counted, ["source", "place_code"]).join(months, "source")
    since = silent.filter(silent.period_start >= silent.opened)
    assumed = since.group_by("source", "place_code", year=since.period_start.year().cast("int64")).agg(
        due=since.period.nunique()
    )
    return counted.union(assumed)


def _reports(evidence: Evidence, places: list[str]) -> pd.DataFrame:
    columns = ["source", "form", "place_code", "year", "expected", "received", "on_time", "timed", "months"]
    reports = evidence.reports
    if reports is None:
        return pd.DataFrame(columns=columns)
    r = reports.filter(
        reports.place_code.isin(places), reports.period_type == "month", reports.expected_reports > 0
    )
    sums = r.group_by("source", "form", "place_code", year=r.year.cast("int64")).agg(
        expected=r.expected_reports.sum(), received=r.received_reports.sum(), on_time=r.on_time_reports.sum(),
        timed=r.timed_reports.sum(), months=r.count(),
    )  # fmt: skip
    return _sorted(sums, ["source", "form", "place_code", "year"])


def _populations(evidence: Evidence, levels: Mapping[str, str]) -> pd.DataFrame:
    """Return populations as stated; where a unit or the country states none, the sum of those below."""
    people = populations(evidence)
    stated = people.filter(people.place_code.isin(list(levels)))
    spread = evidence.upwards(people.filter(people.indicator != "population_growth_rate"))
    below = spread.filter(spread.ancestor_code != spread.place_code, spread.ancestor_code.isin(list(levels)))
    depth = evidence.places.select("place_code", "level")
    rows = below.join(depth, "place_code")
    keys = ["source", "indicator", "year", "ancestor_code", "level"]
    sums = rows.group_by(keys).agg(value=rows.value.sum(), parts=rows.count()).to_pandas()
    # Of several levels below, the one with the fewest parts is the next one down.
    sums = sums.sort_values([*keys[:4], "parts", "level"]).drop_duplicates(keys[:4])
    own = stated.to_pandas()
    both = pd.concat([own, sums.rename(columns={"ancestor_code": "place_code"})[list(own.columns)]])
    keys = ["source", "indicator", "place_code", "year"]
    return both.drop_duplicates(keys).sort_values(keys).reset_index(drop=True)


def _coverage(evidence: Evidence, places: list[str]) -> pd.DataFrame:
    """Return routine coverage by year: numerators and denominators of its four quarters."""
    columns = ["source", "place_code", "indicator", "denominator_name", "year", "numerator", "denominator"]
    if evidence.coverage is None:
        return pd.DataFrame(columns=columns)
    c = evidence.coverage
    told = c.filter(
        c.place_code.isin(places), c.indicator.endswith("_coverage"), c.numerator.notnull(), c.denominator > 0,
        ~c.adjusted, ~c.cumulative, c.tree == "health", c.period_type == "quarter",
    )  # fmt: skip
    told = told.mutate(denominator_name=told.denominator_name.fill_null(""))
    sums = told.group_by(
        "source", "place_code", "indicator", "denominator_name", year=told.period_start.year().cast("int64")
    ).agg(numerator=told.numerator.sum(), denominator=told.denominator.sum(), quarters=told.count())
    return _sorted(sums.filter(_.quarters == 4).select(columns), columns[:5])


def _surveys(evidence: Evidence, places: list[str]) -> pd.DataFrame:
    columns = ["survey", "place_code", "indicator", "year", "value", "collected"]
    if evidence.published is None:
        return pd.DataFrame(columns=columns)
    p = evidence.published
    told = p.filter(
        p.category == "SURVEY", p.coverage > 0, p.place_code.isin(places), p.period_type == "year",
        p.validity != "valid",
    )  # fmt: skip
    rows = told.select(
        "place_code", "indicator", survey=ibis.ifelse(told.survey != "", told.survey, told.source),
        year=told.period_start.year().cast("int64"), value=told.coverage, evidence=told.evidence,
        collected=told.collected_year.cast("int64"), vintage=told.vintage,
    ).to_pandas()  # fmt: skip
    # Card or recall together is what coverage means; the newest edition replaces the others.
    rows["whole"] = rows["evidence"].isin(["card or history", "card_or_history", ""])
    rows = rows.sort_values(["whole", "vintage"]).drop_duplicates(
        ["survey", "place_code", "indicator", "year"], keep="last"
    )
    return rows[columns].sort_values(columns[:4]).reset_index(drop=True)


def _whole_years(monthly: pd.DataFrame) -> tuple[int, ...]:
    if monthly.empty:
        return ()
    months = monthly.groupby("year")["month"].nunique()
    return tuple(sorted(int(year) for year in months[months == 12].index))


def _sorted(table: ir.Table, keys: list[str]) -> pd.DataFrame:
    rows = table.to_pyarrow() if isinstance(table, ir.Table) else table
    assert isinstance(rows, pa.Table)
    return rows.to_pandas().sort_values(keys).reset_index(drop=True)
