"""Which tables do the analyses read, and in which columns?

A notebook may fill them by hand; `kalanso triangulate` fills them from a store. Whatever is absent
is said to be missing, never guessed. Columns that are not named here are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.store import Column
from kalanso.triangulation.faults import TriangulationRefused

COVERAGE_KINDS = ("administrative", "official", "who_unicef", "survey", "estimate", "external", "lots")
POPULATION_KINDS = ("official", "projection", "census", "un", "gridded", "headcount", "other")
ACCESS_MEASURES = (
    "facilities_per_10000", "sessions_per_month", "sessions_held_share", "distance_km", "beyond_5km", "conflict", "rural_remote", "poverty",
)  # fmt: skip
GROUPINGS = ("sex", "wealth")


@dataclass(frozen=True, kw_only=True)
class InputTable:
    """One table that analyses may read; `origin` is the published table from which it is usually made."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    origin: str

    def checked(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows with every declared column in its type; absent optional ones are empty.

        Raises TriangulationRefused for a missing column, a value of another kind, or a repeated key.
        """
        found: dict[str, Any] = {}
        for column in self.columns:
            if column.name not in rows and not column.nullable:
                raise TriangulationRefused(
                    "triangulation.refused.column", table=self.name, column=column.name,
                    found=", ".join(map(str, rows.columns)),
                )  # fmt: skip
            found[column.name] = self._typed(rows.get(column.name), column, len(rows))
        if "table" in rows:
            found["table"] = rows["table"].astype(str).to_numpy()
        frame = pd.DataFrame(found)
        if (twice := frame.duplicated(list(self.key))).any():
            at = int(np.flatnonzero(twice)[0])
            said = ", ".join(str(frame[name].iloc[at]) for name in self.key)
            raise TriangulationRefused("triangulation.refused.twice", table=self.name, row=at + 1, found=said)
        return frame

    def _typed(self, values: pd.Series[Any] | None, column: Column, rows: int) -> Any:
        if values is None:
            return np.full(rows, np.nan if column.type in {"float", "int"} else "", dtype=object if column.type == "string" else float)  # fmt: skip
        if column.type == "string":
            text = values.fillna("").astype(str).astype(object).to_numpy()
            self._refuse(values, column, ~np.isin(text, column.values) if column.values else np.zeros(rows, bool))  # fmt: skip
            return text
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(float)
        wrong = np.isnan(numbers) & values.notna().to_numpy()
        wrong |= np.isinf(numbers)
        if not column.nullable:
            wrong |= np.isnan(numbers)
        if column.minimum is not None:
            wrong |= numbers < column.minimum
        if column.maximum is not None:
            wrong |= numbers > column.maximum
        self._refuse(values, column, wrong)
        return numbers.astype(np.int64) if column.type == "int" else numbers

    def _refuse(self, values: pd.Series[Any], column: Column, wrong: Any) -> None:
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise TriangulationRefused(
                "triangulation.refused.value", table=self.name, row=at + 1, column=column.name,
                expected=", ".join(column.values) or column.meaning, found=str(values.iloc[at]),
            )  # fmt: skip


def _text(name: str, meaning: str, values: tuple[str, ...] = (), *, optional: bool = False) -> Column:
    return Column(name=name, type="string", meaning=meaning, values=values, nullable=optional)


def _number(name: str, meaning: str, unit: str, *, optional: bool = True, high: float | None = None, low: float | None = 0.0) -> Column:  # fmt: skip
    return Column(name=name, type="float", meaning=meaning, unit=unit, nullable=optional, minimum=low, maximum=high)  # fmt: skip


_PLACE = _text("place_code", "key of the place")
_YEAR = Column(name="year", type="int", meaning="birth cohort, or calendar year of the doses", minimum=1900, maximum=2200)  # fmt: skip
_PERIOD = _text("period", "code of a month, quarter or year")
_SOURCE = _text("source", "who says so")
_DOSE = _text("indicator", "dose, such as dtp1")

PLACES = InputTable(
    name="places",
    meaning="The places that are compared, each with the one above it; the root has none",
    columns=(_PLACE, _text("parent_code", "place above", optional=True), _text("level", "its level"), _text("name", "its name")),
    key=("place_code",),
    origin="places",
)  # fmt: skip
COVERAGE = InputTable(
    name="coverage",
    meaning="Coverage by every source, one row per place, year, dose and source",
    columns=(
        _PLACE, _YEAR, _DOSE, _SOURCE, _text("kind", "how the number came about", COVERAGE_KINDS),
        _number("value", "share vaccinated; reported ones may exceed 1", "share", optional=False),
        _number("low", "lower end of its 95 % interval", "share"), _number("high", "upper end", "share"),
        _number("doses", "doses behind a reported share", "doses"), _number("target", "children behind it", "children"),
        _number("target_low", "lower end of the children that an estimate states", "children"), _number("target_high", "upper end", "children"),
        _number("children", "children asked, of a survey", "children"),
        _number("card_share", "share of them whose card was seen", "share", high=1.0),
        _text("licence", "licence of what others state", optional=True), _text("imported", "day of its import (ISO)", optional=True),
        _number("missed", "children without the dose, as an estimate states them", "children"),
        _number("missed_low", "lower end", "children"), _number("missed_high", "upper end", "children"),
    ),
    key=("place_code", "year", "indicator", "source", "kind"),
    origin="coverage_series",
)  # fmt: skip
UNFINISHED = InputTable(
    name="unfinished",
    meaning="Yearly coverage that lacks months or places, and is therefore not compared: see `whole_years`",
    columns=(
        _PLACE, _YEAR, _DOSE, _SOURCE, _number("value", "doses told / target of the whole year", "share", optional=False),
        _number("months_told", "months of the year that were told", "months", optional=False, high=12),
        _text("months", "spans of months that lack, such as 202410-202412, parted by blanks", optional=True),
        _text("lacking", "places of which nothing is told, parted by blanks", optional=True),
    ),
    key=("place_code", "year", "indicator", "source"),
    origin="indicator_values",
)  # fmt: skip
COUNTS = InputTable(
    name="counts",
    meaning="What services counted: doses and visits by place and period, with the share of reports that came",
    columns=(
        _PLACE, _PERIOD, _text("indicator", "what was counted, such as dtp1_doses"),
        _number("value", "the number", "doses or visits", optional=False),
        _number("completeness", "reports received / expected behind it", "share"),
    ),
    key=("place_code", "period", "indicator"),
    origin="indicator_values",
)  # fmt: skip
POPULATIONS = InputTable(
    name="populations",
    meaning="Surviving infants of a year by every source that states or implies them",
    columns=(
        _PLACE, _YEAR, _SOURCE, _text("kind", "what kind of source", POPULATION_KINDS),
        _number("surviving_infants", "children who reach their first birthday in the year", "children", optional=False),
    ),
    key=("place_code", "year", "source"),
    origin="observations",
)  # fmt: skip
QUALITY = InputTable(
    name="quality",
    meaning="What the checks of data quality found doubtful",
    columns=(
        _text("check", "which check"), _SOURCE, _PLACE, _PERIOD, _text("indicator", "which number"),
        _text("detail", "product or age", optional=True), _text("severity", "how much it matters", ("note", "attention", "serious")),
        _text("message", "id of its sentence"),
    ),
    key=("check", "source", "place_code", "period", "indicator", "detail", "message"),
    origin="quality_findings",
)  # fmt: skip
SURVEYS = InputTable(
    name="surveys",
    meaning="Survey results by evidence: card, card or history",
    columns=(
        _PLACE, _YEAR, _text("survey", "which survey"), _DOSE, _text("evidence", "card, or card or history"),
        _text("age", "age of the children at interview", optional=True),
        _number("value", "share vaccinated", "share", optional=False, high=1.0), _number("children", "children asked", "children"),
    ),
    key=("place_code", "survey", "indicator", "evidence", "age"),
    origin="coverage_series",
)  # fmt: skip
STOCK = InputTable(
    name="stock",
    meaning="Doses used out of opened vials, doses given, and days without stock, by place and month",
    columns=(
        _PLACE, _PERIOD, _text("product", "which vaccine"), _number("used", "doses in the vials that were opened", "doses", optional=False),
        _number("given", "doses of it reported as given", "doses"), _number("stockout_days", "days of the month without a dose", "days", high=31.0),
    ),
    key=("place_code", "period", "product"),
    origin="observations",
)  # fmt: skip
RECOUNTS = InputTable(
    name="recounts",
    meaning="Doses counted again in registers beside what was reported for the same facilities",
    columns=(
        _PLACE, _YEAR, _number("recounted", "doses found in the registers", "doses", optional=False),
        _number("reported", "doses reported", "doses", optional=False),
    ),
    key=("place_code", "year"),
    origin="recounts",
)  # fmt: skip
CASES = InputTable(
    name="cases",
    meaning="Notified cases by vaccination status, aggregated",
    columns=(
        _PLACE, _PERIOD, _text("disease", "which disease"), _text("age_band", "age of the cases, or all"),
        _number("vaccinated", "cases known to have all doses that protect", "cases", optional=False),
        _number("partial", "cases with some of these doses, where the source tells them apart", "cases"),
        _number("unvaccinated", "cases known to have none", "cases", optional=False), _number("unknown", "cases of unknown status", "cases"),
    ),
    key=("place_code", "period", "disease", "age_band"),
    origin="observations",
)  # fmt: skip
CAMPAIGNS = InputTable(
    name="campaigns",
    meaning="Children seen by a campaign or a catch-up round, and how many of them had never been vaccinated",
    columns=(
        _PLACE, _PERIOD, _text("campaign", "which round"), _number("seen", "children seen", "children", optional=False),
        _number("zero_dose", "of these, never vaccinated before", "children", optional=False),
    ),
    key=("place_code", "period", "campaign"),
    origin="observations",
)  # fmt: skip
ACCESS = InputTable(
    name="access",
    meaning="How far services are: facilities, sessions, distance, conflict, poverty",
    columns=(_PLACE, _text("measure", "what was measured", ACCESS_MEASURES), _number("value", "the number", "", optional=False)),
    key=("place_code", "measure"),
    origin="place_contexts",
)  # fmt: skip
GROUND = InputTable(
    name="ground",
    meaning="Facilities by status and displaced people, by place and month: what changes the way to services",
    columns=(_PLACE, _PERIOD, _text("measure", "what was counted"), _number("value", "the number", "", optional=False)),
    key=("place_code", "period", "measure"),
    origin="observations",
)  # fmt: skip
GROUPS = InputTable(
    name="groups",
    meaning="Coverage of girls and boys, of fifths of wealth (1 is the poorest), and doses of girls and boys",
    columns=(
        _PLACE, _YEAR, _DOSE, _SOURCE, _text("kind", "coverage or doses", ("coverage", "doses")),
        _text("by", "by what children are grouped", GROUPINGS), _text("group", "female or male; 1 to 5"),
        _number("value", "share vaccinated", "share"), _number("doses", "doses given to the group", "doses"),
    ),
    key=("place_code", "year", "indicator", "source", "kind", "by", "group"),
    origin="observations",
)  # fmt: skip
SECTORS = InputTable(
    name="sectors",
    meaning="Doses by sector: public, private, non-governmental",
    columns=(
        _PLACE, _PERIOD, _DOSE, _text("sector", "who vaccinated"), _number("value", "doses", "doses", optional=False),
        _number("completeness", "reports received / expected of the sector", "share"),
    ),
    key=("place_code", "period", "indicator", "sector"),
    origin="observations",
)  # fmt: skip
EVENTS = InputTable(
    name="events",
    meaning="Dated events that may explain a break",
    columns=(
        _PLACE, _text("first_day", "day on which it began (ISO)"), _text("last_day", "day on which it ended; empty while it lasts", optional=True),
        _text("kind", "what happened"), _text("antigen", "antigen concerned; empty for all", optional=True),
    ),
    key=("place_code", "first_day", "kind", "antigen"),
    origin="events",
)  # fmt: skip


def each(rows: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as named tuples, in order."""
    return list(rows.itertuples(index=False))


INPUTS: Mapping[str, InputTable] = {
    table.name: table
    for table in (
        PLACES, COVERAGE, UNFINISHED, COUNTS, POPULATIONS, QUALITY, SURVEYS, STOCK, RECOUNTS, CASES, CAMPAIGNS, ACCESS, GROUND, GROUPS, SECTORS, EVENTS,
    )
}  # fmt: skip
