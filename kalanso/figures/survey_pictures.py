"""Which pictures stand in the report of a household survey, and what do they show?

Coverage of each stratum with its nested intervals, doses in time and late, and what caregivers think. Rows come from the
estimates; the figures draw them, each with its table.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kalanso.figures.documents import Picture
from kalanso.figures.figure import Source, Subject
from kalanso.figures.nested_intervals import inchworms
from kalanso.figures.stacks import share_stacks
from kalanso.figures.words import say
from kalanso.surveys.pictured import nested_intervals, parts_of

ALL = "all"
TIMING = (
    "timing_early",
    "timing_timely",
    "timing_late_under_2_months",
    "timing_late_2_months_or_more",
    "timing_unknown",
)
DRIVERS = ("besd_positive", "besd_concerning")


def coverage_picture(
    estimates: pd.DataFrame, cohort: str, strata: Mapping[str, str], *, title: str, survey: str, demo: bool, locale: str
) -> Picture | None:  # fmt: skip
    """Return DTP1 by any proof in each stratum, lowest first; None where no stratum has an interval."""
    rows = estimates[
        (estimates["indicator"] == "crude_coverage") & (estimates["detail"] == "dtp1") & (estimates["cohort"] == cohort)
        & (estimates["stratum"] != ALL) & (estimates["domain_kind"] == ALL) & estimates["low"].notna()
    ].sort_values(["estimate", "stratum"])  # fmt: skip
    if rows.empty:
        return None
    table = nested_intervals(
        rows.assign(name=rows["stratum"].map(lambda code: strata.get(code, code))), "name"
    )
    return Picture(
        figure=inchworms(
            table, subject=_subject("coverage", survey, demo, locale), locale=locale, title=title
        )
    )


def timing_picture(
    estimates: pd.DataFrame, cohort: str, names: Mapping[str, str], *, title: str, survey: str, demo: bool, locale: str
) -> Picture | None:  # fmt: skip
    """Return how many children have each dose in time, late, or of unknown time; None where nothing is dated."""
    rows = _whole(estimates, cohort, TIMING)
    rows = rows[rows["detail"].isin(names)]
    called = {name: say(locale, f"figures.survey.measure.{name}") for name in TIMING}
    return _stacked(rows, called, names, title, _subject("timing", survey, demo, locale), locale)


def drivers_picture(
    estimates: pd.DataFrame, cohort: str, names: Mapping[str, str], *, title: str, survey: str, demo: bool, locale: str
) -> Picture | None:  # fmt: skip
    """Return positive and concerning answers to each question; None where none was asked."""
    rows = _whole(estimates, cohort, DRIVERS)
    rows = rows[rows["detail"].isin(names)]
    called = {name: say(locale, f"figures.survey.answers.{name.removeprefix('besd_')}") for name in DRIVERS}
    return _stacked(
        rows, called, names, title, _subject("answers", survey, demo, locale), locale, called[DRIVERS[0]]
    )


def _whole(estimates: pd.DataFrame, cohort: str, indicators: tuple[str, ...]) -> pd.DataFrame:
    return estimates[
        estimates["indicator"].isin(indicators) & (estimates["cohort"] == cohort) & (estimates["stratum"] == ALL)
        & (estimates["domain_kind"] == ALL) & estimates["estimate"].notna()
    ]  # fmt: skip


def _stacked(
    rows: pd.DataFrame, called: Mapping[str, str], names: Mapping[str, str], title: str, subject: Subject, locale: str,
    lead: str | None = None,
) -> Picture | None:  # fmt: skip
    if rows.empty:
        return None
    table = parts_of(rows.assign(name=rows["detail"].map(dict(names))), called, "name")
    return Picture(figure=share_stacks(table, subject=subject, locale=locale, title=title, lead=lead))


def _subject(what: str, survey: str, demo: bool, locale: str) -> Subject:
    return Subject(
        measure=say(locale, f"figures.survey.shown.{what}"), unit="rate", number="surveyed",
        sources=(Source(system=survey),), demo=demo,
    )  # fmt: skip
