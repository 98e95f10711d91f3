"""Out of how many children?"""

from __future__ import annotations

import pytest

from kalanso.indicators import DenominatorName
from tests.spec.text_tables import answer, lineage, observations, question, show

pytestmark = pytest.mark.long

TREE = lineage(
    """
    place | level       | parent
    ML    | country     | -
    D1    | district    | ML
    D2    | district    | ML
    A1    | health_area | D1
    A2    | health_area | D1
    """
)


@pytest.mark.parametrize(
    ("population", "people", "target", "name"),
    [
        ("surviving_infants", 1000, 1000, "surviving_infants@census:annual"),
        # stillbirths 20 per 1,000, infant deaths 49 per 1,000 (generic pack)
        ("live_births", 1000, 951, "surviving_infants<live_births@census:annual"),
        ("births", 1000, 1000 * 0.98 * 0.951, "surviving_infants<births@census:annual"),
        (
            "population_total",
            100_000,
            100_000 * 0.035 * 0.951,
            "surviving_infants<population_total@census:annual",
        ),
    ],
)
def test_a_target_is_converted_from_what_the_source_has_and_says_so(
    population: str, people: float, target: float, name: str
) -> None:
    counts = observations(
        f"place | period | source | indicator | value\nD1 | 2024 | census | {population} | {people}"
    )

    rows = answer(counts, TREE, question("surviving_infants", period="year", levels=["district"]))

    assert show(rows, "denominator", "denominator_name") == [(round(target, 4), name)]


def test_a_census_is_grown_to_later_years_only_when_asked_and_the_name_says_how() -> None:
    counts = observations(
        """
        place | period | source | indicator         | value
        D1    | 2012   | dhis2  | dtp1_doses        | 1000
        D1    | 2009   | census | surviving_infants | 1000
        """
    )
    grown = {"base_year": 2009, "growth": 0.03}

    plain = answer(counts, TREE, question("dtp1_coverage", period="year", levels=["district"]))
    asked = answer(
        counts, TREE, question("dtp1_coverage", period="year", levels=["district"], denominator=grown)
    )

    assert show(plain, "value", "caveat") == [(None, "no_denominator")]
    assert show(asked, "denominator", "denominator_name", "caveat") == [
        (1092.727, "surviving_infants@census:annual;base=2009;growth=0.03", "grown_target")
    ]


def test_another_population_and_another_source_can_be_chosen() -> None:
    counts = observations(
        """
        place | period | source | indicator          | value
        D1    | 2024   | dhis2  | dtp1_doses         | 90
        D1    | 2024   | dhis2  | surviving_infants  | 100
        D1    | 2024   | wpp    | population_under_1 | 150
        """
    )
    choice = {"population": "population_under_1", "source": "wpp"}

    rows = answer(
        counts, TREE, question("dtp1_coverage", period="year", levels=["district"], denominator=choice)
    )

    assert show(rows, "value", "denominator_name") == [(0.6, "population_under_1@wpp:annual")]


def test_a_stated_population_is_kept_and_one_summed_from_a_part_of_the_places_says_so() -> None:
    counts = observations(
        """
        place | period | indicator         | value
        # the country states its own, which is not the sum of its districts
        ML    | 2024   | surviving_infants | 1000
        D1    | 2023   | surviving_infants | 380
        D1    | 2024   | surviving_infants | 400
        D2    | 2024   | surviving_infants | 500
        """
    )

    rows = answer(counts, TREE, question("surviving_infants", period="year", levels=["country"]))

    assert show(rows, "period", "value", "caveat") == [
        ("2023", 380, "target_incomplete"),
        ("2024", 1000, "target_differs"),
    ]


def test_a_quarter_that_lies_in_two_financial_halves_takes_each_calendar_year_s_share() -> None:
    counts = observations(
        """
        place | period    | indicator         | value
        D1    | 2023April | dtp1_doses        | 900
        D1    | 2023      | surviving_infants | 1200
        D1    | 2024      | surviving_infants | 2400
        """
    )

    rows = answer(counts, TREE, question("dtp1_coverage", period="year_april", levels=["district"]))

    # nine months of 2023 and three of 2024
    assert show(rows, "denominator") == [(900 + 600,)]


def test_the_name_of_a_denominator_can_be_taken_apart() -> None:
    name = DenominatorName.parse(
        "surviving_infants<live_births@census-2009:annual/4;base=2009;growth=0.03;k=0.25"
    )

    assert (name.population, name.derived_from, name.source) == (
        "surviving_infants",
        "live_births",
        "census-2009",
    )
    assert (name.rule, name.base_year, name.growth, name.k) == ("annual/4", 2009, 0.03, 0.25)
    assert DenominatorName.parse(";k=0.25") == DenominatorName(k=0.25)
    assert DenominatorName.parse("dtp1_doses:rolling4").rule == "rolling4"
