"""Which words stand around a figure?

Subtitle, source line, caption and single numbers in the reader's language, from a Subject. What
the data say is found in `interpretation` and in each figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pandas as pd

from kalanso.figures.figure import FigureRefused, Subject
from kalanso.vocabulary import Message, Period, format_value
from kalanso.vocabulary.levels import Level

AGES = {"0-11m": "0_11m", "12-23m": "12_23m", "24-59m": "24_59m", "unknown": "unknown"}


def say(locale: str, message_id: str, **params: Any) -> str:
    """Return one sentence of this package."""
    return Message(message_id, params).render(locale)


def number(value: float | None, unit: str, locale: str) -> str:
    """Return a share or rate as percent, or a count, as readers write it; a gap as words."""
    if value is None or pd.isna(value):
        return format_value(None, "text", locale)
    if unit == "ratio":
        return format_value(value, "decimal", locale).replace("-", "−")
    if unit != "count":
        return format_value(value, "percent", locale).replace("-", "−")
    return format_value(value, "count", locale).replace("-", "−")


def between(low: float, high: float, unit: str, locale: str) -> str:
    """Return an interval in words: entre 860 et 1 690."""
    return say(
        locale, "figures.words.between", low=number(low, unit, locale), high=number(high, unit, locale)
    )


def period(code: str | Period, locale: str) -> str:
    """Return the name of a period."""
    return format_value(code, "period", locale)


def reached(subject: Subject, when: str, locale: str) -> str:
    """Return the period of a figure, or the year that ends with it where its numbers are of a year; nothing where none is told."""
    if not when:
        return ""
    return say(locale, "figures.words.year_until", period=when) if subject.rolled else period(when, locale)


def span(first: Period, last: Period, locale: str) -> str:
    """Return the name of a stretch of periods."""
    if first == last:
        return period(first, locale)
    return f"{period(first, locale)}\u00a0– {period(last, locale)}"


def age(code: str, locale: str) -> str:
    """Return the name of an age band such as 0-11m."""
    if code in ("", "all"):
        return ""
    if code not in AGES:
        raise FigureRefused(f"subject.age: expected one of {', '.join(AGES)} or all, got {code!r}")
    return say(locale, f"figures.age.{AGES[code]}")


def places(count: int, level: str, locale: str) -> str:
    """Return a number of places with the name of their level: 12 districts."""
    known = level if level in set(Level) else "place"
    return say(locale, f"figures.level.{known}", n=count)


def listed(names: Sequence[str], locale: str) -> str:
    """Return names as a sentence lists them: A, B et C."""
    if len(names) < 2:
        return "".join(names)
    return say(locale, "figures.words.and", first=", ".join(names[:-1]), last=names[-1])


def subtitle(subject: Subject, locale: str, when: str, numbers: Sequence[str] = ()) -> str:
    """Return measure, unit, age, place, period and kind (or kinds) of number in one line."""
    if subject.unit == "share" and subject.population:
        unit = say(locale, "figures.words.share_of", population=subject.population)
    elif subject.unit == "share":
        unit = say(locale, "figures.words.share")
    elif subject.unit == "rate":
        unit = say(locale, "figures.words.rate")
    elif subject.unit == "ratio":
        unit = say(locale, "figures.words.ratio")
    else:
        unit = say(locale, "figures.words.count")
    kinds = dict.fromkeys(numbers or (subject.number,))
    kind = listed([say(locale, f"figures.number.{name}") for name in kinds], locale)
    parts = (f"{subject.measure}, {unit}", age(subject.age, locale), subject.place, when, kind)
    return " · ".join(part for part in parts if part)


def plain_subtitle(subject: Subject, locale: str, when: str) -> str:
    """Return measure, age, place, period and kind of number in one line, of a figure whose cells or marks are no numbers of one unit."""
    kind = say(locale, f"figures.number.{subject.number}")
    return " · ".join(
        part for part in (subject.measure, age(subject.age, locale), subject.place, when, kind) if part
    )


def source_line(subject: Subject, locale: str) -> str:
    """Return the systems with the days of their snapshots (once, where all are of one day), and the software's version."""
    days = [_day(source.snapshot, locale) for source in subject.sources]
    systems = [source.system for source in subject.sources]
    if len(days) > 1 and days[0] and len(set(days)) == 1:
        told = say(locale, "figures.words.snapshots", systems=listed(systems, locale), day=days[0])
    else:
        named = [
            say(locale, "figures.words.snapshot", system=system, day=day) if day else system
            for system, day in zip(systems, days, strict=True)
        ]
        told = listed(named, locale)
    line = (
        say(locale, "figures.words.source", n=len(systems), sources=told)
        if systems
        else say(locale, "figures.words.no_source")
    )
    return f"{line} · Kalanso {subject.version}" if subject.version else line


def _day(snapshot: date | str | None, locale: str) -> str:
    if snapshot is None:
        return ""
    return format_value(snapshot if isinstance(snapshot, date) else str(snapshot), "date", locale)


def sentences(parts: Iterable[str]) -> str:
    """Return sentences joined into one paragraph, without repetition."""
    return " ".join(dict.fromkeys(part for part in parts if part))


def caveats(subject: Subject, locale: str) -> list[str]:
    """Return the sentences that a caller wants to stand below the figure."""
    return [message.render(locale) for message in subject.caveats]


def titled(place: str, sentence: str, locale: str) -> str:
    """Return a title out of a place and the sentence that says the finding."""
    finding = sentence.rstrip(".")
    return say(locale, "figures.words.title", place=place, finding=finding[:1].lower() + finding[1:])


def placed(subject: Subject, finding: str, locale: str) -> str:
    """Return a finding as a title, after the place that it is about (if one is stated)."""
    if not subject.place:
        return finding[:1].upper() + finding[1:]
    return say(locale, "figures.words.title", place=subject.place, finding=finding)
