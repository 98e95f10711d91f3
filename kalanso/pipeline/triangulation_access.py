"""Which ways to services, and which coverage of girls and boys, poor and rich, does a store tell of?

For the analyses of access and of inequality: facilities per people, sessions planned and held, people beyond 5 km, contexts and
poverty by district; coverage and doses by sex, coverage by fifth of wealth. What no table of the store tells is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import pandas as pd

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_services import at_level
from kalanso.places.tables import PLACE_CONTEXTS
from kalanso.triangulation.ground import MEASURES

_CONTEXTS = {"conflict": "conflict", "rural_remote": "rural_remote"}
_PEOPLE = {"population_beyond_5km": "beyond_5km", "population_poor": "poverty"}
_SESSIONS = ("sessions_planned", "sessions_held")
_MONTHS = 12  # sessions of so many months, the newest of each source
_WEALTH = "dtp1_coverage_wealth_"
_BORN_BEFORE = {"12-23m": 1}


def access(holdings: Holdings, places: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame | None:
    """Return every measure of access that the store tells, by district."""
    in_district = pd.Series(at_level(places, "district"), dtype=object)
    if in_district.empty:
        return None
    parts = [
        _facilities(holdings, places, populations, in_district),
        *_contexts(holdings, places, in_district),
        *_sessions(holdings, places, in_district),
        *_people(holdings, in_district, _official_people(holdings, populations)),
        _distance(holdings, in_district),
    ]
    found = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return found.drop_duplicates(["place_code", "measure"])


def _measured(measure: str, values: pd.Series) -> pd.DataFrame:
    known = values.dropna()
    return pd.DataFrame({"place_code": known.index, "measure": measure, "value": known.to_numpy(float)})


def _facilities(
    holdings: Holdings, places: pd.DataFrame, populations: pd.DataFrame, in_district: pd.Series
) -> pd.DataFrame:
    """Return facilities per 10,000 people."""
    districts = sorted(set(in_district))
    facilities = places.loc[places["level"] == "facility", "place_code"].map(in_district).value_counts()
    people = _official_people(holdings, populations).reindex(districts)
    return _measured("facilities_per_10000", facilities.reindex(districts) / people * 10_000)


def _official_people(holdings: Holdings, populations: pd.DataFrame) -> pd.Series:
    """Return people by place: the newest official surviving infants over the pack's share of children under one."""
    official = populations[populations["kind"].isin(["official", "projection"])].sort_values("year")
    infants = official.drop_duplicates("place_code", keep="last").set_index("place_code")["surviving_infants"]
    return infants / holdings.pack.threshold("denominators.under_1_per_person")


def _contexts(holdings: Holdings, places: pd.DataFrame, in_district: pd.Series) -> Iterator[pd.DataFrame]:
    """Yield the share of the areas of a district that are in conflict, or rural and remote."""
    if holdings.store.latest(PLACE_CONTEXTS.name) is None:
        return
    contexts = holdings.store.read(PLACE_CONTEXTS)
    areas = places[places["level"] == "health_area"]
    for context, measure in _CONTEXTS.items():
        chosen = contexts.filter(ibis._.context == context).select("place_code").distinct()
        held = areas["place_code"].isin(set(chosen.to_pandas()["place_code"]))
        yield _measured(measure, held.groupby(areas["place_code"].map(in_district)).mean())


def _stated(holdings: Holdings, indicators: list[str], in_district: pd.Series) -> pd.DataFrame:
    """Return sums by source, district, period and indicator; where a district states its own number, it counts alone."""
    o = holdings.observations
    rows = o.filter(o.indicator.isin(indicators) & o.value.notnull() & (o.sex == "all"))
    cell = ["source", "place_code", "period", "indicator"]
    frame = rows.group_by(*cell).agg(value=rows.value.sum()).to_pandas()
    frame = frame.assign(district=frame["place_code"].map(in_district)).dropna(subset=["district"])
    keys = ["source", "district", "period", "indicator"]
    itself = frame["place_code"] == frame["district"]
    twice = pd.MultiIndex.from_frame(frame[keys]).isin(pd.MultiIndex.from_frame(frame.loc[itself, keys]))
    return frame[itself | ~twice].groupby(keys, as_index=False)["value"].sum()


