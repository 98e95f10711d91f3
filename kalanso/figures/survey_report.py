"""What does the report of a household survey say, in the order of VCQI?

The study and its response, what was cleaned, then documents, coverage, children without vaccines, dropout, quality, missed
opportunities, timeliness and what caregivers think: for each cohort by itself. Takes estimates; computes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from kalanso.figures.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from kalanso.figures.figure import FigureRefused, check_locale
from kalanso.figures.words import say
from kalanso.surveys.drivers import ITEMS
from kalanso.vocabulary import Message, UnknownMessage, format_value

ALL = "all"
STRATA_IN_TABLE = 7  # beside the whole: more do not fit on a page
# Chapters in VCQI's order, and the indicators of each; their details (doses, pairs) are rows.
CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "documents": ("paper_seen", "paper_with_date", "paper_with_date_or_tick", "paper_dates_only", "card_ever"),
    "crude": ("crude_coverage",),
    "valid": ("valid_coverage", "valid_coverage_by_age_1"),
    "whole": ("fully_vaccinated_crude", "fully_vaccinated_valid", "fully_vaccinated_valid_by_age_1", "not_vaccinated_crude"),
    "zero_dose": ("zero_dose", "zero_dose_no_vaccine_at_all", "zero_dose_had_bcg_or_opv", "zero_dose_had_other_vaccines", "under_immunized"),
    "dropout": ("dropout_weighted",),  # the plain one of VCQI stands in the table of estimates
    "quality": ("invalid_dose", "dose_before_age", "interval_too_short", "interval_too_long"),
    "missed": ("missed_visits_crude", "missed_children_crude", "missed_children_crude_uncorrected", "valid_without_missed"),
    "timing": ("timing_early", "timing_timely", "timing_late_under_2_months", "timing_late_2_months_or_more", "timing_unknown"),
}  # fmt: skip
ALONE = frozenset(
    {*CHAPTERS["whole"], *CHAPTERS["zero_dose"], "card_ever"}
)  # of one detail, which their name says
PAPERS = ("card", "register", "either", "any", "all")
PRIORITY = tuple(one.key for one in ITEMS if one.priority)
# Told in the report for these doses alone; the table of estimates has them for all.
FEW, FEW_DETAILS = (
    frozenset({*CHAPTERS["missed"], *CHAPTERS["timing"]}),
    ("dtp1", "dtp3", "mcv1", "mcv2", "any"),
)
GROUPED = ("crude_coverage", "zero_dose")  # indicators that are told by group of children
GROUP_DETAILS = ("dtp1", "dtp3", "mcv1")
# Measured, and no fault: DTP3 by half a year is what one hopes for, and the two measles doses are months apart by schedule.
NO_FAULTS = frozenset({("dose_before_age", "dtp3 182"), ("interval_too_long", "mcv 56")})
DRAWN = ("crude", "timing")  # chapters with a picture, beside that of the drivers
# What reading a file counts that somebody should look at
ODD = ("rows_twice", "unknown_variable", "unknown_code", "not_a_number", "not_a_date")
HALF_A_YEAR, MONTH = 183, 30.4375  # days
HEADLINES = (
    ("crude_coverage", "dtp1"),
    ("zero_dose", "dtp1"),
    ("crude_coverage", "dtp3"),
    ("crude_coverage", "mcv1"),
)


@dataclass(frozen=True, kw_only=True)
class SurveyFacts:
    """What a report rests on.

    `estimates` has the columns of SURVEY_ESTIMATES, `receipt` rule and rows, `read` what was found while reading files, `left_out` doses offered to nobody, the
    scope for which no places were named and children who have them; `reached` strata not wholly reached by cohort; `cohorts` leads to days of age, `strata` to names.
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


def survey_report(facts: SurveyFacts, locale: str = "fr") -> Document:
    """Return the report in one language; refuses a survey without an estimate."""
    check_locale(locale)
    if facts.estimates.empty:
        raise FigureRefused(f"survey_report: expected estimates of {facts.survey}, got none")
    blocks: list[Block] = [*_summary(facts, locale), *_study(facts, locale)]
    for number, (chapter, indicators) in enumerate(CHAPTERS.items(), 1):
        blocks.append(Heading(text=f"{number}. {say(locale, f'figures.survey.chapter.{chapter}')}"))
        blocks.append(Paragraph(text=say(locale, f"figures.survey.about.{chapter}"), small=True))
        for cohort in facts.cohorts:
            blocks += [
                *_by_stratum(facts, indicators, cohort, locale),
                *_pictures(facts, chapter, cohort, locale),
            ]
    blocks += [*_drivers(facts, len(CHAPTERS) + 1, locale), *_groups(facts, len(CHAPTERS) + 2, locale)]
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


