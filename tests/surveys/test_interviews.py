"""Does one interview of each child count whole, and is what the others said counted and left out?"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kalanso.store.engines import Engine, read_parts
from kalanso.surveys.cleaning import clean
from kalanso.surveys.tables import SURVEY_ANSWERS, SURVEY_CORRECTIONS, SURVEY_DOSES
from tests.surveys.messy import ROUND, children, doses, table

TWICE = children(
    """
    child | interview_date | sex
    A     | 2025-02-12     | male
    A     | 2025-02-10     | female
    """
)
# the first line is the later interview
TOLD = doses(
    """
    child | interview | dose | source  | answer | date
    A     | 1         | dtp1 | card    | -      | 2023-12-01
    A     | 2         | dtp1 | card    | -      | 2023-11-20
    A     | 2         | dtp2 | card    | -      | 2023-12-30
    A     | 1         | bcg  | history | no     | -
    A     | 2         | bcg  | history | yes    | -
    """
)


def answers(text: str) -> pd.DataFrame:
    rows = [{"survey": "S1", "row": at, **one} for at, one in enumerate(table(text), 1)]
    return pd.DataFrame(rows, columns=list(SURVEY_ANSWERS.column_names))


SAID = answers(
    """
    child | interview | question  | answer
    A     | 2         | intention | all
    A     | 1         | intention | none
    A     | 2         | benefits  | 4
    """
)


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(interview=pd.to_numeric(rows["interview"]).astype("Int64"))


@pytest.fixture(params=[False, True], ids=["latest first", "latest last"])
def two(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    people, told, said = TWICE, numbered(TOLD), numbered(SAID)
    if request.param:
        people = people.iloc[::-1].assign(row=[1, 2])
        told, said = (rows.assign(interview=3 - rows["interview"]) for rows in (told, said))
    return people, told, said


def test_the_latest_interview_counts_with_its_own_doses_and_answers_alone(two) -> None:
    people, told, said = two
    found = clean(people, told, ROUND, answers=said)

    assert found.children["sex"].tolist() == ["male"]
    kept = {(row.dose, row.source): None if pd.isna(row.day) else row.day.date().isoformat() for row in found.doses.itertuples()}  # fmt: skip
    assert kept == {("dtp1", "card"): "2023-12-01", ("bcg", "history"): None}
    assert not found.doses.set_index("dose").loc["bcg", "tick"]  # the later visit denied it
    assert found.answers[["question", "answer"]].to_numpy().tolist() == [["intention", "none"]]
    assert found.rows_of("interview_replaced") == 1
    assert (found.rows_of("dose_of_other_interview"), found.rows_of("dose_twice")) == (3, 0)
    assert found.rows_of("opinion_of_other_interview") == 2
    log = found.corrections
    assert log["table"].value_counts().to_dict() == {
        "survey_doses": 3,
        "survey_answers": 2,
        "survey_children": 1,
    }
    SURVEY_CORRECTIONS.arrow(pa.Table.from_pandas(log, preserve_index=False))


@pytest.mark.parametrize("differing", ["dose", "answer", "nothing"])
def test_interviews_that_differ_in_a_dose_or_an_answer_alone_are_no_repetition(differing: str) -> None:
    people = children("child\nA\nA")
    told = numbered(doses("child | interview | dose | source | date\nA | 1 | bcg | card | 2023-10-03\nA | 2 | bcg | card | 2023-10-03"))  # fmt: skip
    said = numbered(answers("child | interview | question | answer\nA | 1 | intention | all\nA | 2 | intention | all"))  # fmt: skip
    if differing == "dose":
        told.loc[1, "date"] = "2023-10-09"
    if differing == "answer":
        said.loc[1, "answer"] = "none"
    found = clean(people, told, ROUND, answers=said)

    one = differing == "nothing"
    assert (found.rows_of("interview_repeated"), found.rows_of("interview_replaced")) == (
        int(one),
        int(not one),
    )
    assert found.doses["day"].dt.day.tolist() == [9 if differing == "dose" else 3]
    assert found.answers["answer"].tolist() == ["none" if differing == "answer" else "all"]


def test_rows_that_do_not_say_their_interview_are_kept_and_counted() -> None:
    old = TOLD.drop(columns="interview")
    found = clean(TWICE, old, ROUND, answers=SAID.drop(columns="interview"))

    assert found.rows_of("dose_of_unknown_interview") == 5
    assert found.rows_of("opinion_of_unknown_interview") == 3
    assert (found.rows_of("dose_twice"), found.rows_of("opinion_twice")) == (2, 1)


def test_doses_and_answers_follow_an_interview_that_a_person_gives_to_another_child() -> None:
    decided = pd.DataFrame(
        [{"table": "survey_children", "row": 2, "field": "child", "before": "A", "after": "B", "who": "person 1", "why": "the twin"}]
    )  # fmt: skip
    found = clean(TWICE, numbered(TOLD), ROUND, answers=numbered(SAID), decided=decided)

    assert found.children["child"].tolist() == ["A", "B"]
    assert found.doses.groupby("child")["dose"].apply(sorted).to_dict() == {
        "A": ["bcg", "dtp1"], "B": ["bcg", "dtp1", "dtp2"],
    }  # fmt: skip
    assert sorted(map(tuple, found.answers[["child", "answer"]].to_numpy())) == [
        ("A", "none"),
        ("B", "4"),
        ("B", "all"),
    ]


def test_answers_of_children_who_are_not_analysed_are_counted() -> None:
    people = children("child | weight\nA | 1\nB | -")
    said = answers("child | question | answer\nA | intention | all\nA | intention | none\nB | intention | all\nC | intention | all")  # fmt: skip
    found = clean(people, doses("child | dose"), ROUND, answers=said)

    assert found.answers["answer"].tolist() == ["all"]
    assert [
        found.rows_of(f"opinion_{rule}") for rule in ("twice", "of_child_set_aside", "without_child")
    ] == [1, 1, 1]


@pytest.mark.parametrize("spec", [SURVEY_DOSES, SURVEY_ANSWERS], ids=["doses", "answers"])
def test_rows_of_the_first_version_are_read_without_an_interview(spec, tmp_path) -> None:
    old = pd.DataFrame([{"survey": "S1", "row": 1, "child": "A", "dose": "bcg", "source": "card", "answer": "yes", "date": None, "question": "intention"}])  # fmt: skip
    old = old[[name for name in spec.column_names if name != "interview"]]
    pq.write_table(pa.Table.from_pandas(old, preserve_index=False), tmp_path / "old.parquet")

    rows = read_parts(spec, [(tmp_path / "old.parquet", 1)], Engine.duckdb())

    assert rows.select(list(spec.column_names)).execute()["interview"].isna().all()


@pytest.mark.parametrize(
    ("column", "code"), [("mother_education", "Bac+2"), ("wealth", "quite rich"), ("distance", "far")]
)
def test_no_group_of_children_is_made_of_a_code_that_nobody_knows(column: str, code: str) -> None:
    found = clean(children("child\nA").assign(**{column: code}), doses("child | dose"), ROUND)

    assert found.children[column].isna().all()
    assert found.rows_of("code_unknown") == 1
    assert found.corrections[["field", "before", "rule"]].to_numpy().tolist() == [
        [column, code, "code_unknown"]
    ]


def test_codes_that_a_question_does_not_have_stay_and_are_counted() -> None:
    said = answers("child | question | answer\nA | intention | maybe\nA | benefits | 98\nA | quality | waiting nowhere\nA | ease_reasons_other | far")  # fmt: skip
    found = clean(children("child\nA"), doses("child | dose"), ROUND, answers=said)

    assert found.answers["answer"].tolist() == ["maybe", "98", "waiting nowhere", "far"]
    assert found.rows_of("opinion_code_unknown") == 2
