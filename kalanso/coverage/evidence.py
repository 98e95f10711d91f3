"""What is known about an immunization programme, in tables?

`Evidence` holds every source as it spoke, validated; nothing is modelled here. Reading it from a
folder belongs to `folder`, building it from published tables to `kalanso.pipeline`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from kalanso.coverage import evidence_tables as tables
from kalanso.coverage.faults import EvidenceRefused
from kalanso.vocabulary import Message, Period, PeriodType

COUNTRY = "country"  # code of the whole, where several places have nothing above them


@dataclass(frozen=True, eq=False)
class Evidence:
    """Every source of one country, each in its own table (columns: `evidence_tables`).

    A missing table is an empty frame with the declared columns. `neighbours` is symmetric,
    `covariates` has one row per area in the order of `areas` and no empty cells. `notes` says in
    words what is missing, was filled or was set aside; `receipt` counts it per table
    (read, used, set_aside by reason, handled by reason).
    """

    places: pd.DataFrame
    neighbours: pd.DataFrame = field(default_factory=tables.NEIGHBOURS.empty)
    covariates: pd.DataFrame = field(default_factory=tables.COVARIATES.empty)
    doses: pd.DataFrame = field(default_factory=tables.DOSES.empty)
    catchup: pd.DataFrame = field(default_factory=tables.CATCHUP.empty)
    denominators: pd.DataFrame = field(default_factory=tables.DENOMINATORS.empty)
    denominator_sources: pd.DataFrame = field(default_factory=tables.DENOMINATOR_SOURCES.empty)
    surveys: pd.DataFrame = field(default_factory=tables.SURVEYS.empty)
    strata: pd.DataFrame = field(default_factory=tables.STRATA.empty)
    survey_areas: pd.DataFrame = field(default_factory=tables.SURVEY_AREAS.empty)
    stock: pd.DataFrame = field(default_factory=tables.STOCK.empty)
    recounts: pd.DataFrame = field(default_factory=tables.RECOUNTS.empty)
    facility_status: pd.DataFrame = field(default_factory=tables.FACILITY_STATUS.empty)
    lots: pd.DataFrame = field(default_factory=tables.LOTS.empty)
    attendance: pd.DataFrame = field(default_factory=tables.ATTENDANCE.empty)
    displacement: pd.DataFrame = field(default_factory=tables.DISPLACEMENT.empty)
    notes: tuple[Message, ...] = ()
    receipt: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, *, notes: Iterable[Message] = (), receipt: Mapping[str, Any] | None = None, **given: Any
    ) -> Evidence:
        """Build evidence from frames or rows that may lack optional columns; types are set here.

        For programs whose rows are already sound (simulations, tests): neighbours are made
        symmetric, covariates put in order and a country put above several roots, but doubtful rows
        are not looked for. Raises EvidenceRefused where there is no area, and ValueError for an
        unknown table.
        """
        known = {table.name: table for table in tables.EVIDENCE_TABLES}
        if unknown := set(given) - set(known):
            raise ValueError(f"expected tables among {sorted(known)}, got {sorted(unknown)}")
        frames = {name: known[name].typed(rows) for name, rows in given.items()}
        evidence = cls(**frames, notes=tuple(notes), receipt=dict(receipt or {}))
        if not evidence.areas:
            raise EvidenceRefused("coverage.evidence.no_area", file="places")
        return evidence._settled()

    def _settled(self) -> Evidence:
        pairs = self.neighbours
        both = pd.concat(
            [pairs, pairs.rename(columns={"place_code": "neighbour_code", "neighbour_code": "place_code"})]
        )
        both = both[both["place_code"] != both["neighbour_code"]].drop_duplicates()
        order = self.area_index
        both = both.sort_values(["place_code", "neighbour_code"], key=lambda codes: codes.map(order))
        covariates = self.covariates
        if len(covariates):
            covariates = covariates.set_index("place_code").reindex(self.areas).reset_index()
        rest = {f.name: getattr(self, f.name) for f in fields(self)}
        rest["places"] = _with_one_root(self.places)
        rest |= {
            "neighbours": both[["place_code", "neighbour_code"]].reset_index(drop=True),
            "covariates": covariates,
        }
        return Evidence(**rest)

    @cached_property
    def areas(self) -> list[str]:
        """The places without places below them, in the order of `places`."""
        above = set(self.places["parent_code"])
        return [code for code in self.places["place_code"] if code not in above]

    @cached_property
    def area_index(self) -> dict[str, int]:
        """The position of each area in `areas`."""
        return {code: number for number, code in enumerate(self.areas)}

    @cached_property
    def periods(self) -> list[str]:
        """Every quarter from the first to the last that doses, surveys or lots speak of.

        Where none does, the quarters of the years of the denominators.
        """
        codes: set[str] = set(self.doses["period"])
        for frame in (self.surveys, self.survey_areas, self.lots):
            codes |= set(frame["start"]) | set(frame["end"])
        if not codes:
            years = self.denominators["period"]
            codes = {f"{year}Q{quarter}" for year in set(years) for quarter in (1, 4)}
        if not codes:
            raise EvidenceRefused("coverage.evidence.no_period", file="doses")
        return quarters_between(min(codes), max(codes))

    @cached_property
    def period_index(self) -> dict[str, int]:
        """The position of each quarter in `periods`."""
        return {code: number for number, code in enumerate(self.periods)}

    @cached_property
    def parents(self) -> dict[str, str]:
        """The place above each place; empty for the root."""
        return dict(zip(self.places["place_code"], self.places["parent_code"], strict=True))

    @cached_property
    def country(self) -> str:
        """The root of the tree: itself an area where there is only one place."""
        return next(code for code, parent in self.parents.items() if not parent)

    def ancestors(self, place_code: str) -> tuple[str, ...]:
        """Return the places above one place, from its parent up to the country."""
        found: list[str] = []
        above = self.parents[place_code]
        while above:
            found.append(above)
            above = self.parents[above]
        return tuple(found)

    @cached_property
    def depths(self) -> dict[str, int]:
        """How far below the country each place stands (country 0)."""
        return {code: len(self.ancestors(code)) for code in self.parents}

    def level_of(self, place_code: str) -> str:
        """Return `country`, `parent` or `area`; the only place of a country is an area."""
        if place_code in self.area_index:
            return "area"
        return "country" if not self.parents[place_code] else "parent"

    @cached_property
    def aggregates(self) -> list[str]:
        """All places, in the order of `places`: the rows of `membership`."""
        return list(self.places["place_code"])

    @cached_property
    def membership(self) -> sp.csr_matrix:
        """Which areas make up each place: 0/1, rows as `aggregates`, columns as `areas`.

        `membership @ x` adds a count of areas up to every place; an area's row holds itself.
        """
        rows, columns = [], []
        position = {code: number for number, code in enumerate(self.aggregates)}
        for number, area in enumerate(self.areas):
            for code in (area, *self.ancestors(area)):
                rows.append(position[code])
                columns.append(number)
        shape = (len(self.aggregates), len(self.areas))
        return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)

    def members(self, place_code: str) -> np.ndarray:
        """Return the positions in `areas` of the areas that make up one place."""
        row = self.aggregates.index(place_code)
        matrix = self.membership
        return np.sort(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])

    @property
    def covariate_names(self) -> list[str]:
        """The numeric columns of `covariates`."""
        return [name for name in self.covariates.columns if name != "place_code"]


def _with_one_root(places: pd.DataFrame) -> pd.DataFrame:
    """Put a country above places that have nothing above them, where there are several."""
    roots = places["parent_code"] == ""
    if roots.sum() < 2:
        return places
    hung = places.assign(parent_code=places["parent_code"].where(~roots, COUNTRY))
    return pd.concat([tables.PLACES.typed([{"place_code": COUNTRY}]), hung], ignore_index=True)


def quarters_between(first: str, last: str) -> list[str]:
    """Return the codes of all quarters from the first to the last, both included."""
    start, end = Period.parse(first), Period.parse(last)
    for period in (start, end):
        if period.type is not PeriodType.QUARTER:
            raise ValueError(f"expected quarters such as 2024Q1, got {period.code}")
    return [period.code for period in start.until(end)]


def quarter_year(code: str) -> int:
    """Return the calendar year of a quarter, for joining with denominators."""
    return int(code[:4])


def middle_year(periods: list[str]) -> float:
    """Return the middle of the series in years, such as 2023.5."""
    times = quarter_times(periods)
    return float((times[0] + times[-1]) / 2)


def quarter_times(periods: list[str]) -> np.ndarray:
    """Return the middle of each quarter in years."""
    return np.array([int(code[:4]) + (int(code[-1]) - 0.5) / 4 for code in periods])
