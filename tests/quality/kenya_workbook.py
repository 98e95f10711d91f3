"""How does the real workbook of 47 counties become evidence for the checks?"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from kalanso import definitions, indicators
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.places.tables import PLACES
from kalanso.quality import Evidence
from kalanso.sources import countdown
from kalanso.vocabulary import PeriodType

TODAY = date(2024, 6, 1)
FILE = "kenya/countdown_workbook_2019_2023.xlsx"


@dataclass(frozen=True)
class Workbook:
    """What stands in the workbook, in an engine: counties are known by their name, the country stands above them."""

    observations: Any
    lineage: Any
    places: Any
    table: Callable[[Any], Any]


def workbook(shared_data: Path, indicators_wanted: Collection[str] = ()) -> Workbook:
    """Return the workbook's tables, of all numbers or of some."""
    reading = countdown.read(shared_data / FILE)
    assert isinstance(reading.observations, pa.Table)
    rows = reading.observations.to_pandas()
    rows["place_code"], rows["source"] = rows.listed_name.str.strip(), "kenya-countdown"
    if indicators_wanted:
        rows = rows[rows.indicator.isin(list(indicators_wanted))]
    counties = sorted(rows.place_code.unique())
    engine = ibis.duckdb.connect(threads=1)

    def table(frame: Any) -> Any:
        arrow = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
        return engine.create_table(ibis.util.gen_name("rows"), arrow, temp=True)

    names = list(OBSERVATIONS.column_names)
    arrow = pa.Table.from_pandas(rows[names], preserve_index=False).cast(
        pa.schema([OBSERVATIONS.arrow_schema().field(n).with_nullable(True) for n in names])
    )
    lineage = [(c, c, "district") for c in counties] + [(c, "Kenya", "country") for c in counties]
    lineage.append(("Kenya", "Kenya", "country"))
    places = [
        {"place_code": c, "name": c, "level": "district", "kind": "", "source": "kenya"} for c in counties
    ]
    places.append({"place_code": "Kenya", "name": "Kenya", "level": "country", "kind": "", "source": "kenya"})
    ancestors = pd.DataFrame(lineage, columns=["place_code", "ancestor_code", "ancestor_level"])
    return Workbook(table(arrow), table(ancestors), table(PLACES.arrow(places)), table)


def kenya_evidence(shared_data: Path) -> Evidence:
    """Return the workbook as evidence: counties below the country, coverage, and two surveys."""
    held = workbook(shared_data)
    pack = definitions.load("KE")
    question = indicators.IndicatorQuestion(
        indicators=("dtp1_coverage", "dtp3_coverage"), period_type=PeriodType.QUARTER, today=TODAY
    )
    coverage = indicators.evaluate(held.observations, held.lineage, pack, question).to_pyarrow()
    return Evidence(
        observations=held.observations, places=held.places, lineage=held.lineage,
        coverage=held.table(coverage), published=held.table(COVERAGE_SERIES.arrow(_surveys(shared_data))),
        thresholds=pack.section("quality"), today=TODAY,
    )  # fmt: skip


def _surveys(shared_data: Path) -> list[dict[str, Any]]:
    told = pd.read_csv(shared_data / "kenya/coverage_national.csv")
    told = told[told.source.str.startswith("DHS")]
    return [
        {
            "source": "dhs", "place_code": "Kenya", "period": str(row.year), "period_type": "year",
            "period_start": date(int(row.year), 1, 1), "indicator": f"{row.indicator}_coverage",
            "category": "SURVEY", "coverage": float(row.coverage), "doses": None, "target": None,
            "survey": row.source, "survey_title": None, "evidence": "card or history", "validity": "crude",
            "children_age": "12-23 m", "vaccinated_by": "", "collected_year": int(row.year),
            "card_seen_share": None, "children": None, "vintage": "",
        }
        for row in told.itertuples()
    ]  # fmt: skip
