"""Do submissions of the forms for lots, telephone and informants give the planted counts, and is every submission counted once?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.without_households import listing, lot_table, respondent_table

AGES = (12, 24)
BORN = "2023-06-01"  # 17 months at the interviews


def lot(key, lot="A", consent="1", penta1="1", **more):
    row = {
        "KEY": key,
        "today": "2024-11-05",
        "round": "R1",
        "lot": lot,
        "consent": consent,
        "about_child-dob_history": BORN,
    }
    return row | {"about_child-age_months": "", "about_child-penta1": penta1, "about_child-penta3": "2"} | more  # fmt: skip


def test_lots_count_children_of_the_age_who_agreed_each_under_one_rule():
    rows = [
        lot("1"), lot("2", penta1="2"), lot("3", penta1="99"), lot("4", consent="0"), lot("5", lot=""),
        lot("6", **{"about_child-dob_history": "2020-01-01"}), lot("7", **{"about_child-dob_history": "", "about_child-age_months": "13"}),
        lot("8", **{"about_child-dob_history": ""}), lot("9", penta1="7"), lot("10", lot="B", today="2024-11-07"), lot("11", today="soon"),
    ]  # fmt: skip

    taken = lot_table({"": pd.DataFrame(rows)}, ages_months=AGES, indicator="dtp1")

    assert taken.table.to_dict("records") == [
        {"round": "R1", "place_code": place, "indicator": "dtp1", "children": n, "vaccinated": k, "interviewed_from": day,
         "interviewed_to": day}
        for place, n, k, day in (("A", 4, 2, "2024-11-05"), ("B", 1, 1, "2024-11-07"))
    ]  # fmt: skip
    assert {rule: n for rule, n in taken.receipt.items() if n} == {
        "no_consent": 1, "no_code": 1, "other_age": 1, "no_age": 1, "no_answer": 1, "no_day": 1, "does_not_know": 1,
    }  # fmt: skip
    set_aside = sum(n for rule, n in taken.receipt.items() if rule != "does_not_know")
    assert set_aside + taken.table["children"].sum() == len(rows)


def test_of_interviews_of_one_household_the_latest_complete_one_counts():
    def of(key, day, household="7", **more):
        return lot(key, today=day, household=household, cluster="c1", **more)

    rows = [
        of("late", "2024-11-07", penta1="2"), of("early", "2024-11-05"), of("open", "2024-11-09", penta1=""), of("no", "2024-11-09", consent="0"),
        of("other", "2024-11-05", household="8"), of("none", "2024-11-05", household=""), of("unnumbered", "2024-11-05", household=""),
        of("elsewhere", "2024-11-05") | {"cluster": "c2"}, of("first", "2024-11-06", household="9") | {"start": "2024-11-06T08:00"},
        of("again", "2024-11-06", household="09", penta1="2") | {"start": "2024-11-06T17:00"},
    ]  # fmt: skip

    taken = lot_table({"": pd.DataFrame(rows).fillna("")}, ages_months=AGES, indicator="dtp1")

    assert taken.table[["children", "vaccinated"]].to_numpy().tolist() == [[6, 4]]
    assert {rule: n for rule, n in taken.receipt.items() if n} == {
        "no_consent": 1,
        "no_answer": 1,
        "household_again": 2,
    }


def call(key, respondent, outcome="answered", attempt="1", penta1="1", **more):
    row = {
        "KEY": key,
        "today": "2024-11-05",
        "respondent": respondent,
        "call_outcome": outcome,
        "attempt": attempt,
        "consent": "1",
    }
    return row | {"numbers_held": "2", "dob_history": BORN, "penta1": penta1, "mother_education": "none", "health_area": "A"} | more  # fmt: skip


def test_of_calls_to_one_person_the_last_that_was_answered_counts():
    rows = [
        call("1", "r1", penta1="2"), call("2", "r1", attempt="2"), call("3", "r1", outcome="no_answer", attempt="3"),
        call("4", "r2", penta1="2"), call("5", "r3", consent="0"),
    ]  # fmt: skip

    taken = respondent_table({"": pd.DataFrame(rows)}, ages_months=AGES, indicator="dtp1")

    assert taken.table[["respondent", "vaccinated", "numbers_held"]].to_numpy().tolist() == [
        ["r1", 1, "2"],
        ["r2", 0, "2"],
    ]
    assert (taken.receipt["not_answered"], taken.receipt["asked_again"], taken.receipt["no_consent"]) == (
        1,
        1,
        1,
    )


def test_a_child_whom_two_informants_list_counts_once_with_its_check():
    main = pd.DataFrame(
        [{"KEY": key, "today": "2024-11-05", "informant": key, "consent": agrees} for key, agrees in (("i1", "1"), ("i2", "1"), ("i3", "0"))]
    )  # fmt: skip
    told = [
        ("a", "i1", "c1", "0", ""), ("b", "i2", "c1", "1", "1"), ("c", "i1", "c2", "1", "2"), ("d", "i2", "c3", "0", ""),
        ("e", "i2", "c4", "1", "99"), ("f", "i3", "c5", "1", "1"),
    ]  # fmt: skip
    repeat = pd.DataFrame(
        told, columns=["KEY", "PARENT_KEY", "listed_code", "checked", "truly_missed"]
    ).assign(dob_history=BORN)

    taken = listing({"": main, "listed": repeat}, ages_months=AGES, indicator="dtp1")

    assert taken.settings == {"listed": 4, "checked": 2, "checked_missed": 1}
    assert (taken.receipt["listed_twice"], taken.receipt["check_open"], taken.receipt["no_consent"]) == (
        1,
        1,
        1,
    )


def test_what_a_form_does_not_ask_is_refused():
    answers = {"": pd.DataFrame([call("1", "r1")])}

    with pytest.raises(SurveyRefused, match="phone does not ask for mcv1; expected one of dtp1, dtp3"):
        respondent_table(answers, ages_months=AGES, indicator="mcv1")
    with pytest.raises(SurveyRefused, match=r"the table of the repeat “listed” is missing"):
        listing({"": pd.DataFrame([{"KEY": "i1", "consent": "1"}])}, ages_months=AGES, indicator="dtp1")
    with pytest.raises(SurveyRefused, match="key_informant does not ask for dtp3"):
        listing(answers | {"listed": answers[""]}, ages_months=AGES, indicator="dtp3")
