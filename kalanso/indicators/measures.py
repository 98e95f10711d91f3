"""What does an indicator of a performance framework say of one place and quarter, on what does it rest, and why is it silent?

A measure keeps numerator and denominator beside the value, names its source, and has a reason where there is no value:
nothing is ever taken for zero because nobody said it. Whoever computes measures (doses, estimates, reports, money)
makes them here, and adds them up here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

# Whose number it is. Numbers of two bases are never added.
REPORTED, ESTIMATED, RECORDED, MONEY = "reported", "estimated", "recorded", "money"
BASES = (REPORTED, ESTIMATED, RECORDED, MONEY)
# Why there is no value.
REASONS = (
    "no_table", "no_value", "no_numerator", "no_denominator", "nothing_expected", "no_source", "no_intervention", "no_report", "no_plan",
    "no_state", "not_half", "not_for_you", "not_at_this_level", "by_grant", "no_estimate", "unsettled", "protected",
    "not_yet", "not_added",
)  # fmt: skip
# What a reader must know of a value that is there.
FLAGS = (
    "negative",
    "above_whole",
    "incomplete",
    "provisional",
    "partly",
    "unfinished",
    "protected",
    "unsummed",
)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One value, or the reason why there is none.

    `low` and `high` bound it where it is estimated, or known between bounds alone (`value` is then None). `counted`
    says of how many records it is made, `left_out` how many more there should be. `snapshot` names the published state
    that it was read from. `group` is a context of districts, empty for all of a place.
    """

    code: str
    place_code: str
    period: str
    basis: str
    unit: str = "share"
    group: str = ""
    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""
    snapshot: str = ""
    reason: str = ""
    flags: tuple[str, ...] = ()
    counted: int = 0
    left_out: int = 0

    @property
    def known(self) -> bool:
        """Whether it says anything: a value, or bounds."""
        return self.value is not None or self.low is not None


@dataclass(frozen=True, kw_only=True)
class About:
    """Of what a measure speaks: what all measures of one indicator, place and quarter have in common."""

    code: str
    place_code: str
    period: str
    basis: str
    unit: str = "share"
    group: str = ""
    source: str = ""
    snapshot: str = ""

    def of(self, **said: object) -> Measure:
        """Return a measure of it."""
        return Measure(**{**self.__dict__, **said})


def absent(about: About, reason: str, **said: object) -> Measure:
    """Return the measure that says why there is no value. Raises ValueError for a reason that nobody can read."""
    if reason not in REASONS:
        raise ValueError(f"reason: expected one of {', '.join(REASONS)}, got {reason!r}")
    return about.of(reason=reason, **said)


def share(
    about: About, numerator: float | None, denominator: float | None, *, flags: Iterable[str] = (),
    counted: int = 0, left_out: int = 0,
) -> Measure:  # fmt: skip
    """Return numerator / denominator; without a denominator above zero no value, and what there is of both."""
    kept = {"numerator": numerator, "denominator": denominator, "counted": counted, "left_out": left_out}
    if numerator is None:
        return absent(about, "no_value", **kept, flags=tuple(flags))
    if denominator is None:
        return absent(about, "no_denominator", **kept, flags=tuple(flags))
    if denominator <= 0:
        return absent(about, "nothing_expected", **kept, flags=tuple(flags))
    return about.of(value=numerator / denominator, flags=_flags(numerator / denominator, True, flags, left_out), **kept)  # fmt: skip


def count(
    about: About, numerator: float | None, *, denominator: float | None = None, flags: Iterable[str] = (),
    counted: int = 0, left_out: int = 0,
) -> Measure:  # fmt: skip
    """Return a number of something; `denominator` is kept beside it where it was subtracted from one."""
    kept = {
        "numerator": numerator,
        "denominator": denominator,
        "counted": counted,
        "left_out": left_out,
    }
    if numerator is None:
        return absent(about, "no_value", **kept, flags=tuple(flags))
    return about.of(value=numerator, flags=_flags(numerator, False, flags, left_out), **kept)


def missed(about: About, doses: float | None, target: float | None, *, flags: Iterable[str] = ()) -> Measure:
    """Return target minus doses as it is: below zero it is flagged, never cut off at nothing."""
    if doses is None:
        return absent(about, "no_value", denominator=target, flags=tuple(flags))
    if target is None:
        return absent(about, "no_denominator", numerator=doses, flags=tuple(flags))
    value = target - doses
    return about.of(value=value, numerator=doses, denominator=target, flags=_flags(value, False, flags, 0))


def _flags(value: float, whole: bool, flags: Iterable[str], left_out: int) -> tuple[str, ...]:
    found = list(flags)
    found += ["negative"] if value < 0 else []
    found += ["above_whole"] if whole and value > 1 else []
    found += ["incomplete"] if left_out else []
    return tuple(dict.fromkeys(found))


def added(about: About, measures: Iterable[Measure]) -> Measure:
    """Return measures of several places, groups or quarters as one: sums of numerators out of sums of denominators.

    Those without a value are left out of both sums and counted. Raises ValueError where bases or units differ, and for
    measures between bounds, which no addition of ends makes one.
    """
    rows = list(measures)
    if {(row.basis, row.unit) for row in rows} - {(about.basis, about.unit)}:
        raise ValueError(
            f"expected measures of {about.basis} {about.unit}, got {sorted({(r.basis, r.unit) for r in rows})}"
        )
    if any(row.low is not None for row in rows) or about.unit == "days":
        raise ValueError("expected plain values, got values between bounds: their ends cannot be added")
    known = [row for row in rows if row.value is not None]
    silent = len(rows) - len(known)
    if not known:
        return absent(about, rows[0].reason if rows else "no_value", left_out=silent)
    flags = dict.fromkeys(
        flag for row in known for flag in row.flags if flag not in ("negative", "above_whole")
    )
    if about.unit == "share":
        numerator, denominator = (
            _total(row.numerator for row in known),
            _total(row.denominator for row in known),
        )
        return share(about, numerator, denominator, flags=flags, counted=len(known), left_out=silent)
    whole = count(about, _total(row.value for row in known), flags=flags, counted=len(known), left_out=silent)
    return replace(whole, numerator=None)


def _total(values: Iterable[float | None]) -> float | None:
    found = list(values)
    return sum(value for value in found if value is not None) if None not in found else None
