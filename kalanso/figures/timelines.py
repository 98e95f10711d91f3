"""When did something happen, and to which number?

One line per number, a mark at each month, quarter or year; up to three kinds of mark, told apart by shape and filling as
well as by colour. How high a number was belongs to `trends`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.axes import period_ticks
from kalanso.figures.bars import Bars, lay_out, level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, rows, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, GREY, LINE, PAPER, SMALL_SIZE
from kalanso.vocabulary import Period

MOST_ROWS = 40
# (shape, colour, filled): the first kind of mark asks something of the reader.
_LOOKS: Final = (("diamond", ATTENTION, True), ("circle", ACCENT, False), ("square", GREY, True))
_SIZE: Final = 90


def timeline(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", marks: Sequence[str] = (), title: str | None = None, why_empty: str = "",
) -> Figure:  # fmt: skip
    """Return a line for each label with a mark at each period.

    `table` has `label`, `period` (DHIS2 codes of one type) and `mark`, what the mark means in the reader's language. `marks` gives
    the order of their looks (as they come, without it); at most three.
    """
    check_locale(locale)
    require("timeline", table, needed("timeline"))
    if table.empty:
        return nothing("timeline", subject, locale, why_empty, table)
    order = list(marks) or list(dict.fromkeys(table["mark"]))
    _check(table, order)
    at: list[Any] = [Period.parse(str(code)) for code in table["period"]]
    found = table.assign(at=at)
    found = found.sort_values("at", kind="stable").drop_duplicates(["label", "period", "mark"])
    months = found["at"].iloc[0].until(found["at"].iloc[-1])
    headline = title or words.placed(subject, subject.measure, locale)
    return Figure(
        kind="timeline",
        title=headline,
        subtitle=words.plain_subtitle(subject, locale, words.span(months[0], months[-1], locale)),
        caption=words.sentences(words.caveats(subject, locale)),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, found, locale),
        table=_twin(found, locale),
        data=table,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(found, months, order, locale, width),
    )


def _check(table: pd.DataFrame, order: Sequence[str]) -> None:
    if len(order) > len(_LOOKS):
        raise FigureRefused(
            f"timeline: {len(order)} kinds of mark are too many to tell apart (most: {len(_LOOKS)})"
        )
    if unknown := sorted(set(table["mark"]) - set(order)):
        raise FigureRefused(f"timeline: mark: expected one of {', '.join(order)}, got {unknown}")
    if (labels := table["label"].nunique()) > MOST_ROWS:
        raise FigureRefused(f"timeline: {labels} rows are too many to read (most: {MOST_ROWS})")


def _alt(headline: str, found: pd.DataFrame, locale: str) -> str:
    told = [
        words.say(
            locale, "figures.words.labelled", label=label,
            text=words.listed([f"{words.period(row.period, locale)} ({row.mark})" for row in each(own)], locale),
        )
        for label, own in found.groupby("label", sort=False)
    ]  # fmt: skip
    return words.say(
        locale, "figures.timeline.alt", title=headline.rstrip("."), n=len(found), listed="; ".join(told)
    )


def _twin(found: pd.DataFrame, locale: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            words.say(locale, "figures.heading.period"): [words.period(code, locale) for code in found["period"]],
            words.say(locale, "figures.heading.row"): found["label"].tolist(),
            words.say(locale, "figures.heading.remarks"): found["mark"].tolist(),
        }
    )  # fmt: skip


def _compose(
    found: pd.DataFrame, months: Sequence[Period], order: Sequence[str], locale: str, width: int
) -> dict[str, Any]:
    labels = list(dict.fromkeys(found.sort_values(["label"])["label"]))
    bars = lay_out(labels, -0.5, len(months) - 0.5, width, right=12, from_zero=False)
    position = {month.code: at for at, month in enumerate(months)}
    layers = [*_ground(bars, months, locale)]
    for (shape, colour, filled), mark in zip(_LOOKS, order, strict=False):
        points = [
            {"px": bars.x(position[row.at.code]), "py": bars.middle(labels.index(row.label))}
            for row in each(found[found["mark"] == mark])
        ]
        if points:
            drawn = alt.Chart(rows(points)).mark_point(
                shape=shape,
                size=_SIZE,
                opacity=1,
                stroke=colour,
                fill=colour if filled else PAPER,
                strokeWidth=1.8,
            )
            layers.append(drawn.encode(x=pixel_x(), y=pixel_y()))
    keys = [
        Key(text=mark, colour=colour, shape=shape, filled=filled, size=70)
        for (shape, colour, filled), mark in zip(_LOOKS, order, strict=False)
        if (found["mark"] == mark).any()
    ]
    legend, tall = key(keys, left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 36, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _ground(bars: Bars, months: Sequence[Period], locale: str) -> list[alt.Chart]:
    ticks = period_ticks(months, bars.inner, locale)
    said = [
        {"text": line, "px": bars.x(at), "py": -20 + 14 * n}
        for at, lines in ticks
        for n, line in enumerate(lines)
    ]
    names = [
        {"text": line, "px": -8, "py": bars.middle(at) + 4 + 14 * (n - (len(lines) - 1) / 2)}
        for at, lines in enumerate(bars.names)
        for n, line in enumerate(lines)
    ]
    across = [{"px": 0, "px2": bars.inner, "py": bars.middle(at)} for at in range(len(bars.names))]
    return [
        upright([{"px": bars.x(at), "py1": 0, "py2": bars.height} for at, _lines in ticks], color=LINE),
        level(across, color=LINE),
        texts(said, align="center", color=GREY, fontSize=SMALL_SIZE),
        texts(names, align="right"),
    ]
