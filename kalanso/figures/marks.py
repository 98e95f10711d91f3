"""How are words and keys set beside the data?

Text at pixel positions, keys in rows that wrap, labels that do not cover each other. Positions of
data belong to the scales of each figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from kalanso.figures.letters import width_of, wrap
from kalanso.figures.theme import HATCH_UNCERTAIN, INK, PAPER, SMALL_SIZE, config

_SYMBOL = 22  # px that the symbol of a key takes, with the space behind it
_ROW = 18
_BETWEEN = 16


@dataclass(frozen=True, kw_only=True)
class Key:
    """One entry of a key: what it looks like and what it means."""

    text: str
    look: str = "point"  # point, line, box, wide (hatched in white over the colour)
    colour: str = INK
    shape: str = "circle"
    filled: bool = True
    size: int = 50
    dash: Sequence[int] = (1, 0)


def rows(values: Sequence[Mapping[str, Any]]) -> alt.Data:
    """Return plain rows as the data of a layer."""
    return alt.Data(values=[dict(value) for value in values])


def pixel_x(field: str = "px") -> alt.X:
    """Return a position in pixels from the left edge of the plot."""
    return alt.X(f"{field}:Q", scale=None, axis=None)


def pixel_y(field: str = "py") -> alt.Y:
    """Return a position in pixels from the upper edge of the plot."""
    return alt.Y(f"{field}:Q", scale=None, axis=None)


def texts(items: Sequence[Mapping[str, Any]], *, halo: bool = False, **look: Any) -> alt.Chart:
    """Return texts (`text`, `px`, `py`) at pixel positions; a halo keeps them legible over marks."""
    if halo:
        look |= {"stroke": PAPER, "strokeWidth": 3, "strokeJoin": "round"}
    look = {"align": "left", "baseline": "alphabetic", **look}
    return alt.Chart(rows(items)).mark_text(**look).encode(x=pixel_x(), y=pixel_y(), text=alt.Text("text:N"))


def key(items: Sequence[Key], *, left: float, top: float, width: float) -> tuple[list[alt.Chart], float]:
    """Return the layers of a key set in rows, and its height in pixels."""
    layers: list[alt.Chart] = []
    x, y = left, top + _ROW / 2
    for item in items:
        lines = wrap(item.text, width - _SYMBOL, SMALL_SIZE)
        needed = _SYMBOL + max(width_of(line, SMALL_SIZE) for line in lines)
        if x > left and x + needed > left + width:
            x, y = left, y + _ROW
        layers.append(_symbol(item, x, y))
        layers += [
            texts([{"text": line, "px": x + _SYMBOL, "py": y + 4 + 14 * n}], fontSize=SMALL_SIZE)
            for n, line in enumerate(lines)
        ]
        x += needed + _BETWEEN
        if len(lines) > 1:
            x, y = left + width, y + 14 * (len(lines) - 1)
    return layers, (y + _ROW / 2 - top) if items else 0


def _symbol(item: Key, x: float, y: float) -> alt.Chart:
    at = {"px": round(x, 1), "py": round(y, 1)}
    chart = alt.Chart(
        rows([at | {"px2": round(x + 16, 1), "py1": y - 6, "py2": y + 6, "mid": round(x + 8, 1)}])
    )
    if item.look == "line":
        drawn = chart.mark_rule(color=item.colour, strokeWidth=2, strokeDash=list(item.dash))
        return drawn.encode(x=pixel_x(), x2="px2:Q", y=pixel_y())
    if item.look == "wide":
        at |= {"px2": at["px"] + 16, "py1": y - 6, "py2": y + 6}
        box = alt.Chart(rows([at])).encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q")
        return box.mark_rect(color=item.colour) + box.mark_rect(
            color=HATCH_UNCERTAIN, stroke=INK, strokeWidth=0.5
        )
    if item.look == "box":
        drawn = chart.mark_rect(color=item.colour, stroke=INK, strokeWidth=0.5)
        return drawn.encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q")
    drawn = chart.mark_point(
        shape=item.shape, size=item.size, filled=item.filled, color=item.colour, opacity=1, strokeWidth=1.6
    )
    return drawn.encode(x=pixel_x("mid"), y=pixel_y())


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions at least `gap` apart, as near as can be to those wanted, within bounds."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    floor = low
    for i in order:
        placed[i] = max(wanted[i], floor)
        floor = placed[i] + gap
    ceiling = high
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - gap
    return placed


def finished(
    layers: Sequence[alt.Chart], *, width: float, height: float, padding: Mapping[str, float]
) -> dict[str, Any]:
    """Return the specification of layers on a plot of a size, with room for words around it."""
    chart = alt.layer(*layers).properties(
        width=round(width), height=round(height), padding={side: round(px) for side, px in padding.items()}
    )
    # Checking every row against the grammar takes longer than drawing it; tests check each kind.
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec["config"] = config()
    return spec
