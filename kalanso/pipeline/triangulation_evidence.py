"""What does a store hold that the analyses of all sources can read?

Takes published tables and hands them over in the columns of `triangulation.inputs`: every coverage, counts, populations, findings, stock,
sectors, events, access, cases, tallies, recounts. What a store does not hold is left out, and the analyses say so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from kalanso.coverage.place_evidence import wilson
from kalanso.coverage.tables import COVERAGE_ESTIMATES_YEARLY
from kalanso.indicators.tables import COVERAGE_SERIES, INDICATOR_VALUES
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.publish_estimates import is_preview
from kalanso.pipeline.triangulation_access import access, ground, groups
from kalanso.pipeline.triangulation_others import stated_coverage
from kalanso.pipeline.triangulation_services import sectors, stock
from kalanso.pipeline.triangulation_tallies import campaigns, cases, recounts
from kalanso.places.trees import links_on
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.triangulation import Dossier, dossier
from kalanso.triangulation.whole_years import KEY, unfinished
from kalanso.vocabulary import Tree

Run: TypeAlias = Callable[[ir.Table], pd.DataFrame]
DESIGN_EFFECT = 2.0  # of national cluster samples on vaccination: the usual range is 1.5 to 3
COUNTED = (
    "dtp1_doses", "dtp3_doses", "mcv1_doses", "mcv2_doses", "bcg_doses", "anc1_visits", "facility_live_births", "opv1_doses",
    "pcv1_doses", "rota1_doses",
)  # fmt: skip
DIVIDED = ("dtp1", "dtp3", "mcv1", "mcv2")
_CATEGORIES = {
    "ADMIN": "administrative", "OFFICIAL": "official", "WUENIC": "who_unicef", "SURVEY": "survey", "OTHER": "external",
}  # fmt: skip
# Names of sources of populations -> what kind they are; the first that fits counts.
_POPULATION_KINDS = (
    (r"head.?count|denombrement|dénombrement|microplan", "headcount"), (r"census|recensement|rgph", "census"),
    (r"(^|[-_])(un|unpd|wpp|undp)([-_]|$)", "un"), (r"worldpop|grid3", "gridded"), (r"cod-ps|projection", "projection"),
)  # fmt: skip
_DENOMINATOR = re.compile(r"surviving_infants(?:<[^@]+)?@(.+):annual")
_READ = (
    "places", "place_parents", "place_contexts", "observations", "indicator_values", "coverage_series", "quality_findings",
    "coverage_estimates_yearly", "events", "recounts",
)  # fmt: skip


def gather_dossier(holdings: Holdings) -> Dossier:
    """Return everything that the store holds, for the analyses, with the snapshots that were read."""
    tree = holdings.trees()[0]
    places = places_table(holdings, tree)
    values = yearly_values(holdings, tree)
    manifests = {name: holdings.store.latest(name) for name in _READ}
    own, unfinished = whole_years(holdings, tree, places, coverage_table(holdings, values))
    populations = populations_table(holdings, values)
    return dossier(
        today=holdings.today,
        thresholds=holdings.pack.section("triangulation"),
        snapshots={name: one.id for name, one in manifests.items() if one is not None},
        places=places,
        coverage=own,
        unfinished=unfinished,
        counts=counts_table(holdings, tree),
        populations=populations,
        quality=_findings(holdings),
        surveys=surveys_table(holdings),
        stock=stock(holdings, places),
        sectors=sectors(holdings, places),
        events=_events(holdings),
        access=access(holdings, places, populations),
        cases=cases(holdings, places),
        ground=ground(holdings),
        groups=groups(holdings),
        campaigns=campaigns(holdings, places),
        recounts=recounts(holdings, places),
    )


def places_table(holdings: Holdings, tree: Tree) -> pd.DataFrame:
    """Return the places of the tree along which reports are added up."""
    links = links_on(holdings.parents, tree=tree.value, on=holdings.today)
    rows = holdings.places[["place_code", "level", "name"]]
    known = set(links) | set(links.values())
    rows = rows[rows["place_code"].isin(known) | (rows["level"] == "country")]
    return rows.assign(parent_code=rows["place_code"].map(links).fillna(""))


def yearly_values(holdings: Holdings, tree: Tree) -> pd.DataFrame:
    """Return yearly coverage of every place over every population, with `year`, `population` and its `kind`."""
    if holdings.store.latest(INDICATOR_VALUES.name) is None:
        return pd.DataFrame(
            columns=[
                "place_code",
                "year",
                "indicator",
                "source",
                "value",
                "numerator",
                "denominator",
                "population",
                "kind",
            ]
        )
    return yearly_rows(holdings.store.read(INDICATOR_VALUES), tree)


def in_memory(question: ir.Table) -> pd.DataFrame:
    """Return the rows of a question."""
    return question.to_pandas()


def yearly_rows(v: ir.Table, tree: Tree, run: Run = in_memory) -> pd.DataFrame:
    """Return the same from rows of `indicator_values`, such as those that a reader may see; `run` answers questions."""
    wanted = [f"{dose}_coverage" for dose in DIVIDED]
    rows = v.filter(
        (v.tree == tree.value) & (v.period_type == "year") & ~v.adjusted & ~v.cumulative & v.indicator.isin(wanted)
        & v.denominator.notnull() & v.numerator.notnull()
    )  # fmt: skip
    columns = (
        "place_code",
        "period",
        "indicator",
        "source",
        "value",
        "numerator",
        "denominator",
        "denominator_name",
    )
    frame = run(rows.select(*columns))
    population = frame["denominator_name"].str.extract(_DENOMINATOR, expand=False)
    frame = frame.assign(population=population, year=frame["period"].astype(int)).dropna(
        subset=["population"]
    )
    kinds = {name: population_kind(name) for name in frame["population"].unique()}
    return frame.assign(kind=frame["population"].map(kinds))


def population_kind(source: str) -> str:
    """Return what kind of population a source states, by its name; official where nothing else fits."""
    found = (kind for pattern, kind in _POPULATION_KINDS if re.search(pattern, source, re.IGNORECASE))
    return next(found, "official")


def populations_table(holdings: Holdings, values: pd.DataFrame) -> pd.DataFrame:
    """Return surviving infants by place, year and source: as coverage was divided by them, as stated, as targets of published series."""
    rows = values[values["indicator"] == "dtp1_coverage"].drop(columns="source")
    divided = rows.rename(columns={"population": "source", "denominator": "surviving_infants"})
    own = holdings.stated_infants
    stated = own.select("source", "place_code", "period", surviving_infants="value").to_pandas()
    stated = stated.assign(year=stated["period"].astype(int), kind=stated["source"].map(population_kind))
    series = _series(holdings)
    target = series[(series["kind"] == "administrative") & (series["indicator"] == "dtp1")]
    if len(target):
        target = target.dropna(subset=["target"]).drop(columns="source")
        target = target.assign(source="target", kind="official", surviving_infants=target["target"])
    columns = ["place_code", "year", "source", "kind", "surviving_infants"]
    found = pd.concat(
        [part.reindex(columns=columns) for part in (divided, stated, target) if len(part)] or [divided]
    )
    # Where the store divides by an official population, the target of a published series is the same number again.
    known = pd.MultiIndex.from_frame(divided[["place_code", "year"]])
    again = (found["source"] == "target") & pd.MultiIndex.from_frame(found[["place_code", "year"]]).isin(
        known
    )
    return found[~again].drop_duplicates(["place_code", "year", "source"])[columns].reset_index(drop=True)


def coverage_table(holdings: Holdings, values: pd.DataFrame) -> pd.DataFrame:
    """Return coverage by every source: own reports over the official population, published series, what others
    model or classify, the estimate.

    Where the store divides doses itself, the administrative series of others is left out: it is the same reports.
    """
    rows = values[values["kind"].isin(["official", "projection"])].sort_values(["kind", "population"])
    rows = rows.drop_duplicates(["place_code", "year", "indicator", "source"])
    own = pd.DataFrame(
        {
            "place_code": rows["place_code"], "year": rows["year"], "indicator": rows["indicator"].str.removesuffix("_coverage"),
            "source": rows["source"], "kind": "administrative", "value": rows["value"], "doses": rows["numerator"],
            "target": rows["denominator"], "table": INDICATOR_VALUES.name,
        }
    )  # fmt: skip
    series = _series(holdings)
    key = ["place_code", "year", "indicator"]
    counted = pd.MultiIndex.from_frame(own[key])
    twice = (series["kind"] == "administrative") & pd.MultiIndex.from_frame(series[key]).isin(counted)
    parts = [
        part for part in (own, series[~twice], stated_coverage(holdings), _estimate(holdings)) if len(part)
    ]
    return pd.concat(parts, ignore_index=True) if parts else own


def whole_years(
    holdings: Holdings, tree: Tree, places: pd.DataFrame, coverage: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the coverage that speaks of its whole year and places, and what the rest lacks; only own divisions are looked at."""
    own = coverage["table"] == INDICATOR_VALUES.name
    if not own.any():
        return coverage, None
    v = holdings.store.read(INDICATOR_VALUES)
    doses = {f"{dose}_doses": dose for dose in DIVIDED}
    told = v.filter(
        (v.tree == tree.value) & ~v.adjusted & ~v.cumulative & v.indicator.isin(list(doses)) & v.value.notnull()
        & v.period_type.isin(["month", "quarter"])
    )  # fmt: skip
    rows = told.select("source", "place_code", "indicator", "period", "period_type").distinct().to_pandas()
    # Quarters are sums of months where the source tells months; they count where it tells quarters alone.
    monthly = rows.groupby(["source", "indicator"])["period_type"].transform("min") == "month"
    rows = rows[~monthly | (rows["period_type"] == "month")]
    rows = rows.assign(indicator=rows["indicator"].map(doses))
    whole = float(holdings.pack.section("triangulation")["coverage"]["whole"])
    lacks = unfinished(coverage[own], rows, places, whole=whole)
    joined = coverage[[*KEY, "value"]].merge(lacks, on=KEY, how="left", indicator=True)
    partial = own.to_numpy() & (joined["_merge"] == "both").to_numpy()
    found = joined[partial]
    spoken = found.assign(months=found["months"].map(" ".join), lacking=found["lacking"].map(" ".join))
    return coverage[~partial].reset_index(drop=True), spoken


