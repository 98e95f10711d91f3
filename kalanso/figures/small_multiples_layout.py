"""How are many small trends laid out at a width?

All positions are pixels of one sheet: two columns on a phone, four on a screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import axes, words
from kalanso.figures.figure import each
from kalanso.figures.letters import width_of, wrap
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, rows, texts
from kalanso.figures.theme import (
    ACCENT,
    ATTENTION,
    GREY,
    HATCH_PROVISIONAL,
    LINE,
    NARROW,
    PAPER,
    SMALL_SIZE,
)  # fmt: skip
from kalanso.vocabulary import Period, PeriodType

_PLOT_HEIGHT: Final = 92
_BETWEEN: Final = 16
_BELOW: Final = 34  # px for the periods and the air under a plot
_LINE: Final = 14


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One place: its name, the line under it, and its points (position, value, provisional)."""

    name: str
    group: str
    points: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class _Grid:
    panels: Sequence[Panel]
    periods: Sequence[Period]
    unit: str
    locale: str
    left: float
    panel_width: float
    end: float
    columns: int
    heads: tuple[float, ...]
    low_value: float
    top_value: float

    @property
    def height(self) -> float:
        return sum(self.heads) + (_PLOT_HEIGHT + _BELOW) * len(self.heads)

    def corner(self, index: int) -> tuple[float, float]:
        row, column = divmod(index, self.columns)
        top = sum(self.heads[: row + 1]) + (_PLOT_HEIGHT + _BELOW) * row
        return self.left + column * (self.panel_width + _BETWEEN), top

    def point(self, index: int, position: float, value: float) -> dict[str, Any]:
        x, y = self.corner(index)
        across = (self.panel_width - self.end) * (position / max(len(self.periods) - 1, 1))
        return {
            "px": round(x + across, 1),
            "py": round(y + (self.top_value - value) / (self.top_value - self.low_value) * _PLOT_HEIGHT, 1),
        }


def compose(
    panels: Sequence[Panel], periods: Sequence[Period], unit: str, locale: str, width: int
) -> dict[str, Any]:
    """Return the Vega-Lite specification of small trends at a width in pixels."""
    grid = _grid(panels, periods, unit, locale, width)
    layers = [*_provisional(grid), *_backdrop(grid), *_lines(grid), *_points(grid), *_labels(grid)]
    legend, tall = key(_keys(grid), left=0, top=grid.height, width=width)
    none = {"left": 0, "right": 0, "top": 4, "bottom": 4}
    return finished([*layers, *legend], width=width, height=grid.height + tall, padding=none)


def _grid(panels: Sequence[Panel], periods: Sequence[Period], unit: str, locale: str, width: int) -> _Grid:
    columns = min(len(panels), 2 if width < NARROW else 3 if width < 600 else 4)
    top = float(pd.concat([panel.points["value"] for panel in panels]).max())
    low = min(float(pd.concat([panel.points["value"] for panel in panels]).min()), 0.0) * 1.06
    top = max(top, {"share": 1.0, "rate": 0.1, "count": 1.0}[unit]) * 1.06
    left = (
        axes.widest([words.number(value, unit, locale) for value in (1 if unit == "share" else top, low)]) + 4
    )
    panel_width = (width - left - _BETWEEN * (columns - 1)) / columns
    lasts = [
        panel.points["value"].dropna().iloc[-1] for panel in panels if panel.points["value"].notna().any()
    ]
    end = max(width_of(words.number(value, unit, locale), SMALL_SIZE, bold=True) for value in lasts) + 9
    lines = [len(names) + len(groups) for names, groups in (_heading(panel, panel_width) for panel in panels)]
    heads = tuple(max(lines[n : n + columns]) * _LINE + 10 for n in range(0, len(lines), columns))
    return _Grid(
        panels=panels, periods=periods, unit=unit, locale=locale, left=left, panel_width=panel_width, end=end,
        columns=columns, heads=heads, low_value=low, top_value=top,
    )  # fmt: skip


def _heading(panel: Panel, width: float) -> tuple[list[str], list[str]]:
    return wrap(panel.name, width, 12, bold=True), wrap(panel.group, width, SMALL_SIZE) if panel.group else []


def _rule_values(grid: _Grid) -> list[float]:
    if grid.unit == "share":
        return [0.0, 0.5, 1.0]
    return axes.value_ticks(grid.low_value, grid.top_value, 3, grid.unit)


def _backdrop(grid: _Grid) -> list[alt.Chart]:
    plain: list[dict[str, Any]] = []
    full: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for index in range(len(grid.panels)):
        x, _ = grid.corner(index)
        for value in _rule_values(grid):
            at = grid.point(index, 0, value) | {"px2": round(x + grid.panel_width - grid.end, 1)}
            (full if value == 1 and grid.unit == "share" else plain).append(at)
            if index % grid.columns == 0:
                labels.append(
                    {
                        "text": words.number(value, grid.unit, grid.locale),
                        "px": grid.left - 4,
                        "py": at["py"] + 4,
                    }
                )
    layers = [_rules(plain, color=LINE), texts(labels, align="right", fontSize=SMALL_SIZE, color=GREY)]
    return [*layers, _rules(full, color=ATTENTION, strokeDash=[4, 3])] if full else layers


def _rules(items: Sequence[Mapping[str, Any]], **look: Any) -> alt.Chart:
    return alt.Chart(rows(items)).mark_rule(**look).encode(x=pixel_x(), x2="px2:Q", y=pixel_y())


