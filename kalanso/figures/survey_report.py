"""What does the report of a household survey say, in the order of VCQI?

The study, its design and response, what was cleaned, then the sample (DESC), coverage, clusters, dropout, documents, quality, missed opportunities,
curves, timeliness, differences, and what caregivers think: for each cohort by itself. Takes estimates; computes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd

from kalanso.figures import survey_tables as tables
from kalanso.figures.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from kalanso.figures.figure import FigureRefused, check_locale
from kalanso.figures.survey_words import (
    ALL,
    CHAPTERS,
    PRIORITY,
    SurveyFacts,
    ages_told,
    called,
    cell,
    detail_called,
    group_called,
    group_place,
    left_out_told,
    read_told,
    unreached_told,
)
from kalanso.figures.words import say
from kalanso.surveys.drivers import ITEMS
from kalanso.vocabulary import Message

# The chapters in VCQI's order (DESC, COVG, ACC and CONT, QUAL, CCC, VCTC, COVG_DIFF); what VCQI does not have follows.
ORDER = (
    "sample", "crude", "valid", "whole", "zero_dose", "clusters", "dropout", "documents", "quality", "missed", "curves", "timing",
    "differences", "drivers", "groups", "precision", "schedule",
)  # fmt: skip
STRATA_IN_TABLE = 7  # beside the whole: more do not fit on a page
# Told in the report for these doses alone; the table of estimates has them for all.
FEW, FEW_DETAILS = (
    frozenset({*CHAPTERS["missed"], *CHAPTERS["timing"]}),
    ("dtp1", "dtp3", "mcv1", "mcv2", "any"),
)
GROUPED = ("crude_coverage", "zero_dose")  # indicators that are told by group of children
GROUP_DETAILS = ("dtp1", "dtp3", "mcv1")
# Measured, and no fault: DTP3 by half a year is what one hopes for, and the two measles doses are months apart by schedule.
NO_FAULTS = frozenset({("dose_before_age", "dtp3 182"), ("interval_too_long", "mcv 56")})
HEADLINES = (
    ("crude_coverage", "dtp1"),
    ("zero_dose", "dtp1"),
    ("crude_coverage", "dtp3"),
    ("crude_coverage", "mcv1"),
)


def survey_report(facts: SurveyFacts, locale: str = "fr") -> Document:
    """Return the report in one language; refuses a survey without an estimate."""
    check_locale(locale)
    if facts.estimates.empty:
        raise FigureRefused(f"survey_report: expected estimates of {facts.survey}, got none")
    blocks: list[Block] = [*_summary(facts, locale), *_study(facts, locale)]
    number = 0
    for chapter in ORDER:
        found = list(_chapter(facts, chapter, locale))
        if found:
            number += 1
            blocks.append(Heading(text=f"{number}. {say(locale, f'figures.survey.chapter.{chapter}')}"))
            blocks.append(Paragraph(text=say(locale, f"figures.survey.about.{chapter}"), small=True))
            blocks += found
    return Document(
        title=facts.title[locale],
        subtitle=say(
            locale, "figures.survey.subtitle", first=facts.first_day, last=facts.last_day, children=facts.children,
            clusters=facts.clusters,
        ),
        locale=locale,
        blocks=tuple(blocks),
        foot=say(locale, "figures.survey.foot", survey=facts.survey, day=facts.made_on, version=facts.version),
        demo=facts.demo,
    )  # fmt: skip


def _chapter(facts: SurveyFacts, chapter: str, locale: str) -> Iterator[Block]:
    """Return what a chapter holds below its heading; nothing where the survey has none of it."""
    if chapter in CHAPTERS:
        for cohort in facts.cohorts:
            yield from _by_stratum(facts, CHAPTERS[chapter], cohort, locale)
            yield from _pictures(facts, chapter, cohort, locale)
        if chapter == "crude":
            yield from _drawn(facts, "cohorts", locale)
    elif chapter in ("drivers", "groups"):
        yield from (_drivers if chapter == "drivers" else _groups)(facts, locale)
    elif chapter == "curves":
        yield from _drawn(facts, "curves", locale)
    else:
        yield from getattr(tables, chapter)(facts, locale)
        if chapter == "clusters":
            yield from _drawn(facts, "pipes", locale)


def _drawn(facts: SurveyFacts, what: str, locale: str) -> Iterator[Block]:
    """Return pictures that speak of more than one table; what draws is loaded where something is drawn."""
    from kalanso.figures import survey_pictures

    yield from getattr(survey_pictures, what)(facts, locale)


def _row(facts: SurveyFacts, indicator: str, detail: str, cohort: str) -> pd.Series | None:
    own = facts.estimates
    found = own[
        (own["indicator"] == indicator) & (own["detail"] == detail) & (own["cohort"] == cohort)
        & (own["stratum"] == ALL) & (own["domain_kind"] == ALL)
    ]  # fmt: skip
    return None if found.empty or pd.isna(found["estimate"].iloc[0]) else found.iloc[0]


def _summary(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Say in sentences what matters most, each with its interval."""
    said = []
    for cohort in facts.cohorts:
        for indicator, detail in HEADLINES:
            row = _row(facts, indicator, detail, cohort)
            if row is not None:
                said.append(
                    say(
                        locale, "figures.survey.sentence", what=called(indicator, detail, locale), share=float(row["estimate"]),
                        low=float(row["low"]), high=float(row["high"]), cohort=ages_told(facts.cohorts[cohort], locale), n=int(row["children"]),
                    )
                )  # fmt: skip
    yield Heading(text=say(locale, "figures.survey.summary"))
    yield Bullets(items=said)
    if facts.chosen_places:
        yield Paragraph(text=say(locale, "figures.survey.chosen"))
    if len(facts.reached):
        yield Paragraph(text=say(locale, "figures.survey.accessible"))
        yield Bullets(items=list(_accessible(facts, locale)))


