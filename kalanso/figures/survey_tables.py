"""Which tables stand in the report of a survey beside those of its indicators?

Responses and composition of the sample, weights, clusters below a level, pairs compared, answers by vaccination status, precision, schedule. Each takes rows that the
library computed and writes them; a table without rows is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kalanso.figures.documents import Block, Grid, Paragraph
from kalanso.figures.survey_weights import weights_come_from
from kalanso.figures.survey_words import (
    ALL,
    PRIORITY,
    SurveyFacts,
    ages_told,
    called,
    cell,
    decimals,
    detail_called,
    group_called,
    group_place,
    kind_called,
    stratum_called,
)
from kalanso.figures.words import say
from kalanso.surveys.beside import LOW_BELOW
from kalanso.surveys.composition import MISSING
from kalanso.surveys.contrasts import STATUSES
from kalanso.surveys.estimates import SUPPRESSED_BELOW
from kalanso.vocabulary import format_value

PAIRS_AT_MOST = 40  # lines of a table of pairs; the others are counted below it
PRECISE = ("crude_coverage", "valid_coverage", "fully_vaccinated_crude", "fully_vaccinated_valid", "not_vaccinated_crude", "zero_dose",
           "zero_dose_no_vaccine_at_all", "under_immunized", "dropout_weighted")  # fmt: skip
_DASH = "–"


def count(value: Any, locale: str) -> str:
    """Write a number of people or places; a dash where nobody knows it."""
    return _DASH if value is None or pd.isna(value) else format_value(int(value), "count", locale)


def percent(value: Any, locale: str) -> str:
    """Write a share in percent; a dash where nobody knows it."""
    return _DASH if value is None or pd.isna(value) else format_value(float(value), "percent", locale)


def responses(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell by stratum how many households and caregivers answered (DESC_01)."""
    rows = facts.beside.responses
    if rows.empty:
        return
    listed = bool(rows["homes"].notna().any())
    homes = ("homes", "homes_done", "homes_refused", "homes_absent", "homes_other")
    parts: list[tuple[str, tuple[str, ...], tuple[str, str]]] = []
    if listed:
        parts.append(("homes", homes, ("homes_done", "homes")))
    parts.append(("interviews", ("asked", "agreed", "refused", "analysed"), ("agreed", "asked")))
    for part, names, (top, bottom) in parts:
        yield Grid(
            title=say(locale, f"figures.survey.responses.{part}"),
            headings=[say(locale, f"figures.survey.heading.{name}") for name in ("stratum", "clusters", *("interviews" if name == "asked" else name for name in names), f"{part}_rate")],
            rows=[
                [
                    stratum_called(str(row["stratum"]), facts, locale), count(row["clusters"], locale), *(count(row[name], locale) for name in names),
                    percent(_share(row[top], row[bottom]), locale),
                ]
                for row in rows.to_dict("records")
            ],
            widths=(2.4, *[1.1] * (len(names) + 2)), numbers=frozenset(range(1, len(names) + 3)),
            note=say(locale, f"figures.survey.responses_note.{part}"),
        )  # fmt: skip
    if not listed:
        yield Paragraph(text=say(locale, "figures.survey.responses_note.unlisted"), small=True)


def _share(part: Any, whole: Any) -> float | None:
    return None if pd.isna(part) or pd.isna(whole) or not whole else float(part) / float(whole)


