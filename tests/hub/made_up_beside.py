"""Every source beside every other as its tables would look, made by rule: nothing is compared in tests of pages."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from kalanso.indicators.tables import INDICATOR_VALUES
from kalanso.store import Provenance, Store
from kalanso.triangulation.tables import (
    CONFIDENCE_GRADES,
    CONFIDENCE_GRADES_PARTNERS,
    PROPOSED_TARGETS,
    TRIANGULATION,
    TRIANGULATION_FINDINGS,
)

SOURCE, SURVEY, YEAR = "demo-snis", "demo-survey-2024", "2024"
SHOWN = ("country", "region", "district", "health_area")


def publish(
    store: Store, places: list[dict[str, Any]], *, now: datetime, by_estimate: tuple[str, ...] = ()
) -> None:
    """Publish the four tables for the places of a store; those of `by_estimate` are compared with the estimate."""
    shown = [place for place in places if place["level"] in SHOWN]
    store.publish(INDICATOR_VALUES, months(places), provenance=Provenance(sources=(SOURCE,)), now=now)
    made_from = tuple(
        manifest.id for name in ("observations", INDICATOR_VALUES.name, "places", "place_parents", "place_contexts", "coverage_series", "events")
        if (manifest := store.latest(name)) is not None
    )  # fmt: skip
    provenance = Provenance(sources=(SOURCE,), made_from=made_from, state="draft")
    root = next(place for place in shown if place["level"] == "country")
    findings = [
        row
        for number, place in enumerate(shown)
        for row in _findings(place, number, place["place_code"] in by_estimate)
    ]
    graded = [row for number, place in enumerate(shown) for row in _grades(place, number)]
    for spec, rows in (
        (TRIANGULATION, [row for number, place in enumerate(shown) for row in _numbers(place, number)]),
        (TRIANGULATION_FINDINGS, [*findings, _missing(root)]),
        (CONFIDENCE_GRADES, graded),
        (CONFIDENCE_GRADES_PARTNERS, graded),
        (PROPOSED_TARGETS, [_target(place, number) for number, place in enumerate(shown)]),
    ):  # fmt: skip
        store.publish(spec, rows, provenance=provenance, now=now)


def _of(place: dict[str, Any]) -> dict[str, Any]:
    return {
        "place_code": place["place_code"], "level": place["level"], "period": YEAR, "period_type": "year",
        "period_start": date(int(YEAR), 1, 1),
    }  # fmt: skip


def _rests(place: dict[str, Any], *, estimate: bool = False) -> str:
    key = {"place_code": place["place_code"], "period": "2024Q4", "indicator": "dtp1_coverage"}
    table = "coverage_estimates_yearly" if estimate else "indicator_values"
    return json.dumps(
        [{"table": table, "key": key, "snapshot": "" if estimate else "indicator_values-000001"}]
    )


def months(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the doses of each month of 2024 of every place down to the health area."""
    found = []
    for number, place in enumerate(p for p in places if p["level"] in SHOWN):
        for month in range(1, 13):
            for dose, less in (("dtp1", 0), ("dtp3", 4), ("mcv1", 6)):
                found.append({
                    "source": SOURCE, "place_code": place["place_code"], "level": place["level"], "tree": "health",
                    "period": f"2024{month:02d}", "period_type": "month", "period_start": date(2024, month, 1),
                    "indicator": f"{dose}_doses", "numerator": None, "denominator": None, "denominator_name": "",
                    "value": float(30 + number % 9 - less), "unit": "count", "adjusted": False, "cumulative": False,
                    "completeness": 1.0, "places_expected": 1, "places_reporting": 1, "provisional": False, "caveat": None,
                })  # fmt: skip
    return found


def value(number: int) -> float:
    """Return the coverage that reports give a place: another for each, so that a test can tell whose it is."""
    return 0.8001 + number / 1000


def _numbers(place: dict[str, Any], number: int) -> list[dict[str, Any]]:
    common = {
        **_of(place),
        "analysis": "coverage_sources",
        "indicator": "dtp1",
        "measure": "coverage",
        "unit": "share",
        "age_band": "",
    }
    blank = {"low": None, "high": None, "numerator": None, "denominator": None, "reference_source": "", "reference": None,
             "gap": None, "gap_children": None, "verdict": ""}  # fmt: skip
    reported = {"source": SOURCE, "kind": "administrative", "value": value(number), "reference_source": SURVEY, "reference": 0.7,
                "gap": value(number) - 0.7, "gap_children": 120.0 + number, "verdict": "above"}  # fmt: skip
    surveyed = {"source": SURVEY, "kind": "survey", "value": 0.7, "low": 0.6, "high": 0.8}
    return [common | blank | reported, common | blank | surveyed]


def _findings(place: dict[str, Any], number: int, estimate: bool) -> list[dict[str, Any]]:
    params = {
        "place": place["place_code"], "period": YEAR, "indicator": "dtp1", "value": value(number), "by": "administrative",
        "source": SOURCE, "reference": 0.7, "reference_by": "estimate" if estimate else "survey", "reference_source": SURVEY, "points": 10 + number,
    }  # fmt: skip
    return [{
        **_of(place), "analysis": "coverage_sources", "kind": "disagrees", "indicator": "dtp1", "source": SOURCE, "value": value(number),
        "expected": 0.7, "severity": "serious", "message": "triangulation.coverage_sources.above", "params": json.dumps(params),
        "evidence": _rests(place, estimate=estimate),
    }]  # fmt: skip


def _missing(root: dict[str, Any]) -> dict[str, Any]:
    return {
        **_of(root), "analysis": "cases", "kind": "missing", "indicator": "", "source": "cases", "value": None, "expected": None,
        "severity": "note", "message": "triangulation.missing.table", "params": json.dumps({"analysis": "cases", "evidence": "cases"}),
        "evidence": "[]",
    }  # fmt: skip


def _grades(place: dict[str, Any], number: int) -> list[dict[str, Any]]:
    reasons = [
        {"message": "triangulation.reason.completeness.good", "params": {"share": 0.95}},
        {"message": "triangulation.reason.agreement.unknown", "params": {}},
    ]
    return [{
        **_of(place), "indicator": "dtp1", "source": SOURCE, "kind": "administrative", "value": value(number), "grade": "C",
        "quality": "good", "agreement": "unknown", "reasons": json.dumps(reasons), "missing": '["survey"]', "evidence": _rests(place),
    }]  # fmt: skip


def _target(place: dict[str, Any], number: int) -> dict[str, Any]:
    present, proposed = 1000.0 + number, 1300.0 + number
    params = {"place": place["place_code"], "period": YEAR, "present": present, "proposed": proposed, "low": proposed - 50,
              "high": proposed + 50, "sources": ["demo-census-2022"], "above": ""}  # fmt: skip
    return {
        **_of(place), "present": present, "present_source": "demo-population", "proposed": proposed, "low": proposed - 50,
        "high": proposed + 50, "ratio": proposed / present, "sources": '["demo-census-2022"]',
        "message": "triangulation.targets.independent", "params": json.dumps(params), "evidence": _rests(place),
    }  # fmt: skip
