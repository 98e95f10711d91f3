"""Which population figures does the example country publish?

Targets by health area and commune from the extrapolated census, national figures of the United
Nations' kind, and the first totals of a new census. The truth stands in `population`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.simulation.gazetteer import COUNTRY, Gazetteer
from kalanso.simulation.population import TARGET_SHARES, Population
from kalanso.simulation.timeline import BEFORE, FIRST_YEAR, YEARS

Numbers = npt.NDArray[np.float64]

OFFICIAL_SOURCE = "demo-population"
UN_SOURCE = "demo-un"
CENSUS_SOURCE = "demo-census-2022"
CENSUS_2022_MISSED = 0.02


def population_rows(
    gazetteer: Gazetteer, people: Population, official: Numbers, rng: np.random.Generator
) -> pa.Table:
    """Return all published populations as yearly rows of `observations`.

    `official` persons by area and year. Areas and communes both carry targets, since each stands in
    one tree only; sums upward are left to the evaluator.
    """
    tables = [_rows(*block) for block in _official(gazetteer, official)]
    tables += [_rows(*block) for block in _united_nations(people, rng)]
    tables.append(_rows(*_new_census(gazetteer, people)))
    return pa.concat_tables(tables)


Block = tuple[str, Sequence[str], Sequence[int], str, Numbers]


def _official(gazetteer: Gazetteer, official: Numbers) -> Iterator[Block]:
    areas = gazetteer.territory.areas["code"].tolist()
    for indicator, share in TARGET_SHARES.items():
        of_areas = np.round(official * share)
        of_communes = np.zeros((len(gazetteer.communes), len(YEARS)))
        np.add.at(of_communes, gazetteer.commune_of_area, of_areas)
        yield OFFICIAL_SOURCE, areas, YEARS, indicator, of_areas
        yield OFFICIAL_SOURCE, gazetteer.communes, YEARS, indicator, of_communes


def _united_nations(people: Population, rng: np.random.Generator) -> Iterator[Block]:
    """Return national figures close to the truth, wrong by the same percent or two every year."""
    months = [slice(BEFORE + 12 * (y - FIRST_YEAR), BEFORE + 12 * (y - FIRST_YEAR) + 12) for y in YEARS]
    truth = {
        "population_total": [people.people[:, m].mean(axis=1).sum() for m in months],
        "live_births": [people.births[:, m].sum() for m in months],
        "surviving_infants": [people.surviving_infants[:, m].sum() for m in months],
    }
    for indicator, values in truth.items():
        error = 1 + rng.normal(0, 0.012)
        yield UN_SOURCE, [COUNTRY], YEARS, indicator, np.round(np.array([values]) * error)


def _new_census(gazetteer: Gazetteer, people: Population) -> Block:
    """Return the preliminary totals of the census of 2022, by health region."""
    districts = gazetteer.territory.land.districts
    region = districts["region"].to_numpy()[gazetteer.territory.areas["district"]]
    mid_2022 = people.people[:, BEFORE + 12 + 5]
    names = list(dict.fromkeys(region))
    totals = np.array([[mid_2022[region == name].sum()] for name in names]) * (1 - CENSUS_2022_MISSED)
    return (
        CENSUS_SOURCE,
        [gazetteer.regions[n] for n in names],
        (2022,),
        "population_total",
        np.round(totals, -2),
    )


def _rows(
    source: str, places: Sequence[str], years: Sequence[int], indicator: str, values: Numbers
) -> pa.Table:
    """Return values by place and year as rows."""
    count = values.size
    year = [y for _ in places for y in years]
    flat = values.ravel()
    return OBSERVATIONS.arrow(
        {
            "source": [source] * count,
            "place_code": [place for place in places for _ in years],
            "period": [str(y) for y in year],
            "period_type": ["year"] * count,
            "period_start": [date(y, 1, 1) for y in year],
            "indicator": [indicator] * count,
            "value": flat,
            "status": ["zero" if v == 0 else "reported" for v in flat],
            "product": [""] * count,
            "age_band": ["all"] * count,
            "strategy": ["all"] * count,
            "sector": ["all"] * count,
            "sex": ["all"] * count,
            "reports_expected": [None] * count,
            "reports_received": [None] * count,
            "reports_on_time": [None] * count,
        }
    )
