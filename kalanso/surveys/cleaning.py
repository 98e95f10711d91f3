"""Which children and doses of a survey can be analysed, after every correction was written down?

Received rows are copied, corrected by persons first and by rules after, and set aside where a rule says so; the
receipt counts every rule, also those that found nothing. Rules on dates of doses stand in `dose_cleaning`, those on
birth dates in `births`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kalanso.surveys.births import birth_dates
from kalanso.surveys.corrections import Corrections
from kalanso.surveys.dose_cleaning import dated, in_order, known_rows, series_of
from kalanso.surveys.interviews import each_child_once, follow, known_answers, with_interview
from kalanso.surveys.rounds import Round
from kalanso.surveys.tables import DISTANCES, SURVEY_ANSWERS, SURVEY_CHILDREN, SURVEY_DOSES
from kalanso.surveys.written_dates import read_dates

TABLE = "survey_children"
CODES = {
    "sex": ("female", "male"), "card_ever": ("yes", "no", "unknown"), "card_seen": ("yes", "no"),
    "register_seen": ("yes", "no"), "bcg_scar": ("yes", "no"), "displaced": ("yes", "no"),
    "mother_education": ("none", "koranic", "primary", "secondary", "unknown"),
    "wealth": ("poorest", "poor", "middle", "rich", "richest"), "distance": DISTANCES,
}  # fmt: skip


class ChildrenRefused(ValueError):
    """Received tables that lack columns, or from which no child is left: what was expected, what came."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cleaned:
    """Children and doses as analysed, with the log of corrections and the count of each rule.

    `children`: one row per child, with `weight` (float), `interview_date`, `birth_date` (NaT where unknown), `birth_rule`,
    `age_days` and `cohort`. `doses`: one row per child, dose and source, with `day` (NaT), `tick` (proof without a
    day) and `answer`. `answers`: what caregivers of these children answered, in the columns of SURVEY_ANSWERS. `receipt`: rule, rows.
    """

    asked: Round
    children: pd.DataFrame
    doses: pd.DataFrame
    corrections: pd.DataFrame
    receipt: pd.DataFrame
    answers: pd.DataFrame

    def rows_of(self, rule: str) -> int:
        """Return how many rows a rule found."""
        return int(self.receipt.loc[self.receipt["rule"] == rule, "rows"].sum())


def clean(
    children: pd.DataFrame, doses: pd.DataFrame, asked: Round, *, answers: pd.DataFrame | None = None,
    decided: pd.DataFrame | None = None,
) -> Cleaned:  # fmt: skip
    """Return what can be analysed of the received tables (columns of SURVEY_CHILDREN, SURVEY_DOSES and SURVEY_ANSWERS).

    `decided` holds corrections of persons (columns of SURVEY_CORRECTIONS, `who` and `why` filled). The received
    tables are not changed. Raises ChildrenRefused where columns lack, rows are of another survey, or nobody is left.
    """
    _expect(children, SURVEY_CHILDREN.column_names, asked)
    if answers is None:
        answers = pd.DataFrame(columns=list(SURVEY_ANSWERS.column_names))
    doses, answers = with_interview(doses), with_interview(answers)
    _expect(doses, SURVEY_DOSES.column_names, asked)
    _expect(answers, SURVEY_ANSWERS.column_names, asked)
    log = Corrections(asked.survey)
    received, children = children, log.by_persons(TABLE, children, decided).reset_index(drop=True)
    doses = follow(log.by_persons("survey_doses", doses, decided), received, children).reset_index(drop=True)
    answers = follow(answers, received, children).reset_index(drop=True)
    kept = _children(children, {"survey_doses": doses, "survey_answers": answers}, asked, log)
    opinions = known_answers(answers, kept, children, log)
    rows = known_rows(doses, kept, children, asked, log)
    rows = dated(rows.reset_index(drop=True), kept, asked, log)
    rows = in_order(rows, series_of(asked.doses), asked, log)
    _count_contradictions(rows, log)
    return Cleaned(
        asked=asked, children=kept.reset_index(drop=True), doses=rows, corrections=log.log(), receipt=log.receipt(),
        answers=opinions.reset_index(drop=True),
    )  # fmt: skip


