"""In which area does a cluster lie whose published position was moved to protect families?

Each area has a chance, from the rule of moving and the people who live there. A cluster counts for the smallest place that
holds it almost certainly; results of larger places carry the doubt that such clusters are not a sample of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from kalanso.surveys.evidence_rows import evidence_row, evidence_table
from kalanso.surveys.handed_in import among, numbers, refuse_rows, unique, with_columns
from kalanso.surveys.tables import INDICATORS
from kalanso.vocabulary import Message

KM_PER_DEGREE = 111.32
SURE = 0.95  # chance from which a place is taken to hold a cluster
DESIGN_EFFECT = 2.0  # of cluster samples, where few clusters say nothing of it
AREAS_DIFFER = 0.9  # logit, standard deviation of areas within a larger place: .6 to .9 about .8
NEAREST_TO_BOUND = 0.005
_STEPS, _TURNS = 24, 32  # distances and directions that are tried
KEY = ("survey", "cluster")
COUNTS = ("survey", "cluster", "start", "end", "indicator", "children", "vaccinated")
ASSUMPTIONS = ("surveys.household.assume.drawn", "surveys.household.assume.moved")


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How far positions were moved: rings (largest distance in km, share of clusters), distances even within each."""

    urban: tuple[tuple[float, float], ...]
    rural: tuple[tuple[float, float], ...]


# Any direction, any distance alike up to 2 km in towns, 5 km elsewhere, 10 km for one rural cluster in a hundred.
DHS = Moved(urban=((2.0, 1.0),), rural=((5.0, 0.99), (10.0, 0.01)))


