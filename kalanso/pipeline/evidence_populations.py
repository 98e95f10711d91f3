"""How many surviving infants does each source of populations state, and how far may it be off?

Takes what a source states, or converts it by the pack's rates, and what the pack says of how sources
hang together.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd

from kalanso.definitions import Pack, population_source
from kalanso.indicators.tables import COVERAGE_SERIES
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_places import Ground

INFANTS = "surviving_infants"
MARGIN = 2  # years before and after the doses from which populations still say something


def denominators_table(
    holdings: Holdings, where: Ground, periods: Sequence[str], *, targets: bool = False
) -> pd.DataFrame:
    """Return surviving infants by source, place and year, within two years of the doses.

    The conversions are those of the pack, in its order; a source speaks in one way only. `targets`
    adds those of the administrative series: where reports are there, so is the population behind
    these, and it would count twice.
    """
    rates = _ways(holdings.pack)
    table = holdings.observations
    rows = table.filter(
        table.indicator.isin(list(rates)) & (table.period_type == "year") & table.value.notnull()
    )
    rows = rows.filter((rows.sex == "all") & (rows.sector == "all"))
    frame = rows.select("source", "place_code", "period", "indicator", "value").to_pandas()
    if targets:
        frame = pd.concat([frame, _targets(holdings)], ignore_index=True)
    frame = frame[frame["place_code"].isin(set(where.above))]
    if frame.empty:
        return pd.DataFrame(columns=["source", "place_code", "period", INFANTS])
    order = {name: number for number, name in enumerate(rates)}
    frame = frame.assign(rank=frame["indicator"].map(order))
    best = frame.groupby("source")["rank"].transform("min")
    frame = frame[frame["rank"] == best]
    years = frame["period"].astype(int)
    inside = years.between(int(periods[0][:4]) - MARGIN, int(periods[-1][:4]) + MARGIN)
    frame = frame[inside].assign(period=years[inside])
    return frame.assign(**{INFANTS: frame["value"] * frame["indicator"].map(rates)})[
        ["source", "place_code", "period", INFANTS]
    ].drop_duplicates(["source", "place_code", "period"])


def _ways(pack: Pack) -> dict[str, float]:
    """Return by what each population is multiplied to give surviving infants, best first."""
    found = {INFANTS: 1.0}
    for conversion in pack.indicators[INFANTS].conversions:
        factor = 1.0
        for path in conversion.times:
            rate = pack.threshold(path.removeprefix("1/"))
            factor *= 1 / rate if path.startswith("1/") else rate
        found[conversion.source] = factor
    return found


def _targets(holdings: Holdings) -> pd.DataFrame:
    """Return the targets that the administrative series divides by."""
    columns = ["source", "place_code", "period", "indicator", "value"]
    if holdings.manifest(COVERAGE_SERIES) is None:
        return pd.DataFrame(columns=columns)
    table = holdings.read(COVERAGE_SERIES)
    rows = table.filter((table.category == "ADMIN") & (table.indicator == "dtp1_coverage"))
    rows = rows.filter(rows.target.notnull() & (rows.period_type == "year")).order_by(ibis.desc("vintage"))
    frame = rows.select("source", "place_code", "period", value="target").to_pandas()
    return frame.drop_duplicates(["source", "place_code", "period"]).assign(indicator=INFANTS)[columns]


def sources_table(pack: Pack, denominators: pd.DataFrame) -> pd.DataFrame:
    """Return what the pack knows of each source; the surest of those that may anchor does."""
    rows = []
    for name in sorted(set(denominators["source"])):
        known = population_source(pack.populations, name)
        rows.append(
            {
                "source": name,
                "parent_source": known.parent if known and known.parent != name else "",
                "bias_sd": known.bias_sd if known else None,
                "base_year": known.base_year if known else None,
                "may_anchor": bool(known and known.anchor),
            }
        )
    frame = pd.DataFrame(rows)
    if frame.empty:
        return frame
    candidates = frame[frame["may_anchor"]].sort_values(["bias_sd", "source"])
    chosen = candidates["source"].iloc[0] if len(candidates) else ""
    return frame.assign(anchor=frame["source"] == chosen).drop(columns="may_anchor")
