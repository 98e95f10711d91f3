"""Is the recall adjustment that of WHO and UNICEF, and does it refuse what cards cannot say?"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest

from kalanso.triangulation import TriangulationRefused, recall_adjusted
from kalanso.triangulation.recall import adjusted_later_dose
from tests.triangulation.dossiers import table

# Mali's surveys (DTP1 card or history, DTP1 card, DTP3 card -> adjusted DTP3), published results in percent.
PUBLISHED = [
    ("DHS 2018", 82, 54, 51, 77), ("MICS 2015", 73, 41, 37, 66), ("DHS 2012-13", 80, 35, 29, 66), ("MICS 2010", 82, 55, 49, 73),
    ("coverage survey 2009-10", 85, 54, 47, 74), ("DHS 2006", 83, 60, 53, 73),
]  # fmt: skip


@pytest.mark.parametrize(("survey", "first", "first_card", "last_card", "adjusted"), PUBLISHED)
def test_dropout_of_cards_is_applied_to_all_children(
    survey: str, first: int, first_card: int, last_card: int, adjusted: int
) -> None:
    found = adjusted_later_dose(first=first / 100, first_card=first_card / 100, last_card=last_card / 100)

    assert round(100 * found.adjusted) == adjusted, survey
    assert not found.capped


@pytest.mark.parametrize(("survey", "first", "first_card", "last_card", "adjusted"), PUBLISHED)
def test_the_other_way_of_writing_it_gives_the_same(
    survey: str, first: int, first_card: int, last_card: int, adjusted: int
) -> None:
    # Third dose on cards, plus children without a card times the cards' share that completes.
    other = last_card + (first - first_card) * last_card / first_card

    found = adjusted_later_dose(first=first / 100, first_card=first_card / 100, last_card=last_card / 100)
    assert 100 * found.adjusted == pytest.approx(other), survey


def test_cards_with_more_third_than_first_doses_are_refused() -> None:
    # EPI review of 2016: 36 % and 45 % on cards. The bare formula would give 115 %.
    with pytest.raises(TriangulationRefused) as refused:
        adjusted_later_dose(first=0.92, first_card=0.36, last_card=0.45)
    assert "45" in refused.value.render("fr")


def test_a_first_dose_below_that_of_cards_is_refused() -> None:
    with pytest.raises(TriangulationRefused):
        adjusted_later_dose(first=0.3, first_card=0.4, last_card=0.3)


def test_the_result_is_capped_at_99_percent() -> None:
    found = adjusted_later_dose(first=1.0, first_card=0.5, last_card=0.5)

    assert (found.adjusted, found.capped) == (0.99, True)


SURVEYS = table(
    "place_code year survey indicator evidence age value children",
    [("ML", 2017, "dhs", "dtp1", "card or history", "12-23 m", 0.82, 2048), ("ML", 2017, "dhs", "dtp1", "card", "12-23 m", 0.54, 1139),
     ("ML", 2017, "dhs", "dtp3", "card or history", "12-23 m", 0.71, 2048), ("ML", 2017, "dhs", "dtp3", "card", "12-23 m", 0.51, 1139),
     ("ML", 2019, "small", "dtp1", "card or history", "12-23 m", 0.80, 200), ("ML", 2019, "small", "dtp1", "card", "12-23 m", 0.50, 100),
     ("ML", 2019, "small", "dtp3", "card or history", "12-23 m", 0.70, 200), ("ML", 2019, "small", "dtp3", "card", "12-23 m", 0.40, 100),
     ("ML", 2020, "bare", "dtp1", "card or history", "12-23 m", 0.60, 900), ("ML", 2020, "bare", "dtp3", "card or history", "12-23 m", 0.64, 900)],
)  # fmt: skip


def test_each_survey_says_by_which_rule_it_was_adjusted_or_why_not() -> None:
    found = recall_adjusted(SURVEYS).set_index(["survey", "indicator"])

    assert found.loc[("dhs", "dtp3"), "rule"] == "who_unicef"
    assert found.loc[("dhs", "dtp3"), "adjusted"] == pytest.approx(0.82 * 0.51 / 0.54)
    assert found.loc[("small", "dtp3"), "rule"] == "few_children"
    assert found.loc[("bare", "dtp3"), "rule"] == "no_card"
    assert found.loc[[("small", "dtp3"), ("bare", "dtp3")], "adjusted"].isna().all()


def test_a_first_dose_is_never_left_below_a_later_one() -> None:
    found = recall_adjusted(SURVEYS).set_index(["survey", "indicator"])

    assert found.loc[("bare", "dtp1"), ["found", "adjusted", "rule"]].tolist() == [0.60, 0.64, "filled"]
    assert found.loc[("dhs", "dtp1"), "rule"] == "as_found"


def test_second_doses_are_adjusted_alike_and_marked_as_an_extension() -> None:
    rows = SURVEYS.query("survey == 'dhs'").replace({"dtp3": "mcv2", "dtp1": "mcv1"})

    found = recall_adjusted(rows).set_index("indicator")

    assert found.loc["mcv2", "rule"] == "extension"
    assert found.loc["mcv2", "adjusted"] == pytest.approx(0.82 * 0.51 / 0.54)


def test_the_published_survey_file_of_mali_is_adjusted_survey_by_survey(shared_data: Path) -> None:
    path = shared_data / "mali" / "coverage_surveys_national.csv"
    with path.open(encoding="utf-8") as stream:
        rows = [
            (line["iso3"], int(line["birth_cohort_year"]), line["survey_id"], line["vaccine"], line["confirm"], line["age"],
             float(line["coverage"]) / 100, float(line["sample_size"]))
            for line in csv.DictReader(stream) if line["confirm"] in {"card", "card or history"} and line["coverage"] not in {"", "NA"}
        ]  # fmt: skip
    surveys = table("place_code year survey indicator evidence age value children", rows)

    found = recall_adjusted(surveys.drop_duplicates(["survey", "indicator", "evidence", "age"]))

    third = found[(found["indicator"] == "dtp3") & (found["age"] == "12-23 m")].set_index("survey")
    assert round(100 * third.loc["mli2018141", "adjusted"]) == 77
    assert round(100 * third.loc["mli2015231", "adjusted"]) == 66
    assert third.loc["mli2016161", "rule"] == "cards_disagree"
    adjusted = third["adjusted"].dropna().astype(float)
    assert ((adjusted > 0) & (adjusted <= 0.99)).all()
    assert isinstance(found, pd.DataFrame)
