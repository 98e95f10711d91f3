"""Where do methods agree on a place, and where do they part?

One row per place, one mark per method on a common axis, joined from the lowest to the highest. The
method that carries an interval shows it; which one is nearest to the truth is said only where the
truth is known (simulated countries).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import pandas as pd

from kalanso.figures import words
from kalanso.figures.bars import Bars, begin, ground, lay_out, level, upright
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.marks import Key, finished, key, pixel_x, pixel_y
from kalanso.figures.marks import rows as data_rows
from kalanso.figures.nothing import nothing
from kalanso.figures.tables import needed
from kalanso.figures.theme import ACCENT, ATTENTION, GREY, INK, LINE, PAPER

MOST_METHODS: Final = 6
_FIRST: Final = ("circle", ACCENT, 120)
_OTHERS: Final = (
    ("square", ATTENTION, 70), ("diamond", "#17695f", 80), ("triangle-up", "#7a3b6b", 75), ("cross", GREY, 75),
    ("triangle-down", "#6b5a1e", 75),
)  # fmt: skip


def method_dots(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    when: str = "",
    most: int = 20,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return one row per place with a mark for each method, places in the order given.

    `table` has `place`, `method` (as readers know it; the first one is the one compared) and `value`,
    and may have `low`, `high` and `number` (simulated values, the known truth, are drawn hollow). At
    most `most` places are drawn; all stand in the table twin.
    """
    check_locale(locale)
    require("method_dots", table, needed("method_dots"))
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("method_dots", subject, locale, why_empty, table)
    rows = _rows(table, subject)
    methods = list(dict.fromkeys(rows["method"]))
    if len(methods) > MOST_METHODS:
        raise FigureRefused(
            f"method_dots: {len(methods)} methods are too many to tell apart (most: {MOST_METHODS})"
        )
    headline = title or _headline(rows, methods, subject, locale)
    places = list(dict.fromkeys(rows["place"]))
    return Figure(
        kind="method_dots",
        title=headline,
        subtitle=words.subtitle(
            subject, locale, words.reached(subject, when, locale), list(dict.fromkeys(rows["number"]))
        ),
        caption=words.sentences(
            [*_explanations(rows, places, methods, most, subject, locale), *words.caveats(subject, locale)]
        ),
        source_line=words.source_line(subject, locale),
        alt=_alt(headline, rows, methods, subject, locale),
        table=_twin(rows, places, methods, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: _compose(rows, places[:most], methods, subject, locale, width),
    )


def _rows(table: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    rows = pd.DataFrame({name: table[name].astype(str) for name in ("place", "method")})
    for name in ("value", "low", "high"):
        rows[name] = pd.to_numeric(table[name]) if name in table else float("nan")
    rows["number"] = table["number"].fillna(subject.number) if "number" in table else subject.number
    if rows.duplicated(["place", "method"]).any():
        twice = rows[rows.duplicated(["place", "method"])].iloc[0]
        raise FigureRefused(f"method_dots: two values for {twice['place']!r} by {twice['method']!r}")
    return rows.reset_index(drop=True)


def _headline(rows: pd.DataFrame, methods: Sequence[str], subject: Subject, locale: str) -> str:
    """Say in how many places another method lies outside the interval of the first."""
    first = rows[(rows["method"] == methods[0])].set_index("place")
    bounded = first.dropna(subset=["low", "high"])
    others = rows[(rows["method"] != methods[0]) & (rows["number"] != "simulated") & rows["value"].notna()]
    others = others[others["place"].isin(bounded.index)]
    if others.empty:
        return words.placed(
            subject, words.say(locale, "figures.method_dots.alone", method=methods[0]), locale
        )
    low, high = others["place"].map(bounded["low"]), others["place"].map(bounded["high"])
    outside = others[(others["value"] < low) | (others["value"] > high)]
    counted = outside.groupby("method")["place"].nunique()
    total = words.places(bounded.index.nunique(), subject.level, locale)
    if counted.empty:
        return words.placed(subject, words.say(locale, "figures.method_dots.agree", places=total), locale)
    worst = counted.sort_values(ascending=False, kind="stable").index[0]
    finding = words.say(
        locale,
        "figures.method_dots.outside",
        method=worst,
        count=int(counted[worst]),
        places=total,
        first=methods[0],
    )
    return words.placed(subject, finding, locale)


def _explanations(
    rows: pd.DataFrame,
    places: Sequence[str],
    methods: Sequence[str],
    most: int,
    subject: Subject,
    locale: str,
) -> list[str]:
    said = [words.say(locale, "figures.method_dots.explain", first=methods[0])]
    if len(places) > most:
        rest = words.places(len(places) - most, subject.level, locale)
        said.append(words.say(locale, "figures.ranked_bars.rest", places=rest))
    if (rows["number"] == "simulated").any():
        said.append(words.say(locale, "figures.evidence_axis.explain_simulated"))
    return said


def _alt(headline: str, rows: pd.DataFrame, methods: Sequence[str], subject: Subject, locale: str) -> str:
    told = []
    for method in methods:
        known = rows.loc[(rows["method"] == method), "value"].dropna()
        if len(known):
            told.append(
                words.say(
                    locale, "figures.evidence_axis.alt_line", name=method, n=len(known),
                    low=words.number(known.min(), subject.unit, locale),
                    high=words.number(known.max(), subject.unit, locale),
                )
            )  # fmt: skip
    return " ".join([headline.rstrip(".") + ".", *told])


def _twin(
    rows: pd.DataFrame, places: Sequence[str], methods: Sequence[str], subject: Subject, locale: str
) -> pd.DataFrame:
    known = {(row.place, row.method): row for row in each(rows)}
    twin = []
    for place in places:
        line = {words.say(locale, "figures.heading.place"): place}
        for method in methods:
            row = known.get((place, method))
            text = words.number(None if row is None else row.value, subject.unit, locale)
            if row is not None and not pd.isna(row.value) and not pd.isna(row.low):
                text += f" ({words.between(row.low, row.high, subject.unit, locale)})"
            line[method] = text
        twin.append(line)
    return pd.DataFrame(twin)


def _compose(
    rows: pd.DataFrame,
    places: Sequence[str],
    methods: Sequence[str],
    subject: Subject,
    locale: str,
    width: int,
) -> dict[str, Any]:
    shown = rows[rows["place"].isin(places) & rows["value"].notna()]
    top, low = float(shown[["value", "high"]].max().max()), float(shown[["value", "low"]].min().min())
    top = max(top, 1.0) if subject.unit == "share" else top
    bars = lay_out(places, begin(low, top), top, width, right=16, from_zero=False)
    at = {place: index for index, place in enumerate(places)}
    layers = [
        *ground(bars, subject.unit, locale),
        *_joined(bars, shown, at),
        *_intervals(bars, shown, methods, at),
    ]
    if subject.unit == "share":
        full = {"px": bars.x(1), "py1": 0, "py2": bars.height}
        layers.append(upright([full], color=ATTENTION, strokeDash=[5, 3]))
    keys: list[Key] = []
    # The first method lies on top of the others.
    for method in reversed(methods):
        shape, colour, size = _dress(methods, method)
        part = shown[shown["method"] == method]
        hollow = bool((part["number"] == "simulated").any())
        if part.empty:
            continue
        points = [{"px": bars.x(row.value), "py": bars.middle(at[row.place])} for row in each(part)]
        mark = alt.Chart(data_rows(points)).mark_point(
            shape="circle" if hollow else shape, size=130 if hollow else size, opacity=1, strokeWidth=1.4,
            fill="transparent" if hollow else colour, stroke=INK if hollow else PAPER,
        )  # fmt: skip
        layers.append(mark.encode(x=pixel_x(), y=pixel_y()))
        keys.insert(
            0,
            Key(
                text=method,
                shape="circle" if hollow else shape,
                colour=INK if hollow else colour,
                size=70,
                filled=not hollow,
            ),
        )
    keys.append(Key(text=words.say(locale, "figures.key.interval95"), look="line", colour=ACCENT))
    legend, tall = key(keys, left=-bars.left, top=bars.height + 6, width=width)
    padding = {"left": bars.left, "right": bars.right, "top": 22, "bottom": tall + 10}
    return finished([*layers, *legend], width=bars.inner, height=bars.height, padding=padding)


def _dress(methods: Sequence[str], method: str) -> tuple[str, str, int]:
    index = methods.index(method)
    return _FIRST if index == 0 else _OTHERS[index - 1]


def _joined(bars: Bars, shown: pd.DataFrame, at: dict[str, int]) -> list[alt.Chart]:
    spans = shown.groupby("place")["value"].agg(["min", "max"])
    lines = [
        {"px": bars.x(row["min"]), "px2": bars.x(row["max"]), "py": bars.middle(at[str(place)])}
        for place, row in spans.iterrows()
    ]
    return [level(lines, color=LINE, strokeWidth=3)]


def _intervals(
    bars: Bars, shown: pd.DataFrame, methods: Sequence[str], at: dict[str, int]
) -> list[alt.Chart]:
    first = shown[(shown["method"] == methods[0])].dropna(subset=["low", "high"])
    lines = [
        {"px": bars.x(r.low), "px2": bars.x(r.high), "py": bars.middle(at[r.place])} for r in each(first)
    ]
    return [level(lines, color=ACCENT, strokeWidth=2.4)] if lines else []
