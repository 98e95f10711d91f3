"""What does the report of a household survey rest on, and what are its indicators, cohorts and groups called?

Names for reports, pages and pictures of surveys, in both languages. What stands where is decided by the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from kalanso.figures.words import say
from kalanso.surveys.beside import Beside
from kalanso.surveys.drivers import ITEMS
from kalanso.surveys.tables import DISTANCES
from kalanso.surveys.wealth import FIFTHS
from kalanso.vocabulary import Message, UnknownMessage, format_value

ALL = "all"
# Chapters with a table by stratum, in VCQI's order, and the indicators of each; their details (doses, pairs) are rows.
CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "crude": ("crude_coverage",),
    "valid": ("valid_coverage", "valid_coverage_by_age_1"),
    "whole": ("fully_vaccinated_crude", "fully_vaccinated_valid", "fully_vaccinated_valid_by_age_1", "not_vaccinated_crude"),
    "zero_dose": ("zero_dose", "zero_dose_no_vaccine_at_all", "zero_dose_had_bcg_or_opv", "zero_dose_had_other_vaccines", "under_immunized"),
    "dropout": ("access", "dropout_weighted"),  # the plain one of VCQI stands in the table of estimates
    "documents": ("paper_seen", "paper_with_date", "paper_with_date_or_tick", "paper_dates_only", "card_ever"),
    "quality": ("invalid_dose", "dose_before_age", "interval_too_short", "interval_too_long"),
    "missed": ("missed_visits_crude", "missed_children_crude", "missed_children_crude_uncorrected", "valid_without_missed"),
    "timing": ("timing_early", "timing_timely", "timing_late_under_2_months", "timing_late_2_months_or_more", "timing_unknown"),
}  # fmt: skip
ALONE = frozenset(
    {*CHAPTERS["whole"], *CHAPTERS["zero_dose"], "card_ever"}
)  # of one detail, which their name says
PAPERS = ("card", "register", "either", "any", "all")
PRIORITY = tuple(one.key for one in ITEMS if one.priority)
# What reading a file counts that somebody should look at
ODD = ("rows_twice", "unknown_variable", "unknown_code", "not_a_number", "not_a_date")
# Groups that have an order of their own; others stand as their codes are sorted, those without an answer last
STEPS = {
    "wealth": FIFTHS,
    "distance": DISTANCES,
    "mother_education": ("none", "koranic", "primary", "secondary", "unknown"),
}
HALF_A_YEAR, MONTH = 183, 30.4375  # days


@dataclass(frozen=True, kw_only=True)
class SurveyFacts:
    """What a report rests on.

    `estimates` has the columns of SURVEY_ESTIMATES, `receipt` rule and rows, `read` what was found while reading files, `left_out` doses offered to nobody, the
    scope for which no places were named and children who have them; `reached` strata not wholly reached by cohort; `cohorts` leads to days of age, `strata` to names;
    `beside` has the tables beside the estimates.
    """

    title: Mapping[str, str]
    survey: str
    first_day: date
    last_day: date
    cohorts: Mapping[str, tuple[int, int]]
    strata: Mapping[str, str]
    doses: tuple[str, ...]
    policy: str
    mode: str
    grace_days: int
    ethics: Mapping[str, str]
    chosen_places: bool
    demo: bool
    received: Mapping[str, int]
    read: Mapping[str, int]
    left_out: Sequence[tuple[str, str, int]]
    reached: pd.DataFrame
    receipt: pd.DataFrame
    estimates: pd.DataFrame
    clusters: int
    children: int
    made_on: date
    version: str
    beside: Beside = field(default_factory=Beside)


def unreached_told(stratum: str, n: int, drawn: int, share: float, locale: str) -> str:
    """Say how many drawn clusters of a stratum could not be reached, and of which share results speak."""
    return say(locale, "figures.survey.unreached", stratum=stratum, n=n, drawn=drawn, share=share)


def cell(row: Mapping[Any, Any] | None, locale: str) -> str:
    """Write a share with its interval; brackets around few children, a dash where too few are."""
    if row is None or row["status"] in ("suppressed", "no_children") or pd.isna(row["estimate"]):
        return "–"
    text = format_value(row["estimate"], "percent", locale)
    if not pd.isna(row["low"]):
        low, high = (f"{100 * float(str(row[name])):.0f}" for name in ("low", "high"))
        text = f"{text} ({low}–\u2060{high})"
    return f"[{text}]" if row["status"] == "bracketed" else text


def decimals(value: Any, digits: int, locale: str) -> str:
    """Write a number with a fixed number of decimals; a dash where there is none."""
    if value is None or pd.isna(value):
        return "–"
    text = f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")  # no negative zero
    return text.replace(".", ",") if locale == "fr" else text


def group_called(kind: str, name: str, locale: str) -> str:
    """Name a group of children; a code without words stands as it came, in quotes."""
    try:
        return say(locale, f"figures.survey.group.{kind}.{name}")
    except UnknownMessage:
        return say(locale, "figures.survey.group.unnamed", code=name)


def read_told(read: Mapping[str, int], locale: str) -> list[str]:
    """Say what was odd in the files: rows that came twice, variables and values that the form does not have."""
    return [
        Message(f"surveys.read.{what}", {"n": read[what]}).render(locale) for what in ODD if read.get(what)
    ]


def left_out_told(dose: str, scope: str, n: int, locale: str) -> str:
    """Say that a dose has no result, since nobody said which places its scope means."""
    return say(locale, "figures.survey.left_out", dose=detail_called(dose, locale), scope=scope, n=n)


def called(indicator: str, detail: str, locale: str) -> str:
    """Name an indicator with its dose or paper."""
    name = say(locale, f"figures.survey.measure.{indicator}")
    colon = " : " if locale == "fr" else ": "
    return name if indicator in ALONE else f"{name}{colon}{detail_called(detail, locale)}"


def detail_called(detail: str, locale: str) -> str:
    """Name a dose, a pair of doses, a dose and days, or a paper."""
    words = []
    for word in detail.split():
        vaccine = word.rstrip("0123456789")
        if not vaccine:
            words.append(say(locale, "figures.survey.days", n=int(word)))
        elif word in PAPERS:
            words.append(say(locale, f"figures.survey.paper.{word}"))
        else:
            words.append((say(locale, f"figures.survey.vaccine.{vaccine}") + word[len(vaccine) :]).strip())
    doses = [word for word in detail.split() if word not in PAPERS and not word.isdigit()]
    return " → ".join(words) if len(doses) > 1 else ", ".join(words)


def ages_told(days: tuple[int, int], locale: str) -> str:
    """Say ages in weeks below half a year, in completed months above."""
    low, high = days
    weeks = low < HALF_A_YEAR
    first = round(low / 7) if weeks else round(low / MONTH)
    return say(
        locale,
        "figures.survey.from_weeks" if weeks else "figures.survey.from_months",
        low=first,
        high=round((high + 1) / MONTH) - 1,
    )


def stratum_called(code: str, facts: SurveyFacts, locale: str) -> str:
    """Name a stratum, or all of them together."""
    return say(locale, "figures.survey.together") if code == ALL else facts.strata.get(code, code)


def kind_called(kind: str, locale: str) -> str:
    """Name by what children are grouped."""
    return say(locale, f"figures.survey.kind.{kind}")


def group_place(kind: str, name: str) -> tuple[str, int, str]:
    """Return by what groups of children are sorted."""
    steps = STEPS.get(kind, ())
    return (kind, steps.index(name) if name in steps else len(steps) + (not name), name)