def chances(
    clusters: pd.DataFrame, outlines: Mapping[str, shapely.Geometry], above: Mapping[str, Sequence[str]], *, rule: Moved = DHS,
    people_per_km2: Mapping[str, float] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return survey, cluster, place_code and chance, one row per area that may hold a cluster.

    `clusters` has survey, cluster, longitude, latitude, urban (yes, no) and, where it is known for certain, `within`: a
    place above. `above` names the places above each area. Areas count by their people where all densities are known and above
    zero, else alike. Raises SurveyRefused for a position from which no area can be reached.
    """
    table = _checked(clusters)
    codes = list(outlines)
    tree = shapely.STRtree([outlines[code] for code in codes])
    weights = _weights(codes, people_per_km2)
    found = []
    for number, row in enumerate(table.to_dict("records")):
        east, north, part = _ring(rule.urban if row["urban"] == "yes" else rule.rural)
        longitude = row["longitude"] + east / (KM_PER_DEGREE * np.cos(np.radians(row["latitude"])))
        points = shapely.points(longitude, row["latitude"] + north / KM_PER_DEGREE)
        at, area = tree.query(points, predicate="intersects")
        _, first = np.unique(at, return_index=True)  # on a border: the first of its areas
        sums = np.bincount(area[first], weights=(part[at] * weights[area])[first], minlength=len(codes))
        if row["within"]:
            sums *= [row["within"] == code or row["within"] in above[code] for code in codes]
        if not sums.sum() > 0:
            wrong = np.arange(len(table)) == number
            refuse_rows(table, "clusters", "longitude", wrong, Message("surveys.expected.inside"))
        found += [
            {"survey": row["survey"], "cluster": row["cluster"], "place_code": codes[n], "chance": sums[n] / sums.sum()}
            for n in np.flatnonzero(sums)
        ]  # fmt: skip
    return pd.DataFrame(found, columns=[*KEY, "place_code", "chance"])


def _checked(clusters: pd.DataFrame) -> pd.DataFrame:
    table = with_columns(clusters, "clusters", [*KEY, "longitude", "latitude", "urban"])
    unique(table, "clusters", KEY)
    among(table, "clusters", "urban", ("yes", "no"))
    for name, most in (("longitude", 180.0), ("latitude", 85.0)):
        table[name] = pd.to_numeric(table[name], errors="coerce")
        refuse_rows(
            table, "clusters", name, ~(table[name].abs() <= most), Message("surveys.expected.degrees")
        )
    # DHS writes 0, 0 for a position that is missing.
    missing = (table["longitude"] == 0) & (table["latitude"] == 0)
    refuse_rows(table, "clusters", "longitude", missing, Message("surveys.expected.degrees"))
    return table.assign(within=table["within"].fillna("") if "within" in table else "")


def _weights(codes: Sequence[str], people: Mapping[str, float] | None) -> npt.NDArray[np.float64]:
    known = np.array([(people or {}).get(code, np.nan) for code in codes], float)
    return known if np.isfinite(known).all() and (known > 0).all() else np.ones(len(codes))


def _ring(rings: Sequence[tuple[float, float]]) -> tuple[npt.NDArray[np.float64], ...]:
    """Return km east, km north and weight of the points from which a position may have come."""
    steps, turns = (np.arange(_STEPS) + 0.5) / _STEPS, 2 * np.pi * (np.arange(_TURNS) + 0.5) / _TURNS
    east, north, part = [], [], []
    for farthest, share in rings:
        away, turn = (one.ravel() for one in np.meshgrid(farthest * steps, turns))
        east.append(away * np.cos(turn))
        north.append(away * np.sin(turn))
        part.append(np.full(away.size, share / away.size))
    return np.concatenate(east), np.concatenate(north), np.concatenate(part)


def placed(chance: pd.DataFrame, above: Mapping[str, Sequence[str]], *, sure: float = SURE) -> pd.DataFrame:
    """Return survey, cluster, place_code and chance: the smallest place that holds each cluster with at least `sure`.

    A cluster for which there is no such place, not even the country, is left out.
    """
    found = []
    for key, rows in chance.groupby(list(KEY), sort=False):
        best = str(rows.sort_values("chance", kind="stable")["place_code"].iloc[-1])
        for code in (best, *above[best]):
            inside = [own == code or code in above[own] for own in rows["place_code"]]
            held = float(rows.loc[inside, "chance"].sum())
            if held >= sure:
                found.append({**dict(zip(KEY, key, strict=True)), "place_code": code, "chance": held})
                break
    return pd.DataFrame(found, columns=[*KEY, "place_code", "chance"])


def evidence(counts: pd.DataFrame, places: pd.DataFrame, areas: Sequence[str]) -> pd.DataFrame:
    """Return rows of `survey_evidence`: counts of clusters that lie in an area, results of larger places for the others.

    `counts` has survey, cluster, start, end, indicator, children, vaccinated; `places` is what `placed` returned. A result's
    standard error comes from how its clusters differ, at least from twice the binomial variance; its `bias_sd` from how areas of one place differ,
    over the root of the number of clusters.
    """
    table = with_columns(counts, "counts", COUNTS)
    unique(table, "counts", [*COUNTS[:5]])
    among(table, "counts", "indicator", INDICATORS)
    table["children"] = numbers(table, "counts", "children", low=1)
    table["vaccinated"] = numbers(table, "counts", "vaccinated")
    more = Message("surveys.expected.not_above", {"other": "children"})
    refuse_rows(table, "counts", "vaccinated", table["vaccinated"] > table["children"], more)
    rows = table.merge(places, on=list(KEY), how="inner", validate="many_to_one")
    certain = rows["place_code"].isin(list(areas))
    rows = rows.assign(_key=rows["survey"].astype(str) + "/" + rows["cluster"].astype(str), _in=certain)
    kept, raised = (int(rows.loc[rows["_in"] == inside, "_key"].nunique()) for inside in (True, False))
    label = Message(
        "surveys.household.moved", {"kept": kept, "raised": raised, "survey": ", ".join(sorted(set(rows["survey"])))}
    )  # fmt: skip
    found = [
        evidence_row(
            label, ASSUMPTIONS, round=row["survey"], kind="household", form="counts", place_code=row["place_code"],
            cluster=str(row["cluster"]), bias_sd=0.0, **{name: row[name] for name in COUNTS[2:]},
        )
        for row in rows[certain].to_dict("records")
    ]  # fmt: skip
    groups = rows[~certain].groupby(["survey", "place_code", "start", "end", "indicator"], sort=False)
    found += [_result(label, tuple(map(str, key)), own) for key, own in groups]
    return evidence_table(found)


def _result(label: Message, key: tuple[str, ...], own: pd.DataFrame) -> dict[str, object]:
    children, vaccinated = own["children"].to_numpy(float), own["vaccinated"].to_numpy(float)
    share = float(np.clip(vaccinated.sum() / children.sum(), NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND))
    off, count = vaccinated - share * children, len(own)
    between = np.sqrt(count / max(count - 1, 1) * (off**2).sum()) / children.sum()
    simple = np.sqrt(DESIGN_EFFECT * share * (1 - share) / children.sum())
    survey, place, start, end, indicator = key
    return evidence_row(
        label, ASSUMPTIONS, round=survey, kind="household", form="estimate", place_code=place, start=start, end=end,
        indicator=indicator, children=float(children.sum()), coverage=share, standard_error=float(min(max(between, simple), 0.5)),
        bias_sd=float(AREAS_DIFFER / np.sqrt(count)),
    )  # fmt: skip
