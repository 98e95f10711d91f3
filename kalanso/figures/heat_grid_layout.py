"""How is a grid of places and periods laid out at a width?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import axes, classes, words
from kalanso.figures.figure import Subject, each
from kalanso.figures.letters import shortened, width_of
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, rows, texts
from kalanso.figures.scale import scale
from kalanso.figures.theme import GREY, HATCH_NO_DATA, HATCH_UNCERTAIN, INK, LABEL_SIZE, PAPER, SMALL_SIZE
from kalanso.vocabulary import Period

_NAMES_AT_MOST: Final = 0.32  # of the width


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What is to be drawn: one cell per place and period (value, rank of its class, provisional)."""

    cells: pd.DataFrame
    places: Sequence[str]
    periods: Sequence[Period]
    cuts: Sequence[float]
    subject: Subject
    locale: str


def compose(grid: Grid, width: int) -> dict[str, Any]:
    """Return the Vega-Lite specification of a grid at a width in pixels."""
    most = width * _NAMES_AT_MOST
    names = [shortened(name, most, LABEL_SIZE) for name in grid.places]
    left = max(width_of(name, LABEL_SIZE) for name in names) + 8
    across = (width - left) / len(grid.periods)
    tall = 22 if len(grid.places) <= 40 else 17
    inner, height = width - left, tall * len(grid.places)
    boxes = _boxes(grid, across, tall)
    layers = [*_cells(grid, boxes), *_values(grid, boxes, across), *_axis(grid, names, tall, inner, height)]
    counts = Counter(int(value) for value in grid.cells["rank"].dropna())
    heading = words.say(grid.locale, "figures.heat_grid.scale", measure=grid.subject.measure)
    legend, legend_tall = scale(
        heading,
        grid.cuts,
        counts,
        unit=grid.subject.unit,
        locale=grid.locale,
        left=-left,
        top=height + 40,
        width=width,
    )
    keys, keys_tall = key(_keys(grid, across), left=-left, top=height + 40 + legend_tall, width=width)
    bottom = 40 + legend_tall + keys_tall + 4
    return finished(
        [*layers, *legend, *keys],
        width=inner,
        height=height,
        padding={"left": left, "right": 0, "top": 4, "bottom": bottom},
    )


def _boxes(grid: Grid, across: float, tall: float) -> list[dict[str, Any]]:
    row = {place: index for index, place in enumerate(grid.places)}
    column = {item.code: index for index, item in enumerate(grid.periods)}
    return [
        {
            "px": round(across * column[cell.period], 1), "px2": round(across * (column[cell.period] + 1) - 1, 1),
            "py1": tall * row[cell.place], "py2": tall * (row[cell.place] + 1) - 1, "cell": cell,
        }
        for cell in each(grid.cells)
    ]  # fmt: skip


def _cells(grid: Grid, boxes: Sequence[dict[str, Any]]) -> list[alt.Chart]:
    tones = classes.tones(grid.cuts)
    groups: dict[str, list[dict[str, Any]]] = {}
    for box in boxes:
        plain = {name: box[name] for name in ("px", "px2", "py1", "py2")}
        missing = pd.isna(box["cell"].value)
        groups.setdefault(HATCH_NO_DATA if missing else tones[int(box["cell"].rank)], []).append(plain)
        if box["cell"].provisional and not missing:
            groups.setdefault(HATCH_UNCERTAIN, []).append(plain)
    order = sorted(groups, key=lambda tone: tone == HATCH_UNCERTAIN)
    return [
        alt.Chart(rows(groups[tone]))
        .mark_rect(color=tone)
        .encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q")
        for tone in order
    ]


def _values(grid: Grid, boxes: Sequence[dict[str, Any]], across: float) -> list[alt.Chart]:
    """Return the numbers in their cells where there is room, else a mark on those above 100 %."""
    shown = [(box, _bare(grid, box["cell"].value)) for box in boxes if not pd.isna(box["cell"].value)]
    if not _room(grid, across):
        above = [box for box, _ in shown if grid.subject.unit == "share" and box["cell"].value > 1]
        if not above:
            return []
        at = [{"px": (b["px"] + b["px2"]) / 2, "py": (b["py1"] + b["py2"]) / 2} for b in above]
        mark = alt.Chart(rows(at)).mark_point(
            shape="triangle-up", size=24, fill=PAPER, stroke=PAPER, opacity=1
        )
        return [mark.encode(x=pixel_x(), y=pixel_y())]
    light: list[dict[str, Any]] = []
    dark: list[dict[str, Any]] = []
    haloed: list[dict[str, Any]] = []
    middle = (len(grid.cuts) + 1) / 2
    for box, text in shown:
        label = {"text": text, "px": (box["px"] + box["px2"]) / 2, "py": (box["py1"] + box["py2"]) / 2 + 4}
        provisional, strong = box["cell"].provisional, box["cell"].rank >= middle
        (haloed if provisional else light if strong else dark).append(label)
    groups = ((light, PAPER, False), (dark, INK, False), (haloed, INK, True))
    return [
        texts(items, halo=halo, align="center", color=colour, fontSize=SMALL_SIZE)
        for items, colour, halo in groups
        if items
    ]


def _room(grid: Grid, across: float) -> bool:
    return all(
        width_of(_bare(grid, value), SMALL_SIZE) + 6 <= across for value in grid.cells["value"].dropna()
    )


def _bare(grid: Grid, value: float) -> str:
    text = words.number(value, grid.subject.unit, grid.locale)
    return text.rstrip("%\u202f\u00a0")


def _axis(grid: Grid, names: Sequence[str], tall: float, inner: float, height: float) -> list[alt.Chart]:
    left = [{"text": name, "px": -8, "py": tall * index + tall / 2 + 4} for index, name in enumerate(names)]
    across = inner / len(grid.periods)
    below: list[dict[str, Any]] = []
    end = -inner
    for position, lines in axes.period_ticks(grid.periods, inner, grid.locale):
        half = max(width_of(line, LABEL_SIZE) for line in lines) / 2
        # The last column may be too near to the edge for its name, which then leans inwards or is left out.
        at = min(across * (position + 0.5), inner - half - 1)
        if at - half > end:
            end = at + half
            below += [
                {"text": line, "px": round(at, 1), "py": height + 15 + 14 * n} for n, line in enumerate(lines)
            ]
    return [texts(left, align="right"), texts(below, align="center", color=GREY)]


def _keys(grid: Grid, across: float) -> list[Key]:
    say, items = words.say, []
    missing = int(grid.cells["value"].isna().sum())
    if missing:
        items.append(
            Key(
                text=say(grid.locale, "figures.heat_grid.key_no_data", n=missing),
                look="box",
                colour=HATCH_NO_DATA,
            )
        )
    if grid.cells["provisional"].any():
        tone = classes.tones(grid.cuts)[-2]
        items.append(Key(text=say(grid.locale, "figures.key.provisional"), look="wide", colour=tone))
    if grid.subject.unit == "share" and (grid.cells["value"] > 1).any() and not _room(grid, across):
        items.append(
            Key(text=say(grid.locale, "figures.flag.above_full"), shape="triangle-up", colour=INK, size=40)
        )
    return items
