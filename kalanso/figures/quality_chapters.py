"""What does the report say of each domain: numbers of the country, and the places that stand out?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from kalanso.figures import words
from kalanso.figures.documents import Block, Bullets, Grid, Heading, Paragraph
from kalanso.figures.quality_facts import ReportFacts
from kalanso.figures.words import say
from kalanso.quality import sentence
from kalanso.quality.tables import WHO_METRICS
from kalanso.vocabulary import format_value

MOST_NAMES = 8
MOST_FINDINGS = 10
MOST_ROWS = 40
_OF_SHARES = {"1d", "3a"}  # whose numerator and denominator are shares themselves


def listed(codes: Iterable[str], facts: ReportFacts, locale: str) -> str:
    """Return names of places as a sentence lists them, with how many more there are."""
    names = [facts.names.get(code, code) for code in codes]
    if len(names) <= MOST_NAMES:
        return words.listed(names, locale)
    return say(
        locale, "figures.quality.and_more", names=", ".join(names[:MOST_NAMES]), n=len(names) - MOST_NAMES
    )


def national_table(facts: ReportFacts, locale: str) -> list[Block]:
    """Return every metric of the country in one table (mode `who`), or findings by check (mode `robust`)."""
    if facts.mode == "who":
        return [_metrics_table(facts, _of_year(facts), locale)]
    return [_checks_table(facts, locale)]


def _of_year(facts: ReportFacts) -> pd.DataFrame:
    return facts.metrics[facts.metrics["period"] == str(facts.year)]


def _metrics_table(facts: ReportFacts, metrics: pd.DataFrame, locale: str) -> Grid:
    nation = metrics[metrics["place_code"].map(facts.levels) == "country"]
    rows: list[list[str]] = []
    tones: dict[tuple[int, int], str] = {}
    for metric in WHO_METRICS:
        own = nation[nation["metric"] == metric]
        if own.empty:
            continue
        judged, flagged = int(own["units"].fillna(0).sum()), int(own["units_flagged"].fillna(0).sum())
        bad = int(own["flag"].isin(["poor", "divergent"]).sum())
        tones[len(rows), 2] = "bad" if bad else ""
        rows.append(
            [
                f"{metric} {say(locale, f'figures.quality.metric.{metric}')}", str(len(own)), str(bad),
                say(locale, "figures.quality.of", n=flagged, total=judged) if judged else "–",
                format_value(flagged / judged, "percent", locale) if judged else "–",
            ]
        )  # fmt: skip
    heads = ("metric", "numbers", "flagged_nation", "flagged_units", "flagged_share")
    return Grid(
        title=say(locale, "figures.quality.metrics_table", year=facts.year),
        headings=[say(locale, f"figures.quality.heading.{name}") for name in heads], rows=rows,
        widths=(4.2, 1.2, 1.6, 1.8, 1.3), numbers=frozenset({1, 2, 3, 4}), tones=tones,
        note=say(locale, "figures.quality.metrics_note"),
    )  # fmt: skip


def who_chapter(facts: ReportFacts, domain: str, locale: str) -> list[Block]:
    """Return one section per metric of a domain: the country's numbers, and the units that are flagged."""
    metrics = _of_year(facts)
    blocks: list[Block] = []
    for metric, of in WHO_METRICS.items():
        own = metrics[metrics["metric"] == metric]
        if of != domain:
            continue
        blocks.append(Heading(text=f"{metric} {say(locale, f'figures.quality.metric.{metric}')}", level=2))
        if own.empty:
            blocks.append(Paragraph(text=say(locale, "figures.quality.no_numbers"), small=True))
        else:
            blocks.append(_metric_grid(facts, own, metric, locale))
    return blocks


def _metric_grid(facts: ReportFacts, own: pd.DataFrame, metric: str, locale: str) -> Grid:
    national = own["place_code"].map(facts.levels) == "country"
    nation, units = own[national], own[~national]
    keys = ["source", "indicator", "detail"]
    if metric == "4b":  # the country stands in 4a
        nation = units.drop_duplicates(keys).assign(
            numerator=None, denominator=None, value=None, flag="not_judged"
        )
    rows: list[list[str]] = []
    tones: dict[tuple[int, int], str] = {}
    several = own["source"].nunique() > 1
    for row in nation.sort_values(keys).head(MOST_ROWS).itertuples():
        same = units[
            (units["source"] == row.source)
            & (units["indicator"] == row.indicator)
            & (units["detail"] == row.detail)
        ]
        judged = same[same["flag"] != "not_judged"]
        bad = judged[judged["flag"] != "good"].sort_values(["value", "place_code"])
        tones[len(rows), 3] = "bad" if row.flag in {"poor", "divergent"} else ""
        rows.append(
            [
                _what(row, facts, locale, several=several), _number(row.numerator, metric, locale),
                _number(row.denominator, metric, locale), _value(row.value, locale), _range(row, metric, locale),
                say(locale, "figures.quality.of", n=len(bad), total=len(judged)) if len(judged) else "–",
                listed(bad["place_code"], facts, locale) or "–",
            ]
        )  # fmt: skip
    heads = ("what", "numerator", "denominator", "value", "accepted", "units", "names")
    return Grid(
        title="", headings=[say(locale, f"figures.quality.heading.{name}") for name in heads], rows=rows,
        widths=(2.6, 1.4, 1.5, 1.2, 1.7, 1.2, 2.9), numbers=frozenset({1, 2, 3}), tones=tones,
        note=say(locale, f"figures.quality.formula.{metric}"),
    )  # fmt: skip


