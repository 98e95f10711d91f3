"""Which reported doses count, and which stand in series of their own?"""

from __future__ import annotations

import pytest

from kalanso import definitions, indicators
from tests.spec.text_tables import answer, lineage, observations, question, run, show, tables

pytestmark = pytest.mark.long

AREA = lineage("place | level | parent\nA | health_area | -")


def test_only_doses_given_at_0_to_11_months_count_and_late_ones_are_a_series_of_their_own() -> None:
    counts = observations(
        """
        place | period | indicator  | age    | value
        A     | 202401 | dtp1_doses | 0-11m  | 20
        A     | 202401 | dtp1_doses | 12-23m | 7
        A     | 202401 | dtp1_doses | 24-59m | 2
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses", "dtp1_late_doses"))

    assert show(rows, "indicator", "value", "caveat") == [
        ("dtp1_doses", 20, None),
        ("dtp1_late_doses", 9, None),
    ]


def test_doses_of_unknown_age_are_counted_apart_and_flagged_where_the_source_knows_ages_elsewhere() -> None:
    counts = observations(
        """
        place | period | indicator  | age     | value
        A     | 202401 | dtp1_doses | 0-11m   | 20
        A     | 202401 | dtp1_doses | unknown | 5
        A     | 202402 | dtp1_doses | 0-11m   | 18
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses", "dtp1_unknown_age_doses"))

    assert show(rows, "indicator", "period", "value", "caveat") == [
        ("dtp1_doses", "202401", 20, "age_partly_unknown"),
        ("dtp1_doses", "202402", 18, None),
        ("dtp1_unknown_age_doses", "202401", 5, None),
    ]


@pytest.mark.parametrize("age", ["unknown", "all"])
def test_a_source_that_never_tells_ages_is_counted_and_says_so(age: str) -> None:
    counts = observations(f"place | period | indicator | age | value\nA | 202401 | dtp1_doses | {age} | 25")

    rows = answer(counts, AREA, question("dtp1_doses"))

    assert show(rows, "value", "caveat") == [(25, "age_never_recorded")]


def test_other_ages_count_when_asked_and_the_row_says_so() -> None:
    counts = observations(
        """
        place | period | indicator  | age     | value
        A     | 202401 | dtp1_doses | 0-11m   | 20
        A     | 202401 | dtp1_doses | unknown | 5
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses", ages=["0-11m", "unknown"]))

    assert show(rows, "value", "caveat") == [(25, "ages_widened")]


def test_campaign_and_catch_up_doses_never_enter_the_routine_count() -> None:
    counts = observations(
        """
        place | period | indicator  | strategy | value
        A     | 202401 | mcv1_doses | fixed    | 10
        A     | 202401 | mcv1_doses | outreach | 4
        A     | 202401 | mcv1_doses | mobile   | 3
        A     | 202401 | mcv1_doses | catch_up | 50
        A     | 202401 | mcv1_doses | campaign | 900
        """
    )

    rows = answer(counts, AREA, question("mcv1_doses", "mcv1_catch_up_doses", "mcv1_campaign_doses"))

    assert show(rows, "indicator", "value") == [
        ("mcv1_campaign_doses", 900),
        ("mcv1_catch_up_doses", 50),
        ("mcv1_doses", 17),
    ]


def test_a_total_and_its_parts_are_not_added_up() -> None:
    counts = observations(
        """
        place | period | indicator  | strategy | sex    | value
        A     | 202401 | dtp1_doses | all      | all    | 20
        A     | 202401 | dtp1_doses | fixed    | all    | 12
        A     | 202401 | dtp1_doses | outreach | all    | 8
        A     | 202401 | dtp1_doses | all      | female | 11
        # no total here: fixed is split by sex, outreach is not
        A     | 202402 | dtp1_doses | fixed    | female | 5
        A     | 202402 | dtp1_doses | fixed    | male   | 6
        A     | 202402 | dtp1_doses | outreach | all    | 4
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses"))

    assert show(rows, "period", "value") == [("202401", 20), ("202402", 15)]


def test_penta_and_hexa_are_dtp_and_their_doses_are_added() -> None:
    counts = observations(
        """
        place | period | indicator    | product | value
        A     | 202601 | dtp1_doses   | Penta   | 12
        A     | 202601 | dtp1_doses   | HEXA    | 9
        # columns that a reader did not know keep their heading
        A     | 202602 | penta1_doses | -       | 7
        A     | 202602 | hexa1_doses  | -       | 5
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses", "ipv1_doses"))

    assert show(rows, "indicator", "period", "value") == [
        ("dtp1_doses", "202601", 21),
        ("dtp1_doses", "202602", 12),
        # Hexa brings IPV along
        ("ipv1_doses", "202601", 9),
        ("ipv1_doses", "202602", 5),
    ]


def test_var_and_rr_are_measles_doses_and_doubtful_products_are_flagged() -> None:
    counts = observations(
        """
        place | period | indicator   | product | value
        A     | 202401 | mcv1_doses  | VAR     | 5
        A     | 202401 | mcv1_doses  | RR      | 6
        A     | 202402 | mcv1_doses  | Imovax  | 4
        # bivalent vaccine did not exist in 2010
        A     | 201001 | opv1_doses  | bOPV    | 3
        """
    )

    rows = answer(counts, AREA, question("mcv1_doses", "opv1_doses"))

    assert show(rows, "indicator", "period", "value", "caveat") == [
        ("mcv1_doses", "202401", 11, None),
        ("mcv1_doses", "202402", 4, "doubtful_product"),
        ("opv1_doses", "201001", 3, "doubtful_product"),
    ]


def test_a_blank_is_not_a_zero() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        A     | 202401 | dtp1_doses | 0
        A     | 202402 | dtp1_doses | -
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses"))

    assert show(rows, "period", "value", "places_reporting", "caveat") == [
        ("202401", 0, 1, None),
        ("202402", None, 0, "no_report"),
    ]


def test_what_does_not_count_is_listed_with_its_reason() -> None:
    counts = observations(
        """
        place   | period | indicator  | product | age     | strategy | value
        A       | 202401 | dtp1_doses | -       | 0-11m   | all      | 20
        A       | 202401 | dtp1_doses | -       | 12-23m  | all      | 3
        A       | 202401 | dtp1_doses | -       | unknown | all      | 4
        A       | 202401 | dtp1_doses | -       | 0-11m   | campaign | 50
        A       | 202401 | dtp1_doses | VAR     | 0-11m   | all      | 6
        A       | 2024Q1 | dtp1_doses | -       | 0-11m   | all      | 7
        Nowhere | 202401 | dtp1_doses | -       | 0-11m   | all      | 8
        """
    )

    left = run(indicators.uncounted(*tables(counts, AREA), definitions.load("ML"), question("dtp1_doses")))

    assert sorted((r["reason"], r["observations"], r["value"]) for r in left.to_pylist()) == [
        ("age_unknown", 1, 4),
        ("other_age_or_strategy", 2, 53),
        ("other_product", 1, 6),
        ("period_not_inside", 1, 7),
        ("place_outside_tree", 1, 8),
    ]


def test_months_are_not_added_to_the_quarter_that_the_same_source_also_reports() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        A     | 202401 | dtp1_doses | 10
        A     | 202402 | dtp1_doses | 10
        A     | 202403 | dtp1_doses | 10
        A     | 2024Q1 | dtp1_doses | 31
        A     | 2023Q4 | dtp1_doses | 28
        """
    )
    asked = question("dtp1_doses", period="quarter")

    rows = answer(counts, AREA, asked)
    left = run(indicators.uncounted(*tables(counts, AREA), definitions.load(), asked)).to_pylist()

    assert show(rows, "period", "value") == [("2023Q4", 28), ("2024Q1", 30)]
    assert [(r["reason"], r["value"]) for r in left] == [("coarser_period", 31)]


def test_a_week_belongs_to_the_month_of_its_thursday() -> None:
    counts = observations(
        """
        place | period  | indicator  | value
        # 1 January 2026 is the Thursday of 2026W1, which begins in December 2025
        A     | 2026W1  | dtp1_doses | 5
        A     | 2026W2  | dtp1_doses | 6
        """
    )

    rows = answer(counts, AREA, question("dtp1_doses"))

    assert show(rows, "period", "value") == [("202601", 11)]
