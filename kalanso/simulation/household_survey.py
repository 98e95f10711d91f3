"""What do interviewers of a made-up household survey bring home, with cards, memory and mistakes, and what is true?

Six catchments chosen on purpose, villages drawn within each in proportion to size, children of two cohorts in every
village: the study of the Mali Learning Hub with a truth that is known. Submissions have the variable names of the
instrument `child`; mistakes are planted and listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.simulation.household_answers import written_answers
from kalanso.simulation.household_children import (
    DOSES,
    ages_at_doses,
    expected_answers,
    share_by_interview,
)
from kalanso.simulation.household_settings import COHORTS, Catchment, Fieldwork

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class HouseholdSurvey:
    """What came home and what is true.

    `submissions`: a row per interview, variables of the instrument as text. `sample`: cluster, stratum, place_code,
    cohort, weight. `truth`: place_code, cohort, true_dtp1_coverage, expected_dtp1_answers, by interview (shares). `true_doses`:
    child, dose, age_days. `planted`: submission, variable, mistake.
    """

    submissions: pd.DataFrame
    sample: pd.DataFrame
    truth: pd.DataFrame
    true_doses: pd.DataFrame
    planted: pd.DataFrame


def household_survey(
    catchments: Sequence[Catchment], fieldwork: Fieldwork, rng: np.random.Generator
) -> HouseholdSurvey:
    """Carry out the survey in these catchments."""
    of_villages, of_children, of_answers = rng.spawn(3)
    villages = pd.concat([_villages(one, fieldwork, of_villages) for one in catchments], ignore_index=True)
    drawn = villages[villages["probability"] > 0].reset_index(drop=True)
    children = _children(drawn, catchments, fieldwork, of_children)
    ages = ages_at_doses(
        children["dtp1"].to_numpy(), children["dtp3_given_dtp1"].to_numpy(), fieldwork.chances, of_children
    )
    submissions, planted = written_answers(children, ages, fieldwork, of_answers)
    given = pd.DataFrame(ages)[list(DOSES)].assign(child=children["key"])
    long = given.melt(id_vars="child", var_name="dose", value_name="age_days")
    return HouseholdSurvey(
        submissions=submissions,
        sample=children.groupby(["cluster", "cohort"], as_index=False).first()[
            ["cluster", "stratum", "place_code", "cohort", "weight"]
        ],
        truth=_truth(villages, catchments, fieldwork),
        true_doses=long[np.isfinite(long["age_days"])].reset_index(drop=True),
        planted=planted,
    )


def _villages(catchment: Catchment, fieldwork: Fieldwork, rng: np.random.Generator) -> pd.DataFrame:
    """Return the frame of a catchment: size and chance of DTP1 of each village, and which are drawn with what chance."""
    n, spread = fieldwork.villages, (1 - fieldwork.same_village) / fieldwork.same_village
    size = np.round(rng.lognormal(3.2, 0.5, n)) + 8.0
    share = catchment.dtp1_coverage
    chance = rng.beta(share * spread, (1 - share) * spread, n)
    step = size.sum() / fieldwork.clusters
    order = rng.permutation(n)
    ends = np.cumsum(size[order])
    hits = order[np.searchsorted(ends, step * (rng.random() + np.arange(fieldwork.clusters)))]
    probability = np.zeros(n)
    probability[hits] = np.minimum(size[hits] / step, 1.0)
    return pd.DataFrame(
        {
            "place_code": catchment.place_code, "stratum": catchment.place_code,
            "cluster": [f"{catchment.place_code}-{number:02d}" for number in range(1, n + 1)], "size": size, "dtp1": chance,
            "probability": probability,
        }
    )  # fmt: skip


def _children(
    drawn: pd.DataFrame, catchments: Sequence[Catchment], fieldwork: Fieldwork, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the interviewed children: as many of each cohort in each village, and some families that refuse."""
    each = -(-fieldwork.children // (len(drawn) * len(COHORTS)))
    rows = drawn.loc[drawn.index.repeat(each * len(COHORTS))].reset_index(drop=True)
    rows["cohort"] = np.tile(np.repeat(list(COHORTS), each), len(drawn))
    rows["number"] = np.tile(np.arange(1, each * len(COHORTS) + 1), len(drawn))
    # Half of the children under two are of each cohort; a village has `size` of them.
    rows["weight"] = rows["size"] / len(COHORTS) / each / rows["probability"]
    kept = np.sort(rng.permutation(len(rows))[: fieldwork.children])
    answered = rows.groupby(["cluster", "cohort"])["number"].transform("size")
    rows = rows.loc[kept]
    left = rows.groupby(["cluster", "cohort"])["number"].transform("size")
    rows["weight"] *= answered.iloc[kept] / left
    rows = rows.reset_index(drop=True)
    onward = {one.place_code: one.dtp3_given_dtp1 for one in catchments}
    urban = {one.place_code: one.urban for one in catchments}
    start, end = (rows["cohort"].map({name: days[at] for name, days in COHORTS.items()}) for at in (0, 1))
    age = rng.integers(start, end + 1)
    when = pd.Timestamp(fieldwork.first_day) + pd.to_timedelta(
        rng.integers(0, fieldwork.days, len(rows)), unit="D"
    )
    return rows.assign(
        key=rows["cluster"] + "-" + rows["number"].astype(str), dtp3_given_dtp1=rows["place_code"].map(onward),
        urban=rows["place_code"].map(urban), age_days=age, interview=when, birth=when - pd.to_timedelta(age, unit="D"),
        sex=np.where(rng.random(len(rows)) < 0.49, "f", "m"),
    )  # fmt: skip


def _truth(villages: pd.DataFrame, catchments: Sequence[Catchment], fieldwork: Fieldwork) -> pd.DataFrame:
    rows = []
    for one in catchments:
        own = villages[villages["place_code"] == one.place_code]
        ever = float((own["size"] * own["dtp1"]).sum() / own["size"].sum())
        card = fieldwork.card_urban if one.urban else fieldwork.card_rural
        for cohort, (from_days, to_days) in COHORTS.items():
            true = ever * share_by_interview(from_days, to_days, fieldwork.chances)
            found = expected_answers(
                true,
                card=(card, fieldwork.card_without_dtp1),
                recall=(fieldwork.recall_yes, fieldwork.recall_wrongly),
                register=fieldwork.register_sought * fieldwork.register_found,
            )
            rows.append((one.place_code, cohort, float(own["size"].sum()) / len(COHORTS), true, found))
    names = ["place_code", "cohort", "children", "true_dtp1_coverage", "expected_dtp1_answers"]
    return pd.DataFrame(rows, columns=names)
