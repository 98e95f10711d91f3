"""What is really true, in tables that nobody but the scorer may open?

Births, coverage and children without vaccine by health area and quarter, and every planted fault
with its place and period.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from kalanso.simulation.children import Vaccinated
from kalanso.simulation.coverage import Reach
from kalanso.simulation.faults import Planted
from kalanso.simulation.learning_hub import FIRST_QUARTER, facilities_of, hub_areas
from kalanso.simulation.population import Population
from kalanso.simulation.reports import LINES, PRIVATE_LINES
from kalanso.simulation.stock import STOCK_SERIES
from kalanso.simulation.tables import (
    PLANTED_FAULTS,
    TRUTH_BIRTHS,
    TRUTH_COVERAGE,
    TRUTH_ZERO_DOSE,
)
from kalanso.simulation.territory import Territory
from kalanso.simulation.timeline import (
    BEFORE,
    MONTH_CODES,
    MONTH_STARTS,
    MONTHS,
    QUARTER_CODES,
    QUARTER_STARTS,
    QUARTERS,
    REPORTED,
    by_quarter,
    month_columns,
)

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def births_table(territory: Territory, people: Population) -> pa.Table:
    """Return true births and surviving infants by area and month of birth."""
    count = len(territory.areas)
    months = np.tile(np.arange(MONTHS), count)
    return TRUTH_BIRTHS.arrow(
        pa.table(
            {
                "place_code": np.repeat(territory.areas["code"].to_numpy(dtype=object), MONTHS),
                **month_columns(months),
                "births": people.births[:, REPORTED].ravel(),
                "surviving_infants": people.surviving_infants[:, REPORTED].ravel(),
            }
        )
    )


def _quarter_columns(territory: Territory) -> dict[str, object]:
    count = len(territory.areas)
    taken = pa.array(np.tile(np.arange(QUARTERS), count))
    return {
        "place_code": np.repeat(territory.areas["code"].to_numpy(dtype=object), QUARTERS),
        "period": pa.array(QUARTER_CODES).take(taken),
        "period_type": pa.repeat("quarter", count * QUARTERS),
        "period_start": pa.array(QUARTER_STARTS, pa.date32()).take(taken),
    }


def coverage_table(territory: Territory, people: Population, children: Vaccinated, reach: Reach) -> pa.Table:
    """Return true coverage by 12 months of age, by area of residence and quarter of birth."""
    surviving = by_quarter(people.surviving_infants[:, REPORTED])
    measles = by_quarter(people.surviving_infants[:, REPORTED] * reach.mcv1[:, REPORTED])
    columns = {
        "surviving_infants": surviving,
        "dtp1_coverage": _share(by_quarter(children.dtp1_by_12m[:, BEFORE:]), surviving),
        "dtp3_coverage": _share(by_quarter(children.dtp3_by_12m[:, BEFORE:]), surviving),
        "mcv1_coverage": _share(measles, surviving),
    }
    flat = {name: pa.array(values.ravel(), from_pandas=True) for name, values in columns.items()}
    return TRUTH_COVERAGE.arrow(pa.table({**_quarter_columns(territory), **flat}))


def _share(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def zero_dose_table(territory: Territory, people: Population, children: Vaccinated) -> pa.Table:
    """Return children without DTP1: of each quarter's cohort, and alive at each quarter's end."""
    surviving = by_quarter(people.surviving_infants[:, REPORTED])
    first = by_quarter(children.dtp1_by_12m[:, BEFORE:])
    third = by_quarter(children.dtp3_by_12m[:, BEFORE:])
    at_the_end = children.backlog[:, 2::3]
    columns = {
        "zero_dose": surviving - first,
        "under_immunized": surviving - third,
        "dropout": first - third,
        "backlog_0_11m": at_the_end[:, :, 0],
        "backlog_12_23m": at_the_end[:, :, 1],
        "backlog_24_59m": at_the_end[:, :, 2],
    }
    flat = {name: values.ravel().astype(np.int64) for name, values in columns.items()}
    return TRUTH_ZERO_DOSE.arrow(pa.table({**_quarter_columns(territory), **flat}))


def faults_table(
    territory: Territory, planted: Planted, received: Flags, natural_dtp1: Counts, fitted_dtp1: Counts
) -> pa.Table:
    """Return every planted fault, and where the hub's documented series departs from what happened."""
    frames = [_fault_rows(territory, received, *line) for line in planted.lines if len(line[1])]
    frames.append(_documented(territory, natural_dtp1, fitted_dtp1))
    return PLANTED_FAULTS.arrow(pa.Table.from_pandas(pd.concat(frames), preserve_index=False))


def _fault_rows(
    territory: Territory, received: Flags, kind: str, facility: Counts, month: Counts, months: int,
    series: str, true: npt.NDArray[np.float64], reported: npt.NDArray[np.float64],
) -> pd.DataFrame:  # fmt: skip
    private = (territory.facilities["sector"] == "private").to_numpy()[facility]
    public_form = {line.series: (line.indicator, line.age_band) for line in LINES}
    public_form |= {name: (name, "all") for name in STOCK_SERIES}
    private_form = {line.series: (line.indicator, line.age_band) for line in PRIVATE_LINES}
    indicator, band = public_form[series]
    last = month + months - 1
    came = received[facility, month] if months == 1 else received[facility].any(axis=1)
    on_form = ~private | (series in private_form)
    starts = np.array(MONTH_STARTS, dtype=object)
    codes = np.array(MONTH_CODES, dtype=object)
    return pd.DataFrame(
        {
            "kind": kind,
            "place_code": territory.facilities["code"].to_numpy()[facility],
            "period": codes[month],
            "period_type": "month",
            "period_start": starts[month],
            "last_period": codes[last],
            "indicator": indicator,
            "age_band": np.where(private, "unknown", band),
            "true_value": true,
            "reported_value": reported,
            "reached": came & on_form,
        }
    )


def _documented(territory: Territory, natural: Counts, fitted: Counts) -> pd.DataFrame:
    rows = []
    for hub in hub_areas(territory):
        own = facilities_of(territory, hub.area)
        for number in range(len(hub.coverage)):
            position = FIRST_QUARTER + number
            months = slice(3 * position, 3 * position + 3)
            rows.append(
                {
                    "kind": "documented_series",
                    "place_code": territory.areas["code"].iloc[hub.area],
                    "period": QUARTER_CODES[position],
                    "period_type": "quarter",
                    "period_start": QUARTER_STARTS[position],
                    "last_period": QUARTER_CODES[position],
                    "indicator": "dtp1_doses",
                    "age_band": "0-11m",
                    "true_value": float(natural[own, months].sum()),
                    "reported_value": float(fitted[own, months].sum()),
                    "reached": True,
                }
            )
    return pd.DataFrame(rows)
