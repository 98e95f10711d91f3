"""How did a number move over time, and which of its points are doubtful?

One place, one or a few series (sources or doses). Quality findings are marks on the points;
provisional periods are hatched; gaps stay gaps. More than five series belong to `small_multiples`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kalanso.figures import words
from kalanso.figures.figure import NUMBERS, Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.interpretation import Denominator, Thresholds, interpret
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.trend_layout import FLAGS, Series, compose
from kalanso.vocabulary import Message, Period

MOST_SERIES = 5
# Which mark a check puts on a point; checks that are not listed here mark it as doubtful.
MARK_OF_CHECK = {"outliers": "outlier", "copies": "copied", "above_full": "above_full"}


def trend(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    findings: pd.DataFrame | None = None,
    thresholds: Thresholds | None = None,
    denominator: Denominator | None = None,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return the trend of one or a few series.

    `table` has `period` (DHIS2 code, one type), `value` (share 0.. or count, null = no data) and may
    have `series` (name), `number` (how the numbers came about), `low`, `high`, `provisional`.
    `findings` has `check` and `period` (and may have `series`): columns of QUALITY_FINDINGS.
    `title` replaces the finding that the rules of `interpretation` would put on top. An empty table
    gives a figure that says so, with `why_empty`.
    """
    check_locale(locale)
    require("trend", table, needed("trend"))
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("trend", subject, locale, why_empty, table)
    rows = _rows(table, subject)
    periods = _periods(rows)
    series = _series(rows, periods, findings)
    messages = _messages(rows, series, thresholds, denominator, subject)
    headline = title or _headline(messages, series, subject, periods, locale)
    explained = [message.render(locale) for message in messages[0 if title else 1 :]]
    caption = words.sentences([*explained, *_explanations(series, locale), *words.caveats(subject, locale)])
    return Figure(
        kind="trend",
        title=headline,
        subtitle=words.subtitle(
            subject, locale, words.span(periods[0], periods[-1], locale), [item.number for item in series]
        ),
        caption=caption,
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, series, periods, subject, locale),
        table=_twin(series, periods, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(series, periods, subject.unit, locale, width),
    )


