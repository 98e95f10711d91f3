"""How is a trend laid out at a width?

Positions and marks only: what is drawn was decided in `trend`, what it says in `interpretation`.
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
from kalanso.figures.marks import Key, finished, key, rows, spread, texts
from kalanso.figures.theme import (
    ATTENTION,
    HATCH_NO_DATA,
    HATCH_PROVISIONAL,
    INK,
    LABEL_SIZE,
    LINE,
    NARROW,
    PAPER,
    SERIES_COLOURS,
    SERIES_DASHES,
    SERIES_SHAPES,
    SMALL_SIZE,
)  # fmt: skip
from kalanso.vocabulary import Period

_CLEAR: Final = 13  # px between words and data
# What each mark on a doubtful point looks like: shape, size, filled.
FLAGS: Final[Mapping[str, tuple[str, int, bool]]] = {
    "outlier": ("circle", 190, False),
    "copied": ("square", 170, False),
    "doubtful": ("diamond", 200, False),
    "above_full": ("triangle-up", 80, True),
}
_SHAPE_OF_NUMBER: Final = {
    "counted": "square", "reported": "circle", "surveyed": "diamond", "estimated": "cross", "simulated": "circle",
}  # fmt: skip
_UNJOINED: Final = ("surveyed",)  # surveys are years apart: a line between them would invent values


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line: its name, how its numbers came about, and its points.

    `points` has position (of the period, from 0), period, value, low, high, provisional and flags
    (names of FLAGS), in order of position.
    """

    name: str
    number: str
    points: pd.DataFrame

    @property
    def known(self) -> pd.DataFrame:
        """The points that have a value."""
        return self.points.dropna(subset=["value"])


@dataclass(frozen=True, kw_only=True)
class _Plot:
    series: Sequence[Series]
    periods: Sequence[Period]
    unit: str
    locale: str
    width: int
    left: float
    right: float
    height: float
    low_value: float
    top_value: float

    @property
    def inner(self) -> float:
        return self.width - self.left - self.right

    def x_at(self, position: float) -> float:
        return (position + 0.5) / len(self.periods) * self.inner

    def y_at(self, value: float) -> float:
        return (self.top_value - value) / (self.top_value - self.low_value) * self.height

    @property
    def x(self) -> alt.X:
        return axes.period_x(self.periods, self.inner, self.locale)

    def y(self, field: str = "value") -> alt.Y:
        ticks = axes.value_ticks(self.low_value, self.top_value, 4 if self.width < NARROW else 6, self.unit)
        labels = axes.value_labels(ticks, self.unit, self.locale)
        return alt.Y(
            f"{field}:Q",
            scale=alt.Scale(domain=[self.low_value, self.top_value], nice=False),
            axis=axes.value_axis(ticks, labels),
        )

    def dress(self, index: int) -> tuple[str, list[int], str, bool]:
        """Return colour, dash, shape and filling of a series."""
        number = self.series[index].number
        mixed = len({item.number for item in self.series}) > 1
        shape = _SHAPE_OF_NUMBER[number] if mixed else SERIES_SHAPES[index]
        return SERIES_COLOURS[index], list(SERIES_DASHES[index]), shape, number != "simulated"


def compose(
    series: Sequence[Series], periods: Sequence[Period], unit: str, locale: str, width: int
) -> dict[str, Any]:
    """Return the Vega-Lite specification of a trend at a width in pixels."""
    plot = _plot(series, periods, unit, locale, width)
    layers: list[alt.Chart] = [*_columns(plot), *_reference(plot)]
    for index in range(len(series)):
        layers += _one(plot, index)
    layers += _point_labels(plot)
    keys = _keys(plot)
    legend, legend_height = key(keys, left=4 - plot.left, top=plot.height + 44, width=width - 8)
    return finished(
        [*layers, *legend],
        width=plot.inner,
        height=plot.height,
        padding={"left": plot.left, "right": plot.right, "top": 16, "bottom": 42 + legend_height + 4},
    )


