"""Do answers keep what was said, and does every correction say who, when and why?"""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from kalanso.surveys import instruments, tables
from kalanso.surveys.handed_in import SurveyRefused

FORM = instruments.load("household_list")


def odk():
    """An export of ODK Central: groups by hyphens, keys KEY and PARENT_KEY."""
    main = pd.DataFrame(
        {
            "SubmissionDate": "2024-11-02T10:00:00Z", "start": ["2024-11-02T09:00:00.000+00:00", "2024-11-02T09:30:00.000+00:00"],
            "round": "hub", "interviewer": "i1", "cluster": ["c1", "c2"], "household": ["1", "two"],
            "outcome": ["completed", "asleep"], "attempt": ["1", "1"], "consent": ["1", ""], "weather": ["dry", ""],
            "KEY": ["uuid:a", "uuid:b"], "FormVersion": FORM.version,
        }
    )  # fmt: skip
    members = pd.DataFrame(
        {
            "child": ["1", "2"], "sex": ["f", "m"], "dob_history": ["2023-05-31", "31/05/2023"],
            "child_outcome": ["completed", "absent"], "KEY": ["uuid:a/1", "uuid:a/2"], "PARENT_KEY": ["uuid:a", "uuid:a"],
        }
    )  # fmt: skip
    return {"": main, "members": members}


def kobo():
    """A pull of KoboToolbox: groups by slashes, keys of the pull."""
    return {
        "": pd.DataFrame({"row_id": ["7"], "answer_id": ["7"], "visit/cluster": ["c1"], "household": ["3"], "outcome": ["completed"]}),
        "x/members": pd.DataFrame({"row_id": ["7/x/members[1]"], "answer_id": ["7"], "x/members/child": ["1"], "x/members/sex": ["f"]}),
    }  # fmt: skip


def test_every_value_is_kept_as_it_came_with_what_the_form_says_of_it():
    found = instruments.read_answers(odk(), FORM)

    status = found.rows.set_index(["row", "variable"])["status"]
    assert status["uuid:a", "household"] == "ok"
    assert status["uuid:b", "household"] == "not_a_number"
    assert status["uuid:b", "outcome"] == "unknown_code"
    assert status["uuid:a", "weather"] == "unknown_variable"
    assert status["uuid:a/2", "dob_history"] == "not_a_date"
    values = found.rows.set_index(["row", "variable"])["value"]
    assert values["uuid:a/2", "dob_history"] == "31/05/2023"
    assert (found.rows["version"].iloc[0], found.rows["form"].iloc[0]) == (FORM.version, "household_list")


def test_the_receipt_counts_rows_values_and_faults():
    receipt = instruments.read_answers(odk(), FORM).receipt.set_index("what")["n"]

    assert receipt["rows"] == 4
    assert receipt["submissions"] == 2
    assert receipt["not_a_number"] == receipt["unknown_code"] == receipt["not_a_date"] == 1
    assert receipt["values"] == receipt[list(instruments.answers.STATUSES)].sum()


def test_the_flat_table_has_one_row_per_child_with_its_household_beside_it():
    found = instruments.read_answers(odk(), FORM)

    table = instruments.flat(found.rows, FORM, repeat="members")

    assert list(table["row"]) == ["uuid:a/1", "uuid:a/2"]
    assert list(table["cluster"]) == ["c1", "c1"]
    assert table["dob_history"].tolist() == [date(2023, 5, 31), None]
    assert table["household"].tolist() == [1.0, 1.0]


def test_a_pull_of_kobo_gives_the_same_table():
    found = instruments.read_answers(kobo(), FORM)

    table = instruments.flat(found.rows, FORM, repeat="members")

    assert table[["submission", "cluster", "household", "child", "sex"]].to_dict("records") == [
        {"submission": "7", "cluster": "c1", "household": 3.0, "child": 1.0, "sex": "f"}
    ]


def test_a_row_that_came_twice_alike_is_counted_once():
    exported = odk()
    exported["members"] = pd.concat([exported["members"], exported["members"].iloc[[0]]])

    found = instruments.read_answers(exported, FORM)

    assert found.receipt.set_index("what").loc["rows_twice", "n"] == 1
    assert len(instruments.flat(found.rows, FORM, repeat="members")) == 2


def broken(table, change):
    exported = odk()
    exported[table] = change(exported[table])
    return exported


@pytest.mark.parametrize(
    ("exported", "said"),
    [
        (
            broken("members", lambda t: pd.concat([t, t.iloc[[0]].assign(sex="m")])),
            "row 4: the key uuid:a/1 stands twice",
        ),
        (
            broken("members", lambda t: t.assign(PARENT_KEY="uuid:z")),
            "its submission uuid:z is not in the main table",
        ),
        (broken("members", lambda t: t.drop(columns="PARENT_KEY")), "Table members: no key"),
        (broken("", lambda t: t.drop(columns="KEY")), "Table -: no key"),
        (broken("", lambda t: t.assign(KEY=["uuid:a", ""])), "Table -, 3: no key"),
        ({"members": odk()["members"]}, "no main table among members"),
    ],
)
def test_tables_that_do_not_hang_together_are_refused(exported, said):
    with pytest.raises(SurveyRefused, match=said):
        instruments.read_answers(exported, FORM)


