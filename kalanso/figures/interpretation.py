"""What does a series say, in one sentence a reader can check?

Rules with stated thresholds turn a series of one place into messages, the most important first.
Every sentence carries its numbers and periods. Provisional values are never interpreted; words of
probability come only where the values have intervals. Why a series moved is not said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, sqrt
from statistics import NormalDist, median

import pandas as pd

from kalanso.vocabulary import Message, Period, PeriodType


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When a rule speaks. Sizes are points of coverage (0.15 = 15 points); for counts, shares of the median.

    fewest_values: fewer complete values than this are not interpreted.
    trend_change, trend_agreement: rising or falling = robust slope (Theil-Sen) over the whole series of
        at least trend_change, and Kendall's tau of at least trend_agreement.
    stable_spread: stable = no trend, and an interquartile range of at most this.
    high, low: a stable series is called high or low from this median on.
    drop_size, drop_share, drop_contrast: a sudden drop = a fall from one value to the next of at least
        drop_size, at least drop_share of the value before and of the median of all values before,
        and at least drop_contrast times the median of the other changes.
    recovery_share, recovery_within: recovered = back to this share of the value before the drop,
        within so many periods.
    swing_size, swings, swings_share: swinging = moves up and down in turn, each of swing_size, at least
        `swings` of them and at least this share of all steps.
    recent: how many of the last values are counted against 100 %, by type of period.
    old_census_years: from this age on, a census behind the target is named as a caveat.
    likely: words of probability are used from this probability on.
    """

    fewest_values: int = 4
    trend_change: float = 0.15
    trend_agreement: float = 0.5
    stable_spread: float = 0.15
    high: float = 0.8
    low: float = 0.5
    drop_size: float = 0.20
    drop_share: float = 0.3
    drop_contrast: float = 2.0
    recovery_share: float = 0.9
    recovery_within: int = 4
    swing_size: float = 0.20
    swings: int = 4
    swings_share: float = 0.3
    recent_quarters: int = 4
    recent_months: int = 12
    recent_others: int = 3
    old_census_years: int = 10
    likely: float = 0.8


@dataclass(frozen=True, kw_only=True)
class Denominator:
    """Where the target population comes from: its readable name and the census behind it."""

    name: str
    census_year: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Point:
    period: Period
    value: float
    low: float
    high: float
    doubtful: bool


@dataclass(frozen=True, kw_only=True)
class _Drop:
    before: int
    at: int
    recovered: int | None


def interpret(
    series: pd.DataFrame,
    *,
    unit: str = "share",
    thresholds: Thresholds | None = None,
    denominator: Denominator | None = None,
) -> list[Message]:
    """Return what the series of one place says, the most important sentence first.

    `unit` is share, rate or count (see `figure.Subject`). `series` has `period` (DHIS2 code, one
    type) and `value`, and may have `low`,
    `high`, `provisional` and `doubtful` (flagged by a check: such a value may be a drop, but does not
    count in the shape of the series). The evidence stands in the parameters of each message.
    """
    t = thresholds or Thresholds()
    points, left_out = _points(series)
    if len(points) < t.fewest_values:
        return [_too_few(points, unit, t), *_provisional(left_out)]
    scale = 1.0 if unit != "count" else max(median(p.value for p in points), 1.0)
    drop = _sudden_drop(points, t, scale)
    shape = _shape(points, drop, unit, t, scale)
    fallen = [_drop_message(points, drop, unit)] if drop else []
    # What fell and did not come back is not stable, however alike most of its values are.
    fallen_for_good = drop is not None and drop.recovered is None and ".stable" in shape.id
    said = fallen if fallen_for_good else [*fallen, shape]
    said += _above_full(points, t) if unit == "share" else []
    said += _probable_change(points, t)
    said += _doubtful(points)
    said += _provisional(left_out)
    said += _caveat(points, denominator, t)
    return said


def _wording(unit: str) -> str:
    return "count" if unit == "count" else "share"


def _too_few(points: Sequence[_Point], unit: str, t: Thresholds) -> Message:
    if not points:
        return Message("figures.interpretation.none_complete")
    params = {
        "n": len(points), "needed": t.fewest_values,
        "last": points[-1].value, "last_period": points[-1].period.code,
    }  # fmt: skip
    return Message(f"figures.interpretation.{_wording(unit)}.too_few", params)