def _plot(series: Sequence[Series], periods: Sequence[Period], unit: str, locale: str, width: int) -> _Plot:
    every = pd.concat([item.points[["value", "high"]] for item in series]).max().max()
    least = pd.concat([item.points[["value", "low"]] for item in series]).min().min()
    floor = {"share": 1.0, "rate": 0.1, "count": 1.0}[unit]
    top, low = max(float(every), floor), min(float(least), 0.0)
    top, low = top + (top - low) * 0.08, low and low - (top - low) * 0.12
    ticks = axes.value_ticks(low, top, 4 if width < NARROW else 6, unit)
    left = axes.widest(axes.value_labels(ticks, unit, locale)) + 10
    ends = _end_labels(series, unit, locale, width)
    right = max((width_of(line, LABEL_SIZE, bold=True) for end in ends for line in end), default=0) + 14
    height = min(max(width * 0.42, 190), 330)
    return _Plot(
        series=series, periods=periods, unit=unit, locale=locale, width=width,
        left=left, right=right, height=round(height), low_value=low, top_value=top,
    )  # fmt: skip


def _end_labels(series: Sequence[Series], unit: str, locale: str, width: int) -> list[list[str]]:
    """Return the lines that stand at the right end of each series."""
    ends = []
    for item in series:
        value = words.number(item.known["value"].iloc[-1], unit, locale) if len(item.known) else ""
        named = len(series) > 1 and _names_at_the_end(series, width)
        ends.append([*wrap(item.name, width * 0.22, SMALL_SIZE), value] if named else [value])
    return ends


def _names_at_the_end(series: Sequence[Series], width: int) -> bool:
    longest = max(width_of(word, SMALL_SIZE) for item in series for word in item.name.split(" "))
    return width >= NARROW and longest <= width * 0.22


def _columns(plot: _Plot) -> list[alt.Chart]:
    """Return hatched columns under provisional periods, and grey ones where nothing was reported."""
    provisional = {int(row.position) for item in plot.series for row in each(item.points) if row.provisional}
    made = [(provisional, HATCH_PROVISIONAL), (_gaps(plot) - provisional, HATCH_NO_DATA)]
    layers = []
    for positions, colour in made:
        if positions:
            data = rows([{"position": p - 0.5, "end": p + 0.5} for p in sorted(positions)])
            layers.append(alt.Chart(data).mark_rect(color=colour).encode(x=plot.x, x2="end:Q"))
    return layers


def _gaps(plot: _Plot) -> set[int]:
    if all(item.number in _UNJOINED for item in plot.series) or len(plot.series) > 1:
        return set()
    return set(range(len(plot.periods))) - set(plot.series[0].known["position"])


def _reference(plot: _Plot) -> list[alt.Chart]:
    if plot.low_value < 0:
        return [alt.Chart(rows([{"value": 0}])).mark_rule(color=INK).encode(y=plot.y())]
    if plot.unit != "share":
        return []
    line = alt.Chart(rows([{"value": 1.0}])).mark_rule(color=ATTENTION, strokeDash=[5, 3]).encode(y=plot.y())
    place = _place_on_reference(plot)
    if place is None:
        return [line]
    label = texts([place], halo=True, color=ATTENTION, fontSize=SMALL_SIZE)
    return [line, label]


def _reference_text(plot: _Plot) -> str:
    return words.say(plot.locale, f"figures.trend.full_{'short' if plot.width < NARROW else 'long'}")


def _place_on_reference(plot: _Plot) -> dict[str, Any] | None:
    """Return where the words fit on the 100 % line without touching the data, or None (a key then)."""
    text = _reference_text(plot)
    wide = width_of(text, SMALL_SIZE)
    tries: list[dict[str, Any]] = [
        {"text": text, "px": round(start, 1), "py": round(plot.y_at(1) + shift, 1)}
        for shift in (-5, 14)
        for start in (4.0, plot.inner - wide - 4, (plot.inner - wide) / 2)
    ]
    free = ((_clearance(plot, place["px"], place["px"] + wide, place["py"] - 4), place) for place in tries)
    return next((place for room, place in free if room >= _CLEAR), None)


def _clearance(plot: _Plot, start: float, end: float, middle: float) -> float:
    """Return how far the data stay from words between two x and at a y, in pixels."""
    near = [1e9]
    for item in plot.series:
        known = each(item.known)
        for a, b in zip(known, known[1:] or known, strict=False):
            steps = [
                (a.position + (b.position - a.position) * n / 8, a.value + (b.value - a.value) * n / 8)
                for n in range(9)
            ]
            near += [abs(plot.y_at(v) - middle) for p, v in steps if start - 10 <= plot.x_at(p) <= end + 10]
    return min(near)


