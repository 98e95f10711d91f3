"""What was delivered of what was planned, which lines of work are on track, and how long did the first delivery take?

Plain rows in, measures out. A quarter without an approved report is unknown: it is left out of numerator and
denominator, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from kalanso.indicators.measures import About, Measure, absent, count, share

UNDER_WAY = frozenset({"preparing", "ongoing"})
OVER = frozenset({"completed", "dropped"})


class Delivery(NamedTuple):
    """One line of work in one quarter: what was planned, what an approved report says was done; None where unsaid."""

    planned: float | None
    done: float | None


class Line(NamedTuple):
    """One line of work as it stood on a day: its plan and its state; `state` None where nobody knows it any more."""

    begins: date | None
    ends: date | None
    state: str | None


class Report(NamedTuple):
    """One expected report: the day on which it was first sent, None where it was not."""

    sent: date | None


class First(NamedTuple):
    """One line of work that was to begin, and the quarter of its first delivery as its two days, None until there is one."""

    begins: date
    first_day: date | None
    last_day: date | None


def of_planned(about: About, rows: Iterable[Delivery], *, on_time: bool = False) -> Measure:
    """Return what was done out of what was planned; `on_time`: no line counts for more than it planned."""
    rows = list(rows)
    whole = [row for row in rows if row.planned is not None and row.done is not None]
    if not whole:
        unplanned = rows and all(row.planned is None for row in rows)
        return absent(about, "no_plan" if unplanned else "no_report", left_out=len(rows))
    done = sum(min(row.done, row.planned) if on_time else row.done for row in whole)  # type: ignore[type-var, misc]
    planned = sum(row.planned for row in whole)  # type: ignore[misc]
    return share(about, done, planned, counted=len(whole), left_out=len(rows) - len(whole))


def in_all(about: About, rows: Iterable[Delivery]) -> Measure:
    """Return how much was done in all."""
    rows = list(rows)
    said = [row.done for row in rows if row.done is not None]
    if not said:
        return absent(about, "no_report", left_out=len(rows))
    return count(about, sum(said), counted=len(said), left_out=len(rows) - len(said))


def out_of(about: About, rows: Iterable[Delivery], whole: float | None) -> Measure:
    """Return what was done out of a whole that is known from elsewhere, such as the health areas of a place."""
    done = in_all(about, rows)
    if done.reason:
        return absent(about, done.reason, denominator=whole, left_out=done.left_out)
    return share(about, done.numerator, whole, counted=done.counted, left_out=done.left_out)


def on_track(about: About, lines: Iterable[Line], day: date) -> Measure:
    """Return the lines on track out of the active ones on a day.

    Active: under way, late or stopped, or due to have begun; not over. On track: in preparation or going on, and its end
    has not passed. A line that should have begun and is still only planned is not.
    """
    lines = list(lines)
    known = [one for one in lines if one.state is not None]
    active = [
        one for one in known
        if one.state not in OVER and (one.state != "planned" or (one.begins is not None and one.begins <= day))
    ]  # fmt: skip
    if lines and not known:
        return absent(about, "no_state", left_out=len(lines))
    well = [one for one in active if one.state in UNDER_WAY and (one.ends is None or one.ends >= day)]
    return share(about, len(well), len(active), counted=len(active), left_out=len(lines) - len(known))


def delay(about: About, rows: Iterable[First]) -> Measure:
    """Return the median of days from the planned beginning to the first delivery, between bounds.

    A report tells the quarter of a delivery, not its day: the bounds take its first and its last day. Lines without a
    delivery count as later than all others; where they are half of all or more there is no median yet.
    """
    rows = list(rows)
    if not rows:
        return absent(about, "nothing_expected")
    made = [row for row in rows if row.first_day is not None and row.last_day is not None]
    if 2 * len(made) <= len(rows):
        return absent(
            about, "not_half", numerator=len(made), denominator=len(rows), left_out=len(rows) - len(made)
        )
    late = [None] * (len(rows) - len(made))
    low = _median([max(0, (row.first_day - row.begins).days) for row in made if row.first_day], late)
    high = _median([max(0, (row.last_day - row.begins).days) for row in made if row.last_day], late)
    if high is None or low is None:
        return absent(about, "not_half", numerator=len(made), denominator=len(rows), left_out=len(late))
    return about.of(
        low=low, high=high, numerator=float(len(made)), denominator=float(len(rows)), counted=len(made), left_out=len(late),
        flags=("incomplete",) if late else (),
    )  # fmt: skip


def _median(days: list[int], later: Sequence[None]) -> float | None:
    """Return the middle of some days and of others later than all; None where the middle falls among those."""
    ordered: list[int | None] = [*sorted(days), *later]
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    found = [day for day in middle if day is not None]
    return sum(found) / len(found) if len(found) == len(middle) else None


def completeness(about: About, reports: Iterable[Report]) -> Measure:
    """Return reports received out of those expected."""
    rows = list(reports)
    return share(about, sum(row.sent is not None for row in rows), len(rows), counted=len(rows))


def timeliness(about: About, reports: Iterable[Report], until: date) -> Measure:
    """Return reports first sent by a day out of those received."""
    sent = [row.sent for row in reports if row.sent is not None]
    return share(about, sum(day <= until for day in sent), len(sent), counted=len(sent))
