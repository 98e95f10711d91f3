"""Where do ticks stand, and what do they say?

Few round values and few periods, chosen so that their labels fit the pixels at hand. Labels are
written here rather than by Vega, so that they read as French or English in every renderer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
from babel.dates import format_date

from kalanso.figures.letters import width_of
from kalanso.figures.theme import LABEL_SIZE
from kalanso.figures.words import number, period
from kalanso.vocabulary import Period, PeriodType

_GAP = 8  # px between two labels


def value_ticks(low: float, high: float, most: int, unit: str = "") -> list[float]:
    """Return at most `most` round values from `low` to `high`, evenly spaced, with 0 if inside; whole ones of a count, which is
    written without decimals."""
    span = max(high - low, 1e-12)
    power = 10 ** math.floor(math.log10(span / most))
    step = next(power * m for m in (1, 2, 2.5, 5, 10, 20) if span / (power * m) <= most)
    whole = max(1.0, 5.0 if step == 2.5 else step)
    if unit == "count" and math.ceil(low / whole) <= math.floor(high / whole):
        step = whole
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def value_labels(ticks: Sequence[float], unit: str, locale: str) -> list[str]:
    """Return what stands at each value."""
    return [number(tick, unit, locale) for tick in ticks]


def widest(labels: Sequence[str]) -> float:
    """Return the width of the widest label in pixels."""
    return max((width_of(label, LABEL_SIZE) for label in labels), default=0)


def value_axis(ticks: Sequence[float], labels: Sequence[str], **options: Any) -> alt.Axis:
    """Return an axis of values with our own labels."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1
    return alt.Axis(
        values=list(ticks),
        labelExpr=f"{_texts(labels)}[round((datum.value-({ticks[0]!r}))/{step!r})]",
        **options,
    )


def period_axis(periods: Sequence[Period], pixels: float, locale: str, **options: Any) -> alt.Axis:
    """Return an axis whose values are positions of periods (0, 1, 2 ...), labelled as fits."""
    chosen = period_ticks(periods, pixels, locale)
    texts = dict(chosen)
    every = [texts.get(position, [""]) for position in range(len(periods))]
    return alt.Axis(
        values=[position for position, _ in chosen],
        labelExpr=f"{_texts(every)}[datum.value]",
        **options,
    )


def period_x(periods: Sequence[Period], pixels: float, locale: str) -> alt.X:
    """Return the places of periods from left to right, with half a period of room at both ends."""
    return alt.X(
        "position:Q",
        scale=alt.Scale(domain=[-0.5, len(periods) - 0.5], nice=False, zero=False),
        axis=period_axis(periods, pixels, locale),
    )


def _texts(texts: Sequence[Any]) -> str:
    def quoted(item: Any) -> str:
        if isinstance(item, str):
            escaped = item.replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"
        return f"[{','.join(quoted(part) for part in item)}]"

    return quoted(list(texts))


def period_ticks(periods: Sequence[Period], pixels: float, locale: str) -> list[tuple[int, list[str]]]:
    """Return (position, lines of label) for the periods that are named on an axis.

    The year stands on a second line, at the first tick and wherever it changes.
    """
    kind = periods[0].type
    per_year = {PeriodType.MONTH: 12, PeriodType.QUARTER: 4, PeriodType.WEEK: 52, PeriodType.HALF: 2}.get(
        kind, 1
    )
    steps = {12: (1, 2, 3, 6, 12, 24, 60), 4: (1, 2, 4, 8, 20), 52: (4, 13, 26, 52), 2: (1, 2, 4)}.get(
        per_year, (1, 2, 5, 10, 20)
    )
    each = pixels / max(len(periods), 1)
    for step in steps:
        chosen = [i for i, p in enumerate(periods) if (_within(p, per_year) % step) == 0] or [0]
        ticks = _labelled([(i, periods[i]) for i in chosen], step >= per_year, locale)
        need = max(max(width_of(line, LABEL_SIZE) for line in lines) for _, lines in ticks) + _GAP
        if each * step >= need:
            return ticks
    return _labelled([(0, periods[0])], True, locale)


def _within(item: Period, per_year: int) -> int:
    return item.number - 1 if per_year > 1 else item.year


def _labelled(
    chosen: Sequence[tuple[int, Period]], years_only: bool, locale: str
) -> list[tuple[int, list[str]]]:
    ticks, year = [], None
    for position, item in chosen:
        name = short_period(item, locale)
        if item.type in (PeriodType.YEAR,):
            lines = [str(item.year)]
        elif years_only:
            lines = [name, str(item.year)]
        else:
            lines = [name, str(item.year)] if item.year != year else [name]
        year = item.year
        ticks.append((position, lines))
    return ticks


def short_period(item: Period, locale: str) -> str:
    """Return the name of a period without its year, as an axis has room for it."""
    if item.type is PeriodType.MONTH:
        return str(format_date(item.start, format="MMM", locale=locale))
    if item.type is PeriodType.QUARTER:
        return f"{'T' if locale == 'fr' else 'Q'}{item.number}"
    if item.type is PeriodType.WEEK:
        return f"{'S' if locale == 'fr' else 'W'}{item.number}"
    return period(item, locale)
