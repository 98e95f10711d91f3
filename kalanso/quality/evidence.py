"""On what do the checks look?

The tables that a run of checks reads, and the steps that several checks share: numbers by series,
what is usual for each series, doses of one month side by side, reports by place. These are
computed once, when the first check asks, and kept in the engine. What is doubtful is said by the
checks, one file each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis import _

from kalanso.quality.calendars import calendar
from kalanso.quality.reports import reports_by_place
from kalanso.quality.spread import usual_levels
from kalanso.vocabulary import Level

SERIES = ("source", "place_code", "indicator", "product", "age_band", "period_type")
EXTRAORDINARY = ("campaign", "catch_up")  # series of their own, never part of the routine
_WHOLE = ("strategy", "sector", "sex")


class MissingThreshold(KeyError):
    """A threshold that a check needs and the definitions do not state."""


class UnknownPeriod(ValueError):
    """An observation whose period is not one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What the checks read.

    `observations`, `places`, `events` and `coverage` have the columns of OBSERVATIONS, PLACES,
    EVENTS and INDICATOR_VALUES; `lineage` has place_code, ancestor_code and ancestor_level, each
    place with itself and with every place above. `thresholds` is the content of `quality.yaml`.
    `published` has the columns of COVERAGE_SERIES. `misplaced` holds what `places.geometry_findings` returned. All tables stand in one engine
    (tables in memory are moved to it). What may be left out is None; the checks that need it then
    find nothing.
    """

    observations: ir.Table
    lineage: ir.Table
    places: ir.Table
    thresholds: Mapping[str, Any]
    today: date
    events: ir.Table | None = None
    coverage: ir.Table | None = None
    published: ir.Table | None = None
    misplaced: pd.DataFrame | None = None

    def threshold(self, path: str) -> Any:
        """Return a threshold by its dotted path, such as `outliers.limit`."""
        found: Any = self.thresholds
        for name in path.split("."):
            if not isinstance(found, Mapping) or name not in found:
                raise MissingThreshold(f"quality.{path}: expected in quality.yaml, not found")
            found = found[name]
        return found

    @cached_property
    def stock_codes(self) -> list[str]:
        """Codes of counts of stock, which stand by product."""
        return list(self.threshold("stock.indicators"))

    @cached_property
    def population_codes(self) -> list[str]:
        """Codes of populations and their growth, which are no counts of service."""
        return list(self.threshold("denominators.indicators"))

    @cached_property
    def profile(self) -> pd.DataFrame:
        """Rows by source, indicator and period, and whether they are split into strategies or products."""
        o = self.observations
        split = ibis.or_(*(o[name] != "all" for name in _WHOLE))
        by_product = (o["product"] != "") & ~o.indicator.isin(self.stock_codes)
        found = o.group_by("source", "indicator", "period_type", "period").agg(
            rows=o.count(),
            numbers=o.value.count(),
            split=(split | by_product).cast("int64").max(),
            with_reports=o.reports_expected.count(),
        )
        return found.to_pandas()

    @cached_property
    def calendar(self) -> ir.Table:
        """Every period of every source with its place in time: step, season, block, year."""
        return self.engine_rows(calendar(self.profile))

    def has(self, *indicators: str) -> bool:
        """Whether any source has numbers of all these indicators."""
        counted = self.profile[self.profile.numbers > 0]
        return set(indicators) <= set(counted.indicator)

    @cached_property
    def codes(self) -> list[str]:
        """The indicators that have numbers and are no population, in alphabetical order."""
        counted = self.profile[self.profile.numbers > 0].indicator.unique()
        return sorted(set(counted) - set(self.population_codes))

    @cached_property
    def _rows(self) -> ir.Table:
        o = self.observations
        routine = o.filter(
            o.strategy.notin(EXTRAORDINARY),
            o.indicator.notin(self.population_codes),
            o.status != "suppressed",
        )
        keyed = routine.select(
            *(name for name in SERIES if name != "product"), "period", "value",
            product=ibis.ifelse(routine.indicator.isin(self.stock_codes), routine["product"], ""),
            whole=ibis.and_(*(routine[name] == "all" for name in _WHOLE)) & (routine["product"] == ""),
        )  # fmt: skip
        split = self.profile.loc[self.profile.split == 1, ["source", "indicator"]].drop_duplicates()
        plain = [*SERIES, "period", "value"]
        if split.empty:
            return keyed.select(plain)
        pairs = self.engine_rows(pa.Table.from_pandas(split, preserve_index=False))
        apart = keyed.semi_join(pairs, ["source", "indicator"])
        # Where a source gives both the whole and its parts, only the whole counts.
        whole = apart.whole | apart.indicator.isin(self.stock_codes)
        summed = apart.group_by([*SERIES, "period"]).agg(
            value=ibis.coalesce(apart.value.sum(where=whole), apart.value.sum(where=~whole))
        )
        return keyed.anti_join(pairs, ["source", "indicator"]).select(plain).union(summed.select(plain))

    @cached_property
    def series(self) -> ir.Table:
        """Every series: `series` and `unit` (all series of one place side by side) as small numbers."""
        order = ["source", "place_code", "product", "age_band", "period_type"]
        keys = self._rows.select(SERIES).distinct()
        numbered = keys.mutate(
            series=ibis.row_number().over(order_by=[*order, "indicator"]).cast("int32"),
            unit=ibis.dense_rank().over(order_by=order).cast("int32"),
        )
        return self.keep(numbered)

    @cached_property
    def units(self) -> ir.Table:
        """The places of `series`, with product, age band and length of period."""
        s = self.series
        return self.keep(s.select("unit", *(name for name in SERIES if name != "indicator")).distinct())

    @cached_property
    def numbers(self) -> ir.Table:
        """Every number: series, step in time, season, block of years, value (empty where blank)."""
        when = self.calendar.select("source", "period_type", "period", "step", "season", "block", "year")
        dated = self._rows.join(when, ["source", "period_type", "period"])
        found = dated.join(self.series, list(SERIES))
        return self.keep(found.select("series", "step", "season", "block", "year", "value"))

    @cached_property
    def usual(self) -> ir.Table:
        """What is usual for a series within about two years: see `spread.usual_levels`."""
        return self.keep(usual_levels(self.numbers, ["series", "block"]))

    @cached_property
    def spoken(self) -> ir.Table:
        """In which periods each place gave at least one number, and how many."""
        n, s = self.numbers, self.series.select("series", "source", "place_code", "period_type")
        told = n.filter(n.value.notnull()).join(s, "series")
        return self.keep(
            told.group_by("source", "place_code", "period_type", "step").agg(
                numbers=told.count(), year=told.year.max(), season=told.season.max()
            )
        )

    @cached_property
    def reports(self) -> ir.Table | None:
        """Reports due and received by place and form: see `reports.reports_by_place`."""
        return reports_by_place(self)

    @cached_property
    def doses(self) -> ir.Table:
        """Doses and services of one place and period side by side, a column per code of `side_by_side`."""
        codes = [code for code in self.side_by_side if code in self.codes]
        return self.keep(self.beside(codes))

    @cached_property
    def side_by_side(self) -> list[str]:
        """The codes that stand in `doses`."""
        visits: Mapping[str, list[str]] = self.threshold("visits")
        return [code for codes in visits.values() for code in codes]

    @cached_property
    def lead(self) -> str:
        """The indicator under which findings about a whole report stand: first doses of DTP, if counted."""
        listed = [*self.threshold("completeness.tracers"), *self.side_by_side, *self.codes, "dtp1_doses"]
        return next((code for code in listed if code in self.codes), listed[0])

    @cached_property
    def leads(self) -> list[str]:
        """One number of each visit: those given at one visit repeat each other."""
        visits: Mapping[str, list[str]] = self.threshold("visits")
        found = (next((code for code in codes if code in self.codes), None) for codes in visits.values())
        return [code for code in found if code]

    def beside(self, codes: Iterable[str]) -> ir.Table:
        """Return unit, step, year and one column per code, empty where no number stands."""
        wanted = list(codes)
        s = self.series
        chosen = s.filter(s.indicator.isin(wanted)).select("series", "unit", "indicator")
        joined = self.numbers.join(chosen, "series")
        columns = {code: joined.value.max(where=joined.indicator == code) for code in wanted}
        return joined.group_by("unit", "step").agg(year=joined.year.max(), **columns)

    @cached_property
    def ancestry(self) -> ir.Table:
        """The lineage, with every observed place at least below itself."""
        own = self.lineage.select("place_code", "ancestor_code", "ancestor_level")
        seen = self.observations.select("place_code").distinct()
        level = self.places.select("place_code", ancestor_level="level")
        alone = seen.anti_join(own, "place_code").left_join(level, "place_code")
        # A place of unknown level is treated as the lowest, where rules are most cautious.
        alone = alone.select(
            "place_code", ancestor_code="place_code", ancestor_level=_.ancestor_level.fill_null("facility")
        )
        return self.keep(own.union(alone))

    @cached_property
    def above(self) -> ir.Table:
        """For each place the lowest place above it at which numbers are added up: group_code."""
        chosen = self.ancestry.filter(
            _.ancestor_level.isin(list(self.threshold("levels"))), _.ancestor_code != _.place_code
        )
        return self.keep(self.lowest(chosen))

    def upwards(self, rows: ir.Table) -> ir.Table:
        """Return rows that carry source and place_code once for the place and for each place above.

        `ancestor_code` is that place; only the levels at which numbers are added up count. A place
        that reports by itself is not given the numbers of the places below it as well.
        """
        wider = self._wider.select("place_code", "ancestor_code")
        return rows.join(wider, "place_code").anti_join(
            self._twice, ["source", "place_code", "ancestor_code"]
        )

    @cached_property
    def _wider(self) -> ir.Table:
        a = self.ancestry
        levels = list(self.threshold("levels"))
        return self.keep(a.filter((a.ancestor_code == a.place_code) | a.ancestor_level.isin(levels)))

    @cached_property
    def _twice(self) -> ir.Table:
        own = self.units.select("source", "place_code").distinct()
        above = self._wider.filter(_.ancestor_code != _.place_code).select("place_code", "ancestor_code")
        both = own.join(above, "place_code")
        reporting = own.select("source", ancestor_code="place_code")
        return self.keep(both.semi_join(reporting, ["source", "ancestor_code"]))

    def lowest(self, ancestry: ir.Table) -> ir.Table:
        """Return place_code and group_code, its lowest ancestor among these rows."""
        depths = {level.value: level.depth for level in Level}
        deep = ancestry.mutate(depth=_.ancestor_level.cases(*depths.items(), else_=9))
        # Two ancestors of one depth (of the two trees) are told apart by their code, so that every
        # engine chooses the same.
        ranked = deep.mutate(
            place=ibis.row_number().over(
                group_by="place_code", order_by=[ibis.desc("depth"), ibis.asc("ancestor_code")]
            )
        )
        return ranked.filter(ranked.place == 0).select("place_code", group_code="ancestor_code")

    def located(self, rows: ir.Table) -> ir.Table:
        """Return rows that carry `series` or `unit`, and `step`, with place, period and `detail`."""
        key = "series" if "series" in rows.columns else "unit"
        about = self.series if key == "series" else self.units
        about = about.select(key, *(name for name in SERIES if name in about.columns))
        fresh = rows.drop(*(name for name in about.columns if name in rows.columns and name != key))
        return self.dated(fresh.join(about, key).mutate(detail=detail()))

    def dated(self, rows: ir.Table) -> ir.Table:
        """Return rows that carry source, period_type and step with period, period_start and year."""
        when = self.calendar.select("source", "period_type", "step", "period", "period_start", "year")
        fresh = rows.drop(*({"period", "period_start", "year"} & set(rows.columns)))
        return fresh.join(when, ["source", "period_type", "step"])

    def engine_rows(self, rows: pa.Table) -> ir.Table:
        """Return a few rows in memory as a table that joins with those of the engine."""
        backend = self.observations.get_backend()
        name = ibis.util.gen_name("quality")
        if backend.name != "pyspark":
            return backend.create_table(name, rows, temp=True)
        # Tables in memory are not known to Spark while another is being kept.
        backend._session.createDataFrame(rows.to_pandas(date_as_object=True)).createOrReplaceTempView(name)
        return backend.table(name).cast(ibis.Schema.from_pyarrow(rows.schema))

    def keep(self, expression: ir.Table) -> ir.Table:
        """Compute a table now and keep it in the engine for as long as this evidence lives."""
        backend = self.observations.get_backend()
        if backend.name != "pyspark":
            return expression.cache()
        # Spark's own cache would carry every step that led here into each later plan.
        name = ibis.util.gen_name("quality")
        backend._session.sql(backend.compile(expression)).localCheckpoint().createOrReplaceTempView(name)
        return backend.table(name)


def detail() -> ir.Deferred:
    """Return what tells apart the findings of one number: its product, or the age of the children."""
    return ibis.ifelse(_["product"] != "", _["product"], ibis.ifelse(_.age_band == "all", "", _.age_band))
