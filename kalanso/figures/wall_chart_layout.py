"""How is the wall chart laid out at a width?

Twelve months across, children upwards, as on the paper chart; below, where there is room, the
numbers that health workers write under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import axes, words
from kalanso.figures.figure import each
from kalanso.figures.letters import width_of
from kalanso.figures.marks import Key, finished, key, rows, spread, texts
from kalanso.figures.theme import (
    ACCENT,
    ATTENTION,
    GREY,
    HATCH_NO_DATA,
    HATCH_PROVISIONAL,
    INK,
    LABEL_SIZE,
    NARROW,
    SMALL_SIZE,
)  # fmt: skip
from kalanso.vocabulary import Period

_ROOM_FOR_NUMBERS: Final = 600  # px: from here on the numbers of each month stand below
_LINE: Final = 15
_NUMBER_SIZES: Final = (SMALL_SIZE, 10, 9)
_TARGET_NAME: Final = 0.55  # of the plot: later in the year the lines of doses are near
_QUARTERS: Final = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True)
class Wall:
    """What is to be drawn: cumulative rows by month, the year's target, the names of the doses."""

    rows: pd.DataFrame
    annual_target: float
    doses: tuple[str, ...]
    locale: str

    @property
    def months(self) -> tuple[Period, ...]:
        """All twelve months of the year."""
        year = Period.parse(self.rows["period"].iloc[0]).year
        return tuple(Period.month(year, number) for number in range(1, 13))


@dataclass(frozen=True, kw_only=True)
class _Ground:
    wall: Wall
    left: float
    right: float
    inner: float
    height: float
    top_value: float

    def x_at(self, months: float) -> float:
        return round(months / 12 * self.inner, 1)

    def y_at(self, value: float) -> float:
        return round((1 - value / self.top_value) * self.height, 1)

    @property
    def x(self) -> alt.X:
        middles = [item + 0.5 for item in range(12)]
        shown = [axes.short_period(item, self.wall.locale) for item in self.wall.months]
        wide = max(width_of(name, LABEL_SIZE) for name in shown) + 4 <= self.inner / 12
        names = shown if wide else [name[0].upper() for name in shown]
        expression = f"{names!r}[round(datum.value-0.5)]"
        axis = alt.Axis(values=middles, labelExpr=expression, ticks=False)
        return alt.X("month:Q", scale=alt.Scale(domain=[0, 12], nice=False), axis=axis)

    @property
    def y(self) -> alt.Y:
        narrow = self.inner < NARROW
        ticks = axes.value_ticks(0, self.top_value, 4 if narrow else 6, "count")
        axis = axes.value_axis(ticks, axes.value_labels(ticks, "count", self.wall.locale), grid=False)
        return alt.Y("children:Q", scale=alt.Scale(domain=[0, self.top_value], nice=False), axis=axis)


def compose(wall: Wall, width: int) -> dict[str, Any]:
    """Return the Vega-Lite specification of a wall chart at a width in pixels."""
    ground = _ground(wall, width)
    # Words last: no line may run over them.
    layers = [*_columns(ground), *_target(ground), *_lines(ground), _target_names(ground), *_ends(ground)]
    below = ground.height + 26
    size = _size_of_numbers(ground) if width >= _ROOM_FOR_NUMBERS else 0
    if size:
        numbers, tall = _numbers(ground, below, size)
        layers, below = [*layers, *numbers], below + tall
    legend, tall = key(_keys(wall), left=-ground.left, top=below + 4, width=width)
    padding = {
        "left": ground.left,
        "right": ground.right,
        "top": 10,
        "bottom": below - ground.height + tall + 8,
    }
    return finished([*layers, *legend], width=ground.inner, height=ground.height, padding=padding)


def _ground(wall: Wall, width: int) -> _Ground:
    top = max(wall.annual_target, float(wall.rows[["first_so_far", "third_so_far"]].max().max())) * 1.06
    ticks = axes.value_ticks(0, top, 6, "count")
    left = axes.widest(axes.value_labels(ticks, "count", wall.locale)) + 10
    if width >= _ROOM_FOR_NUMBERS:
        left = max(left, max(width_of(name, SMALL_SIZE) for name in _row_names(wall)) + 10)
    ends = [line for lines in _end_texts(wall) for line in lines]
    right = max(width_of(line, LABEL_SIZE, bold=True) for line in ends) * _share_outside(wall) + 10
    height = round(min(max(width * 0.5, 220), 360))
    return _Ground(
        wall=wall, left=left, right=right, inner=width - left - right, height=height, top_value=top
    )


def _share_outside(wall: Wall) -> float:
    # Labels of an early month have the empty months to their right to stand in.
    return 1.0 if len(wall.rows) > 7 else 0.35


def _end_texts(wall: Wall) -> list[list[str]]:
    last = each(wall.rows)[-1]
    return [
        [wall.doses[0], words.number(last.first_so_far, "count", wall.locale)],
        [wall.doses[1], words.number(last.third_so_far, "count", wall.locale)],
    ]


def _columns(ground: _Ground) -> list[alt.Chart]:
    layers = []
    for name, colour in (("missing", HATCH_NO_DATA), ("provisional", HATCH_PROVISIONAL)):
        found = [
            {"month": i, "end": i + 1} for i, row in enumerate(each(ground.wall.rows)) if getattr(row, name)
        ]
        if found:
            layers.append(alt.Chart(rows(found)).mark_rect(color=colour).encode(x=ground.x, x2="end:Q"))
    return layers


