"""Does the worklist ask the right person the right thing first, and remember what was answered?"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pandas as pd
import pytest

from kalanso import definitions
from kalanso.quality import CHECKS, missing_reports, worklist
from kalanso.quality.worklist import Known, month_asked, usual_first_doses
from kalanso.vocabulary import Period
from tests.quality.test_quality_words import sentences

PACK = definitions.load("ML")
RULES = PACK.section("quality")["worklist"]
MONTH = Period.parse("202411")
TREE = {"F1": ["F1", "D1", "R", "ML"], "F2": ["F2", "D1", "R", "ML"], "D1": ["D1", "R", "ML"], "D2": ["D2", "R", "ML"],
        "R": ["R", "ML"], "ML": ["ML"]}  # fmt: skip
LEVEL = {
    "F1": "facility",
    "F2": "facility",
    "D1": "district",
    "D2": "district",
    "R": "region",
    "ML": "country",
}
KNOWN = Known(
    lineage=pd.DataFrame(
        [(code, above, LEVEL[above]) for code, line in TREE.items() for above in line],
        columns=["place_code", "ancestor_code", "ancestor_level"],
    ),
    usual={"F1": 20.0, "F2": 50.0, "D1": 70.0, "D2": 500.0, "R": 570.0, "ML": 570.0},
)
FINDING = [
    "check",
    "source",
    "place_code",
    "period",
    "indicator",
    "detail",
    "value",
    "expected",
    "severity",
    "message",
    "params",
]
STATUS = ["check", "source", "place_code", "period", "indicator", "detail", "status", "said_on"]


def doubt(check: str, place: str, period: str = "202411", *, severity: str = "attention", indicator: str = "dtp1_doses",
          value: float = 90.0, expected: float = 50.0, case: str = "high") -> dict[str, Any]:  # fmt: skip
    params = {"place": place, "period": period, "indicator": indicator, "value": value, "expected": expected}
    return {
        "check": check, "source": "hmis", "place_code": place, "period": period, "indicator": indicator, "detail": "",
        "value": value, "expected": expected, "severity": severity, "message": f"quality.{check}.{case}",
        "params": json.dumps(params),
    }  # fmt: skip


def said(of: dict[str, Any], status: str, on: date) -> dict[str, Any]:
    return {name: of[name] for name in STATUS[:6]} | {"status": status, "said_on": on}


def asked(
    findings: list[dict[str, Any]], statuses: list[dict[str, Any]] | None = None, **more: Any
) -> pd.DataFrame:
    return worklist.worklist(
        pd.DataFrame(findings, columns=FINDING), pd.DataFrame(statuses or [], columns=STATUS), KNOWN, RULES,
        month=more.pop("month", MONTH), **more,
    )  # fmt: skip


def test_the_place_itself_is_asked_about_its_numbers_and_the_place_above_about_its_silence() -> None:
    rows = asked([doubt("outliers", "F1"), doubt("silence", "F2", case="stopped"), doubt("outliers", "R"),
                  doubt("denominators", "D2", "2024", case="jump"), doubt("coverage", "R", "2024", case="above")])  # fmt: skip

    told = {(r.check, r.place_code): (r.asked, r.asked_place) for r in rows.itertuples()}
    assert told == {
        ("outliers", "F1"): ("facility", "F1"), ("silence", "F2"): ("district", "D1"), ("outliers", "R"): ("region", "R"),
        ("denominators", "D2"): ("region", "R"), ("coverage", "R"): ("region", "R"),
    }  # fmt: skip


def test_the_gravest_stands_first_and_among_the_equally_grave_that_with_most_children_at_stake() -> None:
    rows = asked([
        doubt("outliers", "F1", value=60, expected=20), doubt("copies", "F1", indicator="mcv1_doses"),
        doubt("outliers", "F1", "202410", value=300, expected=20), doubt("zeros", "F1", value=0, expected=20, severity="serious"),
        doubt("outliers", "F2", value=52, expected=50),
    ])  # fmt: skip

    told = [(r.asked_place, r.rank, r.check, r.period, r.children) for r in rows.itertuples()]
    # The difference counts, at most the children of the month; the further apart stands first.
    assert told == [
        ("F1", 1, "zeros", "202411", 20), ("F1", 2, "outliers", "202410", 20), ("F1", 3, "outliers", "202411", 20),
        ("F1", 4, "copies", "202411", 20), ("F2", 1, "outliers", "202411", 2),
    ]  # fmt: skip


def test_what_something_known_leads_one_to_expect_is_asked_after_what_nothing_explains() -> None:
    expected = doubt("outliers", "F1", value=0, expected=20, case="low")
    expected["params"] = json.dumps(json.loads(expected["params"]) | {"explained_by": "stockout"})
    rows = asked([expected, doubt("outliers", "F1", "202410", value=21, expected=20)])

    assert rows["period"].tolist() == ["202410", "202411"]
    assert rows["severity"].tolist() == ["attention", "attention"]


def test_never_more_children_are_at_stake_than_there_are_in_the_period() -> None:
    known = Known(lineage=KNOWN.lineage, usual={"D1": 336.0}, children={"D1": 2742.0})
    rows = worklist.worklist(
        pd.DataFrame(
            [doubt("completeness", "D1", "2024", case="low"), doubt("outliers", "D1", value=9000)],
            columns=FINDING,
        ),
        pd.DataFrame([], columns=STATUS), known, RULES, month=MONTH,
    )  # fmt: skip

    # Doses of a year are 4,032; there are 2,742 children.
    assert {r.check: r.children for r in rows.itertuples()} == {"completeness": 2742, "outliers": 228}


def test_the_target_is_added_up_from_the_source_that_states_most_places() -> None:
    # The commune C holds the children of F1 and F2 again.
    communes = pd.DataFrame([("C", "C", "commune"), ("C", "ML", "country")], columns=KNOWN.lineage.columns)
    lineage = pd.concat([KNOWN.lineage, communes])
    rows = [("target", "F1", 2024, 240.0), ("target", "F2", 2024, 260.0), ("target", "D2", 2024, 900.0),
            ("target", "C", 2024, 500.0), ("target", "F1", 2023, 9.0), ("un", "ML", 2024, 5000.0), ("count", "F1", 2024, 300.0)]  # fmt: skip
    stated = pd.DataFrame(rows, columns=["source", "place_code", "year", "value"])

    assert worklist.children_of(stated, lineage) == {
        "F1": 240, "F2": 260, "D1": 500, "D2": 900, "R": 1400, "ML": 1400,
    }  # fmt: skip
    assert worklist.children_of(stated.iloc[:0], lineage) == {}


def test_numbers_of_a_district_and_of_its_areas_are_not_added_twice_above() -> None:
    lineage = pd.DataFrame([{"place_code": p, "ancestor_code": up} for p in TREE for up in TREE[p]])
    rows = [("a", place, 100, value) for place, value in (("F1", 10.0), ("F2", 10.0), ("D1", 25.0))]
    usual = worklist.usual_of(pd.DataFrame(rows, columns=["source", "place_code", "step", "value"]), lineage)

    assert usual == {"F1": 10.0, "F2": 10.0, "D1": 25.0, "R": 25.0, "ML": 25.0}


def test_groups_stand_by_their_gravest_question_whoever_is_asked() -> None:
    rows = asked([doubt("outliers", "F1"), doubt("outliers", "F2", value=400), doubt("completeness", "D1", "2024", case="low", severity="serious")])  # fmt: skip

    assert list(rows.asked_place) == ["D1", "F2", "F1"]


def test_what_a_district_can_ask_itself_stands_before_what_is_for_others() -> None:
    doubts = [doubt("denominators", "D1", "2024", severity="serious", case="jump"), doubt("outliers", "F1"),
              doubt("completeness", "D1", "2024", case="low")]  # fmt: skip

    assert list(asked(doubts).asked_place) == ["R", "D1", "F1"]
    assert list(asked(doubts, place="D1").asked_place) == ["D1", "F1", "R"]
    assert list(asked(doubts, reader="D1").asked_place) == ["D1", "F1", "R"]


def test_no_childs_dose_hangs_on_other_services_and_their_own_papers_are_opened() -> None:
    rows = asked([doubt("outliers", "F1", indicator="opd_visits", value=5000), doubt("completeness", "D1", "2024", indicator="opd_visits", case="low")])  # fmt: skip

    assert list(rows.children) == [0, 0]
    assert worklist.papers("outliers", "opd_visits", RULES) == ["consultation_register", "monthly_report"]
    assert worklist.papers("silence", "opd_visits", RULES) == worklist.papers("silence", "dtp1_doses", RULES)
    assert worklist.papers("outliers", "dtp1_doses", RULES)[0] == "register"
    known = sentences("fr")
    assert [one for one in RULES["registers"].values() if f"quality.document.{one}" not in known] == []
    assert set(RULES["registers"]) <= set(PACK.indicators) | {"opd_visits_under_5", "ipd_admissions", "ipd_admissions_under_5"}  # fmt: skip


def test_a_district_is_asked_itself_for_the_reports_of_its_facilities() -> None:
    rows = asked([doubt("completeness", "D1", "2024", case="low"), doubt("timeliness", "F1", "2024", case="late"), doubt("silence", "D2", case="stopped")])  # fmt: skip

    told = {(r.check, r.place_code): (r.asked, r.asked_place) for r in rows.itertuples()}
    assert told == {
        ("completeness", "D1"): ("district", "D1"), ("timeliness", "F1"): ("district", "D1"), ("silence", "D2"): ("region", "R"),
    }  # fmt: skip


def test_findings_of_the_month_its_year_and_the_two_months_before_are_asked_and_notes_never() -> None:
    rows = asked([
        doubt("outliers", "F1", "202411"), doubt("zeros", "F1", "202409"), doubt("copies", "F1", "202408"),
        doubt("outliers", "F1", "202412"), doubt("dropout", "F1", "2024", case="high"), doubt("stock", "F1", "2023", case="carried"),
        doubt("impossible", "F1", "202411", severity="note", case="fraction"), doubt("silence", "F1", "202402", case="stopped"),
        doubt("silence", "F2", "202412", case="stopped"),
    ])  # fmt: skip

    assert {(r.check, r.period) for r in rows.itertuples()} == {
        ("outliers", "202411"), ("zeros", "202409"), ("dropout", "2024"), ("silence", "202402"),
    }  # fmt: skip


def test_what_was_answered_stands_apart_for_a_month_and_then_nowhere() -> None:
    fresh, old, open_, known = (doubt("outliers", place, period) for place, period in
                                (("F1", "202411"), ("F1", "202410"), ("F2", "202411"), ("F2", "202410")))  # fmt: skip
    rows = asked(
        [fresh, old, open_, known],
        [
            said(fresh, "no_error", date(2024, 12, 3)),
            said(old, "corrected", date(2024, 8, 1)),
            said(known, "known", date(2024, 11, 2)),
        ],
    )

    told = [(r.section, r.place_code, r.period, r.status) for r in rows.itertuples()]
    assert sorted(told) == [
        ("answered", "F1", "202411", "no_error"), ("open", "F2", "202411", "new"), ("waiting", "F2", "202410", "known"),
    ]  # fmt: skip
    assert [one[0] for one in told] == ["open", "waiting", "answered"], "what is still to ask stands first"


@pytest.mark.parametrize("status", ["explained", "corrected", "no_error"])
def test_a_closed_finding_is_not_asked_and_its_answer_stays_in_the_list_of_its_own_month(status: str) -> None:
    told = doubt("outliers", "F1", "202411")
    rows = asked([told], [said(told, status, date(2026, 3, 1))])

    assert [(r.section, r.status) for r in rows.itertuples()] == [("answered", status)]


@pytest.mark.parametrize(
    ("status", "section"),
    [("new", "open"), ("known", "waiting"), ("handed_on", "waiting"), ("correcting", "waiting")],
)
def test_a_finding_that_nobody_closed_is_asked_or_waited_for(status: str, section: str) -> None:
    told = doubt("outliers", "F1", "202411")
    rows = asked([told], [said(told, status, date(2024, 11, 20))])

    assert [(r.section, r.status) for r in rows.itertuples()] == [(section, status)]


@pytest.mark.parametrize(
    ("status", "section"),
    [("not_entered", "waiting"), ("place_closed", "answered"), ("not_vaccinating", "answered")],
)
def test_a_silent_facility_has_answers_of_its_own(status: str, section: str) -> None:
    told = doubt("silence", "F1", "202406", case="stopped")
    rows = asked([told], [said(told, status, date(2024, 11, 20))])

    assert [(r.section, r.status) for r in rows.itertuples()] == [(section, status)]


def test_what_waits_carries_the_others_of_its_question_with_it() -> None:
    first, second = (
        doubt("coverage", "D1", "2024", indicator=f"{dose}_coverage", case="above")
        for dose in ("bcg", "dtp1")
    )
    rows = asked([first, second], [said(first, "known", date(2024, 11, 20))])

    assert [(r.section, r.indicator, r.more) for r in rows.itertuples()] == [("waiting", "bcg_coverage", 1)]


def test_the_others_of_a_question_are_named_by_number_and_period() -> None:
    rows = asked([
        doubt("coverage", "D1", period, indicator=f"{dose}_coverage", case="above", severity=severity)
        for dose, period, severity in (("dtp3", "2024", "serious"), ("dtp1", "2024", "attention"), ("bcg", "2023", "attention"))
    ])  # fmt: skip

    assert list(rows["others"]) == [(("dtp1_coverage", "2024"), ("bcg_coverage", "2023"))]


def test_one_thing_at_a_time_is_asked_about_coverage_beyond_all_children() -> None:
    known = sentences("fr")
    steps = worklist.steps("coverage", RULES)

    assert [message for message, _papers in steps] == [
        "quality.step.coverage.target",
        "quality.step.coverage.elsewhere",
    ]
    for text in (known["quality.ask.coverage"], *(known[message] for message, _papers in steps)):
        assert text.count("?") == 1
    assert worklist.steps("outliers", RULES) == []
    assert {f"quality.document.{name}" for _message, papers in steps for name in papers} <= known.keys()


def test_the_structures_that_owe_reports_are_named_and_those_that_owe_most_stand_first() -> None:
    owed = [
        ("hmis", "opd_visits", place, period, absent, True)
        for place, period, absent in (
            ("F1", "202402", True), ("F2", "202401", True), ("F2", "202403", True), ("F1", "202404", False), ("D2", "202401", True),
            ("F1", "202301", True), ("D1", "202401", True),
        )
    ]  # fmt: skip
    reports = pd.DataFrame(owed, columns=list(missing_reports.COLUMNS))
    known = Known(lineage=KNOWN.lineage, usual={}, reports=reports)
    rows = worklist.worklist(
        pd.DataFrame([
            doubt("completeness", "D1", "2024", indicator="opd_visits", case="low"),
            doubt("timeliness", "D1", "2024", indicator="opd_visits", case="late"),
            doubt("outliers", "D1", "202411", indicator="opd_visits"),
        ], columns=FINDING),
        pd.DataFrame(columns=STATUS), known, RULES, month=MONTH,
    )  # fmt: skip

    told = rows.set_index("check")["structures"].to_dict()
    assert told["completeness"] == (("F2", ("202401", "202403")), ("F1", ("202402",)))
    assert told["timeliness"] == (("F1", ("202402", "202404")), ("F2", ("202401", "202403")))
    assert told["outliers"] == ()


def test_reports_that_came_are_owed_by_nobody_and_an_unknown_day_is_not_late(
    observed: Any, evidence: Any
) -> None:
    rows = observed(
        "opd_visits",
        [5.0] * 4,
        place_code="F1",
        reports_expected=1.0,
        reports_received=1.0,
        reports_on_time=1.0,
    )
    late = observed(
        "opd_visits",
        [5.0] * 4,
        place_code="F2",
        reports_expected=1.0,
        reports_received=1.0,
        reports_on_time=0.0,
    )
    silent = observed(
        "opd_visits",
        [None] * 4,
        place_code="F3",
        reports_expected=1.0,
        reports_received=None,
        reports_on_time=None,
    )
    table = evidence([*rows, *late, *silent], tree={}, levels={}).observations
    found = missing_reports.by_structure(
        table, ["opd_visits"], date(1990, 1, 1), date(2100, 1, 1)
    ).to_pandas()

    told = {(r.place_code, bool(r.absent), bool(r.untimely)) for r in found.itertuples()}
    assert told == {("F2", False, True), ("F3", True, False)}


def test_children_at_stake_are_empty_where_what_is_usual_is_unknown_and_zero_where_none_hang_on_it() -> None:
    known = Known(lineage=KNOWN.lineage, usual={"F2": 50.0}, children={"F1": 400.0})
    rows = worklist.worklist(
        pd.DataFrame([doubt("silence", "F1", case="stopped"), doubt("outliers", "F1", indicator="opd_visits"), doubt("copies", "F2")],
                     columns=FINDING),
        pd.DataFrame(columns=STATUS), known, RULES, month=MONTH,
    )  # fmt: skip

    told = rows.set_index("check")["children"]
    assert pd.isna(told["silence"])
    assert (told["outliers"], told["copies"]) == (0, 50)


def test_many_findings_of_one_matter_are_one_question() -> None:
    rows = asked([
        doubt("coverage", "D1", "2024", indicator=f"{dose}_coverage", case="above", severity=severity)
        for dose, severity in (("dtp1", "attention"), ("dtp3", "serious"), ("bcg", "attention"))
    ] + [doubt("outliers", "F1", indicator=code) for code in ("dtp1_doses", "opv1_doses")])  # fmt: skip

    told = {r.check: (r.indicator, r.more) for r in rows.itertuples()}
    assert told == {"coverage": ("dtp3_coverage", 2), "outliers": ("dtp1_doses", 1)}


def test_an_answer_speaks_for_all_of_its_question_and_for_nothing_graver_or_newer() -> None:
    first, second = (
        doubt("completeness", "D1", "202410", indicator=f"{dose}_doses") for dose in ("dtp1", "bcg")
    )
    newer = doubt("completeness", "D1", "202411")
    other = doubt("silence", "F1", "202410")
    before = asked([first, second, other])
    told = said(first, "explained", date(2024, 11, 5))

    def standing(*rows: dict[str, Any], on: date = date(2024, 11, 5)) -> dict[str, list[str]]:
        found = asked(list(rows), [told | {"said_on": on}])
        return {name: list(part["check"]) for name, part in found.groupby("section")}

    assert len(before) == 2
    assert standing(first, second, other) == {"answered": ["completeness"], "open": ["silence"]}
    assert standing(first, second, on=date(2024, 9, 1)) == {}, "an answer of another time stands nowhere"
    assert standing(first, second, on=date(2026, 12, 1)) == {"answered": ["completeness"]}, (
        "a later one is an answer"
    )
    assert standing(first, second, newer) == {"answered": ["completeness"], "open": ["completeness"]}
    assert "open" in standing(first, second | {"severity": "serious"})


def test_the_answered_finding_itself_stands_for_its_question() -> None:
    first, second = (
        doubt("completeness", "D1", "202410", indicator=f"{dose}_doses") for dose in ("bcg", "dtp1")
    )
    rows = asked([first, second], [said(first, "explained", date(2024, 11, 5))])
    assert list(rows["indicator"]) == ["bcg_doses"]


def test_a_list_of_one_place_holds_it_and_all_below() -> None:
    rows = asked([doubt("outliers", place) for place in ("F1", "D1", "D2", "ML")], place="D1")

    assert set(rows.place_code) == {"F1", "D1"}


def test_a_month_without_findings_gives_an_empty_list_and_a_year_is_refused() -> None:
    assert list(asked([]).columns) == list(worklist.COLUMNS)
    with pytest.raises(ValueError, match="expected a month such as 202412, got 2024"):
        asked([], month=Period.parse("2024"))


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_check_has_a_question_in_both_languages_and_the_case_decides_where_it_matters(
    locale: str,
) -> None:
    known = sentences(locale)

    assert [check.NAME for check in CHECKS if f"quality.ask.{check.NAME}" not in known] == []
    assert all(
        text.rstrip("\u202f ")[-1:] in {"?", "."} or text.endswith(")")
        for i, text in known.items()
        if i.startswith("quality.ask.")
    )
    row = next(asked([doubt("zeros", "F1", case="all")]).to_dict("records") for _ in range(1))[0]
    assert row["question"] == "quality.ask.zeros.all"
    assert worklist.question(row, PACK, locale).startswith("F1, ")


def test_every_question_asks_only_for_what_its_findings_carry() -> None:
    """Fields beyond those of every finding must stand in the params of the check."""
    everywhere = {"place", "period", "indicator", "value", "expected", "detail"}
    from pathlib import Path

    folder = Path(worklist.__file__).parent
    for name, text in sentences("fr").items():
        if name.startswith("quality.ask."):
            fields = set(re.findall(r"\{(\w+)", text)) - everywhere
            source = (folder / f"{name.split('.')[2]}.py").read_text("utf-8")
            assert all(f'"{one}"' in source for one in fields), (name, fields)


def test_the_usual_month_is_the_median_of_the_last_twelve_and_adds_up(observed: Any, evidence: Any) -> None:
    rows = observed("dtp1_doses", [900.0] * 12 + [10.0] * 11 + [500.0], place_code="F1")
    rows += observed("dtp1_doses", [30.0] * 24, place_code="F2")

    usual = usual_first_doses(
        evidence(rows, tree={"F1": "D", "F2": "D"}, levels={"F1": "facility", "F2": "facility"})
    )

    assert usual == {"D": 40.0, "F1": 10.0, "F2": 30.0}


def test_every_check_says_what_to_look_at_and_every_document_has_a_name() -> None:
    known = sentences("fr")

    assert RULES["documents"].keys() == {check.NAME for check in CHECKS}
    assert [
        name for names in RULES["documents"].values() for name in names
        if f"quality.document.{name}" not in known
    ] == []  # fmt: skip


def test_what_is_usual_is_the_median_of_a_year_added_up_to_the_places_above() -> None:
    months = [
        {"source": "snis", "place_code": place, "step": 100 + n, "value": value}
        for place, value in (("F1", 30.0), ("F2", 10.0)) for n in range(12)
    ]  # fmt: skip
    wild = [{"source": "snis", "place_code": "F1", "step": 80, "value": 900.0}]
    lineage = pd.DataFrame([{"place_code": p, "ancestor_code": up} for p in TREE for up in TREE[p]])

    assert worklist.usual_of(pd.DataFrame(wild + months), lineage) == {
        "F1": 30.0, "F2": 10.0, "D1": 40.0, "R": 40.0, "ML": 40.0,
    }  # fmt: skip
    itself = [{"source": "snis", "place_code": "D1", "step": 111, "value": 35.0}]
    assert worklist.usual_of(pd.DataFrame(months + itself), lineage)["D1"] == 35.0
    assert worklist.usual_of(pd.DataFrame(columns=["source", "place_code", "step", "value"]), lineage) == {}


@pytest.mark.parametrize(
    ("spoken", "asked"),
    [
        ({"202410": 40, "202411": 40, "202412": 3}, "202411"),  # one early sheet
        ({"202411": 40, "202412": 20}, "202412"),  # half of them are enough
        ({"202412": 40, "202503": 40}, "202412"),  # the month still runs
        ({}, "202412"),
    ],
)
def test_the_month_asked_about_is_the_newest_that_is_complete(spoken: dict[str, int], asked: str) -> None:
    rules = {"reported": {"share": 0.5, "months": 12}}
    assert month_asked(spoken, rules, last=Period.parse("202412")).code == asked
