"""Do all clusters of a stratum look alike, or do a few carry the gap?

VCQI's organ pipe plot: one bar per cluster, as wide as its share of the weights and as full as its children are
vaccinated, so that the shaded area is the estimate. Clusters bear numbers, never names: a place of twelve
children can be known.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, GREY, INK, LINE, PAPER, SMALL_SIZE

_HEIGHT: Final = 220
_EMPTY: Final = "#efece3"
_TICKS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def organ_pipe(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", when: str = "", title: str | None = None,
    why_empty: str = "",
) -> Figure:  # fmt: skip
    """Return the clusters of one stratum, fullest first.

    `table` has `cluster` (any code; it is not shown), `value` (weighted share in the cluster, 0 to 1), `weight` (sum of
    the weights) and `children` (asked). Of equal shares the heavier cluster stands first, then the smaller code.
    """
    check_locale(locale)
    require("organ_pipe", table, needed("organ_pipe"))
    if table.empty:
        return nothing("organ_pipe", subject, locale, why_empty, table)
    rows = _rows(table)
    whole = float((rows["value"] * rows["weight"]).sum() / rows["weight"].sum())
    low, high = (
        words.number(value, subject.unit, locale) for value in (rows["value"].min(), rows["value"].max())
    )
    found = words.say(
        locale, "figures.organ_pipe.finding", whole=words.number(whole, subject.unit, locale), low=low, high=high, n=len(rows)
    )  # fmt: skip
    headline = title or words.placed(subject, found, locale)
    return Figure(
        kind="organ_pipe",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.period(when, locale) if when else ""),
        caption=words.sentences(
            [words.say(locale, "figures.organ_pipe.reading"), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=words.say(locale, "figures.organ_pipe.alt", title=headline.rstrip("."), n=len(rows)),
        table=_twin(rows, subject, locale),
        data=rows.drop(columns="cluster"),
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows, subject, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    numbers = table[["value", "weight", "children"]].apply(pd.to_numeric, errors="coerce")
    if not (numbers["value"].between(0, 1) & (numbers["weight"] > 0) & (numbers["children"] > 0)).all():
        raise FigureRefused(
            "organ_pipe: expected value from 0 to 1, weight and children above 0 in every row"
        )
    if table["cluster"].duplicated().any():
        twice = table.loc[table["cluster"].duplicated(), "cluster"].iloc[0]
        raise FigureRefused(f"organ_pipe: expected one row per cluster, got {twice!r} twice")
    rows = table.assign(**{name: numbers[name] for name in numbers})
    ordered = rows.sort_values(
        ["value", "weight", "cluster"], ascending=[False, False, True], ignore_index=True
    )
    return ordered[["cluster", "value", "weight", "children"]]


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    heaviest = rows["weight"].sum()
    return pd.DataFrame(
        {
            words.say(locale, "figures.heading.cluster"): [
                words.number(at + 1, "count", locale) for at in rows.index
            ],
            subject.measure: [words.number(value, subject.unit, locale) for value in rows["value"]],
            words.say(locale, "figures.heading.weight"): [
                words.number(one / heaviest, "rate", locale) for one in rows["weight"]
            ],
            words.say(locale, "figures.heading.children_asked"): [
                words.number(one, "count", locale) for one in rows["children"]
            ],
        }
    )


def _compose(rows: pd.DataFrame, subject: Subject, locale: str, width: int) -> dict[str, Any]:
    labels = [words.number(tick, subject.unit, locale) for tick in _TICKS]
    most = int(rows["children"].max())
    left = max(width_of(label, SMALL_SIZE) for label in labels) + 12
    right = width_of(words.number(most, "count", locale), SMALL_SIZE) + 14
    inner = width - left - right
    ends = (rows["weight"].cumsum() / rows["weight"].sum() * inner).round(2).tolist()
    pipes = [
        {
            "px": start,
            "px2": end,
            "full": _HEIGHT * (1 - row.value),
            "asked": _HEIGHT * (1 - row.children / most),
        }
        for start, end, row in zip([0.0, *ends[:-1]], ends, each(rows), strict=True)
    ]
    ground = Bars(names=[], left=left, right=right, width=width, low=0, high=1)
    empty = [{"px": one["px"], "px2": one["px2"], "py1": 0, "py2": _HEIGHT} for one in pipes]
    full = [{"px": one["px"], "px2": one["px2"], "py1": one["full"], "py2": _HEIGHT} for one in pipes]
    asked = [{"px": one["px"], "px2": one["px2"], "py": one["asked"]} for one in pipes]
    at = [{"py": _HEIGHT * (1 - tick), "px": 0, "px2": inner} for tick in _TICKS]
    said = [
        {"text": label, "px": -8, "py": _HEIGHT * (1 - tick) + 4}
        for label, tick in zip(labels, _TICKS, strict=True)
    ]
    counts = [
        {
            "text": words.number(value, "count", locale),
            "px": inner + 8,
            "py": _HEIGHT * (1 - value / most) + 4,
        }
        for value in (0, most)
    ]
    layers = [
        ground.boxes(empty, color=_EMPTY), level(at, color=LINE), ground.boxes(full, color=ACCENT, stroke=PAPER, strokeWidth=0.5),
        level(asked, color=PAPER, strokeWidth=3.4), level(asked, color=INK, strokeWidth=1.4, strokeDash=[3, 2]),
        upright([{"px": 0, "py1": 0, "py2": _HEIGHT}], color=GREY),
        texts(said, align="right", color=GREY, fontSize=SMALL_SIZE), texts(counts, color=GREY, fontSize=SMALL_SIZE),
    ]  # fmt: skip
    keys = [
        Key(text=words.say(locale, "figures.organ_pipe.key_full"), look="box", colour=ACCENT),
        Key(text=words.say(locale, "figures.organ_pipe.key_asked"), look="line", colour=INK, dash=(3, 2)),
    ]
    legend, tall = key(keys, left=-left, top=_HEIGHT + 10, width=width)
    padding = {"left": left, "right": right, "top": 12, "bottom": tall + 14}
    return finished([*layers, *legend], width=inner, height=_HEIGHT, padding=padding)
