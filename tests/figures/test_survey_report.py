"""Does the report of a survey show each cohort by itself, hide small cells and say what was chosen?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from kalanso.figures.documents import Bullets, Document, Grid, Paragraph, Picture
from kalanso.figures.figure import FigureRefused
from kalanso.figures.survey_report import ORDER, survey_report
from kalanso.figures.survey_words import CHAPTERS, PRIORITY, SurveyFacts
from kalanso.figures.words import say
from kalanso.surveys.drivers import ITEMS

COHORTS = {"18w-11m": (126, 364), "12-23m": (365, 730)}


def row(
    indicator: str, detail: str, cohort: str, stratum: str, share: float, **changes: Any
) -> dict[str, Any]:
    made = {
        "survey": "S", "indicator": indicator, "vcqi": "", "detail": detail, "cohort": cohort, "stratum": stratum, "domain_kind": "all",
        "domain": "all", "estimate": share, "low": share - 0.1, "high": share + 0.1, "children": 90, "status": "shown",
        "lower_bound": share - 0.08, "upper_bound": share + 0.08, "standard_error": 0.05, "degrees_of_freedom": 11.0, "method": "wilson",
    }  # fmt: skip
    return {**made, **changes}


ROWS = [
    row("crude_coverage", "dtp1", "12-23m", "all", 0.8), row("crude_coverage", "dtp1", "12-23m", "A", 0.7),
    row("crude_coverage", "dtp1", "12-23m", "B", 0.9, status="bracketed", children=40),
    row("crude_coverage", "dtp1", "12-23m", "C", float("nan"), status="suppressed", children=12),
    row("crude_coverage", "dtp1", "18w-11m", "all", 0.6), row("zero_dose", "dtp1", "12-23m", "all", 0.2),
]  # fmt: skip


NOWHERE = pd.DataFrame(
    columns=["stratum", "cohort", "unreachable", "drawn", "share", "whole_low", "whole_high"]
)


def facts(rows: list[dict[str, Any]], **changes: Any) -> SurveyFacts:
    made = SurveyFacts(
        title={"fr": "Étude", "en": "Study"}, survey="S", first_day=date(2025, 1, 13), last_day=date(2025, 2, 12), cohorts=COHORTS,
        strata={"A": "Ségou", "B": "Niono"}, doses=("dtp1", "dtp3"), policy="SOUGHT_FOR_ALL", mode="vcqi", grace_days=0,
        ethics={"approval": "E1", "data_protection": "P1", "consent_version": "2", "kept_until": "2030-12-31", "destroyed_on": "2031-01-31"},
        chosen_places=True, demo=True, received={"submissions": 200, "without_consent": 4}, read={"unknown_code": 7, "values": 900, "rows_twice": 0}, left_out=[], reached=NOWHERE,
        receipt=pd.DataFrame({"rule": ["no_weight", "no_child"], "rows": [3, 0]}), estimates=pd.DataFrame(rows), clusters=24,
        children=190, made_on=date(2025, 3, 1), version="0",
    )  # fmt: skip
    return replace(made, **changes)


def grids(document: Document) -> list[Grid]:
    return [block for block in document.blocks if isinstance(block, Grid)]


def words(document: Document) -> str:
    said = [one.text for one in document.blocks if isinstance(one, Paragraph)]
    said += [item for one in document.blocks if isinstance(one, Bullets) for item in one.items]
    return " ".join(said)


def test_small_cells_are_bracketed_or_hidden_and_strata_have_their_names() -> None:
    crude = next(
        grid
        for grid in grids(survey_report(facts(ROWS)))
        if "Couverture brute : DTC1" in grid.rows[0][0] and len(grid.rows[0]) > 2
    )

    assert list(crude.headings[1:]) == ["Ensemble", "Ségou", "Niono", "C"]
    _, together, shown, few, hidden = crude.rows[0]
    assert together.startswith("80")
    assert shown.startswith("70")
    assert few.startswith("[90")
    assert hidden == "–"


def test_each_cohort_has_a_table_of_its_own_and_none_for_both() -> None:
    titles = [grid.title for grid in grids(survey_report(facts(ROWS), "en"))]

    assert set(titles) == {"Cohort of 18 weeks to 11 months", "Cohort of 12 to 23 months"}


def test_the_summary_gives_each_share_with_its_interval_and_says_what_was_chosen() -> None:
    said = words(survey_report(facts(ROWS), "en"))

    assert "children of 12 to 23 months: 80% (95% interval: 70% to 90%; 90 children)" in said
    assert "speak of them alone" in said
    assert "speak of them alone" not in words(survey_report(facts(ROWS, chosen_places=False), "en"))
    assert "4 refusals" in said
    assert "E1" in said


def test_rules_of_cleaning_that_found_something_are_told_and_others_not() -> None:
    said = words(survey_report(facts(ROWS)))

    assert "mis de côté : 3" in said
    assert "sans identifiant d’enfant" not in said


def test_coverage_by_stratum_is_drawn_lowest_first() -> None:
    (drawn,) = [one.figure for one in survey_report(facts(ROWS)).blocks if isinstance(one, Picture)]

    assert drawn.kind == "inchworms"
    assert next(iter(dict.fromkeys(drawn.data["label"]))) == "Ségou"


def test_a_survey_without_estimates_is_refused() -> None:
    with pytest.raises(FigureRefused, match="expected estimates of S"):
        survey_report(
            facts(
                [row("crude_coverage", "dtp1", "12-23m", "all", 0.8)],
                estimates=pd.DataFrame(columns=list(ROWS[0])),
            )
        )


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_indicator_question_and_chapter_has_its_words(locale: str) -> None:
    names = [f"measure.{name}" for chapter in CHAPTERS.values() for name in chapter]
    names += [f"driver.{one.key}" for one in ITEMS if one.positive]
    names += [f"{part}.{chapter}" for part in ("chapter", "about") for chapter in ORDER]

    said = [say(locale, f"figures.survey.{name}") for name in names]

    assert all(one and not one.startswith("figures.") for one in said)
    assert PRIORITY


def test_a_group_without_words_stands_as_its_code_in_quotes_and_odd_values_are_told() -> None:
    rows = [
        *ROWS,
        row("crude_coverage", "dtp1", "12-23m", "all", 0.5, domain_kind="mother_education", domain="Bac+2"),
    ]
    for locale, named, odd in (
        ("fr", "« Bac+2 »", "pas un choix de leur question : 7"),
        ("en", "“Bac+2”", "none of the choices of their question: 7"),
    ):
        found = survey_report(facts(rows), locale)
        assert any(cells[0] == named for grid in grids(found) for cells in grid.rows)
        assert odd in words(found)
        assert "deux fois" not in words(found), "what was not found is not told"


def test_a_dose_that_was_offered_to_nobody_is_told_with_its_scope() -> None:
    for locale, told in (("fr", "(« 19 districts »)"), ("en", "(“19 districts”)")):
        found = words(survey_report(facts(ROWS, left_out=[("malaria1", "19 districts", 3)]), locale))
        assert told in found
        assert "3." in found
