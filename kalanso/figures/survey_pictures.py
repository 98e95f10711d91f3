"""Which pictures stand in the report of a household survey, and what do they show?

Coverage of each stratum with its nested intervals, in both cohorts beside one another too, clusters of each stratum, doses by age, in time and late, and what
caregivers think. Rows come from the estimates and the tables beside them; the figures draw them, each with its table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from kalanso.figures.coverage_by_age import age_curves
from kalanso.figures.documents import Picture
from kalanso.figures.figure import Source, Subject
from kalanso.figures.nested_intervals import inchworms
from kalanso.figures.organ_pipes import organ_pipe
from kalanso.figures.stacks import share_stacks
from kalanso.figures.survey_words import SurveyFacts, ages_told, detail_called, stratum_called
from kalanso.figures.words import say
from kalanso.surveys.beside import CENSORED
from kalanso.surveys.pictured import nested_intervals, parts_of

ALL = "all"
TIMING = (
    "timing_early",
    "timing_timely",
    "timing_late_under_2_months",
    "timing_late_2_months_or_more",
    "timing_unknown",
)
PIPES_AT_MOST = 7  # strata
DRIVERS = ("besd_positive", "besd_concerning")


def coverage_picture(
    estimates: pd.DataFrame, cohort: str, strata: Mapping[str, str], *, title: str, survey: str, demo: bool, locale: str
) -> Picture | None:  # fmt: skip
    """Return DTP1 by any proof in each stratum, lowest first; None where fewer than two strata have an interval: one alone is compared with nothing."""
    rows = estimates[
        (estimates["indicator"] == "crude_coverage") & (estimates["detail"] == "dtp1") & (estimates["cohort"] == cohort)
        & (estimates["stratum"] != ALL) & (estimates["domain_kind"] == ALL) & estimates["low"].notna()
    ].sort_values(["estimate", "stratum"])  # fmt: skip
    if rows["stratum"].nunique() < 2:
        return None
    table = nested_intervals(
        rows.assign(name=rows["stratum"].map(lambda code: strata.get(code, code))), "name"
    )
    return Picture(
        figure=inchworms(
            table, subject=_subject("coverage", survey, demo, locale), locale=locale, title=title
        )
    )


def cohorts(facts: SurveyFacts, locale: str) -> Iterator[Picture]:
    """Return DTP1 of each stratum in both cohorts beside one another: a double inchworm, never a mean of the two."""
    own = facts.estimates
    rows = own[
        (own["indicator"] == "crude_coverage") & (own["detail"] == "dtp1") & (own["stratum"] != ALL) & (own["domain_kind"] == ALL)
        & own["low"].notna() & own["cohort"].isin(list(facts.cohorts))
    ]  # fmt: skip
    both = rows.groupby("stratum")["cohort"].transform("nunique").eq(2)
    rows = rows[both]
    if len(facts.cohorts) != 2 or rows.empty:
        return
    order = {name: at for at, name in enumerate(facts.cohorts)}
    rows = rows.assign(order=rows["cohort"].map(order)).sort_values(["stratum", "order"])
    parts = []
    for cohort, part in rows.groupby("cohort", sort=False):
        named = part.assign(name=part["stratum"].map(lambda code: stratum_called(str(code), facts, locale)))
        parts.append(
            nested_intervals(named, "name").assign(series=ages_told(facts.cohorts[str(cohort)], locale))
        )
    table = pd.concat(parts, ignore_index=True)
    at = {name: place for place, name in enumerate(dict.fromkeys(table["label"]))}
    table = table.assign(at=table["label"].map(at)).sort_values("at", kind="stable", ignore_index=True)
    yield Picture(
        figure=inchworms(
            table, subject=_subject("coverage", facts.survey, facts.demo, locale), locale=locale, title=say(locale, "figures.survey.picture.cohorts")
        )
    )  # fmt: skip


def pipes(facts: SurveyFacts, locale: str) -> Iterator[Picture]:
    """Return the clusters of each stratum and cohort as organ pipes, of as many strata as the tables have columns."""
    rows = facts.beside.pipes.astype({"stratum": str})
    strata = sorted(rows["stratum"].unique())[:PIPES_AT_MOST]
    for cohort in facts.cohorts:
        for stratum in strata:
            own = rows[(rows["cohort"] == cohort) & (rows["stratum"] == stratum)]
            if own.empty:
                continue
            title = say(
                locale, "figures.survey.picture.pipes", stratum=stratum_called(stratum, facts, locale),
                ages=ages_told(facts.cohorts[cohort], locale),
            )  # fmt: skip
            subject = _subject("coverage", facts.survey, facts.demo, locale)
            yield Picture(figure=organ_pipe(own, subject=subject, locale=locale, title=title))


def curves(facts: SurveyFacts, locale: str) -> Iterator[Picture]:
    """Return by which age each dose came: followed children dose by dose, younger ones with what is known of children too young to tell."""
    for cohort, days in facts.cohorts.items():
        rows = facts.beside.curves
        rows = rows[rows["cohort"] == cohort]
        if rows.empty:
            continue
        kind = str(rows["kind"].iloc[0])
        table = rows.assign(series=rows["dose"].map(lambda dose: detail_called(str(dose), locale)))
        said = (
            say(locale, "figures.survey.curve.censored", undated=int(rows["undated"].iloc[0]), n=int(rows["children"].iloc[0]), left_out=int(rows["left_out"].iloc[0]))
            if kind == CENSORED
            else say(locale, "figures.survey.curve.followed")
        )  # fmt: skip
        if kind == CENSORED and (stayed := int(rows["not_raked"].fillna(0).iloc[0])):
            said = f"{said} {say(locale, 'figures.survey.curve.not_raked', n=stayed)}"
        title = say(locale, f"figures.survey.picture.{kind}", ages=ages_told(days, locale))
        subject = _subject("by_age", facts.survey, facts.demo, locale)
        yield Picture(figure=age_curves(table, subject=subject, locale=locale, title=title, reading=said))


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