def test_an_unknown_repeat_is_refused():
    with pytest.raises(ValueError, match="household_list has no repeat 'goats'"):
        instruments.flat(instruments.read_answers(odk(), FORM).rows, FORM, repeat="goats")


def correction(**changes):
    told = {
        "submission": "uuid:b", "row": "uuid:b", "variable": "household", "before": "two", "after": "2",
        "reason": "paper list of the cluster", "corrected_by": "supervisor 2", "corrected_on": "2024-11-05",
    }  # fmt: skip
    return pd.DataFrame([told | changes])


def test_a_correction_changes_the_value_and_the_raw_answer_stays():
    raw = instruments.read_answers(odk(), FORM).rows
    before = raw.copy()

    found = instruments.corrected(raw, correction(), FORM)

    pd.testing.assert_frame_equal(raw, before)
    line = found[(found["row"] == "uuid:b") & (found["variable"] == "household")].iloc[0]
    assert (line["value"], line["raw_value"], line["status"]) == ("2", "two", "ok")
    assert instruments.flat(found, FORM)["household"].tolist() == [1.0, 2.0]


def test_corrections_of_one_value_follow_each_other():
    raw = instruments.read_answers(odk(), FORM).rows
    log = pd.concat([correction(), correction(before="2", after="12", reason="second look")])

    found = instruments.corrected(raw, log, FORM)

    assert instruments.flat(found, FORM)["household"].tolist() == [1.0, 12.0]


def test_a_missing_answer_can_be_given_and_a_wrong_one_taken_away():
    raw = instruments.read_answers(odk(), FORM).rows
    log = pd.concat(
        [
            correction(variable="consent", before="", after="0"),
            correction(variable="outcome", before="asleep", after=""),
        ]
    )

    found = instruments.flat(instruments.corrected(raw, log, FORM), FORM)

    assert found["consent"].tolist() == ["1", "0"]
    assert found["outcome"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": " "}, "column reason: expected a value"),
        ({"corrected_by": None}, "column corrected_by: expected a value"),
        ({"before": "3"}, "Corrections, row 2: two stands there, not 3"),
        ({"after": "many"}, "many is no answer that household admits"),
        ({"row": "uuid:z"}, "there is no answer uuid:z"),
        ({"submission": "uuid:a"}, "there is no answer uuid:b in this submission"),
        ({"variable": "weather", "before": ""}, "the form has no variable weather"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(change, said):
    raw = instruments.read_answers(odk(), FORM).rows

    with pytest.raises(SurveyRefused, match=said):
        instruments.corrected(raw, correction(**change), FORM)


def test_answers_and_corrections_have_the_declared_columns():
    raw = instruments.read_answers(odk(), FORM).rows

    answers = tables.SURVEY_FORM_ANSWERS.arrow(pa.Table.from_pandas(raw, preserve_index=False))
    log = tables.SURVEY_FORM_CORRECTIONS.arrow(pa.Table.from_pandas(correction(), preserve_index=False))

    assert answers.num_rows == len(raw)
    assert log.num_rows == 1
    assert not raw.duplicated(list(tables.SURVEY_FORM_ANSWERS.key)).any()


def test_progress_says_by_cluster_what_was_expected_and_done():
    expected = pd.DataFrame({"cluster": ["c1", "c2"], "team": ["t1", "t2"], "households": [4, 4]})
    households = pd.DataFrame(
        [
            ("c1", 1, "absent"),
            ("c1", 1, "completed"),
            ("c1", 2, "refused"),
            ("c1", 3, "vacant"),
            ("c1", 4, "not_visited"),
        ],
        columns=["cluster", "household", "outcome"],
    )

    found = instruments.progress(expected, households).set_index("cluster")

    row = found.loc["c1"]
    assert list(row[["visited", "completed", "refused", "absent", "other"]]) == [3, 1, 1, 0, 1]
    assert (row["done_share"], row["refused_share"]) == (0.75, 0.5)
    assert found.loc["c2", "visited"] == 0
    assert pd.isna(found.loc["c2", "refused_share"])


def test_interviews_too_short_or_with_one_answer_throughout_are_flagged():
    scale = [f"q{at}" for at in range(8)]
    interviews = pd.DataFrame(
        [
            ("a", "i1", "2024-11-02T09:00:00Z", "2024-11-02T09:30:00Z", *"34343434"),
            ("b", "i1", "2024-11-02T10:00:00Z", "2024-11-02T10:04:00Z", *"33333333"),
            ("c", "i2", "2024-11-02T10:00:00Z", "2024-11-02T15:00:00Z", *"333", *[None] * 5),
        ],
        columns=["submission", "interviewer", "started", "ended", *scale],
    )

    found = instruments.interview_flags(interviews, scale, shortest_minutes=10)

    assert list(found["too_short"]) == [False, True, False]
    assert list(found["too_long"]) == [False, False, True]
    assert list(found["straight_lined"]) == [False, True, False]


def test_a_second_visit_says_how_often_the_first_was_right():
    first = pd.DataFrame(
        {"household": [1, 2, 3], "interviewer": ["i1", "i1", "i2"], "card_seen": ["1", "0", "1"]}
    )
    second = pd.DataFrame({"household": [1, 2, 3], "card_seen": ["1", "1", None]})

    found = instruments.back_checks(first, second, ["card_seen"])

    assert found.to_dict("records") == [
        {"interviewer": "i1", "variable": "card_seen", "checked": 2, "same": 1, "agreement": 0.5}
    ]
