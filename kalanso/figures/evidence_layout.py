"""How do all sources of a place share one axis at a width?

Positions and marks only: the estimate is a band, reports are lines, surveys and published values
are points that reach over the quarters that they speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import axes, words
from kalanso.figures.figure import each
from kalanso.figures.marks import Key, finished, key, rows
from kalanso.figures.theme import ACCENT, ATTENTION, HATCH_PROVISIONAL, INK, LINE, NARROW, PAPER
from kalanso.vocabulary import Period

# Reports get these in turn; ochre stays with the line of 100 %.
_REPORTED: Final = (
    ("#17695f", [7, 3]), ("#7a3b6b", [2, 2]), ("#6b5a1e", [9, 3, 2, 3]), ("#4f5b62", [4, 4]),
    ("#17695f", [1, 3]), ("#7a3b6b", [12, 3]),
)  # fmt: skip
_POINTS: Final = {"surveyed": ("diamond", INK, 90), "published": ("square", "#8a4a1c", 55)}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one source says: its name, how its numbers came about (`number`) and its points."""

    name: str
    number: str
    points: pd.DataFrame

    def called(self, locale: str) -> str:
        """Return the name with the kind of number."""
        kind = words.say(locale, f"figures.evidence_axis.kind_{self.number}")
        return f"{self.name} ({kind})" if self.name else kind


@dataclass(frozen=True, kw_only=True)
class _Plot:
    periods: Sequence[Period]
    locale: str
    width: int
    left: float
    height: float
    top: float

    @property
    def inner(self) -> float:
        return self.width - self.left - 10

    @property
    def x(self) -> alt.X:
        return axes.period_x(self.periods, self.inner, self.locale)

    def y(self, field: str = "value") -> alt.Y:
        ticks = self.ticks
        labels = axes.value_labels(ticks, "share", self.locale)
        scale = alt.Scale(domain=[0, self.top], nice=False)
        return alt.Y(f"{field}:Q", scale=scale, axis=axes.value_axis(ticks, labels))

    @property
    def ticks(self) -> list[float]:
        return axes.value_ticks(0, self.top, 4 if self.width < NARROW else 6)


def compose(lines: Sequence[Line], periods: Sequence[Period], locale: str, width: int) -> dict[str, Any]:
    """Return the Vega-Lite specification of the sources and the estimate at a width in pixels."""
    plot = _plot(lines, periods, locale, width)
    layers = [*_provisional(plot, lines), _full(plot)]
    keys: list[Key] = []
    reported = iter(_REPORTED)
    for line in lines:
        if line.number == "reported":
            colour, dash = next(reported)
            layers += _line(plot, line, colour, dash, 1.8)
            keys.append(Key(text=line.called(locale), look="line", colour=colour, dash=dash))
        elif line.number == "simulated":
            layers += _line(plot, line, INK, [1, 3], 2.6)
            keys.append(Key(text=line.called(locale), look="line", colour=INK, dash=(1, 3)))
        elif line.number == "estimated":
            layers += [*_band(plot, line), *_line(plot, line, ACCENT, [1, 0], 2.8)]
            keys.insert(0, Key(text=line.called(locale), look="line", colour=ACCENT))
    for number, (shape, colour, size) in _POINTS.items():
        some = [line for line in lines if line.number == number]
        if some:
            layers += [mark for line in some for mark in _points(plot, line, shape, colour, size)]
            keys.append(Key(text=_together(some, locale), shape=shape, colour=colour, size=size))
    keys += _other_keys(lines, locale)
    legend, tall = key(keys, left=4 - plot.left, top=plot.height + 44, width=width - 8)
    return finished(
        [*layers, *legend], width=plot.inner, height=plot.height,
        padding={"left": plot.left, "right": 10, "top": 16, "bottom": 42 + tall + 4},
    )  # fmt: skip


def _plot(lines: Sequence[Line], periods: Sequence[Period], locale: str, width: int) -> _Plot:
    top = max(1.0, *(float(line.points[["value", "high"]].max().max()) for line in lines)) * 1.06
    ticks = axes.value_ticks(0, top, 4 if width < NARROW else 6)
    left = axes.widest(axes.value_labels(ticks, "share", locale)) + 10
    height = round(min(max(width * 0.48, 220), 360))
    return _Plot(periods=periods, locale=locale, width=width, left=left, height=height, top=top)


