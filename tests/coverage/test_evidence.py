"""Does evidence know its places, areas and quarters?"""

from __future__ import annotations

import numpy as np
import pytest

from kalanso.coverage import Evidence, EvidenceRefused, Question, QuestionRefused
from kalanso.coverage.evidence import quarters_between
from kalanso.coverage.evidence_tables import EVIDENCE_TABLES

TREE = [
    {"place_code": "ML", "parent_code": ""},
    {"place_code": "north", "parent_code": "ML"},
    {"place_code": "b", "parent_code": "north"},
    {"place_code": "a", "parent_code": "north"},
    {"place_code": "c", "parent_code": "ML"},
]


def test_areas_are_the_leaves_in_the_order_of_places() -> None:
    evidence = Evidence.of(places=TREE)
    assert evidence.areas == ["b", "a", "c"]
    assert evidence.ancestors("a") == ("north", "ML")
    assert evidence.country == "ML"
    assert [evidence.level_of(code) for code in ("ML", "north", "a")] == ["country", "parent", "area"]


def test_membership_adds_areas_up_to_every_place() -> None:
    evidence = Evidence.of(places=TREE)
    total = dict(zip(evidence.aggregates, evidence.membership @ np.array([1.0, 2.0, 4.0]), strict=True))
    assert total == {"ML": 7, "north": 3, "b": 1, "a": 2, "c": 4}
    assert evidence.members("north").tolist() == [0, 1]


def test_several_roots_are_put_under_a_country() -> None:
    evidence = Evidence.of(places=[{"place_code": "x"}, {"place_code": "y"}])
    assert evidence.country == "country"
    assert evidence.areas == ["x", "y"]


def test_one_place_is_area_and_country_at_once() -> None:
    evidence = Evidence.of(places=[{"place_code": "ML"}])
    assert (evidence.areas, evidence.country, evidence.ancestors("ML")) == (["ML"], "ML", ())


def test_periods_run_without_gap_over_doses_and_surveys() -> None:
    evidence = Evidence.of(
        places=TREE,
        doses=[{"place_code": "a", "period": "2023Q2", "indicator": "dtp1_doses", "value": 5}],
        survey_areas=[
            {"survey": "s", "place_code": "ML", "start": "2022Q3", "end": "2022Q4", "indicator": "dtp1",
             "coverage": 0.7, "standard_error": 0.02}
        ],
    )  # fmt: skip
    assert evidence.periods == ["2022Q3", "2022Q4", "2023Q1", "2023Q2"]
    assert quarters_between("2023Q4", "2024Q1") == ["2023Q4", "2024Q1"]


def test_neighbours_are_symmetric_and_covariates_in_the_order_of_areas() -> None:
    evidence = Evidence.of(
        places=TREE,
        neighbours=[{"place_code": "a", "neighbour_code": "b"}, {"place_code": "a", "neighbour_code": "a"}],
        covariates=[{"place_code": c, "urban": u} for c, u in (("c", 3), ("a", 2), ("b", 1))],
    )
    assert evidence.neighbours.to_numpy().tolist() == [["b", "a"], ["a", "b"]]
    assert evidence.covariates["urban"].tolist() == [1, 2, 3]
    assert evidence.covariate_names == ["urban"]


def test_absent_columns_get_their_empty_value() -> None:
    evidence = Evidence.of(places=TREE, denominator_sources=[{"source": "census"}])
    (row,) = evidence.denominator_sources.to_dict("records")
    assert row["parent_source"] == ""
    assert row["anchor"] is False
    assert np.isnan(row["bias_sd"])


def test_missing_tables_are_empty_with_their_columns() -> None:
    evidence = Evidence.of(places=TREE)
    for table in EVIDENCE_TABLES[1:]:
        frame = getattr(evidence, table.name)
        assert tuple(frame.columns) == table.column_names
        assert len(frame) == 0


def test_no_place_at_all_is_refused_and_no_quarter_too() -> None:
    with pytest.raises(EvidenceRefused, match="no area"):
        Evidence.of(places=[])
    with pytest.raises(EvidenceRefused, match="no quarter"):
        _ = Evidence.of(places=TREE).periods
    with pytest.raises(ValueError, match="expected tables among"):
        Evidence.of(places=TREE, villages=[])


def test_every_column_says_what_it_means() -> None:
    for table in EVIDENCE_TABLES:
        assert table.meaning
        assert all(column.meaning for column in table.columns)
        assert set(table.key) <= set(table.column_names)


def test_a_question_survives_its_file() -> None:
    asked = Question.from_dict(
        {
            "dtp3": False,
            "interaction": "IV",
            "recall_error": {"sensitivity": 0.9},
            "thresholds": [0.7],
            "seed": 9,
        }
    )
    assert Question.from_json(asked.to_json()) == asked
    assert asked.parts["dtp3"] is False
    assert asked.recall_error is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON object"),
        ("[]", "JSON object"),
        ('{"dtp5": true}', "unknown setting"),
        ('{"dtp3": "no"}', "dtp3"),
        ('{"interaction": "III"}', "interaction"),
        ('{"draws": 0}', "draws"),
        ('{"draws": 1.5}', "draws"),
        ('{"seed": -1}', "seed"),
        ('{"thresholds": []}', "thresholds"),
        ('{"thresholds": [80]}', "thresholds"),
        ('{"anchor_bias": 5}', "anchor_bias"),
        ('{"anchor_bias": "high"}', "anchor_bias"),
        ('{"recall_error": {"sens": 0.9}}', "recall_error"),
        ('{"recall_error": {"sensitivity": 0.2}}', "recall_error.sensitivity"),
    ],
)
def test_a_bad_question_is_refused_with_its_name(text: str, said: str) -> None:
    with pytest.raises(QuestionRefused, match=said) as refused:
        Question.from_json(text)
    assert refused.value.render("fr") != refused.value.render("en")
