"""Does the fit table praise an estimate that gives back its data, and sound the alarm on one that does not?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import fit
from kalanso.vocabulary import Message

QUARTERS = [f"{year}Q{quarter}" for year in (2023, 2024) for quarter in (1, 2, 3, 4)]


def surveyed(coverage, *, shift=0.0, cards=1.0, clusters=60, children=20, seed=1):
    """Clusters over all areas, drawn from the truth plus a shift."""
    rng = np.random.default_rng(seed)
    area = rng.integers(0, len(coverage), clusters)
    share = np.clip(np.asarray(coverage)[area] + shift, 0.01, 0.99)
    size = 1 / 0.06 - 1
    return pd.DataFrame(
        {
            "survey": "DHS", "cluster": [str(at) for at in range(clusters)], "place_code": [f"A{at:02d}" for at in area],
            "start": "2023Q1", "end": "2023Q4", "indicator": "dtp1", "children": float(children), "card_share": cards,
            "vaccinated": rng.binomial(children, rng.beta(share * size, (1 - share) * size)).astype(float),
        }
    )  # fmt: skip


COVERAGE = [0.9, 0.5, 0.85, 0.4, 0.8, 0.7, 0.6, 0.75]


def with_doses(case, scale=1.0, kappa=20.0, seed=2):
    """Doses around what the draws expect, times a scale."""
    rng = np.random.default_rng(seed)
    draws = case.posterior
    expected = draws.surviving_infants * draws.dtp1_coverage
    draws.fitted["dtp1_doses"] = expected
    draws.hyper["scatter1"] = np.full(len(expected), kappa)
    mean = scale * expected.mean(axis=0)
    value = rng.poisson(mean * rng.gamma(kappa, 1 / kappa, mean.shape))
    area, quarter = np.indices(mean.shape)
    return pd.DataFrame(
        {
            "place_code": np.array(draws.areas)[area.ravel()], "period": np.array(draws.periods)[quarter.ravel()],
            "indicator": "dtp1_doses", "value": value.ravel().astype(float), "reports_received": 10.0, "reports_expected": 10.0,
        }
    )  # fmt: skip


def test_an_estimate_that_gives_back_its_survey_agrees_with_it(made_up):
    case = made_up(COVERAGE, sd=0.05, surveys=surveyed(COVERAGE))
    table = fit.fit_table(case.posterior, case.evidence, case.draws)
    assert tuple(table.columns) == fit.FIT_COLUMNS
    assert set(table["place_code"]) == {"ML", "R0"}
    whole = table.set_index("place_code").loc["ML"]
    assert whole["cells"] == 60
    assert whole["p_value"] > 0.01
    said = Message.from_json(whole["message"], whole["params"])
    assert said.render("fr").endswith("ils s’accordent.")
    assert whole["observed"] == pytest.approx(case.evidence.surveys["vaccinated"].sum() / 1200)


def test_an_estimate_far_from_its_survey_is_a_fire_alarm(made_up):
    # the fault of a Laplace approximation: .66 fitted where .77 was observed
    case = made_up(COVERAGE, sd=0.05, surveys=surveyed(COVERAGE, shift=0.11))
    table = fit.fit_table(case.posterior, case.evidence, case.draws).set_index("place_code")
    assert table.loc["ML", "p_value"] < 0.01
    assert "do not trust it" in Message.from_json(
        table.loc["ML", "message"], table.loc["ML", "params"]
    ).render("en")


def test_p_values_are_even_where_the_model_is_true(made_up):
    case = made_up(COVERAGE, sd=0.05)
    found = []
    for seed in range(60):
        case = made_up(COVERAGE, sd=0.001, draws=300, surveys=surveyed(COVERAGE, seed=seed), seed=seed)
        case.posterior.hyper["same_cluster"] = np.full(300, 0.06)
        table = fit.fit_table(case.posterior, case.evidence, case.draws)
        found.append(table.set_index("place_code").loc["ML", "p_value"])
    assert 0.35 < np.mean(found) < 0.65
    assert np.mean(np.array(found) < 0.1) < 0.25


def test_recall_is_taken_into_account(made_up):
    case = made_up(COVERAGE, sd=0.001, draws=50, surveys=surveyed(COVERAGE, cards=0.0))
    case.posterior.hyper.update(sensitivity=np.full(50, 0.9), false_yes=np.full(50, 0.2))
    row = fit.fit_table(case.posterior, case.evidence, case.draws).set_index("place_code").loc["ML"]
    area = case.evidence.surveys["place_code"].map(case.evidence.area_index)
    truth = np.array(COVERAGE)[area]
    assert row["fitted_mean"] == pytest.approx((0.9 * truth + 0.2 * (1 - truth)).mean(), abs=0.01)


def test_published_results_are_compared_at_their_own_place(made_up):
    rows = pd.DataFrame(
        [
            ("MICS", "D1", "2023Q1", "2023Q4", "dtp3", 0.55, 0.02),
            ("MICS", "ML", "2023Q1", "2023Q4", "dtp1", 0.2, 0.01),
        ],
        columns=["survey", "place_code", "start", "end", "indicator", "coverage", "standard_error"],
    )
    case = made_up(COVERAGE, sd=0.05, survey_areas=rows)
    table = fit.fit_table(case.posterior, case.evidence, case.draws).set_index("place_code")
    n = case.posterior.surviving_infants[:, 4:, :4].astype(float)
    share = (n * case.posterior.dtp3_coverage[:, 4:, :4]).sum(axis=(1, 2)) / n.sum(axis=(1, 2))
    assert table.loc["D1", "fitted_mean"] == pytest.approx(share.mean(), rel=1e-5)
    assert table.loc["ML", "p_value"] < 0.01


def test_doses_are_drawn_anew_around_what_was_expected(made_up):
    case = made_up(COVERAGE, infants=200.0, sd=0.02)
    good = with_doses(case)
    fitted, hyper = case.posterior.fitted, case.posterior.hyper
    for scale, apart in ((1.0, False), (1.6, True)):
        doses = good if scale == 1.0 else with_doses(case, scale=scale)
        again = made_up(COVERAGE, infants=200.0, sd=0.02, doses=doses)
        again.posterior.fitted.update(fitted)
        again.posterior.hyper.update(hyper)
        table = fit.fit_table(again.posterior, again.evidence, again.draws)
        whole = table[table["place_code"] == "ML"].set_index("kind")
        assert (whole.loc["doses", "p_value"] < 0.01) == apart
        assert (whole.loc["outside", "p_value"] < 0.01) == apart
        assert whole.loc["doses", "observed"] == doses["value"].sum()
    assert whole.loc["outside", "message"] == "coverage.fit.outside_apart"


def test_an_estimate_with_far_more_children_than_any_population_is_an_alarm(made_up):
    populations = pd.DataFrame(
        [(source, f"A{at:02d}", year, 200.0) for source in ("census", "old") for at in range(8) for year in (2009, 2024)],
        columns=["source", "place_code", "period", "surviving_infants"],
    )  # fmt: skip
    listed = pd.DataFrame({"source": ["census"], "anchor": [True]})
    for infants, apart in ((50.0, False), (90.0, True)):
        case = made_up(COVERAGE, infants=infants, denominators=populations, denominator_sources=listed)
        table = fit.fit_table(case.posterior, case.evidence, case.draws)
        rows = table[table["place_code"] == "ML"].set_index("source")
        assert (rows["p_value"] < 0.01).tolist() == [apart, apart]
        assert rows.loc["census", "observed"] == 1600  # the year 2009 is not estimated
    assert "1,600" in Message.from_json(rows.loc["census", "message"], rows.loc["census", "params"]).render(
        "en"
    )


def test_without_evidence_there_is_nothing_to_compare(made_up):
    case = made_up(COVERAGE)
    table = fit.fit_table(case.posterior, case.evidence, case.draws)
    assert table.empty
    assert tuple(table.columns) == fit.FIT_COLUMNS


def test_replicated_doses_have_the_stated_variance():
    again = fit.replicated_doses(
        np.full((1, 200_000), 50.0), np.full(200_000, 10.0), np.random.default_rng(1)
    )
    assert again.mean() == pytest.approx(50, rel=0.01)
    assert again.var() == pytest.approx(50 + 50**2 / 10, rel=0.03)


def test_a_country_of_one_place_has_its_row(made_up):
    rows = surveyed([0.7], clusters=5)
    case = made_up([0.7], places=pd.DataFrame({"place_code": ["A00"], "parent_code": [""]}), surveys=rows)
    assert fit.fit_table(case.posterior, case.evidence, case.draws)["place_code"].tolist() == ["A00"]
