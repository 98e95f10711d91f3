"""What would interviewers bring home from the clusters that a study drew, before anybody has gone?

Fills the forms `household_list` and `child` for drawn clusters with made-up families: somebody tries the whole way out, from the draw to
the report, while the real teams are still being trained. Families, cards and mistakes are those of `household_survey`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.simulation.household_answers import written_answers
from kalanso.simulation.household_children import ages_at_doses
from kalanso.simulation.household_doors import ABSENT, EMPTY, REFUSED
from kalanso.simulation.household_settings import COHORTS, Fieldwork

# A household is listed for every two thirds of a child of the frame's size; in each live so many children of a cohort.
HOMES_PER_CHILD, CHILDREN_PER_HOME, OLDER_PER_HOME = 1.5, 0.28, 0.5
ABSENT_CHILD, REFUSED_CHILD = 0.04, 0.02
OLDEST = 1825
COVERED, ONWARD = (0.45, 0.92), 0.85  # DTP1 of places of which nobody says it, DTP3 after DTP1
MINUTES, SHORT = (34.0, 8.0), 0.02  # of an interview; a few are so quick that a supervisor should look
OUTCOMES = ("completed", "refused", "absent", "vacant")


class NoClusters(ValueError):
    """A draw without clusters to be visited."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """Exports of both forms as ODK writes them (`homes`, its children `members`, `answers`), `listed` (households by cluster), and
    `coverage`: the true share of children of each place who ever get DTP1."""

    homes: pd.DataFrame
    members: pd.DataFrame
    answers: pd.DataFrame
    listed: pd.DataFrame
    coverage: dict[str, float]


def rehearsal(
    clusters: pd.DataFrame, fieldwork: Fieldwork, rng: np.random.Generator, *, coverage: Mapping[str, float] | None = None,
    cohorts: Mapping[str, tuple[int, int]] = COHORTS,
) -> Brought:  # fmt: skip
    """Return what came home from the clusters that are to be visited.

    `clusters` is a draw as the hub or `kalanso survey draw` hands it out: cluster, children, and where it says so place_code, households,
    team, segments, role and state. `coverage` gives DTP1 by place; places that it does not name get one by chance.
    """
    plan = _to_visit(clusters)
    of_places, of_doors, of_children, of_answers = rng.spawn(4)
    known = dict(coverage or {})
    for code in sorted(set(plan["place_code"]) - set(known)):
        known[code] = float(of_places.uniform(*COVERED))
    doors = _doors(plan, known, fieldwork, of_doors)
    members = _members(doors, cohorts, of_children)
    due = members[members["cohort"] != ""].reset_index(drop=True)
    return Brought(
        homes=_homes(doors, fieldwork), members=_listed_children(members), answers=_answers(due, fieldwork, of_answers),
        listed=plan[["cluster", "households_listed"]], coverage=known,
    )  # fmt: skip


def _to_visit(clusters: pd.DataFrame) -> pd.DataFrame:
    """Return the clusters that are visited, with a place and numbers of households to list and to visit."""
    rows = clusters
    if "state" in rows:
        rows = rows[rows["state"] == "visited"]
    elif "role" in rows:
        rows = rows[rows["role"] == "main"]
    if rows.empty:
        raise NoClusters("expected a draw with at least one cluster to visit, got none")
    rows = rows.reset_index(drop=True)

    def number(name: str, usual: float) -> pd.Series:
        if name not in rows:
            return pd.Series(usual, index=rows.index)
        return pd.to_numeric(rows[name], errors="coerce").fillna(usual)

    homes = number("households", 20).astype(int)
    size = number("children", 100) / number("segments", 1).clip(lower=1)
    place = rows["place_code"].astype(str) if "place_code" in rows else pd.Series("", index=rows.index)
    return pd.DataFrame(
        {
            "cluster": rows["cluster"].astype(str), "place_code": place, "households": homes, "team": number("team", 1).astype(int),
            "households_listed": np.maximum(homes, (size * HOMES_PER_CHILD).round().astype(int)),
        }
    )  # fmt: skip


def _doors(
    plan: pd.DataFrame, coverage: Mapping[str, float], fieldwork: Fieldwork, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the households at whose doors somebody knocks: day, interviewer, outcome, and the chance of DTP1 in their village."""
    spread = (1 - fieldwork.same_village) / fieldwork.same_village
    share = plan["place_code"].map(coverage).to_numpy(float)
    begun = rng.integers(0, max(1, fieldwork.days - 1), len(plan))
    rows = plan.assign(dtp1=rng.beta(share * spread, (1 - share) * spread), begun=begun)
    rows = rows.loc[rows.index.repeat(rows["households"])].reset_index(drop=True)
    number = rows.groupby("cluster").cumcount() + 1
    day = np.minimum(rows["begun"] + (number > rows["households"] / 2), fieldwork.days)
    done = 1 - REFUSED - ABSENT - EMPTY
    return rows.assign(
        household=number, key=[f"uuid:door-{n}" for n in range(1, len(rows) + 1)],
        when=pd.Timestamp(fieldwork.first_day) + pd.to_timedelta(day, unit="D"),
        outcome=rng.choice(OUTCOMES, len(rows), p=(done, REFUSED, ABSENT, EMPTY)),
        interviewer=[f"E{team:02d}{'ab'[n % 2]}" for team, n in zip(rows["team"], number, strict=True)],
    )  # fmt: skip


