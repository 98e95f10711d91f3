"""Which columns does each table of evidence have, with which meaning and unit?

The declaration is the interface for whoever writes a folder by hand, for the reader of folders and
for the model. A missing table is an empty one: it means missing evidence, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kalanso.store import Column

DOSE_INDICATORS = ("dtp1_doses", "dtp3_doses", "mcv1_doses", "mcv2_doses")
COVERAGE_INDICATORS = ("dtp1", "dtp3", "mcv1", "mcv2")
SURVEY_KINDS = ("survey", "external")
ATTENDANCE_KINDS = ("hub", "neighbours")
LATE_BANDS = ("0-11m", "12-23m", "24-59m", "unknown")
_KINDS = {"string": object, "float": np.float64, "int": np.int64, "bool": np.bool_}


@dataclass(frozen=True, kw_only=True)
class EvidenceTable:
    """One table of evidence: what it says, its columns, and which of them identify a row.

    `numeric_others` admits further numeric columns (covariates). `required` says that no estimate
    is possible without it.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    numeric_others: bool = False
    required: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """The declared columns in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column by name."""
        return next(column for column in self.columns if column.name == name)

    def empty(self) -> pd.DataFrame:
        """Return the table without rows: nothing is known."""
        return pd.DataFrame({c.name: pd.Series(dtype=_KINDS[c.type]) for c in self.columns})

    def typed(self, rows: pd.DataFrame | list[dict[str, Any]] | dict[str, Any]) -> pd.DataFrame:
        """Return rows with exactly the declared columns and types; absent ones get their empty value.

        Shares and counts that are not known become NaN, texts become empty, `anchor` becomes False.
        Raises ValueError where a column without an empty value is absent.
        """
        frame = pd.DataFrame(rows)
        if frame.empty and not len(frame.columns):
            return self.empty()
        found: dict[str, Any] = {}
        for column in self.columns:
            if column.name not in frame and not column.nullable:
                raise ValueError(f"{self.name}: expected a column {column.name}, got {list(frame.columns)}")
            found[column.name] = _typed(frame.get(column.name), column, len(frame))
        if self.numeric_others:
            others = [name for name in frame.columns if name not in found]
            found |= {name: frame[name].astype(float).to_numpy() for name in others}
        return pd.DataFrame(found)


def _typed(values: Any, column: Column, rows: int) -> Any:
    if column.type == "float":
        return np.full(rows, np.nan) if values is None else pd.to_numeric(values).to_numpy(float)
    if column.type == "int":
        return pd.to_numeric(values).to_numpy(np.int64)
    if column.type == "bool":
        return np.zeros(rows, bool) if values is None else pd.Series(values).fillna(False).to_numpy(bool)
    if values is None:
        return np.full(rows, _default(column), dtype=object)
    return pd.Series(values).fillna(_default(column)).astype(str).astype(object).to_numpy()


def _default(column: Column) -> str:
    return "survey" if column.name == "kind" else ""


def _text(name: str, meaning: str, *, optional: bool = False, values: tuple[str, ...] = ()) -> Column:
    return Column(name=name, type="string", meaning=meaning, nullable=optional, values=values)


def _number(
    name: str,
    meaning: str,
    unit: str,
    *,
    optional: bool = False,
    low: float | None = 0.0,
    high: float | None = None,
) -> Column:
    return Column(
        name=name, type="float", meaning=meaning, unit=unit, nullable=optional, minimum=low, maximum=high
    )


def _share(name: str, meaning: str, *, optional: bool = False) -> Column:
    return _number(name, meaning, "share", optional=optional, high=1.0)


_AREA = _text("place_code", "key of an area (a place without places below it)")
_PLACE = _text("place_code", "key of a place at any level; it stands for all areas below it")
_QUARTER = _text("period", "quarter, such as 2024Q1")
_START = _text("start", "first quarter in which these children were due this dose (DTP3: with DTP1)")
_END = _text("end", "last quarter in which these children were due this dose, itself included")
_BIAS = _number("bias_sd", "how far this round may lie off as a whole (standard deviation, logit scale); empty: none for a household survey, the usual one of rapid rounds for lots", "logit", optional=True)  # fmt: skip
_COVERAGE = _text("indicator", "which dose", values=COVERAGE_INDICATORS)
_DOSES = _text("indicator", "which doses", values=DOSE_INDICATORS)
_KIND = _text("kind", "a survey, or an estimate made by others from evidence of their own", optional=True, values=SURVEY_KINDS)  # fmt: skip

