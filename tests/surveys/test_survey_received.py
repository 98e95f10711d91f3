"""Do submissions of the child form become rows of children, doses and answers, with their text untouched?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.surveys import instruments
from kalanso.surveys.handed_in import SurveyRefused

FORM = instruments.load("child")


def submissions():
    main = pd.DataFrame(
        {
            "KEY": ["uuid:a", "uuid:b"], "today": "2024-11-02", "cluster": ["c1", "c2"], "consent": ["1", "0"],
            "about_child-sex": ["f", ""], "about_child-dob_history": ["2023-02-31", ""], "about_child-ever_card": ["1", ""],
            "about_child-card_seen": ["1", ""], "about_child-bcg_scar": ["99", ""],
            "about_child-doses_card-penta1_card_date": ["2023-05-02", ""], "about_child-doses_card-penta2_card_tick": ["1", ""],
            "about_child-doses_card-penta3_card_tick": ["0", ""], "about_child-doses_history-penta1_history": ["2", ""],
            "drivers-besd_intention": ["all", ""], "drivers-besd_ease_reasons": ["cost waiting", ""],
            "caregiver-minutes_to_centre": ["600", ""], "caregiver-minutes_to_centre_check": ["confirmed", ""],
        }
    )  # fmt: skip
    return instruments.read_answers({"": main}, FORM).rows


def test_a_child_has_its_birth_dates_as_they_were_written():
    found = instruments.received(submissions(), FORM, survey="hub-2024")

    child = found.children.iloc[0]
    assert len(found.children) == 1
    assert found.without_consent == 1
    assert child["birth_history"] == "2023-02-31"  # no such day: cleaning will say so
    assert (child["sex"], child["card_ever"], child["bcg_scar"]) == ("female", "yes", None)
    assert (child["child"], child["interview_date"], child["cluster"]) == ("uuid:a", "2024-11-02", "c1")
    assert child["weight"] is None


def test_a_dose_has_a_row_for_each_source_that_was_asked():
    found = instruments.received(submissions(), FORM, survey="hub-2024").doses

    assert found[["dose", "source", "answer", "date"]].to_dict("records") == [
        {"dose": "dtp1", "source": "card", "answer": "yes", "date": "2023-05-02"},
        {"dose": "dtp2", "source": "card", "answer": "yes", "date": None},
        {"dose": "dtp3", "source": "card", "answer": "no", "date": None},
        {"dose": "dtp1", "source": "history", "answer": "no", "date": None},
    ]
    assert list(found["row"]) == [1, 2, 3, 4]


def test_drivers_keep_their_codes():
    found = instruments.received(submissions(), FORM, survey="hub-2024").answers

    assert dict(zip(found["question"], found["answer"], strict=True)) == {
        "intention": "all",
        "ease_reasons": "cost waiting",
    }


def test_answers_to_another_form_are_refused():
    with pytest.raises(SurveyRefused, match="those of lqas came"):
        instruments.received(submissions(), instruments.load("lqas"), survey="hub-2024")
