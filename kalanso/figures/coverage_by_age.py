"""By which age do children have each dose, and how far do they stay behind?

VCQI's cumulative coverage curve: shares rise in steps from birth on, one line per dose, with a band where an interval is known. The
table gives the shares at whole months of age.
"""

from __future__ import annotations

import math
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, require
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, texts
from kalanso.figures.marks import rows as data_rows
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import GREY, INK, LINE, NARROW, SERIES_COLOURS, SERIES_DASHES, SMALL_SIZE

_HEIGHT: Final = 240
_TICKS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_MONTH: Final = 30.4375  # days
_MONTHS_TOLD: Final = (2, 3, 4, 6, 9, 12, 15, 18, 21, 24)


def age_curves(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", when: str = "", title: str | None = None,
    why_empty: str = "", reading: str = "",
) -> Figure:  # fmt: skip
    """Return one rising line per dose, in the order given.

    `table` has `series` (what the line is called), `age_days` and `share` (0 to 1, never falling within a line), and may have `low` and `high`.
    A line begins at birth with nobody and ends at its last age. `reading` is one more sentence of the caption.
    """
    check_locale(locale)
    require("age_curves", table, needed("age_curves"))
    if table.empty:
        return nothing("age_curves", subject, locale, why_empty, table)
    rows = _rows(table)
    ends = {str(name): float(own["share"].iloc[-1]) for name, own in rows.groupby("series", sort=False)}
    listed = ", ".join(f"{name} {words.number(share, subject.unit, locale)}" for name, share in ends.items())
    headline = title or words.placed(
        subject, words.say(locale, "figures.age_curves.finding", listed=listed), locale
    )
    said = [words.say(locale, "figures.age_curves.reading"), reading, *words.caveats(subject, locale)]
    return Figure(
        kind="age_curves",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.period(when, locale) if when else ""),
        caption=words.sentences([one for one in said if one]),
        source_line=words.source_line(subject, locale),
        alt=words.say(locale, "figures.age_curves.alt", title=headline.rstrip("."), listed=listed),
        table=_twin(rows, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows, subject, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = table.reindex(columns=["series", "age_days", "share", "low", "high"]).reset_index(drop=True)
    for name in ("age_days", "share", "low", "high"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce").astype(float)
    names = list(dict.fromkeys(rows["series"]))
    if len(names) > len(SERIES_COLOURS):
        raise FigureRefused(f"age_curves: expected {len(SERIES_COLOURS)} lines at most, got {len(names)}")
    if not (rows["share"].between(0, 1) & (rows["age_days"] >= 0)).all():
        raise FigureRefused("age_curves: expected shares from 0 to 1 and ages from 0 days on in every row")
    order = rows["series"].map({name: at for at, name in enumerate(names)})
    rows = (
        rows.assign(order=order).sort_values(["order", "age_days"], ignore_index=True).drop(columns="order")
    )
    if (rows.groupby("series", sort=False)["share"].diff() < -1e-9).any():
        raise FigureRefused("age_curves: expected shares that never fall with age")
    return rows


def _twin(rows: pd.DataFrame, subject: Subject, locale: str) -> pd.DataFrame:
    """Return the shares at whole months of age; empty beyond the last age of a line, as nobody knows them."""
    last = rows["age_days"].max()
    wanted = [month for month in _MONTHS_TOLD if month * _MONTH <= last]
    wanted += [month for month in _MONTHS_TOLD if month * _MONTH > last][:1]
    lines = []
    for month in wanted:
        line = {
            words.say(locale, "figures.age_curves.age"): words.say(
                locale, "figures.age_curves.months", n=month
            )
        }
        for name, own in rows.groupby("series", sort=False):
            before = own[own["age_days"] <= month * _MONTH]
            beyond = month * _MONTH > own["age_days"].iloc[-1] and own["low"].notna().any()
            found = None if beyond else float(before["share"].iloc[-1]) if len(before) else 0.0
            told = words.number(found, subject.unit, locale)
            if found is not None and len(before) and pd.notna(before["low"].iloc[-1]):
                told = f"{told} ({words.between(before['low'].iloc[-1], before['high'].iloc[-1], subject.unit, locale)})"
            line[str(name)] = told
        lines.append(line)
    return pd.DataFrame(lines)


def _compose(rows: pd.DataFrame, subject: Subject, locale: str, width: int) -> dict[str, Any]:
    labels = [words.number(tick, subject.unit, locale) for tick in _TICKS]
    left, right = max(width_of(label, SMALL_SIZE) for label in labels) + 12, 16.0
    inner = width - left - right
    months = max(1, math.ceil(rows["age_days"].max() / _MONTH - 1e-6))
    step = next(n for n in (1, 2, 3, 6, 12) if months / n <= (6 if width < NARROW else 12) or n == 12)

    def x(days: float) -> float:
        return round(days / (months * _MONTH) * inner, 1)

    def y(share: float) -> float:
        return round(_HEIGHT * (1 - share), 1)

    grid = [{"py": y(tick), "px": 0, "px2": inner} for tick in _TICKS]
    said = [{"text": label, "px": -8, "py": y(tick) + 4} for label, tick in zip(labels, _TICKS, strict=True)]
    ages = [
        {"text": str(month), "px": x(month * _MONTH), "py": _HEIGHT + 16}
        for month in range(0, months + 1, step)
    ]
    named = [{"text": words.say(locale, "figures.age_curves.axis"), "px": inner, "py": _HEIGHT + 32}]
    layers = [
        level(grid, color=LINE), upright([{"px": 0, "py1": 0, "py2": _HEIGHT}], color=GREY),
        texts(said, align="right", color=GREY, fontSize=SMALL_SIZE), texts(ages, align="center", color=GREY, fontSize=SMALL_SIZE),
        texts(named, align="right", color=GREY, fontSize=SMALL_SIZE),
    ]  # fmt: skip
    keys = []
    for at, (name, own) in enumerate(rows.groupby("series", sort=False)):
        colour, dash = SERIES_COLOURS[at], SERIES_DASHES[at]
        layers += _line(own, x, y, colour, dash, inner)
        keys.append(Key(text=str(name), look="line", colour=colour, dash=dash))
    legend, tall = key(keys, left=-left, top=_HEIGHT + 40, width=width)
    padding = {"left": left, "right": right, "top": 12, "bottom": tall + 44}
    return finished([*layers, *legend], width=inner, height=_HEIGHT, padding=padding)


def _line(own: pd.DataFrame, x: Any, y: Any, colour: str, dash: Any, end: float) -> list[alt.Chart]:
    points = [{"px": 0.0, "py": y(0.0), "at": 0}] + [
        {"px": x(days), "py": y(share), "at": n}
        for n, (days, share) in enumerate(own[["age_days", "share"]].itertuples(index=False), 1)
    ]
    if own["low"].isna().all() and points[-1]["px"] < end:  # all were followed: nothing came later
        points.append({"px": end, "py": points[-1]["py"], "at": len(points)})
    drawn = []
    known = own[own["low"].notna() & own["high"].notna()].reset_index(drop=True)
    if len(known):
        ends = [*map(x, known["age_days"][1:]), x(float(known["age_days"].iloc[-1]))]
        band = [
            {
                "px": x(float(row["age_days"])),
                "px2": until,
                "py1": y(float(row["high"])),
                "py2": y(float(row["low"])),
            }
            for until, row in zip(ends, known.to_dict("records"), strict=True)
        ]
        area = alt.Chart(data_rows(band)).mark_rect(color=colour, opacity=0.18)
        drawn.append(area.encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q"))
    line = alt.Chart(data_rows(points)).mark_line(
        color=colour or INK, strokeWidth=2, strokeDash=list(dash), interpolate="step-after"
    )
    return [*drawn, line.encode(x=pixel_x(), y=pixel_y(), order="at:Q")]
