"""Thin, broken and contradictory evidence: numbers that are numbers, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence, Question, estimate
from kalanso.coverage.faults import EstimateRefused, EvidenceRefused
from kalanso.coverage.plans import Plan
from kalanso.coverage.posterior import Posterior

pytestmark = pytest.mark.long

BRIEF = Plan(pilot=6, learning=(12,), settling=5, block=16, most=16, effective=float("inf"))
QUARTERS = ["2023Q1", "2023Q2", "2023Q3", "2023Q4"]
AREAS = ["a", "b", "c", "d", "e"]
Tables = dict[str, Any]


def sound() -> Tables:
    doses = [
        {"place_code": area, "period": quarter, "indicator": f"dtp{dose}_doses", "value": 70.0 + 5 * n - 10 * (dose == 3),
         "reports_received": 3.0, "reports_expected": 3.0}
        for n, area in enumerate(AREAS) for quarter in QUARTERS for dose in (1, 3)
    ]  # fmt: skip
    surveys = [
        {"survey": "s", "cluster": area, "place_code": area, "start": "2023Q1", "end": "2023Q4", "indicator": f"dtp{dose}",
         "vaccinated": 8.0 - 2 * (dose == 3), "children": 12.0}
        for area in AREAS[:3] for dose in (1, 3)
    ]  # fmt: skip
    return {
        "places": [{"place_code": "ML"}, *({"place_code": area, "parent_code": "ML"} for area in AREAS)],
        "neighbours": [
            {"place_code": "a", "neighbour_code": "b"},
            {"place_code": "c", "neighbour_code": "d"},
        ],
        "doses": pd.DataFrame(doses),
        "denominators": pd.DataFrame(
            [{"source": "census", "place_code": a, "period": 2023, "surviving_infants": 400.0} for a in AREAS]
        ),
        "surveys": pd.DataFrame(surveys),
    }


def run(tables: Tables, **question: Any) -> tuple[Posterior, Evidence]:
    evidence = Evidence.of(**tables)
    asked = Question(preview=True, draws=20, **question)
    return estimate(evidence, asked, np.random.default_rng(1), plan=BRIEF), evidence


def of_numbers(posterior: Posterior) -> None:
    assert np.isfinite(posterior.surviving_infants).all()
    assert (posterior.surviving_infants > 0).all()
    for share in (posterior.dtp1_coverage, posterior.dtp3_coverage):
        assert share is None or (np.isfinite(share).all() and (share >= 0).all() and (share <= 1).all())
    if posterior.dtp3_coverage is not None:
        assert (posterior.dtp3_coverage <= posterior.dtp1_coverage).all()
    assert all(np.isfinite(values).all() for values in posterior.hyper.values())
    assert all(np.isfinite(values).all() for values in posterior.fitted.values())


def without(*names: str) -> Callable[[Tables], Tables]:
    return lambda tables: {name: rows for name, rows in tables.items() if name not in names}


def silent_places(tables: Tables) -> Tables:
    """Two areas of which nothing at all is known."""
    kept = {"a", "b", "c"}
    return tables | {
        n: tables[n][tables[n]["place_code"].isin(kept)] for n in ("doses", "denominators", "surveys")
    }


def a_gap_of_quarters(tables: Tables) -> Tables:
    """Reports of one quarter, then again two years later."""
    doses = tables["doses"][tables["doses"]["period"].isin(["2023Q1", "2023Q4"])]
    return tables | {"doses": doses.assign(period=doses["period"].replace("2023Q4", "2025Q3"))}


def nobody_vaccinated(tables: Tables) -> Tables:
    return tables | {"surveys": tables["surveys"].assign(vaccinated=0.0)}


def surveys_at_both_ends(tables: Tables) -> Tables:
    """One survey finds nobody, another everybody, in the same areas and quarters."""
    one = tables["surveys"].assign(vaccinated=0.0)
    return tables | {"surveys": pd.concat([one, one.assign(survey="t", vaccinated=12.0)], ignore_index=True)}


def sources_that_contradict_each_other(tables: Tables) -> Tables:
    other = tables["denominators"].assign(source="other", surviving_infants=9000.0)
    return tables | {"denominators": pd.concat([tables["denominators"], other], ignore_index=True)}


def published_at_zero(tables: Tables) -> Tables:
    told = {"survey": "p", "place_code": "ML", "start": "2023Q1", "end": "2023Q4", "indicator": "dtp1",
            "coverage": 0.0, "standard_error": 0.01}  # fmt: skip
    return tables | {"survey_areas": [told]}


def no_dose_at_all(tables: Tables) -> Tables:
    return tables | {"doses": tables["doses"].assign(value=0.0)}


def huge_doses(tables: Tables) -> Tables:
    wild = tables["doses"].copy()
    wild.loc[3, "value"] = 1e7
    return tables | {"doses": wild}


def everything_closed(tables: Tables) -> Tables:
    status = [{"place_code": "a", "period": quarter, "functional_share": 0.0} for quarter in QUARTERS]
    return tables | {"facility_status": status}


def more_third_than_first(tables: Tables) -> Tables:
    doses = tables["doses"].copy()
    doses.loc[doses["indicator"] == "dtp3_doses", "value"] += 60
    return tables | {"doses": doses}


CASES = {
    "nothing but populations": without("doses", "surveys"),
    "nothing but surveys": without("doses", "denominators"),
    "nothing but doses": without("surveys", "denominators"),
    "no survey": without("surveys"),
    "no population": without("denominators"),
    "islands only": without("neighbours"),
    "silent places": silent_places,
    "a gap of quarters": a_gap_of_quarters,
    "nobody vaccinated": nobody_vaccinated,
    "surveys at both ends": surveys_at_both_ends,
    "contradicting populations": sources_that_contradict_each_other,
    "published at zero": published_at_zero,
    "no dose at all": no_dose_at_all,
    "huge doses": huge_doses,
    "everything closed": everything_closed,
    "more third than first": more_third_than_first,
}


@pytest.mark.parametrize("case", CASES)
def test_thin_and_contradictory_evidence_gives_numbers_or_a_named_refusal(case: str) -> None:
    try:
        posterior, _ = run(CASES[case](sound()))
    except EstimateRefused as refused:
        assert refused.render("fr") != refused.render("en")  # noqa: PT017 - either ending is right
        return
    of_numbers(posterior)


@pytest.mark.parametrize("kind", ["one area", "one quarter", "one of each"])
def test_the_smallest_countries_can_be_asked(kind: str) -> None:
    tables = sound()
    areas = ["a"] if kind != "one quarter" else AREAS
    quarters = QUARTERS[:1] if kind != "one area" else QUARTERS
    doses = tables["doses"]
    surveys = tables["surveys"].assign(start=quarters[0], end=quarters[-1])
    small = {
        "places": [{"place_code": area, "parent_code": ""} for area in areas],
        "doses": doses[doses["place_code"].isin(areas) & doses["period"].isin(quarters)],
        "denominators": tables["denominators"][tables["denominators"]["place_code"].isin(areas)],
        "surveys": surveys[surveys["place_code"].isin(areas)],
    }
    for question in ({}, {"dtp3": False}, {"interaction": "I"}):
        posterior, _ = run(small, **question)
        assert posterior.dtp1_coverage.shape == (20, len(areas), len(quarters))
        of_numbers(posterior)


def test_every_part_can_be_switched_off() -> None:
    off = dict.fromkeys(
        ("stock", "recounts", "lots", "attendance", "drift", "recall", "outliers", "delay"), False
    )
    posterior, _ = run(sound(), **off)
    of_numbers(posterior)


def test_evidence_of_no_quarter_is_refused_by_name() -> None:
    with pytest.raises(EvidenceRefused, match="no quarter"):
        run(without("doses", "surveys", "denominators")(sound()))


def test_places_of_which_nothing_is_known_are_less_sure_than_surveyed_ones() -> None:
    plan = Plan(pilot=15, learning=(30,), settling=15, block=160, most=160, effective=float("inf"))
    evidence = Evidence.of(**silent_places(sound()))
    posterior = estimate(evidence, Question(preview=True, draws=150), np.random.default_rng(1), plan=plan)
    spread = posterior.dtp1_coverage.mean(axis=2).std(axis=0)

    # A chain this short knows a spread to a tenth or so: the groups are compared, not their ends.
    assert spread[3:].mean() > 1.15 * spread[:3].mean(), spread
