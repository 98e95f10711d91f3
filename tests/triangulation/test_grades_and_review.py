"""Do grades follow the rubric, and does the review say only what findings carry?"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pandas as pd
import pytest

from kalanso import triangulation
from kalanso.triangulation import (
    NAMES,
    TriangulationRefused,
    findings_table,
    grade,
    grades,
    narrative,
    review,
    run,
    sentence,
)
from kalanso.triangulation.findings import Answer, Finding
from kalanso.triangulation.tables import CONFIDENCE_GRADES, QUALITIES, TRIANGULATION, TRIANGULATION_FINDINGS
from kalanso.vocabulary import Message
from tests.triangulation.dossiers import PACK, PLACES, TODAY, counts, districts, lay, mali, table


def test_a_worse_quality_never_improves_the_grade() -> None:
    for better, worse, agreement in product(QUALITIES, QUALITIES, QUALITIES):
        if QUALITIES.index(worse) >= QUALITIES.index(better):
            assert grade(worse, agreement) >= grade(better, agreement)


def test_a_worse_agreement_never_improves_the_grade() -> None:
    for quality, better, worse in product(QUALITIES, QUALITIES, QUALITIES):
        if QUALITIES.index(worse) >= QUALITIES.index(better):
            assert grade(quality, worse) >= grade(quality, better)


def test_only_good_quality_that_agrees_has_grade_a() -> None:
    assert [pair for pair in product(QUALITIES, QUALITIES) if grade(*pair) == "A"] == [("good", "good")]


SURVEY = table("place_code year indicator source kind value low high children card_share", [
    ("ML", 2022, "dtp1", "dhs", "survey", 0.82, 0.79, 0.85, 2000, 0.8),
])  # fmt: skip
QUALITY = "check source place_code period indicator detail severity message"


def _graded(value: float, complete: float | None, doubtful: int = 0, survey: bool = True) -> Any:
    admin = table(
        "place_code year indicator source kind value doses target",
        [("ML", 2022, "dtp1", "moh", "administrative", value, 1000 * value, 1000)],
    )
    findings = table(QUALITY, [
        ("outliers", "s", f"D{n:02d}", "202203", "dtp1_doses", "", "serious", "m") for n in range(1, doubtful + 1)
    ] or [("outliers", "s", "ML", "202203", "dtp1_doses", "", "note", "m")])  # fmt: skip
    coverage = pd.concat([admin, SURVEY]) if survey else admin
    given = counts("dtp1_doses", [("ML", 2022, 1000 * value, complete)])
    rows = grades(lay(places=districts(9), coverage=coverage, counts=given, quality=findings))
    return rows[rows["kind"] == "administrative"].iloc[0]


@pytest.mark.parametrize(
    ("value", "complete", "doubtful", "survey", "expected"),
    [
        (0.84, 0.95, 0, True, ("good", "good", "A")), (0.84, 0.80, 0, True, ("fair", "good", "B")), (0.90, 0.95, 0, True, ("good", "fair", "B")),
        (0.99, 0.95, 0, True, ("good", "poor", "C")), (0.84, 0.50, 0, True, ("poor", "good", "C")), (0.84, 0.95, 9, True, ("poor", "good", "C")),
        (1.10, 0.95, 0, True, ("good", "poor", "C")), (1.10, 0.80, 0, True, ("fair", "poor", "D")), (0.84, None, 0, True, ("unknown", "good", "C")),
        (0.84, 0.95, 0, False, ("good", "unknown", "C")), (1.10, 0.80, 0, False, ("fair", "poor", "D")),
    ],
)  # fmt: skip
def test_reported_coverage_is_graded_by_reports_findings_and_surveys(
    value: float, complete: float | None, doubtful: int, survey: bool, expected: tuple[str, str, str]
) -> None:
    row = _graded(value, complete, doubtful, survey)

    assert (row["quality"], row["agreement"], row["grade"]) == expected


def test_more_missing_reports_and_more_doubts_never_improve_a_grade() -> None:
    found = [
        [_graded(0.84, complete, doubtful)["grade"] for doubtful in (0, 1, 5)]
        for complete in (0.95, 0.8, 0.5)
    ]

    for row in found:
        assert row == sorted(row)
    for column in zip(*found, strict=True):
        assert list(column) == sorted(column)


def test_a_grade_tells_its_reasons_and_what_would_settle_it() -> None:
    row = _graded(0.84, None, survey=False)

    said = [Message(one["message"], one["params"]).render("fr") for one in json.loads(row["reasons"])]
    assert said[0] == "On ne sait pas combien de rapports sont venus."
    assert json.loads(row["missing"]) == ["completeness", "survey"]


def test_an_old_survey_with_few_cards_is_graded_lower_than_a_new_one() -> None:
    old = SURVEY.assign(year=2014, card_share=0.3)

    assert grades(lay(coverage=SURVEY))["grade"].item() == "C"  # good, but nothing to compare it with
    assert grades(lay(coverage=old))["grade"].item() == "D"


def test_malis_administrative_series_has_the_lowest_grade_and_the_target_one_of_its_own() -> None:
    rows = grades(mali()).set_index(["kind", "source", "indicator"])

    assert rows.loc[("administrative", "jrf", "dtp1"), "grade"] == "D"
    assert rows.loc[("official", "jrf", ""), ["quality", "agreement", "grade"]].tolist() == [
        "fair",
        "good",
        "B",
    ]
    assert set(rows.reset_index().columns) == set(CONFIDENCE_GRADES.column_names)


def test_every_analysis_answers_or_names_what_it_lacks() -> None:
    answers = list(run(mali()))

    assert tuple(answer.analysis for answer in answers) == NAMES
    assert len(NAMES) == 18
    for answer in answers:
        assert len(answer.rows) or answer.findings, answer.analysis
        assert set(answer.rows.columns) <= set(TRIANGULATION.column_names)


def test_without_any_evidence_every_need_is_named_and_nothing_else_said() -> None:
    answers = list(run(lay()))[:-1]

    for answer, module in zip(answers, triangulation.ANALYSES, strict=True):
        assert {found.source for found in answer.findings} == set(module.NEEDS), answer.analysis
        assert {found.kind for found in answer.findings} == {"missing"}


def test_every_finding_reads_in_both_languages_and_carries_its_evidence() -> None:
    dossier = mali()

    for answer in run(dossier):
        for found in answer.findings:
            for locale in ("fr", "en"):
                text = sentence(found.message, dossier.names, PACK, locale)
                assert "{" not in text
                assert "pas de donnée" not in text
            assert found.evidence or found.kind == "missing", found.message.id


def test_the_review_of_mali_says_what_the_findings_say_in_order() -> None:
    dossier = mali()
    table_of = findings_table(dossier, run(dossier))
    assert list(table_of.columns) == list(TRIANGULATION_FINDINGS.column_names)

    said = review(table_of, "ML")

    sections = [one.section for one in said]
    assert sections == sorted(sections, key=narrative.SECTIONS.index)
    words = [sentence(one.message, dossier.names, PACK, "fr") for one in said]
    # 2022 has no reference: its two sources are told apart before what a reference judges in 2021.
    assert words[0].startswith(
        "Mali, 2022\u00a0: DTC1 à 78\u202f% selon jrf (source officielle) et à 107\u202f%"
    )
    assert any(
        one.startswith("Mali, 2021\u00a0: DTC1 à 111\u202f% selon la source administrative") for one in words
    )
    messages = set(table_of["message"])
    assert all(one.message.id in messages for one in said if one.section != "missing")
    assert all(one.evidence for one in said if one.section != "missing")


def test_what_many_places_share_is_said_once_with_their_names() -> None:
    dossier = lay(places=districts(5))
    shared = tuple(
        Finding(kind="check", place_code=f"D{n:02d}", period="2022", indicator="dtp1", severity="serious",
                message=Message("triangulation.dropout.dtp1_dtp3.negative", {
                    "place": f"D{n:02d}", "period": "2022", "first": "dtp1_doses", "last": "dtp3_doses", "first_count": 10.0, "last_count": 20.0,
                }), evidence=({"table": "indicator_values", "key": {"place_code": f"D{n:02d}"}, "snapshot": "s"},))
        for n in range(1, 6)
    )  # fmt: skip
    rows = findings_table(dossier, [Answer(analysis="dropout", findings=shared)])

    (one,) = review(rows, "ML", [f"D{n:02d}" for n in range(1, 6)])

    text = sentence(one.message, dossier.names, PACK, "fr")
    assert text.startswith(
        "5 lieux sous Mali (District 1, District 2, District 3, District 4 et District 5…)"
    )
    assert len(one.evidence) == 5


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        (
            "coverage",
            table("place_code year indicator source kind", [("ML", 2022, "dtp1", "x", "survey")]),
            "value",
        ),
        (
            "coverage",
            table("place_code year indicator source kind value", [("ML", 2022, "dtp1", "x", "guess", 0.5)]),
            "guess",
        ),
        (
            "coverage",
            table(
                "place_code year indicator source kind value", [("ML", 2022, "dtp1", "x", "survey", "many")]
            ),
            "many",
        ),
        (
            "coverage",
            table(
                "place_code year indicator source kind value", [("ML", 2022, "dtp1", "x", "survey", 0.5)] * 2
            ),
            "2",
        ),
        (
            "surveys",
            table(
                "place_code year survey indicator evidence value", [("ML", 2022, "x", "dtp1", "card", 54.0)]
            ),
            "54",
        ),
        (
            "populations",
            table("place_code year source kind surviving_infants", [("ML", 2022, "x", "un", float("inf"))]),
            "inf",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_row_and_column(
    name: str, rows: pd.DataFrame, told: str
) -> None:
    with pytest.raises(TriangulationRefused) as refused:
        lay(**{name: rows})

    for locale in ("fr", "en"):
        assert name in refused.value.render(locale)
        assert told in refused.value.render(locale)


def test_an_unknown_table_and_a_missing_threshold_are_refused() -> None:
    with pytest.raises(TriangulationRefused, match="unknown"):
        lay(rumours=PLACES)
    with pytest.raises(TriangulationRefused, match=r"coverage\.points"):
        triangulation.dossier(today=TODAY, thresholds={}).threshold("coverage.points")