def _points(series: pd.DataFrame) -> tuple[list[_Point], list[Period]]:
    points, provisional = [], []
    for row in series.to_dict("records"):
        item = Period.parse(str(row["period"]))
        if bool(row.get("provisional", False)):
            provisional.append(item)
        elif pd.notna(row["value"]):
            low, high = row.get("low", float("nan")), row.get("high", float("nan"))
            doubtful = bool(row.get("doubtful", False))
            value = float(row["value"])
            points.append(
                _Point(period=item, value=value, low=float(low), high=float(high), doubtful=doubtful)
            )
    return sorted(points, key=lambda p: p.period), sorted(provisional)


def _sudden_drop(points: Sequence[_Point], t: Thresholds, scale: float) -> _Drop | None:
    """Return the greatest fall that stands out from the other changes of the series."""
    falls = [(points[i - 1].value - points[i].value, i) for i in range(1, len(points))]
    size, at = max(falls)
    others = [abs(fall) for fall, i in falls if i != at]
    usual = median(others) if others else 0.0
    before = points[at - 1].value
    if size < t.drop_size * scale or size < t.drop_share * before or size < t.drop_contrast * usual:
        return None
    # Coming down from a single high value is a return to the usual level, not a drop.
    if points[at].value > (1 - t.drop_share) * median(p.value for p in points[:at]):
        return None
    back = (
        i
        for i in range(at + 1, min(at + 1 + t.recovery_within, len(points)))
        if points[i].value >= t.recovery_share * before
    )
    return _Drop(before=at - 1, at=at, recovered=next(back, None))


def _drop_message(points: Sequence[_Point], drop: _Drop, unit: str) -> Message:
    before, at = points[drop.before], points[drop.at]
    params = {
        "before": before.value, "before_period": before.period.code,
        "fallen": at.value, "fallen_period": at.period.code,
    }  # fmt: skip
    if drop.recovered is None:
        return Message(f"figures.interpretation.{_wording(unit)}.drop", params)
    back = points[drop.recovered]
    params |= {"back": back.value, "back_period": back.period.code}
    return Message(f"figures.interpretation.{_wording(unit)}.drop_recovery", params)


def _without(points: Sequence[_Point], drop: _Drop | None) -> list[_Point]:
    """Return the points outside a drop and its recovery, since one incident is no trend.

    Doubtful points go too, as long as enough others remain.
    """
    first, after = (drop.at, drop.recovered) if drop and drop.recovered else (0, 0)
    usual = [p for i, p in enumerate(points) if not first <= i < after]
    trusted = [p for p in usual if not p.doubtful]
    return trusted if 2 * len(trusted) > len(usual) else usual


def _shape(points: Sequence[_Point], drop: _Drop | None, unit: str, t: Thresholds, scale: float) -> Message:
    usual = _without(points, drop)
    values = [p.value for p in usual]
    lowest, highest = min(usual, key=lambda p: p.value), max(usual, key=lambda p: p.value)
    evidence = {
        "first": usual[0].value, "first_period": usual[0].period.code,
        "last": usual[-1].value, "last_period": usual[-1].period.code,
        "lowest": lowest.value, "lowest_period": lowest.period.code,
        "highest": highest.value, "highest_period": highest.period.code,
        "median": median(values),
    }  # fmt: skip
    moves = _swings(values, t.swing_size * scale)
    slope, tau = _theil_sen(usual), _kendall(values)
    change = slope * (usual[-1].period - usual[0].period)
    evidence |= {"swings": moves, "change": round(change, 4), "agreement": round(tau, 3)}
    if moves >= max(t.swings, t.swings_share * (len(values) - 1)):
        shape = "swinging"
    elif abs(change) >= t.trend_change * scale and abs(tau) >= t.trend_agreement:
        shape = "rising" if change > 0 else "falling"
    elif _interquartile(values) <= t.stable_spread * scale:
        shape = _steadiness(median(values), unit, t)
    else:
        shape = "variable"
    apart = "_otherwise" if drop and drop.recovered else ""
    return Message(f"figures.interpretation.{_wording(unit)}.{shape}{apart}", evidence)


def _steadiness(level: float, unit: str, t: Thresholds) -> str:
    if unit == "share" and level >= t.high:
        return "stable_high"
    if unit == "share" and level < t.low:
        return "stable_low"
    return "stable"


def _swings(values: Sequence[float], size: float) -> int:
    """Return how many moves of at least `size` follow each other in turning directions."""
    moves, direction, extreme = 0, 0, values[0]
    for value in values[1:]:
        if (direction >= 0 and value > extreme) or (direction <= 0 and value < extreme):
            if direction == 0 and abs(value - extreme) >= size:
                moves, direction, extreme = 1, (1 if value > extreme else -1), value
            elif direction != 0:
                extreme = value
        elif direction != 0 and abs(value - extreme) >= size:
            moves, direction, extreme = moves + 1, -direction, value
    return moves


