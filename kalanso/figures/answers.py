"""How do several answers to one question compare, each with its interval?

One row per answer (a method, an assumption, an age band) on one axis: a point, its interval, and
one row that the others are read against. Which answer is better is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, begin, ground, lay_out, level, upright
from kalanso.figures.figure import Figure, Subject, check_locale, each, require, row_at
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, texts
from kalanso.figures.marks import rows as data_rows
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, GREY, INK, LABEL_SIZE, PAPER

_BAND = "#e6eaf3"


def interval_rows(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    when: str = "",
    title: str | None = None,
    why_empty: str = "",
    reach: Sequence[float] = (),
) -> Figure:
    """Return rows with a point and an interval each, in the order given.

    `table` has `label` and `value`, and may have `low`, `high`, `chosen` (the row that the others are
    read against: its interval is drawn through all rows) and `number` (how it came about; simulated
    ones are drawn hollow). Rows without a value say so. With `reach` the axis reaches at least from the first to the second
    of two numbers, and a line marks zero: of changes and correlations, the side matters first.
    """
    check_locale(locale)
    require("interval_rows", table, needed("interval_rows"))
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("interval_rows", subject, locale, why_empty, table)
    rows = _rows(table, subject)
    headline = title or _headline(rows, subject, locale)
    numbers = list(dict.fromkeys(rows["number"]))
    return Figure(
        kind="interval_rows",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.reached(subject, when, locale), numbers),
        caption=words.sentences([*_explanations(rows, subject, locale), *words.caveats(subject, locale)]),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, subject, locale),
        table=_twin(rows, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows, subject, locale, width, reach),
    )


def _rows(table: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    rows = pd.DataFrame({"label": table["label"].astype(str)})
    for name in ("value", "low", "high"):
        rows[name] = pd.to_numeric(table[name]) if name in table else float("nan")
    rows["chosen"] = table["chosen"].fillna(False).astype(bool) if "chosen" in table else False
    rows["number"] = table["number"].fillna(subject.number) if "number" in table else subject.number
    return rows.reset_index(drop=True)


def _headline(rows: pd.DataFrame, subject: Subject, locale: str) -> str:
    known = rows.dropna(subset=["value"])
    lowest, highest = (row_at(known, known["value"].idxmin()), row_at(known, known["value"].idxmax()))
    finding = words.say(
        locale, "figures.interval_rows.range",
        low=words.number(lowest["value"], subject.unit, locale), low_name=lowest["label"],
        high=words.number(highest["value"], subject.unit, locale), high_name=highest["label"],
    )  # fmt: skip
    return words.placed(subject, finding, locale)


def _explanations(rows: pd.DataFrame, subject: Subject, locale: str) -> list[str]:
    said = []
    if rows["chosen"].any() and rows["low"].notna().any():
        name = row_at(rows, rows["chosen"].idxmax())["label"]
        said.append(words.say(locale, "figures.interval_rows.chosen", name=name))
    without = rows[rows["low"].isna() & rows["value"].notna()]
    if len(without) and rows["low"].notna().any():
        names = words.listed(without["label"].tolist(), locale)
        said.append(words.say(locale, "figures.interval_rows.no_interval", names=names))
    if subject.unit == "share" and (rows["value"] > 1).any():
        said.append(words.say(locale, "figures.ranked_bars.above_full"))
    gaps = rows[rows["value"].isna()]
    if len(gaps):
        names = words.listed(gaps["label"].tolist(), locale)
        said.append(words.say(locale, "figures.ranked_bars.no_data", names=names))
    return said


def _alt(headline: str, rows: pd.DataFrame, subject: Subject, locale: str) -> str:
    told = [f"{row.label} {words.number(row.value, subject.unit, locale)}" for row in each(rows)]
    return words.say(
        locale, "figures.interval_rows.alt", title=headline.rstrip("."), n=len(rows), listed=", ".join(told)
    )


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    twin = []
    for row in each(rows):
        line = {
            words.say(locale, "figures.heading.answer"): row.label,
            subject.measure: words.number(row.value, subject.unit, locale),
        }
        if rows["low"].notna().any():
            interval = "" if pd.isna(row.low) else words.between(row.low, row.high, subject.unit, locale)
            line[words.say(locale, "figures.heading.interval")] = interval
        if rows["number"].nunique() > 1:
            line[words.say(locale, "figures.heading.remarks")] = words.say(
                locale, f"figures.number.{row.number}"
            )
        twin.append(line)
    return pd.DataFrame(twin)


def _compose(
    rows: pd.DataFrame, subject: Subject, locale: str, width: int, reach: Sequence[float] = ()
) -> dict[str, Any]:
    found = each(rows)
    labels = [words.number(row.value, subject.unit, locale) for row in found]
    right = max(width_of(label, LABEL_SIZE, bold=True) for label in labels) + 14
    top = float(rows[["value", "high"]].max().max())
    top = max(top, 1.0) if subject.unit == "share" else top
    low = float(rows[["value", "low"]].min().min())
    low = begin(low, top) if not reach else min(low, reach[0])
    top = max([top, *reach])
    bars = lay_out([row.label for row in found], low, top, width, right=right, from_zero=False)
    layers = [
        *_through(bars, found),
        *ground(bars, subject.unit, locale),
        *_drawn(bars, found, labels, bool(reach)),
    ]
    if reach:
        layers.append(upright([{"px": bars.x(0), "py1": 0, "py2": bars.height}], color=INK))
    if subject.unit == "share":
        full = {"px": bars.x(1), "py1": 0, "py2": bars.height}
        layers.append(upright([full], color=ATTENTION, strokeDash=[5, 3]))
    legend, tall = key(_keys(rows, subject, locale), left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _through(bars: Bars, found: Sequence[Any]) -> list[alt.Chart]:
    """Return the interval of the chosen row as a band behind all rows."""
    chosen = [row for row in found if row.chosen and not pd.isna(row.low)]
    boxes = [
        {"px": bars.x(row.low), "px2": bars.x(row.high), "py1": 0, "py2": bars.height} for row in chosen[:1]
    ]
    return [bars.boxes(boxes, color=_BAND)] if boxes else []


def _drawn(bars: Bars, found: Sequence[Any], labels: Sequence[str], aside: bool) -> list[alt.Chart]:
    """Return intervals, points and values; `aside` sets the values at the edge, where no line of zero crosses them."""
    bounded = [(i, row) for i, row in enumerate(found) if not pd.isna(row.low) and not pd.isna(row.high)]
    layers = []
    if bounded:
        lines = [{"px": bars.x(row.low), "px2": bars.x(row.high), "py": bars.middle(i)} for i, row in bounded]
        layers.append(level(lines, color=INK, strokeWidth=1.8))
    for look in ("chosen", "plain", "simulated"):
        points = [
            {"px": bars.x(row.value), "py": bars.middle(i)}
            for i, row in enumerate(found)
            if _look(row) == look
        ]
        if points:
            colour = {"chosen": ACCENT, "plain": GREY, "simulated": INK}[look]
            mark = alt.Chart(data_rows(points)).mark_point(
                shape="circle", size=110 if look == "chosen" else 80, opacity=1, stroke=colour,
                fill=PAPER if look == "simulated" else colour, strokeWidth=1.8,
            )  # fmt: skip
            layers.append(mark.encode(x=pixel_x(), y=pixel_y()))
    told = []
    for i, (row, label) in enumerate(zip(found, labels, strict=True)):
        ends = [v for v in (row.value, row.high) if not pd.isna(v)]
        end = bars.inner if aside else bars.x(max(ends, default=bars.low))
        told.append({"text": label, "px": end + 10, "py": bars.middle(i) + 4})
    return [*layers, texts(told, halo=True, fontWeight="bold")]


def _look(row: Any) -> str:
    if pd.isna(row.value):
        return ""
    return "chosen" if row.chosen else "simulated" if row.number == "simulated" else "plain"


def _keys(rows: pd.DataFrame, subject: Subject, locale: str) -> list[Key]:
    items = []
    if rows["low"].notna().any():
        items.append(Key(text=words.say(locale, "figures.key.interval95"), look="line", colour=INK))
    if (rows["number"] == "simulated").any():
        items.append(
            Key(text=words.say(locale, "figures.number.simulated"), colour=INK, filled=False, size=80)
        )
    if subject.unit == "share":
        text = words.say(locale, "figures.trend.full_short")
        items.append(Key(text=text, look="line", colour=ATTENTION, dash=(5, 3)))
    return items
