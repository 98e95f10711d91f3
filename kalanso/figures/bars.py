"""How are horizontal bars laid out, one row per place?

The common ground of `ranked_bars` and `missed_children`: names at the left, bars from zero on one
axis, values at the end of each bar.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from kalanso.figures import axes, words
from kalanso.figures.letters import width_of, wrap
from kalanso.figures.marks import pixel_x, pixel_y, rows, texts
from kalanso.figures.theme import GREY, LABEL_SIZE, LINE, SMALL_SIZE

_NAMES_AT_MOST: Final = 0.34  # of the width
_ROW: Final = 24
_BAR: Final = 15


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Rows of bars on a value axis from `low` to `high`, in pixels."""

    names: Sequence[Sequence[str]]
    left: float
    right: float
    width: float
    low: float
    high: float

    @property
    def inner(self) -> float:
        return self.width - self.left - self.right

    @property
    def height(self) -> float:
        return sum(self.row_height(row) for row in range(len(self.names)))

    def row_height(self, row: int) -> float:
        """Return how tall a row is: as its name needs."""
        return max(_ROW, 14 * len(self.names[row]) + 8)

    def x(self, value: float) -> float:
        """Return where a value stands, in pixels from the left edge of the plot."""
        return round((value - self.low) / (self.high - self.low) * self.inner, 1)

    def middle(self, row: int) -> float:
        """Return the middle of a row, in pixels from the upper edge."""
        return round(sum(self.row_height(above) for above in range(row)) + self.row_height(row) / 2, 1)

    def bar(self, row: int, value: float) -> dict[str, float]:
        """Return the box of a bar that begins at zero."""
        start, end = sorted((self.x(0), self.x(value)))
        return {
            "px": start,
            "px2": end,
            "py1": self.middle(row) - _BAR / 2,
            "py2": self.middle(row) + _BAR / 2,
        }

    def boxes(self, items: Sequence[Mapping[str, float]], **look: Any) -> alt.Chart:
        """Return filled boxes in one look."""
        return (
            alt.Chart(rows(items))
            .mark_rect(**look)
            .encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q")
        )


def lay_out(
    names: Sequence[str], low: float, high: float, width: float, *, right: float, from_zero: bool = True
) -> Bars:
    """Return the ground on which bars of these names and values stand.

    Bars begin at zero; an axis of points alone may begin near the lowest of them.
    """
    most = width * _NAMES_AT_MOST
    wrapped = [wrap(name, most, LABEL_SIZE) for name in names]
    left = min(max(width_of(line, LABEL_SIZE) for lines in wrapped for line in lines), most) + 10
    return Bars(
        names=wrapped, left=left, right=right, width=width,
        low=min(low, 0.0) if from_zero else low, high=max(high, 0.0) or 1.0,
    )  # fmt: skip


def begin(low: float, high: float) -> float:
    """Return where an axis of points may begin: a round value below the lowest, or zero where that is near."""
    step = (high - min(low, 0.0)) / 10 or 1.0
    power = 10.0 ** math.floor(math.log10(step))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= step)
    least = (math.ceil(low / step) - 1) * step
    if low >= 0 and least <= 0.25 * high:
        return 0.0
    return round(least, 10)


def ground(bars: Bars, unit: str, locale: str, *, least: float | None = None) -> list[alt.Chart]:
    """Return names, grid lines and the labels of the value axis above.

    `least` is the lowest value that means something (a rank begins at 1); ticks below it are left out.
    """
    ticks = axes.value_ticks(bars.low, bars.high, max(3, min(6, int(bars.inner / 60))), unit)
    ticks = [tick for tick in ticks if least is None or tick >= least]
    lines = [{"px": bars.x(tick), "py1": 0, "py2": bars.height} for tick in ticks]
    labels = [{"text": words.number(tick, unit, locale), "px": bars.x(tick), "py": -6} for tick in ticks]
    names = [
        {"text": line, "px": -8, "py": bars.middle(row) + 4 + 14 * (n - (len(wrapped) - 1) / 2)}
        for row, wrapped in enumerate(bars.names)
        for n, line in enumerate(wrapped)
    ]
    return [
        upright(lines, color=LINE),
        texts(labels, align="center", color=GREY, fontSize=SMALL_SIZE),
        texts(names, align="right"),
    ]


def upright(items: Sequence[Mapping[str, float]], **look: Any) -> alt.Chart:
    """Return upright lines in pixels (`px`, `py1`, `py2`)."""
    return alt.Chart(rows(items)).mark_rule(**look).encode(x=pixel_x(), y=pixel_y("py1"), y2="py2:Q")


def level(items: Sequence[Mapping[str, float]], **look: Any) -> alt.Chart:
    """Return level lines in pixels (`px`, `px2`, `py`)."""
    return alt.Chart(rows(items)).mark_rule(**look).encode(x=pixel_x(), x2="px2:Q", y=pixel_y())
