"""Do the tables of estimates say what the draws say?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import summaries
from kalanso.coverage.aggregates import place_tree, windows

ISSUE_COLUMNS = [
    "place_code", "period", "indicator", "coverage_mean", "coverage_sd", "coverage_q025", "coverage_q250",
    "coverage_q500", "coverage_q750", "coverage_q975", "surviving_infants_mean", "surviving_infants_q025",
    "surviving_infants_q975", "missed_children_mean", "missed_children_q025", "missed_children_q975",
    "probability_below_80", "rank_mean", "rank_q025", "rank_q975",
]  # fmt: skip


def test_the_table_has_the_columns_that_were_agreed_and_the_level_after_them(made_up):
    case = made_up()
    table = summaries.coverage_estimates(case.posterior, case.evidence)
    assert list(table.columns) == [*ISSUE_COLUMNS, "place_level"]
    assert set(table["period"]) == set(case.posterior.periods)
    places = ["ML", "R0", "D0", "D1", *case.posterior.areas]
    assert set(table["place_code"]) == set(places)
    assert len(table) == len(places) * 8 * 2
    assert not table.isna().any().any()


def test_every_number_equals_a_slow_reckoning_place_by_place(made_up):
    case = made_up()
    table = summaries.coverage_estimates(case.posterior, case.evidence).set_index(
        ["place_code", "period", "indicator"]
    )
    parents = case.evidence.parents
    draws = case.posterior
    for indicator, shares in (("dtp1", draws.dtp1_coverage), ("dtp3", draws.dtp3_coverage)):
        for place in ("A03", "D1", "R0", "ML"):
            under = [at for at, area in enumerate(draws.areas) if place in _line_up(area, parents)]
            n = draws.surviving_infants[:, under, 2].astype(float)
            missed = (n * (1 - shares[:, under, 2])).sum(axis=1)
            coverage = 1 - missed / n.sum(axis=1)
            row = table.loc[(place, "2023Q3", indicator)]
            assert row["missed_children_mean"] == pytest.approx(missed.mean(), rel=1e-5)
            assert row["missed_children_q975"] == pytest.approx(
                np.quantile(missed, 0.975, method="weibull"), rel=1e-5
            )
            assert row["coverage_sd"] == pytest.approx(coverage.std(ddof=1), rel=1e-4)
            assert row["coverage_q250"] == pytest.approx(
                np.quantile(coverage, 0.25, method="weibull"), rel=1e-5
            )
            assert row["probability_below_80"] == pytest.approx((coverage < 0.8).mean())
            assert row["surviving_infants_q025"] == pytest.approx(
                np.quantile(n.sum(axis=1), 0.025, method="weibull"), rel=1e-5
            )


def _line_up(place, parents):
    line = [place]
    while parents[line[-1]]:
        line.append(parents[line[-1]])
    return line


def test_ranks_stay_within_a_level_and_add_up(made_up):
    case = made_up()
    table = summaries.coverage_estimates(case.posterior, case.evidence)
    for _, rows in table[table["place_level"] == "area"].groupby(["period", "indicator"]):
        assert rows["rank_mean"].sum() == pytest.approx(21)  # 1 + ... + 6
        assert (rows["rank_q025"] >= 1).all()
        assert (rows["rank_q975"] <= 6).all()
    alone = table[table["place_level"] == "country"]
    assert (alone[["rank_mean", "rank_q025", "rank_q975"]] == 1).all().all()


def test_the_place_with_most_missed_children_ranks_first_in_every_draw():
    missed = np.array([[5.0, 5.0], [9.0, 8.0], [1.0, 6.0]])
    assert summaries.ranks(missed).tolist() == [[2, 3], [1, 1], [3, 2]]


@pytest.mark.parametrize("count", [50, 100, 400])
def test_intervals_of_few_draws_keep_their_probability(count):
    rng = np.random.default_rng(count)
    bounds = summaries.quantiles(rng.normal(size=(20_000, count)), (0.025, 0.975))
    inside = rng.normal(size=20_000)
    held = ((inside > bounds[:, 0]) & (inside < bounds[:, 1])).mean()
    # interpolation between the outermost draws, which are far apart, costs little
    assert held == pytest.approx(0.95, abs=0.008)


def test_quantiles_follow_weibulls_rule_and_stay_inside_the_draws():
    draws = np.arange(1.0, 12)[None, ::-1]
    assert summaries.quantiles(draws, (0.0, 0.25, 0.5, 1.0)).tolist() == [[1.0, 3.0, 6.0, 11.0]]
    assert summaries.quantiles([[4.0]], (0.025, 0.975)).tolist() == [[4.0, 4.0]]
    with pytest.raises(ValueError, match="at least one draw"):
        summaries.quantiles(np.empty((2, 0)), (0.5,))


def test_years_are_whole_and_a_rolling_year_keeps_the_code_of_its_last_quarter(made_up):
    assert windows(["2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4"], "year") == [
        ("2024", [2, 3, 4, 5])
    ]
    assert [code for code, _ in windows([f"2023Q{q}" for q in (1, 2, 3, 4)] + ["2024Q1"], "rolling4")] == [
        "2023Q4", "2024Q1",
    ]  # fmt: skip
    case = made_up()
    quarters = summaries.coverage_estimates(case.posterior, case.evidence)
    years = summaries.coverage_estimates(case.posterior, case.evidence, span="year")
    assert set(years["period"]) == {"2023", "2024"}
    of_ml = quarters[(quarters["place_code"] == "ML") & (quarters["indicator"] == "dtp1")]
    year = years[(years["place_code"] == "ML") & (years["indicator"] == "dtp1")]
    assert year["missed_children_mean"].sum() == pytest.approx(of_ml["missed_children_mean"].sum())


def test_dropout_children_lie_between_zero_dose_and_under_immunized(made_up):
    case = made_up()
    estimates = summaries.coverage_estimates(case.posterior, case.evidence)
    mean = estimates.pivot(index=["place_code", "period"], columns="indicator", values="missed_children_mean")
    dropout = summaries.dropout_children(case.posterior, case.evidence).set_index(["place_code", "period"])
    assert np.allclose(dropout["dropout_children_mean"], (mean["dtp3"] - mean["dtp1"]).loc[dropout.index])
    assert (dropout["dropout_children_q025"] >= 0).all()
    assert dropout["dropout_share_mean"].between(0, 1).all()


def test_without_draws_of_dtp3_there_are_rows_of_dtp1_only(made_up):
    case = made_up(dtp3=False)
    assert set(summaries.coverage_estimates(case.posterior, case.evidence)["indicator"]) == {"dtp1"}
    assert summaries.dropout_children(case.posterior, case.evidence).empty


def test_one_area_one_quarter_and_one_draw_give_a_table_without_gaps(made_up):
    case = made_up([0.6], periods=["2024Q1"], draws=1)
    table = summaries.coverage_estimates(case.posterior, case.evidence)
    assert not table.isna().any().any()
    assert (table["coverage_sd"] == 0).all()


def test_an_uneven_tree_ranks_its_areas_together_and_its_parents_by_depth(made_up):
    places = pd.DataFrame(
        [("N", ""), ("S", ""), ("S1", "S"), ("A00", "N"), ("A01", "S1"), ("A02", "S")],
        columns=["place_code", "parent_code"],
    )
    case = made_up([0.5, 0.6, 0.7], places=places)
    tree = place_tree(case.posterior, case.evidence)
    assert dict(zip(tree.codes, tree.levels, strict=True)) == {
        "A00": "area", "A01": "area", "A02": "area", "S1": "parent", "N": "parent", "S": "parent",
        "country": "country",
    }  # fmt: skip
    groups = [[tree.codes[at] for at in group] for group in tree.peers()]
    assert ["A00", "A01", "A02"] in groups
    assert ["N", "S"] in groups
    assert [tree.codes[at] for at in tree.areas_under("S")] == ["A01", "A02"]
    assert tree.parents == ("N", "S1", "S")
    with pytest.raises(ValueError, match="'elsewhere'"):
        tree.areas_under("elsewhere")


def test_a_country_of_one_place_is_an_area(made_up):
    case = made_up([0.5], places=pd.DataFrame({"place_code": ["A00"], "parent_code": [""]}))
    table = summaries.coverage_estimates(case.posterior, case.evidence)
    assert set(table["place_level"]) == {"area"}
    assert set(table["place_code"]) == {"A00"}


def test_draws_of_other_areas_than_the_evidence_are_refused(made_up):
    case = made_up()
    case.posterior.areas[2] = "XX"
    with pytest.raises(ValueError, match="A02, XX"):
        summaries.coverage_estimates(case.posterior, case.evidence)
    case.posterior.areas[:] = case.evidence.areas[::-1]
    with pytest.raises(ValueError, match="order"):
        summaries.coverage_estimates(case.posterior, case.evidence)


@pytest.mark.parametrize("broken", [np.nan, -0.1, 1.2])
def test_a_draw_that_cannot_be_is_refused_with_its_period(made_up, broken):
    case = made_up(draws=5)
    case.posterior.dtp1_coverage[2, 1, 3] = broken
    with pytest.raises(ValueError, match="2023Q4"):
        summaries.coverage_estimates(case.posterior, case.evidence)


def test_an_unknown_span_or_period_is_refused():
    with pytest.raises(ValueError, match="quarter, year, rolling4"):
        windows(["2024Q1"], "week")
    with pytest.raises(ValueError, match="2024Q1"):
        windows(["202401"], "quarter")


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (1243.7, 860.2, 1690.4, 1240),
        (7.3, 6.9, 7.9, 7),
        (81234.0, 61111.0, 98765.0, 81000),
        (5.4, 5.4, 5.4, 5),
    ],
)
def test_sentences_round_to_two_figures_of_the_width(value, low, high, said):
    assert summaries.readable(value, low, high) == said


def test_draws_never_make_anything_certain():
    assert [summaries.chances(p) for p in (0, 0.09, 0.3, 0.999, 1)] == [0, 0, 3, 9, 9]
