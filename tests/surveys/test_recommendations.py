"""Does each child's next dose have the day that the schedule gives, and does FHIR say the same?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from kalanso import definitions, surveys
from kalanso.surveys.recommendations import fhir_recommendations, recommendations
from kalanso.surveys.tables import SURVEY_CHILDREN, SURVEY_DOSES

BORN = date(2024, 1, 10)
DOSES = ("bcg", "opv0", "dtp1", "dtp2", "dtp3", "mcv1")
ASKED = surveys.Round(
    survey="S", first_day=date(2024, 12, 1), last_day=date(2025, 2, 28), cohorts=(surveys.YOUNGER, surveys.OLDER), doses=DOSES
)  # fmt: skip


def after(days: int) -> date:
    return BORN + timedelta(days=days)


def of_child(on: date, *given: tuple[str, int], birth: str = BORN.isoformat()) -> pd.DataFrame:
    """The recommendations of one child with doses on its card at these ages in days."""
    children = pd.DataFrame(
        [{"child": "A", "birth_card": birth, "card_seen": "yes", "cluster": "1", "stratum": "X", "weight": "1", "cohort": "18w-11m",
          "interview_date": "2024-12-20", "survey": "S", "row": 1}]
    ).reindex(columns=list(SURVEY_CHILDREN.column_names))  # fmt: skip
    rows = [
        {"child": "A", "dose": dose, "source": "card", "date": after(age).isoformat()} for dose, age in given
    ]
    doses = pd.DataFrame(rows, columns=["child", "dose", "source", "date"]).assign(
        survey="S", row=range(1, len(rows) + 1)
    )
    cleaned = surveys.clean(children, doses.reindex(columns=list(SURVEY_DOSES.column_names)), ASKED)
    schedule = surveys.schedule_table(definitions.load("ML"))
    found = surveys.record(cleaned, schedule, policy="RECORDS_NOT_SOUGHT", mode=surveys.STRICT)
    return recommendations(found, on).set_index("dose")


def day(value: Any) -> date:
    return pd.Timestamp(value).date()


def test_the_next_dose_of_a_series_waits_for_its_interval() -> None:
    found = of_child(after(80), ("bcg", 3), ("dtp1", 60))

    assert found.at["dtp1", "status"] == "complete"
    assert day(found.at["dtp1", "given"]) == after(60)
    assert day(found.at["dtp2", "earliest"]) == after(88), (
        "28 days after the first, later than its due age of 70 days"
    )
    assert day(found.at["dtp2", "due"]) == after(88)
    assert found.at["dtp2", "status"] == "not_yet_due"
    assert "dtp3" not in found.index, "only the next dose of a series is told"


@pytest.mark.parametrize(("age", "status"), [(69, "not_yet_due"), (70, "due"), (97, "due"), (98, "overdue")])
def test_a_dose_is_due_on_its_day_and_overdue_four_weeks_later(age: int, status: str) -> None:
    assert of_child(after(age), ("dtp1", 42)).at["dtp2", "status"] == status


def test_a_dose_before_its_age_is_given_again() -> None:
    found = of_child(after(50), ("dtp1", 30))

    assert found.at["dtp1", "status"] == "due"
    assert day(found.at["dtp1", "earliest"]) == after(42)


def test_a_dose_for_which_the_child_is_too_old_is_said_to_be_so() -> None:
    assert of_child(after(60)).at["opv0", "status"] == "too_old"


def test_a_child_of_unknown_birth_has_no_recommendation() -> None:
    assert of_child(after(60), birth="").empty


def test_fhir_says_the_same_in_its_own_words() -> None:
    table = of_child(after(100), ("bcg", 3), ("dtp1", 42)).reset_index()

    (resource,) = fhir_recommendations(table, after(100), system="urn:kalanso:S")

    assert resource["resourceType"] == "ImmunizationRecommendation"
    assert resource["patient"]["identifier"]["value"] == "A"
    told = {one["vaccineCode"][0]["text"]: one for one in resource["recommendation"]}
    assert told["dtp1"]["forecastStatus"]["coding"][0]["code"] == "complete"
    assert told["dtp2"]["forecastStatus"]["coding"][0]["code"] == "overdue"
    assert told["dtp2"]["vaccineCode"][0]["coding"] == [
        {"system": "http://hl7.org/fhir/sid/cvx", "code": "198"}
    ]
    assert told["dtp2"]["doseNumberPositiveInt"] == 2
    assert told["opv0"]["forecastStatus"] == {"text": "too old"}
    assert {one["code"]["coding"][0]["code"]: one["value"] for one in told["dtp2"]["dateCriterion"]} == {
        "30981-5": after(70).isoformat(), "30980-7": after(70).isoformat(), "59778-1": after(98).isoformat(),
    }  # fmt: skip
