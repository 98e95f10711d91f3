"""Does the ledger find the planted fault, and say on what an estimate rests?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import ledger
from kalanso.vocabulary import Message

AREAS = 20
QUARTERS = [f"2024Q{q}" for q in (1, 2, 3, 4)]


def place(at):
    return f"A{at:02d}"


def evidence_tables(rng, *, doses=None, census=None, scale_all=1.0):
    """Doses, two populations and a few survey clusters around truth; single areas bent by a factor."""
    infants, share = np.full(AREAS, 100.0), np.full(AREAS, 0.7)
    rows = [
        (place(at), quarter, "dtp1_doses", infants[at] * share[at] * np.exp(0.05 * rng.normal()) * (doses or {}).get(at, 1.0))
        for at in range(AREAS)
        for quarter in QUARTERS
    ]  # fmt: skip
    populations = [
        (source, place(at), 2024, 400 * scale * np.exp(0.06 * rng.normal()) * (census or {}).get(at, 1.0) ** (source == "census"))
        for source, scale in (("census", scale_all), ("projection", 1.2))
        for at in range(AREAS)
    ]  # fmt: skip
    surveys = [
        ("DHS", str(at), place(at), "2024Q1", "2024Q4", "dtp1", float(rng.binomial(25, 0.7)), 25.0)
        for at in range(6)
    ]
    return {
        "doses": pd.DataFrame(rows, columns=["place_code", "period", "indicator", "value"]),
        "denominators": pd.DataFrame(
            populations, columns=["source", "place_code", "period", "surviving_infants"]
        ),
        "surveys": pd.DataFrame(
            surveys,
            columns=[
                "survey",
                "cluster",
                "place_code",
                "start",
                "end",
                "indicator",
                "vaccinated",
                "children",
            ],
        ),
    }


def of(made_up, seed=1, sd=0.2, **faults):
    tables = evidence_tables(np.random.default_rng(seed), **faults)
    case = made_up([0.7] * AREAS, infants=100.0, sd=sd, periods=QUARTERS, per_district=10, **tables)
    return ledger.ledger(case.posterior, case.evidence)


def test_without_faults_all_sources_agree(made_up):
    table, sources = of(made_up)
    assert tuple(table.columns) == ledger.LEDGER_COLUMNS
    assert (table["finding"] == "").mean() > 0.85
    assert set(sources["source"]) == {"DHS", "census", "projection", "doses"}
    assert sources.groupby("source")["gap"].median().abs().max() < 0.35


def test_a_population_that_is_too_high_everywhere_is_a_bias_and_not_a_gap(made_up):
    plain, _ = of(made_up)
    table, _ = of(made_up, scale_all=1.4)
    assert table["finding"].tolist() == plain["finding"].tolist()


@pytest.mark.parametrize(
    ("faults", "area", "finding"),
    [
        ({"census": {7: 2.0}}, 7, "denominators"),
        ({"doses": {7: 2.0}}, 7, "numerators"),
        ({"doses": {7: 1.8, 6: 0.55, 8: 0.65}}, 7, "catchments"),
    ],
)
def test_a_planted_fault_is_named(made_up, faults, area, finding):
    table, _ = of(made_up, **faults)
    row = table.set_index("place_code").loc[place(area)]
    assert row["finding"] == finding
    assert abs(row["gap_sd"]) > 2.5
    assert place(area) in Message.from_json(row["message"], row["params"]).render("fr")


def test_shares_sum_to_one_and_surveyed_areas_own_more(made_up):
    table, _ = of(made_up)
    assert np.allclose(table["own_share"] + table["borrowed_share"], 1)
    assert np.allclose(table["survey_share"] + table["routine_share"], table["own_share"])
    assert table["own_share"].between(0, 1 + 1e-9).all()
    assert (table["survey_share"].iloc[:6] > 0).all()
    assert (table["survey_share"].iloc[6:] == 0).all()


def test_the_survey_share_is_that_of_a_gaussian_update(made_up):
    # a prior on the log odds of precision 10, and 25 children of independent answers at .7
    rng = np.random.default_rng(3)
    case = made_up([0.7], periods=QUARTERS, draws=20_000, surveys=pd.DataFrame(
        {"survey": ["DHS"], "cluster": ["1"], "place_code": ["A00"], "start": ["2024Q1"], "end": ["2024Q4"],
         "indicator": ["dtp1"], "vaccinated": [17.5], "children": [25.0]}
    ))  # fmt: skip
    information = 25 * 0.7 * 0.3
    odds = np.log(0.7 / 0.3) + rng.normal(size=20_000) / np.sqrt(10 + information)
    case.posterior.dtp1_coverage[:] = (1 / (1 + np.exp(-odds)))[:, None, None]
    case.posterior.hyper["same_cluster"] = np.zeros(20_000)
    table, _ = ledger.ledger(case.posterior, case.evidence)
    assert table["survey_share"].iloc[0] == pytest.approx(information / (10 + information), rel=0.05)


def test_the_routine_share_follows_what_the_model_says_of_its_sources(made_up):
    tables = evidence_tables(np.random.default_rng(1))
    case = made_up([0.7] * AREAS, infants=100.0, sd=0.5, periods=QUARTERS, per_district=10, **tables)
    found = []
    for sd in (0.05, 0.5):
        case.posterior.hyper["source_sd"] = np.full((400, 2), sd)
        case.posterior.diagnostics["names"] = {"sources": ["census", "projection"]}
        found.append(ledger.ledger(case.posterior, case.evidence)[0]["routine_share"])
    assert (found[0] > found[1]).all()
    # log coverage: doses of 280, reporting .15, two sources of .5; a step of log odds moves it by .3
    variance = 1 / 280 + 0.15**2 + 0.5**2 / 2
    share = case.posterior.dtp1_coverage[:, 8].astype(float).mean(axis=1)
    precision = 1 / np.log(share / (1 - share)).var(ddof=1)
    assert found[1].iloc[8] == pytest.approx(0.3**2 / variance / precision, rel=0.15)


def test_an_area_without_any_source_says_so(made_up):
    case = made_up([0.7] * 4, periods=QUARTERS)
    table, sources = ledger.ledger(case.posterior, case.evidence)
    assert sources.empty
    assert set(table["message"]) == {"coverage.ledger.nothing"}
    assert (table["own_share"] == 0).all()
    assert not table.isna().any().any()


def test_empty_completeness_and_zero_reports_break_nothing(made_up):
    rows = pd.DataFrame(
        [("A00", "2024Q1", "dtp1_doses", 30.0, 0.0, 4.0), ("A01", "2024Q1", "dtp1_doses", 0.0, 4.0, 4.0),
         ("A02", "2024Q1", "dtp1_doses", 30.0, np.nan, np.nan)],
        columns=["place_code", "period", "indicator", "value", "reports_received", "reports_expected"],
    )  # fmt: skip
    case = made_up([0.7] * 4, periods=QUARTERS, doses=rows)
    table, sources = ledger.ledger(case.posterior, case.evidence)
    assert sources["place_code"].tolist() == ["A02"]
    assert not table.isna().any().any()
