"""What does each source of a store really hold, and how far do the sources agree?

Measures the source catalogue from the published tables and kept states, and publishes it: holdings,
agreement, differences, gaps, revisions, reporting delays and provisional periods. What each of them
asks is said by `kalanso.sources.catalogue` and `kalanso.indicators.delays`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from kalanso import places
from kalanso.definitions import Pack
from kalanso.indicators import delays
from kalanso.indicators.tables import COVERAGE_SERIES, PROVISIONAL_PERIODS, REPORTING_DELAYS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.pipeline.vintages import triangle, vintages
from kalanso.sources import catalogue as measured
from kalanso.sources.catalogue import tables
from kalanso.sources.catalogue.agreement import compared
from kalanso.store import Mode, Provenance, Store, TableSpec
from kalanso.vocabulary import Level, Tree

FOLLOWED = ("bcg_doses", "dtp1_doses", "dtp3_doses", "mcv1_doses")
SERIES = ["source", "series", "indicator", "product", "period_type"]
PUBLISHED: tuple[TableSpec, ...] = (*tables.TABLES, REPORTING_DELAYS, PROVISIONAL_PERIODS)


@dataclass(frozen=True, kw_only=True)
class Catalogued:
    """What was measured: each published table as rows, by name, and the names of the snapshots."""

    tables: Mapping[str, pd.DataFrame]
    snapshots: tuple[str, ...]

    def rows(self, name: str) -> pd.DataFrame:
        """Return one table."""
        return self.tables[name]


def catalogue(
    store: Store, *, progress: Progress = quiet, cancel: Cancel = never, now: datetime
) -> Catalogued:
    """Measure all sources of a store and publish what was found in place of what stood there.

    Running it again on the same numbers, on the same day, changes nothing. Raises NothingToWorkOn where
    the store has no observations.
    """
    holdings = Holdings(store, now.date())
    found = _measured(holdings, progress, cancel)
    step(progress, cancel, "pipeline.catalogue.writing", 0.9)
    provenance = Provenance(sources=holdings.sources(), made_from=holdings.made_from())
    snapshots = []
    for spec in PUBLISHED:
        rows = spec.arrow(pa.Table.from_pylist(_plain(found[spec.name]), schema=_schema(spec)))
        manifest = store.publish(spec, rows, provenance=provenance, now=now, mode=Mode.REPLACE_ALL)
        snapshots.append(manifest.id)
    progress("pipeline.catalogue.done", 1.0)
    return Catalogued(tables=found, snapshots=tuple(snapshots))


def _measured(holdings: Holdings, progress: Progress, cancel: Cancel) -> dict[str, pd.DataFrame]:
    pack, rules = holdings.pack, measured.Rules.of(holdings.pack)
    step(progress, cancel, "pipeline.catalogue.reading", 0.0)
    keep = holdings.store.engine.computed_once
    told = measured.told(holdings.observations, keep=keep)
    published = measured.published_cells(_coverage(holdings))
    lineage = holdings.lineage(Tree.HEALTH)
    held = measured.holdings(told, published, holdings.places, holdings.store.engine)
    step(progress, cancel, "pipeline.catalogue.comparing", 0.3)
    cells = measured.cells_of(holdings.observations, pack, measured.shared(told), keep=keep)
    lift = _Lift(cells, published, lineage, holdings)
    pairs = compared(lift.levels(), lift, pack)
    agreed, apart = measured.agreement(pairs, rules), measured.differences(pairs, rules)
    step(progress, cancel, "pipeline.catalogue.gaps", 0.55)
    found = measured.gaps(
        held,
        _by_district(told, lineage, pack),
        pack.sources,
        _ground(holdings),
        _covered(told, lineage, holdings),
    )
    step(progress, cancel, "pipeline.catalogue.vintages", 0.7)
    districts = _districts(lineage)
    states = vintages(holdings.store, FOLLOWED, districts)
    settled = int(pack.threshold("catalogue.settled_months"))
    revised, arrived = measured.revisions(states, settled=settled), measured.arrivals(states)
    glance = measured.facts(held, agreed, found, revised, arrived, pack.sources, today=holdings.today)
    return {
        tables.SOURCE_HOLDINGS.name: held, tables.SOURCE_AGREEMENT.name: agreed,
        tables.SOURCE_DIFFERENCES.name: apart, tables.CATALOGUE_GAPS.name: found,
        tables.SOURCE_REVISIONS.name: revised, tables.SOURCE_FACTS.name: glance,
        tables.SOURCE_ENTRIES.name: measured.entries(pack.sources),
        **_provisional(holdings, triangle(states, _country(holdings))),
    }  # fmt: skip


def _provisional(holdings: Holdings, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return reporting delays, and the periods that are provisional because of them."""
    pack = holdings.pack
    settled = int(pack.threshold("catalogue.settled_months"))
    learnt_from = delays.reporting_delays(rows, settled=settled)
    rules = delays.learnt(
        learnt_from, complete=pack.threshold("provisional.complete"), days=int(pack.threshold("provisional.days"))
    )  # fmt: skip
    newest = rows[rows["known_on"] == rows.groupby("source")["known_on"].transform("max")]
    return {
        REPORTING_DELAYS.name: learnt_from,
        PROVISIONAL_PERIODS.name: delays.provisional_periods(newest, learnt_from, rules),
    }