def _one(plot: _Plot, index: int) -> list[alt.Chart]:
    item = plot.series[index]
    colour, dash, shape, filled = plot.dress(index)
    layers: list[alt.Chart] = []
    bounded = item.known.dropna(subset=["low", "high"])
    if len(bounded):
        layers.append(_interval(plot, item, bounded, colour))
    if item.number not in _UNJOINED:
        for run, dashed in _runs(item):
            line = alt.Chart(rows(run)).mark_line(
                color=colour, strokeWidth=2.2, strokeDash=[3, 4] if dashed else dash, strokeJoin="round"
            )
            layers.append(line.encode(x=plot.x, y=plot.y()))
    return [*layers, *_points(plot, item, colour, shape, filled)]


def _interval(plot: _Plot, item: Series, bounded: pd.DataFrame, colour: str) -> alt.Chart:
    data = rows(
        [{"position": int(r.position), "low": float(r.low), "high": float(r.high)} for r in each(bounded)]
    )
    if item.number in _UNJOINED:
        return (
            alt.Chart(data)
            .mark_rule(color=colour, strokeWidth=1.6)
            .encode(x=plot.x, y=plot.y("low"), y2="high:Q")
        )
    return (
        alt.Chart(data).mark_area(color=colour, opacity=0.16).encode(x=plot.x, y=plot.y("low"), y2="high:Q")
    )


def _runs(item: Series) -> list[tuple[list[dict[str, float]], bool]]:
    """Return stretches without a gap, those that lead to provisional values apart (dashed)."""
    runs: list[tuple[list[dict[str, float]], bool]] = []
    before: Any = None
    for row in each(item.known):
        here = {"position": int(row.position), "value": float(row.value)}
        if before is not None and row.position == before.position + 1:
            dashed = bool(row.provisional or before.provisional)
            if runs and runs[-1][1] is dashed and runs[-1][0][-1]["position"] == before.position:
                runs[-1][0].append(here)
            else:
                runs.append(
                    ([{"position": int(before.position), "value": float(before.value)}, here], dashed)
                )
        before = row
    return runs


def _points(plot: _Plot, item: Series, colour: str, shape: str, filled: bool) -> list[alt.Chart]:
    small = plot.inner / len(plot.periods) < 12
    points = each(item.known)
    # With several series the shape already tells them apart, and the 100 % line is there to see.
    marked = {r.Index for r in points if plot.unit == "share" and r.value > 1 and len(plot.series) == 1}
    above = [r for r in points if r.Index in marked]
    plain = [r for r in points if r.Index not in marked]
    layers = [
        _dots(plot, [r for r in plain if not r.provisional], shape, 16 if small else 44, filled, colour),
        _dots(plot, [r for r in plain if r.provisional], shape, 30 if small else 50, False, colour),
        _dots(
            plot, [r for r in above if not r.provisional], "triangle-up", 34 if small else 80, filled, colour
        ),
        _dots(plot, [r for r in above if r.provisional], "triangle-up", 34 if small else 80, False, colour),
    ]
    for flag, (mark, size, full) in FLAGS.items():
        flagged = [r for r in points if flag in r.flags]
        layers.append(_dots(plot, flagged, mark, size, full, ATTENTION, hollow="transparent"))
    return [layer for layer in layers if layer is not None]


def _dots(
    plot: _Plot, points: Sequence[Any], shape: str, size: int, filled: bool, colour: str, hollow: str = PAPER
) -> alt.Chart | None:
    if not points:
        return None
    mark = alt.Chart(
        rows([{"position": int(r.position), "value": float(r.value)} for r in points])
    ).mark_point(
        shape=shape, size=size, opacity=1, fill=colour if filled else hollow, stroke=colour, strokeWidth=1.6
    )
    return mark.encode(x=plot.x, y=plot.y())