def weights(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell how the sample was drawn, which factors the weights have and how far they differ."""
    rows = facts.beside.weights
    if rows.empty:
        return
    yield Paragraph(
        text=say(locale, "figures.survey.design", strata=rows.loc[rows["stratum"] != ALL, "stratum"].nunique(), clusters=facts.clusters)
    )  # fmt: skip
    yield from weights_come_from(facts, locale)
    yield Grid(
        title=say(locale, "figures.survey.weights.title"),
        headings=[say(locale, f"figures.survey.heading.{name}") for name in ("cohort", "stratum", "clusters", "children", "lowest", "middle", "highest", "unequal")],
        rows=[
            [
                ages_told(facts.cohorts[row["cohort"]], locale), stratum_called(str(row["stratum"]), facts, locale), count(row["clusters"], locale), count(row["children"], locale),
                *(decimals(row[name], 1, locale) for name in ("lowest", "middle", "highest")), decimals(row["unequal"], 2, locale),
            ]
            for row in rows.to_dict("records")
        ],
        widths=(2.2, 2, *[1.2] * 6), numbers=frozenset(range(2, 8)), note=say(locale, "figures.survey.weights.note"),
    )  # fmt: skip


def sample(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell who the children are, counted and weighed (DESC_02)."""
    rows = facts.beside.composition
    for cohort in facts.cohorts:
        own = rows[rows["cohort"] == cohort].to_dict("records")
        own.sort(key=lambda row: group_place(str(row["kind"]), str(row["value"])))
        if not own:
            continue
        hidden = _hidden(own)
        yield Grid(
            title=_cohort(facts, cohort, locale),
            headings=[say(locale, f"figures.survey.heading.{name}") for name in ("group", "children", "counted", "weighed")],
            rows=[
                [_valued(row, locale), *([_DASH] * 3 if at in hidden else [count(row["children"], locale), percent(row["share"], locale), percent(row["weighted_share"], locale)])]
                for at, row in enumerate(own)
            ],
            widths=(3, 1, 1.3, 1.3), numbers=frozenset({1, 2, 3}), note=say(locale, "figures.survey.sample_note"),
        )  # fmt: skip


def _hidden(rows: list[Any]) -> set[int]:
    """Return the lines of groups of fewer than 25 children, and where only one of a kind is such, the next smallest of its kind too."""
    found: set[int] = set()
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = sorted(
            (row["children"], at)
            for at, row in enumerate(rows)
            if row["kind"] == kind and row["value"] != MISSING
        )
        few = [at for children, at in own if children < SUPPRESSED_BELOW]
        found |= {at for _, at in own[:2]} if len(few) == 1 else set(few)
    return found


def _valued(row: Mapping[Any, Any], locale: str) -> str:
    if row["value"] == MISSING:
        return say(locale, "figures.survey.group.unsaid", kind=kind_called(str(row["kind"]), locale))
    return group_called(str(row["kind"]), str(row["value"]), locale)


def clusters(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell in how many clusters few children had DTP1 (RI_COVG_05); which they are is for the field."""
    rows = facts.beside.low_clusters
    if rows.empty:
        return
    cells = {(row["cohort"], row["stratum"]): row for row in rows.astype({"stratum": str}).to_dict("records")}
    strata = sorted({stratum for _, stratum in cells})
    yield Grid(
        title=say(locale, "figures.survey.low_clusters", below=LOW_BELOW),
        headings=[say(locale, "figures.survey.heading.stratum"), *(ages_told(days, locale) for days in facts.cohorts.values())],
        rows=[
            [
                stratum_called(stratum, facts, locale),
                *(
                    say(locale, "figures.survey.low_of", low=cells[cohort, stratum]["low"], clusters=cells[cohort, stratum]["clusters"]) if (cohort, stratum) in cells else _DASH
                    for cohort in facts.cohorts
                ),
            ]
            for stratum in strata
        ],
        widths=(3, *[2] * len(facts.cohorts)), numbers=frozenset(range(1, len(facts.cohorts) + 1)), note=say(locale, "figures.survey.low_note"),
    )  # fmt: skip


def differences(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell which strata and groups differ in DTP1 by more than chance (COVG_DIFF_01 and 02), the smallest p first within each kind."""
    rows = facts.beside.contrasts
    for cohort in facts.cohorts:
        own = rows[rows["cohort"] == cohort]
        if own.empty:
            continue
        kinds = {kind: at for at, kind in enumerate(dict.fromkeys(own["kind"]))}
        own = own.assign(order=own["kind"].map(kinds)).sort_values(["order", "p_value"], na_position="last")
        shown = own.head(PAIRS_AT_MOST)
        note = say(locale, "figures.survey.differences_note")
        if len(own) > len(shown):
            note += " " + say(locale, "figures.survey.differences_more", n=len(own) - len(shown))
        if any(_apart(row) for row in shown.to_dict("records")):
            note += " " + say(locale, "figures.survey.differences_apart")
        yield Grid(
            title=_cohort(facts, cohort, locale),
            headings=[say(locale, f"figures.survey.heading.{name}") for name in ("pair", "first", "second", "difference", "p", "holm")],
            rows=[_pair(row, facts, locale) for row in shown.to_dict("records")],
            widths=(3.4, 1, 1, 1.8, 1, 1), numbers=frozenset(range(1, 6)), note=note,
        )  # fmt: skip


def _apart(row: Mapping[Any, Any]) -> bool:
    """Whether the interval of a difference and its test, which rest on errors of two kinds, say different things of it."""
    if pd.isna(row["low"]) or pd.isna(row["p_value"]):
        return False
    return bool((row["low"] > 0 or row["high"] < 0) != (row["p_value"] < 0.05))


def _pair(row: Mapping[Any, Any], facts: SurveyFacts, locale: str) -> list[str]:
    def name(code: str) -> str:
        kind = str(row["kind"])
        return stratum_called(code, facts, locale) if kind == "stratum" else group_called(kind, code, locale)

    points = decimals(100 * row["difference"], 1, locale)
    if not pd.isna(row["low"]):
        # a decimal, as the difference has: a bound that rounds to 0 would not say on which side of 0 it lies
        low, high = (decimals(100 * row[name], 1, locale) for name in ("low", "high"))
        points = f"{points} ({low} ; {high})"
    if _apart(row):
        points += " ‡"
    return [
        say(locale, "figures.survey.pair", first=name(str(row["first"])), second=name(str(row["second"]))),
        percent(row["first_share"], locale), percent(row["second_share"], locale), points,
        chance(row["p_value"], locale), chance(row["adjusted_p"], locale),
    ]  # fmt: skip


def chance(p: Any, locale: str) -> str:
    """Write a p value; small ones as smaller than a thousandth."""
    if p is None or pd.isna(p):
        return _DASH
    return f"< {decimals(0.001, 3, locale)}" if p < 0.001 else decimals(p, 3, locale)


def drivers(facts: SurveyFacts, cohort: str, locale: str) -> Iterator[Block]:
    """Tell positive answers to each question by vaccination status, with the Rao-Scott test."""
    rows = facts.beside.drivers
    own = rows[rows["cohort"] == cohort]
    if own.empty:
        return
    cells = {(row["item"], row["status"]): row for row in own.to_dict("records")}
    items = list(dict.fromkeys(own["item"]))
    yield Grid(
        title=say(locale, "figures.survey.drivers_by", ages=ages_told(facts.cohorts[cohort], locale)),
        headings=[say(locale, "figures.survey.heading.item"), *(group_called("vaccination", name, locale) for name in STATUSES), say(locale, "figures.survey.heading.p")],
        rows=[
            [
                say(locale, f"figures.survey.driver.{item}") + (" ★" if item in PRIORITY else ""),
                *(_positive(cells.get((item, status)), locale) for status in STATUSES),
                chance(next(row["p_value"] for key, row in cells.items() if key[0] == item), locale),
            ]
            for item in items
        ],
        widths=(3.4, 2, 2, 2, 1), numbers=frozenset(range(1, 5)), note=say(locale, "figures.survey.drivers_note"),
    )  # fmt: skip


def _positive(row: Mapping[Any, Any] | None, locale: str) -> str:
    return cell(None if row is None else {**row, "status": row["shown"]}, locale)


def precision(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell standard error, one-sided bounds, design effect, intracluster correlation and numbers of the main indicators."""
    rows = facts.estimates
    rows = rows[
        rows["indicator"].isin(PRECISE)
        & (rows["stratum"] == ALL)
        & (rows["domain_kind"] == ALL)
        & rows["estimate"].notna()
    ]
    rows = rows.assign(order=rows["indicator"].map(PRECISE.index)).sort_values("order", kind="stable")
    for cohort in facts.cohorts:
        own = rows[rows["cohort"] == cohort]
        if own.empty:
            continue
        yield Grid(
            title=_cohort(facts, cohort, locale),
            headings=[say(locale, f"figures.survey.{name}") for name in ("indicator", *(f"heading.{one}" for one in ("share", "error", "bounds", "effect", "icc", "n", "weighted_n", "clusters")))],
            rows=[_precise(row, locale) for row in own.to_dict("records")],
            widths=(3.6, 1.8, 1, 1.5, 0.9, 1, 0.9, 1.2, 1), numbers=frozenset(range(1, 9)), note=say(locale, "figures.survey.precision_note"),
        )  # fmt: skip


def _precise(row: Mapping[Any, Any], locale: str) -> list[str]:
    bounds = " ; ".join(percent(row[name], locale) for name in ("lower_bound", "upper_bound"))
    return [
        called(str(row["indicator"]), str(row["detail"]), locale), cell(row, locale), decimals(100 * row["standard_error"], 1, locale), bounds,
        decimals(row.get("design_effect"), 2, locale), decimals(row.get("icc"), 3, locale), count(row["children"], locale),
        count(row.get("weighted_children"), locale), count(row.get("clusters"), locale),
    ]  # fmt: skip


def schedule(facts: SurveyFacts, locale: str) -> Iterator[Block]:
    """Tell the rows of the schedule by which doses were judged, and which of them wait for the programme."""
    rows = facts.beside.schedule
    if rows.empty:
        return
    yield Grid(
        title=say(locale, "figures.survey.schedule_title", version=facts.beside.schedule_version),
        headings=[say(locale, f"figures.survey.heading.{name}") for name in ("dose", "due", "least_age", "least_interval", "from", "to_confirm")],
        rows=[
            [
                detail_called(str(row["dose"]), locale), *(count(row[name], locale) for name in ("due", "least_age", "least_interval")),
                _DASH if pd.isna(row["from"]) else format_value(row["from"], "date", locale),
                say(locale, f"figures.survey.schedule.{'to_confirm' if row['to_confirm'] else 'confirmed'}"),
            ]
            for row in rows.to_dict("records")
        ],
        widths=(2.4, 1.1, 1.1, 1.1, 1.6, 1.6), numbers=frozenset({1, 2, 3}), note=say(locale, "figures.survey.schedule_note"),
    )  # fmt: skip


def _cohort(facts: SurveyFacts, cohort: str, locale: str) -> str:
    return say(locale, "figures.survey.cohort", ages=ages_told(facts.cohorts[cohort], locale))
