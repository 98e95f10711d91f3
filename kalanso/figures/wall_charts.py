"""Is the year's target being reached, month by month, and how many children drop out?

The chart on the wall of every CSCom: doses added up since January against the target added up, for
the first and the third dose, and the gap between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from kalanso.figures import words
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.wall_chart_layout import Wall, compose
from kalanso.vocabulary import Period, PeriodType


def wall_chart(
    table: pd.DataFrame,
    *,
    subject: Subject,
    annual_target: float,
    locale: str = "fr",
    doses: Sequence[str] = ("DTP1", "DTP3"),
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return the cumulative doses of one year against the cumulative target.

    `table` has `period` (months of one year, from its first month on), `first_doses` and
    `third_doses` (counts of the month, null = no report) and may have `provisional`.
    `annual_target` is the number of children expected in the year; a month expects a twelfth.
    `doses` names the two doses.
    """
    check_locale(locale)
    require("wall_chart", table, needed("wall_chart"))
    if not annual_target > 0:
        raise FigureRefused(f"annual_target: expected children of a whole year, above 0, got {annual_target}")
    if table.empty or table["first_doses"].notna().sum() == 0:
        return nothing("wall_chart", subject, locale, why_empty, table)
    rows = _cumulative(table, annual_target)
    headline = title or _headline(rows, subject, doses, annual_target, locale)
    wall = Wall(rows=rows, annual_target=annual_target, doses=tuple(doses), locale=locale)
    caption = [*_explanations(rows, locale), *words.caveats(subject, locale)]
    year = Period.parse(rows["period"].iloc[0]).year
    return Figure(
        kind="wall_chart",
        title=headline,
        subtitle=words.subtitle(subject, locale, str(year)),
        caption=words.sentences(caption),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, doses, locale),
        table=_twin(rows, doses, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(wall, width),
    )


def _cumulative(table: pd.DataFrame, annual_target: float) -> pd.DataFrame:
    periods = [Period.parse(str(code)) for code in table["period"]]
    if any(p.type is not PeriodType.MONTH for p in periods) or len({p.year for p in periods}) != 1:
        raise FigureRefused(f"wall_chart: expected months of one year, got {[p.code for p in periods]}")
    if len(set(periods)) != len(periods):
        raise FigureRefused("wall_chart: a month stands there twice")
    given = pd.DataFrame({"period": [p.code for p in periods]})
    for name in ("first_doses", "third_doses"):
        given[name] = pd.to_numeric(table[name]).to_numpy()
    given["provisional"] = table["provisional"].eq(True).to_numpy() if "provisional" in table else False
    months = [
        Period.month(periods[0].year, number) for number in range(1, max(p.number for p in periods) + 1)
    ]
    rows = given.set_index("period").reindex([p.code for p in months]).reset_index()
    rows["provisional"] = rows["provisional"].eq(True)
    rows["missing"] = rows["first_doses"].isna() | rows["third_doses"].isna()
    rows["target_so_far"] = [annual_target * number / 12 for number in range(1, len(rows) + 1)]
    for name in ("first", "third"):
        rows[f"{name}_so_far"] = rows[f"{name}_doses"].fillna(0).cumsum()
    rows["dropout"] = rows["first_so_far"] - rows["third_so_far"]
    rows["dropout_rate"] = (rows["dropout"] / rows["first_so_far"]).where(rows["first_so_far"] > 0)
    return rows


def _last_told(rows: pd.DataFrame) -> Any:
    """Return the last month that is neither missing nor provisional, else the last reported one."""
    reported = rows[~rows["missing"]]
    complete = reported[~reported["provisional"]]
    return each(complete if len(complete) else reported if len(reported) else rows)[-1]


def _headline(
    rows: pd.DataFrame, subject: Subject, doses: Sequence[str], annual_target: float, locale: str
) -> str:
    last = _last_told(rows)
    finding = words.say(
        locale, "figures.wall_chart.finding", period=last.period, dose=doses[0],
        value=last.first_so_far, target=round(last.target_so_far), share=last.first_so_far / last.target_so_far,
    )  # fmt: skip
    if not pd.isna(last.dropout_rate):
        message = "figures.wall_chart.dropout" if last.dropout >= 0 else "figures.wall_chart.negative_dropout"
        params = {"first": doses[0], "third": doses[1], "n": abs(int(last.dropout))}
        if last.dropout >= 0:
            params["rate"] = last.dropout_rate
        finding += words.say(locale, message, **params)
    return words.placed(subject, finding, locale)


def _explanations(rows: pd.DataFrame, locale: str) -> list[str]:
    said = [words.say(locale, "figures.wall_chart.how")]
    missing = rows.loc[rows["missing"], "period"].tolist()
    if missing:
        names = words.listed([words.period(code, locale) for code in missing], locale)
        said.append(words.say(locale, "figures.wall_chart.missing", months=names))
    if (rows["dropout"] < 0).any():
        said.append(words.say(locale, "figures.wall_chart.why_negative"))
    return said


def _alt(headline: str, rows: pd.DataFrame, doses: Sequence[str], locale: str) -> str:
    last = each(rows)[-1]
    return words.say(
        locale, "figures.wall_chart.alt", title=headline.rstrip("."), n=len(rows), first=doses[0], third=doses[1],
        first_value=last.first_so_far, third_value=last.third_so_far,
    )  # fmt: skip


def _twin(rows: pd.DataFrame, doses: Sequence[str], locale: str) -> pd.DataFrame:
    def count(value: float) -> str:
        return words.number(value, "count", locale)

    so_far = words.say(locale, "figures.heading.so_far")
    twin = []
    for row in each(rows):
        remarks = (
            ["figures.key.no_data"]
            if row.missing
            else ["figures.flag.provisional"]
            if row.provisional
            else []
        )
        twin.append(
            {
                words.say(locale, "figures.heading.period"): words.period(row.period, locale),
                doses[0]: count(row.first_doses),
                f"{doses[0]}, {so_far}": count(row.first_so_far),
                doses[1]: count(row.third_doses),
                f"{doses[1]}, {so_far}": count(row.third_so_far),
                f"{words.say(locale, 'figures.heading.target')}, {so_far}": count(row.target_so_far),
                words.say(locale, "figures.heading.dropout"): count(row.dropout),
                words.say(locale, "figures.heading.dropout_rate"): words.number(
                    row.dropout_rate, "share", locale
                ),
                words.say(locale, "figures.heading.remarks"): "".join(words.say(locale, r) for r in remarks),
            }
        )
    return pd.DataFrame(twin)
