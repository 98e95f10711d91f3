"""Is an indicator on its way from the agreed baseline to the agreed target?

The way is a straight line between the two days: what an agreement says in no other form. A value between bounds that
hold the line on both sides is told apart from neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kalanso.indicators.measures import REPORTED, Measure

REACHED, ON_WAY, OFF, UNSURE, UNKNOWN = "reached", "on_way", "off", "unsure", "unknown"
VERDICTS = (REACHED, ON_WAY, OFF, UNSURE, UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Way:
    """What was agreed: from which value on which day to which value on which day, and which direction is better."""

    baseline: float | None
    baseline_day: date | None
    target: float | None
    target_day: date | None
    better: str = "up"

    def expected(self, day: date) -> float | None:
        """Return where the straight line stands on a day; the target from its day on, None without both ends."""
        if (
            self.baseline is None
            or self.baseline_day is None
            or self.target is None
            or self.target_day is None
        ):
            return None
        whole = (self.target_day - self.baseline_day).days
        if whole <= 0 or day >= self.target_day:
            return self.target
        gone = max(0, (day - self.baseline_day).days)
        return self.baseline + (self.target - self.baseline) * gone / whole


def verdict(measure: Measure, way: Way, day: date) -> str:
    """Return how a value of a day stands on its way; unknown where the value, the baseline or the target is lacking.

    Unknown too where the number cannot be true (below nothing, or more reported doses than children), and where more
    records are lacking than counted: such a number is shown, not judged.
    """
    expected = way.expected(day)
    if not measure.known or expected is None or way.target is None or not _credible(measure):
        return UNKNOWN
    ends = [measure.low, measure.high] if measure.low is not None else [measure.value, measure.value]
    if way.better == "down":
        worst, best = ends[1], ends[0]
        worst, best = (-worst if worst is not None else None), (-best if best is not None else None)
        expected, target = -expected, -way.target
    else:
        worst, best, target = ends[0], ends[1], way.target
    if worst is None or best is None:
        return UNKNOWN
    if worst >= target:
        return REACHED
    if worst >= expected:
        return ON_WAY
    return OFF if best < expected else UNSURE


def _credible(measure: Measure) -> bool:
    impossible = "negative" in measure.flags or ("above_whole" in measure.flags and measure.basis == REPORTED)
    return not impossible and measure.left_out <= measure.counted