def _expect(table: pd.DataFrame, columns: Sequence[str], asked: Round) -> None:
    if missing := [name for name in columns if name not in table.columns]:
        raise ChildrenRefused(
            f"expected the columns {', '.join(columns)}, got none called {', '.join(missing)}"
        )
    if others := sorted(set(table["survey"].astype(str)) - {asked.survey}):
        raise ChildrenRefused(
            f"survey: expected rows of {asked.survey}, got {', '.join(others)}; clean one survey at a time"
        )


def _children(
    received: pd.DataFrame, told: Mapping[str, pd.DataFrame], asked: Round, log: Corrections
) -> pd.DataFrame:
    rows = received.assign(interview_written=received["interview_date"])
    read = read_dates(rows["interview_date"])
    rows["interview_date"] = read["date"].to_numpy()
    lost = ~read["state"].eq("full")
    log.add(TABLE, received[lost], "interview_date", None, "interview_date_unknown")
    rows = each_child_once(rows, told, log)
    rows = _codes(rows, log)
    rows = log.set_aside(TABLE, rows, rows["stratum"].isna() | rows["cluster"].isna(), "no_cluster")
    weight = pd.to_numeric(rows["weight"], errors="coerce")
    weightless = ~(np.isfinite(weight) & (weight > 0))
    rows = log.set_aside(TABLE, rows.assign(weight=weight), weightless, "no_weight")
    if rows.empty:
        raise ChildrenRefused(
            f"expected children with cluster and weight, got none of {len(received)}; read the receipt of the import"
        )
    rows = rows.join(birth_dates(rows, asked, log))
    rows["age_days"] = (rows["interview_date"] - rows["birth_date"]).dt.days.astype("float64")
    rows = _cohorts(rows, asked, log)
    if rows.empty:
        raise ChildrenRefused(
            "expected children of the cohorts of the round, got none; are its cohorts those of the file?"
        )
    clusters = rows.groupby("stratum")["cluster"].nunique()
    log.count("single_cluster_stratum", int((clusters == 1).sum()))
    log.count("empty_cohort", sum(cohort.name not in set(rows["cohort"]) for cohort in asked.cohorts))
    return rows


def _codes(rows: pd.DataFrame, log: Corrections) -> pd.DataFrame:
    for name, codes in CODES.items():
        odd = rows[name].notna() & ~rows[name].isin(codes)
        log.add(TABLE, rows[odd], name, None, "code_unknown")
        rows = rows.assign(**{name: rows[name].where(~odd)})
    return rows


def _cohorts(rows: pd.DataFrame, asked: Round, log: Corrections) -> pd.DataFrame:
    """Keep the stated cohort; where none is stated the age decides, and without an age the child is set aside."""
    names = [cohort.name for cohort in asked.cohorts]
    by_age = pd.Series(None, index=rows.index, dtype="object")
    for cohort in asked.cohorts:
        by_age[rows["age_days"].between(cohort.from_days, cohort.to_days)] = cohort.name
    stated = rows["cohort"].isin(names)
    derived = rows["cohort"].isna() & by_age.notna()
    log.add(TABLE, rows[derived], "cohort", by_age[derived], "cohort_from_age")
    log.count(
        "age_outside_cohort", int((stated & rows["age_days"].notna() & (by_age != rows["cohort"])).sum())
    )
    rows = rows.assign(cohort=rows["cohort"].where(~derived, by_age))
    return log.set_aside(TABLE, rows, ~(stated | derived), "cohort_unknown")


def _count_contradictions(rows: pd.DataFrame, log: Corrections) -> None:
    """Count doses that a card or register shows and the caregiver denies, or the other way round; any proof counts."""
    shown = rows["day"].notna() | rows["tick"]
    key = ["child", "dose"]
    paper = rows[rows["source"].ne("history")]
    documented = set(map(tuple, paper.loc[shown[paper.index], key].to_numpy()))
    absent = set(map(tuple, paper.loc[paper["answer"].eq("no"), key].to_numpy())) - documented
    said = rows[rows["source"].eq("history")]
    denied = set(map(tuple, said.loc[said["answer"].eq("no"), key].to_numpy()))
    claimed = set(map(tuple, said.loc[said["answer"].eq("yes"), key].to_numpy()))
    log.count("record_against_history", len(documented & denied) + len(absent & claimed))
