"""A run of the estimate as its tables would look, made by rule: nothing is sampled in tests of pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kalanso.pipeline.tables import TABLES
from kalanso.store import Provenance, Store, TableSpec
from kalanso.vocabulary import Message, Period

RUN = "0123456789abcdef"
QUARTERS = tuple((Period.parse("2024Q4") + step).code for step in range(-7, 1))
NEWEST = "2024Q4"
PLAIN = {"string": "", "float": 0.0, "float32": 0.0, "int": 1, "bool": False}
SPECS = {spec.name: spec for spec in TABLES}


def publish(store: Store, places: list[dict[str, Any]], parents: dict[str, str], *, now: datetime) -> None:
    """Publish every table of a made-up run for the places of a store, down to the health area."""
    shown = [place for place in places if place["level"] != "facility"]
    provenance = Provenance(sources=("demo-snis", "demo-population"), note=f"run {RUN}", state="draft")
    for name, rows in tables(shown, parents).items():
        if name in SPECS:
            spec = SPECS[name]
            store.publish(spec, [filled(spec, row) for row in rows], provenance=provenance, now=now)


def filled(spec: TableSpec, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the columns of a run, and something plain in those that the test leaves open."""
    code = row.get("period") or row.get("after") or NEWEST
    known = {
        "period_start": Period.parse(code).start,
        "provisional": False,
        "run": RUN,
        "state": "draft",
    } | row
    return {
        column.name: known[column.name]
        if column.name in known
        else None
        if column.nullable
        else PLAIN[column.type]
        for column in spec.columns
    }


def spread(name: str, mean: float, width: float, *, most: float | None = None) -> dict[str, float]:
    """Return a mean with the ends of its interval."""
    low, high = max(0.0, mean - width), mean + width
    return {f"{name}_mean": mean, f"{name}_q025": low, f"{name}_q975": min(high, most) if most else high}


