"""Where does each source begin, where is it typed in, and how much of its detail arrives here?

One lane per source, from the facility to the country: dotted while numbers stand on paper, full from
where they are typed in, with a mark at the finest level that this store holds. Sources that are
known of but never came stand below the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.letters import wrap
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y, texts
from kalanso.figures.marks import rows as data_rows
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, GREY, LABEL_SIZE, LINE, NARROW, PAPER, SMALL_SIZE

STATES: Final = ("current", "late", "undeclared", "declared_only")
STEPS: Final = ("facility", "health_area", "district", "region", "country")
# Administrative places stand where health places of their size stand.
_BESIDE: Final = {"cercle": "district", "arrondissement": "health_area", "commune": "health_area"}
_TONES: Final = {"current": ACCENT, "undeclared": ACCENT, "late": ATTENTION, "declared_only": GREY}
_HEAD: Final = 30
_LANE: Final = 16


def source_flows(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return the lanes of all sources; those that bring numbers stand first, the most detailed on top.

    `table` has `source` (as readers know it), `arises`, `entered` and `held` (levels; `held` empty where
    nothing came) and `state` (current, late, undeclared or declared_only), and may have `feeds`, the names
    of the sources that it feeds, and `by`, how and how late its numbers are reached, in words.
    """
    check_locale(locale)
    require("source_flows", table, needed("source_flows"))
    if table.empty:
        return nothing("source_flows", subject, locale, why_empty, table)
    rows = _rows(table)
    headline = title or _headline(rows, subject, locale)
    return Figure(
        kind="source_flows",
        title=headline,
        subtitle=words.subtitle(subject, locale, ""),
        caption=words.sentences(
            [words.say(locale, "figures.source_flows.explain"), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, locale),
        table=_twin(rows, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame({name: table[name].fillna("").astype(str) for name in ("source", "state")})
    for name in ("arises", "entered", "held"):
        rows[name] = [_step(code, name) for code in table[name].fillna("").astype(str)]
    for name in ("feeds", "by"):
        rows[name] = table[name].fillna("").astype(str) if name in table else ""
    if unknown := set(rows["state"]) - set(STATES):
        raise FigureRefused(
            f"source_flows: state: expected one of {', '.join(STATES)}, got {sorted(unknown)[0]!r}"
        )
    if rows.loc[rows["arises"] == "", "source"].any() or rows.loc[rows["entered"] == "", "source"].any():
        raise FigureRefused("source_flows: arises and entered: expected a level in every row")
    order = rows["held"].map({code: number for number, code in enumerate((*STEPS, ""))})
    return rows.assign(order=order).sort_values(["order", "source"]).reset_index(drop=True)


def _step(code: str, column: str) -> str:
    found = _BESIDE.get(code, code)
    if found and found not in STEPS:
        raise FigureRefused(f"source_flows: {column}: expected a level such as district, got {code!r}")
    return found


def _headline(rows: pd.DataFrame, subject: Subject, locale: str) -> str:
    there = int((rows["held"] != "").sum())
    fine = int((rows["held"] == "facility").sum())
    late = int((rows["state"] == "late").sum())
    finding = words.say(
        locale, "figures.source_flows.finding", there=there, n=len(rows), fine=fine, late=late
    )
    return words.placed(subject, finding, locale)


def _alt(headline: str, rows: pd.DataFrame, locale: str) -> str:
    told = [
        words.say(
            locale, "figures.source_flows.alt_line", name=row.source, arises=_name(row.arises, locale),
            held=_name(row.held, locale), state=_state(row.state, locale),
        )
        for row in each(rows)
    ]  # fmt: skip
    return " ".join([headline.rstrip(".") + ".", *told])


def _name(step: str, locale: str) -> str:
    return words.say(locale, f"figures.source_flows.level_{step or 'none'}")


def _state(state: str, locale: str) -> str:
    return words.say(locale, f"figures.source_flows.state_{state}")


def _twin(rows: pd.DataFrame, locale: str) -> pd.DataFrame:
    dash = words.say(locale, "figures.source_flows.level_none")
    told = {
        "source": rows["source"],
        **{name: rows[name].map(lambda step: _name(step, locale)) for name in ("arises", "entered", "held")},
        "state": rows["state"].map(lambda state: _state(state, locale)),
        **({"by": rows["by"].replace("", dash)} if rows["by"].any() else {}),
        "feeds": rows["feeds"].replace("", dash),
    }
    return pd.DataFrame(
        {words.say(locale, f"figures.source_flows.heading_{name}"): column for name, column in told.items()}
    )


@dataclass(frozen=True)
class _Lane:
    """One row: its lines of name and of remark, the top of its band, and the height of its line."""

    name: list[str]
    remark: list[str]
    top: float
    middle: float
    bottom: float


def _compose(rows: pd.DataFrame, locale: str, width: int) -> dict[str, Any]:
    narrow = width < NARROW
    left = 0.0 if narrow else round(width * 0.36)
    margin = 26.0 if narrow else 34.0
    steps = {
        code: round(left + margin + (width - left - 2 * margin) * n / (len(STEPS) - 1), 1)
        for n, code in enumerate(STEPS)
    }
    lanes = _lanes(rows, locale, left or width, narrow=narrow)
    height = lanes[-1].bottom
    layers = [*_ground(steps, lanes, locale, height), *_drawn(rows, steps, lanes)]
    told, tall = key(_keys(rows, locale), left=0, top=height + 8, width=width)
    padding = {"left": 0, "right": 0, "top": 4, "bottom": tall + 12}
    return finished([*layers, *told], width=width, height=height, padding=padding)


def _lanes(rows: pd.DataFrame, locale: str, room: float, *, narrow: bool) -> list[_Lane]:
    lanes: list[_Lane] = []
    top = float(_HEAD)
    for row in each(rows):
        remark = _state(row.state, locale)
        if row.by:
            remark = words.say(locale, "figures.source_flows.by", state=remark, by=row.by)
        if row.feeds:
            remark = words.say(locale, "figures.source_flows.feeds", state=remark, names=row.feeds)
        name = wrap(row.source, room - 8, LABEL_SIZE, bold=True)
        small = wrap(remark, room - 8, SMALL_SIZE)
        words_high = 15 * len(name) + 14 * len(small)
        bottom = top + words_high + (_LANE + 10 if narrow else 12)
        middle = bottom - _LANE / 2 - 4 if narrow else top + (bottom - top) / 2
        lanes.append(_Lane(name, small, top, middle, bottom))
        top = bottom
    return lanes


def _ground(steps: dict[str, float], lanes: list[_Lane], locale: str, height: float) -> list[alt.Chart]:
    """Return the names of levels on top, their upright lines, the names of sources, and lines between lanes."""
    heads = [{"text": _name(code, locale), "px": x, "py": 14} for code, x in steps.items()]
    names, remarks = [], []
    for lane in lanes:
        y = lane.top + 15
        for line in lane.name:
            names.append({"text": line, "px": 0, "py": y})
            y += 15
        for line in lane.remark:
            remarks.append({"text": line, "px": 0, "py": y - 1})
            y += 14
    apart = [{"px": 0, "px2": max(steps.values()) + 26, "py": lane.top} for lane in lanes]
    # Level lines are short ticks on each lane, so that they never run through words on a narrow screen.
    ticks = [
        {"px": x, "py1": lane.middle - 5, "py2": lane.middle + 5} for x in steps.values() for lane in lanes
    ]
    return [
        level(apart, color=LINE), upright(ticks, color=LINE),
        texts(heads, align="center", color=GREY, fontSize=SMALL_SIZE),
        texts(names, fontWeight="bold"), texts(remarks, color=GREY, fontSize=SMALL_SIZE),
    ]  # fmt: skip


def _drawn(rows: pd.DataFrame, steps: dict[str, float], lanes: list[_Lane]) -> list[alt.Chart]:
    layers: list[alt.Chart] = []
    for state in STATES:
        paper, typed, ends, marks = [], [], [], []
        for lane, row in zip(lanes, each(rows), strict=True):
            if row.state != state:
                continue
            start, middle, end = steps[row.arises], steps[row.entered], steps["country"]
            if row.held and start == end:  # a projection comes down to finer places than it began with
                start = middle = steps[row.held]
            paper.append({"px": start, "px2": middle, "py": lane.middle})
            typed.append({"px": middle, "px2": end, "py": lane.middle})
            ends.append({"px": end, "py": lane.middle})
            if row.held:
                marks.append({"px": steps[row.held], "py": lane.middle})
        tone = _TONES[state]
        thick = 1.2 if state == "declared_only" else 2.4
        layers += [
            level([line for line in paper if line["px"] != line["px2"]], color=tone, strokeWidth=thick, strokeDash=[2, 3]),
            level([line for line in typed if line["px"] != line["px2"]], color=tone, strokeWidth=thick),
            _points(ends, shape="triangle-right", size=60, fill=tone, stroke=tone),
            _points(marks, shape="circle", size=110, fill=tone, stroke=PAPER),
        ]  # fmt: skip
    return layers


def _points(items: list[dict[str, float]], **look: Any) -> alt.Chart:
    chart = alt.Chart(data_rows(items)).mark_point(opacity=1, strokeWidth=1.4, **look)
    return chart.encode(x=pixel_x(), y=pixel_y())


def _keys(rows: pd.DataFrame, locale: str) -> list[Key]:
    found = [
        Key(
            text=words.say(locale, "figures.source_flows.key_paper"), look="line", colour=ACCENT, dash=(2, 3)
        ),
        Key(text=words.say(locale, "figures.source_flows.key_typed"), look="line", colour=ACCENT),
        Key(text=words.say(locale, "figures.source_flows.key_held"), colour=ACCENT, size=90),
    ]
    for state in ("late", "declared_only"):
        if (rows["state"] == state).any():
            text = words.say(locale, f"figures.source_flows.key_{state}")
            found.append(Key(text=text, look="line", colour=_TONES[state]))
    return found