def _series(holdings: Holdings) -> pd.DataFrame:
    table = holdings.published_coverage(COVERAGE_SERIES)
    if table is None:
        return pd.DataFrame(columns=["place_code", "year", "indicator", "kind"])
    rows = table.filter((table.period_type == "year") & table.coverage.notnull()).to_pandas()
    rows = rows.assign(kind=rows["category"].map(_CATEGORIES), year=rows["period"].astype(int))
    survey = rows["kind"] == "survey"
    usual = rows["evidence"].isin(["card or history", ""]) & rows["validity"].isin(["crude", ""])
    rows = rows[~survey | usual]
    source = rows["survey"].where(rows["survey"] != "", rows["source"])
    order = rows["vaccinated_by"].map({"12 m": 1}).fillna(0)
    rows = rows.assign(
        source=source, indicator=rows["indicator"].str.removesuffix("_coverage"), _by=order,
        _age=rows["children_age"].map({"12-23 m": 0, "": 1}).fillna(2),
    )  # fmt: skip
    rows = rows.sort_values(["vintage", "_by", "_age"], ascending=[False, True, True])
    rows = rows.drop_duplicates(["place_code", "year", "indicator", "source", "kind"])
    low, high = _intervals(rows)
    return pd.DataFrame(
        {
            "place_code": rows["place_code"], "year": rows["year"], "indicator": rows["indicator"], "source": rows["source"], "kind": rows["kind"],
            "value": rows["coverage"], "low": low, "high": high, "doses": rows["doses"], "target": rows["target"], "children": rows["children"],
            "card_share": rows["card_seen_share"], "table": COVERAGE_SERIES.name,
        }
    )  # fmt: skip


