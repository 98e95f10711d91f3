"""What proof does each child have of each dose, under a stated policy of evidence?

Lays cleaned children and doses side by side (n children x doses) and answers: any proof, a valid date, at which age.
What is counted from it is decided by `measures`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.cleaning import Cleaned
from kalanso.surveys.estimation.design import Mask, Numbers
from kalanso.surveys.opportunities import CRUDE, Opportunities, opportunities
from kalanso.surveys.rounds import Round
from kalanso.surveys.schedule import Rules, doses_that_count_for, rules_for
from kalanso.surveys.tables import POLICIES, SOURCES
from kalanso.surveys.validity import VCQI, Validity, validity

NOT_SOUGHT, IF_NO_CARD, FOR_ALL = POLICIES
PAPERS = ("card", "register")


class RecordRefused(ValueError):
    """A choice that cannot be made: what was expected, what came."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """n children and the proof that each has of each dose.

    `days` (source -> n x doses) are dates or NaT, `ticks` proof without a date, `said` what caregivers affirm. A
    dose on the register counts as `policy` says. `answers` (n x questions) are texts, missing where not asked;
    `answers_left_out` counts those of children who are not analysed.
    """

    asked: Round
    children: pd.DataFrame
    doses: tuple[str, ...]
    days: Mapping[str, npt.NDArray[np.datetime64]]
    ticks: Mapping[str, Mask]
    said: Mask
    rules: Rules
    due: Mask
    full_list: tuple[str, ...]
    policy: str
    mode: str
    answers: pd.DataFrame
    answers_left_out: int = 0

    def __len__(self) -> int:
        return len(self.children)

    def column(self, dose: str) -> int:
        """Return the column of a dose; raises RecordRefused where the round did not ask for it."""
        if dose not in self.doses:
            raise RecordRefused(f"expected a dose of this round ({', '.join(self.doses)}), got {dose!r}")
        return self.doses.index(dose)

    def says(self, column: str, code: str = "yes") -> Mask:
        """Return whether a column of the children holds a code (n)."""
        return self.children[column].eq(code).fillna(False).to_numpy(dtype=bool)

    @cached_property
    def has_card(self) -> Mask:
        """Children whose card was seen, or of whose card something was written down (n)."""
        return self.says("card_seen") | self._any("card")

    @cached_property
    def has_register(self) -> Mask:
        """Children whose register counts under the policy, and was seen or written down (n)."""
        return (self.says("register_seen") | self._any("register")) & self._counts("register")

    def _any(self, source: str) -> Mask:
        return np.asarray((~np.isnat(self.days[source]) | self.ticks[source]).any(axis=1))

    def _counts(self, source: str) -> Mask:
        """Return for which children a source counts as proof (n)."""
        if source == "card" or self.policy == FOR_ALL:
            return np.ones(len(self), dtype=bool)
        return np.zeros(len(self), dtype=bool) if self.policy == NOT_SOUGHT else ~self.has_card

    @cached_property
    def ages(self) -> dict[str, Numbers]:
        """Age in days at each dated dose (source -> n x doses, NaN), only where the source counts."""
        born = self.children["birth_date"].to_numpy(dtype="datetime64[D]")[:, None]
        found = {}
        for source in PAPERS:
            gap = self.days[source].astype("datetime64[D]") - born
            days = np.where(np.isnat(gap), np.nan, gap.astype(float))
            found[source] = np.where(self._counts(source)[:, None], days, np.nan)
        return found

    @cached_property
    def crude(self) -> Mask:
        """Any proof that counts: date, tick, memory, scar of BCG (n x doses)."""
        found = self.said.copy()
        for source in PAPERS:
            found |= (~np.isnat(self.days[source]) | self.ticks[source]) & self._counts(source)[:, None]
        if "bcg" in self.doses:
            found[:, self.column("bcg")] |= self.says("bcg_scar")
        return found

    @cached_property
    def judged(self) -> dict[str, Validity]:
        """Validity of the dated doses of each source by itself."""
        return {
            source: validity(self.ages[source], self.rules, mode=self.mode, months=self._months(source))
            for source in PAPERS
        }

    def _months(self, source: str) -> npt.NDArray[np.int64]:
        month = self.days[source].astype("datetime64[M]")
        return np.where(np.isnat(month), 0, month.astype("int64") % 12 + 1)

    @cached_property
    def valid(self) -> Mask:
        """Valid doses by card or register, never by memory (n x doses)."""
        return self.judged["card"].valid | self.judged["register"].valid

    @cached_property
    def valid_by_age_1(self) -> Mask:
        """Valid doses given by the first birthday (n x doses)."""
        return self.judged["card"].by_age_1 | self.judged["register"].by_age_1

    @cached_property
    def paper_ages(self) -> Numbers:
        """Ages at the dated doses of one paper per child: the card if it holds a date, else the register (n x doses)."""
        dated = np.asarray((~np.isnan(self.ages["card"])).any(axis=1))
        return np.where(dated[:, None], self.ages["card"], self.ages["register"])

    def missed(self, mode: str = CRUDE) -> Opportunities:
        """Return missed opportunities at dated visits, dates of one paper per child."""
        return opportunities(self.paper_ages, self.crude & np.isnan(self.paper_ages), self.rules, mode=mode)

    @cached_property
    def cohort_from(self) -> Numbers:
        """The youngest age in days of each child's cohort (n)."""
        ages = {cohort.name: float(cohort.from_days) for cohort in self.asked.cohorts}
        return np.asarray(self.children["cohort"].map(ages), dtype=np.float64)


