"""Do the heart analyses say of Mali's own series what everybody who knows them says?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kalanso.triangulation import Answer, coverage_sources, denominators, sentence, zero_dose
from kalanso.triangulation.ranks import kendall, overlap
from tests.triangulation.dossiers import (
    JRF,
    PACK,
    SURVIVING,
    counts,
    districts,
    lay,
    mali,
    mali_coverage,
    table,
)


def of(answer_rows: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    for name, value in wanted.items():
        answer_rows = answer_rows[answer_rows[name] == value]
    return answer_rows


def test_administrative_coverage_of_2018_lies_32_points_above_the_survey() -> None:
    answer = coverage_sources.compare(mali())

    row = of(answer.rows, period="2018", kind="administrative").iloc[0]
    assert row["reference_source"] == "mli2018141"
    assert row["gap"] == pytest.approx(889266 / 778379 - 0.82)
    assert row["gap_children"] == pytest.approx(row["gap"] * SURVIVING[2018])
    assert row["verdict"] == "above"


def test_official_coverage_of_2018_agrees_with_the_survey_although_administrative_does_not() -> None:
    answer = coverage_sources.compare(mali())

    assert of(answer.rows, period="2018", kind="official")["verdict"].item() == "agrees"


def test_a_year_beyond_the_reach_of_surveys_is_read_against_who_and_unicef() -> None:
    answer = coverage_sources.compare(mali())

    row = of(answer.rows, period="2021", kind="administrative").iloc[0]
    assert (row["reference_source"], row["reference"]) == ("wuenic", 0.82)
    told = next(found for found in answer.findings if found.message.id.endswith("above_children"))
    assert told.severity == "serious"
    assert [item["table"] for item in told.evidence] == ["coverage_series", "coverage_series"]
    assert {item["key"]["kind"] for item in told.evidence} == {"administrative", "who_unicef"}


def test_sources_without_any_reference_are_shown_and_the_want_of_one_is_said() -> None:
    alone = mali_coverage().query("kind == 'administrative'")

    answer = coverage_sources.compare(lay(coverage=alone))

    assert len(answer.rows) == len(JRF)
    assert answer.rows["reference"].isna().all()
    assert [found.source for found in answer.missing] == ["reference"]


def test_target_minus_doses_is_negative_in_every_year_of_mali_and_kept_so() -> None:
    rows = of(zero_dose.compare(mali()).rows, source="target_minus_doses").set_index("period")["value"]

    assert len(rows) == 8
    assert (rows < 0).all()
    assert rows["2018"] == 778379 - 889266


def test_who_unicef_times_un_infants_is_a_second_count_far_from_the_first() -> None:
    answer = zero_dose.compare(mali())

    assert of(answer.rows, source="who_unicef", period="2021")["value"].item() == pytest.approx(0.18 * 872528)
    survey = of(answer.rows, source="survey", period="2017").iloc[0]
    assert survey["value"] == pytest.approx(0.18 * 798087)
    assert (survey["low"], survey["high"]) == pytest.approx((0.15 * 798087, 0.21 * 798087))
    told = next(found for found in answer.findings if found.message.id.endswith(".negative"))
    assert told.period == "2021"
    # A sentence claims no more than two figures; the row keeps what was computed.
    assert told.message.params["low"] == -92000
    assert told.value == pytest.approx(852391 - 943917)


def test_estimators_for_which_evidence_is_absent_are_named() -> None:
    absent = {found.source for found in zero_dose.compare(mali()).missing}

    assert {
        "estimator_dtp1_derived",
        "estimator_anc1_derived",
        "estimator_bcg_derived",
        "estimator_estimate",
    } <= absent


def test_the_population_derived_from_dtp1_follows_the_desk_method() -> None:
    # Survey 80 % in 2020 with 900 doses: 1,125 infants; the target grows by a tenth; district D01 has 40 % of it.
    given = counts("dtp1_doses", [("ML", 2020, 900.0), ("ML", 2021, 950.0), ("D01", 2021, 300.0)])
    populations = table(
        "place_code year source kind surviving_infants",
        [
            ("ML", 2020, "moh", "official", 1000),
            ("ML", 2021, "moh", "official", 1100),
            ("D01", 2021, "moh", "official", 440),
        ],
    )
    survey = table(
        "place_code year indicator source kind value", [("ML", 2020, "dtp1", "dhs", "survey", 0.8)]
    )

    rows = of(
        zero_dose.compare(
            lay(places=districts(1), coverage=survey, counts=given, populations=populations)
        ).rows,
        source="dtp1_derived",
    )

    found = rows.set_index(["place_code", "period"])["value"]
    assert found["ML", "2020"] == pytest.approx(1125 - 900)
    assert found["ML", "2021"] == pytest.approx(1125 * 1.1 - 950)
    assert found["D01", "2021"] == pytest.approx(1125 * 440 / 1000 - 300)


def test_the_population_derived_from_antenatal_care_follows_the_chain_of_losses() -> None:
    # No survey of ANC1: 98 of 100 pregnant women came; losses, twins, stillbirths and first deaths as in cd2030.core.
    given = pd.concat(
        [counts("anc1_visits", [("ML", 2021, 1000.0)]), counts("dtp1_doses", [("ML", 2021, 800.0)])]
    )
    populations = table(
        "place_code year source kind surviving_infants", [("ML", 2021, "moh", "official", 1000)]
    )
    survey = table(
        "place_code year indicator source kind value", [("ML", 2016, "dtp1", "dhs", "survey", 0.8)]
    )

    rows = of(
        zero_dose.compare(lay(coverage=survey, counts=given, populations=populations)).rows,
        source="anc1_derived",
    )

    infants = 1000 / 0.98 * (1 - 0.03) / (1 - 0.5 * 0.015) * (1 - 0.02) * (1 - 0.025)
    assert rows["value"].tolist() == pytest.approx([infants - 800])


def test_ranks_of_districts_are_compared_for_every_pair_of_estimators() -> None:
    places = districts(6)
    given = [110, 90, 80, 60, 50, 40]
    rows = [
        (f"D{n:02d}", 2021, "dtp1", "moh", "administrative", doses / 100, doses, 100)
        for n, doses in enumerate(given, 1)
    ]
    coverage = table("place_code year indicator source kind value doses target", rows)
    missed = [5, 40, 35, 30, 25, 20]
    estimate = table("place_code year indicator source kind value missed", [
        (f"D{n:02d}", 2021, "dtp1", "run", "estimate", 0.7, float(m)) for n, m in enumerate(missed, 1)
    ])  # fmt: skip

    answer = zero_dose.compare(lay(places=places, coverage=pd.concat([coverage, estimate])))

    tau = of(answer.rows, measure="rank_agreement").iloc[0]
    zero = [100 - doses for doses in given]
    assert tau["value"] == pytest.approx(stats.kendalltau(zero, missed).statistic)
    assert of(answer.rows, measure="top_overlap")["value"].item() == pytest.approx(1 / 3)
    assert any(found.message.id == "triangulation.zero_dose.other_order" for found in answer.findings)


@pytest.mark.parametrize("seed", range(6))
def test_kendalls_tau_is_that_of_scipy_with_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 6, 25).astype(float), rng.integers(0, 6, 25).astype(float)

    assert kendall(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)


def test_kendalls_tau_of_equal_values_is_no_number() -> None:
    assert np.isnan(kendall(np.ones(5), np.arange(5.0)))


def test_overlap_settles_ties_by_code_so_that_it_never_varies() -> None:
    first = pd.Series({"a": 3.0, "b": 3.0, "c": 1.0})
    second = pd.Series({"c": 9.0, "a": 8.0, "b": 1.0})

    assert overlap(first, second, 2) == 0.5
    assert overlap(first[::-1], second, 2) == 0.5


def test_populations_stand_beside_the_target_with_their_ratio() -> None:
    answer = denominators.compare(mali())

    row = of(answer.rows, period="2018", source="un").iloc[0]
    assert row["value"] == SURVIVING[2018]
    assert row["reference"] == JRF[2018][1]
    assert row["verdict"] == "agrees"


def test_doses_over_survey_coverage_imply_far_more_children_than_the_target() -> None:
    row = of(denominators.compare(mali()).rows, period="2017", kind="implied").iloc[0]

    assert row["value"] == pytest.approx(800938 / 0.82)
    assert row["verdict"] == "above"
    assert (row["low"], row["high"]) == pytest.approx((800938 / 0.85, 800938 / 0.79))


def test_a_target_that_jumps_by_more_than_a_tenth_is_asked_about() -> None:
    populations = table(
        "place_code year source kind surviving_infants",
        [
            ("ML", 2021, "moh", "official", 1000),
            ("ML", 2022, "moh", "official", 1300),
            ("ML", 2022, "un", "un", 1310),
        ],
    )

    told = denominators.compare(lay(populations=populations)).findings

    assert [found.message.id for found in told if found.kind != "missing"] == [
        "triangulation.denominators.agrees", "triangulation.denominators.jump",
    ]  # fmt: skip


def test_populations_that_are_not_there_are_named_one_by_one() -> None:
    absent = {found.source for found in denominators.compare(mali()).missing}

    assert absent == {"population_headcount", "population_census", "population_gridded"}


def two_reports(year: int, first: float, second: float, place: str = "D01") -> list[tuple[object, ...]]:
    """Return what two systems report of one place, year and dose."""
    return [
        (place, year, "dtp1", "dvdmt", "administrative", first),
        (place, year, "dtp1", "snis", "administrative", second),
    ]


def beside(*rows: tuple[object, ...]) -> Answer:
    given = table("place_code year indicator source kind value", rows)
    return coverage_sources.compare(lay(places=districts(3), coverage=given))


def test_two_sources_without_any_reference_that_differ_are_told_with_both_values() -> None:
    answer = beside(*two_reports(2021, 0.97, 1.50))

    told = next(found for found in answer.findings if found.kind == "disagrees")
    assert (told.place_code, told.period, told.severity) == ("D01", "2021", "serious")
    assert [item["key"]["source"] for item in told.evidence] == ["dvdmt", "snis"]
    assert list(answer.rows["verdict"]) == ["apart", "apart"]
    assert answer.rows["gap"].isna().all(), "a gap is measured from a reference, and there is none"
    names, titles = {"D01": "Niono"}, {"snis": "Rapports du SNIS"}
    assert sentence(told.message, names, PACK, "fr", titles).replace("\u00a0", " ").replace(
        "\u202f", " "
    ) == (
        "Niono, 2021 : DTC1 à 97 % selon dvdmt (source administrative) et à 150 % selon Rapports du SNIS (source administrative), "
        "soit 53 points d’écart. Aucune référence ici, ni estimation, ni enquête, ni OMS/UNICEF, ne dit laquelle croire : "
        "comparez leurs doses et leurs cibles."
    )
    assert "97% by dvdmt (administrative source) and at 150% by snis" in sentence(
        told.message, names, PACK, "en"
    )
    assert [found.source for found in answer.missing] == ["reference"]


def test_two_sources_without_reference_that_agree_within_the_pack_s_points_are_not_told() -> None:
    answer = beside(*two_reports(2021, 0.97, 1.01))

    assert [found.kind for found in answer.findings] == ["missing"]
    assert list(answer.rows["verdict"]) == ["", ""]


def test_sources_of_other_places_years_or_doses_are_not_set_against_one_another() -> None:
    one, two = two_reports(2021, 0.97, 1.50)
    elsewhere, later, other_dose = (("D02", *two[1:]), (two[0], 2022, *two[2:]), (*two[:2], "dtp3", *two[3:]))

    for apart in (elsewhere, later, other_dose):
        assert not [found for found in beside(one, apart).findings if found.kind == "disagrees"]


def test_where_a_survey_stands_each_source_is_read_against_it_and_not_against_the_other() -> None:
    answer = beside(
        *two_reports(2021, 0.97, 1.50), ("D01", 2021, "dtp1", "dhs", "survey", 0.96), *two_reports(2021, 0.7, 1.0, "D02")
    )  # fmt: skip

    told = [(found.place_code, found.message.id.rpartition(".")[2]) for found in answer.findings]
    assert [where for where in told if where[1] == "apart"] == [("D02", "apart")]
    assert list(of(answer.rows, place_code="D01", kind="administrative")["verdict"]) == ["agrees", "above"]


def test_of_three_sources_the_furthest_two_are_told_for_the_newest_year_alone() -> None:
    third = ("D01", 2021, "dtp1", "ngo", "administrative", 0.99)
    answer = beside(*two_reports(2020, 0.5, 0.9), *two_reports(2021, 0.97, 1.04), third)

    told = [found for found in answer.findings if found.kind == "disagrees"]
    assert [(found.period, found.severity, found.value, found.expected) for found in told] == [
        ("2021", "attention", 0.97, 1.04)
    ]
    assert list(of(answer.rows, period="2020")["verdict"]) == ["apart", "apart"]


def test_the_sentence_of_zero_dose_names_whose_target_and_doses_it_uses() -> None:
    told = next(
        found for found in zero_dose.compare(mali()).findings if found.message.id.endswith("negative")
    )

    said = sentence(told.message, {"ML": "Mali"}, PACK, "fr", {"jrf": "Rapport JRF"})
    assert "d’après Rapport JRF" in said
    assert "by jrf" in sentence(told.message, {"ML": "Mali"}, PACK, "en")
