"""Which yearly coverage speaks of its whole year and of all its places, and what do the others lack?

A target counts the children of twelve months and of every place below; doses of nine months, or of four districts out of
five, divided by it are too low by what was never told, and say nothing of how many children were vaccinated. A year is whole
where the source tells every month of it in the district (or in the region or country itself), and tells the places of which
any source hears in that year, in the same months, weighed by their children. Single reports that lack do not matter here: their share is graded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kalanso.triangulation.inputs import each
from kalanso.vocabulary import Level, Period

KEY = ["place_code", "year", "indicator", "source"]
UNFINISHED = (*KEY, "months_told", "months", "share", "lacking")
_UPPER = frozenset({Level.COUNTRY.value, Level.REGION.value, Level.DISTRICT.value})
_YEAR = 12


def unfinished(
    coverage: pd.DataFrame, told: pd.DataFrame, places: pd.DataFrame, *, whole: float
) -> pd.DataFrame:
    """Return the rows of coverage that lack months or places, in UNFINISHED.

    `coverage` has KEY and `target`; `told` has source, place_code, indicator and period (month or quarter) of every number
    of doses, summed upwards; `places` has place_code, parent_code, level. `whole` is the share of the children of a place
    whose places must be told. `months` names what lacks as spans such as 202410-202412, `lacking` the places, the highest
    that lack as a whole. Coverage of a source that tells years alone is taken as whole.
    """
    ground = _Ground(coverage, told, places)
    rows = [_row(ground, row, whole) for row in each(coverage[KEY])]
    return pd.DataFrame([row for row in rows if row], columns=list(UNFINISHED))


def _row(ground: _Ground, row: Any, whole: float) -> dict[str, Any] | None:
    key = (row.source, row.indicator, int(row.year))
    heard = ground.months.get((*key, ground.anchor(row.place_code)), frozenset())
    absent = sorted(set(range(1, _YEAR + 1)) - heard) if heard else []
    share, lacking = ground.share(row.place_code, key)
    if not absent and share >= whole:
        return None
    return {
        "place_code": row.place_code, "year": row.year, "indicator": row.indicator, "source": row.source,
        "months_told": _YEAR - len(absent), "months": spans(int(row.year), absent), "share": share,
        "lacking": [] if share >= whole else lacking,
    }  # fmt: skip


def spans(year: int, months: list[int]) -> list[str]:
    """Return months of a year as spans, such as 202410-202412."""
    found: list[list[int]] = []
    for month in months:
        if found and month == found[-1][1] + 1:
            found[-1][1] = month
        else:
            found.append([month, month])
    return [f"{year}{first:02d}-{year}{last:02d}" for first, last in found]


class _Ground:
    """What each source tells of each place in each year."""

    def __init__(self, coverage: pd.DataFrame, told: pd.DataFrame, places: pd.DataFrame) -> None:
        self.above: Mapping[str, str] = dict(zip(places["place_code"], places["parent_code"], strict=True))
        self.levels: Mapping[str, str] = dict(zip(places["place_code"], places["level"], strict=True))
        self.below: dict[str, list[str]] = {}
        for code, above in sorted(self.above.items()):
            self.below.setdefault(above, []).append(code)
        self.months = _months(told)
        self.anyone = {(indicator, year, place) for _, indicator, year, place in self.months}
        sizes = coverage.dropna(subset=["target"]).groupby(["place_code", "year"])["target"].max()
        self.children: Mapping[Any, float] = sizes.to_dict()

    def anchor(self, place: str) -> str:
        """Return the district of a place, or the place itself where it is a district or stands above."""
        code = place
        while code and self.levels.get(code) not in _UPPER:
            code = self.above.get(code, "")
        return code or place

    def share(self, place: str, key: tuple[str, str, int]) -> tuple[float, list[str]]:
        """Return the share of a place's children of whom the source tells in the months it tells of, and the places that lack."""
        return self._share(place, key, self.months.get((*key, place), frozenset()))

    def _share(
        self, place: str, key: tuple[str, str, int], wanted: frozenset[int]
    ) -> tuple[float, list[str]]:
        if self.levels.get(place) not in _UPPER:
            return 1.0, []
        source, indicator, year = key
        known = [code for code in self.below.get(place, []) if (indicator, year, code) in self.anyone]
        own = {code for code in known if (source, indicator, year, code) in self.months}
        if not own:  # it is told of the place itself, not of those below it
            heard = self.months.get((*key, place), frozenset())
            part = len(heard & wanted) / len(wanted) if wanted else 1.0
            return part, [] if part == 1 else [place]
        sizes = [self.children.get((code, year), 0.0) for code in known]
        weights = sizes if all(size > 0 for size in sizes) else [1.0] * len(known)
        parts = [self._share(code, key, wanted) if code in own else (0.0, [code]) for code in known]
        reached = sum(weight * part for weight, (part, _) in zip(weights, parts, strict=True))
        return reached / sum(weights), [code for _, codes in parts for code in codes]


def _months(told: pd.DataFrame) -> dict[tuple[str, str, int, str], frozenset[int]]:
    """Return the months of a year that each source tells, by source, dose, year and place."""
    found: dict[tuple[str, str, int, str], set[int]] = {}
    within = {code: Period.parse(code).months() for code in told["period"].unique()}
    for row in each(told[["source", "indicator", "place_code", "period"]]):
        for month in within[row.period]:
            key = (row.source, row.indicator, month.year, row.place_code)
            found.setdefault(key, set()).add(month.number)
    return {key: frozenset(months) for key, months in found.items()}
