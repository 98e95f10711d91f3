"""Which places come first, and which cannot be told apart?

Bars from zero in order, with intervals. Places whose interval overlaps that of the leader of their
group share a letter: their order is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, ground, lay_out, level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, GREY, INK, LABEL_SIZE

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BAND = "#f3efe4"


def ranked_bars(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    when: str = "",
    order: str = "high",
    most: int = 20,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return bars of places in order, with intervals where the table has them.

    `table` has `place` and `value`, and may have `low` and `high`. `order` puts the highest or the
    lowest value first; at most `most` places are drawn, and the rest is counted in the caption.
    Places without a value are named in the caption.
    """
    check_locale(locale)
    require("ranked_bars", table, needed("ranked_bars"))
    if order not in ("high", "low") or not 1 <= most <= 60:
        raise FigureRefused(f"expected order high or low and most 1 to 60, got {order!r} and {most}")
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("ranked_bars", subject, locale, why_empty, table)
    rows = _ranked(table, order)
    known = rows.dropna(subset=["value"])
    headline = title or _headline(known, subject, order, locale)
    caption = [*_explanations(rows, known, most, subject, locale), *words.caveats(subject, locale)]
    return Figure(
        kind="ranked_bars",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.reached(subject, when, locale)),
        caption=words.sentences(caption),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, known, subject, locale),
        table=_twin(rows, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(known.head(most), subject, locale, width),
    )


def _ranked(table: pd.DataFrame, order: str) -> pd.DataFrame:
    rows = pd.DataFrame({"place": table["place"].astype(str), "value": pd.to_numeric(table["value"])})
    for bound in ("low", "high"):
        rows[bound] = pd.to_numeric(table[bound]) if bound in table else float("nan")
    rows = rows.sort_values(["value", "place"], ascending=[order == "low", True], na_position="last")
    rows = rows.reset_index(drop=True)
    rows["group"] = groups(rows)
    return rows


def groups(rows: pd.DataFrame) -> list[str]:
    """Return a letter for each row, in order: rows of one letter overlap the interval of their first.

    Rows without an interval get none.
    """
    letters, leader, count = [], None, 0
    for row in each(rows):
        if pd.isna(row.low) or pd.isna(row.high):
            letters.append("")
            continue
        if leader is None or row.low > leader.high or row.high < leader.low:
            leader, count = row, count + 1
        letters.append(letter_of(count - 1))
    return letters


def letter_of(index: int) -> str:
    """Return the letter of a group, counted from 0: A to Z, then AA."""
    times, place = divmod(index, len(_LETTERS))
    return _LETTERS[place] * (times + 1)


def _headline(known: pd.DataFrame, subject: Subject, order: str, locale: str) -> str:
    first = each(known)[0]
    tied = int((known["group"] == first.group).sum()) - 1 if first.group else 0
    among = words.places(len(known), subject.level, locale) if subject.level and len(known) > 1 else ""
    message = f"figures.ranked_bars.{order}_of" if among else f"figures.ranked_bars.{order}"
    end = words.say(locale, message, place=first.place, places=among)
    value = words.number(first.value, subject.unit, locale)
    if not tied:
        return words.say(locale, "figures.ranked_bars.first", end=end, value=value)
    return words.say(locale, "figures.ranked_bars.tied", end=end, value=value, n=tied)


def _explanations(
    rows: pd.DataFrame, known: pd.DataFrame, most: int, subject: Subject, locale: str
) -> list[str]:
    said = []
    if known["group"].ne("").any():
        said.append(words.say(locale, "figures.ranked_bars.letters"))
    if len(known) > most:
        said.append(
            words.say(
                locale,
                "figures.ranked_bars.rest",
                places=words.places(len(known) - most, subject.level, locale),
            )
        )
    if subject.unit == "share" and (known["value"] > 1).any():
        said.append(words.say(locale, "figures.ranked_bars.above_full"))
    gaps = rows[rows["value"].isna()]
    if len(gaps):
        said.append(
            words.say(
                locale, "figures.ranked_bars.no_data", names=words.listed(gaps["place"].tolist(), locale)
            )
        )
    return said


