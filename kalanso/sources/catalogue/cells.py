"""Which single numbers can be laid beside those of another source?

One number per source, place, period and indicator: doses are counted as the pack counts them (ages,
strategies, products), everything else is taken as it is. Nothing is summed that the indicators
would not sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from kalanso.definitions import Pack
from kalanso.indicators.counting import counted, selected
from kalanso.vocabulary import PeriodType

CELL = ("source", "series", "indicator", "product", "place_code", "period", "period_type", "value")
BEST_EVIDENCE = ("card or history", "", "card", "history")


def told(observations: ir.Table, *, keep: Callable[[ir.Table], ir.Table] = lambda table: table) -> ir.Table:
    """Return where each source has a number at all: source, indicator, place_code, period, period_type.

    With `expected` and `received` reports. Reported blanks are no numbers. `keep` may have the engine
    compute the rows once.
    """
    rows = observations.filter(ibis._.status.isin(["reported", "zero"]) & ibis._.value.notnull())
    return keep(rows.group_by("source", "indicator", "place_code", "period", "period_type").agg(
        expected=ibis._.reports_expected.max(), received=ibis._.reports_received.max()
    ))  # fmt: skip


def shared(found: ir.Table) -> list[str]:
    """Return the indicators that more than one source holds for periods of one length (rows of `told`)."""
    pairs = found.select("source", "indicator", "period_type").distinct()
    counted_in = pairs.group_by("indicator", "period_type").agg(n=ibis._.count())
    return sorted(set(counted_in.filter(ibis._.n > 1).to_pandas()["indicator"]))


def cells_of(
    observations: ir.Table, pack: Pack, indicators: Sequence[str], *,
    keep: Callable[[ir.Table], ir.Table] = lambda table: table,
) -> ir.Table:  # fmt: skip
    """Return the numbers of some indicators in the columns of CELL; an empty value is a reported blank.

    Counts go through the rules of `kalanso.indicators.counting`, so that two ways of splitting the same
    doses become one number. `keep` may have the engine compute the rows once.
    """
    counts = [
        code for code in indicators if code in pack.indicators and pack.indicators[code].kind == "count"
    ]
    plain = [code for code in indicators if code not in counts]
    parts: list[ir.Table] = [_plain(observations.filter(ibis._.indicator.isin(plain)))]
    if counts:
        types = observations.select("period", "period_type").distinct()
        rows = counted(selected(observations, pack, counts, asked=PeriodType.YEAR))
        named = rows.select(
            "source", "place_code", "value", indicator="counted", period="reported", series=ibis.literal(""),
            product=ibis.literal(""),
        )  # fmt: skip
        parts.append(named.inner_join(types, "period").select(*CELL))
    return keep(parts[0] if len(parts) == 1 else parts[0].union(parts[1]))


def _plain(rows: ir.Table) -> ir.Table:
    """Return numbers that are shown as they are; parts by age, sex or sector stand only where no total does."""
    told = ibis._.status.isin(["reported", "zero"])
    whole = (ibis._.age_band == "all") & (ibis._.sex == "all") & (ibis._.sector == "all")
    key = ["source", "indicator", "product", "place_code", "period", "period_type"]
    rows = rows.mutate(value=ibis.ifelse(told, ibis._.value, ibis.null("float64")), whole=whole)
    total, part = ibis._.value.sum(where=ibis._.whole), ibis._.value.sum(where=~ibis._.whole)
    summed = rows.group_by(key).agg(value=ibis.coalesce(total, part), series=ibis.literal(""))
    return summed.select(*CELL)


def published_cells(coverage: pd.DataFrame) -> pd.DataFrame:
    """Return published coverage in the columns of CELL, one number per series, place and period.

    `coverage` holds rows of COVERAGE_SERIES. Of several editions the newest counts; of survey results
    those by card or history, averaged where a year had several surveys.
    """
    if coverage.empty:
        return pd.DataFrame(columns=list(CELL))
    rows = coverage.rename(columns={"category": "series", "coverage": "value"})
    rank = {name: number for number, name in enumerate(BEST_EVIDENCE)}
    rows = rows.assign(rank=rows["evidence"].map(rank).fillna(len(rank)))
    key = ["source", "series", "indicator", "place_code", "period", "period_type"]
    best = rows.groupby(key)["rank"].transform("min")
    rows = rows[rows["rank"] == best]
    newest = rows.groupby([*key, "survey"])["vintage"].transform("max")
    rows = rows[rows["vintage"] == newest]
    means = rows.groupby(key, as_index=False)["value"].mean()
    return means.assign(product="")[list(CELL)]


def additive(pack: Pack, indicator: str) -> bool:
    """Whether numbers of places below add up to the number of the place above."""
    known = pack.indicators.get(indicator)
    return known is not None and known.unit == "count" and known.kind in ("count", "population", "observed")
