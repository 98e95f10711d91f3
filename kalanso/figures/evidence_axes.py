"""What does each source say of one place, and where does the estimate lie among them?

Reported doses over each population, surveys, published series and the estimate on one axis of
coverage, each with a mark of its own kind: numbers that came about differently are never mistaken
for one another. Which source is right is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.evidence_layout import Line, compose
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require, row_at
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.vocabulary import Period

KINDS: Final = ("estimated", "simulated", "reported", "surveyed", "published")
MOST_LINES: Final = 6  # reported series: more would be a tangle


def evidence_axis(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return all sources of one place and the estimate on one axis.

    `table` has `period` (a quarter; for spans the last one), `kind` (one of KINDS), `source` (as
    readers know it) and `value` (a share; reported ones may exceed 1), and may have `period_from` (the
    first quarter of a span), `low`, `high` and `provisional`.
    """
    check_locale(locale)
    require("evidence_axis", table, needed("evidence_axis"))
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("evidence_axis", subject, locale, why_empty, table)
    if unknown := set(table["kind"]) - set(KINDS):
        raise FigureRefused(f"evidence_axis: kind: expected one of {', '.join(KINDS)}, got {sorted(unknown)}")
    rows = _rows(table)
    periods = _periods(rows)
    rows["position"], rows["start"] = (
        _positions(rows["period"], periods),
        _positions(rows["period_from"], periods),
    )
    lines = _lines(rows)
    headline = title or _headline(rows, periods, subject, locale)
    numbers = [line.number for line in lines]
    return Figure(
        kind="evidence_axis",
        title=headline,
        subtitle=words.subtitle(
            subject, locale, words.span(periods[0], periods[-1], locale), list(dict.fromkeys(numbers))
        ),
        caption=words.sentences([*_explanations(rows, locale), *words.caveats(subject, locale)]),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, lines, locale),
        table=_twin(rows, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(lines, periods, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame({name: table[name].astype(str) for name in ("period", "kind", "source")})
    rows["period_from"] = rows["period"]
    if "period_from" in table:
        rows["period_from"] = (
            table["period_from"].where(table["period_from"].notna(), rows["period"]).astype(str)
        )
    for name in ("value", "low", "high"):
        rows[name] = pd.to_numeric(table[name]) if name in table else float("nan")
    rows["provisional"] = table["provisional"].fillna(False).astype(bool) if "provisional" in table else False
    rows = rows.dropna(subset=["value"])
    order = {kind: place for place, kind in enumerate(KINDS)}
    return rows.sort_values(
        ["kind", "source", "period"], key=lambda c: c.map(order) if c.name == "kind" else c
    )


def _periods(rows: pd.DataFrame) -> tuple[Period, ...]:
    found = sorted({Period.parse(code) for code in [*rows["period"], *rows["period_from"]]})
    return found[0].until(found[-1])


def _positions(codes: pd.Series, periods: Sequence[Period]) -> list[int]:
    position = {item.code: index for index, item in enumerate(periods)}
    return [position[Period.parse(code).code] for code in codes]


def _lines(rows: pd.DataFrame) -> tuple[Line, ...]:
    """Return one line per source; of the reported ones those that reach furthest in time."""
    made = [
        Line(name=str(source), number=str(kind), points=part.sort_values("position"))
        for (kind, source), part in rows.groupby(["kind", "source"], sort=False)
    ]
    reported = sorted((one for one in made if one.number == "reported"), key=lambda one: -len(one.points))
    shown = {one.name for one in reported[:MOST_LINES]}
    return tuple(one for one in made if one.number != "reported" or one.name in shown)


def _headline(rows: pd.DataFrame, periods: Sequence[Period], subject: Subject, locale: str) -> str:
    estimated = rows[rows["kind"] == "estimated"]
    others = rows[~rows["kind"].isin(["estimated", "simulated"])]
    place = subject.place or subject.measure
    if estimated.empty:
        return words.say(
            locale, "figures.evidence_axis.apart", place=place,
            low=words.number(others["value"].min(), "share", locale),
            high=words.number(others["value"].max(), "share", locale),
        )  # fmt: skip
    last = row_at(estimated, estimated["position"].idxmax())
    told = {
        "place": place, "value": words.number(last["value"], "share", locale),
        "between": words.between(last["low"], last["high"], "share", locale),
        "period": words.period(periods[int(last["position"])], locale),
    }  # fmt: skip
    near = others[(others["position"] >= last["position"] - 3) & (others["kind"] == "reported")]
    if near.empty:
        return words.say(locale, "figures.evidence_axis.estimate", **told)
    told |= {
        name: words.number(near["value"].agg(end), "share", locale)
        for name, end in (("low", "min"), ("high", "max"))
    }
    if told["low"] == told["high"]:
        return words.say(locale, "figures.evidence_axis.beside_one", **told)
    return words.say(locale, "figures.evidence_axis.beside", **told)


def _explanations(rows: pd.DataFrame, locale: str) -> list[str]:
    kinds = set(rows["kind"])
    said = [words.say(locale, f"figures.evidence_axis.explain_{kind}") for kind in KINDS if kind in kinds]
    if (rows.loc[rows["kind"] == "reported", "value"] > 1).any():
        said.append(words.say(locale, "figures.evidence_axis.above_full"))
    return said


def _alt(headline: str, lines: Sequence[Line], locale: str) -> str:
    told = [
        words.say(
            locale, "figures.evidence_axis.alt_line", name=line.called(locale), n=len(line.points),
            low=words.number(line.points["value"].min(), "share", locale),
            high=words.number(line.points["value"].max(), "share", locale),
        )
        for line in lines
    ]  # fmt: skip
    return " ".join([headline.rstrip(".") + ".", *told])


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    twin: list[dict[str, Any]] = []
    for row in each(rows):
        first, last = Period.parse(row.period_from), Period.parse(row.period)
        remarks = []
        if row.value > 1:
            remarks.append(words.say(locale, "figures.flag.above_full"))
        if row.provisional:
            remarks.append(words.say(locale, "figures.flag.provisional"))
        twin.append({
            words.say(locale, "figures.heading.series"): Line(name=row.source, number=row.kind, points=rows).called(locale),
            words.say(locale, "figures.heading.period"): words.span(first, last, locale),
            subject.measure: words.number(row.value, "share", locale),
            words.say(locale, "figures.heading.interval"): "" if pd.isna(row.low) else words.between(row.low, row.high, "share", locale),
            words.say(locale, "figures.heading.remarks"): ", ".join(remarks),
        })  # fmt: skip
    return pd.DataFrame(twin)
