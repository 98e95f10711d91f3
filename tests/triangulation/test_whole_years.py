"""Is a yearly coverage that lacks months or places named instead of compared?"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pytest

from kalanso.triangulation import coverage_sources, sentence
from kalanso.triangulation.whole_years import KEY, spans, unfinished
from tests.triangulation.dossiers import PACK, lay, table

PLACES = table(
    "place_code parent_code level name",
    [
        ("ML", "", "country", "Mali"), ("D1", "ML", "district", "Bougouni"), ("D2", "ML", "district", "Macina"),
        ("H1", "D1", "health_area", "Kologo"), ("H2", "D1", "health_area", "Kola"),
    ],
)  # fmt: skip
YEAR = range(1, 13)


def told(source: str, place: str, months: Iterable[int]) -> list[tuple[str, str, str, str]]:
    return [(source, place, "dtp1", f"2024{month:02d}") for month in months]


def found(
    rows: list[tuple[str, str, str, str]], places: Iterable[tuple[str, str]], **targets: float
) -> pd.DataFrame:
    coverage = pd.DataFrame(
        [(place, 2024, "dtp1", source, targets.get(place, 100.0)) for place, source in places],
        columns=[*KEY, "target"],
    )
    return unfinished(
        coverage, table("source place_code indicator period", rows), PLACES, whole=0.95
    ).set_index("place_code")


def test_nine_months_are_not_a_year() -> None:
    lacks = found(told("sheets", "D1", range(1, 10)), [("D1", "sheets")])

    assert lacks.loc["D1", "months_told"] == 9
    assert lacks.loc["D1", "months"] == ["202410-202412"]
    assert lacks.loc["D1", "lacking"] == []


def test_a_country_lacks_the_district_of_which_another_source_tells() -> None:
    rows = [
        *told("sheets", "D1", YEAR), *told("sheets", "ML", YEAR),
        *told("snis", "D1", YEAR), *told("snis", "D2", YEAR), *told("snis", "ML", YEAR),
    ]  # fmt: skip
    lacks = found(rows, [("ML", "sheets"), ("D1", "sheets"), ("ML", "snis")])

    assert list(lacks.index) == ["ML"]
    assert lacks.loc["ML", "source"] == "sheets"
    assert lacks.loc["ML", "lacking"] == ["D2"]
    assert lacks.loc["ML", "share"] == 0.5


def test_a_small_district_that_lacks_does_not_take_the_country_away() -> None:
    rows = [*told("sheets", "D1", YEAR), *told("sheets", "ML", YEAR), *told("snis", "D2", YEAR)]

    assert found(rows, [("ML", "sheets"), ("D1", "sheets"), ("D2", "snis")], D1=970.0, D2=30.0).empty


def test_a_district_of_which_months_lack_weighs_on_the_country_although_others_told_them() -> None:
    rows = [*told("sheets", "D1", YEAR), *told("sheets", "D2", range(1, 7)), *told("sheets", "ML", YEAR)]
    lacks = found(rows, [("ML", "sheets")])

    assert lacks.loc["ML", "share"] == pytest.approx(0.75)
    assert lacks.loc["ML", "lacking"] == ["D2"]


def test_one_report_of_an_area_that_lacks_leaves_the_year_whole() -> None:
    rows = [*told("snis", "H1", range(1, 12)), *told("snis", "H2", YEAR), *told("snis", "D1", YEAR)]

    assert found(rows, [("H1", "snis"), ("D1", "snis")]).empty


def test_two_areas_are_not_a_district() -> None:
    rows = [*told("sheets", "H1", YEAR), *told("sheets", "D1", YEAR), *told("snis", "H2", YEAR)]

    assert found(rows, [("D1", "sheets")]).loc["D1", "lacking"] == ["H2"]


def test_a_source_that_tells_years_alone_is_whole() -> None:
    assert found(told("snis", "D1", YEAR), [("D1", "annual")]).empty


def test_months_that_lack_are_said_as_spans() -> None:
    assert spans(2024, [1, 2, 5, 11, 12]) == ["202401-202402", "202405-202405", "202411-202412"]


def test_the_sentence_names_what_lacks_and_no_gap_is_computed() -> None:
    lacks = table(
        "place_code year indicator source value months_told months lacking",
        [("ML", 2024, "dtp1", "sheets", 0.69, 9, "202410-202412", "D2")],
    )
    whole = table(
        "place_code year indicator source kind value doses target",
        [("ML", 2024, "dtp1", "snis", "administrative", 1.1, 110, 100)],
    )
    answer = coverage_sources.compare(lay(places=PLACES, coverage=whole, unfinished=lacks))

    assert set(answer.rows["source"]) == {"snis"}
    said = [one for one in answer.findings if "unfinished" in one.message.id]
    assert len(said) == 1
    names = dict(zip(PLACES["place_code"], PLACES["name"], strict=True))
    assert sentence(said[0].message, names, PACK, "fr", {"sheets": "Classeurs"}) == (
        "Mali, 2024 : DTC1 selon Classeurs compte 9 mois sur 12 (il manque octobre à décembre 2024) et ne dit rien, ou moins encore,"
        " de Macina (lieux en tout : 1). Divisées par la cible entière, ces doses donneraient 69 % : ce chiffre n’est pas comparé"
        " aux autres sources.".replace("69 %", "69\u202f%")
    )
    assert "October to December 2024" in sentence(said[0].message, names, PACK, "en")
