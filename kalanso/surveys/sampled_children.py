"""Which stratum, place, cohort and weight does each interviewed child have, and how is it named without its name?

Joins what the forms say (`instruments.received`) with the sample that was drawn, and puts identifiers in place of submissions that
nobody can trace back without the study's secret. Whether a weight or an age can be used is judged by `cleaning`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.child_rows import Received
from kalanso.surveys.tables import DISTANCES
from kalanso.surveys.written_dates import read_dates

SAMPLE_COLUMNS = ("cluster", "stratum", "place_code", "cohort", "weight")
NEAR, FAR = 30, 60  # minutes to the place of vaccination
BIRTHS = ("birth_card", "birth_register", "birth_history")


def sampled(
    found: Received, sample: pd.DataFrame, *, salt: str, cohorts: Mapping[str, tuple[int, int]]
) -> Received:
    """Return the rows with stratum, place, cohort, weight and class of distance, under salted identifiers.

    `sample` has SAMPLE_COLUMNS: the weight of a child of each cluster and cohort. `cohorts` leads to ages in days, both included; a
    child of none has no cohort and no weight, which cleaning then says. `salt` is a secret text of the study. Raises SurveyRefused
    where columns lack, a cluster and cohort stand twice, or a child lives in a cluster that was not drawn.
    """
    if missing := [name for name in SAMPLE_COLUMNS if name not in sample.columns]:
        raise SurveyRefused(
            "surveys.sample.no_column", missing=", ".join(missing), expected=", ".join(SAMPLE_COLUMNS)
        )
    if not salt:
        raise SurveyRefused("surveys.sample.no_salt")
    drawn = sample.assign(cluster=sample["cluster"].astype(str), cohort=sample["cohort"].astype(str))
    twice = drawn.duplicated(["cluster", "cohort"])
    if twice.any():
        at = drawn[twice].iloc[0]
        raise SurveyRefused("surveys.sample.twice", cluster=at["cluster"], cohort=at["cohort"])
    clusters = drawn.drop_duplicates("cluster").set_index("cluster")
    children = found.children
    lived = children["cluster"].fillna("").astype(str)
    if unknown := sorted(set(lived) - set(clusters.index)):
        raise SurveyRefused("surveys.sample.not_drawn", clusters=", ".join(unknown[:5]) or "–")
    cohort = _cohorts(children, cohorts)
    keys = pd.MultiIndex.from_arrays([lived, cohort.fillna("")])
    weight = drawn.set_index(["cluster", "cohort"])["weight"].reindex(keys)
    names = {key: _identifier(salt, str(key)) for key in children["child"]}
    return replace(
        found,
        children=children.assign(
            child=children["child"].map(names), stratum=clusters["stratum"].reindex(lived).to_numpy(),
            place_code=clusters["place_code"].reindex(lived).to_numpy(), cohort=cohort,
            weight=pd.Series(weight.to_numpy(), index=children.index, dtype="object").map(_text), distance=_distance(children["distance"]),
        ),
        doses=found.doses.assign(child=found.doses["child"].map(names)),
        answers=found.answers.assign(child=found.answers["child"].map(names)),
    )  # fmt: skip


def _text(number: object) -> str | None:
    return None if number is None or number != number else str(number)


def _identifier(salt: str, key: str) -> str:
    return hashlib.blake2b(key.encode(), key=salt.encode()[:64], digest_size=10).hexdigest()


def _cohorts(children: pd.DataFrame, cohorts: Mapping[str, tuple[int, int]]) -> pd.Series:
    """Return the cohort of each child by the first birth date that can be read; cleaning looks at all of them again."""
    born = pd.Series(pd.NaT, index=children.index, dtype="datetime64[s]")
    for name in BIRTHS:
        born = born.fillna(read_dates(children[name])["date"].astype("datetime64[s]"))
    seen = read_dates(children["interview_date"])["date"].astype("datetime64[s]")
    age = (seen - born).dt.days
    found = pd.Series(None, index=children.index, dtype="object")
    for name, (low, high) in cohorts.items():
        found[age.between(low, high)] = name
    return found


def _distance(minutes: pd.Series) -> pd.Series:
    number = pd.to_numeric(minutes, errors="coerce").to_numpy(dtype=float)
    found = np.select(
        [(number >= 0) & (number < NEAR), (number >= NEAR) & (number < FAR), number >= FAR], DISTANCES, ""
    )
    return pd.Series(found, index=minutes.index, dtype="object").replace("", None)
