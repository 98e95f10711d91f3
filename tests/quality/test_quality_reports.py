"""Do the checks of reports tell what is missing, late, silent or blank?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from kalanso.quality import blanks, completeness, silence, timeliness


def reported(observed: Any, received: list[float], expected: float = 10, **more: Any) -> list[dict[str, Any]]:
    rows = observed("dtp1_doses", [50.0] * len(received), **more)
    return [
        row | {"reports_expected": expected, "reports_received": r}
        for row, r in zip(rows, received, strict=True)
    ]


@pytest.fixture(scope="module")
def completed(observed: Any, evidence: Any, found: Any) -> dict[str, pd.DataFrame]:
    """What the check of completeness says of each place, all judged at once."""
    received = {
        "few": [6.0] * 12, "complete": [10.0, 9.0] * 6, "one month": [10.0] * 11 + [3.0], "too many": [10.0] * 10 + [12.0] * 2,
    }  # fmt: skip
    rows = [row for place, values in received.items() for row in reported(observed, values, place_code=place)]
    rows += [row | {"indicator": "dtp3_doses"} for row in rows]
    rows += [
        row
        for number in range(6)
        for row in reported(observed, [1.0 if number < 3 else 0.0] * 12, 1, place_code=f"F{number}")
    ]
    rows += [
        r | {"indicator": "kangaroo_care", "source": "other"}
        for r in reported(observed, [4.0] * 12, place_code="own")
    ]
    tree = {f"F{n}": "six facilities" for n in range(6)}
    told = found(completeness.find(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility"))))
    return {
        place: told[told.place_code == place].reset_index(drop=True)
        for place in (*received, *tree, "six facilities", "own")
    }


def test_a_year_with_few_reports_is_told_with_its_rate(completed: dict[str, pd.DataFrame]) -> None:
    told = completed["few"]

    assert list(told.message) == ["quality.completeness.low"]
    assert (told.value[0], told.severity[0], told.period[0]) == (0.6, "attention", "2022")
    assert "72 reçus sur 120 attendus" in told.fr[0]
    assert "72 received of 120 due" in told.en[0]
    assert "rapports qui portent «" in told.fr[0]


def test_a_complete_year_is_not_told(completed: dict[str, pd.DataFrame]) -> None:
    assert completed["complete"].empty


def test_one_month_far_below_the_others_is_told_apart(completed: dict[str, pd.DataFrame]) -> None:
    told = completed["one month"]

    assert list(told.message) == ["quality.completeness.low_month"]
    assert (told.period[0], told.value[0], told.expected[0]) == ("202212", 0.3, 1.0)


def test_more_reports_than_expected_are_told(completed: dict[str, pd.DataFrame]) -> None:
    told = completed["too many"]

    assert list(told.message) == ["quality.completeness.over"]
    assert (told.value[0], told.params[0]["months"], told.severity[0]) == (1.2, 2, "attention")


def test_facilities_are_added_up_to_their_district_and_not_told_one_by_one(
    completed: dict[str, pd.DataFrame],
) -> None:
    assert list(completed["six facilities"].value) == [0.5]
    assert all(completed[f"F{n}"].empty for n in range(6))


def test_reports_stand_on_every_number_of_a_form_but_count_once(completed: dict[str, pd.DataFrame]) -> None:
    assert completed["few"].params[0]["due"] == 120


def test_a_source_without_known_forms_is_judged_by_its_fullest_number(
    completed: dict[str, pd.DataFrame],
) -> None:
    assert list(completed["own"].indicator) == ["kangaroo_care"]


def test_late_reports_are_told_where_their_day_is_known(observed: Any, evidence: Any, found: Any) -> None:
    rows = [row | {"reports_on_time": 4.0} for row in reported(observed, [10.0] * 12)]
    told = found(timeliness.find(evidence(rows)))
    assert (told.message[0], told.value[0], told.severity[0]) == ("quality.timeliness.late", 0.4, "serious")

    assert found(timeliness.find(evidence(reported(observed, [10.0] * 12)))).empty


def test_more_reports_in_time_than_received_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = [row | {"reports_on_time": 10.0} for row in reported(observed, [9.0] * 12)]
    assert list(found(timeliness.find(evidence(rows))).message) == ["quality.timeliness.more_than_received"]


def test_a_facility_that_stopped_is_told_whether_its_rows_are_blank_or_gone(
    observed: Any, evidence: Any, found: Any
) -> None:
    steady = [row for n in range(5) for row in observed("dtp1_doses", [9.0] * 24, place_code=f"S{n}")]
    blank = observed("dtp1_doses", [9.0] * 14 + [None] * 10, place_code="B")
    gone = observed("dtp1_doses", [9.0] * 20, place_code="G")

    told = found(silence.find(evidence(steady + blank + gone)))

    assert list(told.message) == ["quality.silence.stopped"] * 2
    assert list(zip(told.place_code, told.value, told.severity, strict=True)) == [
        ("B", 10.0, "serious"),
        ("G", 4.0, "attention"),
    ]


def test_a_place_of_which_another_source_still_tells_is_said_to_be_heard_there(
    observed: Any, evidence: Any, found: Any
) -> None:
    steady = [row for n in range(5) for row in observed("dtp1_doses", [9.0] * 24, place_code=f"S{n}")]
    gone = observed("dtp1_doses", [9.0] * 12, place_code="G")
    other = observed("dtp1_doses", [9.0] * 22, place_code="G", source="other")

    told = found(silence.find(evidence(steady + gone + other)))
    said = told[(told.place_code == "G") & (told.source != "other")]

    assert list(zip(said.message, said.severity, said.value, strict=True)) == [
        ("quality.silence.heard", "attention", 12.0)
    ]
    assert "une autre source y parle encore" in said.fr.iloc[0]


def test_the_last_month_in_which_few_have_reported_yet_makes_nobody_silent(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = [row for n in range(5) for row in observed("dtp1_doses", [9.0] * 20, place_code=f"S{n}")]
    early = observed("dtp1_doses", [9.0] * 24, place_code="E")

    assert found(silence.find(evidence(rows + early))).empty


def test_a_source_that_changed_its_level_leaves_nobody_silent_and_its_own_gap_is_told_once(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = [row for n in range(4) for row in observed("dtp1_doses", [9.0] * 12, place_code=f"D{n}")]
    # Ten months without anybody, then a sheet of two areas of the first district.
    rows += observed("dtp1_doses", [9.0] * 4, place_code="H1", first="202311")
    rows += observed("dtp1_doses", [9.0] * 4, place_code="H2", first="202311")
    tree = {"H1": "D0", "H2": "D0"} | {f"D{n}": "ML" for n in range(4)}
    levels = {"H1": "health_area", "H2": "health_area", "ML": "country"} | {
        f"D{n}": "district" for n in range(4)
    }

    told = found(silence.find(evidence(rows, tree=tree, levels=levels)))

    assert list(zip(told.place_code, told.message, told.value, told.period, strict=True)) == [
        ("D1", "quality.silence.stopped", 4.0, "202212"), ("D2", "quality.silence.stopped", 4.0, "202212"),
        ("D3", "quality.silence.stopped", 4.0, "202212"), ("ML", "quality.silence.source", 10.0, "202212"),
    ]  # fmt: skip


def test_areas_of_a_district_that_reports_for_them_now_are_not_silent(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = [row for n in range(3) for row in observed("dtp1_doses", [9.0] * 12, place_code=f"H{n}")]
    rows += observed("dtp1_doses", [27.0] * 12, place_code="D", first="202301")
    rows += observed("dtp1_doses", [27.0] * 24, place_code="E")
    tree = {f"H{n}": "D" for n in range(3)}
    levels = dict.fromkeys(tree, "health_area") | {"D": "district", "E": "district"}

    told = found(silence.find(evidence(rows, tree=tree, levels=levels)))

    assert "quality.silence.stopped" not in set(told.message)


def test_a_long_gap_and_a_place_never_heard_of_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", [9.0] * 6 + [None] * 4 + [9.0] * 6, place_code="A")
    rows += observed("dtp1_doses", [9.0] * 16, place_code="B") + observed(
        "dtp1_doses", [None] * 16, place_code="C"
    )

    told = found(silence.find(evidence(rows)))

    assert list(zip(told.place_code, told.message, told.value, strict=True)) == [
        ("A", "quality.silence.gap", 4.0),
        ("C", "quality.silence.never", 0.0),
    ]


def test_listed_facilities_without_any_row_are_counted_for_their_district(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = [row for n in range(3) for row in observed("dtp1_doses", [9.0] * 12, place_code=f"F{n}")]
    tree = {f"F{n}": "D" for n in range(5)}

    told = found(silence.find(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility"))))

    assert list(zip(told.place_code, told.message, told.value, strict=True)) == [
        ("D", "quality.silence.absent", 2.0)
    ]
    assert told.params[0]["places"] == ["F3", "F4"]


def test_numbers_left_blank_in_reports_that_came_are_told(observed: Any, evidence: Any, found: Any) -> None:
    rows = observed("dtp1_doses", [90.0] * 12) + observed("mcv2_doses", [30.0] * 6 + [None] * 6)

    told = found(blanks.find(evidence(rows)))

    assert list(zip(told.indicator, told.value, told.severity, strict=True)) == [
        ("mcv2_doses", 0.5, "attention")
    ]


def test_a_vaccine_is_not_blank_before_its_introduction_nor_where_it_was_never_given(
    observed: Any, evidence: Any, found: Any
) -> None:
    rows = observed("dtp1_doses", [90.0] * 24) + observed("rota1_doses", [None] * 15 + [80.0] * 9)
    rows += observed("hpv1_doses", [None] * 24)

    assert found(blanks.find(evidence(rows))).empty


def test_a_line_left_blank_for_a_whole_year_counts_and_one_that_left_the_form_does_not(
    observed: Any, evidence: Any, found: Any
) -> None:
    years, blank = [10.0] * 12, [None] * 12
    rows = [
        row
        for number in range(4)
        for row in observed("anc1_visits", [10.0] * 36, place_code=f"F{number}")
        # Half of the places leave the line blank in 2023; nobody gives the other line after 2022.
        + observed("yf_doses", years + (blank if number < 2 else years) + years, place_code=f"F{number}")
        + observed("rota1_doses", years + blank + blank, place_code=f"F{number}")
    ]
    tree = {f"F{number}": "D" for number in range(4)}

    told = found(blanks.find(evidence(rows, tree=tree, levels=dict.fromkeys(tree, "facility"))))

    assert list(zip(told.place_code, told.period, told.indicator, told.value, strict=True)) == [
        ("D", "2023", "yf_doses", 0.5)
    ]
