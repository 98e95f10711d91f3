"""What would the evidence of a country look like if its true coverage were known?

A random country with parameters drawn from stated distributions, its evidence as plain tables in the
columns that an estimate reads, and the truth beside it, to prove that estimates are calibrated.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from kalanso.simulation.evidence_fields import Neighbourhood
from kalanso.simulation.evidence_land import land, place_tables
from kalanso.simulation.evidence_reports import attendance_table, denominators, doses, expected_doses, hubs_of
from kalanso.simulation.evidence_settings import EvidenceSettings
from kalanso.simulation.evidence_surveys import lots, parents, recounts, stock, surveys
from kalanso.simulation.evidence_truth import (
    EARLIER,
    EvidenceTruth,
    Parameters,
    hidden_truth,
    read_truth,
    write_truth,
)

__all__ = ["EvidenceTruth", "read_truth", "simulate_evidence", "write_evidence", "write_truth"]

DEFAULTS = EvidenceSettings()


def simulate_evidence(
    areas: int,
    quarters: int,
    rng: np.random.Generator,
    *,
    settings: EvidenceSettings = DEFAULTS,
) -> tuple[dict[str, pd.DataFrame], EvidenceTruth]:
    """Draw a country of so many areas and quarters; return its evidence and the truth.

    The tables are places, neighbours, covariates, doses, denominators, denominator_sources, surveys
    and, where the settings ask for them, survey_areas, lots, recounts, stock, attendance (empty otherwise). A new
    generator of the same seed gives the same country; settings of one part leave what is drawn for the
    others alone. Raises ValueError for fewer than one area or quarter.
    """
    # Each part has its own chance, so that a change of one leaves the others as they are.
    of_land, of_truth, of_doses, of_population, of_surveys, of_rest, of_hubs = rng.spawn(7)
    country = land(areas, of_land, settings)
    neighbourhood = Neighbourhood(areas, country.edges)
    hidden = hidden_truth(country, quarters, neighbourhood, settings, of_truth)
    drawn: Parameters = dict(hidden.parameters)
    tables = place_tables(country)
    hubs = hubs_of(country, hidden, settings, of_hubs)
    tables["attendance"] = attendance_table(hubs, country)
    tables["doses"], bias = doses(hidden, country, neighbourhood, settings, of_doses, drawn, hubs)
    tables |= denominators(hidden, country, settings, of_population, drawn)
    tables |= surveys(hidden, country, settings, of_surveys, drawn)
    alike, later = drawn["same_cluster_dtp1"], drawn["delay"]
    assert isinstance(alike, float)
    assert isinstance(later, float)
    tables["lots"] = lots(hidden, country, settings, of_rest, alike)
    tables["recounts"] = recounts(tables["doses"], bias, country, settings, of_rest)
    given = expected_doses(hidden, country, settings, later, hubs)
    tables["stock"] = stock(given, country, hidden, settings, of_rest)
    dtp1 = hidden.dtp1[:, EARLIER:]
    truth = EvidenceTruth(
        areas=country.areas,
        periods=hidden.periods,
        dtp1_coverage=dtp1,
        dtp3_coverage=dtp1 * hidden.stay[:, EARLIER:],
        surviving_infants=hidden.due[:, EARLIER:],
        parents=parents(country),
        conflict=country.conflict,
        surveyed=np.isin(country.areas, tables["surveys"]["place_code"].unique().tolist()),
        parameters=drawn,
    )
    return tables, truth


def write_evidence(tables: dict[str, pd.DataFrame], folder: Path) -> Path:
    """Write every table that has rows as CSV into a folder; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        if len(table):
            table.to_csv(folder / f"{name}.csv", index=False)
    return folder
