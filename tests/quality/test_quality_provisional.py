"""Does a finding about a period whose reports may still arrive say so, and alarm nobody yet?"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from kalanso import definitions, quality
from kalanso.indicators.delays import Delays
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.vocabulary import Period
from tests.quality.conftest import evidence_of, observed

TREE = {"A1": "D1", "A2": "D1", "A3": "D2", "D1": "R", "D2": "R", "R": "ML"}
LEVELS = {"A1": "health_area", "A2": "health_area", "A3": "health_area", "R": "region", "ML": "country"}


def rows(**shares: float) -> list[dict[str, Any]]:
    """Twelve months of 2024 in three areas; `shares` of the reports of December that are in, by area."""
    told = []
    for area in ("A1", "A2", "A3"):
        told += observed(
            "dtp1_doses",
            [40.0] * 12,
            first="202401",
            place_code=area,
            reports_expected=10.0,
            reports_received=10.0,
        )
        told[-1]["reports_received"] = 10.0 * shares.get(area, 1.0)
    return told


def late(*, learnt: dict[Any, int] | None = None, **shares: float) -> quality.Open:
    evidence = evidence_of(rows(**shares), tree=TREE, levels=LEVELS)
    return quality.open_periods(evidence, Delays(learnt or {}, 60), complete=0.95)


def finding(**changed: Any) -> dict[str, Any]:
    told = {
        "check": "outliers", "source": "hmis", "place_code": "A1", "period": "202412", "indicator": "dtp1_doses", "detail": "",
        "value": 1.0, "expected": 40.0, "severity": "serious", "message": "quality.impossible.negative",
        "params": '{"place": "A1", "value": 1.0}', **changed,
    }  # fmt: skip
    period = Period.parse(told["period"])
    return told | {"period_type": period.type.value, "period_start": period.start}


def marked(open_: quality.Open, *found: dict[str, Any]) -> list[tuple[str, bool]]:
    rows = open_.marked(QUALITY_FINDINGS.arrow(list(found))).to_pylist()
    return [(row["severity"], json.loads(row["params"]).get("provisional", False)) for row in rows]


def test_a_recent_month_is_open_until_its_reports_are_in() -> None:
    known = late(A1=0.5)  # of District 1 three reports in four
    assert (
        marked(known, finding(), finding(place_code="A2"), finding(place_code="D1"))
        == [("attention", True)] * 3
    )
    assert marked(known, finding(place_code="A3")) == [("serious", False)], "all of District 2 is in"
    assert marked(known, finding(period="202408")) == [("serious", False)], "old enough to be final"
    assert marked(known, finding(source="other")) == [("attention", True)], (
        "no reports known: the days decide"
    )


@pytest.mark.parametrize("period", ["2024", "2024Q4"])
def test_a_quarter_or_year_is_open_while_its_last_month_is(period: str) -> None:
    assert marked(late(A1=0.5), finding(period=period)) == [("attention", True)]
    assert marked(late(), finding(period=period)) == [("serious", False)]


def test_places_above_the_districts_are_judged_by_the_country() -> None:
    # Twenty-five reports of thirty.
    assert (
        marked(late(A1=0.5), finding(place_code="R"), finding(place_code="ML")) == [("attention", True)] * 2
    )
    assert marked(late(A1=0.9), finding(place_code="R")) == [("serious", False)], "29 of 30"


def test_what_reporting_delays_taught_goes_before_reports_and_days() -> None:
    slow = late(learnt={("hmis", "dtp1_doses", "D1"): 6})
    assert marked(slow, finding(period="202408"), finding(period="202406")) == [
        ("attention", True),
        ("serious", False),
    ]
    quick = late(learnt={("hmis", "dtp1_doses", "D1"): 1}, A1=0.0)
    assert marked(quick, finding()) == [("serious", False)]
    assert marked(slow, finding(period="202408", place_code="A3")) == [("serious", False)], "another district"


def test_a_period_that_still_runs_is_open_whatever_came() -> None:
    assert marked(late(), finding(period="202501"), finding(period="2025")) == [("attention", True)] * 2


@pytest.mark.parametrize(
    "check", ["impossible", "coverage", "names", "points", "denominators", "target_growth"]
)
def test_what_no_late_report_can_undo_stays_as_it_was_found(check: str) -> None:
    assert marked(late(A1=0.0), finding(check=check)) == [("serious", False)]


def test_a_lesser_finding_is_marked_and_not_made_graver() -> None:
    assert marked(late(A1=0.0), finding(severity="note"), finding(severity="attention")) == [
        ("note", True),
        ("attention", True),
    ]


def test_the_sentence_says_so_in_both_languages_and_the_question_does_not() -> None:
    pack = definitions.load("ML")
    told = json.dumps(
        {
            "place": "Boura",
            "value": -3,
            "indicator": "dtp1_doses",
            "period": "202412",
            "n": 2,
            "first": "202412",
            "last": "202412",
            "share": 0.5,
            "provisional": True,
        }
    )
    assert quality.sentence("quality.impossible.negative", told, pack, "en").endswith(
        "This period is provisional: reports may still arrive."
    )
    assert "provisoire" in quality.sentence("quality.impossible.negative", told, pack, "fr")
    assert "provisional" not in quality.sentence("quality.ask.timeliness", told, pack, "en")


def test_a_table_without_recent_findings_comes_back_as_it_was() -> None:
    known = late(A1=0.0)
    old = QUALITY_FINDINGS.arrow([finding(period="201912")])
    assert known.marked(old).equals(old)
    assert known.marked(QUALITY_FINDINGS.arrow([])).num_rows == 0
    assert known.today == date(2025, 1, 15)