def record(
    cleaned: Cleaned, schedule: pd.DataFrame, *, policy: str, mode: str = VCQI, grace_days: int = 0,
    scopes: Mapping[str, Collection[str]] | None = None, answers: pd.DataFrame | None = None,
) -> Record:  # fmt: skip
    """Return the proof of each child.

    `schedule` has the columns of `schedule_table`; `policy` says whether records of facilities were sought (one of
    POLICIES, no default: the round knows); `mode`, `grace_days` and `scopes` as in `validity` and `rules_for`.
    `answers` are rows of SURVEY_ANSWERS; those of children who were set aside are left out and counted.
    """
    if policy not in POLICIES:
        raise RecordRefused(f"policy: expected one of {', '.join(POLICIES)}, got {policy!r}")
    children = cleaned.children.reset_index(drop=True)
    doses = cleaned.asked.doses
    born = children["birth_date"].to_numpy(dtype="datetime64[D]")
    places = children["place_code"].fillna("").astype(str).tolist()
    rules = rules_for(schedule, doses, born, places, scopes=scopes, grace_days=grace_days)
    exact = rules_for(schedule, doses, born, places, scopes=scopes)
    laid = {source: _laid(cleaned.doses, children["child"], doses, source) for source in SOURCES}
    found = Record(
        asked=cleaned.asked, children=children, doses=doses, days={name: laid[name][0] for name in PAPERS},
        ticks={name: laid[name][1] for name in PAPERS}, said=laid["history"][1], rules=rules,
        due=np.zeros(exact.offered.shape, dtype=bool),
        full_list=tuple(dose for dose in doses_that_count_for(schedule, "fully_vaccinated") if dose in doses),
        policy=policy, mode=mode, answers=_answers(answers, children),
        answers_left_out=0 if answers is None else int((~answers["child"].isin(children["child"])).sum()),
    )  # fmt: skip
    found.due[:] = _due(exact, found.cohort_from, children["age_days"].to_numpy(dtype=float))
    return found


def _laid(
    doses: pd.DataFrame, children: pd.Series, codes: tuple[str, ...], source: str
) -> tuple[npt.NDArray[np.datetime64], Mask]:
    own = doses[doses["source"] == source]
    rows = pd.Index(children).get_indexer(pd.Index(own["child"]))
    columns = pd.Index(codes).get_indexer(pd.Index(own["dose"]))
    days = np.full((len(children), len(codes)), np.datetime64("NaT", "D"))
    ticks = np.zeros(days.shape, dtype=bool)
    days[rows, columns] = own["day"].to_numpy(dtype="datetime64[D]")
    ticks[rows, columns] = own["tick"].to_numpy(dtype=bool)
    # a caregiver who tells a day affirms the dose; the day is not used
    return days, ticks | ~np.isnat(days) if source == "history" else ticks


def _due(rules: Rules, cohort_from: Numbers, age: Numbers) -> Mask:
    """Return which children belong in the denominator of each dose.

    Not those to whom it was not offered; where its minimum age lies above the youngest age of the cohort, not those who
    are younger at the interview or of unknown age (VCQI).
    """
    minimum = np.nan_to_num(rules.minimum, nan=0.0)
    asked_later = minimum > cohort_from[:, None]
    old_enough = age[:, None] >= minimum  # NaN compares as False
    return rules.offered & (~asked_later | old_enough)


def _answers(answers: pd.DataFrame | None, children: pd.DataFrame) -> pd.DataFrame:
    if answers is None:
        return pd.DataFrame(index=children.index)
    twice = answers.duplicated(["child", "question"])
    if twice.any():
        at = answers[twice].iloc[0]
        raise RecordRefused(
            f"row {at['row']}: expected one answer per child and question, got {at['question']} of {at['child']} again"
        )
    wide = answers.pivot(index="child", columns="question", values="answer")
    return wide.reindex(children["child"]).reset_index(drop=True)