def _homes(doors: pd.DataFrame, fieldwork: Fieldwork) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "KEY": doors["key"], "round": fieldwork.survey, "interviewer": doors["interviewer"], "today": doors["when"].dt.strftime("%Y-%m-%d"),
            "cluster": doors["cluster"], "household": doors["household"], "outcome": doors["outcome"], "attempt": 1,
            "consent": np.where(doors["outcome"] == "completed", "1", ""),
        }
    ).astype(str)  # fmt: skip


def _members(
    doors: pd.DataFrame, cohorts: Mapping[str, tuple[int, int]], rng: np.random.Generator
) -> pd.DataFrame:
    """Return the children under five of households that opened: age, cohort ("" for none), and whether they were met."""
    opened = doors[doors["outcome"] == "completed"].reset_index(drop=True)
    oldest = max(high for _low, high in cohorts.values())
    ages = {**cohorts, "": (oldest + 1, OLDEST)}
    parts = []
    for name, (low, high) in ages.items():
        mean = CHILDREN_PER_HOME if name else OLDER_PER_HOME
        own = opened.loc[opened.index.repeat(np.minimum(rng.poisson(mean, len(opened)), 2))]
        parts.append(own.assign(cohort=name, age_days=rng.integers(low, high + 1, len(own))))
    rows = pd.concat(parts, ignore_index=True).sort_values("key", kind="stable").reset_index(drop=True)
    met = rng.choice(
        ("completed", "absent", "refused"), len(rows), p=(1 - ABSENT_CHILD - REFUSED_CHILD, ABSENT_CHILD, REFUSED_CHILD)
    )  # fmt: skip
    return rows.assign(
        child=rows.groupby("key").cumcount() + 1, met=met, sex=np.where(rng.random(len(rows)) < 0.49, "f", "m"),
        birth=rows["when"] - pd.to_timedelta(rows["age_days"], unit="D"),
    )  # fmt: skip


def _listed_children(members: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "KEY": members["key"] + "/members[" + members["child"].astype(str) + "]", "PARENT_KEY": members["key"], "child": members["child"],
            "sex": members["sex"], "dob_history": members["birth"].dt.strftime("%Y-%m-%d"), "age_months": "",
            "child_outcome": members["met"],
        }
    ).astype(str)  # fmt: skip


def _answers(due: pd.DataFrame, fieldwork: Fieldwork, rng: np.random.Generator) -> pd.DataFrame:
    """Return the export of the child form: interviews, and who was met and refused one."""
    of_ages, of_words, of_clock = rng.spawn(3)
    here = due[due["met"] != "absent"].reset_index(drop=True)
    here = here.assign(
        key=here["key"] + "-" + here["child"].astype(str), number=here["household"], interview=here["when"],
        urban=False, dtp3_given_dtp1=ONWARD,
    )  # fmt: skip
    ages = ages_at_doses(
        here["dtp1"].to_numpy(float), here["dtp3_given_dtp1"].to_numpy(float), fieldwork.chances, of_ages
    )
    rows, _mistakes = written_answers(here, ages, fieldwork, of_words)
    silent = set("uuid:" + here.loc[here["met"] == "refused", "key"])
    kept = ("id", "round", "interviewer", "today", "cluster", "household", "child")
    refused = rows["id"].isin(silent)
    rows.loc[refused, [name for name in rows if name not in kept]] = ""
    rows.loc[refused, "consent"] = "0"
    begun = pd.to_datetime(rows["today"]) + pd.to_timedelta(
        of_clock.integers(7 * 60, 17 * 60, len(rows)), unit="min"
    )
    return rows.assign(
        start=_stamps(begun), end=_stamps(begun + _lasting(refused.to_numpy(), of_clock))
    ).rename(columns={"id": "KEY"})


def _lasting(refused: npt.NDArray[np.bool_], rng: np.random.Generator) -> pd.TimedeltaIndex:
    usual = rng.normal(*MINUTES, len(refused)).clip(15, 90)
    quick = rng.random(len(refused)) < SHORT
    return pd.to_timedelta(np.where(refused, 2.0, np.where(quick, 5.0, usual)).round(1), unit="min")


def _stamps(moments: pd.Series) -> pd.Series:
    return moments.dt.strftime("%Y-%m-%dT%H:%M:%S.000Z")


__all__ = ["Brought", "NoClusters", "rehearsal"]
