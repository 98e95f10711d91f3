"""Is a year of doses judged only where enough of it was reported, and said in plain words?"""

from __future__ import annotations

from typing import Any

import pytest

from kalanso import definitions
from kalanso.quality import dropout, sentence


@pytest.mark.parametrize(
    ("areas", "months", "judged"),
    [
        (1, 1, False),  # one month of one of four areas: a sheet with an error of typing
        (4, 1, False),  # one month of all
        (1, 11, False),  # one area all the year
        (1, 12, True),  # a quarter of 4 areas x 12 months
        (4, 3, True),
        (4, 12, True),
    ],
)
def test_a_year_is_judged_where_a_quarter_of_its_places_and_months_reported(
    areas: int, months: int, judged: bool, observed: Any, evidence: Any, found: Any
) -> None:
    rows = [
        row
        for area in range(areas)
        for code, doses in (("dtp1_doses", 300.0), ("dtp3_doses", 1200.0))
        for row in observed(code, [doses] * months, place_code=f"A{area}")
    ]
    # Another source has all areas, and facilities below them that this one does not speak of.
    tree = {f"A{area}": "district" for area in range(4)} | {f"F{n}": "A0" for n in range(9)}
    levels = {f"A{area}": "health_area" for area in range(4)} | {f"F{n}": "facility" for n in range(9)}
    told = found(dropout.find(evidence(rows, tree=tree, levels=levels)))
    years = told[(told.place_code == "district") & (told.period_type == "year")]

    assert (list(years.message) == ["quality.dropout.negative_year"]) is judged
    assert (told.period_type == "month").any()


def test_one_negative_period_is_said_in_the_singular() -> None:
    told = {
        "place": "Kayes", "period": "2025", "last": "dtp3_doses", "first": "dtp1_doses", "later": 1396,
        "earlier": 273, "value": -4.114, "negative": 1, "n": 1,
    }  # fmt: skip
    said = sentence("quality.dropout.negative_year", told, definitions.load("ML"))

    assert "négatif pendant 1 période sur 1." in said
    assert "pendant 1 des 12 périodes." in sentence(
        "quality.dropout.negative_year", told | {"n": 12}, definitions.load("ML")
    )
