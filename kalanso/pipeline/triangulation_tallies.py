"""Which cases, campaign tallies and recounts does a store hold, for the analyses of all sources?

Independent evidence where no survey goes. Adds what places state up to their districts and the country, where those state nothing
themselves. What vials and sectors tell is gathered in `triangulation_services`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from kalanso.indicators.tables import RECOUNTS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_services import at_level

# Disease -> status of its cases -> the column to which they add. Measles needs one dose; pertussis and polio need three, so that
# one or two are neither vaccinated nor not.
_CASES: Mapping[str, Mapping[str, str]] = {
    "measles": {"unvaccinated": "unvaccinated", "1_dose": "vaccinated", "2_doses": "vaccinated", "unknown": "unknown"},
    "pertussis": {
        "unvaccinated": "unvaccinated", "1_dose": "partial", "2_doses": "partial", "3_doses": "vaccinated", "unknown": "unknown",
    },
    "afp": {
        "unvaccinated": "unvaccinated", "1_dose": "partial", "2_doses": "partial", "3_doses": "vaccinated", "unknown": "unknown",
    },
}  # fmt: skip
_WHOLE = ("all", "")
_TALLIES = {"campaign_children_vaccinated": "seen", "campaign_children_zero_dose": "zero_dose"}
_LEVELS = ("health_area", "district", "region", "country")


def cases(holdings: Holdings, places: pd.DataFrame) -> pd.DataFrame | None:
    """Return cases by vaccination status, by place, period and age: all ages together, and each age that the source tells.

    Of sources that state both the vaccinated and the unvaccinated somewhere; where such a source states one of them alone, the other
    is zero, since systems do not keep a zero. Of several sources the first by name counts, since the same cases stand in all.
    """
    parts = []
    for disease, statuses in _CASES.items():
        codes = {f"{disease}_cases_{status}": column for status, column in statuses.items()}
        whole = _told(_wide(holdings, places, codes), list(dict.fromkeys(statuses.values())))
        if whole.empty:
            continue
        whole = whole.sort_values("source").drop_duplicates(["place_code", "period"])
        ages = _told(_wide(holdings, places, codes, by_age=True), list(dict.fromkeys(statuses.values())))
        if len(ages):
            ages = ages.merge(
                whole[["source", "place_code", "period"]], on=["source", "place_code", "period"]
            )
        parts += [part.assign(disease=disease) for part in (whole.assign(age_band="all"), ages) if len(part)]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    columns = [
        "place_code",
        "period",
        "disease",
        "age_band",
        "vaccinated",
        "partial",
        "unvaccinated",
        "unknown",
    ]
    return None if found.empty else found.reindex(columns=columns)


def _told(wide: pd.DataFrame | None, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows of sources that tell both ends of the status, with zeros where a status has no case."""
    ends = ["vaccinated", "unvaccinated"]
    if wide is None or not set(ends) <= set(wide.columns):
        return pd.DataFrame()
    both = wide.groupby("source")[ends].transform("count").gt(0).all(axis=1)
    stated = [column for column in columns if column != "unknown"]
    wide = wide.reindex(columns=list(dict.fromkeys([*wide.columns, *stated])))
    told = wide[both & wide[stated].notna().any(axis=1)]
    return told.fillna(dict.fromkeys(stated, 0))


def campaigns(holdings: Holdings, places: pd.DataFrame) -> pd.DataFrame | None:
    """Return children seen by campaigns and how many of them had no dose, by place, period and source (`campaign`)."""
    wide = _wide(holdings, places, _TALLIES)
    if wide is None or not {"seen", "zero_dose"} <= set(wide.columns):
        return None
    told = wide.dropna(subset=["seen", "zero_dose"]).rename(columns={"source": "campaign"})
    return None if told.empty else told[["place_code", "period", "campaign", "seen", "zero_dose"]]


def recounts(holdings: Holdings, places: pd.DataFrame) -> pd.DataFrame | None:
    """Return first doses found in registers and reported for the same months, by place and year."""
    if holdings.store.latest(RECOUNTS.name) is None:
        return None
    rows = holdings.store.read(RECOUNTS)
    rows = rows.filter((rows.indicator == "dtp1_doses") & rows.register.notnull()).to_pandas()
    reported = rows["in_system"].where(rows["in_system"].notna(), rows["monthly_report"])
    rows = rows.assign(recounted=rows["register"], reported=reported, year=rows["period"].str[:4].astype(int))
    # Of several rounds that counted one month again, the last by name.
    rows = (
        rows.dropna(subset=["reported"])
        .sort_values("source")
        .drop_duplicates(["place_code", "period"], keep="last")
    )
    lifted = _lifted(rows[["place_code", "year", "recounted", "reported"]], places, ["year"])
    return None if lifted.empty else lifted


def _wide(
    holdings: Holdings, places: pd.DataFrame, codes: Mapping[str, str], *, by_age: bool = False
) -> pd.DataFrame | None:
    """Return one row by source, place and period (and age) with the columns that codes add to, lifted to the levels above."""
    o = holdings.observations
    rows = o.filter(o.indicator.isin(list(codes)) & o.value.notnull() & o.sex.isin(["all", "unknown"]))
    cell = ["source", "place_code", "period", "indicator", "age_band"]
    frame = rows.group_by(*cell).agg(value=rows.value.sum()).to_pandas()
    whole = frame["age_band"].isin(_WHOLE)
    if by_age:
        frame = frame[~whole]
    else:
        # A total of all ages that stands beside its parts would count twice.
        keys = cell[:4]
        covered = pd.MultiIndex.from_frame(frame[keys]).isin(pd.MultiIndex.from_frame(frame.loc[whole, keys]))
        frame = frame[whole | ~covered]
    if frame.empty:
        return None
    frame = frame.assign(column=lambda t: t["indicator"].map(dict(codes)))
    by = ["source", "period", *(["age_band"] if by_age else [])]
    wide = frame.pivot_table(
        index=["place_code", *by], columns="column", values="value", aggfunc="sum"
    ).reset_index()
    return _lifted(wide.rename_axis(columns=None), places, by)


def _lifted(rows: pd.DataFrame, places: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the rows with their sums at each level above, except where a place states its own."""
    keys = ["place_code", *by]
    numbers = [column for column in rows.columns if column not in keys]
    found = rows
    for level in _LEVELS:
        above = rows["place_code"].map(at_level(places, level))
        part = rows.assign(place_code=above)[above.notna() & (above != rows["place_code"])]
        sums = part.groupby(keys, as_index=False)[numbers].sum(min_count=1)
        own = pd.MultiIndex.from_frame(sums[keys]).isin(pd.MultiIndex.from_frame(found[keys]))
        found = pd.concat([found, sums[~own]], ignore_index=True)
    return found
