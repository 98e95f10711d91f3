"""What is missing: which numbers, which places, which months, which sources?

Gaps are named against the needs that a country declares, against what each source itself held before,
and against its declarations. Whether a gap matters is for people to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kalanso.definitions import Declarations
from kalanso.sources.catalogue.tables import CATALOGUE_GAPS
from kalanso.vocabulary import Level, Period

RUN = 2  # months without a number that make a silence; one alone is a late report
MOST = 0.5  # share of districts from which a source is meant for the whole country
BESIDE = 1  # periods by which a source may end before the others
TOLD = {"place_code": "", "first_period": "", "last_period": "", "periods": 0, "series": "", "level": ""}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The places against which gaps are named, with their level, and the code of the country."""

    places: pd.DataFrame
    country: str

    def of_level(self, level: str) -> set[str]:
        """Return the places of a level."""
        return set(self.places.loc[self.places["level"] == level, "place_code"])


def gaps(
    held: pd.DataFrame,
    districts: pd.DataFrame,
    declared: Declarations,
    ground: Ground,
    covered: Mapping[tuple[str, str], set[str]],
) -> pd.DataFrame:
    """Return the rows of CATALOGUE_GAPS.

    `held` are rows of SOURCE_HOLDINGS; `districts` has source, indicator, place_code (district) and period of
    monthly numbers, where any place below has one; `covered` maps (indicator, level) to the places of
    that level for which some source has a number.
    """
    rows = [
        *_unheld(held, declared, ground, covered),
        *_absent(districts, ground),
        *(row | {"place_code": row["place_code"] or ground.country} for row in _silent(districts)),
        *_stopped(held, declared, ground),
        *_undelivered(held, declared, ground),
    ]
    table = pd.DataFrame([TOLD | row for row in rows], columns=list(CATALOGUE_GAPS.column_names))
    return table.astype({"periods": "int64"})


def _unheld(
    held: pd.DataFrame, declared: Declarations, ground: Ground, covered: Mapping[tuple[str, str], set[str]]
) -> Iterator[dict[str, Any]]:
    """Name needed numbers that no source holds at their level or below, and places that none covers."""
    for need in declared.needs:
        depth = Level(need.level).depth
        own = held[held["indicator"] == need.indicator]
        fine = [level for level in own["level"].unique() if Level(level).depth >= depth]
        common = {"source": "", "indicator": need.indicator, "level": need.level}
        if not fine:
            yield common | {"kind": "unheld", "place_code": ground.country}
            continue
        there = covered.get((need.indicator, need.level), set())
        for place in sorted(ground.of_level(need.level) - there):
            yield common | {"kind": "uncovered", "place_code": place}


def _absent(districts: pd.DataFrame, ground: Ground) -> Iterator[dict[str, Any]]:
    """Name districts that a source which covers most of the country has never had a number from."""
    every = ground.of_level(Level.DISTRICT.value)
    for (source, indicator), rows in districts.groupby(["source", "indicator"]):
        there = set(rows["place_code"]) & every
        if len(there) >= MOST * len(every):
            for place in sorted(every - there):
                yield {
                    "kind": "absent", "source": source, "indicator": indicator, "place_code": place,
                    "level": Level.DISTRICT.value,
                }  # fmt: skip


def _silent(districts: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Name districts from which a source had numbers, none for some months, and then numbers again.

    A silence at the end of a district's series is named too, where the source itself goes on. Months in which the source had
    numbers of no district are a silence of the source, named once (`level` country), and no district's.
    """
    for (source, indicator), rows in districts.groupby(["source", "indicator"]):
        parsed = {code: Period.parse(str(code)) for code in rows["period"].unique()}
        heard = sorted(parsed.values())
        common = {"kind": "silent", "source": source, "indicator": indicator}
        for run in _runs(set(heard), heard[0].until(heard[-1])):
            if len(run) >= RUN:
                yield common | _span(run) | {"place_code": "", "level": Level.COUNTRY.value}
        for place, own in rows.groupby("place_code"):
            there = {parsed[code] for code in own["period"]}
            for run in _runs(there, [one for one in heard if min(there) <= one]):
                if len(run) >= RUN:
                    said = _span(run) | ({"last_period": ""} if run[-1] == heard[-1] else {})
                    yield common | said | {"place_code": place, "level": Level.DISTRICT.value}


def _span(run: list[Period]) -> dict[str, Any]:
    return {"first_period": run[0].code, "last_period": run[-1].code, "periods": len(run)}


def _runs(there: set[Period], among: Iterable[Period]) -> list[list[Period]]:
    found: list[list[Period]] = []
    before = False
    for period in among:
        absent = period not in there
        if absent and before:
            found[-1].append(period)
        elif absent:
            found.append([period])
        before = absent
    return found


def _stopped(held: pd.DataFrame, declared: Declarations, ground: Ground) -> Iterator[dict[str, Any]]:
    """Name monthly sources whose last number of an indicator is older than the newest of all.

    A source that is declared to come sometimes has no rhythm, and does not stop.
    """
    monthly = held[held["period_type"] == "month"]
    if monthly.empty:
        return
    newest = max(Period.parse(code) for code in monthly["last_period"])
    for (source, indicator), rows in monthly.groupby(["source", "indicator"]):
        one = declared.of(str(source))
        if one is not None and one.refresh == "sometimes":
            continue
        last = max(Period.parse(code) for code in rows["last_period"])
        if newest - last > BESIDE:
            yield {
                "kind": "stopped", "source": source, "indicator": indicator, "place_code": ground.country,
                "first_period": (last + 1).code, "periods": newest - last,
            }  # fmt: skip


def _undelivered(held: pd.DataFrame, declared: Declarations, ground: Ground) -> Iterator[dict[str, Any]]:
    """Name declared sources that never brought a number, and sources that nobody declared."""
    names = list(held[["source", "series"]].drop_duplicates().itertuples(index=False, name=None))
    found = {(name, series): declared.of(name, series) for name, series in names}
    here = {one.code for one in found.values() if one is not None}
    for one in declared.sources:
        if one.code not in here:
            yield {"kind": "undelivered", "source": one.code, "indicator": "", "place_code": ground.country}
    for (name, series), known in found.items():
        if known is None:
            yield {
                "kind": "undeclared", "source": name, "series": series, "indicator": "",
                "place_code": ground.country,
            }  # fmt: skip