def _what(row: Any, facts: ReportFacts, locale: str, *, several: bool) -> str:
    name = facts.pack.name(row.indicator, locale)
    detail = str(row.detail)
    if ":" in detail and detail.split(":", 1)[0] in {"equal", "at_least", "dropout", "level"}:
        kind, other = detail.split(":", 1)
        name = say(locale, f"figures.quality.relation.{kind}", one=name, other=facts.pack.name(other, locale))
    elif detail:
        name = say(
            locale, "figures.quality.against", one=name, other=facts.pack.name(detail.split(" | ")[0], locale)
        )
    return f"{name} ({row.source})" if several else name


def _number(value: Any, metric: str, locale: str) -> str:
    if value is None or pd.isna(value):
        return "–"
    return format_value(value, "percent1" if metric in _OF_SHARES else "count", locale)


def _value(value: Any, locale: str) -> str:
    return "–" if value is None or pd.isna(value) else format_value(value, "percent1", locale)


def _range(row: Any, metric: str, locale: str) -> str:
    """Return which values are accepted."""
    if metric in {"2a", "2b", "2c"}:
        return say(locale, f"figures.quality.enough.{metric}")
    if pd.isna(row.lower) and pd.isna(row.upper):
        return "–"
    low = format_value(row.lower, "percent", locale)
    return f"≥ {low}" if pd.isna(row.upper) else f"{low} – {format_value(row.upper, 'percent', locale)}"


def _checks_table(facts: ReportFacts, locale: str) -> Grid:
    domains: Mapping[str, list[str]] = facts.pack.section("quality")["scorecards"]["domains"]
    own = _findings(facts)
    rows: list[list[str]] = []
    tones: dict[tuple[int, int], str] = {}
    for checks in domains.values():
        for check in checks:
            found = own[own["check"] == check]
            serious = int((found["severity"] == "serious").sum())
            tones[len(rows), 1] = "bad" if serious else ""
            rows.append(
                [
                    say(locale, f"quality.{check}.name"), str(serious),
                    str(int((found["severity"] == "attention").sum())), str(found["place_code"].nunique()),
                ]
            )  # fmt: skip
    return Grid(
        title=say(locale, "figures.quality.checks_table", year=facts.year),
        headings=[say(locale, f"figures.quality.heading.{n}") for n in ("check", "serious", "attention", "places")],
        rows=rows, widths=(4, 1.3, 1.3, 1.3), numbers=frozenset({1, 2, 3}), tones=tones,
    )  # fmt: skip


def _findings(facts: ReportFacts) -> pd.DataFrame:
    """Return the findings of the year about numbers of immunization."""
    left_out = facts.pack.section("quality")["scorecards"]["left_out"]
    of_year = facts.findings["period"].str.startswith(str(facts.year))
    return facts.findings[of_year & ~facts.findings["indicator"].isin(left_out)]


def robust_chapter(facts: ReportFacts, domain: str, locale: str) -> list[Block]:
    """Return the gravest findings of a domain: those of the country and its units first."""
    checks = facts.pack.section("quality")["scorecards"]["domains"][domain]
    own = _findings(facts)
    own = own[own["check"].isin(checks) & own["severity"].isin(["serious", "attention"])]
    if own.empty:
        return [Paragraph(text=say(locale, "figures.quality.no_findings"))]
    rank = own["place_code"].map(facts.levels).map({"country": 0, "region": 1, facts.units: 2}).fillna(3)
    ordered = own.assign(rank=rank, gravity=(own["severity"] != "serious").astype(int))
    # One place may show one matter in many numbers: its gravest line speaks for it.
    ordered = ordered.sort_values(["gravity", "rank", "place_code", "check", "indicator", "period"])
    first = ordered.drop_duplicates(["place_code", "check"]).head(MOST_FINDINGS)
    items = [
        sentence(message, params, facts.pack, locale)
        for message, params in zip(first["message"], first["params"], strict=True)
    ]
    places = int(own["place_code"].nunique())
    return [
        Paragraph(text=say(locale, "figures.quality.findings", n=len(own), places=places)),
        Bullets(items=items),
    ]


def thresholds(rules: Mapping[str, Any], mode: str, locale: str) -> list[str]:
    """Return the thresholds that decided, as the definitions of the country state them."""
    if mode == "who":
        who = rules["who"]
        given = {
            "reports": who["reports"], "timely": who["timely"], "filled": who["filled"], "years": who["years_before"],
            "over_reports": who["reports_over_time"]["band"], "over": who["over_time"]["band"],
            "extreme": who["outliers"]["extreme"]["limit"], "moderate": who["outliers"]["moderate"]["limit"],
            "modified": who["outliers"]["modified"]["limit"], "outside": who["outside"]["band"],
            "populations": who["populations"]["band"],
        }  # fmt: skip
        names = ("completeness", "outliers", "time", "comparison")
        return [say(locale, f"figures.quality.threshold.{name}", **given) for name in names]
    given = {
        "limit": rules["outliers"]["limit"],
        "tolerance": rules["dropout"]["tolerance"],
        "low": rules["completeness"]["low"],
    }
    return [
        say(locale, f"figures.quality.threshold.robust_{name}", **given)
        for name in ("completeness", "internal", "score")
    ]
