"""How many surviving infants do the programme's own contacts imply?

The desk method of Countdown to 2030 (cd2030.core, `2_denominators_calculate_indicator_coverage.R`): infants of the
survey's year are DTP1 doses / DTP1 survey coverage, grown to other years with the official population and shared to
districts by it; from ANC1 and BCG by the chain of losses from pregnancy to infancy. Each assumes that
the survey is right and that contacts are counted as well as they were in its year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.inputs import each


@dataclass(frozen=True, kw_only=True)
class Derived:
    """Infants that one method derives for a place and year, and the DTP1 doses of the same."""

    method: str
    place_code: str
    year: int
    infants: float
    doses: float
    evidence: tuple[Any, ...]


def derived_infants(dossier: Dossier) -> Iterator[Derived]:
    """Yield derived infants by method, place and year, for every place that has doses and a share of the target."""
    counts = dossier.rows("counts")
    yearly = counts[counts["period"].str.len() == 4]
    doses = yearly[yearly["indicator"] == "dtp1_doses"].assign(year=lambda t: t["period"].astype(int))
    official = _official(dossier)
    for method, contact, share, factor in _methods(dossier):
        own = yearly[yearly["indicator"] == contact].assign(year=lambda t: t["period"].astype(int))
        anchor = _anchor(dossier, own, share, factor)
        if anchor is None:
            continue
        year, infants, evidence = anchor
        base = official.get((dossier.root, year))
        if not base:
            continue
        for row in each(doses):
            target = official.get((row.place_code, row.year))
            if target:
                yield Derived(
                    method=method, place_code=row.place_code, year=row.year, infants=infants * target / base,
                    doses=row.value, evidence=(*evidence, dossier.evidence("counts", row)),
                )  # fmt: skip


def chain(dossier: Dossier) -> float:
    """Return infants alive at DTP1's age per pregnancy: losses, twins, stillbirths and neonatal deaths (cd2030.core)."""
    t = dossier.threshold
    deliveries = 1 - t("derived.pregnancy_loss")
    births = deliveries / (1 - 0.5 * t("derived.twins"))
    return births * (1 - t("derived.stillbirths")) * (1 - t("derived.neonatal_deaths"))


def _methods(dossier: Dossier) -> Iterator[tuple[str, str, str, float]]:
    """Yield method, contact, coverage that scales it (a survey's indicator), infants per contact of all."""
    yield "dtp1", "dtp1_doses", "dtp1", 1.0
    yield "anc1", "anc1_visits", "anc1", chain(dossier)
    yield "bcg", "bcg_doses", "bcg", 1 - dossier.threshold("derived.neonatal_deaths")


def _anchor(
    dossier: Dossier, own: pd.DataFrame, share: str, factor: float
) -> tuple[int, float, tuple[Any, ...]] | None:
    """Return the newest survey year of the country with contacts: year, infants derived, evidence."""
    contacts = {int(row.year): row for row in each(own) if row.place_code == dossier.root}
    rows = dossier.rows("coverage")
    surveys = rows[
        (rows["place_code"] == dossier.root) & (rows["indicator"] == share) & (rows["kind"] == "survey")
    ]
    surveys = surveys[surveys["year"].isin(list(contacts)) & (surveys["value"] > 0)].sort_values(
        ["year", "children", "source"]
    )
    if len(surveys):
        survey = each(surveys)[-1]
        contact = contacts[int(survey.year)]
        evidence = (dossier.evidence("coverage", survey), dossier.evidence("counts", contact))
        return int(survey.year), contact.value / survey.value * factor, evidence
    if share != "anc1" or not contacts:
        return None
    # Countdown's default: 98 of 100 pregnant women come once.
    contact = contacts[max(contacts)]
    return (
        int(contact.year),
        contact.value / dossier.threshold("derived.anc1_share") * factor,
        (dossier.evidence("counts", contact),),
    )


def _official(dossier: Dossier) -> dict[tuple[str, int], float]:
    rows = dossier.rows("populations")
    rows = rows[rows["kind"].isin(["official", "projection"])].sort_values(["kind", "source"])
    rows = rows.drop_duplicates(["place_code", "year"])
    return {
        (row.place_code, row.year): row.surviving_infants for row in each(rows) if row.surviving_infants > 0
    }
