"""Which places carry most, and how sure is their order?

Ranks with their 95 % intervals, most first. Places of one group cannot be told apart from its
first, so their order says nothing; bands and letters show it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, ground, lay_out, level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require, row_at
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, texts
from kalanso.figures.marks import rows as data_rows
from kalanso.figures.nothing import nothing
from kalanso.figures.rankings import letter_of
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, GREY, INK, LABEL_SIZE, PAPER

_BAND = "#f3efe4"


def rank_intervals(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    when: str = "",
    most: int = 20,
    of: int | None = None,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return ranks with intervals, the first rank above.

    `table` has `place`, `value` (what is ranked: a count), `rank`, `rank_low`, `rank_high` and `group`
    (a number from 1: places of one group cannot be told apart from its first), and may have `low` and
    `high`. At most `most` places are drawn; `of` says among how many places they were ranked.
    """
    check_locale(locale)
    require("rank_intervals", table, needed("rank_intervals"))
    if not 1 <= most <= 60:
        raise FigureRefused(f"rank_intervals: expected most 1 to 60, got {most}")
    if table.empty:
        return nothing("rank_intervals", subject, locale, why_empty, table)
    rows = table.sort_values(["rank", "place"]).reset_index(drop=True)
    if (rows["rank_low"] > rows["rank_high"]).any() or (rows["rank_low"] < 1).any():
        raise FigureRefused("rank_intervals: expected 1 <= rank_low <= rank_high in every row")
    among = of or len(rows)
    shown = rows.head(most)
    headline = title or _headline(rows, subject, locale)
    return Figure(
        kind="rank_intervals",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.reached(subject, when, locale)),
        caption=words.sentences(
            [*_explanations(rows, most, among, subject, locale), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, shown, subject, locale),
        table=_twin(rows, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(shown, subject, locale, width),
    )


def _headline(rows: pd.DataFrame, subject: Subject, locale: str) -> str:
    # Within the first group the order says nothing: the largest number leads, as it does on a map of the same counts.
    group = rows[rows["group"] == each(rows)[0].group]
    first, tied = row_at(group, group["value"].idxmax()), len(group) - 1
    told = {"place": first["place"], "value": words.number(first["value"], subject.unit, locale)}
    if tied:
        finding = words.say(locale, "figures.rank_intervals.tied", n=tied, **told)
    else:
        finding = words.say(locale, "figures.rank_intervals.first", **told)
    return words.placed(subject, finding, locale)


def _explanations(rows: pd.DataFrame, most: int, among: int, subject: Subject, locale: str) -> list[str]:
    ranked = words.places(among, subject.level, locale)
    said = [words.say(locale, "figures.rank_intervals.letters", places=ranked)]
    if len(rows) > most:
        rest = words.places(len(rows) - most, subject.level, locale)
        said.append(words.say(locale, "figures.ranked_bars.rest", places=rest))
    return said


def _ranks(row: Any, locale: str) -> str:
    low, high = (words.number(value, "count", locale) for value in (row.rank_low, row.rank_high))
    if low == high:
        return low
    return words.say(locale, "figures.rank_intervals.between", low=low, high=high)


def _alt(headline: str, shown: pd.DataFrame, subject: Subject, locale: str) -> str:
    told = [f"{row.place} ({_ranks(row, locale)})" for row in each(shown.head(5))]
    return words.say(
        locale, "figures.rank_intervals.alt", title=headline.rstrip("."), n=len(shown), listed=", ".join(told)
    )


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    twin = []
    for row in each(rows):
        line = {
            words.say(locale, "figures.heading.place"): row.place,
            words.say(locale, "figures.heading.rank"): _ranks(row, locale),
            subject.measure: words.number(row.value, subject.unit, locale),
        }
        if "low" in rows:
            interval = "" if pd.isna(row.low) else words.between(row.low, row.high, subject.unit, locale)
            line[words.say(locale, "figures.heading.interval")] = interval
        line[words.say(locale, "figures.heading.group")] = letter_of(int(row.group) - 1)
        twin.append(line)
    return pd.DataFrame(twin)


def _compose(shown: pd.DataFrame, subject: Subject, locale: str, width: int) -> dict[str, Any]:
    found = each(shown)
    labels = [words.number(row.value, subject.unit, locale) for row in found]
    right = max(width_of(label, LABEL_SIZE, bold=True) for label in labels) + 40
    bars = lay_out(
        [row.place for row in found], 0.0, float(shown["rank_high"].max()) + 0.5, width, right=right
    )
    layers = [*_bands(bars, found), *ground(bars, "count", locale, least=1), *_drawn(bars, found, labels)]
    keys = [
        Key(text=words.say(locale, "figures.rank_intervals.key"), look="line", colour=INK),
        Key(text=words.say(locale, "figures.rank_intervals.key_value", measure=subject.measure), look="point", colour=ACCENT),
    ]  # fmt: skip
    legend, tall = key(keys, left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _bands(bars: Bars, found: Sequence[Any]) -> list[alt.Chart]:
    groups = list(dict.fromkeys(row.group for row in found))
    tinted = [
        {"px": -bars.left, "px2": bars.inner + bars.right,
         "py1": bars.middle(i) - bars.row_height(i) / 2, "py2": bars.middle(i) + bars.row_height(i) / 2}
        for i, row in enumerate(found) if groups.index(row.group) % 2 == 0
    ]  # fmt: skip
    letters = [
        {"text": letter_of(int(row.group) - 1), "px": bars.inner + bars.right - 4, "py": bars.middle(i) + 4}
        for i, row in enumerate(found)
    ]
    return [bars.boxes(tinted, color=_BAND), texts(letters, align="right", color=GREY, fontWeight="bold")]


def _drawn(bars: Bars, found: Sequence[Any], labels: Sequence[str]) -> list[alt.Chart]:
    lines = [
        {"px": bars.x(row.rank_low), "px2": bars.x(row.rank_high), "py": bars.middle(i)}
        for i, row in enumerate(found)
    ]
    ends = [
        {"px": bars.x(bound), "py1": bars.middle(i) - 4, "py2": bars.middle(i) + 4}
        for i, row in enumerate(found) for bound in (row.rank_low, row.rank_high)
    ]  # fmt: skip
    dots = [{"px": bars.x(row.rank), "py": bars.middle(i)} for i, row in enumerate(found)]
    mark = alt.Chart(data_rows(dots)).mark_point(
        shape="circle", size=80, fill=ACCENT, stroke=PAPER, strokeWidth=1, opacity=1
    )
    told = [{"text": label, "px": bars.inner + 8, "py": bars.middle(i) + 4} for i, label in enumerate(labels)]
    return [
        level(lines, color=INK, strokeWidth=1.6), upright(ends, color=INK, strokeWidth=1.6),
        mark.encode(x=pixel_x(), y=pixel_y()), texts(told, halo=True, fontWeight="bold"),
    ]  # fmt: skip