PLACES = EvidenceTable(
    name="places",
    meaning="The tree of places; its leaves are the areas that are estimated",
    columns=(
        _text("place_code", "key of the place"),
        _text("parent_code", "the place above; empty for the country", optional=True),
        _number("longitude", "of its point", "degrees", optional=True, low=-180, high=180),
        _number("latitude", "of its point", "degrees", optional=True, low=-90, high=90),
    ),
    key=("place_code",),
    required=True,
)
NEIGHBOURS = EvidenceTable(
    name="neighbours",
    meaning="Which areas touch; each pair stands in both directions",
    columns=(_AREA, _text("neighbour_code", "the other area")),
    key=("place_code", "neighbour_code"),
)
COVARIATES = EvidenceTable(
    name="covariates",
    meaning="What is known of an area: any further columns are numbers (urban, conflict, travel time ...)",
    columns=(_AREA,),
    key=("place_code",),
    numeric_others=True,
)
DOSES = EvidenceTable(
    name="doses",
    meaning="Routine doses given at the age at which they count (0-11 months; MCV2: 12-23 months); a quarter without a row is missing, not zero",
    columns=(
        _AREA, _QUARTER, _DOSES,
        _number("value", "doses reported in the quarter", "doses"),
        _number("reports_received", "reports received; empty if unknown", "reports", optional=True),
        _number("reports_expected", "reports due; empty if unknown", "reports", optional=True),
    ),
    key=("place_code", "period", "indicator"),
)  # fmt: skip
CATCHUP = EvidenceTable(
    name="catchup",
    meaning="DTP1 doses that no coverage counts: late ones, and those of catch-up rounds and campaigns",
    columns=(
        _AREA, _QUARTER,
        _text("age_band", "age of the children", values=LATE_BANDS),
        _text("strategy", "how they were reached; empty if unsaid", optional=True),
        _number("doses", "doses given in the quarter", "doses"),
    ),
    key=("place_code", "period", "age_band", "strategy"),
)  # fmt: skip
DENOMINATORS = EvidenceTable(
    name="denominators",
    meaning="What each source says about the number of children; at any level",
    columns=(
        _text("source", "who says so, such as census2022"), _PLACE,
        Column(name="period", type="int", meaning="calendar year", minimum=1900, maximum=2200),
        _number("surviving_infants", "children reaching their first birthday in the year", "children per year"),
    ),
    key=("source", "place_code", "period"),
)  # fmt: skip
DENOMINATOR_SOURCES = EvidenceTable(
    name="denominator_sources",
    meaning="How the sources of populations hang together, and how far each may be off",
    columns=(
        _text("source", "the source"),
        _text("parent_source", "the source from which it was derived; empty if independent", optional=True),
        _number("bias_sd", "how far its total may be off (standard deviation, log scale); empty: the model's prior", "log", optional=True),
        _number("base_year", "year from which a projection runs; empty if none", "year", optional=True),
        Column(name="anchor", type="bool", meaning="whether its total fixes the level of all others", nullable=True),
    ),
    key=("source",),
)  # fmt: skip
SURVEYS = EvidenceTable(
    name="surveys",
    meaning="Children of survey clusters, by the quarters in which they were due",
    columns=(
        _text("survey", "the survey"), _text("cluster", "the cluster within it"), _AREA, _START, _END, _COVERAGE,
        _number("vaccinated", "children found vaccinated", "children"),
        _number("children", "children asked about", "children"),
        _text("stratum", "stratum of the sample, such as urban or rural; empty if unsaid", optional=True),
        _share("card_share", "share of these children whose card was seen; empty if unknown", optional=True),
        _BIAS, _KIND,
    ),
    key=("survey", "cluster", "place_code", "start", "end", "indicator", "stratum"),
)  # fmt: skip
STRATA = EvidenceTable(
    name="strata",
    meaning="Which share of a place's children lives in each stratum of the surveys",
    columns=(
        _PLACE, _text("stratum", "stratum of the samples, such as urban or rural"),
        _share("share", "share of the place's children who live in it; those of a place sum to 1"),
    ),
    key=("place_code", "stratum"),
)  # fmt: skip
SURVEY_AREAS = EvidenceTable(
    name="survey_areas",
    meaning="Survey results and estimates by others of which only the number and its error are known",
    columns=(
        _text("survey", "the survey or publication"), _PLACE, _START, _END, _COVERAGE,
        _share("coverage", "share vaccinated"), _number("standard_error", "of the share", "share"), _BIAS, _KIND,
        _share("card_share", "share of these children whose card was seen; empty if unknown", optional=True),
    ),
    key=("survey", "place_code", "start", "end", "indicator"),
)  # fmt: skip
STOCK = EvidenceTable(
    name="stock",
    meaning="Doses in the vials that were opened: issues minus change of stock",
    columns=(
        _PLACE, _QUARTER,
        _number("doses_used", "doses in opened vials, all DTP doses together", "doses"),
        _share("wastage", "share of these thrown away; empty: the model's prior", optional=True),
    ),
    key=("place_code", "period"),
)  # fmt: skip
RECOUNTS = EvidenceTable(
    name="recounts",
    meaning="Doses counted again in registers beside what was reported: evidence on over-reporting",
    columns=(
        _AREA, _QUARTER, _DOSES,
        _number("recounted", "doses found in the registers", "doses"),
        _number("reported", "doses reported for the same facilities", "doses"),
    ),
    key=("place_code", "period", "indicator"),
)  # fmt: skip
FACILITY_STATUS = EvidenceTable(
    name="facility_status",
    meaning="How much of an area's services worked; closed ones give no doses and owe no reports",
    columns=(_AREA, _QUARTER, _share("functional_share", "share of services that worked; 0 = closed")),
    key=("place_code", "period"),
)
LOTS = EvidenceTable(
    name="lots",
    meaning="Lot quality rounds, of an area or of a larger place: counts, or only whether the lot passed",
    columns=(
        _text("round", "the round"), _PLACE, _START, _END, _COVERAGE,
        _number("children", "children in the sample", "children"),
        _number("vaccinated", "children found vaccinated; empty where only the decision is known", "children", optional=True),
        _text("decision", "outcome; empty where counts are known", optional=True, values=("pass", "fail", "")),
        _number("decision_value", "at least this many vaccinated children make a pass", "children", optional=True),
        _BIAS,
    ),
    key=("round", "place_code", "start", "end", "indicator"),
)  # fmt: skip

