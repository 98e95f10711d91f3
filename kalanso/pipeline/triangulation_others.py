"""Which coverage do others state in tables of their own: models of IHME, WorldPop or Gavi, and rounds of lots?

Reads coverage that was imported as a number rather than as doses (`modelled-coverage`, `lqas` and like maps) with the licence
and the day of its import. What a model makes of surveys is no independent evidence, and a lot classifies a place and
estimates nothing: both are only named and set beside the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.evidence import Holdings
from kalanso.store import Manifest

_LOTS = re.compile(r"lqas|(^|[-_])lots?([-_]|$)", re.IGNORECASE)
_KEY = ["place_code", "year", "indicator", "source"]
# A child of this age was born in the year before: coverage stands by birth cohort.
_BORN_BEFORE = {"12-23m": 1}


def kind_of(source: str) -> str:
    """Return whether a source that states coverage classifies lots or models it, by its name."""
    return "lots" if _LOTS.search(source) else "external"


def stated_coverage(holdings: Holdings) -> pd.DataFrame:
    """Return coverage that others state, in the columns of `inputs.COVERAGE`; of a year's rounds the newest."""
    o = holdings.observations
    wanted = o.filter(
        o.indicator.endswith("_coverage") & o.value.notnull() & (o.sex == "all") & (o.sector == "all")
        & o.period_type.isin(["year", "quarter", "month"])
    )  # fmt: skip
    rows = wanted.select("source", "place_code", "period", "indicator", "age_band", "value").to_pandas()
    if rows.empty:
        return pd.DataFrame(columns=[*_KEY, "kind", "value"])
    earlier = rows["age_band"].map(_BORN_BEFORE).fillna(0).astype(int)
    rows = rows.assign(
        year=rows["period"].str[:4].astype(int) - earlier, indicator=rows["indicator"].str.removesuffix("_coverage"),
        kind=rows["source"].map(kind_of), table=OBSERVATIONS.name,
    )  # fmt: skip
    rows = rows.sort_values([*_KEY, "period", "age_band"]).drop_duplicates(_KEY, keep="last")
    newest_first = holdings.store.history(OBSERVATIONS.name)[::-1]
    origins = {source: _origin(newest_first, source) for source in rows["source"].unique()}
    return rows.assign(
        licence=rows["source"].map(lambda source: origins[source][0]),
        imported=rows["source"].map(lambda source: origins[source][1]),
    ).drop(columns=["period", "age_band"])


def _origin(newest_first: Sequence[Manifest], source: str) -> tuple[str, str]:
    """Return the licence of a source and the day of its newest import; empty where the store no longer says."""
    for manifest in newest_first:
        if source in manifest.provenance.sources:
            licences = sorted({one.licence for one in manifest.provenance.inputs if one.licence})
            return ", ".join(licences), manifest.created_at[:10]
    return "", ""
