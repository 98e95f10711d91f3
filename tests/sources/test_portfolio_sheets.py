"""Does a messy sheet of the portfolio become exactly what it says, and everything else a fault with its reason?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from kalanso.sources import BadFile
from kalanso.sources.portfolio import PortfolioSheet, read
from kalanso.sources.portfolio.headings import field_of
from kalanso.sources.portfolio.values import READERS, Unclear
from kalanso.sources.workbooks import Sheet, open_workbook
from kalanso.vocabulary import Message

DISTRICTS = [
    ("D1", "Niono", "Ségou"), ("D2", "Bougouni", "Sikasso"), ("D3", "Yorosso", "Sikasso"), ("D4", "Kayes", "Kayes"),
    ("D5", "Commune I", "Bamako"), ("D6", "Markala", "Ségou"), ("D7", "Markala", "Koulikoro"),
]  # fmt: skip
HEADS = ["Code", "Intervention", "Région", "District", "Début", "Fin", "Cible", "État", "Raison"]


def listed(*rows: list[Any], heads: list[str] | None = None, merged: tuple[Any, ...] = ()) -> PortfolioSheet:
    told: list[list[Any]] = [heads or HEADS, *rows]
    width = max(map(len, told))
    return read(
        Sheet(
            file="f.xlsx", name="P", rows=[row + [None] * (width - len(row)) for row in told], merged=merged
        ),
        DISTRICTS,
    )


def faults(told: PortfolioSheet) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.message.removeprefix("sources.portfolio.")) for one in told.faults]


def test_a_list_of_one_row_per_intervention_and_district() -> None:
    told = listed(["int-1", "Soir", None, "Niono", "01/02/2025", "T4 2025", "1 200", "en cours", None])
    assert told.layout == "list"
    assert [(one.code, dict(one.fields)) for one in told.interventions] == [("INT-1", {"title_fr": "Soir"})]
    assert [(one.code, one.place_code, dict(one.fields)) for one in told.cells] == [
        ("INT-1", "D1", {"begins": "2025-02-01", "ends": "2025-12-31", "target": 1200, "state": "ongoing"})
    ]
    assert not told.faults


def test_a_grid_of_districts_under_two_rows_of_headings_with_merged_cells() -> None:
    rows = [
        ["Portefeuille 2025", None, None, None, None],
        [None, None, "Sikasso", None, "Kayes"],
        ["N°", "Intervention", "DS de Bougouni", "YOROSSO", "Kayes"],
        ["INT-1", "Soir", "x", "en cours", 12],
        ["INT-2", "Dimanche", "non", None, "✓"],
        ["Total", None, 1, 1, 13],
    ]
    told = read(Sheet(file="f", name="", rows=rows, merged=((1, 2, 1, 3), (0, 0, 0, 4))), DISTRICTS)  # type: ignore[arg-type]
    assert told.layout == "grid"
    assert [(one.code, one.place_code, dict(one.fields)) for one in told.cells] == [
        ("INT-1", "D2", {}), ("INT-1", "D3", {"state": "ongoing"}), ("INT-1", "D4", {"target": 12}), ("INT-2", "D4", {}),
    ]  # fmt: skip
    assert told.skipped == {"total": 1}
    assert not told.faults


def test_a_merged_code_speaks_for_its_rows_and_an_empty_one_for_none() -> None:
    rows = (["INT-1", "Soir", None, "Niono"], [None, None, None, "Kayes"], [None, None, None, "Bougouni"])
    assert [one.place_code for one in listed(*rows, merged=((1, 0, 2, 0), (1, 1, 2, 1))).cells] == [
        "D1",
        "D4",
    ]
    assert faults(listed(*rows, merged=((1, 0, 2, 0),))) == [(4, "A", "no_code")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ([None, "Soir", None, "Niono"], ("A", "no_code")),
        (["I", "Soir", None, None], ("D", "no_district")),
        (["I", "Soir", None, "Tombouctou"], ("D", "unknown_district")),
        (["I", "Soir", None, "Yoroso"], ("D", "unknown_district_near")),
        (["I", "Soir", None, "Markala"], ("D", "two_districts")),
        (["I", "Soir", None, "Niono", "31/02/2025"], ("E", "no_such_day")),
        (["I", "Soir", None, "Niono", "01/02/25"], ("E", "not_a_day")),
        (["I", "Soir", None, "Niono", 45_292], ("E", "not_a_day")),
        (["I", "Soir", None, "Niono", date(1925, 1, 1)], ("E", "far_day")),
        (["I", "Soir", None, "Niono", "01/03/2025", "01/02/2025"], ("F", "ends_first")),
        (["I", "Soir", None, "Niono", None, None, "45 %"], ("G", "percent")),
        (["I", "Soir", None, "Niono", None, None, 0.45], ("G", "percent")),
        (["I", "Soir", None, "Niono", None, None, "1,234"], ("G", "two_numbers")),
        (["I", "Soir", None, "Niono", None, None, 0], ("G", "zero")),
        (["I", "Soir", None, "Niono", None, None, -3], ("G", "zero")),
        (["I", "Soir", None, "Niono", None, None, "1,5 M"], ("G", "not_a_quantity")),
        (["I", "Soir", None, "Niono", None, None, 2.5], ("G", "not_a_quantity")),
        (["I", "Soir", None, "Niono", None, None, None, "presque"], ("H", "unknown_state")),
        (["I", datetime(2025, 1, 1, tzinfo=UTC), None, "Niono"], ("B", "day_for_words")),
    ],
)
def test_what_cannot_be_told_is_refused_where_it_stands(row: list[Any], fault: tuple[str, str]) -> None:
    told = listed(row)
    assert faults(told) == [(2, *fault)]
    assert not told.cells
    for one in told.faults:
        for locale in ("fr", "en"):
            says = Message(one.message, {"found": one.found, "expected": one.expected}).render(locale)
            assert "{" not in says


def test_the_region_tells_two_districts_of_one_name_apart() -> None:
    assert [one.place_code for one in listed(["I", "Soir", "Ségou", "Markala"]).cells] == ["D6"]


def test_the_same_said_twice_is_counted_and_two_different_things_are_both_refused() -> None:
    told = listed(
        ["I", "Soir", None, "Niono", None, None, 5], ["I", "Soir", None, "Niono", None, None, 5], ["I", "Soir", None, "Kayes", None, None, 5],
        ["I", "Soir", None, "Kayes", None, None, 6],
    )  # fmt: skip
    assert [one.place_code for one in told.cells] == ["D1"]
    assert told.skipped == {"repeated": 1}
    assert faults(told) == [(4, "D", "twice"), (5, "D", "twice")]


def test_an_intervention_that_is_said_otherwise_further_down_is_refused_there() -> None:
    told = listed(["I", "Soir", None, "Niono"], ["I", "Matin", None, "Kayes"])
    assert [one.place_code for one in told.cells] == ["D1"]
    assert faults(told) == [(3, "B", "said_otherwise")]


def test_a_column_of_a_grid_that_is_no_district_is_named_once() -> None:
    heads = ["Code", "Intervention", "Niono", "Kayes", "Bougouni", "Yoroso", "Total"]
    told = listed(
        ["I", "Soir", "x", None, None, "x", 2], ["J", "Matin", None, "x", None, "x", 2], heads=heads
    )
    assert faults(told) == [(1, "F", "unknown_district_near")]
    assert told.skipped == {"total_column": 1}
    assert [one.place_code for one in told.cells] == ["D1", "D4"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["Quoi", "Où"], ["a", "b"]], "no_headings"),
        ([["Code", "Intervention", "Niono"], ["a", "b", "x"]], "no_districts"),
        ([["Code", "District", "Début", "Date de début"], ["a", "Niono", None, None]], "heading_twice"),
    ],
)
def test_a_sheet_without_its_headings_is_refused_with_what_to_try(
    rows: list[list[Any]], message: str
) -> None:
    with pytest.raises(BadFile, match=r"expected|column|heading|neither|two") as caught:
        read(Sheet(file="f.xlsx", name="P", rows=rows), DISTRICTS)
    assert caught.value.message_id == f"sources.portfolio.{message}"


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("Code de l'intervention", "code"), ("N°", "code"), ("Activités", "title_fr"), ("District sanitaire", "district"), ("DS", "district"),
        ("Date de début", "begins"), ("Date de fin", "ends"), ("Quantité prévue", "target"), ("Statut", "state"), ("Chef de file", "lead"),
        ("Structure de mise en œuvre", "organisation"), ("Partenaires d'appui", "partners"), ("Coût unitaire (FCFA)", "unit_cost"),
        ("Unité", "unit"), ("Title (English)", "title_en"), ("Couverture", ""), ("", ""),
    ],
)  # fmt: skip
def test_headings_are_known_by_their_usual_names(label: str, field: str) -> None:
    assert field_of(label) == field


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("approach", "Horaires étendus", "extended_hours"), ("approach", "Clinique mobile trimestrielle", "mobile_clinic"),
        ("approach", "Relais payés en zone de conflit", "paid_relais"), ("gender", "2", "responsive"), ("steps", "I, R", ["identify", "reach"]),
        ("steps", "IRMMA", ["identify", "reach", "monitor", "measure", "advocate"]), ("unit_cost", "25 000 FCFA", 25000.0),
        ("partners", "OMS ; UNICEF", ["OMS", "UNICEF"]), ("state", "Achevée", "completed"),
    ],
)  # fmt: skip
def test_words_of_lists_are_known_by_their_usual_names(name: str, cell: str, value: Any) -> None:
    assert READERS[name](cell) == value


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("approach", "magie"),
        ("gender", "beaucoup"),
        ("steps", "Z"),
        ("unit_cost", "cher"),
        ("unit_cost", "-5"),
    ],
)
def test_other_words_are_unclear(name: str, cell: str) -> None:
    with pytest.raises(Unclear):
        READERS[name](cell)


def test_79_interventions_in_44_districts_are_read_from_a_real_workbook(tmp_path: Path) -> None:
    districts = [
        (f"D{n}", f"District {chr(65 + n // 26)}{chr(97 + n % 26)}ville", "Région") for n in range(44)
    ]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([None, "Portefeuille", "Région"])
    sheet.merge_cells(start_row=1, start_column=3, end_row=1, end_column=46)
    sheet.append(["Code", "Intervention", *(name for _code, name, _region in districts)])
    for line in range(79):
        sheet.append([f"INT-{line + 1:03d}", f"Titre {line}", *(line + column + 1 for column in range(44))])
    sheet["D10"], sheet["E10"] = "45 %", "#REF!"
    book.save(tmp_path / "p.xlsx")
    told = read(open_workbook(tmp_path / "p.xlsx").sheet(), districts)
    assert (told.layout, told.read, len(told.interventions), len(told.cells)) == ("grid", 79, 79, 79 * 44 - 2)
    assert [one.row for one in told.faults] == [10, 10]
