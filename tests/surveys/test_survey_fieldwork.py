"""Is a form filled for one round, and is the fieldwork counted from exports without doubling or dropping anything?"""

from __future__ import annotations

import pandas as pd
import pytest

from kalanso.surveys import instruments
from kalanso.surveys.corrections import CorrectionRefused, located

PLAN = [{"cluster": "c1", "team": "1", "households": 4}, {"cluster": "c2", "team": "2", "households": 4}]


def homes(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Return an export of the household list: key, cluster, household, outcome."""
    table = pd.DataFrame(rows, columns=["KEY", "cluster", "household", "outcome"])
    return table.assign(
        today="2025-01-15", attempt=[str(number + 1) for number in range(len(table))], interviewer="E1"
    )


def talk(key: str, household: str, start: str = "", end: str = "", **more: str) -> dict[str, str]:
    """Return one interview as an export holds it."""
    told = {
        "KEY": key,
        "cluster": "c1",
        "household": household,
        "child": "1",
        "consent": "1",
        "interviewer": "E1",
    }
    return told | {"today": "2025-01-15", "start": start, "end": end, "sex": "f", "ever_card": "1"} | more


def test_a_form_asks_only_the_doses_of_its_round_and_its_drawn_clusters() -> None:
    form = instruments.filled(
        "child", survey="m-25", doses=["dtp1", "bcg"], clusters={"N-001": "N-001 · Niono"}
    )
    names = {question.name for question, _inside in form.questions()}
    assert {"penta1_card_date", "bcg_history"} <= names
    assert not {name for name in names if name.startswith(("penta3", "opv", "mcv"))}
    assert form.question("round").calculation == "'m-25'"
    assert [one.code for one in form.choices[form.question("cluster").list]] == ["N-001"]
    assert "kalanso_child" in instruments.xform(form)
    assert instruments.form_of(instruments.codebook(form)) == form


@pytest.mark.parametrize("name", instruments.FORMS)
def test_every_form_can_be_filled_and_holds_together(name: str) -> None:
    form = instruments.filled(name, survey="m-25", doses=["dtp1"])
    assert instruments.xform(form)
    assert instruments.sheets(form, language="en")["settings"][0]["default_language"] == "English (en)"


def test_households_count_by_their_last_visit_and_strange_clusters_apart() -> None:
    rows = homes(
        ("a", "c1", "1", "absent"), ("b", "c1", "1", "completed"), ("c", "c1", "2", "refused"), ("d", "c2", "1", "vacant"),
        ("e", "zz", "1", "completed"), ("f", "c2", "2", "perhaps"),
    )  # fmt: skip
    found = instruments.field_count(PLAN, homes=rows)
    first, second = found["clusters"]
    assert (first["completed"], first["refused"], first["absent"], first["expected"]) == (1, 1, 0, 4)
    assert (second["other"], second["visited"]) == (1, 1)
    assert (found["elsewhere"], found["unclear"]) == (1, 1)
    assert [team["visited"] for team in found["teams"]] == [2, 1]


def test_without_the_household_list_nobody_says_who_was_absent() -> None:
    answers = pd.DataFrame([talk("a", "1"), talk("b", "2", consent="0"), talk("c", "1")])
    found = instruments.field_count(PLAN, answers=answers)
    row = found["clusters"][0]
    assert (row["completed"], row["refused"], row["absent"], row["expected"]) == (1, 1, None, None)
    assert found["teams"][0]["absent"] is None
    assert found["repeated"] == 1, "a child that was asked about twice counts once"


def test_short_long_and_uniform_interviews_are_flagged_by_interviewer() -> None:
    alike = dict.fromkeys(("besd_benefits", "besd_safety", "besd_hcw_trust", "besd_ease", "besd_afford"), "3")
    answers = pd.DataFrame(
        [
            talk("a", "1", "2025-01-15T08:00:00.000Z", "2025-01-15T08:05:00.000Z", **alike),
            talk("b", "2", "2025-01-15T09:00:00.000Z", "2025-01-15T09:30:00.000Z", besd_benefits="1", besd_safety="2"),
            talk("c", "3", "2025-01-15T09:00:00.000Z", "2025-01-15T12:30:00.000Z"),
            talk("d", "4"),
        ]
    ).fillna("")  # fmt: skip
    found = instruments.field_count(PLAN, answers=answers)
    flags = found["flags"][0]
    assert (flags["too_short"], flags["too_long"], flags["straight_lined"], flags["timed"]) == (1, 1, 1, 3)
    assert found["timed"] == 3


def test_back_checks_are_compared_child_by_child_and_strays_are_told() -> None:
    answers = pd.DataFrame([talk("a", "1"), talk("b", "2")])
    second = pd.DataFrame([talk("x", "1"), talk("y", "2", sex="m"), talk("z", "9")])
    found = instruments.field_count(PLAN, answers=answers, second=second)
    assert found["second"] == [{"interviewer": "E1", "checked": 4, "same": 3}]
    assert found["unmatched"] == 1


def test_corrections_find_their_line_by_child_dose_and_source() -> None:
    children = pd.DataFrame({"row": [1, 2], "child": ["A", "B"], "sex": ["male", None]})
    doses = pd.DataFrame(
        {
            "row": [1, 2],
            "child": ["A", "A"],
            "dose": ["dtp1", "dtp1"],
            "source": ["card", "history"],
            "date": ["x", None],
        }
    )
    told = {"why": "photo", "who": "person 1", "row": ""}
    decided = pd.DataFrame(
        [
            {"table": "survey_children", "child": "B", "dose": "", "source": "", "field": "sex", "before": "", "after": "male"} | told,
            {"table": "survey_doses", "child": "A", "dose": "dtp1", "source": "card", "field": "date", "before": "x", "after": ""} | told,
            {"table": "survey_doses", "child": "", "dose": "", "source": "", "field": "date", "before": "", "after": "2024-01-02"} | told | {"row": "2"},
        ]
    )  # fmt: skip
    found = located(decided, children, doses)
    assert list(found["row"]) == [2, 1, 2]
    assert found["after"].isna().tolist() == [False, True, False]
    for wrong in ({"child": "Z"}, {"before": "female"}, {"table": "answers"}):
        with pytest.raises(CorrectionRefused):
            located(decided.head(1).assign(**wrong), children, doses)
