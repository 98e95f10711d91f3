"""How does a number look to a reader of French or English?

French: 1 240, 12,5 %, 31/12/2024, T4 2024. Sentences belong to `messages`.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from kalanso.vocabulary.periods import Period, PeriodType

# How doses are written in registers and reports.
DOSES = {"fr": {"dtp1": "DTC1", "dtp3": "DTC3", "mcv1": "VAR1", "mcv2": "VAR2"}, "en": {}}


def format_value(value: Any, style: str, locale: str) -> str:
    """Return a value as readers of a locale write it.

    Styles: `count` (whole number), `decimal` (one place), `percent` and `percent1` (a share from 0
    to 1), `points` (a difference of shares), `date`, `period` (a code or Period), `dose` (a code such as dtp1), `text`.
    """
    if value is None or value != value:
        return {"fr": "pas de donnée", "en": "no data"}[locale]
    # Equal moments of two zones are two dates, and a zero has a sign: they are written each time.
    alike = type(value) in {int, str, date} or (type(value) is float and value != 0)
    return _remembered(value, style, locale) if alike else _written(value, style, locale)


@lru_cache(maxsize=20_000, typed=True)
def _remembered(value: Any, style: str, locale: str) -> str:
    """Write a value whose equals are written alike: pages of thousands of numbers repeat most, and Babel takes its time."""
    return _written(value, style, locale)


def _written(value: Any, style: str, locale: str) -> str:
    if style == "count":
        return str(format_decimal(round(value), format="#,##0", locale=locale))
    if style == "decimal":
        return str(format_decimal(value, format="#,##0.#", locale=locale))
    if style in {"percent", "percent1"}:
        pattern = {"fr": "#,##0{}\u202f%", "en": "#,##0{}%"}[locale]
        places = ".0" if style == "percent1" else ""
        return str(format_percent(value, format=pattern.format(places), locale=locale))
    if style == "points":
        return str(format_decimal(100 * value, format="#,##0", locale=locale)) + " points"
    if style == "date":
        day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        return str(format_date(day, format="dd/MM/yyyy" if locale == "fr" else "d MMM yyyy", locale=locale))
    if style == "dose":
        return DOSES[locale].get(str(value), str(value).upper())
    if style == "period":
        return _period(value if isinstance(value, Period) else Period.parse(value), locale)
    return str(value)


def _period(period: Period, locale: str) -> str:
    if period.type is PeriodType.MONTH:
        return str(format_date(period.start, format="MMMM yyyy", locale=locale))
    if period.type is PeriodType.QUARTER:
        return f"{'T' if locale == 'fr' else 'Q'}{period.number} {period.year}"
    if period.type is PeriodType.YEAR:
        return str(period.year)
    if period.type is PeriodType.WEEK:
        return f"{'semaine' if locale == 'fr' else 'week'} {period.number}, {period.year}"
    first, last = (format_date(day, format="MMM yyyy", locale=locale) for day in (period.start, period.end))
    return f"{first} – {last}"


def no_formula(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: names come from outside. Other values stay."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
