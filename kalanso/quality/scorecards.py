"""How good are the data of each place in a year, in one line per domain?

Two modes, never mixed: `who` counts metrics of WHO's review that are not flagged, `robust` counts months
that the checks did not doubt. What lies behind a score stands beside it. Small tables in memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from kalanso.quality.evidence import Evidence
from kalanso.quality.tables import ALL, GRADES, QUALITY_SCORES
from kalanso.quality.who.rows import DIVERGENT, NOT_JUDGED, POOR
from kalanso.vocabulary import Period, PeriodType

WEIGHTS = {"attention": 0.5, "serious": 1.0}
SILENT = "silence"
MOST_REASONS = 5
COLUMNS = QUALITY_SCORES.column_names
_KEY = ["place_code", "year", "domain"]


def who_scores(metrics: pd.DataFrame, rules: Mapping[str, Any], *, today: date) -> pd.DataFrame:
    """Return per place, year and domain the share of WHO's metrics that are neither poor nor divergent.

    `metrics` has the columns of `who.metrics`; `rules` is the section `scorecards` of `quality.yaml`.
    """
    told = metrics[metrics["flag"] != NOT_JUDGED]
    bad = told["flag"].isin([POOR, DIVERGENT])
    what = told["metric"] + " " + told["indicator"]
    marks = told.assign(judged=1.0, flagged=bad.astype(float), reason=what.where(bad))
    return _cards(marks, rules, mode="who", today=today, whole_years=None)


def robust_scores(
    findings: pd.DataFrame, spoken: pd.DataFrame, rules: Mapping[str, Any], *, today: date
) -> pd.DataFrame:
    """Return per place, year and domain the share of months that no finding doubts.

    `findings` has the columns of QUALITY_FINDINGS; a finding of a quarter or a year doubts each of its months.
    `attention` counts half, the worst finding of a month counts; notes, and numbers that are left out by
    the rules, do not. `spoken` has place_code, year,
    month, numbers, and for domains that need more `has_coverage` and `has_population`: one row per month of the
    places' sources, `numbers` 0 where the place was silent, which counts as a doubt about completeness.
    """
    if spoken.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    domain_of = {check: name for name, checks in rules["domains"].items() for check in checks}
    heavy = findings[findings["severity"].isin(list(WEIGHTS)) & findings["check"].isin(list(domain_of))]
    heavy = heavy[~heavy["indicator"].isin(list(rules["left_out"]))]
    marks = _months_of(heavy, domain_of)
    silent = spoken[spoken["numbers"] == 0]
    marks = pd.concat(
        [
            marks,
            silent[["place_code", "year", "month"]].assign(domain="completeness", weight=1.0, reason=SILENT),
        ]
    )
    worst = marks.groupby([*_KEY, "month"], as_index=False)["weight"].max()
    base = _judged_months(spoken, list(rules["domains"]))
    both = base.merge(worst, on=[*_KEY, "month"], how="left")
    both["weight"] = both["weight"].fillna(0.0)
    sums = both.groupby(_KEY, as_index=False).agg(judged=("weight", "size"), flagged=("weight", "sum"))
    counted = marks.groupby([*_KEY, "reason"], as_index=False).agg(times=("month", "nunique"))
    reasons = sums[_KEY].merge(counted, on=_KEY)
    rows = pd.concat([sums.assign(reason=None), reasons.assign(judged=0.0, flagged=0.0)], ignore_index=True)
    return _cards(rows, rules, mode="robust", today=today, whole_years=_whole(spoken))


def months_spoken(evidence: Evidence) -> pd.DataFrame:
    """Return the table `spoken` of `robust_scores`, for places as reported and those above them.

    A place answers for each month from its first number to the last month of its source.
    """
    s = evidence.spoken.filter(evidence.spoken.period_type == "month")
    own = s.select("source", "place_code", "step", "numbers")
    spread = evidence.upwards(own)
    given = spread.group_by("source", "step", place_code=spread.ancestor_code).agg(
        numbers=spread.numbers.sum()
    )
    frame = given.to_pandas()
    columns = ["place_code", "year", "month", "numbers", "has_coverage", "has_population"]
    if frame.empty:
        return pd.DataFrame(columns=columns)
    last = frame.groupby("source")["step"].max()
    first = frame.groupby(["source", "place_code"], as_index=False)["step"].min()
    first["periods"] = [
        range(int(start), int(last[source]) + 1)
        for start, source in zip(first["step"], first["source"], strict=True)
    ]
    due = (
        first.drop(columns="step")
        .explode("periods")
        .rename(columns={"periods": "step"})
        .astype({"step": int})
    )
    both = due.merge(frame, on=["source", "place_code", "step"], how="left")
    both["numbers"] = both["numbers"].fillna(0)
    months = both.groupby(["place_code", "step"], as_index=False)["numbers"].sum()
    months["year"], months["month"] = 1900 + months["step"] // 12, months["step"] % 12 + 1
    for name, known in (
        ("has_coverage", _with_coverage(evidence)),
        ("has_population", _with_population(evidence)),
    ):
        months[name] = pd.MultiIndex.from_frame(months[["place_code", "year"]]).isin(known)
    return months[columns]


def _with_coverage(evidence: Evidence) -> pd.MultiIndex:
    if evidence.coverage is None:
        return pd.MultiIndex.from_tuples([], names=["place_code", "year"])
    c = evidence.coverage.filter(_.value.notnull(), _.indicator.endswith("_coverage"))
    told = c.select("place_code", year=c.period_start.year().cast("int64")).distinct()
    return pd.MultiIndex.from_frame(told.to_pandas())


def _with_population(evidence: Evidence) -> pd.MultiIndex:
    o = evidence.observations
    people = o.filter(o.indicator.isin(evidence.population_codes), o.value.notnull())
    told = people.select("place_code", year=people.period_start.year().cast("int64")).distinct()
    return pd.MultiIndex.from_frame(told.to_pandas())


def _months_of(heavy: pd.DataFrame, domain_of: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per finding and month of its period."""
    columns = [*_KEY, "month", "weight", "reason"]
    if heavy.empty:
        return pd.DataFrame(columns=columns).astype({"year": int, "month": int, "weight": float})
    months = {code: _months(code) for code in heavy["period"].unique()}
    spread = heavy.assign(at=heavy["period"].map(months)).explode("at")
    return pd.DataFrame(
        {
            "place_code": spread["place_code"],
            "year": [at[0] for at in spread["at"]],
            "domain": spread["check"].map(dict(domain_of)),
            "month": [at[1] for at in spread["at"]],
            "weight": spread["severity"].map(WEIGHTS).astype(float),
            "reason": spread["check"],
        }
    )[columns]