def _alt(headline: str, known: pd.DataFrame, subject: Subject, locale: str) -> str:
    told = [f"{row.place} {words.number(row.value, subject.unit, locale)}" for row in each(known.head(5))]
    return words.say(
        locale, "figures.ranked_bars.alt", title=headline.rstrip("."), n=len(known), listed=", ".join(told)
    )


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    twin = []
    for row in each(rows):
        line = {
            words.say(locale, "figures.heading.place"): row.place,
            subject.measure: words.number(row.value, subject.unit, locale),
        }
        if rows["low"].notna().any():
            interval = "" if pd.isna(row.low) else words.between(row.low, row.high, subject.unit, locale)
            line[words.say(locale, "figures.heading.interval")] = interval
            line[words.say(locale, "figures.heading.group")] = row.group
        twin.append(line)
    return pd.DataFrame(twin)


def _compose(shown: pd.DataFrame, subject: Subject, locale: str, width: int) -> dict[str, Any]:
    rows = each(shown)
    labels = [words.number(row.value, subject.unit, locale) for row in rows]
    lettered = shown["group"].ne("").any()
    right = max(width_of(label, LABEL_SIZE, bold=True) for label in labels) + 14 + (22 if lettered else 0)
    top = float(shown[["value", "high"]].max().max())
    top = max(top, 1.0) if subject.unit == "share" else top
    bars = lay_out(
        [row.place for row in rows], float(shown[["value", "low"]].min().min()), top, width, right=right
    )
    layers = [*_bands(bars, rows), *ground(bars, subject.unit, locale), *_drawn(bars, rows)]
    if subject.unit == "share":
        full = {"px": bars.x(1), "py1": 0, "py2": bars.height}
        layers.append(upright([full], color=ATTENTION, strokeDash=[5, 3]))
    # Words last: no line may run over them.
    layers.append(_values(bars, rows, labels))
    legend, tall = key(_keys(shown, subject, locale), left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _bands(bars: Bars, rows: Sequence[Any]) -> list[alt.Chart]:
    """Return tinted bands behind every second group, and the letter of each group at the right."""
    names = list(dict.fromkeys(row.group for row in rows if row.group))
    tinted = [
        {
            "px": -bars.left,
            "px2": bars.inner + bars.right,
            "py1": bars.middle(i) - bars.row_height(i) / 2,
            "py2": bars.middle(i) + bars.row_height(i) / 2,
        }
        for i, row in enumerate(rows)
        if row.group and names.index(row.group) % 2 == 0
    ]
    at = bars.inner + bars.right - 4
    letters = [
        {"text": row.group, "px": at, "py": bars.middle(i) + 4} for i, row in enumerate(rows) if row.group
    ]
    return [
        *([bars.boxes(tinted, color=_BAND)] if tinted else []),
        *([texts(letters, align="right", color=GREY, fontWeight="bold")] if letters else []),
    ]


def _drawn(bars: Bars, rows: Sequence[Any]) -> list[alt.Chart]:
    layers = [bars.boxes([bars.bar(i, row.value) for i, row in enumerate(rows)], color=ACCENT, opacity=0.82)]
    bounded = [(i, row) for i, row in enumerate(rows) if not pd.isna(row.low) and not pd.isna(row.high)]
    if bounded:
        lines = [{"px": bars.x(row.low), "px2": bars.x(row.high), "py": bars.middle(i)} for i, row in bounded]
        ends = [
            {"px": bars.x(bound), "py1": bars.middle(i) - 4, "py2": bars.middle(i) + 4}
            for i, row in bounded
            for bound in (row.low, row.high)
        ]
        # A light line below the dark one keeps the interval visible over the bar.
        layers.append(level(lines, color="#fffdf8", strokeWidth=4))
        layers += [level(lines, color=INK, strokeWidth=1.6), upright(ends, color=INK, strokeWidth=1.6)]
    return layers


def _values(bars: Bars, rows: Sequence[Any], labels: Sequence[str]) -> alt.Chart:
    told = []
    for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
        far = row.value if pd.isna(row.high) else max(row.value, row.high)
        told.append({"text": label, "px": bars.x(max(far, 0)) + 7, "py": bars.middle(i) + 4})
    return texts(told, halo=True, fontWeight="bold")


def _keys(shown: pd.DataFrame, subject: Subject, locale: str) -> list[Key]:
    items = []
    if shown["low"].notna().any():
        items.append(Key(text=words.say(locale, "figures.key.interval"), look="line", colour=INK))
    if subject.unit == "share":
        text = words.say(locale, "figures.trend.full_short")
        items.append(Key(text=text, look="line", colour=ATTENTION, dash=(5, 3)))
    return items
