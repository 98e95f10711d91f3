"""How sure is each estimate of a survey, and did it move from one round to the next?

VCQI's inchworm plot: intervals from 95 % down to 1 % lie on each other, the narrower the taller, so that the worm is
fat where the truth is likely. Ticks mark the one-sided bounds. Two rounds of one label make a double inchworm.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import begin, ground, lay_out, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, require, row_at
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, INK, LABEL_SIZE

_COLOURS: Final = (ACCENT, ATTENTION)
_TALL: Final = 18  # px of the narrowest interval
_COLUMNS: Final = ["label", "series", "value", "level", "low", "high", "lower_bound", "upper_bound"]


def inchworms(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", when: str = "", title: str | None = None,
    why_empty: str = "",
) -> Figure:  # fmt: skip
    """Return one worm per label and round, in the order given.

    `table` has a row for each interval: `label`, `value`, `level` (0 to 1), `low`, `high`; the widest gives the numbers
    that are written. It may have `series` (the round; two at most) and the one-sided `lower_bound` and `upper_bound`.
    """
    check_locale(locale)
    require("inchworms", table, needed("inchworms"))
    if table.empty:
        return nothing("inchworms", subject, locale, why_empty, table)
    rows = _rows(table)
    widest = rows.loc[rows.groupby(["label", "series"], sort=False)["level"].idxmax()].reset_index(drop=True)
    headline = title or _headline(widest, subject, locale)
    names = [_name(row) for row in widest.to_dict("records")]
    told = [_told(row, subject, locale) for row in widest.to_dict("records")]
    listed = ", ".join(f"{name} {number}" for name, number in zip(names, told, strict=True))
    return Figure(
        kind="inchworms",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.period(when, locale) if when else ""),
        caption=words.sentences(
            [words.say(locale, "figures.inchworms.reading"), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=words.say(locale, "figures.inchworms.alt", title=headline.rstrip("."), listed=listed),
        table=_twin(widest, names, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows, widest, told, subject, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.assign(series=table.get("series", "")).reset_index(drop=True)
    rows = rows.reindex(columns=_COLUMNS)
    if rows["series"].nunique() > 2:
        raise FigureRefused(f"inchworms: expected two rounds at most, got {rows['series'].nunique()}")
    if not (
        (rows["low"] <= rows["value"])
        & (rows["value"] <= rows["high"])
        & rows["level"].between(0, 1, inclusive="neither")
    ).all():
        raise FigureRefused(
            "inchworms: expected low <= value <= high and a level between 0 and 1 in every row"
        )
    if rows.duplicated(["label", "series", "level"]).any():
        raise FigureRefused("inchworms: expected one interval for each label, round and level, got two")
    return rows


def _headline(widest: pd.DataFrame, subject: Subject, locale: str) -> str:
    row = row_at(widest, widest["value"].idxmin())
    value, interval = (
        words.number(row["value"], subject.unit, locale),
        words.between(row["low"], row["high"], subject.unit, locale),
    )
    return words.placed(
        subject,
        words.say(locale, "figures.inchworms.lowest", label=_name(row), value=value, interval=interval),
        locale,
    )


def _name(row: Any) -> str:
    return f"{row['label']} · {row['series']}" if row["series"] else str(row["label"])


def _told(row: Any, subject: Subject, locale: str) -> str:
    value, low, high = (words.number(row[name], subject.unit, locale) for name in ("value", "low", "high"))
    return f"{value} ({low}\u2013{high})"


def _twin(widest: pd.DataFrame, names: list[str], subject: Subject, locale: str) -> pd.DataFrame:
    twin = []
    for name, row in zip(names, widest.to_dict("records"), strict=True):
        twin.append(
            {
                words.say(locale, "figures.heading.row"): name,
                subject.measure: words.number(row["value"], subject.unit, locale),
                words.say(locale, "figures.heading.interval"): words.between(
                    row["low"], row["high"], subject.unit, locale
                ),
            }
        )
    return pd.DataFrame(twin)


def _compose(
    rows: pd.DataFrame, widest: pd.DataFrame, told: list[str], subject: Subject, locale: str, width: int
) -> dict[str, Any]:
    series = list(dict.fromkeys(rows["series"]))
    # on a telephone the interval stands in the table alone
    shown = told if width >= 480 else [text.split(" (")[0] for text in told]
    right = max(width_of(text, LABEL_SIZE, bold=True) for text in shown) + 22
    names = [str(row["label"]) for row in widest.to_dict("records")]
    bars = lay_out(
        names,
        begin(float(rows["low"].min()), float(rows["high"].max())),
        float(rows["high"].max()),
        width,
        right=right,
        from_zero=False,
    )
    layers = list(ground(bars, subject.unit, locale))
    bounds: list[dict[str, float]] = []
    for at, one in enumerate(widest.to_dict("records")):
        own = rows[(rows["label"] == one["label"]) & (rows["series"] == one["series"])].sort_values(
            "level", ascending=False
        )
        middle = bars.middle(at)
        worm = [
            {"px": bars.x(row["low"]), "px2": bars.x(row["high"]), "py1": middle - half, "py2": middle + half}
            for row in own.to_dict("records")
            for half in [round(max(1.0, _TALL * (1 - row["level"]) / 2), 1)]
        ]
        layers.append(bars.boxes(worm, color=_COLOURS[series.index(one["series"])]))
        bounds += [
            {"px": bars.x(one[name]), "py1": middle - 6, "py2": middle + 6}
            for name in ("lower_bound", "upper_bound") if pd.notna(one[name])
        ]  # fmt: skip
    if bounds:
        layers.append(upright(bounds, color=INK, strokeWidth=1.2))
    said = [{"text": text, "px": bars.inner + 14, "py": bars.middle(at) + 4} for at, text in enumerate(shown)]
    layers.append(texts(said, fontWeight="bold"))
    keys = [
        Key(text=name, look="box", colour=colour)
        for name, colour in zip(series, _COLOURS, strict=False)
        if name
    ]
    legend, tall = key(keys, left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)