def _provisional(grid: _Grid) -> list[alt.Chart]:
    boxes = []
    for index, panel in enumerate(grid.panels):
        for row in each(panel.points):
            if row.provisional:
                start, end = (
                    grid.point(index, max(row.position - 0.5, 0), 0),
                    grid.point(index, row.position, 0),
                )
                boxes.append(
                    {
                        "px": start["px"],
                        "px2": end["px"] + 3,
                        "py1": start["py"] - _PLOT_HEIGHT,
                        "py2": start["py"],
                    }
                )
    if not boxes:
        return []
    rect = alt.Chart(rows(boxes)).mark_rect(color=HATCH_PROVISIONAL)
    return [rect.encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q")]


def _lines(grid: _Grid) -> list[alt.Chart]:
    solid, dashed = [], []
    for index, panel in enumerate(grid.panels):
        run, before = 0, None
        for row in each(panel.points.dropna(subset=["value"])):
            if before is not None and row.position != before.position + 1:
                run += 1
            here = grid.point(index, row.position, row.value) | {
                "run": f"{index}.{run}",
                "order": row.position,
            }
            if row.provisional and before is not None and row.position == before.position + 1:
                last = grid.point(index, before.position, before.value)
                dashed += [
                    last | {"run": f"{index}p{row.position}", "order": 0},
                    here | {"run": f"{index}p{row.position}", "order": 1},
                ]
                run += 1
            else:
                solid.append(here)
            before = row
    layers = []
    for points, dash in ((solid, [1, 0]), (dashed, [3, 3])):
        if points:
            line = alt.Chart(rows(points)).mark_line(color=ACCENT, strokeWidth=1.8, strokeDash=dash)
            layers.append(line.encode(x=pixel_x(), y=pixel_y(), detail="run:N", order="order:Q"))
    return layers


def _points(grid: _Grid) -> list[alt.Chart]:
    looks: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
    for index, panel in enumerate(grid.panels):
        for row in each(panel.points.dropna(subset=["value"])):
            above = grid.unit == "share" and row.value > 1
            look = (
                "triangle-up" if above else "circle",
                34 if above else 14,
                PAPER if row.provisional else ACCENT,
            )
            looks.setdefault(look, []).append(grid.point(index, row.position, row.value))
    layers = []
    for (shape, size, fill), points in looks.items():
        mark = alt.Chart(rows(points)).mark_point(
            shape=shape, size=size, fill=fill, stroke=ACCENT, opacity=1, strokeWidth=1.2
        )
        layers.append(mark.encode(x=pixel_x(), y=pixel_y()))
    return layers


def _labels(grid: _Grid) -> list[alt.Chart]:
    names, groups, ends, periods = [], [], [], []
    for index, panel in enumerate(grid.panels):
        x, y = grid.corner(index)
        heading, group = _heading(panel, grid.panel_width)
        base = y - 8 - _LINE * (len(heading) + len(group) - 1)
        names += [{"text": t, "px": x, "py": base + _LINE * n} for n, t in enumerate(heading)]
        groups += [{"text": t, "px": x, "py": base + _LINE * (len(heading) + n)} for n, t in enumerate(group)]
        known = each(panel.points.dropna(subset=["value"]))
        if known:
            at = grid.point(index, known[-1].position, known[-1].value)
            ends.append(
                {
                    "text": words.number(known[-1].value, grid.unit, grid.locale),
                    "px": at["px"] + 6,
                    "py": at["py"] + 4,
                }
            )
        else:
            ends.append(
                {"text": words.number(None, grid.unit, grid.locale), "px": x + 4, "py": y + _PLOT_HEIGHT / 2}
            )
        periods += _period_labels(grid, index)
    return [
        texts(names, fontWeight="bold"),
        *([texts(groups, color=GREY, fontSize=SMALL_SIZE)] if groups else []),
        texts(ends, halo=True, color=ACCENT, fontWeight="bold", fontSize=SMALL_SIZE),
        texts([p for p in periods if p["side"] == "left"], color=GREY, fontSize=SMALL_SIZE),
        texts([p for p in periods if p["side"] == "right"], align="right", color=GREY, fontSize=SMALL_SIZE),
    ]


def _period_labels(grid: _Grid, index: int) -> list[dict[str, Any]]:
    first, last = grid.periods[0], grid.periods[-1]
    short = PeriodType.MONTH
    name = {
        p: f"{axes.short_period(p, grid.locale)} {p.year}"
        if p.type is short
        else words.period(p, grid.locale)
        for p in (first, last)
    }
    start, end = grid.point(index, 0, 0), grid.point(index, len(grid.periods) - 1, 0)
    labels = [{"text": name[first], "px": start["px"], "py": start["py"] + 14, "side": "left"}]
    if last != first:
        labels.append(
            {"text": name[last], "px": end["px"] + grid.end - 8, "py": end["py"] + 14, "side": "right"}
        )
    return labels


def _keys(grid: _Grid) -> list[Key]:
    items, points = [], pd.concat([panel.points for panel in grid.panels])
    if grid.unit == "share":
        items.append(
            Key(
                text=words.say(grid.locale, "figures.trend.full_short"),
                look="line",
                colour=ATTENTION,
                dash=(4, 3),
            )
        )
        if (points["value"] > 1).any():
            items.append(
                Key(
                    text=words.say(grid.locale, "figures.flag.above_full"), shape="triangle-up", colour=ACCENT
                )
            )
    if points["provisional"].any():
        items.append(
            Key(text=words.say(grid.locale, "figures.key.provisional"), look="box", colour=HATCH_PROVISIONAL)
        )
    return items
