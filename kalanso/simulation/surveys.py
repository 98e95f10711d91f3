"""What did the two household surveys of the example country find?

Clusters drawn with probability proportional to census size where interviewers may go, children aged
12-23 months with card or recall. Areas in conflict were never entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from kalanso.simulation.children import Vaccinated
from kalanso.simulation.population import Population
from kalanso.simulation.tables import SURVEY_CHILDREN, SURVEY_CLUSTERS, TRUTH_SURVEY_CHILDREN
from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import BEFORE, month_of

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CHILDREN_PER_CLUSTER = 12
SAME_CLUSTER = 0.10  # correlation of vaccination between children of one cluster
CARD_SEEN = {"urban": 0.72, "rural": 0.58}  # of children with DTP1
CARD_OF_ZERO_DOSE = 0.12  # cards with BCG only
# Chance that recall says yes, for children with and without the dose. Recall loses later doses.
RECALL = {"dtp1": (0.94, 0.12), "dtp3": (0.72, 0.08)}


@dataclass(frozen=True, kw_only=True)
class Survey:
    """One household survey: its name, fieldwork and number of clusters in the full country."""

    name: str
    title: str
    start: date
    end: date
    clusters: int


SURVEYS = (
    Survey(name="demo-survey-2021", title="DÉMO : enquête ménages 2021", start=date(2021, 11, 1), end=date(2021, 12, 20), clusters=360),
    Survey(name="demo-survey-2024", title="DÉMO : enquête ménages 2024", start=date(2024, 10, 1), end=date(2024, 11, 25), clusters=420),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Fieldwork:
    """The tables of all surveys: clusters, children as found, children as they are."""

    clusters: pa.Table
    children: pa.Table
    truth: pa.Table


def surveys(
    territory: Territory, people: Population, children: Vaccinated, size: str, rng: np.random.Generator
) -> Fieldwork:
    """Carry out both surveys."""
    found = [_one(survey, territory, people, children, size, rng) for survey in SURVEYS]
    clusters, answers = (pd.concat(frames, ignore_index=True) for frames in zip(*found, strict=True))
    truth = answers.rename(columns={"dtp1": "said1", "dtp3": "said3", "true1": "dtp1", "true3": "dtp3"})
    return Fieldwork(
        clusters=SURVEY_CLUSTERS.arrow(_arrow(clusters, SURVEY_CLUSTERS.column_names)),
        children=SURVEY_CHILDREN.arrow(_arrow(answers, SURVEY_CHILDREN.column_names)),
        truth=TRUTH_SURVEY_CHILDREN.arrow(_arrow(truth, TRUTH_SURVEY_CHILDREN.column_names)),
    )


def _arrow(frame: pd.DataFrame, names: tuple[str, ...]) -> pa.Table:
    return pa.Table.from_pandas(frame[list(names)], preserve_index=False)


def accessible(territory: Territory, day: date) -> Flags:
    """Return by area whether interviewers could work there: no conflict yet."""
    return np.asarray(territory.areas["conflict_from"].to_numpy() > month_of(day, 0))


def _one(
    survey: Survey, territory: Territory, people: Population, children: Vaccinated, size: str,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    wanted = survey.clusters if size == "full" else survey.clusters // 12
    frame = _drawn(survey, territory, people, wanted, rng)
    return frame, _interviews(survey, frame, territory, people, children, rng)


def _drawn(
    survey: Survey, territory: Territory, people: Population, wanted: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw clusters by stratum, systematically with probability proportional to census size."""
    areas = territory.areas
    region = territory.land.districts["region"].to_numpy()[areas["district"]]
    setting = np.where(areas["setting"] == "rural", "rural", "urban")
    stratum = np.array([f"{r}, {s}" for r, s in zip(region, setting, strict=True)])
    listed = people.official[:, 0] * accessible(territory, survey.end)
    totals = {name: listed[stratum == name].sum() for name in dict.fromkeys(stratum)}
    totals = {name: total for name, total in totals.items() if total > 0}
    roots = {name: np.sqrt(total) for name, total in totals.items()}
    chosen, chances = [], []
    for name, total in totals.items():
        count = max(2, round(wanted * roots[name] / sum(roots.values())))
        own = np.flatnonzero((stratum == name) & (listed > 0))
        step = total / count
        hits = np.searchsorted(np.cumsum(listed[own]), step * (rng.random() + np.arange(count)))
        drawn = own[np.minimum(hits, len(own) - 1)]
        chosen.append(drawn)
        chances.append(count * listed[drawn] / total)
    row = np.concatenate(chosen)
    return pd.DataFrame(
        {
            "survey": survey.name,
            "cluster": np.arange(1, len(row) + 1),
            "place_code": areas["code"].to_numpy()[row],
            "stratum": stratum[row],
            "probability": np.concatenate(chances),
            "fieldwork_start": survey.start,
            "fieldwork_end": survey.end,
            "area": row,
        }
    )