def _accessible(facts: SurveyFacts, locale: str) -> Iterator[str]:
    """Say of each stratum which share of its clusters could be reached, and between which bounds DTP1 of all children lies."""
    for stratum, own in facts.reached.groupby("stratum", sort=True):
        first = own.iloc[0]
        name = facts.strata.get(str(stratum), str(stratum))
        yield unreached_told(
            name, int(first["unreachable"]), int(first["drawn"]), float(first["share"]), locale
        )
        for row in own[own["whole_low"].notna()].to_dict("records"):
            yield say(
                locale, "figures.survey.whole", stratum=name, cohort=ages_told(facts.cohorts[row["cohort"]], locale),
                low=float(row["whole_low"]), high=float(row["whole_high"]),
            )  # fmt: skip


def _study(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell methods, response, ethics and every rule of cleaning that found something."""
    yield Heading(text=say(locale, "figures.survey.methods"))
    yield Paragraph(text=say(locale, f"figures.survey.policy.{facts.policy.lower()}"))
    yield Paragraph(text=say(locale, f"figures.survey.mode.{facts.mode}", grace=facts.grace_days))
    if facts.beside.schedule_version:
        waiting = int(facts.beside.schedule["to_confirm"].astype(bool).sum())
        yield Paragraph(
            text=say(locale, "figures.survey.schedule_used", version=facts.beside.schedule_version, n=waiting)
        )
    yield Paragraph(text=say(locale, "figures.survey.intervals"))
    yield from tables.weights(facts, locale)
    for dose, scope, n in facts.left_out:
        yield Paragraph(text=left_out_told(dose, scope, n, locale))
    yield Bullets(
        items=[
            say(
                locale,
                "figures.survey.response",
                submissions=facts.received.get("submissions", 0),
                refused=facts.received.get("without_consent", 0),
                children=facts.children,
            ),
            say(
                locale, "figures.survey.ethics", approval=facts.ethics["approval"], filing=facts.ethics["data_protection"],
                consent=facts.ethics["consent_version"], kept=date.fromisoformat(facts.ethics["kept_until"]),
                destroyed=date.fromisoformat(facts.ethics["destroyed_on"]),
            ),
        ]
    )  # fmt: skip
    yield from tables.responses(facts, locale)
    yield Heading(text=say(locale, "figures.survey.cleaning"), level=2)
    found = facts.receipt[facts.receipt["rows"] > 0]
    rules = [
        Message(f"surveys.rule.{rule}", {"n": int(n)}).render(locale)
        for rule, n in found[["rule", "rows"]].itertuples(index=False)
    ]
    yield Bullets(
        items=[*read_told(facts.read, locale), *rules] or [say(locale, "figures.survey.nothing_cleaned")]
    )


def _by_stratum(facts: SurveyFacts, indicators: tuple[str, ...], cohort: str, locale: str) -> list[Block]:
    """Return a table of a cohort: rows are indicators and their details, columns the whole and its strata."""
    own = facts.estimates
    own = own[own["indicator"].isin(indicators) & (own["cohort"] == cohort) & (own["domain_kind"] == ALL)]
    own = own[own["status"] != "no_children"]
    own = own[~own["indicator"].isin(FEW) | own["detail"].isin(FEW_DETAILS)]
    own = own[[key not in NO_FAULTS for key in zip(own["indicator"], own["detail"], strict=True)]]
    if own.empty:
        return []
    strata = [ALL, *sorted(set(own["stratum"]) - {ALL})][: STRATA_IN_TABLE + 1]
    cells = dict(
        zip(
            zip(own["indicator"], own["detail"], own["stratum"], strict=True),
            own.to_dict("records"),
            strict=True,
        )
    )
    order = list(dict.fromkeys(zip(own["indicator"], own["detail"], strict=True)))
    order.sort(key=lambda one: (indicators.index(one[0]), _place(one[1], facts)))
    rows = [
        [called(*key, locale), *(cell(cells.get((*key, stratum)), locale) for stratum in strata)]
        for key in order
    ]
    headings = [
        say(locale, "figures.survey.indicator"),
        say(locale, "figures.survey.together"),
        *(facts.strata.get(code, code) for code in strata[1:]),
    ]
    return [
        Grid(
            title=say(locale, "figures.survey.cohort", ages=ages_told(facts.cohorts[cohort], locale)), headings=headings, rows=rows,
            widths=(2.6, *[1.7] * len(strata)), numbers=frozenset(range(1, len(strata) + 1)), note=say(locale, "figures.survey.cells"),
        )
    ]  # fmt: skip


def _pictures(facts: SurveyFacts, chapter: str, cohort: str, locale: str) -> Iterator[Block]:
    """Draw what is seen sooner than read: coverage by stratum, doses in time."""
    # Pages use the words of the report; what draws is loaded where something is drawn.
    from kalanso.figures.survey_pictures import coverage_picture, timing_picture

    told: dict[str, Any] = {"survey": facts.survey, "demo": facts.demo, "locale": locale}
    title = (
        say(locale, f"figures.survey.picture.{chapter}", ages=ages_told(facts.cohorts[cohort], locale))
        if chapter in ("crude", "timing")
        else ""
    )
    found = None
    if chapter == "crude":
        found = coverage_picture(facts.estimates, cohort, facts.strata, title=title, **told)
    elif chapter == "timing":
        names = {dose: detail_called(dose, locale) for dose in facts.doses}
        found = timing_picture(facts.estimates, cohort, names, title=title, **told)
    if found is not None:
        yield found


def _place(detail: str, facts: SurveyFacts) -> tuple[int, str]:
    doses = list(facts.doses)
    return (doses.index(detail) if detail in doses else len(doses), detail)


def _drivers(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    from kalanso.figures.survey_pictures import drivers_picture

    own = facts.estimates
    own = own[own["indicator"].str.startswith("besd") & (own["stratum"] == ALL) & (own["domain_kind"] == ALL)]
    if own.empty:
        yield Paragraph(text=say(locale, "figures.survey.no_drivers"))
        return
    for cohort in facts.cohorts:
        rows = own[(own["cohort"] == cohort) & (own["indicator"] == "besd_positive")]
        yield Grid(
            title=say(locale, "figures.survey.cohort", ages=ages_told(facts.cohorts[cohort], locale)),
            headings=[say(locale, f"figures.survey.heading.{name}") for name in ("item", "positive", "asked")],
            rows=[_driver(row, locale) for row in rows.to_dict("records")],
            widths=(4, 2, 1), numbers=frozenset({1, 2}), note=say(locale, "figures.survey.priority"),
        )  # fmt: skip
        yield from tables.drivers(facts, cohort, locale)
        names = {one.key: say(locale, f"figures.survey.driver.{one.key}") for one in ITEMS if one.positive}
        title = say(locale, "figures.survey.picture.drivers", ages=ages_told(facts.cohorts[cohort], locale))
        found = drivers_picture(
            facts.estimates, cohort, names, title=title, survey=facts.survey, demo=facts.demo, locale=locale
        )
        if found is not None:
            yield found


def _driver(row: Mapping[Any, Any], locale: str) -> list[str]:
    item = str(row["detail"])
    star = " ★" if item in PRIORITY else ""
    return [say(locale, f"figures.survey.driver.{item}") + star, cell(row, locale), str(row["children"])]


def _groups(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell coverage by sex, schooling, distance and other groups of children."""
    own = facts.estimates
    own = own[
        own["indicator"].isin(GROUPED)
        & own["detail"].isin(GROUP_DETAILS)
        & ~own["domain_kind"].isin([ALL, "vaccination"])
    ]
    if own.empty:
        return
    if (wealth := facts.beside.wealth) is not None:
        yield Paragraph(
            text=say(locale, "figures.survey.wealth", n=len(wealth.loadings), share=wealth.explained, left_out=len(wealth.left_out)), small=True
        )  # fmt: skip
    for cohort in facts.cohorts:
        rows = own[own["cohort"] == cohort]
        keys = list(dict.fromkeys(zip(rows["indicator"], rows["detail"], strict=True)))
        cells = {
            (row["domain_kind"], row["domain"], row["indicator"], row["detail"]): row
            for row in rows.to_dict("records")
        }
        places = sorted({key[:2] for key in cells}, key=lambda key: group_place(str(key[0]), str(key[1])))
        yield Grid(
            title=say(locale, "figures.survey.cohort", ages=ages_told(facts.cohorts[cohort], locale)),
            headings=[say(locale, "figures.survey.heading.group"), *(called(*key, locale) for key in keys)],
            rows=[
                [group_called(kind, name, locale), *(cell(cells.get((kind, name, *key)), locale) for key in keys)]
                for kind, name in places
            ],
            widths=(3, *[2] * len(keys)), numbers=frozenset(range(1, len(keys) + 1)), note=say(locale, "figures.survey.cells"),
        )  # fmt: skip
