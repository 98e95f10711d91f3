"""What do household surveys, lots, recounts and stock records of a made-up country say?

Clusters drawn with probability proportional to size where interviewers may go, children of a window
of due quarters, answers of one cluster alike; and the rarer evidence, drawn only when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.simulation.evidence_land import COUNTRY, Land, district_codes, region_codes
from kalanso.simulation.evidence_settings import EvidenceSettings, SurveySettings
from kalanso.simulation.evidence_truth import EARLIER, Hidden, Parameters

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

LOT_CHILDREN, LOT_PASS = 19, 16
RECOUNT_SD = 0.05
STOCK_SD, WASTAGE, WASTAGE_SD = 0.05, 0.15, 0.03
SURVEY_COLUMNS = ["survey", "cluster", "place_code", "start", "end", "indicator", "vaccinated", "children", "stratum"]  # fmt: skip
AREA_COLUMNS = ["survey", "place_code", "start", "end", "indicator", "coverage", "standard_error"]


@dataclass(frozen=True, kw_only=True)
class _Window:
    """Due quarters from `first` to `last` (numbers in the series), and the shares of their children (N,)."""

    first: int
    last: int
    dtp1: Numbers
    stay: Numbers
    due: Numbers


def _window(hidden: Hidden, first: int, quarters: int) -> _Window:
    inside = slice(EARLIER + first, EARLIER + first + quarters)
    due, dtp1, stay = hidden.due[:, inside], hidden.dtp1[:, inside], hidden.stay[:, inside]
    children, one = due.sum(axis=1), (due * dtp1).sum(axis=1)
    return _Window(
        first=first, last=first + quarters - 1, due=children, dtp1=one / children,
        stay=(due * dtp1 * stay).sum(axis=1) / one,
    )  # fmt: skip


def surveys(
    hidden: Hidden, country: Land, settings: EvidenceSettings, rng: np.random.Generator, drawn: Parameters
) -> dict[str, pd.DataFrame]:
    """Return the tables surveys and survey_areas; one of them is empty."""
    chosen = settings.surveys
    rounds = int(rng.choice(chosen.rounds))
    wanted = chosen.clusters
    if wanted is None:
        wanted = min(round(chosen.clusters_per_area * len(country.areas)), chosen.most_clusters)
    alike = (chosen.same_cluster.draw(rng), chosen.same_cluster.draw(rng))
    drawn |= {"same_cluster_dtp1": alike[0], "same_cluster_stay": alike[1], "rounds": float(rounds)}
    if wanted < 1 or country.conflict.all():
        return {"surveys": pd.DataFrame(columns=SURVEY_COLUMNS), "survey_areas": pd.DataFrame(columns=AREA_COLUMNS)}  # fmt: skip
    parts = np.array_split(np.arange(wanted), rounds)
    found = [
        _round(number + 1, _window(hidden, first, length), len(parts[number]), hidden, country, chosen, alike, rng)
        for number, (first, length) in enumerate(_windows(len(hidden.periods), rounds, chosen.quarters, rng))
        if len(parts[number])
    ]  # fmt: skip
    clusters = pd.concat(found, ignore_index=True)
    if chosen.by_region:
        return {
            "surveys": pd.DataFrame(columns=SURVEY_COLUMNS),
            "survey_areas": _by_region(clusters, country),
        }
    return {"surveys": clusters, "survey_areas": pd.DataFrame(columns=AREA_COLUMNS)}


def _windows(quarters: int, rounds: int, length: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return first quarter and length of each round: about evenly spaced over the series."""
    length = min(length, quarters)
    room = quarters - length
    found = []
    for number in range(rounds):
        middle = (number + 0.5) / rounds * room
        found.append((int(np.clip(round(middle + rng.integers(-1, 2)), 0, room)), length))
    return found


