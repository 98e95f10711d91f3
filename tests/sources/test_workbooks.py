"""What stands in the cells of a file that was opened safely?"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from kalanso.sources.faults import BadFile
from kalanso.sources.text_files import column_letter, find_separator
from kalanso.sources.workbooks import FaultyCell, Limits, open_workbook, require_columns


def test_cells_keep_their_place_their_type_and_their_faults(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Données"
    sheet["B2"], sheet["C2"], sheet["D2"] = "Nom", 5, 0.5
    sheet["B3"], sheet["C3"], sheet["D3"] = "=A1", date(2023, 1, 1), True
    sheet["E4"] = "#REF!"
    sheet["E4"].data_type = "e"
    book.create_sheet("Cachée").sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")

    opened = open_workbook(tmp_path / "a.xlsx")
    read = opened.sheet("  données ")

    assert read.rows[1][1:4] == ["Nom", 5, 0.5]
    assert isinstance(read.rows[1][2], int)
    assert read.rows[2][1:4] == [FaultyCell("formula"), date(2023, 1, 1), True]
    assert read.rows[3][4] == FaultyCell("error", "#REF!")
    assert (opened.names, opened.sheets["Cachée"].hidden) == (["Données", "Cachée"], True)


def test_merged_ranges_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.active.merge_cells("A1:C2")
    book.save(tmp_path / "a.xlsx")

    assert open_workbook(tmp_path / "a.xlsx").sheet().merged == ((0, 0, 1, 2),)


def test_only_the_sheets_asked_for_are_loaded(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.create_sheet("Deux")["A1"] = 2
    book.save(tmp_path / "a.xlsx")

    opened = open_workbook(tmp_path / "a.xlsx", sheets=["Deux"])

    assert [len(sheet.rows) for sheet in opened.sheets.values()] == [0, 1]


def test_times_of_day_are_kept(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = datetime(2023, 1, 1, 5, 6)  # noqa: DTZ001
    book.save(tmp_path / "a.xlsx")

    assert open_workbook(tmp_path / "a.xlsx").sheet().rows == [[datetime(2023, 1, 1, 5, 6)]]  # noqa: DTZ001


def test_rows_of_a_text_file_keep_the_numbers_that_a_spreadsheet_shows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a;b\n\n"deux\nlignes";2\n3\n')

    rows = open_workbook(tmp_path / "a.csv").sheet().rows

    assert rows == [["a", "b"], [None, None], ["deux\nlignes", "2"], ["3", None]]


def test_a_name_does_not_decide_what_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("a,b\n1,2\n")

    assert open_workbook(tmp_path / "a.xlsx").kind == "csv"


def test_limits_of_bytes_and_cells_can_be_set(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")

    for limits, case in ((Limits(file_bytes=3), "too_large"), (Limits(cells=3), "too_many_cells")):
        with pytest.raises(BadFile) as caught:
            open_workbook(tmp_path / "a.csv", limits=limits)
        assert caught.value.message_id == f"sources.file.{case}"


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('a,b\n"x;y",2\n"z;w",3\n', ","),
        ("Titre, avec virgule\n\na;b;c\n1;2;3\n4;5;6\n", ";"),
        ("seule\n1\n2\n", ","),
    ],
)
def test_the_separator_is_the_one_that_cuts_rows_evenly(text: str, separator: str) -> None:
    assert find_separator(text) == separator


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    assert [column_letter(n) for n in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


def test_wanted_headings_are_found_whatever_their_case_and_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Nom ,  CODE\nx,y\n")
    sheet = open_workbook(tmp_path / "a.csv").sheet()

    assert require_columns(sheet, 1, ["nom", "code"]) == {"nom": 0, "code": 1}
    with pytest.raises(BadFile, match=r"“codes” is missing; found: CODE"):
        require_columns(sheet, 1, ["codes"])


@pytest.mark.shared_data
def test_a_real_workbook_is_opened_with_all_its_sheets(shared_data: Path) -> None:
    opened = open_workbook(shared_data / "kenya" / "countdown_workbook_2019_2023.xlsx")

    assert len(opened.sheets["Service_data_1"].rows) > 2800