def _interviews(
    survey: Survey, clusters: pd.DataFrame, territory: Territory, people: Population,
    children: Vaccinated, rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    number = np.repeat(np.arange(len(clusters)), CHILDREN_PER_CLUSTER)
    area = clusters["area"].to_numpy()[number]
    age = rng.integers(12, 24, len(number))
    at = month_of(survey.start, 0)
    born = BEFORE + at - age
    first, third = _chances(children, people, area, born, age, at)
    first = _alike_within_clusters(first, number, rng)
    true1 = rng.random(len(number)) < first
    true3 = true1 & (rng.random(len(number)) < third)
    urban = (territory.areas["setting"] != "rural").to_numpy()[area]
    keeps = np.where(urban, CARD_SEEN["urban"], CARD_SEEN["rural"])
    card = rng.random(len(number)) < np.where(true1, keeps, CARD_OF_ZERO_DOSE)
    said1 = _said("dtp1", true1, card, rng)
    said3 = _said("dtp3", true3, card, rng) & said1
    # Each cluster stands for the children of its area at the time, found by listing its households.
    listed = people.surviving_infants[:, BEFORE + at - 23 : BEFORE + at - 11].sum(axis=1)[area]
    weight = listed / CHILDREN_PER_CLUSTER / clusters["probability"].to_numpy()[number]
    return pd.DataFrame(
        {
            "survey": survey.name,
            "cluster": clusters["cluster"].to_numpy()[number],
            "child": np.tile(np.arange(1, CHILDREN_PER_CLUSTER + 1), len(clusters)),
            "place_code": clusters["place_code"].to_numpy()[number],
            "age_months": age,
            "weight": weight,
            "card_seen": card,
            "dtp1": said1,
            "dtp3": said3,
            "true1": true1,
            "true3": true3,
        }
    )


def _chances(
    children: Vaccinated, people: Population, area: Counts, born: Counts, age: Counts, at: int
) -> tuple[Numbers, Numbers]:
    """Return the chance of DTP1 by interview, and of DTP3 given DTP1, for children of areas and births."""
    alive = np.maximum(people.surviving_infants[area, born], 1)
    by_12m = children.dtp1_by_12m[area, born]
    late = (children.dtp1_by_24m[area, born] - by_12m) * (age - 12) / 12
    cohort = np.maximum(people.surviving_infants[:, BEFORE + at - 23 : BEFORE + at - 11].sum(axis=1), 1)
    rounds = children.catch_up[:, max(at - 11, 0) : at, 1].sum(axis=1)
    first = np.clip((by_12m + late) / alive + (rounds / cohort)[area], 0, 1)
    third = np.clip(children.dtp3_by_12m[area, born] / np.maximum(by_12m, 1), 0, 1)
    return first, third


def _alike_within_clusters(chance: Numbers, cluster: Counts, rng: np.random.Generator) -> Numbers:
    """Let the children of one cluster share luck: a beta-binomial with the stated correlation."""
    mean = np.bincount(cluster, chance) / np.bincount(cluster)
    spread = (1 - SAME_CLUSTER) / SAME_CLUSTER
    bounded = np.clip(mean, 0.01, 0.99)
    drawn = rng.beta(bounded * spread, (1 - bounded) * spread)
    return np.clip(chance + (drawn - mean)[cluster], 0, 1)


def _said(dose: str, true: Flags, card: Flags, rng: np.random.Generator) -> Flags:
    yes, wrongly = RECALL[dose]
    recalled = rng.random(len(true)) < np.where(true, yes, wrongly)
    return np.where(card, true, recalled)