def _intervals(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return Wilson's interval of survey results whose sample size is known, with the usual design effect."""
    known = (rows["kind"] == "survey") & (rows["children"] > 0) & (rows["coverage"] <= 1)
    children = rows.loc[known, "children"].to_numpy(float)
    ends = wilson(
        rows.loc[known, "coverage"].to_numpy(float) * children,
        children,
        np.full(len(children), DESIGN_EFFECT),
    )
    low, high = (pd.Series(end, index=rows.index[known]).reindex(rows.index) for end in ends)
    return low, high


def _estimate(holdings: Holdings) -> pd.DataFrame:
    manifest = holdings.store.latest(COVERAGE_ESTIMATES_YEARLY.name)
    if manifest is None or is_preview(
        manifest
    ):  # nothing may be decided on a preview, nor measured against it
        return pd.DataFrame()
    e = holdings.store.read(COVERAGE_ESTIMATES_YEARLY)
    rows = e.filter(e.span == "year").to_pandas()
    return pd.DataFrame(
        {
            "place_code": rows["place_code"], "year": rows["period"].astype(int), "indicator": rows["indicator"], "source": rows["run"],
            "kind": "estimate", "value": rows["coverage_mean"], "low": rows["coverage_q025"], "high": rows["coverage_q975"],
            "target": rows["surviving_infants_mean"], "target_low": rows["surviving_infants_q025"], "target_high": rows["surviving_infants_q975"],
            "missed": rows["missed_children_mean"], "missed_low": rows["missed_children_q025"], "missed_high": rows["missed_children_q975"],
            "table": COVERAGE_ESTIMATES_YEARLY.name,
        }
    )  # fmt: skip


def counts_table(holdings: Holdings, tree: Tree) -> pd.DataFrame | None:
    """Return counts by year, and DTP1 doses by quarter and month, of the source that counts most."""
    if holdings.store.latest(INDICATOR_VALUES.name) is None:
        return None
    v = holdings.store.read(INDICATOR_VALUES)
    rows = v.filter(
        (v.tree == tree.value)
        & ~v.adjusted
        & ~v.cumulative
        & v.indicator.isin(list(COUNTED))
        & v.value.notnull()
    )
    rows = rows.filter(
        (rows.period_type == "year")
        | (rows.period_type.isin(["quarter", "month"]) & (rows.indicator == "dtp1_doses"))
    )
    sizes = rows.group_by("source").agg(n=rows.count()).to_pandas().sort_values(["n", "source"])
    if sizes.empty:
        return None
    chosen = rows.filter(rows.source == str(sizes["source"].iloc[-1]))
    return chosen.select("place_code", "period", "indicator", "value", "completeness").distinct().to_pandas()


def surveys_table(holdings: Holdings) -> pd.DataFrame | None:
    """Return survey results by card, and by card or history, for the adjustment of recall."""
    table = holdings.published_coverage(COVERAGE_SERIES)
    if table is None:
        return None
    rows = table.filter(
        (table.category == "SURVEY")
        & table.evidence.isin(["card", "card or history"])
        & table.coverage.notnull()
    )
    frame = rows.filter(rows.vaccinated_by != "12 m").order_by(ibis.desc("vintage")).to_pandas()
    frame = frame[frame["coverage"] <= 1].assign(
        indicator=frame["indicator"].str.removesuffix("_coverage"),
        year=frame["period"].astype(int),
        age=frame["children_age"],
        value=frame["coverage"],
    )
    return frame.drop_duplicates(["place_code", "survey", "indicator", "evidence", "age"])


def _findings(holdings: Holdings) -> pd.DataFrame | None:
    if holdings.store.latest(QUALITY_FINDINGS.name) is None:
        return None
    columns = ("check", "source", "place_code", "period", "indicator", "detail", "severity", "message")
    return holdings.store.read(QUALITY_FINDINGS).select(*columns).to_pandas()


def _events(holdings: Holdings) -> pd.DataFrame | None:
    if holdings.events is None:
        return None
    rows = holdings.events.select("place_code", "first_day", "last_day", "kind", "antigen").to_pandas()
    days = {
        name: pd.to_datetime(rows[name]).dt.strftime("%Y-%m-%d").fillna("")
        for name in ("first_day", "last_day")
    }
    return rows.assign(**days).drop_duplicates(["place_code", "first_day", "kind", "antigen"])
