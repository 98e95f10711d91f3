"""How are numbers added up the tree, how complete are they, and what is offered for what is missing?"""

from __future__ import annotations

from tests.spec.text_tables import answer, lineage, observations, question, show

TREE = lineage(
    """
    place | level       | parent
    ML    | country     | -
    R     | region      | ML
    D1    | district    | R
    D2    | district    | R
    F1    | facility    | D1
    F2    | facility    | D1
    F3    | facility    | D2
    """
)


def test_a_parent_is_the_sum_of_the_places_below_it_and_never_counts_itself_twice() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        F1    | 202401 | dtp1_doses | 10
        F2    | 202401 | dtp1_doses | 5
        F3    | 202401 | dtp1_doses | 7
        # the source also reports the district, once right and once not
        D1    | 202401 | dtp1_doses | 15
        D2    | 202401 | dtp1_doses | 70
        # and here only the district
        D2    | 202402 | dtp1_doses | 8
        """
    )

    rows = answer(counts, TREE, question("dtp1_doses", levels=["country", "district"]))

    assert show(rows, "place_code", "period", "value", "caveat") == [
        ("D1", "202401", 15, None),
        ("D2", "202401", 7, "parent_differs"),
        ("D2", "202402", 8, None),
        ("ML", "202401", 22, None),
        # how complete a district's own figure is, nobody knows
        ("ML", "202402", 8, None),
    ]


def test_places_count_as_expected_from_their_first_report_on_even_where_no_row_comes() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        F1    | 202401 | dtp1_doses | 10
        F1    | 202402 | dtp1_doses | 10
        F1    | 202403 | dtp1_doses | 10
        # F2 leaves a cell blank, then sends nothing at all
        F2    | 202401 | dtp1_doses | 5
        F2    | 202402 | dtp1_doses | -
        # F3 opens in March
        F3    | 202403 | dtp1_doses | 2
        """
    )

    months = answer(counts, TREE, question("dtp1_doses", levels=["country"]))
    quarter = answer(counts, TREE, question("dtp1_doses", period="quarter", levels=["country"]))

    columns = ("value", "completeness", "places_expected", "places_reporting")
    assert show(months, *columns) == [(15, 1.0, 2, 2), (10, 0.5, 2, 1), (12, 0.6667, 3, 2)]
    # 5 of the 3 + 3 + 1 reports that were due
    assert show(quarter, *columns) == [(37, 0.7143, 3, 3)]


def test_a_month_that_a_whole_source_skips_lowers_the_completeness_of_its_quarter() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        F1    | 202401 | dtp1_doses | 10
        F1    | 202403 | dtp1_doses | 10
        """
    )

    rows = answer(counts, TREE, question("dtp1_doses", period="quarter", levels=["facility"]))

    assert show(rows, "value", "completeness", "caveat") == [(20, 0.6667, "low_completeness")]


def test_completeness_comes_from_the_reports_of_the_form_and_is_unknown_where_a_district_states_none() -> (
    None
):
    counts = observations(
        """
        place | period | indicator  | value | expected | received
        D1    | 202401 | dtp1_doses | 300   | 40       | 30
        D2    | 202401 | dtp1_doses | 100   | 10       | 10
        D1    | 202402 | dtp1_doses | 300   | -        | -
        """
    )

    rows = answer(counts, TREE, question("dtp1_doses", levels=["region"]))

    assert show(rows, "period", "completeness") == [("202401", 0.8), ("202402", None)]


def test_adjusted_values_stand_beside_the_reported_ones_with_their_k() -> None:
    # Countdown: 300 x (1 + (1 / 0.8 - 1) x 0.25) = 318.75
    counts = observations(
        """
        place | period | indicator         | value | expected | received
        D1    | 202401 | dtp1_doses        | 300   | 40       | 32
        D1    | 2024   | surviving_infants | 4800  | -        | -
        """
    )

    rows = answer(counts, TREE, question("dtp1_coverage", "dtp1_doses", levels=["district"], adjust_k=0.25))

    assert show(rows, "indicator", "adjusted", "numerator", "value", "denominator_name") == [
        ("dtp1_coverage", False, 300, 0.75, "surviving_infants@dhis2:annual/12"),
        ("dtp1_coverage", True, 318.75, 0.7969, "surviving_infants@dhis2:annual/12;k=0.25"),
        ("dtp1_doses", False, 300, 300, None),
        ("dtp1_doses", True, 318.75, 318.75, ";k=0.25"),
    ]


def test_where_too_few_reports_came_nothing_is_guessed() -> None:
    counts = observations(
        """
        place | period | indicator  | value | expected | received
        D1    | 202401 | dtp1_doses | 300   | 40       | 20
        D2    | 202401 | dtp1_doses | 100   | -        | -
        """
    )

    rows = answer(counts, TREE, question("dtp1_doses", levels=["district"], adjust_k=0.25))

    assert show(rows, "place_code", "adjusted", "value", "caveat") == [
        ("D1", False, 300, "low_completeness"),
        ("D1", True, None, "adjustment_refused"),
        ("D2", False, 100, None),
        ("D2", True, None, "adjustment_refused"),
    ]


def test_the_newest_incomplete_months_are_provisional() -> None:
    counts = observations(
        """
        place | period | indicator  | value | expected | received
        D1    | 202409 | dtp1_doses | 300   | 40       | 20
        D1    | 202411 | dtp1_doses | 300   | 40       | 39
        D1    | 202412 | dtp1_doses | 300   | 40       | 30
        D1    | 202501 | dtp1_doses | 300   | 40       | 40
        """
    )

    rows = answer(counts, TREE, question("dtp1_doses", levels=["district"], today="2025-01-15"))

    # September is long past, November complete, December lacks reports, January is not over
    assert show(rows, "period", "provisional") == [
        ("202409", False),
        ("202411", False),
        ("202412", True),
        ("202501", True),
    ]


def test_sources_are_never_mixed() -> None:
    counts = observations(
        """
        place | period | source | indicator         | value
        D1    | 2024   | dhis2  | dtp1_doses        | 90
        D1    | 2024   | jrf    | dtp1_doses        | 80
        D1    | 2024   | dhis2  | surviving_infants | 100
        # a list of targets of its own
        D1    | 2024   | wpp    | surviving_infants | 120
        """
    )

    rows = answer(counts, TREE, question("dtp1_coverage", period="year", levels=["district"]))

    # dhis2 has its own target; jrf has none, so each of the others is offered
    assert show(rows, "source", "denominator_name", "value") == [
        ("dhis2", "surviving_infants@dhis2:annual", 0.9),
        ("jrf", "surviving_infants@dhis2:annual", 0.8),
        ("jrf", "surviving_infants@wpp:annual", 0.6667),
    ]
