"""What was assumed where nothing was measured, why, and how sure is it?

An assumption is a number with an interval, a reason and a source. It is drawn like everything else
that is not known, so that its doubt reaches every total; and it is listed beside the result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import Numbers
from kalanso.vocabulary import Message

SHARE, RATIO = "share", "ratio"
ASSUMPTION_COLUMNS = ("name", "value", "low", "high", "kind", "reason", "source")
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A number that nobody measured here.

    `value` is its middle, `low` and `high` its 95 % interval (equal to `value` where it is taken as
    fixed). A `share` lies between 0 and 1, a `ratio` above 0. `reason` says in words why this
    number (a message id of the package, or the words of whoever states it), `source` where it
    comes from.
    """

    name: str
    value: float
    low: float
    high: float
    kind: str = SHARE
    reason: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        top = 1.0 if self.kind == SHARE else np.inf
        if self.kind not in (SHARE, RATIO):
            raise ValueError(f"{self.name}: expected the kind {SHARE} or {RATIO}, got {self.kind!r}")
        if not 0 <= self.low <= self.value <= self.high <= top:
            raise ValueError(
                f"{self.name}: expected 0 <= low <= value <= high{' <= 1' if top == 1 else ''}, "
                f"got {self.low}, {self.value}, {self.high}"
            )
        if not self.reason.strip():
            raise ValueError(f"{self.name}: an assumption needs a reason")

    @classmethod
    def fixed(
        cls, name: str, value: float, *, kind: str = SHARE, reason: str, source: str = ""
    ) -> Assumption:
        """Return an assumption without an interval."""
        return cls(name=name, value=value, low=value, high=value, kind=kind, reason=reason, source=source)

    def draws(self, count: int, rng: np.random.Generator) -> Numbers:
        """Return draws whose median is the value and whose 95 % interval is the stated one.

        Normal on the logit (share) or log (ratio) scale, with a width of its own on either side.
        """
        if self.low == self.high:
            return np.full(count, self.value)
        middle, low, high = (self._scaled(number) for number in (self.value, self.low, self.high))
        z = rng.standard_normal(count) / 1.959964
        at = middle + np.where(z < 0, z * (middle - low), z * (high - middle))
        return 1 / (1 + np.exp(-at)) if self.kind == SHARE else np.exp(at)

    def reason_in(self, locale: str) -> str:
        """Return the reason in words."""
        is_id = self.reason.count(".") > 1 and " " not in self.reason
        return Message(self.reason).render(locale) if is_id else self.reason

    def _scaled(self, number: float) -> float:
        if self.kind == RATIO:
            return float(np.log(max(number, _EDGE)))
        inside = min(max(number, _EDGE), 1 - _EDGE)
        return float(np.log(inside / (1 - inside)))


def assumption_table(assumptions: Iterable[Assumption]) -> pd.DataFrame:
    """Return the assumptions as a table with ASSUMPTION_COLUMNS."""
    rows = [{name: getattr(one, name) for name in ASSUMPTION_COLUMNS} for one in assumptions]
    return pd.DataFrame(rows, columns=list(ASSUMPTION_COLUMNS))
