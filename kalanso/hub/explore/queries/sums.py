"""How many children are missed in each of several places, and in all of them together?

The interval of a sum is made of joint draws, place by place and draw by draw: ends of intervals are never added. Where
the reader may not see the draws, or they do not give back what the estimates say, there is no sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import numpy as np

from kalanso.coverage.summaries import quantiles
from kalanso.coverage.tables import DRAWS
from kalanso.hub.explore.queries import doors, estimates, places, runs
from kalanso.hub.explore.queries.estimates import Estimate, Number
from kalanso.hub.explore.queries.runs import Run
from kalanso.hub.explore.queries.shelf import Shelf, remembered
from kalanso.vocabulary import Period

DOSE = "dtp1"
FEWEST_DRAWS = 39  # under which an interval of 95 % is narrower than stated
NEAR = 0.005  # of the sum of means, beside the chance of the draws themselves


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A run from which numbers of some places were read, and their newest period."""

    run: Run
    period: str
    rolled: bool
    places: int
    home: bool


@dataclass(frozen=True, kw_only=True)
class Missed:
    """The newest estimates of several places; `total` is None where no honest sum can be told."""

    of: dict[str, Estimate]
    heard: tuple[Heard, ...]
    asked: int
    total: Number | None = None

    @property
    def without(self) -> int:
        """How many of the places have no estimate that the reader may see."""
        return self.asked - len(self.of)

    @property
    def failed(self) -> bool:
        """Whether there is a run that did not pass its own check, so that none of its numbers is told."""
        return any(one.run.unsettled for one in self.heard)


def missed(shelf: Shelf, codes: Iterable[str], *, together: bool = False) -> Missed:
    """Return what the newest runs say of some places: one's own run at home, elsewhere what was released; a sum if asked."""
    wanted = sorted(set(codes))
    known = places.tree(shelf).places
    parts: dict[bool, list[str]] = {}
    for code in wanted:
        here = doors.reading(shelf, known.get(code))
        parts.setdefault(here is shelf, []).append(code)
    found: dict[str, Estimate] = {}
    heard, total = [], None
    for own, several in sorted(parts.items(), reverse=True):
        here = shelf if own else doors.abroad(shelf)
        run, period = runs.run(here), next(iter(estimates.spans(here)), None)
        if run is None or period is None:
            continue
        values = estimates.values(here, DOSE, period)
        told = {code: values[code] for code in several if code in values}
        heard.append(
            Heard(
                run=run, period=period, rolled=estimates.is_rolled(here, period), places=len(told), home=own
            )
        )
        if run.unsettled:
            continue
        found |= told
        if together and len(parts) == 1 and told:
            total = summed(here, tuple(told), period, run.name)
    return Missed(of=found, heard=tuple(heard), asked=len(wanted), total=total)


def summed(here: Shelf, codes: tuple[str, ...], period: str, run: str) -> Number | None:
    """Return the missed children of some places together, with the interval of their joint draws; None where it is not known."""
    values = estimates.values(here, DOSE, period)
    if len(codes) == 1:
        return values[codes[0]].missed
    found = _joint(here, codes, period, run)
    if found is None or len(found) < FEWEST_DRAWS:
        return None
    mean, chance = float(found.mean()), 3 * float(found.std()) / len(found) ** 0.5
    told = sum(values[code].missed.mean for code in codes)
    if abs(mean - told) > NEAR * told + chance:
        return None  # some areas are not shown to this reader, or the draws are those of other rows
    low, high = (float(end) for end in quantiles(found, (0.025, 0.975)))
    return Number(mean=told, low=low, high=high)


@remembered
def _joint(here: Shelf, codes: tuple[str, ...], period: str, run: str) -> np.ndarray | None:
    """Return the missed children of some places in each draw of a run; None where its draws are not for the reader."""
    rows = runs.table(here, DRAWS.name)
    if rows is None:
        return None
    last = Period.parse(period)
    quarters = (
        [str(one) for one in (last + -3).until(last)] if estimates.is_rolled(here, period) else [period]
    )
    inside = sorted(frozenset().union(*(places.below(here, code) for code in codes)))
    chosen = rows.filter((rows.run == run) & rows.period.isin(quarters) & rows.place_code.isin(inside))
    children = (chosen.surviving_infants * (ibis.literal(1) - chosen.dtp1_coverage)).cast("float64")
    by_draw = chosen.group_by("draw").aggregate(children=children.sum(), parts=chosen.count())
    found = here.arrow(by_draw)
    if not found.num_rows or len(set(found["parts"].to_pylist())) != 1:
        return None
    return np.asarray(found["children"].to_pylist(), dtype=float)