ATTENDANCE = EvidenceTable(
    name="attendance",
    meaning="Where children are vaccinated outside their own area: hubs that attract from afar, and places whose areas exchange children with those they touch",
    columns=(
        _text("place_code", "hub: the area of the hub; neighbours: a place at any level"),
        _text("kind", "what mixes", values=ATTENDANCE_KINDS),
        _text("from_code", "hub: a place at any level whose children may come; empty: the place above the hub", optional=True),
        _share("share", "hub: share of these children who are vaccinated there, as far as known; empty: the model's prior", optional=True),
    ),
    key=("place_code", "kind", "from_code"),
)  # fmt: skip

DISPLACEMENT = EvidenceTable(
    name="displacement",
    meaning="Areas whose children due left or arrived within the series; read and checked, not heard by the model yet",
    columns=(
        _AREA, _QUARTER,
        _number("children_change", "children due against those usual in the area: 0.4 = two fifths more, -0.5 = half left; empty: moved, nobody knows how many", "ratio", optional=True, low=-1.0),
    ),
    key=("place_code", "period"),
)  # fmt: skip

EVIDENCE_TABLES = (
    PLACES, NEIGHBOURS, COVARIATES, DOSES, CATCHUP, DENOMINATORS, DENOMINATOR_SOURCES, SURVEYS,
    STRATA, SURVEY_AREAS, STOCK, RECOUNTS, FACILITY_STATUS, LOTS, ATTENDANCE,
    DISPLACEMENT,
)  # fmt: skip
