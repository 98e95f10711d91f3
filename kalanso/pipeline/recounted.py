"""What do recounts of a store say: of over-reporting by place, and as evidence for an estimate?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kalanso.coverage.evidence_tables import DOSE_INDICATORS
from kalanso.indicators.tables import RECOUNTS
from kalanso.pipeline.evidence import Holdings
from kalanso.quality.verification import COLUMNS, verification_factors
from kalanso.store import Store
from kalanso.vocabulary import Tree

_CELL = ["place_code", "period", "indicator"]


def verification(holdings: Holdings) -> pd.DataFrame:
    """Return verification factors of facilities and all places above them, empty where nothing was recounted."""
    rows = _recounts(holdings.store)
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    lineage = holdings.lineage(Tree.HEALTH).to_pandas()
    lineage = lineage[lineage["place_code"].isin(set(rows["place_code"]))]
    above = lineage.groupby("place_code")["ancestor_code"].apply(list).to_dict()
    unit = holdings.pack.section("quality")["who"]["level"]
    districts = lineage[lineage["ancestor_level"] == unit]
    return verification_factors(
        rows, above, dict(zip(districts["place_code"], districts["ancestor_code"], strict=True))
    )


def recounts_table(store: Store, area_of: Mapping[str, str]) -> pd.DataFrame:
    """Return doses in registers beside doses reported, by area and month, in the columns of `recounts.csv`.

    Reported is what the system holds; where that is not known, the monthly report. Facilities that no area is
    known for are left out, and so are months with one of both numbers.
    """
    rows = _recounts(store)
    if rows.empty:
        return pd.DataFrame()
    reported = rows["in_system"].where(rows["in_system"].notna(), rows["monthly_report"])
    rows = rows.assign(
        recounted=rows["register"], reported=reported, area=rows["place_code"].map(dict(area_of))
    )
    rows = rows[rows["recounted"].notna() & rows["reported"].notna() & rows["area"].notna()]
    rows = rows[rows["indicator"].isin(list(DOSE_INDICATORS))]
    sums = rows.groupby(["area", "period", "indicator"], as_index=False)[["recounted", "reported"]].sum()
    return sums.rename(columns={"area": "place_code"})


def _recounts(store: Store) -> pd.DataFrame:
    """Return the recounts; of several rounds that counted one month again, the last by name."""
    if store.latest(RECOUNTS.name) is None:
        return RECOUNTS.arrow([]).to_pandas()
    rows: pd.DataFrame = store.read(RECOUNTS).to_pandas()
    return rows.sort_values("source").drop_duplicates(_CELL, keep="last").reset_index(drop=True)
