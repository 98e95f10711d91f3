"""Where are faults written into a copy of the example country, and how is each remembered?

A desk holds the rows of the reports of one copy, chooses places that bear no fault yet, and keeps the list of what
was planted. Which faults there are is said by the other files of this folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.simulation import ExampleCountry
from kalanso.simulation.reports import SOURCE
from kalanso.simulation.timeline import MONTH_CODES, MONTH_STARTS, MONTHS
from kalanso.vocabulary import Level

Positions = npt.NDArray[np.int64]

POPULATION = "demo-population"
# What is wrong about a place: one fault of each at most.
REPORTS, PEOPLE, MAP = "reports", "people", "map"
INFANTS = "0-11m"
COLUMNS = (
    "kind",
    "about",
    "source",
    "place_code",
    "first",
    "last",
    "indicator",
    "true_value",
    "reported_value",
)


@dataclass
class Desk:
    """One copy of the country: its rows, the places still free of faults, and what was planted."""

    country: ExampleCountry
    rng: np.random.Generator
    lines: list[dict[str, Any]] = field(default_factory=list)
    taken: dict[str, set[str]] = field(
        default_factory=lambda: {name: set() for name in (REPORTS, PEOPLE, MAP)}
    )
    added: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the tables of the copy."""
        self.rows = self.country.observations.to_pandas()
        self.places = self.country.places.to_pandas()
        self.parents = self.country.place_parents.to_pandas()
        self.dropped = np.zeros(len(self.rows), dtype=bool)
        self.by_place: dict[str, Positions] = dict(self.rows.groupby("place_code").indices)
        self.columns = {
            name: self.rows[name].to_numpy() for name in ("source", "period", "indicator", "age_band")
        }
        self.value = self.rows["value"].to_numpy(dtype=float, copy=True)
        self.received, self.on_time = (
            self.rows[name].to_numpy(dtype=float, copy=True)
            for name in ("reports_received", "reports_on_time")
        )
        health = self.parents[self.parents["tree"] == "health"]
        self.parent: dict[str, str] = dict(zip(health["place_code"], health["parent_code"], strict=True))
        self.level: dict[str, str] = dict(zip(self.places["place_code"], self.places["level"], strict=True))
        self.first_doses = self._first_doses()

    def _first_doses(self) -> pd.DataFrame:
        """First doses of DTP under one by facility (rows) and month (columns); empty where none was given."""
        r = self.rows
        own = r[(r["indicator"] == "dtp1_doses") & (r["age_band"] == INFANTS) & r["value"].notna()]
        own = own[~own["strategy"].isin(["catch_up", "campaign"])]
        return own.pivot_table(index="place_code", columns="period", values="value", aggfunc="sum")

    # choosing

    def facilities(
        self, count: int, *, usual: float = 15, reports: int = 40, among: str = REPORTS
    ) -> list[str]:
        """Take free facilities with so many first doses in a usual month and so many reports of 48."""
        table = self.first_doses
        fit = table[(table.median(axis=1) >= usual) & (table.notna().sum(axis=1) >= reports)].index
        return self._take([code for code in fit if not self._spoilt(code, among)], count, among)

    def districts(self, count: int, *, reports: float = 0.0, among: str = REPORTS) -> list[str]:
        """Take free districts of which no facility bears a fault, with so large a share of reports.

        One is taken for three faults that are asked for: there are few of them.
        """
        own = self.rows[self.rows["indicator"] == "anc1_visits"]
        spoilt = {self.above(code, Level.DISTRICT) for code in self.taken[among]}
        share = own.groupby(own["place_code"].map(lambda code: self.above(code, Level.DISTRICT)))[
            "reports_received"
        ].mean()
        free = [code for code in share[share >= reports].index if code not in spoilt]
        return self._take(free, -(-count // 3), among)

    def areas(self, count: int, *, children: float = 0.0, reporting: bool = False) -> list[str]:
        """Take free health areas that have a target of at least so many children; `reporting` ones bear no other fault."""
        own = self.rows[(self.rows["source"] == POPULATION) & (self.rows["indicator"] == "surviving_infants")]
        least = own.groupby("place_code")["value"].min()
        free = [
            code
            for code in least[(least >= children) & (least > 0)].index
            if self.level[code] == Level.HEALTH_AREA.value and not self._spoilt(code, PEOPLE)
        ]
        if reporting:
            wrong = {self.above(code, Level.HEALTH_AREA) for code in self.taken[REPORTS]}
            whole = {self.above(code, Level.HEALTH_AREA) for code in self.first_doses.dropna(thresh=40).index}
            free = [code for code in free if code in whole - wrong and not self._spoilt(code, REPORTS)]
        return self._take(free, count, PEOPLE)

    def _spoilt(self, place: str, among: str) -> bool:
        line = {place, self.above(place, Level.HEALTH_AREA), self.above(place, Level.DISTRICT)}
        return bool(line & self.taken[among])

    def _take(self, free: Sequence[str], count: int, among: str) -> list[str]:
        chosen = [str(code) for code in self.rng.permutation(sorted(free))[:count]]
        self.taken[among].update(chosen)
        return chosen

    def above(self, place: str, level: Level) -> str:
        """Return the place of a level that holds a place, or itself."""
        while place in self.parent and self.level[place] != level.value:
            place = self.parent[place]
        return place

    def below(self, district: str) -> list[str]:
        """Return the facilities of a district that report."""
        return [
            code
            for code in self.by_place
            if self.level.get(code) == "facility" and self.above(code, Level.DISTRICT) == district
        ]

    def month_of(self, place: str, *, first: int = 13, last: int = 42, before: bool = False) -> int:
        """Return a month in which a facility reported (and in the one before, where asked)."""
        told = self.first_doses.loc[place].reindex(MONTH_CODES).fillna(0).to_numpy() > 0
        fit = [m for m in range(first, last) if told[m] and (not before or told[m - 1])]
        return int(self.rng.choice(fit))

    def year_of(self) -> tuple[int, int]:
        """Return the first and the last month of one of the middle years."""
        start = 12 * int(self.rng.integers(1, 3))
        return start, start + 11

    # writing

    def at(
        self, place: str, indicators: str | Iterable[str] | None = None, first: int = 0, last: int = MONTHS - 1,
        *, infants: bool = False, months: bool = True,
    ) -> Positions:  # fmt: skip
        """Return the rows of a place, of some indicators and months; `infants` leaves out older children."""
        at = self.by_place.get(place, np.array([], dtype=np.int64))
        period, indicator = self.columns["period"][at], self.columns["indicator"][at]
        fit = np.ones(len(at), dtype=bool)
        if months:
            fit &= (period >= MONTH_CODES[first]) & (period <= MONTH_CODES[last])
        if indicators is not None:
            wanted = [indicators] if isinstance(indicators, str) else list(indicators)
            fit &= np.isin(indicator.astype(str), wanted)
        if infants:
            fit &= np.isin(self.columns["age_band"][at].astype(str), [INFANTS, "all"])
        return np.asarray(at[fit])

    def doses(self, place: str, first: int = 0, last: int = MONTHS - 1) -> Positions:
        """Return the rows of doses and visits of a place that were given routinely, without its stock."""
        at = self.at(place, None, first, last)
        names = self.columns["indicator"][at].astype(str)
        stock = np.char.startswith(names, "stock") | np.isin(
            names, ["doses_used", "doses_received", "doses_wasted"]
        )
        return np.asarray(at[~stock])

    def scale(self, at: Positions, factor: float) -> None:
        """Multiply numbers, rounded to whole ones."""
        self.value[at] = np.round(self.value[at] * factor)

    def total(self, at: Positions) -> float:
        """Return the sum of numbers."""
        return float(np.nansum(self.value[at]))

    def lose(self, at: Positions) -> None:
        """Let reports not have come: their rows stand empty."""
        self.value[at], self.received[at], self.on_time[at] = np.nan, 0.0, 0.0

    def drop(self, at: Positions) -> None:
        """Take rows out altogether."""
        self.dropped[at] = True

    def add(
        self, source: str, places: Sequence[str], periods: Sequence[int], indicator: str, values: Any
    ) -> None:
        """Add monthly rows of another source (`values` by place and month)."""
        count = len(places) * len(periods)
        self.added.append(
            self._blank_rows(count).assign(
                source=source, place_code=np.repeat(list(places), len(periods)),
                period=np.tile([MONTH_CODES[m] for m in periods], len(places)), period_type="month",
                period_start=np.tile(np.array([MONTH_STARTS[m] for m in periods], dtype=object), len(places)),
                indicator=indicator, age_band=INFANTS if indicator.endswith("_doses") else "all",
                value=np.asarray(values, dtype=float).ravel(),
            )
        )  # fmt: skip

    def add_years(self, rows: pd.DataFrame) -> None:
        """Add rows of yearly populations, which carry source, place_code, period, indicator and value."""
        starts = pd.to_datetime(rows["period"] + "-01-01").dt.date
        blank = self._blank_rows(len(rows)).assign(period_type="year", age_band="all")
        names = ("source", "place_code", "period", "indicator", "value")
        self.added.append(blank.assign(period_start=list(starts), **{n: list(rows[n]) for n in names}))

    def _blank_rows(self, count: int) -> pd.DataFrame:
        blank = pd.DataFrame({name: [None] * count for name in self.rows.columns})
        return blank.assign(status="reported", product="", strategy="all", sector="all", sex="all")

    def yearly(self, place: str, indicator: str | None = None) -> Positions:
        """Return the rows of the official population of a place."""
        at = self.at(place, indicator, months=False)
        return np.asarray(at[self.columns["source"][at] == POPULATION])

    def remember(
        self, kind: str, place: str, first: int = 0, last: int = MONTHS - 1, *, about: str = REPORTS,
        source: str = SOURCE, indicator: str = "", true: float = np.nan, wrong: float = np.nan,
    ) -> None:  # fmt: skip
        """Keep what was planted, apart from the rows."""
        entry = (kind, about, source, place, MONTH_CODES[first], MONTH_CODES[last], indicator, true, wrong)
        self.lines.append(dict(zip(COLUMNS, entry, strict=True)))

    # handing over

    def written(self) -> ExampleCountry:
        """Return the country as the copy tells it."""
        rows = self.rows.assign(
            value=self.value, reports_received=self.received, reports_on_time=self.on_time
        )
        rows = rows.assign(status=_status(rows))[~self.dropped]
        records = pd.concat([rows, *self.added], ignore_index=True)
        counts = ["value", "reports_expected", "reports_received", "reports_on_time"]
        records[counts] = records[counts].astype(float)
        return replace(
            self.country, observations=_arrow(OBSERVATIONS, records), places=_arrow(PLACES, self.places),
            place_parents=_arrow(PLACE_PARENTS, self.parents),
        )  # fmt: skip

    def planted(self) -> pd.DataFrame:
        """Return what was planted, a row for each fault."""
        return pd.DataFrame(self.lines, columns=list(COLUMNS))


def _status(rows: pd.DataFrame) -> Any:
    plain = np.where(rows["value"] == 0, "zero", "reported")
    told = rows["status"].isin(["reported", "zero", "missing"])
    return np.where(told, np.where(rows["value"].isna(), "missing", plain), rows["status"])


def _arrow(spec: Any, rows: pd.DataFrame) -> Any:
    import pyarrow as pa

    return spec.arrow(pa.Table.from_pandas(rows, preserve_index=False))
