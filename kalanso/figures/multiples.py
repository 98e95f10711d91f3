"""How did many places move over time, side by side on one scale?

One small plot per place, all with the same axes, so that levels can be compared. One place in
detail belongs to `trend`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from kalanso.figures import words
from kalanso.figures.figure import Figure, FigureRefused, Subject, check_locale, each, require
from kalanso.figures.interpretation import Denominator, Thresholds, interpret
from kalanso.figures.nothing import nothing
from kalanso.figures.small_multiples_layout import Panel, compose
from kalanso.figures.tables import needed
from kalanso.vocabulary import Message, Period

MOST_PANELS = 24
# What is told first in the title: what needs attention before what goes well.
_TOLD_FIRST = (
    "drop",
    "drop_recovery",
    "swinging",
    "falling",
    "rising",
    "stable_low",
    "variable",
    "stable",
    "stable_high",
    "too_few",
)


def small_multiples(
    table: pd.DataFrame,
    *,
    subject: Subject,
    locale: str = "fr",
    thresholds: Thresholds | None = None,
    denominator: Denominator | None = None,
    title: str | None = None,
    why_empty: str = "",
) -> Figure:
    """Return one small trend per place, on one scale.

    `table` has `place` (name), `period` (DHIS2 code, one type), `value`, and may have `group` (a
    line under the name, such as district and context) and `provisional`. Places stand in the order
    in which they come.
    """
    check_locale(locale)
    require("small_multiples", table, needed("small_multiples"))
    if table.empty or table["value"].notna().sum() == 0:
        return nothing("small_multiples", subject, locale, why_empty, table)
    rows = _rows(table)
    found = sorted({Period.parse(code) for code in rows["period"]})
    periods = found[0].until(found[-1])
    panels = _panels(rows, periods)
    messages = {panel.name: _message(panel, subject.unit, thresholds) for panel in panels}
    headline = title or _headline(messages, locale)
    caption = [
        *_captions(panels, denominator, subject, periods, thresholds, locale),
        *words.caveats(subject, locale),
    ]
    return Figure(
        kind="small_multiples",
        title=headline,
        subtitle=words.subtitle(subject, locale, words.span(periods[0], periods[-1], locale)),
        caption=words.sentences(caption),
        source_line=words.source_line(subject, locale),
        alt=words.sentences(
            [
                headline.rstrip(".") + ".",
                *(f"{words.titled(name, m.render(locale), locale)}." for name, m in messages.items()),
            ]
        ),
        table=_twin(panels, periods, messages, subject, locale),
        data=rows,
        locale=locale,
        demo=subject.demo,
        compose=lambda width: compose(panels, periods, subject.unit, locale, width),
    )


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame({"place": table["place"].astype(str), "period": table["period"].astype(str)})
    rows["value"] = pd.to_numeric(table["value"])
    rows["group"] = table["group"].fillna("").astype(str) if "group" in table else ""
    rows["provisional"] = table["provisional"].fillna(False).astype(bool) if "provisional" in table else False
    if rows.duplicated(["place", "period"]).any():
        twice = each(rows[rows.duplicated(["place", "period"])])[0]
        raise FigureRefused(f"small_multiples: two values for {twice.place} in {twice.period}")
    if rows["place"].nunique() > MOST_PANELS:
        raise FigureRefused(
            f"small_multiples: {rows['place'].nunique()} places are too many (most: {MOST_PANELS}); use heat_grid"
        )
    return rows


def _panels(rows: pd.DataFrame, periods: Sequence[Period]) -> list[Panel]:
    position = {item.code: index for index, item in enumerate(periods)}
    panels = []
    for name, part in rows.groupby("place", sort=False):
        points = part.assign(position=[position[Period.parse(code).code] for code in part["period"]])
        panels.append(
            Panel(name=str(name), group=part["group"].iloc[0], points=points.sort_values("position"))
        )
    return panels


def _message(panel: Panel, unit: str, thresholds: Thresholds | None) -> Message:
    return interpret(panel.points, unit=unit, thresholds=thresholds)[0]


def _headline(messages: Mapping[str, Message], locale: str) -> str:
    by_shape: dict[str, list[str]] = {}
    for name, message in messages.items():
        shape = message.id.rsplit(".", 1)[-1].replace("drop_recovery", "drop")
        by_shape.setdefault(shape, []).append(name)
    told = [
        words.say(locale, f"figures.shape.{shape}")
        + words.say(locale, "figures.words.colon")
        + words.listed(by_shape[shape], locale)
        for shape in _TOLD_FIRST
        if shape in by_shape
    ]
    text = " ; ".join(told[:3]) if locale == "fr" else "; ".join(told[:3])
    return text[:1].upper() + text[1:]


def _captions(
    panels: Sequence[Panel],
    denominator: Denominator | None,
    subject: Subject,
    periods: Sequence[Period],
    thresholds: Thresholds | None,
    locale: str,
) -> list[str]:
    said = [words.say(locale, "figures.small_multiples.same_scale")]
    above = [panel.name for panel in panels if subject.unit == "share" and (panel.points["value"] > 1).any()]
    if above:
        said.append(
            words.say(locale, "figures.small_multiples.above_full", names=words.listed(above, locale))
        )
    if denominator is not None:
        last = pd.DataFrame({"period": [item.code for item in periods], "value": 1.0})
        caveat = interpret(last, unit="share", thresholds=thresholds, denominator=denominator)[-1]
        if caveat.id == "figures.interpretation.old_census":
            said.append(caveat.render(locale))
    return said


def _twin(
    panels: Sequence[Panel],
    periods: Sequence[Period],
    messages: Mapping[str, Message],
    subject: Subject,
    locale: str,
) -> pd.DataFrame:
    twin = []
    for panel in panels:
        values = dict(zip(panel.points["position"], panel.points["value"], strict=True))
        line = {words.say(locale, "figures.heading.place"): panel.name}
        for index, item in enumerate(periods):
            line[words.period(item, locale)] = words.number(values.get(index), subject.unit, locale)
        line[words.say(locale, "figures.heading.finding")] = messages[panel.name].render(locale)
        twin.append(line)
    return pd.DataFrame(twin)
