"""What do dropout, the wall chart, the categories and the equity indicators say?"""

from __future__ import annotations

from tests.spec.text_tables import answer, lineage, observations, question, show

AREA = lineage("place | level | parent\nA | health_area | -")


def test_dropout_is_negative_where_more_last_than_first_doses_were_reported_and_is_not_hidden() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        A     | 202401 | dtp1_doses | 40
        A     | 202401 | dtp3_doses | 30
        A     | 202401 | mcv1_doses | 50
        A     | 202401 | bcg_doses  | 0
        """
    )

    rows = answer(counts, AREA, question("dtp1_dtp3_dropout", "dtp1_mcv1_dropout", "bcg_mcv1_dropout"))

    assert show(rows, "indicator", "numerator", "denominator", "denominator_name", "value", "caveat") == [
        ("bcg_mcv1_dropout", -50, 0, "bcg_doses", None, "no_first_dose"),
        ("dtp1_dtp3_dropout", 10, 40, "dtp1_doses", 0.25, None),
        ("dtp1_mcv1_dropout", -10, 40, "dtp1_doses", -0.25, "dropout_negative"),
    ]


def test_dropout_from_unequal_reports_says_so() -> None:
    counts = observations(
        """
        place | period | indicator  | value
        A     | 202401 | dtp1_doses | 40
        A     | 202402 | dtp1_doses | 40
        A     | 202403 | dtp1_doses | 40
        A     | 202401 | dtp3_doses | 36
        A     | 202402 | dtp3_doses | 36
        A     | 202403 | dtp3_doses | -
        """
    )

    rows = answer(counts, AREA, question("dtp1_dtp3_dropout", period="quarter"))

    assert show(rows, "value", "caveat") == [(0.4, "unequal_reports")]


def test_the_wall_chart_counts_doses_and_target_from_january_and_their_dropout() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        A     | 202401 | dtp1_doses        | 10
        A     | 202402 | dtp1_doses        | 8
        A     | 202403 | dtp1_doses        | 12
        A     | 202401 | dtp3_doses        | 9
        A     | 202402 | dtp3_doses        | 8
        A     | 202403 | dtp3_doses        | 7
        A     | 202501 | dtp1_doses        | 11
        A     | 202501 | dtp3_doses        | 11
        A     | 2024   | surviving_infants | 156
        A     | 2025   | surviving_infants | 156
        """
    )

    rows = answer(counts, AREA, question("dtp1_coverage", "dtp1_dtp3_dropout", cumulative=True))

    assert show(rows, "indicator", "period", "numerator", "denominator", "value", "cumulative") == [
        ("dtp1_coverage", "202401", 10, 13, 0.7692, True),
        ("dtp1_coverage", "202402", 18, 26, 0.6923, True),
        ("dtp1_coverage", "202403", 30, 39, 0.7692, True),
        # the count begins anew with the year
        ("dtp1_coverage", "202501", 11, 13, 0.8462, True),
        ("dtp1_dtp3_dropout", "202401", 1, 10, 0.1, True),
        ("dtp1_dtp3_dropout", "202402", 1, 18, 0.0556, True),
        ("dtp1_dtp3_dropout", "202403", 6, 30, 0.2, True),
        ("dtp1_dtp3_dropout", "202501", 0, 11, 0.0, True),
    ]


def test_categories_follow_access_and_utilization_as_in_the_who_red_guide() -> None:
    # WHO/IVB/09.11: good access is DTP1 coverage of 80 % or more, good utilization dropout under 10 %.
    districts = {
        "good": (80, 73),
        "leaky": (80, 72),
        "remote": (79, 72),
        "both": (79, 71),
        "silent": (80, None),
    }
    text = "place | period | indicator | value\n"
    for place, (first, last) in districts.items():
        text += f"{place} | 2024 | dtp1_doses | {first}\n{place} | 2024 | surviving_infants | 100\n"
        text += f"{place} | 2024 | dtp3_doses | {'-' if last is None else last}\n"
    tree = lineage("place | level | parent\n" + "".join(f"{place} | district | -\n" for place in districts))

    rows = answer(observations(text), tree, question("rec_category", period="year"))

    found = {row["place_code"]: (row["value"], row["caveat"]) for row in rows}
    assert found == {
        "good": (1, None),
        "leaky": (2, None),
        "remote": (3, None),
        "both": (4, None),
        "silent": (None, "indicators.caveat.no_category"),
    }


def test_the_share_of_districts_over_80_percent_and_of_zero_dose_children_in_the_worst_ten() -> None:
    tree = "place | level | parent\nML | country | -\n"
    text = "place | period | indicator | value\n"
    # district n misses n children of 100 (n = 1 ... 12); one more has no target
    for n in range(1, 13):
        tree += f"D{n} | district | ML\n"
        text += f"D{n} | 2024 | dtp1_doses | {100 - n}\nD{n} | 2024 | dtp3_doses | {84 - n}\n"
        text += f"D{n} | 2024 | surviving_infants | 100\n"
    tree += "D13 | district | ML\n"
    text += "D13 | 2024 | dtp1_doses | 50\nD13 | 2024 | dtp3_doses | 50\n"
    asked = question("districts_dtp3_above_80", "zero_dose_in_top_districts", period="year")

    rows = answer(observations(text), lineage(tree), asked)

    columns = (
        "indicator",
        "place_code",
        "numerator",
        "denominator",
        "places_expected",
        "places_reporting",
        "caveat",
    )
    assert show(rows, *columns) == [
        ("districts_dtp3_above_80", "ML", 4, 12, 13, 12, "places_without_value"),
        ("zero_dose_in_top_districts", "ML", 75, 78, 13, 12, "places_without_value"),
    ]


def test_a_district_with_more_doses_than_children_spoils_the_share_of_the_worst_ten_and_says_so() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        D1    | 2024   | dtp1_doses        | 60
        D2    | 2024   | dtp1_doses        | 120
        D1    | 2024   | surviving_infants | 100
        D2    | 2024   | surviving_infants | 100
        """
    )
    tree = lineage("place | level | parent\nML | country | -\nD1 | district | ML\nD2 | district | ML")

    rows = answer(counts, tree, question("zero_dose_in_top_districts", period="year"))

    assert show(rows, "numerator", "denominator", "value", "caveat") == [
        (20, 20, 1.0, "missed_negative_somewhere")
    ]