def _sessions(holdings: Holdings, places: pd.DataFrame, in_district: pd.Series) -> Iterator[pd.DataFrame]:
    """Yield sessions held out of those planned, and sessions held a month for each facility, of the newest twelve months."""
    rows = _stated(holdings, list(_SESSIONS), in_district)
    rows = rows[rows["period"].str.fullmatch(r"\d{6}")]
    if rows.empty:
        return
    rows = rows[rows["source"] == rows["source"].value_counts().sort_index().idxmax()]
    newest = sorted(rows["period"].unique())[-_MONTHS:]
    wide = rows[rows["period"].isin(newest)].pivot(
        index=["district", "period"], columns="indicator", values="value"
    )
    if set(_SESSIONS) <= set(wide.columns):
        # A month counts where both were told.
        both = wide.dropna(subset=list(_SESSIONS)).groupby("district").sum()
        both = both[both["sessions_planned"] > 0]
        yield _measured("sessions_held_share", both["sessions_held"] / both["sessions_planned"])
    if "sessions_held" in wide:
        facilities = places.loc[places["level"] == "facility", "place_code"].map(in_district).value_counts()
        held = wide["sessions_held"].dropna().groupby("district").mean()
        yield _measured("sessions_per_month", held / facilities.reindex(held.index))


def _people(holdings: Holdings, in_district: pd.Series, official: pd.Series) -> Iterator[pd.DataFrame]:
    """Yield shares of people beyond 5 km of a facility and of poor people, out of those of the same table, else of the official ones."""
    rows = _stated(holdings, [*_PEOPLE, "population_total"], in_district)
    wide = rows.pivot(index=["source", "district", "period"], columns="indicator", values="value")
    for indicator, measure in _PEOPLE.items():
        if indicator in wide:
            told = wide.dropna(subset=[indicator]).reset_index()
            people = told.get("population_total", pd.Series(float("nan"), index=told.index))
            people = people.fillna(told["district"].map(official))
            told = told.assign(share=told[indicator] / people.where(people > 0)).dropna(subset=["share"])
            newest = told.sort_values(["period", "source"]).drop_duplicates("district", keep="last")
            yield _measured(measure, newest.set_index("district")["share"])


def _distance(holdings: Holdings, in_district: pd.Series) -> pd.DataFrame:
    """Return mean kilometres to a facility where a district states it; means of areas do not add up."""
    o = holdings.observations
    rows = o.filter((o.indicator == "distance_to_facility_km") & o.value.notnull())
    frame = rows.select("place_code", "period", "source", "value").to_pandas()
    frame = frame[frame["place_code"].isin(set(in_district))].sort_values(["period", "source"])
    newest = frame.drop_duplicates("place_code", keep="last").set_index("place_code")
    return _measured("distance_km", newest["value"])


def groups(holdings: Holdings) -> pd.DataFrame | None:
    """Return coverage by sex and by fifth of wealth as others state it, and routine doses of girls and boys."""
    o = holdings.observations
    yearly = o.period_type.isin(["year", "quarter", "month"]) & o.value.notnull() & (o.sector == "all")
    by_sex = o.sex.isin(["female", "male"])
    wanted = o.filter(
        yearly
        & (
            (o.indicator.startswith(_WEALTH) & (o.sex == "all"))
            | ((o.indicator == "dtp1_coverage") & by_sex)
            | ((o.indicator == "dtp1_doses") & by_sex & (o.age_band == "0-11m") & ~o.strategy.isin(["campaign", "catch_up"]))
        )
    )  # fmt: skip
    rows = wanted.select(
        "source", "place_code", "period", "indicator", "age_band", "sex", "value"
    ).to_pandas()
    if rows.empty:
        return None
    counted = rows["indicator"] == "dtp1_doses"
    rows = rows.assign(
        year=rows["period"].str[:4].astype(int) - rows["age_band"].map(_BORN_BEFORE).fillna(0).astype(int),
        by=rows["sex"].where(rows["sex"] != "all", "wealth").replace({"female": "sex", "male": "sex"}),
        group=rows["sex"].where(rows["sex"] != "all", rows["indicator"].str.removeprefix(_WEALTH)),
    )
    key = ["place_code", "year", "source", "by", "group"]
    doses = rows[counted].groupby(key, as_index=False)["value"].sum().rename(columns={"value": "doses"})
    stated = rows[~counted].sort_values("period").drop_duplicates(key, keep="last")
    found = pd.concat([doses.assign(kind="doses"), stated[[*key, "value"]].assign(kind="coverage")])
    return found.assign(indicator="dtp1", table=OBSERVATIONS.name)


def ground(holdings: Holdings) -> pd.DataFrame | None:
    """Return facilities by status and displaced people as each place states them by month; of several sources, the one that tells most."""
    o = holdings.observations
    wanted = o.filter(
        o.indicator.isin(list(MEASURES)) & o.value.notnull() & (o.period_type == "month") & (o.age_band == "all") & (o.sex == "all")
    )  # fmt: skip
    rows = wanted.select("source", "place_code", "period", "value", measure="indicator").to_pandas()
    if rows.empty:
        return None
    told = rows.groupby(["measure", "source"])["value"].transform("size")
    key = ["place_code", "period", "measure"]
    return (
        rows.assign(told=told)
        .sort_values(["told", "source"], ascending=[False, True])
        .drop_duplicates(key)[[*key, "value"]]
    )