def _rows(table: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    rows = pd.DataFrame({"period": table["period"].astype(str), "value": pd.to_numeric(table["value"])})
    rows["series"] = table["series"].astype(str) if "series" in table else ""
    rows["number"] = table.get("number", subject.number)
    for bound in ("low", "high"):
        rows[bound] = pd.to_numeric(table[bound]) if bound in table else float("nan")
    rows["provisional"] = table["provisional"].fillna(False).astype(bool) if "provisional" in table else False
    if unknown := set(rows["number"]) - set(NUMBERS):
        raise FigureRefused(f"trend: number: expected one of {', '.join(NUMBERS)}, got {sorted(unknown)}")
    if rows.duplicated(["series", "period"]).any():
        twice = rows[rows.duplicated(["series", "period"])].iloc[0]
        raise FigureRefused(
            f"trend: two values for {twice['period']} in series {twice['series']!r}; name a series for each source"
        )
    if rows["series"].nunique() > MOST_SERIES:
        raise FigureRefused(
            f"trend: {rows['series'].nunique()} series are too many for one plot (most: {MOST_SERIES}); "
            "use small_multiples"
        )
    return rows.reset_index(drop=True)


def _periods(rows: pd.DataFrame) -> tuple[Period, ...]:
    found = sorted({Period.parse(code) for code in rows["period"]})
    return found[0].until(found[-1])


def _series(
    rows: pd.DataFrame, periods: Sequence[Period], findings: pd.DataFrame | None
) -> tuple[Series, ...]:
    position = {item.code: index for index, item in enumerate(periods)}
    made = []
    for name, part in rows.groupby("series", sort=False):
        points = part.assign(position=[position[Period.parse(code).code] for code in part["period"]])
        points["flags"] = [_flags(row, name, findings) for row in each(points)]
        made.append(
            Series(name=str(name), number=part["number"].iloc[0], points=points.sort_values("position"))
        )
    return tuple(made)


def _flags(row: Any, name: Any, findings: pd.DataFrame | None) -> tuple[str, ...]:
    if findings is None or findings.empty:
        return ()
    code = Period.parse(row.period).code
    hit = findings["period"].map(lambda text: Period.parse(str(text)).code == code)
    if "series" in findings:
        hit &= findings["series"] == name
    marks = {MARK_OF_CHECK.get(check, "doubtful") for check in findings.loc[hit, "check"]}
    return tuple(mark for mark in FLAGS if mark in marks and mark != "above_full")


def _messages(
    rows: pd.DataFrame,
    series: Sequence[Series],
    thresholds: Thresholds | None,
    denominator: Denominator | None,
    subject: Subject,
) -> list[Message]:
    if len(series) > 1:
        return []
    known = rows[["period", "value", "low", "high", "provisional"]]
    return interpret(
        known.assign(doubtful=[bool(flags) for flags in series[0].points.sort_index()["flags"]]),
        unit=subject.unit,
        thresholds=thresholds or Thresholds(),
        denominator=denominator,
    )


def _headline(
    messages: Sequence[Message],
    series: Sequence[Series],
    subject: Subject,
    periods: Sequence[Period],
    locale: str,
) -> str:
    place = subject.place or subject.measure
    if messages:
        return words.titled(place, messages[0].render(locale), locale)
    lasts = []
    for item in series:
        known = item.points.dropna(subset=["value"])
        if not known.empty:
            lasts.append(f"{item.name} {words.number(known['value'].iloc[-1], subject.unit, locale)}")
    when = words.period(periods[-1], locale)
    return words.say(
        locale, "figures.trend.several", place=place, values=words.listed(lasts, locale), period=when
    )


def _explanations(series: Sequence[Series], locale: str) -> list[str]:
    said = []
    if any(item.points["value"].isna().any() for item in series):
        said.append(words.say(locale, "figures.trend.gaps"))
    flags = {flag for item in series for row in item.points["flags"] for flag in row}
    if flags:
        said.append(words.say(locale, "figures.trend.flags"))
    if len({item.number for item in series}) > 1:
        said.append(words.say(locale, "figures.trend.kinds"))
    return said


def _alt(
    headline: str, series: Sequence[Series], periods: Sequence[Period], subject: Subject, locale: str
) -> str:
    parts = [headline.rstrip(".") + "."]
    for item in series:
        known = item.points.dropna(subset=["value"])
        parts.append(
            words.say(
                locale,
                "figures.trend.alt",
                name=item.name or subject.measure,
                n=len(known),
                first=words.period(periods[0], locale),
                last=words.period(periods[-1], locale),
                low=words.number(known["value"].min(), subject.unit, locale),
                high=words.number(known["value"].max(), subject.unit, locale),
            )
        )
    return " ".join(parts)


def _twin(series: Sequence[Series], periods: Sequence[Period], subject: Subject, locale: str) -> pd.DataFrame:
    twin = []
    several = len(series) > 1
    for item in series:
        for row in each(item.points):
            line = {words.say(locale, "figures.heading.period"): words.period(periods[row.position], locale)}
            if several:
                line[words.say(locale, "figures.heading.series")] = item.name
            line[subject.measure] = words.number(row.value, subject.unit, locale)
            if item.points["low"].notna().any():
                interval = "" if pd.isna(row.low) else words.between(row.low, row.high, subject.unit, locale)
                line[words.say(locale, "figures.heading.interval")] = interval
            line[words.say(locale, "figures.heading.remarks")] = _remarks(row, subject, locale)
            twin.append(line)
    return pd.DataFrame(twin).fillna("")


def _remarks(row: Any, subject: Subject, locale: str) -> str:
    remarks = [words.say(locale, f"figures.flag.{flag}") for flag in row.flags]
    if subject.unit == "share" and row.value > 1:
        remarks.append(words.say(locale, "figures.flag.above_full"))
    if row.provisional:
        remarks.append(words.say(locale, "figures.flag.provisional"))
    return ", ".join(remarks)
