"""What do coverage and missed children mean?"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.spec.text_tables import answer, lineage, observations, question, show

pytestmark = pytest.mark.long

DISTRICT = lineage(
    """
    place | level    | parent
    ML    | country  | -
    D1    | district | ML
    D2    | district | ML
    """
)
MALI = lineage("place | level | parent\nML | country | -")


def test_doses_above_the_target_give_a_coverage_above_one_that_is_shown_and_explained() -> None:
    # Mali 2018 as reported to WHO and UNICEF: 114 % administrative coverage, 16.4 % dropout.
    counts = observations(
        """
        place | period | indicator         | value
        ------+--------+-------------------+-------
        ML    | 2018   | dtp1_doses        | 889266
        ML    | 2018   | dtp3_doses        | 743644
        ML    | 2018   | surviving_infants | 778379
        """
    )

    rows = answer(
        counts,
        MALI,
        question("dtp1_coverage", "dtp1_missed_children", "dtp1_dtp3_dropout", period="year"),
        "ML",
    )

    assert show(rows, "indicator", "numerator", "denominator", "value", "caveat") == [
        ("dtp1_coverage", 889266, 778379, 1.1425, "coverage_above_one"),
        ("dtp1_dtp3_dropout", 889266 - 743644, 889266, 0.1638, None),
        ("dtp1_missed_children", 889266, 778379, -110887, "missed_negative"),
    ]


def test_a_quarter_has_a_fourth_of_the_year_s_target_and_a_month_a_twelfth() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        D1    | 202401 | dtp1_doses        | 90
        D1    | 202402 | dtp1_doses        | 60
        D1    | 202403 | dtp1_doses        | 75
        D1    | 2024   | surviving_infants | 1200
        """
    )

    months = answer(counts, DISTRICT, question("dtp1_coverage", levels=["district"]))
    quarters = answer(counts, DISTRICT, question("dtp1_coverage", period="quarter", levels=["district"]))

    columns = ("period", "numerator", "denominator", "denominator_name", "value")
    assert show(months, *columns)[0] == ("202401", 90, 100, "surviving_infants@dhis2:annual/12", 0.9)
    assert show(quarters, *columns) == [("2024Q1", 225, 300, "surviving_infants@dhis2:annual/4", 0.75)]


def test_targets_in_proportion_to_days_give_february_less() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        D1    | 202302 | dtp1_doses        | 28
        D1    | 2023   | surviving_infants | 365
        """
    )

    rows = answer(
        counts, DISTRICT, question("dtp1_coverage", levels=["district"], denominator={"rule": "days"})
    )

    assert show(rows, "denominator", "denominator_name", "value") == [
        (28, "surviving_infants@dhis2:days", 1.0)
    ]


def test_missed_children_are_the_three_counts_of_the_gavi_formula() -> None:
    counts = observations(
        """
        place | period | indicator         | value | age
        D1    | 2024   | dtp1_doses        | 850   | 0-11m
        D1    | 2024   | dtp3_doses        | 800   | 0-11m
        D1    | 2024   | mcv2_doses        | 500   | 12-23m
        D1    | 2024   | surviving_infants | 1000  | all
        """
    )
    codes = ("dtp1_missed_children", "dtp3_missed_children", "mcv2_missed_children")

    rows = answer(counts, DISTRICT, question(*codes, period="year", levels=["district"]))

    assert show(rows, "indicator", "value", "unit") == [
        (c, v, "count") for c, v in zip(codes, (150, 200, 500), strict=True)
    ]


def test_bcg_is_measured_on_live_births_and_dtp_on_surviving_infants() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        D1    | 2024   | bcg_doses         | 900
        D1    | 2024   | dtp1_doses        | 900
        D1    | 2024   | live_births       | 1200
        D1    | 2024   | surviving_infants | 1000
        """
    )

    rows = answer(
        counts, DISTRICT, question("bcg_coverage", "dtp1_coverage", period="year", levels=["district"])
    )

    assert show(rows, "indicator", "value") == [("bcg_coverage", 0.75), ("dtp1_coverage", 0.9)]


def test_without_a_population_there_is_no_share_and_the_row_says_so() -> None:
    counts = observations("place | period | indicator | value\nD1 | 2024 | dtp1_doses | 850")

    rows = answer(
        counts,
        DISTRICT,
        question("dtp1_coverage", "dtp1_missed_children", period="year", levels=["district"]),
    )

    assert {(r["numerator"], r["value"], r["denominator_name"]) for r in rows} == {(850, None, None)}
    assert {r["caveat"] for r in rows} == {"indicators.caveat.no_denominator"}


def test_a_target_of_zero_children_never_divides() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        D1    | 2024   | dtp1_doses        | 10
        D1    | 2024   | surviving_infants | 0
        """
    )

    rows = answer(counts, DISTRICT, question("dtp1_coverage", period="year", levels=["district"]))

    assert show(rows, "value", "caveat") == [(None, "target_not_positive")]


def test_quarter_rolling_year_and_cumulative_year_never_share_a_label() -> None:
    text = "place | period | indicator | value\n"
    for year in (2023, 2024):
        text += f"D1 | {year} | surviving_infants | {1000 if year == 2023 else 2000}\n"
        text += "".join(f"D1 | {year}Q{n} | dtp1_doses | {100 * n}\n" for n in (1, 2, 3, 4))
    counts = observations(text)

    found = [
        row
        for choice in ({}, {"rolling": True}, {"cumulative": True})
        for row in answer(
            counts, DISTRICT, question("dtp1_coverage", period="quarter", levels=["district"], **choice)
        )
        if row["period"] == "2024Q2"
    ]

    assert show(found, "numerator", "denominator", "denominator_name", "cumulative") == [
        (200, 500, "surviving_infants@dhis2:annual/4", False),
        # Q3 and Q4 of 2023, Q1 and Q2 of 2024, half of each year's target
        (1000, 1500, "surviving_infants@dhis2:rolling4", False),
        (300, 1000, "surviving_infants@dhis2:cumulative", True),
    ]


@pytest.mark.shared_data
def test_computed_coverage_of_mali_is_the_reported_one_in_every_year(shared_data: Path) -> None:
    with (shared_data / "mali" / "coverage_reported_national.csv").open(encoding="utf-8") as stream:
        rows = [
            row for row in csv.DictReader(stream) if row["vaccine"] == "dtp1" and int(row["year"]) >= 2015
        ]
    codes = {"vaccinated": "dtp1_doses", "target": "surviving_infants"}
    text = "place | period | indicator | value\n" + "".join(
        f"ML | {row['year']} | {codes[row['kind']]} | {row['value']}\n"
        for row in rows
        if row["kind"] in codes
    )
    reported = {row["year"]: int(row["value"]) for row in rows if row["kind"] == "admin"}

    found = answer(observations(text), MALI, question("dtp1_coverage", period="year"), "ML")

    assert {row["period"]: round(100 * row["value"]) for row in found} == reported
    assert min(reported.values()) > 100
