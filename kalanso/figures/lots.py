"""Which lots passed, failed or stay undecided, round after round?

A grid of lots by rounds. A decision is told by its colour, by its mark (tick, cross, diamond) and by a word or the counts on
which it rests: none of them alone. How a lot is decided belongs to `kalanso.surveys.lots`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import shortened, width_of, wrap
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, rows, texts
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, GREY, LABEL_SIZE, LINE, PAPER, SEQUENTIAL, SMALL_SIZE

MOST_ROUNDS: Final = 8
_NAMES_AT_MOST: Final = 0.34  # of the width
_TALL: Final = 28
_CROSS: Final = "M-0.8,-0.8L0.8,0.8M0.8,-0.8L-0.8,0.8"
_TICK: Final = "M-0.9,0.1L-0.3,0.7L0.9,-0.7"
# decision: colour of its mark, ground of its cell, mark
_LOOKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "fail": (ATTENTION, "#f0d3b0", _CROSS),
    "pass": (ACCENT, SEQUENTIAL[0], _TICK),
    "undecided": (GREY, PAPER, "diamond"),
}


def lot_decisions(
    table: pd.DataFrame, *, subject: Subject, locale: str = "fr", most: int = 40, title: str | None = None, why_empty: str = ""
) -> Figure:  # fmt: skip
    """Return a grid of lots by rounds, both in the order given; of more than eight rounds the last eight are drawn.

    `table` has `place`, `round`, `decision` (pass, fail or undecided), `vaccinated` and `children`, and may have `decision_value` and
    `planned_children`: the rule, told below where it is one. Of more than `most` places those that failed last are drawn.
    """
    check_locale(locale)
    require("lot_decisions", table, needed("lot_decisions"))
    if table.empty:
        return nothing("lot_decisions", subject, locale, why_empty, table)
    cells = _cells(table)
    rounds = list(dict.fromkeys(cells["round"]))
    places = _order(cells, rounds, most)
    headline = title or _headline(cells, rounds[-1], subject, locale)
    shown = rounds[-MOST_ROUNDS:]
    return Figure(
        kind="lot_decisions",
        title=headline,
        subtitle=words.subtitle(subject, locale, ""),
        caption=words.sentences(
            [*_explanations(cells, places, rounds, subject, locale), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, cells, rounds[-1], locale),
        table=_twin(cells, rounds, locale),
        data=cells,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(cells, places, shown, locale, width),
    )


def _cells(table: pd.DataFrame) -> pd.DataFrame:
    cells = table.assign(place=table["place"].astype(str), round=table["round"].astype(str))
    if unknown := sorted(set(cells["decision"]) - set(_LOOKS)):
        raise FigureRefused(
            f"lot_decisions: decision: expected one of {', '.join(_LOOKS)}, got {unknown[0]!r}"
        )
    if (cells["vaccinated"] > cells["children"]).any() or (cells[["vaccinated", "children"]] < 0).any(
        axis=None
    ):
        raise FigureRefused("lot_decisions: expected 0 <= vaccinated <= children")
    if cells.duplicated(["place", "round"]).any():
        twice = cells[cells.duplicated(["place", "round"])].iloc[0]
        raise FigureRefused(f"lot_decisions: two decisions for {twice['place']!r} in {twice['round']!r}")
    return cells.reset_index(drop=True)


def _order(cells: pd.DataFrame, rounds: Sequence[str], most: int) -> list[str]:
    """Return the places to draw: all in their order, or where they are too many those that failed in the latest rounds."""
    places = list(dict.fromkeys(cells["place"]))
    if len(places) <= most:
        return places
    at = {name: number for number, name in enumerate(rounds)}
    fails = cells[cells["decision"] == "fail"]
    last = fails["round"].map(at).groupby(fails["place"]).max()
    chosen = set(sorted(places, key=lambda place: -last.get(place, -1))[:most])
    return [place for place in places if place in chosen]


def _counts(cells: pd.DataFrame, round_: str) -> dict[str, int]:
    decided = cells.loc[cells["round"] == round_, "decision"]
    return {name: int((decided == name).sum()) for name in _LOOKS}


def _headline(cells: pd.DataFrame, newest: str, subject: Subject, locale: str) -> str:
    counts = _counts(cells, newest)
    told = {"round": newest, "failed": counts["fail"], "total": sum(counts.values())}
    if counts["undecided"]:
        told["undecided"] = counts["undecided"]
        return words.placed(
            subject, words.say(locale, "figures.lot_decisions.title_undecided", **told), locale
        )
    return words.placed(subject, words.say(locale, "figures.lot_decisions.title", **told), locale)


def _explanations(
    cells: pd.DataFrame, places: Sequence[str], rounds: Sequence[str], subject: Subject, locale: str
) -> list[str]:
    said = [words.say(locale, "figures.lot_decisions.classifies")]
    if {"decision_value", "planned_children"} <= set(cells):
        rule = cells[["decision_value", "planned_children"]].drop_duplicates()
        if len(rule) == 1:
            told = {
                "decision": int(rule["decision_value"].iloc[0]),
                "children": int(rule["planned_children"].iloc[0]),
            }
            said.insert(0, words.say(locale, "figures.lot_decisions.rule", **told))
    if (left := cells["place"].nunique() - len(places)) > 0:
        said.append(
            words.say(
                locale,
                "figures.lot_decisions.left_out",
                places=words.places(left, subject.level or "place", locale),
            )
        )
    if len(rounds) > MOST_ROUNDS:
        said.append(words.say(locale, "figures.lot_decisions.earlier", n=MOST_ROUNDS))
    return said


def _word(decision: str, locale: str) -> str:
    return words.say(locale, f"figures.lot_decisions.{decision}")


def _alt(headline: str, cells: pd.DataFrame, newest: str, locale: str) -> str:
    own = cells[cells["round"] == newest]
    colon = words.say(locale, "figures.words.colon")
    listed = [
        f"{_word(name, locale)}{colon}{', '.join(own.loc[own['decision'] == name, 'place'])}"
        for name in _LOOKS
        if (own["decision"] == name).any()
    ]
    return words.say(
        locale,
        "figures.lot_decisions.alt",
        title=headline.rstrip("."),
        round=newest,
        listed=" ; ".join(listed),
    )


def _twin(cells: pd.DataFrame, rounds: Sequence[str], locale: str) -> pd.DataFrame:
    known = {(row.place, row.round): row for row in each(cells)}
    twin = []
    for place in dict.fromkeys(cells["place"]):
        line = {words.say(locale, "figures.heading.place"): place}
        for round_ in rounds:
            row = known.get((place, round_))
            line[round_] = (
                words.say(locale, "figures.lot_decisions.not_sampled")
                if row is None
                else f"{_word(row.decision, locale)} ({_of(row, locale)})"
            )
        twin.append(line)
    return pd.DataFrame(twin)


def _of(row: Any, locale: str) -> str:
    vaccinated, children = (words.number(value, "count", locale) for value in (row.vaccinated, row.children))
    return f"{vaccinated}/{children}"


def _compose(
    cells: pd.DataFrame, places: Sequence[str], rounds: Sequence[str], locale: str, width: int
) -> dict[str, Any]:
    most = width * _NAMES_AT_MOST
    names = [wrap(name, most, LABEL_SIZE)[:2] for name in places]
    names = [[shortened(line, most, LABEL_SIZE) for line in lines] for lines in names]
    left = max(width_of(line, LABEL_SIZE) for lines in names for line in lines) + 10
    across = (width - left) / len(rounds)
    tall = _TALL + (8 if any(len(lines) > 1 for lines in names) else 0)
    at, column = ({name: n for n, name in enumerate(each_)} for each_ in (places, rounds))
    drawn = cells[cells["place"].isin(places) & cells["round"].isin(rounds)]
    boxes = [
        (row, {"px": round(across * column[row.round] + 1, 1), "px2": round(across * (column[row.round] + 1) - 1, 1),
               "py1": tall * at[row.place] + 1, "py2": tall * (at[row.place] + 1) - 1})
        for row in each(drawn)
    ]  # fmt: skip
    layers = [
        *_grounds(boxes),
        *_marks(boxes, across, locale),
        *_names(names, rounds, across, tall),
    ]
    found = [name for name in _LOOKS if (drawn["decision"] == name).any()]
    keys = [
        Key(text=_word(name, locale), colour=_LOOKS[name][0], shape=_LOOKS[name][2], filled=False, size=110)
        for name in found
    ]
    height = tall * len(places)
    legend, legend_tall = key(keys, left=-left, top=height + 8, width=width)
    padding = {"left": left, "right": 0, "top": 22, "bottom": legend_tall + 12}
    return finished([*layers, *legend], width=width - left, height=height, padding=padding)


Boxes = Sequence[tuple[Any, dict[str, float]]]


def _grounds(boxes: Boxes) -> list[alt.Chart]:
    layers = []
    for name, (colour, ground, _mark) in _LOOKS.items():
        own = [box for row, box in boxes if row.decision == name]
        if own:
            edge = {"stroke": colour, "strokeDash": [3, 2]} if name == "undecided" else {"stroke": LINE}
            chart = alt.Chart(rows(own)).mark_rect(color=ground, strokeWidth=0.8, **edge)
            layers.append(chart.encode(x=pixel_x(), x2="px2:Q", y=pixel_y("py1"), y2="py2:Q"))
    return layers


def _marks(boxes: Boxes, across: float, locale: str) -> list[alt.Chart]:
    """Return the mark of each cell, with word and counts beside it as far as there is room."""
    full = [f"{_word(row.decision, locale)} · {_of(row, locale)}" for row, _box in boxes]
    short = [_of(row, locale) for row, _box in boxes]
    room = across - 30
    said = next(
        (each_ for each_ in (full, short) if max(width_of(one, SMALL_SIZE) for one in each_) <= room), None
    )
    layers = []
    for name, (colour, _ground, mark) in _LOOKS.items():
        points = [
            {"px": box["px"] + (14 if said else (box["px2"] - box["px"]) / 2), "py": (box["py1"] + box["py2"]) / 2}
            for row, box in boxes
            if row.decision == name
        ]  # fmt: skip
        if points:
            chart = alt.Chart(rows(points)).mark_point(
                shape=mark, size=110, filled=False, color=colour, strokeWidth=2, opacity=1
            )
            layers.append(chart.encode(x=pixel_x(), y=pixel_y()))
    if said:
        labels = [
            {"text": text, "px": box["px"] + 26, "py": (box["py1"] + box["py2"]) / 2 + 4}
            for text, (_row, box) in zip(said, boxes, strict=True)
        ]
        layers.append(texts(labels, fontSize=SMALL_SIZE))
    return layers


def _names(
    names: Sequence[Sequence[str]], rounds: Sequence[str], across: float, tall: float
) -> list[alt.Chart]:
    left = [
        {"text": line, "px": -8, "py": tall * (row + 0.5) + 4 + 14 * (n - (len(lines) - 1) / 2)}
        for row, lines in enumerate(names)
        for n, line in enumerate(lines)
    ]
    above = [
        {"text": shortened(name, across - 4, SMALL_SIZE), "px": across * (n + 0.5), "py": -7}
        for n, name in enumerate(rounds)
    ]
    return [texts(left, align="right"), texts(above, align="center", color=GREY, fontSize=SMALL_SIZE)]