def unreached_told(stratum: str, n: int, drawn: int, share: float, locale: str) -> str:
    """Say how many drawn clusters of a stratum could not be reached, and of which share results speak."""
    return say(locale, "figures.survey.unreached", stratum=stratum, n=n, drawn=drawn, share=share)


def _study(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell methods, response, ethics and every rule of cleaning that found something."""
    yield Heading(text=say(locale, "figures.survey.methods"))
    yield Paragraph(text=say(locale, f"figures.survey.policy.{facts.policy.lower()}"))
    yield Paragraph(text=say(locale, f"figures.survey.mode.{facts.mode}", grace=facts.grace_days))
    yield Paragraph(text=say(locale, "figures.survey.intervals"))
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
        [called(*key, locale), *(_cell(cells.get((*key, stratum)), locale) for stratum in strata)]
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
        if chapter in DRAWN
        else ""
    )
    found = None
    if chapter == "crude":
        found = coverage_picture(facts.estimates, cohort, facts.strata, title=title, **told)
    elif chapter == "timing":
        names = {dose: _detail(dose, locale) for dose in facts.doses}
        found = timing_picture(facts.estimates, cohort, names, title=title, **told)
    if found is not None:
        yield found


def _place(detail: str, facts: SurveyFacts) -> tuple[int, str]:
    doses = list(facts.doses)
    return (doses.index(detail) if detail in doses else len(doses), detail)


def _cell(row: Mapping[Any, Any] | None, locale: str) -> str:
    """Write a share with its interval; brackets around few children, a dash where too few are."""
    if row is None or row["status"] in ("suppressed", "no_children") or pd.isna(row["estimate"]):
        return "–"
    text = format_value(row["estimate"], "percent", locale)
    if not pd.isna(row["low"]):
        low, high = (f"{100 * float(str(row[name])):.0f}" for name in ("low", "high"))
        text = f"{text} ({low}–\u2060{high})"
    return f"[{text}]" if row["status"] == "bracketed" else text


def _drivers(facts: SurveyFacts, number: int, locale: str) -> Iterator[Block]:
    from kalanso.figures.survey_pictures import drivers_picture

    yield Heading(text=f"{number}. {say(locale, 'figures.survey.chapter.drivers')}")
    yield Paragraph(text=say(locale, "figures.survey.about.drivers"), small=True)
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
    return [say(locale, f"figures.survey.driver.{item}") + star, _cell(row, locale), str(row["children"])]


def _groups(facts: SurveyFacts, number: int, locale: str) -> Iterator[Block]:
    """Tell coverage by sex, schooling, distance and other groups of children."""
    own = facts.estimates
    own = own[
        own["indicator"].isin(GROUPED)
        & own["detail"].isin(GROUP_DETAILS)
        & ~own["domain_kind"].isin([ALL, "vaccination"])
    ]
    if own.empty:
        return
    yield Heading(text=f"{number}. {say(locale, 'figures.survey.chapter.groups')}")
    yield Paragraph(text=say(locale, "figures.survey.about.groups"), small=True)
    for cohort in facts.cohorts:
        rows = own[own["cohort"] == cohort]
        keys = list(dict.fromkeys(zip(rows["indicator"], rows["detail"], strict=True)))
        cells = {
            (row["domain_kind"], row["domain"], row["indicator"], row["detail"]): row
            for row in rows.to_dict("records")
        }
        places = sorted({key[:2] for key in cells})
        yield Grid(
            title=say(locale, "figures.survey.cohort", ages=ages_told(facts.cohorts[cohort], locale)),
            headings=[say(locale, "figures.survey.heading.group"), *(called(*key, locale) for key in keys)],
            rows=[
                [group_called(kind, name, locale), *(_cell(cells.get((kind, name, *key)), locale) for key in keys)]
                for kind, name in places
            ],
            widths=(3, *[2] * len(keys)), numbers=frozenset(range(1, len(keys) + 1)), note=say(locale, "figures.survey.cells"),
        )  # fmt: skip


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
    return say(locale, "figures.survey.left_out", dose=_detail(dose, locale), scope=scope, n=n)


def called(indicator: str, detail: str, locale: str) -> str:
    """Name an indicator with its dose or paper."""
    name = say(locale, f"figures.survey.measure.{indicator}")
    return name if indicator in ALONE else f"{name} : {_detail(detail, locale)}"


def _detail(detail: str, locale: str) -> str:
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
