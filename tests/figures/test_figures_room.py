"""Does every word of a figure have room on a phone, whatever letters the phone has?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pandas as pd
import pytest

from kalanso import figures
from kalanso.figures.letters import width_of
from kalanso.vocabulary import Period
from tests.figures.test_figures_made_up import COUNT, MADE, subject

pytestmark = pytest.mark.long

PHONE, PAGE = 340, 720
Box = tuple[str, float, float, float, float]  # text, left, upper, right and lower edge
SHIFT = re.compile(r"translate\((-?[\d.]+)(?:,(-?[\d.]+))?\)")


def boxes(element: ElementTree.Element, told: dict[str, str], x: float = 0, y: float = 0) -> Iterator[Box]:
    """Return where each line of text stands, as wide as the widest letters make it."""
    for right, down in SHIFT.findall(element.get("transform", "")):
        x, y = x + float(right), y + float(down or 0)
    told = told | element.attrib
    lines = [child for child in element if child.tag.endswith("tspan")]
    if element.tag.endswith("}text") and not lines:
        size = float(told.get("font-size", 12))
        wide = width_of(element.text or "", size, bold=told.get("font-weight") == "bold")
        x += float(element.get("x", 0)) - {"middle": wide / 2, "end": wide}.get(
            told.get("text-anchor", ""), 0
        )
        y += float(element.get("y", 0))
        yield element.text or "", x, y - 0.75 * size, x + wide, y + 0.2 * size
    for line in lines:
        y += float(line.get("dy", 0))
        line.tag = element.tag
        yield from boxes(line, told, x, y + float(element.get("y", 0)))
    if not lines:
        for child in element:
            yield from boxes(child, told, x, y)


def faults(svg: str) -> list[str]:
    """Return the texts that leave the drawing or run into each other."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    found = list(boxes(root, {}))
    assert found
    out = [f"{b[0]} leaves" for b in found if b[1] < 0 or b[2] < 0 or b[3] > width or b[4] > height]
    return out + [
        f"{a[0]} / {b[0]}"
        for a, b in combinations(found, 2)
        if min(a[3], b[3]) > max(a[1], b[1]) and min(a[4], b[4]) - max(a[2], b[2]) > 1
    ]


def year_rows(factor: float) -> pd.DataFrame:
    months = [f"2024{n:02d}" for n in range(1, 13)]
    return pd.DataFrame(
        {"period": months, "first_doses": [1300 * factor] * 12, "third_doses": [1100 * factor] * 12}
    )


@pytest.mark.parametrize("width", [PHONE, PAGE])
@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("kind", sorted(MADE))
def test_no_word_leaves_the_drawing_or_runs_into_another(kind: str, locale: str, width: int) -> None:
    assert faults(figures.to_svg(MADE[kind](locale), width)) == []


@pytest.mark.parametrize("width", [PHONE, PAGE])
@pytest.mark.parametrize("factor", [0.5, 1.0, 1.7])
def test_a_full_year_on_the_wall_keeps_its_words_apart(factor: float, width: int) -> None:
    figure = figures.wall_chart(
        year_rows(factor), subject=COUNT, annual_target=14272, doses=("Penta 1 (DTC 1)", "Penta 3 (DTC 3)")
    )

    assert faults(figures.to_svg(figure, width, with_words=False)) == []


@pytest.mark.parametrize("width", [PHONE, PAGE])
def test_bars_leave_room_for_long_names(width: int) -> None:
    names = ["Bougouni Central", "Kologo", "Ouelessebougou Extension Nord"]
    rows = pd.DataFrame({"place": names, "value": [1.65, 0.96, 1.48]})

    assert faults(figures.to_svg(figures.ranked_bars(rows, subject=subject()), width, with_words=False)) == []


@pytest.mark.parametrize("width", [PHONE, PAGE])
def test_the_last_month_of_a_grid_keeps_its_name_inside(width: int) -> None:
    months = [(Period.parse("202301") + n).code for n in range(37)]
    rows = pd.DataFrame({"place": "Sikasso", "period": months, "value": 1.0})

    assert faults(figures.to_svg(figures.heat_grid(rows, subject=subject()), width, with_words=False)) == []
