"""A country in which every child is known: what a census with the survey's questions finds is the truth of every indicator.

Villages differ in how many children they reach, in how late they come, in cards and in opinions; surveys are drawn from the same children.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kalanso import definitions
from kalanso.surveys.cleaning import clean
from kalanso.surveys.measures import MEASURES, Measure, MeasureFile
from kalanso.surveys.record import Record, record
from kalanso.surveys.schedule import schedule_table
from kalanso.surveys.tables import SURVEY_ANSWERS, SURVEY_CHILDREN, SURVEY_DOSES
from tests.surveys.made import DUE, ROUND

VISITS = {
    "birth": ("bcg",), "six": ("dtp1", "opv1"), "ten": ("dtp2", "opv2"), "fourteen": ("dtp3", "opv3"), "nine": ("mcv1",),
    "fifteen": ("mcv2",),
}  # fmt: skip
OPINIONS = {"intention": ("all", "some"), "benefits": ("4", "2"), "family_norms": ("yes", "no"), "know_where": ("yes", "no"), "afford": ("3", "1")}  # fmt: skip
STRATA = 3


@dataclass(frozen=True, kw_only=True)
class Census:
    """Everybody: `record`, the village and stratum of each child (n), and what each measure found and asked of them."""

    record: Record
    village: np.ndarray[Any, Any]
    stratum: np.ndarray[Any, Any]  # of each village
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Drawn:
    """Measures of the census for the children who were drawn; stands for a file of measures."""

    of: Census
    rows: np.ndarray[Any, Any]

    def measures(self, record: Record) -> Iterator[Measure]:
        """Return each measure for these children."""
        for one in self.of.measures:
            yield replace(one, found=one.found[self.rows], asked=one.asked[self.rows])


def census(rng: np.random.Generator, *, villages: int = 60) -> Census:
    """Return a country of 3 strata with villages of 20 to 60 children under two."""
    stratum = np.repeat(np.arange(STRATA), villages)
    size = rng.integers(20, 61, len(stratum))
    village = np.repeat(np.arange(len(stratum)), size)
    people, given, said = _written(rng, village, stratum)
    cleaned = clean(people, given, ROUND)
    whole = record(cleaned, schedule_table(definitions.load("ML")), policy="RECORDS_NOT_SOUGHT", answers=said)
    at = whole.children["cluster"].str[1:].astype(int).to_numpy()
    told = tuple(one for file in MEASURES for one in file.measures(whole))
    return Census(record=whole, village=at, stratum=stratum, measures=told)


def _written(
    rng: np.random.Generator, village: np.ndarray[Any, Any], stratum: np.ndarray[Any, Any]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    n, places = len(village), len(stratum)
    reach = rng.beta(0.75 * 5, 0.25 * 5, places)[village]  # alike within a village: 1/6
    shift = rng.normal(0, 12, places)[village]
    young = rng.random(n) < 0.5
    age = np.where(young, rng.integers(126, 365, n), rng.integers(365, 731, n))
    asked = pd.Timestamp(ROUND.first_day) + pd.to_timedelta(rng.integers(0, 28, n), unit="D")
    born = asked - pd.to_timedelta(age, unit="D")
    card = rng.random(n) < rng.beta(3, 2, places)[village]
    child = pd.Series([f"c{at}" for at in range(n)])
    days = pd.Series(born).dt.strftime("%Y-%m-%d")
    people = pd.DataFrame(
        {
            "child": child, "stratum": [f"Z{one}" for one in stratum[village]], "cluster": [f"v{one}" for one in village], "place_code": "P",
            "cohort": np.where(young, "18w-11m", "12-23m"), "weight": "1", "interview_date": pd.Series(asked).dt.strftime("%Y-%m-%d"),
            "birth_card": days.where(pd.Series(card)), "birth_history": days, "card_ever": np.where(card, "yes", "no"),
            "card_seen": np.where(card, "yes", "no"), "bcg_scar": "no",
        }
    )  # fmt: skip
    doses = _doses(rng, child, born, age, card, reach, shift)
    open_to = rng.beta(6, 3, (len(OPINIONS), places))[:, village]
    answers = pd.concat(
        [
            pd.DataFrame({"child": child, "question": key, "answer": np.where(rng.random(n) < open_to[at], *codes)})
            for at, (key, codes) in enumerate(OPINIONS.items())
        ]
    )  # fmt: skip
    answers.loc[rng.random(len(answers)) < 0.04, "answer"] = "98"
    return _table(people, SURVEY_CHILDREN), _table(doses, SURVEY_DOSES), _table(answers, SURVEY_ANSWERS)


def _doses(
    rng: np.random.Generator, child: pd.Series, born: Any, age: np.ndarray[Any, Any], card: np.ndarray[Any, Any],
    reach: np.ndarray[Any, Any], shift: np.ndarray[Any, Any],
) -> pd.DataFrame:  # fmt: skip
    """Return dated doses on cards and affirmed ones without: each visit follows the one before, some vaccines are left out."""
    n = len(child)
    comes = rng.random(n) < reach
    before, rows = np.full(n, -28.0), []
    for name, doses in VISITS.items():
        here = (rng.random(n) < 0.8 * reach + 0.15) if name == "birth" else comes
        comes = comes & (rng.random(n) < (1.0 if name == "birth" else 0.9))
        when = np.maximum(
            DUE[doses[0]] + np.maximum(shift, -8) + rng.gamma(1.2, 18, n) - 5,
            before + 26 + rng.gamma(1, 3, n),
        )
        when = np.maximum(when, 0)
        before = np.where(here, when, before)
        for dose in doses:
            got = here & (np.floor(when) < age) & (rng.random(n) < 0.93)
            dated = got & card & (rng.random(n) < 0.93)
            day = pd.Series(born + pd.to_timedelta(np.floor(when), unit="D")).dt.strftime("%Y-%m-%d")
            rows.append(
                pd.DataFrame(
                    {
                        "child": child, "dose": dose, "source": np.where(card, "card", "history"),
                        "date": day.where(pd.Series(dated)), "answer": np.where(dated, None, "yes"),
                    }
                )[got]
            )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _table(rows: pd.DataFrame, spec: Any) -> pd.DataFrame:
    return rows.assign(survey=ROUND.survey, row=range(1, len(rows) + 1)).reindex(
        columns=list(spec.column_names)
    )


def survey(
    rng: np.random.Generator, whole: Census, *, clusters: int = 12, children: int = 8
) -> tuple[Record, MeasureFile]:
    """Return one survey: villages drawn by size with replacement in each stratum, some children of each cohort, with weights."""
    cohort = whole.record.children["cohort"].to_numpy()
    living = np.bincount(whole.village, minlength=len(whole.stratum))
    rows, cluster, weight = [], [], []
    for own in range(STRATA):
        at = np.flatnonzero(whole.stratum == own)
        drawn = rng.choice(at, clusters, p=living[at] / living[at].sum())
        for number, village in enumerate(drawn):
            for one in ROUND.cohorts:
                here = np.flatnonzero((whole.village == village) & (cohort == one.name))
                asked = rng.permutation(here)[: children - rng.integers(0, 3)]
                if len(asked):
                    rows.append(asked)
                    cluster += [f"{own}-{number}"] * len(asked)
                    chance = clusters * living[village] / living[at].sum()
                    weight += [len(here) / len(asked) / chance] * len(asked)
    chosen = np.concatenate(rows)
    return part(whole.record, chosen, cluster=cluster, weight=weight), Drawn(whole, chosen)


def part(record: Record, rows: np.ndarray[Any, Any], **columns: Any) -> Record:
    """Return the record of some children, with other columns where given."""
    rules = record.rules
    own = replace(
        rules, **{name: getattr(rules, name)[rows] for name in ("minimum", "maximum", "interval", "due", "offered")}
    )  # fmt: skip
    return replace(
        record, children=record.children.iloc[rows].reset_index(drop=True).assign(**columns), rules=own, said=record.said[rows],
        days={name: days[rows] for name, days in record.days.items()}, ticks={name: ticks[rows] for name, ticks in record.ticks.items()},
        due=record.due[rows], answers=record.answers.iloc[rows].reset_index(drop=True),
    )  # fmt: skip
