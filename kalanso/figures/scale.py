"""How does the scale of classes look, with how many stand in each?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import altair as alt

from kalanso.figures import classes
from kalanso.figures.letters import wrap
from kalanso.figures.marks import pixel_x, pixel_y, rows, texts
from kalanso.figures.theme import GREY, SMALL_SIZE

BORDER: Final = "#8d97a8"
_WIDEST_BOX: Final = 116


def scale(
    heading: str,
    cuts: Sequence[float],
    counts: Mapping[int, int],
    *,
    unit: str,
    locale: str,
    left: float = 0,
    top: float,
    width: float,
    called: Sequence[str] = (),
) -> tuple[list[alt.Chart], float]:
    """Return the layers of a scale (a box per class, its name, its count) and its height.

    `called` names the classes where their limits are not what a reader would say.
    """
    tones, names = classes.tones(cuts), called or classes.names(cuts, unit, locale)
    each = min(width / len(tones), _WIDEST_BOX)
    head = wrap(heading, width, SMALL_SIZE)
    lines = [{"text": line, "px": left, "py": top + 11 + 14 * n} for n, line in enumerate(head)]
    layers = [texts(lines, fontSize=SMALL_SIZE, color=GREY)]
    boxes_at = top + 14 * len(head) + 6
    starts = [round(left + each * n, 1) for n in range(len(tones))]
    for start, tone in zip(starts, tones, strict=True):
        box = {"px": start, "px2": round(start + each - 2, 1), "py1": boxes_at, "py2": boxes_at + 14}
        rect = alt.Chart(rows([box])).mark_rect(color=tone, stroke=BORDER, strokeWidth=0.6)
        layers.append(rect.encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q"))
    wrapped = [wrap(name, each - 4, SMALL_SIZE) for name in names]
    labels = [
        {"text": line, "px": starts[n], "py": boxes_at + 27 + 13 * i}
        for n, lines_of_name in enumerate(wrapped)
        for i, line in enumerate(lines_of_name)
    ]
    counts_at = boxes_at + 28 + 13 * max(len(name) for name in wrapped)
    counted = [{"text": str(counts.get(n, 0)), "px": starts[n], "py": counts_at} for n in range(len(tones))]
    layers += [texts(labels, fontSize=SMALL_SIZE), texts(counted, fontWeight="bold")]
    return layers, counts_at - top + 10
