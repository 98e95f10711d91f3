"""Do score cards count what was judged and doubted, and say what lies behind?"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandas as pd
import pytest

from kalanso import definitions
from kalanso.quality import scorecards
from kalanso.quality.scorecards import grade, months_spoken, robust_scores, who_scores
from kalanso.quality.tables import QUALITY_SCORES

RULES = definitions.load("ML").section("quality")["scorecards"]
TODAY = date(2024, 1, 15)


def metric(
    metric: str, domain: str, flag: str, *, place: str = "D1", indicator: str = "dtp1_doses"
) -> dict[str, Any]:
    return {
        "metric": metric,
        "domain": domain,
        "place_code": place,
        "year": 2022,
        "indicator": indicator,
        "flag": flag,
    }


def test_who_scores_are_shares_of_metrics_that_are_not_flagged() -> None:
    rows = [
        metric("1a", "completeness", "poor"), metric("1b", "completeness", "good"),
        metric("2a", "internal", "good"), metric("2d", "internal", "divergent"),
        metric("2e", "internal", "divergent"), metric("2e", "internal", "divergent", indicator="anc1_visits"),
        metric("3a", "external", "not_judged"),
    ]  # fmt: skip

    cards = who_scores(pd.DataFrame(rows), RULES, today=TODAY).set_index("domain")

    assert cards.score.to_dict() == {"completeness": 0.5, "internal": 0.25, "all": 0.375}
    assert cards.grade.to_dict() == {"completeness": "C", "internal": "D", "all": "D"}
    assert json.loads(cards.reasons["internal"]) == [
        ["2d dtp1_doses", 1],
        ["2e anc1_visits", 1],
        ["2e dtp1_doses", 1],
    ]
    assert (cards.judged["internal"], cards.flagged["internal"]) == (4, 3)
    assert not cards.provisional.any()


def spoken(numbers: list[int], place: str = "F1") -> pd.DataFrame:
    return pd.DataFrame(
        [(place, 2022, m + 1, n, False, False) for m, n in enumerate(numbers)],
        columns=["place_code", "year", "month", "numbers", "has_coverage", "has_population"],
    )


FINDING = ["check", "severity", "period", "place_code", "indicator"]


def doubt(check: str, severity: str, period: str, indicator: str = "dtp1_doses") -> dict[str, str]:
    return {
        "check": check,
        "severity": severity,
        "period": period,
        "place_code": "F1",
        "indicator": indicator,
    }


def cards_of(findings: list[dict[str, str]], months: pd.DataFrame, today: date = TODAY) -> pd.DataFrame:
    frame = pd.DataFrame(findings, columns=FINDING)
    return robust_scores(frame, months, RULES, today=today).set_index("domain")


def test_robust_scores_are_shares_of_months_that_nothing_doubts() -> None:
    cards = cards_of(
        [doubt("outliers", "serious", "202203"), doubt("zeros", "attention", "202203"), doubt("copies", "attention", "202205"),
         doubt("outliers", "note", "202206")],
        spoken([9] * 12),
    )  # fmt: skip

    assert cards.score["internal"] == pytest.approx(
        1 - 1.5 / 12
    )  # the worst of a month, attention counts half
    assert cards.score["completeness"] == 1.0
    assert json.loads(cards.reasons["internal"]) == [["copies", 1], ["outliers", 1], ["zeros", 1]]
    assert "external" not in cards.index  # nothing of it could be judged


def test_a_finding_of_a_year_doubts_each_of_its_months() -> None:
    cards = cards_of(
        [doubt("dropout", "serious", "2022"), doubt("stock", "attention", "2022Q1")], spoken([9] * 12)
    )

    assert (cards.score["internal"], cards.flagged["internal"], cards.grade["internal"]) == (0.0, 12.0, "D")


def test_a_silent_month_is_a_doubt_about_completeness_and_judged_in_nothing_else() -> None:
    cards = cards_of([], spoken([9] * 9 + [0] * 3))

    assert cards.score["completeness"] == 0.75
    assert (cards.judged["internal"], cards.score["internal"]) == (9, 1.0)
    assert json.loads(cards.reasons["completeness"]) == [["silence", 3]]


def test_shared_falls_are_news_and_no_fault_of_a_place() -> None:
    assert cards_of([doubt("shared_falls", "serious", "202203")], spoken([9] * 12)).score["all"] == 1.0


def test_numbers_that_are_not_of_immunization_are_left_out() -> None:
    assert (
        cards_of([doubt("completeness", "serious", "2022", "opd_visits")], spoken([9] * 12)).score["all"]
        == 1.0
    )


def test_coverage_and_populations_are_judged_where_there_are_any() -> None:
    months = spoken([9] * 12).assign(has_coverage=True, has_population=True)

    cards = cards_of([doubt("coverage", "serious", "2022")], months)

    assert cards.score.to_dict() == {
        "all": 0.75,
        "completeness": 1,
        "external": 0,
        "internal": 1,
        "population": 1,
    }


@pytest.mark.parametrize(("today", "provisional"), [(date(2023, 2, 1), True), (date(2023, 3, 15), False)])
def test_a_year_whose_reports_may_still_arrive_is_provisional(today: date, provisional: bool) -> None:
    assert cards_of([], spoken([9] * 12), today).provisional.all() == provisional


def test_a_year_without_all_its_months_is_provisional() -> None:
    assert cards_of([], spoken([9] * 8)).provisional.all()


def test_grades_follow_their_limits() -> None:
    assert [grade(s, [0.9, 0.75, 0.5]) for s in (1.0, 0.9, 0.89, 0.75, 0.5, 0.49, None)] == [
        *list("AABBCD"),
        "none",
    ]


def test_a_place_owes_months_from_its_first_number_to_the_last_of_its_source(
    observed: Any, evidence: Any
) -> None:
    tree = {"F1": "D", "F2": "D"}
    rows = observed("dtp1_doses", [5.0, 5.0, None, 5.0, 5.0], place_code="F1")
    rows += observed("dtp1_doses", [5.0, 5.0], place_code="F2", first="202203")

    months = months_spoken(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility")))

    given = {
        place: list(zip(part.month, part.numbers, strict=True))
        for place, part in months.groupby("place_code")
    }
    assert given == {
        "D": [(1, 1), (2, 1), (3, 1), (4, 2), (5, 1)],
        "F1": [(1, 1), (2, 1), (3, 0), (4, 1), (5, 1)],
        "F2": [(3, 1), (4, 1), (5, 0)],
    }


def test_cards_fit_their_table_and_nothing_gives_none() -> None:
    cards = cards_of([], spoken([9] * 12)).reset_index()

    assert QUALITY_SCORES.arrow(cards[list(QUALITY_SCORES.column_names)].to_dict("records")).num_rows == 3
    assert scorecards.who_scores(
        pd.DataFrame(columns=["metric", "domain", "place_code", "year", "indicator", "flag"]),
        RULES,
        today=TODAY,
    ).empty
    assert robust_scores(pd.DataFrame(columns=FINDING), spoken([]), RULES, today=TODAY).empty
