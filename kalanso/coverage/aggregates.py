"""What do the joint draws say of a place above the health areas, or of a longer period?

Counts are added up draw by draw; the share of a larger place or of a year comes from its counts,
never from an average of shares. Summaries of the draws are made in `summaries`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from kalanso.vocabulary import Period, PeriodType

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Item = TypeVar("Item")
Result = TypeVar("Result")

AREA = "area"
SURVIVING = "surviving_infants"
QUARTER, YEAR, ROLLING = "quarter", "year", "rolling4"
SPANS = (QUARTER, YEAR, ROLLING)


@dataclass(frozen=True, kw_only=True)
class PlaceTree:
    """The areas of the draws (first, in their order), and every place above them.

    `depths` counts steps below the country. `above` (ancestors x areas) holds 1 where an area lies
    under an ancestor; the country stands last. `parents` is the place just above each area.
    """

    codes: tuple[str, ...]
    levels: tuple[str, ...]
    depths: tuple[int, ...]
    parents: tuple[str, ...]
    above: csr_array

    @property
    def area_count(self) -> int:
        """How many areas there are."""
        return int(self.above.shape[1])

    def add_up(self, of_areas: Numbers) -> Numbers:
        """Return counts (areas x draws) with those of every ancestor below (places x draws)."""
        return np.concatenate([of_areas, self.above @ of_areas])

    def peers(self) -> list[Indices]:
        """Return the places that are ranked against each other: areas; ancestors of one depth."""
        kinds = [("", 0) if level == AREA else (level, depth) for level, depth in self._rungs()]
        return [
            np.flatnonzero([kind == wanted for kind in kinds]).astype(np.intp)
            for wanted in dict.fromkeys(kinds)
        ]

    def areas_under(self, code: str) -> Indices:
        """Return the positions of the areas that lie under a place; an area lies under itself."""
        if code not in self.codes:
            raise ValueError(f"place: expected one that holds estimated areas, got {code!r}")
        at = self.codes.index(code)
        if at < self.area_count:
            return np.array([at], dtype=np.intp)
        return np.sort(self.above[[at - self.area_count], :].indices).astype(np.intp)

    def _rungs(self) -> list[tuple[str, int]]:
        return list(zip(self.levels, self.depths, strict=True))


def place_tree(posterior: Posterior, evidence: Evidence) -> PlaceTree:
    """Return the tree over the areas of the draws; a country of one area has that area alone.

    Raises ValueError where the draws are those of other areas than the evidence has.
    """
    areas = list(posterior.areas)
    if areas != list(evidence.areas):
        odd = sorted(set(areas) ^ set(evidence.areas))
        raise ValueError(
            "posterior: expected the areas of the evidence in their order, "
            + (f"but only one of both holds {', '.join(odd[:5])}" if odd else "got another order")
        )
    depths = evidence.depths
    inner = [code for code in evidence.aggregates if code not in evidence.area_index]
    rows = {code: row for row, code in enumerate(evidence.aggregates)}
    ancestors = sorted(inner, key=lambda code: (-depths[code], code))
    return PlaceTree(
        codes=(*areas, *ancestors),
        levels=(*[AREA] * len(areas), *[evidence.level_of(code) for code in ancestors]),
        depths=(*[depths[code] for code in areas], *[depths[code] for code in ancestors]),
        parents=tuple(evidence.parents[code] or code for code in areas),
        above=csr_array(evidence.membership[[rows[code] for code in ancestors]])
        if ancestors
        else csr_array((0, len(areas))),
    )


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The children due in one period: counts by place and draw (places x draws)."""

    period: str
    surviving: Numbers
    vaccinated: Numbers

    @property
    def missed(self) -> Numbers:
        """Children of the cohort without the dose."""
        return self.surviving - self.vaccinated

    @property
    def coverage(self) -> Numbers:
        """Share of the cohort with the dose."""
        return self.vaccinated / self.surviving


def windows(periods: Sequence[str], span: str = QUARTER) -> list[tuple[str, list[int]]]:
    """Return the periods of a span, each with the positions of its quarters.

    `quarter` gives every quarter, `year` the calendar years of which all four quarters are there
    ("2024"), `rolling4` the quarters that have three others before them, under their own code.
    """
    if span not in SPANS:
        raise ValueError(f"span: expected one of {', '.join(SPANS)}, got {span!r}")
    quarters = [Period.parse(code) for code in periods]
    if odd := [q.code for q in quarters if q.type is not PeriodType.QUARTER]:
        raise ValueError(f"periods: expected quarters such as 2024Q1, got {odd[0]!r}")
    at = {quarter: place for place, quarter in enumerate(quarters)}
    if span == QUARTER:
        return [(quarter.code, [place]) for quarter, place in at.items()]
    found = []
    for last in quarters:
        if span == YEAR and last.number != 4:
            continue
        four = [at[last + -step] for step in (3, 2, 1, 0) if last + -step in at]
        if len(four) == 4:
            found.append((str(last.year) if span == YEAR else last.code, four))
    return found