def _round(
    number: int, window: _Window, clusters: int, hidden: Hidden, country: Land, chosen: SurveySettings,
    alike: tuple[float, float], rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Return the clusters of one round: a row for DTP1 and one for DTP3 of the same children."""
    size = np.where(country.conflict, 0.0, window.due)
    at = rng.choice(len(size), size=clusters, p=size / size.sum())
    children = 1 + rng.poisson(max(chosen.children - 1, 0), clusters)
    first = rng.binomial(children, alike_within(window.dtp1[at], alike[0], rng))
    third = rng.binomial(first, alike_within(window.stay[at], alike[1], rng))
    said = {"dtp1": _recalled(first, children, chosen, rng), "dtp3": _recalled(third, children, chosen, rng)}
    said["dtp3"] = np.minimum(said["dtp3"], said["dtp1"])
    base = pd.DataFrame(
        {
            "survey": f"survey-{number}",
            "cluster": [f"{number}-{one + 1:04d}" for one in range(clusters)],
            "place_code": np.array(country.areas)[at].tolist(),
            "start": hidden.periods[window.first],
            "end": hidden.periods[window.last],
            "children": children,
            "stratum": np.where(country.urban[at], "urban", "rural").tolist(),
        }
    )
    rows = [base.assign(indicator=name, vaccinated=count) for name, count in said.items()]
    return pd.concat(rows, ignore_index=True)[SURVEY_COLUMNS]


def alike_within(share: Numbers, correlation: float, rng: np.random.Generator) -> Numbers:
    """Return by cluster the share of its children: beta with mean `share` and intra-cluster correlation."""
    weight = (1 - correlation) / correlation
    bounded = np.clip(share, 1e-6, 1 - 1e-6)
    return np.asarray(rng.beta(bounded * weight, (1 - bounded) * weight))


def _recalled(count: Counts, children: Counts, chosen: SurveySettings, rng: np.random.Generator) -> Counts:
    if chosen.recall is None:
        return count
    sensitivity, specificity = chosen.recall
    return rng.binomial(count, sensitivity) + rng.binomial(children - count, 1 - specificity)


def _by_region(clusters: pd.DataFrame, country: Land) -> pd.DataFrame:
    """Return direct estimates by region with their linearised standard errors.

    Clusters were drawn with probability proportional to size and hold about the same number of
    children, so every child weighs the same. Regions with fewer than two clusters have no row.
    """
    regions = np.array(region_codes(country))[country.region]
    of = dict(zip(country.areas, regions.tolist(), strict=True))
    rows = []
    for (survey, region, indicator), one in clusters.assign(region=clusters["place_code"].map(of)).groupby(
        ["survey", "region", "indicator"]
    ):
        if len(one) < 2:
            continue
        share = one["vaccinated"].sum() / one["children"].sum()
        residual = (one["vaccinated"] - share * one["children"]).to_numpy() / one["children"].mean()
        error = float(np.sqrt(residual.var(ddof=1) / len(one)))
        first = one.iloc[0]
        rows.append((survey, region, first["start"], first["end"], indicator, share, max(error, 0.005)))
    return pd.DataFrame(rows, columns=AREA_COLUMNS)


def lots(
    hidden: Hidden, country: Land, settings: EvidenceSettings, rng: np.random.Generator, alike: float
) -> pd.DataFrame:
    """Return lots of the last four quarters: half as counts, half as the bare decision."""
    columns = ["round", "place_code", "start", "end", "indicator", "children", "vaccinated", "decision", "decision_value"]  # fmt: skip
    open_areas = np.flatnonzero(~country.conflict)
    count = round(settings.surveys.lots * len(open_areas))
    if count < 1:
        return pd.DataFrame(columns=columns)
    at = np.sort(rng.choice(open_areas, size=min(count, len(open_areas)), replace=False))
    length = min(4, len(hidden.periods))
    window = _window(hidden, len(hidden.periods) - length, length)
    found = rng.binomial(LOT_CHILDREN, alike_within(window.dtp1[at], alike, rng)).astype(float)
    passed = np.where(found >= LOT_PASS, "pass", "fail")
    bare = np.arange(len(at)) % 2 == 1
    return pd.DataFrame(
        {
            "round": "lots-1",
            "place_code": np.array(country.areas)[at].tolist(),
            "start": hidden.periods[window.first],
            "end": hidden.periods[window.last],
            "indicator": "dtp1",
            "children": LOT_CHILDREN,
            "vaccinated": np.where(bare, np.nan, found),
            "decision": passed.tolist(),
            "decision_value": LOT_PASS,
        },
        columns=columns,
    )


def recounts(
    reported: pd.DataFrame, bias: Numbers, country: Land, settings: EvidenceSettings, rng: np.random.Generator
) -> pd.DataFrame:
    """Return registers recounted: what was reported, freed of the area's bias, with a small error."""
    columns = ["place_code", "period", "indicator", "recounted", "reported"]
    share = settings.surveys.recounts
    if share <= 0:
        return pd.DataFrame(columns=columns)
    own = reported[(reported["indicator"] == "dtp1_doses") & (rng.random(len(reported)) < share)]
    area = own["place_code"].map({code: number for number, code in enumerate(country.areas)}).to_numpy()
    true = own["value"].to_numpy() * np.exp(-bias[area] + RECOUNT_SD * rng.normal(size=len(own)))
    found = own[["place_code", "period", "indicator"]].assign(recounted=np.round(true), reported=own["value"])
    return found.reset_index(drop=True)[columns]


def stock(
    given: dict[str, Numbers], country: Land, hidden: Hidden, settings: EvidenceSettings, rng: np.random.Generator
) -> pd.DataFrame:  # fmt: skip
    """Return doses in opened vials by district and quarter, three doses of DTP together.

    DTP2 lies half-way between DTP1 and DTP3. `wastage` holds the norm; the true share varies by
    district.
    """
    columns = ["place_code", "period", "doses_used", "wastage"]
    if not settings.surveys.stock:
        return pd.DataFrame(columns=columns)
    first, third = given["dtp1_doses"], given["dtp3_doses"]
    all_doses = first + np.sqrt(first * third) + third
    codes = district_codes(country)
    rows = []
    for number, code in enumerate(codes):
        wasted = float(np.clip(rng.normal(WASTAGE, WASTAGE_SD), 0.01, 0.6))
        total = all_doses[country.district == number].sum(axis=0) / (1 - wasted)
        noisy = total * np.exp(STOCK_SD * rng.standard_t(4, size=len(total)))
        for period, value in zip(hidden.periods, noisy, strict=True):
            rows.append((code, period, float(np.round(value)), WASTAGE))
    return pd.DataFrame(rows, columns=columns)


def parents(country: Land) -> dict[str, str]:
    """Return the parent of every place."""
    districts, regions = district_codes(country), region_codes(country)
    found = {COUNTRY: ""} | dict.fromkeys(regions, COUNTRY)
    for number, code in enumerate(districts):
        found[code] = regions[int(country.region[country.district == number][0])]
    return found | {code: districts[at] for code, at in zip(country.areas, country.district, strict=True)}