def _months(code: str) -> list[tuple[int, int]]:
    period = Period.parse(code)
    day, found = period.start, []
    while day <= period.end:
        found.append((day.year, day.month))
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return found


def _judged_months(spoken: pd.DataFrame, domains: Sequence[str]) -> pd.DataFrame:
    needs = {"external": "has_coverage", "population": "has_population"}
    parts = []
    for domain in domains:
        rows = spoken
        if domain in needs:
            rows = rows[rows[needs[domain]]]
        elif domain != "completeness":
            rows = rows[rows["numbers"] > 0]
        parts.append(rows[["place_code", "year", "month"]].assign(domain=domain))
    return pd.concat(parts, ignore_index=True)


def _whole(spoken: pd.DataFrame) -> set[int]:
    months = spoken[spoken["numbers"] > 0].groupby("year")["month"].nunique()
    return {int(year) for year in months[months == 12].index}


def _cards(
    marks: pd.DataFrame, rules: Mapping[str, Any], *, mode: str, today: date, whole_years: set[int] | None
) -> pd.DataFrame:
    """Add marks up to a score per domain, and the mean of the domains as `all`."""
    if marks.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    sums = marks.groupby(_KEY, as_index=False)[["judged", "flagged"]].sum()
    sums = sums[sums["judged"] > 0].assign(score=lambda t: 1 - t["flagged"] / t["judged"])
    sums["reasons"] = _reasons(marks, sums)
    whole = sums.groupby(["place_code", "year"], as_index=False).agg(
        judged=("judged", "sum"), flagged=("flagged", "sum"), score=("score", "mean")
    )
    cards = pd.concat([sums, whole.assign(domain=ALL, reasons="[]")], ignore_index=True)
    years = {year: Period(type=PeriodType.YEAR, year=int(year)) for year in cards["year"].unique()}
    late = timedelta(days=rules["provisional_days"])
    open_years = {
        year for year, period in years.items()
        if period.end + late > today or (whole_years is not None and int(year) not in whole_years)
    }  # fmt: skip
    return cards.assign(
        mode=mode,
        period=cards["year"].map(lambda year: years[year].code),
        period_type="year",
        period_start=cards["year"].map(lambda year: years[year].start),
        grade=[grade(score, rules["grades"]) for score in cards["score"]],
        provisional=cards["year"].isin(open_years),
    )[list(COLUMNS)].sort_values(["mode", "place_code", "period", "domain"]).reset_index(drop=True)  # fmt: skip


def reported_months(scores: ir.Table) -> ir.BooleanValue:
    """Say of rows of QUALITY_SCORES whether they count the months in which places reported."""
    return ibis.and_(scores.mode == "robust", scores.domain == "internal")


def hardly(reported: Mapping[str, float], least: float) -> tuple[str, ...]:
    """Return the years, the oldest first, with less than a share of the reports of the fullest year.

    `reported` holds the months in which places reported, added up by year. Where no year has any, none is left out:
    there is nothing by which to tell.
    """
    fullest = max(reported.values(), default=0.0)
    return tuple(sorted(year for year, n in reported.items() if n < least * fullest))


def grade(score: float | None, limits: Sequence[float]) -> str:
    """Return the letter of a score: `limits` are the lowest scores of A, B and C."""
    if score is None or pd.isna(score):
        return GRADES[-1]
    return next((letter for letter, limit in zip("ABC", limits, strict=True) if score >= limit), "D")


def _reasons(marks: pd.DataFrame, sums: pd.DataFrame) -> list[str]:
    """Return for each score what was flagged most often, as JSON pairs of name and count."""
    named = marks[marks["reason"].notna()]
    told = named.assign(times=named.get("times", 1))
    counts = told.groupby([*_KEY, "reason"], as_index=False).agg(times=("times", "sum"))
    counts = counts.sort_values(["times", "reason"], ascending=[False, True])
    top = counts.groupby(_KEY).head(MOST_REASONS)
    held: dict[tuple[Any, ...], list[list[Any]]] = {}
    for row in top.to_dict("records"):
        held.setdefault((row["place_code"], row["year"], row["domain"]), []).append(
            [row["reason"], int(row["times"])]
        )
    return [
        json.dumps(held.get((row.place_code, row.year, row.domain), []), ensure_ascii=False)
        for row in sums.itertuples()
    ]
