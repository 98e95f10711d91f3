"""Do the cases of a disease fit the coverage that is reported?

Independent evidence where no survey goes: among cases of known status, the share that was vaccinated beside the share
that the reported coverage leads to expect (screening method, see `screening`). Fewer vaccinated cases than expected mean
that coverage is lower than reported, or that the cases come from a pocket that was not reached; more mean that the vaccine
works less well than assumed, or that status is told wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from kalanso.triangulation.dossier import Dossier
from kalanso.triangulation.findings import Answer, Finding, compared, missing
from kalanso.triangulation.inputs import each
from kalanso.triangulation.screening import Screened, screen
from kalanso.vocabulary import Message

NAME = "cases"
NEEDS = ("cases", "coverage")
HELPS: tuple[str, ...] = ()
# Disease -> the dose whose coverage its cases are read against.
DOSE = {"measles": "mcv1", "pertussis": "dtp3", "diphtheria": "dtp3", "polio": "opv3"}


def compare(dossier: Dossier) -> Answer:
    """Return observed and expected shares of vaccinated cases and the coverage that they imply, by place and year."""
    screened = list(_screened(dossier))
    if not screened:
        return Answer(analysis=NAME, findings=missing(dossier, NAME, "cases_with_status"))
    rows = [row for one in screened for row in _rows(*one)]
    return Answer(
        analysis=NAME,
        rows=compared(dossier, NAME, rows),
        findings=tuple(_told(dossier, *one) for one in screened),
    )


def _screened(dossier: Dossier) -> Iterator[tuple[Any, Any, Screened]]:
    """Yield sums of cases of a place, year and disease with the reported coverage of the same place and year, screened."""
    rows = dossier.rows("cases")
    summed = rows.assign(year=rows["period"].str[:4].astype(int)).groupby(
        ["place_code", "year", "disease"], as_index=False
    )
    sums = summed[["vaccinated", "unvaccinated", "unknown"]].sum()
    coverage = dossier.rows("coverage")
    coverage = coverage[coverage["kind"] == "administrative"].drop_duplicates(
        ["place_code", "year", "indicator"]
    )
    known = {(r.place_code, r.year, r.indicator): r for r in each(coverage)}
    for row in each(sums):
        told = row.vaccinated + row.unvaccinated
        stated = known.get((row.place_code, row.year, DOSE.get(row.disease, "")))
        if stated is None or told < dossier.threshold("cases.fewest"):
            continue
        best, low, high = (
            dossier.threshold(f"cases.effectiveness.{row.disease}.{end}") for end in ("best", "low", "high")
        )
        yield row, stated, screen(
            row.vaccinated, row.unvaccinated, coverage=stated.value, effectiveness=best, effectiveness_low=low, effectiveness_high=high,
        )  # fmt: skip


def _rows(row: Any, stated: Any, found: Screened) -> Iterator[dict[str, Any]]:
    common = {
        "place_code": row.place_code,
        "period": row.year,
        "indicator": stated.indicator,
        "source": row.disease,
        "unit": "share",
    }
    told = row.vaccinated + row.unvaccinated
    yield common | {
        "measure": "vaccinated_share_of_cases", "kind": "surveillance", "value": found.observed, "low": found.observed_low,
        "high": found.observed_high, "numerator": row.vaccinated, "denominator": told, "reference_source": "expected",
        "reference": found.expected, "verdict": found.verdict,
    }  # fmt: skip
    yield common | {
        "measure": "expected_share_of_cases", "kind": "computed", "value": found.expected, "low": found.expected_low,
        "high": found.expected_high, "reference_source": stated.source, "reference": None,
    }  # fmt: skip
    yield common | {
        "measure": "implied_coverage", "kind": "computed", "value": found.implied, "low": found.implied_low,
        "high": found.implied_high, "reference_source": stated.source, "reference": stated.value,
        "verdict": "below" if found.implied_high < min(stated.value, 1.0) else "agrees",
    }  # fmt: skip


def _told(dossier: Dossier, row: Any, stated: Any, found: Screened) -> Finding:
    verdict = found.verdict
    unknown = (
        row.unknown / (row.unknown + row.vaccinated + row.unvaccinated) if pd.notna(row.unknown) else 0.0
    )
    params = {
        "place": row.place_code, "period": str(row.year), "disease": row.disease, "indicator": stated.indicator,
        "coverage": stated.value, "vaccinated": row.vaccinated, "n": row.vaccinated + row.unvaccinated, "observed": found.observed,
        "expected_low": found.expected_low, "expected_high": found.expected_high, "implied_low": found.implied_low,
        "implied_high": found.implied_high, "unknown": unknown,
    }  # fmt: skip
    key = {"place_code": row.place_code, "period": str(row.year), "disease": row.disease}
    return Finding(
        kind="agrees" if verdict == "agrees" else "disagrees", place_code=row.place_code, period=str(row.year),
        indicator=stated.indicator, source=row.disease, value=found.observed, expected=found.expected,
        severity={"agrees": "note", "above": "attention", "below": "serious"}[verdict],
        message=Message(f"triangulation.cases.{verdict}", params),
        evidence=({"table": "observations", "key": key, "snapshot": dossier.snapshots.get("observations", "")}, dossier.evidence("coverage", stated)),
    )  # fmt: skip
