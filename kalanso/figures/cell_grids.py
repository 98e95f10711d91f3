"""Which rows and columns go together, and what stands where they meet?

A grid of words or small counts, such as the grade of each source by quality and agreement. The shade repeats what the word
says and is never its only bearer. Numbers over time belong to `heat_grids`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, lay_out
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import wrap
from kalanso.figures.marks import finished, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import GREY, INK, LABEL_SIZE, LINE, PAPER, SEQUENTIAL, SMALL_SIZE

MOST_ROWS, MOST_COLUMNS = 40, 6
_LINE: Final = 14
_DARK: Final = 3  # from this shade on, letters are light


def cell_grid(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", when: str = "", title: str | None = None, why_empty: str = "",
) -> Figure:  # fmt: skip
    """Return a grid of rows and columns in the order given, a word or a number in each cell.

    `table` has `label`, `column` and `text` (in the reader's language), one row for each cell, and may have `shade`: 0 (none)
    to 4 (the most), or empty. A cell without a row stays blank. `title` says the finding; without one the measure stands.
    """
    check_locale(locale)
    require("cell_grid", table, needed("cell_grid"))
    if table.empty:
        return nothing("cell_grid", subject, locale, why_empty, table)
    wide, shades = _wide(table)
    headline = title or words.placed(subject, subject.measure, locale)
    return Figure(
        kind="cell_grid",
        title=headline,
        subtitle=words.plain_subtitle(subject, locale, words.reached(subject, when, locale)),
        caption=words.sentences(words.caveats(subject, locale)),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, wide, locale),
        table=wide.rename_axis(None, axis=1).reset_index(names=words.say(locale, "figures.heading.row")),
        data=table,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(wide, shades, width),
    )


def _wide(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the words and the shades (labels x columns), both in the order given."""
    if table.duplicated(["label", "column"]).any():
        raise FigureRefused("cell_grid: expected one text for each label and column, got two")
    labels, columns = list(dict.fromkeys(table["label"])), list(dict.fromkeys(table["column"]))
    if len(labels) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        raise FigureRefused(
            f"cell_grid: {len(labels)} rows and {len(columns)} columns are too many to read (most: {MOST_ROWS} and {MOST_COLUMNS})"
        )
    given = pd.to_numeric(table["shade"]) if "shade" in table else pd.Series(0.0, index=table.index)
    if not given.fillna(0).between(0, len(SEQUENTIAL) - 1).all():
        raise FigureRefused(f"cell_grid: shade: expected 0 to {len(SEQUENTIAL) - 1}, got {given.max():g}")
    shaded = table.assign(shade=given.fillna(0).round().astype(int))
    wide = table.pivot(index="label", columns="column", values="text").reindex(index=labels, columns=columns)
    shades = shaded.pivot(index="label", columns="column", values="shade").reindex(
        index=labels, columns=columns
    )
    return wide.fillna("").astype(str), shades.fillna(0).astype(int)


def _alt(headline: str, wide: pd.DataFrame, locale: str) -> str:
    told = [
        words.say(
            locale, "figures.words.labelled", label=row.Index,
            text=", ".join(f"{name} {cell}" for name, cell in zip(wide.columns, row[1:], strict=True) if cell) or "–",
        )
        for row in each(wide)
    ]  # fmt: skip
    return words.say(
        locale, "figures.cell_grid.alt", title=headline.rstrip("."), n=len(wide), listed="; ".join(told)
    )


def _compose(wide: pd.DataFrame, shades: pd.DataFrame, width: int) -> dict[str, Any]:
    bars = lay_out([str(label) for label in wide.index], 0.0, 1.0, width, right=2)
    each_wide = bars.inner / len(wide.columns)
    heads = [wrap(str(name), each_wide - 6, SMALL_SIZE) for name in wide.columns]
    cells = [[wrap(text, each_wide - 8, SMALL_SIZE) for text in row] for row in wide.to_numpy()]
    tall = [
        max(bars.row_height(at), _LINE * max(len(one) for one in row) + 8) for at, row in enumerate(cells)
    ]
    tops = [float(sum(tall[:at])) for at in range(len(tall))]
    over = _LINE * max(len(lines) for lines in heads) + 8
    layers = [
        _heads(heads, each_wide),
        _labels(bars, tops, tall),
        *_boxes(bars, shades, tops, tall, each_wide),
        *_words(cells, shades, tops, tall, each_wide),
    ]
    padding = {"left": bars.left, "right": bars.right, "top": over, "bottom": 10}
    return finished(layers, width=bars.inner, height=sum(tall), padding=padding)


def _heads(heads: Sequence[Sequence[str]], wide: float) -> Any:
    said = [
        {"text": line, "px": (at + 0.5) * wide, "py": -8 - _LINE * (len(lines) - 1 - n)}
        for at, lines in enumerate(heads)
        for n, line in enumerate(lines)
    ]
    return texts(said, align="center", color=GREY, fontSize=SMALL_SIZE)


def _middles(top: float, tall: float, lines: Sequence[str]) -> list[float]:
    """Return the baseline of each line, so that all of them stand in the middle of a row."""
    return [top + tall / 2 + 4 + _LINE * (n - (len(lines) - 1) / 2) for n in range(len(lines))]


def _labels(bars: Bars, tops: Sequence[float], tall: Sequence[float]) -> Any:
    said = [
        {"text": line, "px": -8, "py": py}
        for lines, top, high in zip(bars.names, tops, tall, strict=True)
        for line, py in zip(lines, _middles(top, high, lines), strict=True)
    ]
    return texts(said, align="right", fontSize=LABEL_SIZE)


def _boxes(
    bars: Bars, shades: pd.DataFrame, tops: Sequence[float], tall: Sequence[float], wide: float
) -> list[Any]:
    layers = []
    for shade, colour in enumerate((PAPER, *SEQUENTIAL[1:])):
        boxes = [
            {"px": at * wide + 1, "px2": (at + 1) * wide - 1, "py1": top + 1, "py2": top + high - 1}
            for row, top, high in zip(shades.to_numpy(), tops, tall, strict=True)
            for at, own in enumerate(row)
            if own == shade
        ]
        if boxes:
            layers.append(bars.boxes(boxes, color=colour, stroke=LINE, strokeWidth=1))
    return layers


def _words(
    cells: Sequence[Sequence[Sequence[str]]], shades: pd.DataFrame, tops: Sequence[float], tall: Sequence[float], wide: float
) -> list[Any]:  # fmt: skip
    layers = []
    for light in (False, True):
        said = [
            {"text": line, "px": (at + 0.5) * wide, "py": py}
            for row, own, top, high in zip(cells, shades.to_numpy(), tops, tall, strict=True)
            for at, (lines, shade) in enumerate(zip(row, own, strict=True))
            for line, py in zip(lines, _middles(top, high, lines), strict=True)
            if bool(shade >= _DARK) is light
        ]
        if said:
            layers.append(texts(said, align="center", fontSize=SMALL_SIZE, color=PAPER if light else INK))
    return layers