def _together(lines: Sequence[Line], locale: str) -> str:
    kind = words.say(locale, f"figures.evidence_axis.kind_{lines[0].number}")
    return f"{kind}{words.say(locale, 'figures.words.colon')}{words.listed([line.name for line in lines], locale)}"


def _other_keys(lines: Sequence[Line], locale: str) -> list[Key]:
    items = [
        Key(text=words.say(locale, "figures.trend.full_short"), look="line", colour=ATTENTION, dash=(5, 3))
    ]
    if any(line.points["low"].notna().any() for line in lines):
        items.append(Key(text=words.say(locale, "figures.key.interval95"), look="box", colour=LINE))
    if any(line.points["provisional"].any() for line in lines):
        items.append(
            Key(text=words.say(locale, "figures.key.provisional"), look="box", colour=HATCH_PROVISIONAL)
        )
    return items


def _provisional(plot: _Plot, lines: Sequence[Line]) -> list[alt.Chart]:
    late = sorted({int(row.position) for line in lines for row in each(line.points) if row.provisional})
    if not late:
        return []
    data = rows([{"position": p - 0.5, "end": p + 0.5} for p in late])
    return [alt.Chart(data).mark_rect(color=HATCH_PROVISIONAL).encode(x=plot.x, x2="end:Q")]


def _full(plot: _Plot) -> alt.Chart:
    line = alt.Chart(rows([{"value": 1.0}])).mark_rule(color=ATTENTION, strokeDash=[5, 3])
    return line.encode(y=plot.y())


def _band(plot: _Plot, line: Line) -> list[alt.Chart]:
    bounded = line.points.dropna(subset=["low", "high"])
    if bounded.empty:
        return []
    data = rows(
        [{"position": int(r.position), "low": float(r.low), "high": float(r.high)} for r in each(bounded)]
    )
    band = alt.Chart(data).mark_area(color=ACCENT, opacity=0.2)
    return [band.encode(x=plot.x, y=plot.y("low"), y2="high:Q")]


def _line(plot: _Plot, line: Line, colour: str, dash: list[int], thick: float) -> list[alt.Chart]:
    """Return stretches without a gap; a stretch of one quarter is a dot."""
    layers = []
    for run in _runs(line.points):
        data = rows(run)
        if len(run) == 1:
            layers.append(
                alt.Chart(data).mark_point(shape="circle", size=20, filled=True, color=colour, opacity=1)
            )
        else:
            layers.append(
                alt.Chart(data).mark_line(
                    color=colour, strokeDash=dash, strokeWidth=thick, strokeJoin="round"
                )
            )
    return [layer.encode(x=plot.x, y=plot.y()) for layer in layers]


def _runs(points: pd.DataFrame) -> list[list[dict[str, float]]]:
    runs: list[list[dict[str, float]]] = []
    for row in each(points):
        here = {"position": int(row.position), "value": float(row.value)}
        if runs and here["position"] == runs[-1][-1]["position"] + 1:
            runs[-1].append(here)
        else:
            runs.append([here])
    return runs


def _points(plot: _Plot, line: Line, shape: str, colour: str, size: int) -> list[alt.Chart]:
    spans, bounds, dots = [], [], []
    for row in each(line.points):
        middle = (row.start + row.position) / 2
        dots.append({"position": middle, "value": float(row.value)})
        spans.append({"position": row.start - 0.4, "end": row.position + 0.4, "value": float(row.value)})
        if not pd.isna(row.low) and not pd.isna(row.high):
            bounds.append({"position": middle, "low": float(row.low), "high": float(row.high)})
    layers = [
        alt.Chart(rows(spans))
        .mark_rule(color=colour, strokeWidth=1.4)
        .encode(x=plot.x, x2="end:Q", y=plot.y())
    ]
    if bounds:
        whisker = alt.Chart(rows(bounds)).mark_rule(color=colour, strokeWidth=1.8)
        layers.append(whisker.encode(x=plot.x, y=plot.y("low"), y2="high:Q"))
    mark = alt.Chart(rows(dots)).mark_point(
        shape=shape, size=size, fill=colour, stroke=PAPER, strokeWidth=1, opacity=1
    )
    return [*layers, mark.encode(x=plot.x, y=plot.y())]