class _Lift:
    """Answers with the numbers of one source at a level: its own, or the sum of what lies below."""

    def __init__(
        self, cells: ir.Table, published: pd.DataFrame, lineage: ir.Table, holdings: Holdings
    ) -> None:
        self.cells, self.published, self.lineage = cells, published, lineage
        self.engine = holdings.store.engine
        frame = holdings.places
        self.level_of = dict(zip(frame["place_code"], frame["level"], strict=True))
        self._made: dict[tuple[str, ...], pd.DataFrame] = {}
        self._own: dict[tuple[str, ...], str] = {}

    def levels(self) -> pd.DataFrame:
        """Return each series of numbers with the level at which it holds most of them."""
        own = self.lineage.filter(self.lineage.place_code == self.lineage.ancestor_code)
        own = own.select("place_code", level="ancestor_level")
        rows = self.cells.filter(self.cells.value.notnull()).inner_join(own, "place_code")
        counted = rows.group_by([*SERIES, "level"]).agg(n=ibis._.count()).to_pandas()
        if len(self.published):
            told = self.published.assign(level=self.published["place_code"].map(self.level_of))
            counted = pd.concat([counted, told.groupby([*SERIES, "level"]).size().rename("n").reset_index()])
        most = counted.sort_values(["n", "level"]).drop_duplicates(SERIES, keep="last")
        self._own = {tuple(row[:5]): row[5] for row in most[[*SERIES, "level"]].itertuples(index=False)}
        return most

    def __call__(
        self, source: str, series: str, indicator: str, product: str, kind: str, level: str
    ) -> pd.DataFrame:
        key = (source, series, indicator, product, kind, level)
        if key not in self._made:
            self._made[key] = self._lifted(*key)
        return self._made[key]

    def _lifted(
        self, source: str, series: str, indicator: str, product: str, kind: str, level: str
    ) -> pd.DataFrame:
        own = self._own[source, series, indicator, product, kind]
        if series:
            rows = self.published
            chosen = (
                (rows["source"] == source) & (rows["series"] == series) & (rows["indicator"] == indicator)
            )
            told = rows[
                chosen & (rows["period_type"] == kind) & (rows["place_code"].map(self.level_of) == level)
            ]
            return told[["place_code", "period", "value"]]
        rows = self.cells.filter(
            (self.cells.source == source) & (self.cells.indicator == indicator)
            & (self.cells["product"] == product) & (self.cells.period_type == kind) & self.cells.value.notnull()
        )  # fmt: skip
        line = self.lineage
        at = line.filter(line.ancestor_level == level).select("place_code", above="ancestor_code")
        below = line.filter((line.place_code == line.ancestor_code) & (line.ancestor_level == own))
        # Only numbers of the source's own level are summed, so that a total beside its parts counts once.
        joined = rows.semi_join(below, "place_code").inner_join(at, "place_code")
        sums = joined.group_by("above", "period").agg(value=ibis._.value.sum())
        return sums.rename(place_code="above").to_pandas()


def _coverage(holdings: Holdings) -> pd.DataFrame:
    table = holdings.published_coverage(COVERAGE_SERIES)
    return pd.DataFrame() if table is None else table.filter(table.coverage.notnull()).to_pandas()


def _by_district(told: ir.Table, lineage: ir.Table, pack: Pack) -> pd.DataFrame:
    """Return source, indicator, district and month where any place below has a number, for what is needed."""
    followed = sorted({*FOLLOWED, *(need.indicator for need in pack.sources.needs)})
    at = lineage.filter(lineage.ancestor_level == Level.DISTRICT.value)
    rows = told.filter((told.period_type == "month") & told.indicator.isin(followed))
    joined = rows.inner_join(at.select("place_code", district="ancestor_code"), "place_code")
    return joined.select("source", "indicator", "period", place_code="district").distinct().to_pandas()


def _covered(told: ir.Table, lineage: ir.Table, holdings: Holdings) -> dict[tuple[str, str], set[str]]:
    """Return, for each needed indicator and level, the places for which some source has a number."""
    needs = holdings.pack.sources.needs
    rows = told.filter(told.indicator.isin([need.indicator for need in needs]))
    joined = rows.select("indicator", "place_code").distinct().inner_join(lineage, "place_code")
    above = joined.select("indicator", "ancestor_level", "ancestor_code").distinct().to_pandas()
    groups = above.groupby(["indicator", "ancestor_level"])["ancestor_code"]
    return {(str(key[0]), str(key[1])): set(codes) for key, codes in groups}


def _districts(lineage: ir.Table) -> dict[str, str]:
    rows = lineage.filter(lineage.ancestor_level == Level.DISTRICT.value).to_pandas()
    return dict(zip(rows["place_code"], rows["ancestor_code"], strict=True))


def _country(holdings: Holdings) -> str:
    found = holdings.places.loc[holdings.places["level"] == Level.COUNTRY.value, "place_code"]
    return str(found.iloc[0]) if len(found) else holdings.store.country


def _ground(holdings: Holdings) -> measured.Ground:
    """Return the places that stand in the health tree today."""
    links = places.lineage(holdings.parents, holdings.places, tree=Tree.HEALTH.value, on=holdings.today)
    linked = set(links.loc[links["place_code"] != links["ancestor_code"], "place_code"])
    country = _country(holdings)
    rows = holdings.places[["place_code", "level"]]
    standing = rows[rows["place_code"].isin(linked | {country})] if linked else rows
    return measured.Ground(places=standing, country=country)


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain values, with None where a cell is empty."""
    rows: Any = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return list(rows)


def _schema(spec: TableSpec) -> pa.Schema:
    return pa.schema([pa.field(one.name, one.type) for one in spec.arrow_schema()])
