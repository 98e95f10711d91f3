"""Do cases, susceptible children and campaign tallies speak independently of reports?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from kalanso.triangulation import campaigns, cases, susceptibles
from kalanso.triangulation.screening import (
    effectiveness,
    effectiveness_interval,
    expected_share,
    implied_coverage,
    screen,
)
from kalanso.triangulation.susceptibles import unprotected
from tests.triangulation.dossiers import lay, table

# Points of the nomogram of Orenstein et al. 1985: coverage, effectiveness -> share of cases vaccinated, in percent.
NOMOGRAM = [(50, 90, 9), (90, 90, 47), (95, 90, 66), (99, 90, 91), (90, 80, 64), (80, 80, 44), (50, 80, 17)]


@pytest.mark.parametrize(("coverage", "works", "share"), NOMOGRAM)
def test_the_share_of_vaccinated_cases_is_that_of_the_published_curves(
    coverage: int, works: int, share: int
) -> None:
    assert round(100 * expected_share(coverage / 100, works / 100)) == share


@pytest.mark.parametrize(("coverage", "works", "_share"), NOMOGRAM)
def test_the_three_formulas_undo_one_another(coverage: int, works: int, _share: int) -> None:
    cases_vaccinated = expected_share(coverage / 100, works / 100)

    assert implied_coverage(cases_vaccinated, works / 100) == pytest.approx(coverage / 100)
    assert effectiveness(cases_vaccinated, coverage / 100) == pytest.approx(works / 100)


def test_the_share_of_vaccinated_cases_is_that_of_simulated_children() -> None:
    rng = np.random.default_rng(7)
    vaccinated = rng.random(400_000) < 0.8
    sick = rng.random(400_000) < np.where(vaccinated, 0.05 * (1 - 0.85), 0.05)

    assert vaccinated[sick].mean() == pytest.approx(expected_share(0.8, 0.85), abs=0.01)


def test_farringtons_interval_is_that_of_logistic_regression_with_an_offset() -> None:
    vaccinated, unvaccinated, coverage = 30.0, 45.0, 0.8
    offset = np.log(coverage / (1 - coverage))

    def deviance(b: float) -> float:
        p = 1 / (1 + np.exp(-(offset + b)))
        return -(vaccinated * np.log(p) + unvaccinated * np.log(1 - p))

    best = optimize.minimize_scalar(deviance, bounds=(-6, 3), method="bounded").x
    p = 1 / (1 + np.exp(-(offset + best)))
    reach = 1.959964 / np.sqrt((vaccinated + unvaccinated) * p * (1 - p))

    low, high = effectiveness_interval(vaccinated, unvaccinated, coverage)
    assert (low, high) == pytest.approx((1 - np.exp(best + reach), 1 - np.exp(best - reach)), abs=1e-3)
    assert low < effectiveness(vaccinated / (vaccinated + unvaccinated), coverage) < high


def test_an_empty_group_of_cases_still_has_an_interval() -> None:
    low, high = effectiveness_interval(0, 20, 0.8)

    assert np.isfinite([low, high]).all()


def test_coverage_above_one_counts_as_everybody() -> None:
    found = screen(5, 95, coverage=1.2, effectiveness=0.85, effectiveness_low=0.77, effectiveness_high=0.95)

    assert found.expected == 1.0
    assert found.verdict == "below"


COVERAGE = table("place_code year indicator source kind value", [
    ("ML", 2022, "mcv1", "moh", "administrative", 0.95), ("ML", 2022, "dtp1", "moh", "administrative", 1.07),
])  # fmt: skip


def _cases(vaccinated: int, unvaccinated: int) -> object:
    return table("place_code period disease age_band vaccinated unvaccinated unknown", [
        ("ML", "202203", "measles", "9-59m", vaccinated, unvaccinated, 10), ("ML", "202204", "measles", "9-59m", 0, 0, 0),
    ])  # fmt: skip


def test_mostly_unvaccinated_cases_contradict_high_reported_coverage() -> None:
    answer = cases.compare(lay(coverage=COVERAGE, cases=_cases(10, 90)))

    rows = answer.rows.set_index("measure")
    assert rows.loc["vaccinated_share_of_cases", "verdict"] == "below"
    implied = rows.loc["implied_coverage"]
    assert implied["value"] == pytest.approx(0.1 / (0.1 + 0.9 * 0.15))
    assert implied["low"] < implied["value"] < implied["high"] < 0.95
    (told,) = answer.findings
    assert told.message.id == "triangulation.cases.below"
    assert [item["table"] for item in told.evidence] == ["observations", "coverage_series"]


def test_cases_that_fit_the_coverage_agree_with_it() -> None:
    share = expected_share(0.95, 0.85)

    answer = cases.compare(lay(coverage=COVERAGE, cases=_cases(round(200 * share), round(200 * (1 - share)))))

    assert [found.kind for found in answer.findings] == ["agrees"]


def test_few_cases_say_nothing_and_the_want_is_said() -> None:
    answer = cases.compare(lay(coverage=COVERAGE, cases=_cases(2, 4)))

    assert answer.rows.empty
    assert [found.source for found in answer.missing] == ["cases_with_status"]


def test_unprotected_children_follow_from_both_doses() -> None:
    # 80 % have MCV1 (85 % protected), 50 % have MCV2 too (95 % of those whom the first did not protect).
    assert unprotected(0.8, 0.5, 0.85, 0.95) == pytest.approx(1 - 0.8 * 0.85 - 0.5 * 0.15 * 0.95)
    assert unprotected(0.0, 0.5, 0.85, 0.95) == 1.0


def test_susceptible_children_gather_until_a_campaign_takes_them() -> None:
    coverage = table(
        "place_code year indicator source kind value",
        [("ML", y, "mcv1", "dhs", "survey", 0.6) for y in (2019, 2020, 2021, 2022)],
    )
    people = table(
        "place_code year source kind surviving_infants",
        [("ML", y, "un", "un", 1000) for y in (2019, 2020, 2021, 2022)],
    )
    events = table(
        "place_code first_day last_day kind antigen", [("ML", "2021-11-01", "2021-11-08", "campaign", "mcv")]
    )
    each = 1000 * (1 - 0.6 * 0.85)

    without = susceptibles.compare(lay(coverage=coverage, populations=people))
    after = susceptibles.compare(lay(coverage=coverage, populations=people, events=events))

    assert without.rows["value"].tolist() == pytest.approx([each, 2 * each, 3 * each, 4 * each])
    assert without.findings[0].message.id == "triangulation.susceptibles.due"
    assert after.rows["value"].tolist() == pytest.approx(
        [each, 2 * each, 0.2 * each + each, 0.2 * each + 2 * each]
    )


def test_a_campaign_that_finds_zero_dose_children_contradicts_coverage_above_100_percent() -> None:
    tallies = table("place_code period campaign seen zero_dose", [("ML", "202211", "AVS", 4000, 500)])

    answer = campaigns.compare(lay(coverage=COVERAGE, campaigns=tallies))

    row = answer.rows.iloc[0]
    assert row["value"] == 0.125
    assert row["reference"] == pytest.approx(-0.07)
    assert row["low"] < 0.125 < row["high"]
    assert [found.message.id for found in answer.findings] == ["triangulation.campaigns.above_impossible"]


def test_a_campaign_without_routine_coverage_beside_it_says_what_is_missing() -> None:
    tallies = table("place_code period campaign seen zero_dose", [("ML", "201911", "AVS", 4000, 500)])

    assert [
        found.source for found in campaigns.compare(lay(coverage=COVERAGE, campaigns=tallies)).missing
    ] == ["coverage_of_campaign"]