def _point_labels(plot: _Plot) -> list[alt.Chart]:
    layers = []
    ends = _end_labels(plot.series, plot.unit, plot.locale, plot.width)
    with_values = [i for i, item in enumerate(plot.series) if len(item.known)]
    wanted = [plot.y_at(plot.series[i].known["value"].iloc[-1]) for i in with_values]
    gap = max((len(end) for end in ends), default=1) * 14 + 2
    placed = spread(wanted, gap, 6, plot.height)
    for i, py in zip(with_values, placed, strict=True):
        last = plot.series[i].known.iloc[-1]
        px = plot.x_at(last["position"]) + 9
        lines = [
            {"text": t, "px": px, "py": py + 4 + 14 * (n - (len(ends[i]) - 1) / 2)}
            for n, t in enumerate(ends[i])
        ]
        layers.append(texts(lines[:-1], halo=True, color=plot.dress(i)[0], fontSize=SMALL_SIZE)) if lines[
            :-1
        ] else None
        layers.append(texts(lines[-1:], halo=True, color=plot.dress(i)[0], fontWeight="bold"))
    if len(plot.series) == 1:
        layers.append(_notable(plot))
    return layers


def _notable(plot: _Plot) -> alt.Chart:
    """Return labels on the lowest, highest and first points, where they do not crowd each other."""
    known = each(plot.series[0].known)
    lowest, highest = (pick(known, key=lambda row: row.value) for pick in (min, max))
    before = known[max(known.index(lowest) - 1, 0)]
    taken = [(plot.x_at(known[-1].position) + 20, plot.y_at(known[-1].value))]
    labels = []
    wished = [
        (lowest, False),
        (highest, True),
        (known[0], None),
        *([(before, True)] if len(known) <= 24 else []),
    ]
    for row, above in wished:
        px, py = plot.x_at(row.position), plot.y_at(row.value)
        rising = above if above is not None else row.value > known[min(1, len(known) - 1)].value
        text = words.number(row.value, plot.unit, plot.locale)
        half = width_of(text, LABEL_SIZE) / 2
        if row is known[-1] or any(abs(px - x) < half + 26 and abs(py - y) < 30 for x, y in taken):
            continue
        taken.append((px, py))
        if not rising and py + 24 > plot.height:
            px, py = px + half + 12, py - 16  # below would be on the axis: stand beside the point
        at = min(max(px, half - 2), plot.inner - half)
        labels.append({"text": text, "px": round(at, 1), "py": round(py - 10 if rising else py + 20, 1)})
    return texts(labels, halo=True, align="center", color=INK)


def _keys(plot: _Plot) -> list[Key]:
    say, items = words.say, []
    if len(plot.series) > 1 and not _names_at_the_end(plot.series, plot.width):
        for i, item in enumerate(plot.series):
            colour, dash, shape, filled = plot.dress(i)
            look = "point" if item.number in _UNJOINED else "line"
            items.append(Key(text=item.name, look=look, colour=colour, dash=dash, shape=shape, filled=filled))
    points = pd.concat([item.known for item in plot.series])
    if plot.unit == "share" and _place_on_reference(plot) is None:
        items.append(Key(text=_reference_text(plot), look="line", colour=ATTENTION, dash=(5, 3)))
    if plot.unit == "share" and (points["value"] > 1).any() and len(plot.series) == 1:
        colour = plot.dress(0)[0]
        items.append(
            Key(text=say(plot.locale, "figures.flag.above_full"), shape="triangle-up", colour=colour, size=70)
        )
    for flag, (shape, _, filled) in FLAGS.items():
        if points["flags"].map(lambda flags, flag=flag: flag in flags).any():
            text = say(plot.locale, f"figures.flag.{flag}")
            items.append(Key(text=text, shape=shape, filled=filled, colour=ATTENTION, size=110))
    if any(item.points["provisional"].any() for item in plot.series):
        items.append(
            Key(text=say(plot.locale, "figures.key.provisional"), look="box", colour=HATCH_PROVISIONAL)
        )
    if _gaps(plot):
        items.append(Key(text=say(plot.locale, "figures.key.no_data"), look="box", colour=HATCH_NO_DATA))
    if any(item.points["low"].notna().any() for item in plot.series):
        items.append(Key(text=say(plot.locale, "figures.key.interval"), look="box", colour=LINE))
    return items
