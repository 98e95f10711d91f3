"""Do cases, susceptible children and campaign tallies speak independently of reports?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from kalanso.triangulation import campaigns, cases, sentence, susceptibles
from kalanso.triangulation.screening import (
    effectiveness,
    effectiveness_interval,
    expected_share,
    implied_coverage,
    screen,
)
from kalanso.triangulation.susceptibles import unprotected
from tests.triangulation.dossiers import PACK, lay, table

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


AGED = table(
    "place_code period disease age_band vaccinated partial unvaccinated unknown",
    [
        ("ML", "2022", "measles", "all", 40, None, 460, 10), ("ML", "2022", "measles", "0-11m", 0, None, 400, 0),
        ("ML", "2022", "measles", "12-23m", 20, None, 30, 5), ("ML", "2022", "measles", "24-59m", 20, None, 30, 5),
    ],
)  # fmt: skip
COHORTS = table(
    "place_code year indicator source kind value",
    [("ML", year, "mcv1", "moh", "administrative", value) for year, value in ((2021, 0.8), (2020, 0.7), (2019, 0.6), (2018, 0.5))],
)  # fmt: skip


def test_where_ages_are_told_those_speak_whose_dose_was_due_against_their_own_cohorts() -> None:
    answer = cases.compare(lay(coverage=COHORTS, cases=AGED))

    rows = answer.rows[answer.rows["measure"] == "vaccinated_share_of_cases"].set_index("age_band")
    assert rows["denominator"].to_dict() == {"": 500, "0-11m": 400, "12-23m": 50, "24-59m": 50, "12-59m": 100}
    assert rows.loc["12-23m", "reference"] == pytest.approx(expected_share(0.8, 0.85))
    assert rows.loc["24-59m", "reference"] == pytest.approx(expected_share(0.6, 0.85))
    assert np.isnan(rows.loc["0-11m", "reference"])
    (told,) = answer.findings
    assert told.message.params["age"] == "12-59m"
    assert told.message.params["coverage"] == pytest.approx(0.65)
    assert told.value == pytest.approx(0.4)
    assert [item["key"]["year"] for item in told.evidence[1:]] == [2021, 2020, 2019, 2018]


def test_cases_too_young_for_the_dose_do_not_make_a_country_disagree() -> None:
    every_age = AGED[AGED["age_band"] == "all"]
    coverage = COHORTS.assign(value=0.8, year=[2022, 2021, 2020, 2019])

    assert cases.compare(lay(coverage=coverage, cases=every_age)).findings[0].kind == "disagrees"
    assert cases.compare(lay(coverage=coverage, cases=AGED)).findings[0].kind == "agrees"


def _pertussis(full: int, some: int, none: int) -> pd.DataFrame:
    return table(
        "place_code period disease age_band vaccinated partial unvaccinated unknown",
        [("ML", "2022", "pertussis", "all", full, some, none, 4)],
    )


PENTA = table(
    "place_code year indicator source kind value",
    [("ML", 2022, "dtp1", "moh", "administrative", 0.9), ("ML", 2022, "dtp3", "moh", "administrative", 0.6)],
)


def test_pertussis_compares_children_with_three_doses_and_none_and_leaves_the_others_out() -> None:
    answer = cases.compare(lay(coverage=PENTA, cases=_pertussis(30, 50, 30)))

    rows = answer.rows.set_index("measure")
    # 60 % have three doses and 10 % none: six of seven of those who are compared are vaccinated.
    assert rows.loc["implied_coverage", "reference"] == pytest.approx(0.6 / 0.7)
    assert rows.loc["vaccinated_share_of_cases", "denominator"] == 60
    (told,) = answer.findings
    assert told.message.id == "triangulation.cases.aged_agrees"
    assert told.message.params["basis"] == "full_or_none"
    assert (told.message.params["works_low"], told.message.params["works_high"]) == (0.74, 0.83)


def test_pertussis_is_not_screened_without_the_first_dose_of_the_same_year() -> None:
    answer = cases.compare(lay(coverage=PENTA[PENTA["indicator"] == "dtp3"], cases=_pertussis(30, 50, 30)))

    assert [found.source for found in answer.missing] == ["cases_with_status"]
    assert answer.rows["reference"].isna().all()


def test_pertussis_of_simulated_children_gives_back_the_coverage_it_came_from() -> None:
    rng = np.random.default_rng(11)
    doses = rng.choice([0, 1, 3], size=400_000, p=[0.15, 0.25, 0.6])
    sick = rng.random(400_000) < 0.05 * (1 - 0.79 * (doses == 3) - 0.4 * (doses == 1))
    found = _pertussis(*(int((doses[sick] == n).sum()) for n in (3, 1, 0)))
    coverage = PENTA.assign(value=[0.85, 0.6])

    implied = cases.compare(lay(coverage=coverage, cases=found)).rows.set_index("measure")
    assert implied.loc["implied_coverage", "value"] == pytest.approx(0.8, abs=0.01)
    assert implied.loc["vaccinated_share_of_cases", "verdict"] == "agrees"


def _paralysis(full: int, some: int, none: int) -> pd.DataFrame:
    return table(
        "place_code period disease age_band vaccinated partial unvaccinated unknown",
        [("ML", "2022", "afp", "all", full, some, none, 5)],
    )


def test_more_paralysed_children_without_a_dose_than_routine_leaves_are_told_with_their_interval() -> None:
    answer = cases.compare(lay(coverage=PENTA, cases=_paralysis(55, 15, 30)))

    rows = answer.rows.set_index("measure")
    zero = rows.loc["zero_dose_share_of_cases"]
    assert (zero["value"], zero["reference"], zero["verdict"]) == (0.3, pytest.approx(0.1), "above")
    assert zero["low"] < 0.3 < zero["high"]
    assert zero["indicator"] == "dtp1"
    assert rows.loc["three_dose_share_of_cases", "verdict"] == "agrees"
    (told,) = answer.findings
    assert (told.message.id, told.severity) == ("triangulation.cases.sample_more", "serious")
    for locale, words in (("fr", "30 cas sans aucune dose antipolio sur 100"), ("en", "30 cases without a single polio dose of 100")):  # fmt: skip
        assert words in sentence(told.message, {"ML": "Mali"}, PACK, locale)


def test_fewer_paralysed_children_without_a_dose_contradict_nothing_since_campaigns_give_drops() -> None:
    answer = cases.compare(lay(coverage=PENTA, cases=_paralysis(97, 2, 1)))

    assert [found.kind for found in answer.findings] == ["agrees"]


def test_the_polio_dose_speaks_before_that_of_dtp_and_few_paralyses_say_nothing() -> None:
    polio = table(
        "place_code year indicator source kind value", [("ML", 2022, "opv1", "moh", "administrative", 0.7)]
    )
    answer = cases.compare(lay(coverage=pd.concat([PENTA, polio]), cases=_paralysis(55, 15, 30)))
    few = cases.compare(lay(coverage=PENTA, cases=_paralysis(3, 1, 2)))

    assert answer.rows.set_index("measure").loc["zero_dose_share_of_cases", "indicator"] == "opv1"
    assert few.rows.empty
    assert [found.source for found in few.missing] == ["cases_with_status"]


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