def _target(ground: _Ground) -> list[alt.Chart]:
    """Return the line of the target from zero to the year's number, and its quarters."""
    goal = ground.wall.annual_target
    data = [{"month": 0, "children": 0.0}, {"month": 12, "children": goal}]
    line = alt.Chart(rows(data)).mark_line(color=ATTENTION, strokeWidth=1.6, strokeDash=[6, 4])
    ticks = alt.Chart(rows([{"children": goal * part} for part in _QUARTERS])).mark_rule(
        color=ATTENTION, strokeWidth=0.8, strokeDash=[1, 3]
    )
    return [ticks.encode(y=ground.y), line.encode(x=ground.x, y=ground.y)]


def _target_names(ground: _Ground) -> alt.Chart:
    """Return what the quarters of the target are called."""
    goal = ground.wall.annual_target
    locale = ground.wall.locale
    named = [
        {"text": words.number(part, "share", locale), "px": 3, "py": ground.y_at(goal * part) - 4}
        for part in _QUARTERS[:-1]
    ]
    told = [
        words.say(locale, f"figures.wall_chart.target{short}", share=1.0, n=round(goal))
        for short in ("", "_short")
    ]
    fits = width_of(told[0], SMALL_SIZE) <= ground.inner * _TARGET_NAME
    named.append({"text": told[0 if fits else 1], "px": 3, "py": ground.y_at(goal) - 5})
    return texts(named, halo=True, color=ATTENTION, fontSize=SMALL_SIZE)


def _lines(ground: _Ground) -> list[alt.Chart]:
    layers = []
    looks = (("first_so_far", ACCENT, [1, 0], "circle"), ("third_so_far", INK, [7, 3], "square"))
    for name, colour, dash, shape in looks:
        points = [{"month": 0.0, "children": 0.0, "missing": False}]
        points += [
            {"month": float(i + 1), "children": float(getattr(row, name)), "missing": bool(row.missing)}
            for i, row in enumerate(each(ground.wall.rows))
        ]
        line = alt.Chart(rows(points)).mark_line(color=colour, strokeWidth=2.4, strokeDash=dash)
        told = [point for point in points[1:] if not point["missing"]]
        dots = alt.Chart(rows(told)).mark_point(shape=shape, size=34, fill=colour, stroke=colour, opacity=1)
        layers += [line.encode(x=ground.x, y=ground.y), dots.encode(x=ground.x, y=ground.y)]
    return layers


def _ends(ground: _Ground) -> list[alt.Chart]:
    last, months = each(ground.wall.rows)[-1], len(ground.wall.rows)
    wanted = [ground.y_at(last.first_so_far), ground.y_at(last.third_so_far)]
    placed = spread(wanted, 2 * _LINE, 10, ground.height)
    layers = []
    for lines, py, colour in zip(_end_texts(ground.wall), placed, (ACCENT, INK), strict=True):
        items = [
            {"text": t, "px": ground.x_at(months) + 8, "py": py - 2 + 13 * n} for n, t in enumerate(lines)
        ]
        layers.append(texts(items, halo=True, color=colour, fontWeight="bold"))
    return layers


def _row_names(wall: Wall) -> list[str]:
    so_far, first, third = words.say(wall.locale, "figures.heading.so_far"), *wall.doses
    dropout = words.say(wall.locale, "figures.heading.dropout_rate")
    return [first, f"{first}, {so_far}", third, f"{third}, {so_far}", dropout]


def _size_of_numbers(ground: _Ground) -> float:
    """Return the size in which the numbers of a month keep apart from the next, or 0 where none does."""
    cells = [text for row in each(ground.wall.rows) for text in _cell_texts(row, ground.wall.locale)]
    sizes = (size for size in _NUMBER_SIZES if max(width_of(t, size) for t in cells) + 4 <= ground.inner / 12)
    return next(sizes, 0)


def _numbers(ground: _Ground, top: float, size: float) -> tuple[list[alt.Chart], float]:
    """Return the strip of numbers under the months, and its height."""
    names = _row_names(ground.wall)
    left = [{"text": name, "px": -8, "py": top + 12 + _LINE * n} for n, name in enumerate(names)]
    cells: list[dict[str, Any]] = []
    for i, row in enumerate(each(ground.wall.rows)):
        cells += [
            {"text": text, "px": ground.x_at(i + 0.5), "py": top + 12 + _LINE * n}
            for n, text in enumerate(_cell_texts(row, ground.wall.locale))
        ]
    return [
        texts(left, align="right", color=GREY, fontSize=SMALL_SIZE),
        texts(cells, align="center", fontSize=size),
    ], _LINE * len(names) + 8


def _cell_texts(row: Any, locale: str) -> Sequence[str]:
    def count(value: float) -> str:
        return "–" if pd.isna(value) else words.number(value, "count", locale)

    rate = "–" if pd.isna(row.dropout_rate) else words.number(row.dropout_rate, "share", locale)
    return [
        count(row.first_doses),
        count(row.first_so_far),
        count(row.third_doses),
        count(row.third_so_far),
        rate,
    ]


def _keys(wall: Wall) -> list[Key]:
    items = []
    if wall.rows["missing"].any():
        items.append(
            Key(
                text=words.say(wall.locale, "figures.wall_chart.key_missing"),
                look="box",
                colour=HATCH_NO_DATA,
            )
        )
    if wall.rows["provisional"].any():
        items.append(
            Key(text=words.say(wall.locale, "figures.key.provisional"), look="box", colour=HATCH_PROVISIONAL)
        )
    return items
