"""Does every facility of a list arrive, with its doubts counted?"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from kalanso.sources import BadFile, Reading, facilities

LIST = """"Country","Admin1","Facility name","Facility type","Ownership","Lat","Long","LL source","iso3c"
"Mali","Bamako","Abosac Community Health Centre","Community Health Centre",NA,12.63364,-7.98637,"GPS","MLI"
"Mali","Ségou","Pelengana  Nord","Community Health Centre",NA,13.45,-6.2,"GPS","MLI"
"Mali","Segou","Pelengana Nord","Community Health Centre",NA,13.6,-6.4,"GPS","MLI"
"Mali","Segou","Pelengana Nord","Community Health Centre",NA,13.6,-6.4,"GPS","MLI"
"Mali","Gao","Ansongo","Hospital",NA,NA,NA,NA,"MLI"
"Mali","Gao","Bourem","Hospital",NA,160.2,-0.35,"GPS","MLI"
"Kenya","Nairobi","Mbagathi","Hospital",NA,-1.3,36.8,"GPS","KEN"
"Mali","Gao",NA,"Hospital",NA,16.9,-0.3,"GPS","MLI"
Source: WHO/KWTRP,,,,,,,,
"""


def read(folder: Path, text: str = LIST) -> Reading:
    path = folder / "health_facilities_2019.csv"
    path.write_text(text, encoding="utf-8")
    reading = facilities.read(path, country="ML")
    reading.receipt.check()
    return reading


def test_facilities_of_one_name_are_told_apart_whatever_accents_and_spaces(tmp_path: Path) -> None:
    reading = read(tmp_path)

    codes = [code for code in reading.places["code"].to_pylist() if code.startswith("Pelengana")]
    assert codes == ["Pelengana Nord", "Pelengana Nord #2"]
    assert reading.receipt.suspicious["sources.suspicious.same_name"] == 1


def test_a_row_that_repeats_another_in_everything_is_kept_once(tmp_path: Path) -> None:
    assert read(tmp_path).receipt.skipped["sources.skipped.repeated_equally"] == 1


def test_a_facility_without_a_point_stays(tmp_path: Path) -> None:
    reading = read(tmp_path)

    at = reading.places["name"].to_pylist().index("Ansongo")
    assert reading.places["latitude"].to_pylist()[at] is None
    assert reading.receipt.suspicious["sources.suspicious.without_point"] == 1


def test_an_impossible_point_is_left_out_and_the_facility_stays(tmp_path: Path) -> None:
    reading = read(tmp_path)

    at = reading.places["name"].to_pylist().index("Bourem")
    assert reading.places["longitude"].to_pylist()[at] is None
    assert reading.receipt.suspicious["sources.suspicious.point_impossible"] == 1


def test_other_countries_notes_and_nameless_rows_are_counted(tmp_path: Path) -> None:
    receipt = read(tmp_path).receipt

    assert receipt.skipped["sources.skipped.other_country"] == 1
    assert receipt.skipped["sources.skipped.note"] == 1
    assert receipt.rejected["sources.rejected.no_place"] == 1
    assert (receipt.read, receipt.stored) == (9, 5)


def test_the_workbook_of_all_countries_is_read_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(
        ["Country", "Admin1", "Facility name", "Facility type", "Ownership", "Lat", "Long", "LL source"]
    )
    book.active.append(["Mali", "Kayes", "Kayes Plateau", "Hospital", None, 14.4, -11.4, "GPS"])
    book.active.append(["Niger", "Agadez", "Arlit", "Hospital", None, 18.7, 7.4, "GPS"])
    book.save(tmp_path / "list.xlsx")

    reading = facilities.read(tmp_path / "list.xlsx", country="ML")
    assert reading.places["name"].to_pylist() == ["Kayes Plateau"]


def test_shifted_columns_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="Facility name"):
        read(tmp_path, LIST.replace('"Facility name"', '"Facility"'))


@pytest.mark.shared_data
def test_all_1478_facilities_of_mali_arrive(shared_data: Path) -> None:
    reading = facilities.read(shared_data / "mali" / "health_facilities_2019.csv", country="ML")

    reading.receipt.check()
    assert reading.receipt.stored == 1478
    assert reading.receipt.suspicious["sources.suspicious.without_point"] == 30
    assert (
        len(
            set(
                zip(
                    reading.places["code"].to_pylist(), reading.places["parent_name"].to_pylist(), strict=True
                )
            )
        )
        == 1478
    )