def indicators_of(posterior: Posterior) -> tuple[str, ...]:
    """Return the indicators of which there are draws: the first, and the second unless it was switched off."""
    return posterior.indicators if posterior.dtp3_coverage is not None else posterior.indicators[:1]


def _coverage(posterior: Posterior, indicator: str) -> npt.NDArray[np.float32]:
    third = posterior.dtp3_coverage if indicator != posterior.indicators[0] else None
    return posterior.dtp1_coverage if third is None else third


class Counts:
    """Children by quarter, out of the draws: due, and vaccinated by indicator (areas x draws).

    The draws of one quarter lie scattered through memory, so each quarter is read once and the last
    four are kept: spans overlap.
    """

    def __init__(self, posterior: Posterior, indicators: Sequence[str]) -> None:
        known = indicators_of(posterior)
        if unknown := [name for name in indicators if name not in known]:
            raise ValueError(f"indicator: expected one of {', '.join(known)}, got {unknown[0]!r}")
        self._posterior = posterior
        self._indicators = tuple(indicators)
        self._kept: dict[int, dict[str, Numbers]] = {}

    def of(self, quarters: Sequence[int]) -> dict[str, Numbers]:
        """Return the counts of some quarters together, by SURVIVING and indicator.

        Raises ValueError where a draw is not finite, a target is not above 0 or a share lies outside
        0 to 1: no summary may hide such a draw.
        """
        first, *rest = (self._of_quarter(t) for t in quarters)
        return {name: sum((other[name] for other in rest), start=counts) for name, counts in first.items()}

    def _of_quarter(self, t: int) -> dict[str, Numbers]:
        if t not in self._kept:
            while len(self._kept) >= 4:
                self._kept.pop(next(iter(self._kept)))
            self._kept[t] = self._read(t)
        return self._kept[t]

    def _read(self, t: int) -> dict[str, Numbers]:
        infants = self._posterior.surviving_infants[:, :, t].astype(np.float64)
        shares = {name: _coverage(self._posterior, name)[:, :, t] for name in self._indicators}
        sound = infants.min() > 0 and infants.max() < np.inf  # False for NaN
        if not (sound and all(share.min() >= 0 and share.max() <= 1 for share in shares.values())):
            raise ValueError(
                f"draws of {self._posterior.periods[t]}: expected finite targets above 0 and shares from "
                "0 to 1 in every area; the sampler should have refused them"
            )
        found = {name: np.ascontiguousarray((infants * share).T) for name, share in shares.items()}
        return {SURVIVING: np.ascontiguousarray(infants.T), **found}


def area_draws(posterior: Posterior, indicator: str, quarters: Sequence[int]) -> tuple[Numbers, Numbers]:
    """Return surviving infants and vaccinated children of some quarters together (areas x draws).

    Raises ValueError as `Counts.of` does.
    """
    counts = Counts(posterior, (indicator,)).of(quarters)
    return counts[SURVIVING], counts[indicator]


def counts_by_period(
    posterior: Posterior, indicators: Sequence[str], span: str = QUARTER
) -> Iterator[tuple[str, dict[str, Numbers]]]:
    """Yield each period of a span with the counts of its areas (see `Counts`)."""
    counts = Counts(posterior, indicators)
    for period, quarters in windows(posterior.periods, span):
        yield period, counts.of(quarters)


def each(items: Iterator[Item], work: Callable[[Item], Result]) -> list[Result]:
    """Return the results of work on each item, two at a time: sorting leaves Python's lock."""
    found: list[Result] = []
    with ThreadPoolExecutor(2) as pool:
        while pair := list(islice(items, 2)):
            found += pool.map(work, pair)
    return found


def cohorts(posterior: Posterior, tree: PlaceTree, indicator: str, span: str = QUARTER) -> Iterator[Cohort]:
    """Yield the cohort of each period of a span, for every place of the tree."""
    for period, counts in counts_by_period(posterior, (indicator,), span):
        yield Cohort(
            period=period, surviving=tree.add_up(counts[SURVIVING]), vaccinated=tree.add_up(counts[indicator])
        )
