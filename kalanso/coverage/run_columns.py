"""Which columns do all tables of a run share, and who may see them?

Builders of columns and tables, so that each declaration says only what is its own.
"""

from __future__ import annotations

from kalanso.coverage.evidence_tables import COVERAGE_INDICATORS
from kalanso.store import Audience, Column, Security, TableSpec

STATES = ("draft", "technical_review", "validated", "published")
SPANS = ("quarter", "year", "rolling4")
PLACE_LEVELS = ("area", "parent", "country")
PER_PERIOD = "children of the period of the row"


def number(
    name: str, meaning: str, unit: str, *, optional: bool = False, low: float | None = 0.0,
    high: float | None = None, type: str = "float",
) -> Column:  # fmt: skip
    return Column(
        name=name, type=type, meaning=meaning, unit=unit, nullable=optional, minimum=low, maximum=high
    )


def share(name: str, meaning: str, *, low: float = 0.0, type: str = "float") -> Column:
    return number(name, meaning, "share", low=low, high=1.0, type=type)


def text(name: str, meaning: str, values: tuple[str, ...] = ()) -> Column:
    return Column(name=name, type="string", meaning=meaning, values=values)


def interval(name: str, meaning: str, unit: str, *, low: float | None = 0.0) -> tuple[Column, ...]:
    high = 1.0 if unit == "share" else None
    return (
        number(f"{name}_mean", f"{meaning}, mean of the draws", unit, low=low, high=high),
        number(f"{name}_q025", f"{meaning}, lower end of the 95 % interval", unit, low=low, high=high),
        number(f"{name}_q975", f"{meaning}, upper end of the 95 % interval", unit, low=low, high=high),
    )


PLACE = text("place_code", "our key of the place")
QUARTER = text("period", "quarter in which the children were due, such as 2024Q1")
PERIOD = text("period", "quarter, or calendar year, in which the children were due")
SPAN = text("span", "quarter, calendar year, or the four quarters that end with the period", SPANS)
INDICATOR = text("indicator", "which dose: no dtp1 by 12 months is zero-dose, no dtp3 under-immunized; mcv1 by 12, mcv2 by 24 months", COVERAGE_INDICATORS)  # fmt: skip
LEVEL = text("place_level", "area, a place above areas, or the country", PLACE_LEVELS)
SENTENCE = (text("message", "message id of the sentence"), text("params", "its parameters (JSON)"))

# What the store adds to each row of a run.
RUN_COLUMNS = (
    Column(name="period_start", type="date", meaning="first day of the period"),
    Column(name="provisional", type="bool", meaning="whether reports of the period may still arrive"),
    text("run", "which run of the estimate"),
    text("state", "how far the run was reviewed", STATES),
)
RUN_NAMES = tuple(column.name for column in RUN_COLUMNS)
# Draws are too many to be rewritten when a run moves on: their state stands with their snapshot.
RUN_OF_DRAWS = RUN_COLUMNS[:-1]
# Where a place is under a security flag, its row is hidden: the district has a row of its own.
_GUARD = Security(coarsen_to="district", delay_days=90)


def of_run(
    name: str, meaning: str, columns: tuple[Column, ...], key: tuple[str, ...], *,
    audience: Audience = Audience.PROGRAMME, run: tuple[Column, ...] = RUN_COLUMNS,
    part_by: tuple[str, ...] = (), names_places: tuple[str, ...] = (),
) -> TableSpec:  # fmt: skip
    return TableSpec(
        name=name,
        version=1,
        meaning=meaning,
        columns=(*columns, *run),
        key=key,
        part_by=part_by,
        names_places=names_places,
        period_column="period_start",
        place_column="place_code",
        audience=audience,
        security=_GUARD,
    )
