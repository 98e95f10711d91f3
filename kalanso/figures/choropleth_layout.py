"""How is a map laid out at a width?

Shapes in pixels, tones, names that do not cover each other, and the scale with its counts. What the
map says was decided in `choropleth`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd
from shapely.geometry.base import BaseGeometry

from kalanso.figures import classes, words
from kalanso.figures.figure import Subject, row_at
from kalanso.figures.letters import width_of, wrap
from kalanso.figures.marks import Key, finished, key, rows, texts
from kalanso.figures.outlines import Sheet, label_point, on_sheet
from kalanso.figures.scale import BORDER, scale
from kalanso.figures.theme import HATCH_NO_DATA, HATCH_UNCERTAIN, INK, SMALL_SIZE

_TALLEST: Final = 600
_SIMPLER: Final = 0.7  # px: finer detail would not be seen
_HALF_LINE: Final = 7


@dataclass(frozen=True, kw_only=True)
class Map:
    """What is to be drawn: rows with place, value, class and wide; outlines in the same order.

    `class_names` stand at the scale where the limits of the classes are not what a reader would say.
    """

    rows: pd.DataFrame
    outlines: Sequence[BaseGeometry | None]
    cuts: Sequence[float]
    subject: Subject
    locale: str
    named: Sequence[int]
    class_names: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class _Label:
    place: int
    text: str
    x: float
    y: float
    half_width: float

    def covers(self, other: _Label) -> bool:
        return (
            abs(self.x - other.x) < self.half_width + other.half_width + 3
            and abs(self.y - other.y) < 2 * _HALF_LINE
        )


def compose(drawn: Map, width: int) -> dict[str, Any]:
    """Return the Vega-Lite specification of a map at a width in pixels."""
    sheet = on_sheet(drawn.outlines, width, min(width * 0.95, _TALLEST), _SIMPLER)
    labels, numbered = _labels(drawn, sheet)
    layers = [*_areas(drawn, sheet), *_names(labels)]
    below = sheet.height + 8
    if numbered:
        listed, tall = _number_list(numbered, drawn, below, width)
        layers, below = [*layers, *listed], below + tall
    scale, tall = _scale(drawn, below, width)
    keys, keys_tall = key(_keys(drawn), left=0, top=below + tall, width=width)
    total = below + tall + keys_tall + 4
    return finished(
        [*layers, *scale, *keys],
        width=width,
        height=total,
        padding={"left": 0, "right": 0, "top": 4, "bottom": 0},
    )


def _areas(drawn: Map, sheet: Sheet) -> list[alt.Chart]:
    tones = classes.tones(drawn.cuts)
    in_class = drawn.rows["class"]
    groups = [(drawn.rows.index[in_class == number], tone) for number, tone in enumerate(tones)]
    groups.append((drawn.rows.index[in_class.isna()], HATCH_NO_DATA))
    groups.append((drawn.rows.index[drawn.rows["wide"] & in_class.notna()], HATCH_UNCERTAIN))
    layers = []
    for positions, tone in groups:
        features = sheet.features([int(position) for position in positions])
        if features:
            shape = alt.Chart(rows(features)).mark_geoshape(
                clip=False, fill=tone, stroke=BORDER, strokeWidth=0.6, strokeJoin="round"
            )
            layers.append(shape.project(type="identity", scale=1, translate=[0, 0]))
    return layers


def _labels(drawn: Map, sheet: Sheet) -> tuple[list[_Label], list[int]]:
    """Return the names that found room, and the places that did not (they get a number)."""
    placed: list[_Label] = []
    numbered: list[int] = []
    for place in drawn.named:
        shape = sheet.shapes[place]
        if shape is None or shape.is_empty:
            continue
        x, y = label_point(shape)
        text = str(drawn.rows.loc[place, "place"])
        half = width_of(text, SMALL_SIZE, bold=True) / 2
        beside = [
            (0, 0),
            (0, -12),
            (0, 12),
            (half + 8, 0),
            (-half - 8, 0),
            (half + 6, -11),
            (-half - 6, -11),
            (half + 6, 11),
            (-half - 6, 11),
        ]
        tries = (_Label(place=place, text=text, x=x + dx, y=y + dy, half_width=half) for dx, dy in beside)
        found = next((label for label in tries if _fits(label, sheet, placed)), None)
        if found is None:
            numbered.append(place)
            found = _numbered(place, str(len(numbered)), x, y, sheet, placed)
        placed.append(found)
    return placed, numbered


def _numbered(place: int, number: str, x: float, y: float, sheet: Sheet, placed: Sequence[_Label]) -> _Label:
    half = width_of(number, SMALL_SIZE, bold=True) / 2
    near = [(dx, dy) for dx in (0, -8, 8, -15, 15) for dy in (0, -9, 9, -14, 14)]
    near.sort(key=lambda step: abs(step[0]) + abs(step[1]))
    tries = [_Label(place=place, text=number, x=x + dx, y=y + dy, half_width=half) for dx, dy in near]
    return next((label for label in tries if _fits(label, sheet, placed)), tries[0])


def _fits(label: _Label, sheet: Sheet, placed: Sequence[_Label]) -> bool:
    inside = (
        label.half_width <= label.x <= sheet.width - label.half_width
        and _HALF_LINE <= label.y <= sheet.height - 4
    )
    return inside and not any(label.covers(other) for other in placed)


def _names(labels: Sequence[_Label]) -> list[alt.Chart]:
    items = [{"text": label.text, "px": round(label.x, 1), "py": round(label.y + 4, 1)} for label in labels]
    return (
        [texts(items, halo=True, align="center", fontSize=SMALL_SIZE, fontWeight="bold", color=INK)]
        if items
        else []
    )


def _number_list(
    numbered: Sequence[int], drawn: Map, top: float, width: int
) -> tuple[list[alt.Chart], float]:
    names = [
        f"{n}\u00a0{row_at(drawn.rows, place).place}".replace(" ", "\u00a0")
        for n, place in enumerate(numbered, 1)
    ]
    lines = wrap(", ".join(names), width, SMALL_SIZE)
    items = [{"text": line, "px": 0, "py": top + 12 + 14 * n} for n, line in enumerate(lines)]
    return [texts(items, fontSize=SMALL_SIZE)], 14 * len(lines) + 8


def _scale(drawn: Map, top: float, width: int) -> tuple[list[alt.Chart], float]:
    counts = Counter(int(value) for value in drawn.rows["class"].dropna())
    unit, locale = drawn.subject.unit, drawn.locale
    return scale(
        _scale_heading(drawn), drawn.cuts, counts, unit=unit, locale=locale, top=top, width=width,
        called=drawn.class_names,
    )  # fmt: skip


def _scale_heading(drawn: Map) -> str:
    level = drawn.subject.level
    total = words.places(int(drawn.rows["class"].notna().sum()), level, drawn.locale)
    return words.say(drawn.locale, "figures.choropleth.scale", measure=drawn.subject.measure, places=total)


def _keys(drawn: Map) -> list[Key]:
    items = []
    gaps = int(drawn.rows["class"].isna().sum())
    if gaps:
        text = words.say(
            drawn.locale,
            "figures.choropleth.key_no_data",
            places=words.places(gaps, drawn.subject.level, drawn.locale),
        )
        items.append(Key(text=text, look="box", colour=HATCH_NO_DATA))
    if drawn.rows["wide"].any():
        items.append(
            Key(
                text=words.say(drawn.locale, "figures.choropleth.key_wide"),
                look="wide",
                colour=classes.tones(drawn.cuts)[-2],
            )
        )
    if (drawn.rows["kind"] == "catchment").any():
        items.append(
            Key(text=words.say(drawn.locale, "figures.choropleth.key_catchment"), look="line", colour=BORDER)
        )
    return items
