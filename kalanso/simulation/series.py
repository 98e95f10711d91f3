"""Which national coverage did others publish for the example country?

Administrative coverage from the reports, the official figure where the ministry corrected it, an
estimate of the WUENIC kind near the truth, and what the surveys found: four numbers that disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kalanso.indicators.tables import COVERAGE_SERIES
from kalanso.simulation.children import Vaccinated
from kalanso.simulation.denominators import OFFICIAL_SOURCE
from kalanso.simulation.gazetteer import COUNTRY
from kalanso.simulation.population import Population
from kalanso.simulation.surveys import SURVEYS, Fieldwork
from kalanso.simulation.timeline import BEFORE, FIRST_YEAR, YEARS

SOURCE = "demo-coverage"
ANTIGENS = {
    "dtp1": "population_under_1",
    "dtp3": "population_under_1",
    "mcv1": "population_under_1",
    "bcg": "live_births",
}
OUTSIDE_ROUTINE = ["campaign", "catch_up"]
CORRECTED_YEARS = (2022, 2023)  # in which the ministry set an official figure below its own reports
CORRECTION = 0.82


def series(
    observations: pa.Table, area_codes: list[str], people: Population, children: Vaccinated,
    fieldwork: Fieldwork, rng: np.random.Generator,
) -> pa.Table:  # fmt: skip
    """Return the national series in the columns of `coverage_series`."""
    rows = list(_administrative(observations, area_codes))
    rows += list(_wuenic_like(people, children, rng))
    rows += list(_survey_results(fieldwork))
    return COVERAGE_SERIES.arrow(rows)


def _row(year: int, indicator: str, category: str, coverage: float, **more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "source": SOURCE, "place_code": COUNTRY, "period": str(year), "period_type": "year",
        "period_start": date(year, 1, 1), "indicator": indicator, "category": category,
        "coverage": round(float(coverage), 4), "doses": None, "target": None, "survey": "",
        "survey_title": None, "evidence": "", "validity": "", "children_age": "", "vaccinated_by": "",
        "collected_year": None, "card_seen_share": None, "children": None, "vintage": "demo-2025",
    }  # fmt: skip
    return row | more


def _administrative(observations: pa.Table, area_codes: list[str]) -> Iterator[dict[str, object]]:
    for antigen, population in ANTIGENS.items():
        doses = _yearly(observations, f"{antigen}_doses")
        target = _yearly(observations, population, area_codes)
        for year in YEARS:
            share = doses[year] / target[year]
            said = CORRECTION * share if year in CORRECTED_YEARS else share
            counts = {"doses": doses[year], "target": target[year]}
            yield _row(year, f"{antigen}_coverage", "ADMIN", share, **counts)
            yield _row(year, f"{antigen}_coverage", "OFFICIAL", said)


def _yearly(observations: pa.Table, indicator: str, places: list[str] | None = None) -> dict[int, float]:
    """Return yearly sums: routine doses under one, or a population of the given places."""
    wanted = pc.equal(observations["indicator"], indicator)
    if places is None:
        wanted = pc.and_(wanted, pc.equal(observations["age_band"], "0-11m"))
        outside = pc.is_in(observations["strategy"], pa.array(OUTSIDE_ROUTINE))
        wanted = pc.and_(wanted, pc.invert(outside))
    else:
        wanted = pc.and_(wanted, pc.equal(observations["source"], OFFICIAL_SOURCE))
        wanted = pc.and_(wanted, pc.is_in(observations["place_code"], pa.array(places)))
    found = observations.filter(wanted).select(["period_start", "value"])
    year = pc.year(found["period_start"])
    sums = pa.table({"year": year, "value": found["value"]}).group_by("year").aggregate([("value", "sum")])
    return dict(zip(sums["year"].to_pylist(), sums["value_sum"].to_pylist(), strict=True))


def _wuenic_like(
    people: Population, children: Vaccinated, rng: np.random.Generator
) -> Iterator[dict[str, object]]:
    """Return estimates near the truth, and an older edition for the first two years."""
    for antigen, vaccinated in (("dtp1", children.dtp1_by_12m), ("dtp3", children.dtp3_by_12m)):
        for year in YEARS:
            months = slice(BEFORE + 12 * (year - FIRST_YEAR), BEFORE + 12 * (year - FIRST_YEAR) + 12)
            truth = vaccinated[:, months].sum() / people.surviving_infants[:, months].sum()
            yield _row(year, f"{antigen}_coverage", "WUENIC", round(truth + rng.normal(0.01, 0.015), 2))
            if year < FIRST_YEAR + 2:
                older = round(truth + rng.normal(0.03, 0.02), 2)
                yield _row(year, f"{antigen}_coverage", "WUENIC", older, vintage="demo-2023")


def _survey_results(fieldwork: Fieldwork) -> Iterator[dict[str, object]]:
    answers = fieldwork.children.to_pandas()
    for survey in SURVEYS:
        own = answers[answers["survey"] == survey.name]
        for antigen in ("dtp1", "dtp3"):
            for evidence, yes in (
                ("card or history", own[antigen]),
                ("card", own[antigen] & own["card_seen"]),
            ):
                yield _row(
                    survey.start.year - 1, f"{antigen}_coverage", "SURVEY", _weighted(yes, own["weight"]),
                    survey=survey.name, survey_title=survey.title, evidence=evidence, validity="crude",
                    children_age="12-23 m", vaccinated_by="interview", collected_year=survey.start.year,
                    card_seen_share=_weighted(own["card_seen"], own["weight"]), children=float(len(own)),
                )  # fmt: skip


def _weighted(yes: pd.Series[bool], weight: pd.Series[float]) -> float:
    return float((yes * weight).sum() / weight.sum())