def _theil_sen(points: Sequence[_Point]) -> float:
    """Return the median of all slopes between two points, per period (Sen 1968)."""
    slopes = [
        (b.value - a.value) / (b.period - a.period) for i, a in enumerate(points) for b in points[i + 1 :]
    ]
    return median(slopes) if slopes else 0.0


def _kendall(values: Sequence[float]) -> float:
    """Return Kendall's tau-a of values against time: 1 where every later value is higher."""
    pairs = [(a, b) for i, a in enumerate(values) for b in values[i + 1 :]]
    return sum((b > a) - (b < a) for a, b in pairs) / len(pairs) if pairs else 0.0


def _interquartile(values: Sequence[float]) -> float:
    quartiles = pd.Series(values).quantile([0.25, 0.75])
    return float(quartiles.iloc[1] - quartiles.iloc[0])


def _above_full(points: Sequence[_Point], t: Thresholds) -> list[Message]:
    kind = points[-1].period.type
    recent = {PeriodType.QUARTER: t.recent_quarters, PeriodType.MONTH: t.recent_months}.get(
        kind, t.recent_others
    )
    window = points[-recent:]
    above = [p for p in window if p.value > 1]
    ever = [p for p in points if p.value > 1]
    if not ever:
        return []
    top = max(ever, key=lambda p: p.value)
    params = {
        "n": len(above), "of": len(window), "highest": top.value, "highest_period": top.period.code,
        "first_period": window[0].period.code, "last_period": window[-1].period.code,
        "ever": len(ever), "values": len(points),
    }  # fmt: skip
    if len(above) == len(window):
        return [Message("figures.interpretation.above_full_persistent", params)]
    if not above:
        return [Message("figures.interpretation.above_full_past", params)]
    params |= {"from_period": above[0].period.code, "to_period": above[-1].period.code}
    if len(above) == 1:
        return [Message("figures.interpretation.above_full_once", params)]
    return [Message("figures.interpretation.above_full_recent", params)]


def _probable_change(points: Sequence[_Point], t: Thresholds) -> list[Message]:
    """Compare the last value with the one a year before, where both have intervals.

    The two values are taken as independent and normal, with 95 % intervals.
    """
    last = points[-1]
    year_ago = [
        p
        for p in points
        if p.period.start.year == last.period.start.year - 1 and p.period.number == last.period.number
    ]
    if not year_ago or any(pd.isna(x) for p in (year_ago[0], last) for x in (p.low, p.high)):
        return []
    before = year_ago[0]
    z = NormalDist().inv_cdf(0.975)
    spread = sqrt(((last.high - last.low) / (2 * z)) ** 2 + ((before.high - before.low) / (2 * z)) ** 2)
    if spread == 0:
        return []
    rise = 0.5 * (1 + erf((last.value - before.value) / spread / sqrt(2)))
    likely = max(rise, 1 - rise)
    params = {
        "chances": min(round(likely * 10), 9) if likely < 0.95 else 19 if likely < 0.99 else 99,
        "out_of": 10 if likely < 0.95 else 20 if likely < 0.99 else 100,
        "probability": round(likely, 4), "first_period": before.period.code, "last_period": last.period.code,
    }  # fmt: skip
    if likely < t.likely:
        return [Message("figures.interpretation.change_unsure", params)]
    direction = "rise" if rise > 0.5 else "fall"
    return [Message(f"figures.interpretation.probable_{direction}", params)]


def _doubtful(points: Sequence[_Point]) -> list[Message]:
    flagged = sum(p.doubtful for p in points)
    return [Message("figures.interpretation.doubtful", {"n": flagged})] if flagged else []


def _provisional(left_out: Sequence[Period]) -> list[Message]:
    if not left_out:
        return []
    params = {"n": len(left_out), "first_period": left_out[0].code, "last_period": left_out[-1].code}
    return [Message("figures.interpretation.provisional", params)]


def _caveat(points: Sequence[_Point], denominator: Denominator | None, t: Thresholds) -> list[Message]:
    if denominator is None or denominator.census_year is None:
        return []
    age = points[-1].period.start.year - denominator.census_year
    if age < t.old_census_years:
        return []
    params = {"population": denominator.name, "census_year": str(denominator.census_year), "n": age}
    return [Message("figures.interpretation.old_census", params)]