def tables(places: list[dict[str, Any]], parents: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each table by name."""
    areas = [place for place in places if place["level"] == "health_area"]
    return {
        "coverage_estimates": [row for p in places for row in _estimates(p, QUARTERS, None)],
        "coverage_estimates_yearly": [row for p in places for row in _estimates(p, QUARTERS[3:], "rolling4")],
        "coverage_thresholds": [row for p in places for row in _thresholds(p)],
        "burden": list(_burden(areas, parents)),
        "usability": [_usable(p) for p in places],
        "refusals": [{"place_code": "ML", "position": 1, **_said("coverage.refusal.no_population")}],
        "coverage_changes": [_change(p) for p in places],
        "dropout_children": [
            {"place_code": p["place_code"], "period": q, "place_level": _level(p)}
            | spread("dropout_children", 20, 9) | spread("dropout_share", 0.2, 0.1)
            for p in places for q in QUARTERS
        ],
        "living_backlog": [row for p in places for row in _backlog(p)],
        "backlog_assumptions": [
            {"place_code": "ML", "name": "growth", "value": 0.03, "low": 0.01, "high": 0.05, "kind": "share",
             "reason": "coverage.assumption.growth", "source": "ONU"},
        ],
        "priorities": list(_priorities(areas, parents)),
        "evidence_ledger": [_ledger(number, p) for number, p in enumerate(areas)],
        "source_gaps": [
            {"place_code": p["place_code"], "source": "demo-population", "kind": "population", "gap": -0.1, "gap_sd": -2.5}
            for p in areas
        ],
        "corrected_populations": [
            {"source": "demo-population", "place_code": p["place_code"], "period": "2024", "stated": 300.0}
            | spread("surviving_infants", 400, 60) | spread("ratio", 0.75, 0.1)
            for p in areas
        ],
        "fit_checks": [
            {"source": "enquete-2023", "kind": "survey", "indicator": "dtp1", "place_code": p["place_code"], "cells": 30,
             "observed": 0.8, "fitted_mean": 0.7, "replicated_q025": 0.6, "replicated_q975": 0.75, "p_value": 0.01,
             **_said("coverage.fit.survey_apart", place=p["place_code"], source="enquete-2023", observed=0.8, fitted=0.7,
                     low=0.6, high=0.75)}
            for p in places
        ],
        **_pockets(areas),
        **_others(places),
    }  # fmt: skip


def _level(place: dict[str, Any]) -> str:
    return {"country": "country", "health_area": "area"}.get(place["level"], "parent")


def _size(place: dict[str, Any]) -> float:
    return {"country": 20_000.0, "region": 9_000.0, "district": 4_000.0}.get(place["level"], 400.0)


def share_of(place: dict[str, Any], indicator: str) -> float:
    """The made-up coverage of a place: another one for each, lower for DTP3."""
    number = sum(map(ord, place["place_code"])) % 40
    return round(0.45 + number / 100 - (0.1 if indicator == "dtp3" else 0), 3)


def _estimates(place: dict[str, Any], periods: tuple[str, ...], span: str | None) -> Iterator[dict[str, Any]]:
    for indicator in ("dtp1", "dtp3"):
        share = share_of(place, indicator)
        children = _size(place) / (1 if span else 4)
        for period in periods:
            row = {
                "place_code": place["place_code"], "period": period, "indicator": indicator, "coverage_sd": 0.04,
                "coverage_q250": share, "coverage_q500": share, "coverage_q750": share, "place_level": _level(place),
                "probability_below_80": 0.7, "rank_mean": 2.5, "rank_q025": 1.0, "rank_q975": 7.0,
            }  # fmt: skip
            row |= spread("coverage", share, 0.08, most=1.0) | spread(
                "surviving_infants", children, children / 10
            )
            row |= spread("missed_children", children * (1 - share), children * 0.08)
            yield row | ({"span": span} if span else {})


def _thresholds(place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for indicator in ("dtp1", "dtp3"):
        for threshold, probability in ((0.8, 0.93), (0.5, 0.02)):
            yield {
                "place_code": place["place_code"], "period": NEWEST, "indicator": indicator, "threshold": threshold,
                "probability_below": probability, "place_level": _level(place),
            }  # fmt: skip


def _burden(areas: list[dict[str, Any]], parents: dict[str, str]) -> Iterator[dict[str, Any]]:
    for indicator in ("dtp1", "dtp3"):
        for number, place in enumerate(areas, 1):
            share = share_of(place, indicator)
            yield {
                "place_code": place["place_code"], "parent_code": parents[place["place_code"]], "period": NEWEST,
                "indicator": indicator, "rank_mean": number + 0.4, "rank_q025": max(1.0, number - 3.0),
                "rank_q975": number + 4.0, "probability_top_tenth": 0.4, "probability_in_half": 0.6,
                "in_half_list": number < 6, "group": 1 + number // 5,
            } | spread("coverage", share, 0.1, most=1.0) | spread("missed_children", 500.0 - 9 * number, 60)  # fmt: skip


def _said(name: str, **params: Any) -> dict[str, str]:
    message = Message(name, params)
    return {"message": message.id, "params": message.params_json()}


def _usable(place: dict[str, Any]) -> dict[str, Any]:
    told = {"place": place["place_code"], "low": 0.4, "high": 0.9, "limit": 0.35, "dose": "dtp1"}
    wide = place["level"] == "health_area"
    return {
        "place_code": place["place_code"], "place_level": _level(place), "depth": 2, "width": 0.5, "usable": not wide,
        **_said("coverage.use.too_wide" if wide else "coverage.use.fine", **told),
    }  # fmt: skip


def _change(place: dict[str, Any]) -> dict[str, Any]:
    told = {"before": "2023Q4", "after": NEWEST, "chances": 8, "dose": "dtp1"}
    numbers = {
        f"{name}_{end}": 0.05 for name in ("change", "missed_change") for end in ("mean", "q025", "q975")
    }
    return {
        "place_code": place["place_code"], "before": "2023Q4", "after": NEWEST, "indicator": "dtp1", **numbers,
        "probability_rise": 0.1, "probability_fall": 0.85, "place_level": _level(place),
        **_said("coverage.change.fall_probable", **told),
    }  # fmt: skip


def _backlog(place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for band, name in (("0-11m", "under_one"), ("12-23m", "second_year"), ("24-59m", "older")):
        told = {"day": "2024-12-31", "n": 100, "low": 60, "high": 150}
        yield {
            "place_code": place["place_code"], "period": NEWEST, "date": "2024-12-31", "age_band": band,
            "not_yet_due_mean": 30.0 if band == "0-11m" else 0.0, "before_first_quarter_share": 0.5 if band == "24-59m" else 0.0,
            "place_level": _level(place), **spread("without_dtp1", 100, 45), **_said(f"coverage.backlog.{name}", **told),
        }  # fmt: skip


def _priorities(areas: list[dict[str, Any]], parents: dict[str, str]) -> Iterator[dict[str, Any]]:
    for number, place in enumerate(areas, 1):
        code = place["place_code"]
        told = {
            "place": code,
            "period": NEWEST,
            "quarters": 4,
            "n": 100,
            "low": 60,
            "high": 150,
            "coverage": 0.6,
            "chances": 7,
        }
        action = Message("coverage.action.reach", {"place": code, "target": 0.8, "chances": 9})
        yield {
            "district_code": parents[code], "place_code": code, "period": NEWEST, "span": "rolling4", "position": number,
            "group": 1, "probability_in_district_half": 0.7, "probability_in_country_half": 0.3,
            "probability_category_1": 0.05, "probability_category_2": 0.05, "probability_category_3": 0.1,
            "probability_category_4": 0.8, "category": 4, "own_evidence_share": 0.4,
            "action": action.id, "action_params": action.params_json(), **_said("coverage.priority.area", **told),
        } | spread("missed_children", 500.0 - 9 * number, 60) | spread("coverage", 0.6, 0.1)  # fmt: skip


def _ledger(number: int, place: dict[str, Any]) -> dict[str, Any]:
    code = place["place_code"]
    apart = number % 3 == 0
    told = {"place": code, "source": "demo-population", "gap": 3.1, "own": 0.4}
    return {
        "place_code": code, "survey_share": 0.1, "routine_share": 0.2, "own_share": 0.3 if apart else 0.1,
        "borrowed_share": 0.7, "source_apart": "demo-population" if apart else "", "gap_sd": 3.1 if apart else 0.0,
        "finding": "denominators" if apart else "",
        **_said("coverage.ledger.denominators" if apart else "coverage.ledger.agrees", **told),
    }  # fmt: skip


def _pockets(areas: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    rows, members = [], []
    for number, threshold in enumerate((0.8, 0.8, 0.5)):
        codes = [place["place_code"] for place in areas[3 * number : 3 * number + 3]]
        key = f"dtp1-{threshold}-{codes[0]}"
        told = {"n": 3, "leading": codes[0], "place": "ML", "threshold": threshold, "period": NEWEST, "quarters": 4,
                "coverage": 0.5, "missed": 300, "low": 200, "high": 400, "chances": 8, "core": 2, "dose": "dtp1"}  # fmt: skip
        record = [
            {"place_code": codes[0], "cause": "distance", "kind": "interview", "reference": "Entretien 12"}
        ]
        rows.append({
            "pocket": key, "place_code": "ML", "period": NEWEST, "span": "rolling4", "indicator": "dtp1",
            "threshold": threshold, "level": 0.8, "areas": 3, "leading_area": codes[0], "area_codes": json.dumps(codes),
            "joint_probability": 0.82, "core_areas": 2, "core_probability": 0.9, "share_of_missed_mean": 0.2,
            "contexts": json.dumps([{"context": "conflict", "share": 0.7}]), "cause": "distance" if number else "not established",
            "cause_records": json.dumps(record if number else []), **spread("coverage", 0.5, 0.1),
            **spread("surviving_infants", 900, 90), **spread("missed_children", 300.0 - number, 80),
            **_said("coverage.pocket.together", **told),
        })  # fmt: skip
        members += [
            {"pocket": key, "place_code": code, "probability_below": 0.9 - at / 20, "in_core": at < 2}
            for at, code in enumerate(codes)
        ]
    return {"pockets": rows, "pocket_areas": members}


def _others(places: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The tables that set the estimate beside other answers, and the truth of the example country."""
    methods = (
        ("joint", 0.0),
        ("administrative", 0.5),
        ("countdown", 0.2),
        ("surveys_only", 0.02),
        ("who_unicef", 0.1),
    )
    above = [place for place in places if place["level"] != "health_area"]
    return {
        "method_comparison": [
            {"place_code": p["place_code"], "period": NEWEST, "indicator": dose, "method": name, "coverage_mean": share_of(p, dose) + more,
             "coverage_q025": share_of(p, dose) - 0.08 if name == "joint" else None,
             "coverage_q975": share_of(p, dose) + 0.08 if name == "joint" else None, "surviving_infants_mean": _size(p),
             "missed_children_mean": _size(p) * (1 - share_of(p, dose) - more), "place_level": _level(p)}
            for p in places for dose in ("dtp1", "dtp3") for name, more in methods
        ],
        "place_evidence": [row for p in places for row in _evidence(p)],
        "assumption_runs": [
            {"assumption": name, "setting": setting, "place_code": p["place_code"], "period": NEWEST, "indicator": dose,
             "place_level": _level(p), **spread("coverage", 0.6 + setting / 10, 0.05), **spread("missed_children", 900.0 - 300 * setting, 90)}
            for p in above for dose in ("dtp1", "dtp3")
            for name, setting in (("none", 0.0), ("anchor_bias", -0.1), ("anchor_bias", 0.1), ("cut", 1.0))
        ],
        "without_sources": [
            {"place_code": "ML", "source": "enquete-2023", "kind": "surveys", "place_level": "country", "depth": 0, "places": 1,
             "width_ratio_median": 1.6, "width_ratio_q90": 1.6, "country_shift": 0.01,
             **_said("coverage.without.country", source="enquete-2023", ratio=1.6)},
        ],
        "demo_truth": [
            {"place_code": p["place_code"], "period": q, "span": span, "indicator": dose, "coverage": share_of(p, dose) + 0.02,
             "surviving_infants": _size(p), "missed_children": 123.0, "place_level": _level(p)}
            for p in places for dose in ("dtp1", "dtp3")
            for q, span in ((NEWEST, "rolling4"), *((q, "quarter") for q in QUARTERS))
        ],
    }  # fmt: skip


def _evidence(place: dict[str, Any]) -> Iterator[dict[str, Any]]:
    common = {"place_code": place["place_code"], "place_level": _level(place), "design_effect": None}
    for period in QUARTERS:
        yield common | {"period": period, "period_from": period, "indicator": "dtp1", "source": "demo-population",
                        "kind": "reported", "value": 1.1, "numerator": 110.0, "denominator": 100.0}  # fmt: skip
    yield common | {"period": "2023Q4", "period_from": "2023Q1", "indicator": "dtp1", "source": "enquete-2023",
                    "kind": "surveyed", "value": 0.7, "low": 0.6, "high": 0.8, "numerator": 70.0, "denominator": 100.0}  # fmt: skip
    yield common | {"period": NEWEST, "period_from": NEWEST, "indicator": "", "source": "demo-population",
                    "kind": "population", "value": None, "numerator": None, "denominator": 100.0}  # fmt: skip
