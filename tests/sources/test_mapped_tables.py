"""Does a table of any shape say the same once its columns are explained?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kalanso.sources import mapped
from kalanso.sources.column_maps import ColumnMap, FileForm, Meaning, PeriodColumns, PlaceColumns
from kalanso.sources.readings import LISTED_OBSERVATIONS, LISTED_PLACES, Reading

LONG = ColumnMap(
    place=PlaceColumns(
        name="Aire de santé", parent="District", level="health_area", system="pev", vintage="2024"
    ),
    period=PeriodColumns(column="Mois"),
    indicator="Indicateur",
    value="Valeur",
)
PENTA1 = Meaning(indicator="dtp1_doses", age_band="0-11m")
BCG = Meaning(indicator="bcg_doses", age_band="0-11m")


def read_csv(tmp_path: Path, text: str, column_map: ColumnMap = LONG, encoding: str = "utf-8") -> Reading:
    file = tmp_path / "tableau.csv"
    file.write_bytes(text.encode(encoding))
    return checked(mapped.read(file, column_map=column_map))


def read_xlsx(
    tmp_path: Path, rows: list[list[Any]], column_map: ColumnMap, merged: tuple[str, ...] = ()
) -> Reading:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for span in merged:
        book.active.merge_cells(span)
    book.save(tmp_path / "tableau.xlsx")
    return checked(mapped.read(tmp_path / "tableau.xlsx", column_map=column_map))


def checked(reading: Reading) -> Reading:
    reading.receipt.check()
    assert reading.observations.schema == LISTED_OBSERVATIONS
    assert reading.places.schema == LISTED_PLACES
    return reading


def numbers(reading: Reading) -> dict[tuple[str, str, str], float | None]:
    rows = reading.observations.to_pylist()
    return {(row["listed_name"], row["period"], row["indicator"]): row["value"] for row in rows}


def test_a_long_table_keeps_every_number_and_says_what_it_left_out(tmp_path: Path) -> None:
    reading = read_csv(
        tmp_path,
        "Rapport mensuel\n"
        "AIRE DE SANTE;District;Mois;Indicateur;Valeur\n"
        "Pelengana Nord ;Ségou;Décembre 2023;Penta 1;1\u202f234\n"
        "Boura;Yorosso;Decembre 2023;Penta 1;ND\n"
        "Boura;Yorosso;janv-24;BCG;0\n"
        "\n"
        "Total;;;;1234\n"
        "Source : CNI, 2024;;;;\n",
        ColumnMap(**{**vars(LONG), "file": FileForm(headings=(2,))}),
    )

    assert numbers(reading) == {
        ("Pelengana Nord", "202312", "dtp1_doses"): 1234,
        ("Boura", "202312", "dtp1_doses"): None,
        ("Boura", "202401", "bcg_doses"): 0,
    }
    assert [row["status"] for row in reading.observations.to_pylist()] == ["reported", "missing", "zero"]
    assert reading.receipt.as_dict() | {"notes": []} == {
        "reader": "tables", "file": "tableau.csv", "unit": "rows", "read": 8, "stored": 3,
        "skipped": {"sources.skipped.heading": 2, "sources.skipped.blank_line": 1, "sources.skipped.total": 1,
                    "sources.skipped.note": 1},
        "rejected": {}, "suspicious": {"sources.suspicious.age_unknown": 3}, "notes": [],
    }  # fmt: skip


def test_places_stand_as_the_list_names_them_with_their_first_row(tmp_path: Path) -> None:
    reading = read_csv(
        tmp_path,
        "Aire de santé,District,Mois,Indicateur,Valeur\nBoura,Yorosso,202401,BCG,1\nBoura ,Yorosso,202402,BCG,2\n",
    )

    assert reading.places.select(["code", "name", "parent_name", "level", "row"]).to_pylist() == [
        {"code": "Boura", "name": "Boura", "parent_name": "Yorosso", "level": "health_area", "row": 2}
    ]
    assert (reading.system, reading.vintage) == ("pev", "2024")


def test_several_rows_of_headings_with_merged_cells_give_indicator_period_and_age(tmp_path: Path) -> None:
    reading = read_xlsx(
        tmp_path,
        [
            ["Tableau 3"],
            [None, "District", "Penta 1", None, None, None, "BCG", None],
            [None, None, "Janv 2023", None, date(2023, 2, 1), None, "Janv 2023", "Total"],
            ["Région", None, "0-11 mois", "12-23 mois", "0-11 mois", "12-23 mois", "0-11 mois", None],
            ["Kayes", "Kita", 1, 2, 3, 4, 5, 15],
            [None, "Nioro", 6, 7, None, 0, 8, 21],
        ],
        ColumnMap(
            file=FileForm(headings=(2, 3, 4)),
            place=PlaceColumns(name="District", parent="Région"),
            wide=("indicator", "period", "age_band"),
            indicators={"Penta 1": Meaning(indicator="dtp1_doses"), "BCG": Meaning(indicator="bcg_doses")},
        ),
        merged=("C2:F2", "G2:H2", "C3:D3", "E3:F3", "B2:B4", "A5:A6"),
    )

    rows = reading.observations.to_pylist()
    assert [(r["listed_parent"], r["listed_name"], r["period"], r["indicator"], r["age_band"], r["value"]) for r in rows] == [
        ("Kayes", "Kita", "202301", "dtp1_doses", "0-11m", 1),
        ("Kayes", "Kita", "202301", "dtp1_doses", "12-23m", 2),
        ("Kayes", "Kita", "202302", "dtp1_doses", "0-11m", 3),
        ("Kayes", "Kita", "202302", "dtp1_doses", "12-23m", 4),
        ("Kayes", "Kita", "202301", "bcg_doses", "0-11m", 5),
        ("Kayes", "Nioro", "202301", "dtp1_doses", "0-11m", 6),
        ("Kayes", "Nioro", "202301", "dtp1_doses", "12-23m", 7),
        ("Kayes", "Nioro", "202302", "dtp1_doses", "0-11m", None),
        ("Kayes", "Nioro", "202302", "dtp1_doses", "12-23m", 0),
        ("Kayes", "Nioro", "202301", "bcg_doses", "0-11m", 8),
    ]  # fmt: skip
    assert (reading.receipt.unit, reading.receipt.read, reading.receipt.stored) == ("values", 10, 10)


def test_months_in_headings_take_their_year_from_the_map_or_from_a_column(tmp_path: Path) -> None:
    wide = {"place": PlaceColumns(name="Aire"), "wide": ("month",), "constants": {"indicator": "bcg_doses"}}
    stated = ColumnMap(**wide, period=PeriodColumns(year_is=2023))
    in_column = ColumnMap(**wide, period=PeriodColumns(year="Année"))

    by_map = read_csv(tmp_path, "Aire,Janvier,Août\nBoura,1,2\n", stated)
    by_column = read_csv(tmp_path, "Aire,Année,Janvier,Août\nBoura,2023,1,2\nBoura,2024,3,4\n", in_column)

    assert [period for _, period, _ in numbers(by_map)] == ["202301", "202308"]
    assert sorted(period for _, period, _ in numbers(by_column)) == ["202301", "202308", "202401", "202408"]


def test_year_and_month_may_stand_in_two_columns(tmp_path: Path) -> None:
    column_map = ColumnMap(
        place=PlaceColumns(code="code"), period=PeriodColumns(year="an", month="mois"), value="n",
        constants={"indicator": "bcg_doses", "age_band": "0-11m", "strategy": "fixed"},
    )  # fmt: skip

    reading = read_csv(tmp_path, "code,an,mois,n\nML01,2023,déc.,7\nML01,2024,1,8\n", column_map)

    assert [
        (r["listed_code"], r["period"], r["strategy"], r["age_band"])
        for r in reading.observations.to_pylist()
    ] == [
        ("ML01", "202312", "fixed", "0-11m"),
        ("ML01", "202401", "fixed", "0-11m"),
    ]


def test_qualities_products_and_reports_stand_on_each_number(tmp_path: Path) -> None:
    column_map = ColumnMap(
        place=PlaceColumns(name="Aire"), period=PeriodColumns(column="Mois"), indicator="Indicateur", value="Valeur",
        columns={"age_band": "Age", "strategy": "Stratégie", "sex": "Sexe", "product": "Produit",
                 "reports_expected": "Attendus", "reports_received": "Reçus"},
        labels={"strategy": {"SA": "outreach"}},
    )  # fmt: skip

    row = read_csv(
        tmp_path,
        "Aire;Mois;Indicateur;Valeur;Age;Stratégie;Sexe;Produit;Attendus;Reçus\n"
        "Boura;T4 2023;DTC-HepB-Hib 1;12;0-11 mois;SA;Filles;Penta;3;2\n",
        column_map,
    ).observations.to_pylist()[0]

    assert {k: row[k] for k in ("period", "indicator", "age_band", "strategy", "sex", "product")} == {
        "period": "2023Q4", "indicator": "dtp1_doses", "age_band": "0-11m", "strategy": "outreach", "sex": "female",
        "product": "penta",
    }  # fmt: skip
    assert (row["reports_expected"], row["reports_received"], row["reports_on_time"]) == (3, 2, None)


@pytest.mark.parametrize(
    ("unit", "text", "stored"),
    [
        ("count", "1 234", 1234),
        ("count", "1\u00a0234", 1234),
        ("count", "1'234", 1234),
        ("count", "1.234.567", 1_234_567),
        ("count", "1,234,567", 1_234_567),
        ("count", "1.234,5", 1234.5),
        ("count", "1,234.5", 1234.5),
        ("count", "-3", -3),
        ("count", "1,2E+03", 1200),
        ("share", "0,85", 0.85),
        ("share", "85 %", 0.85),
        ("percent", "85", 0.85),
        ("percent", "85,5%", 0.855),
        ("percent", "105", 1.05),
    ],
)
def test_a_number_is_stored_in_its_unit_however_it_is_written(
    tmp_path: Path, unit: str, text: str, stored: float
) -> None:
    column_map = ColumnMap(**{**vars(LONG), "unit": unit})

    reading = read_csv(
        tmp_path, f"Aire de santé;District;Mois;Indicateur;Valeur\nA;B;202401;x;{text}\n", column_map
    )

    assert list(numbers(reading).values()) == [pytest.approx(stored)]


@pytest.mark.parametrize(
    "blank", ["", " ", "-", "–", "n/a", "N/A", "ND", "n.d.", "NULL", "Non disponible", "…"]
)
def test_every_word_for_nothing_is_a_missing_number(tmp_path: Path, blank: str) -> None:
    reading = read_csv(
        tmp_path, f"Aire de santé;District;Mois;Indicateur;Valeur\nA;B;202401;x;{blank}\nA;B;202402;x;1\n"
    )

    assert reading.observations.column("status").to_pylist() == ["missing", "reported"]


def test_what_looks_doubtful_is_stored_and_counted(tmp_path: Path) -> None:
    reading = read_csv(
        tmp_path,
        "Aire de santé;District;Mois;Indicateur;Valeur\n"
        "A;B;202401;visites;-1\nA;B;202402;visites;2,5\nA;B;202403;visites;4\nA;B;202403;visites;4\n",
    )

    assert dict(reading.receipt.suspicious) == {
        "sources.suspicious.negative": 1,
        "sources.suspicious.fractional": 1,
        "sources.suspicious.repeated_equally": 1,
    }
    assert reading.receipt.stored == 3
    assert reading.receipt.skipped["sources.skipped.repeated_equally"] == 1


def test_a_map_decides_what_a_column_cannot(tmp_path: Path) -> None:
    text = "Aire de santé;District;Mois;Indicateur;Valeur\nA;B;202401;x;1,234\n"

    comma, point = (
        read_csv(tmp_path, text, ColumnMap(**{**vars(LONG), "file": FileForm(decimal=mark)}))
        for mark in (",", ".")
    )

    assert [*numbers(comma).values(), *numbers(point).values()] == [1.234, 1234]


def test_names_written_once_are_filled_down_where_the_map_says_so(tmp_path: Path) -> None:
    column_map = ColumnMap(**{**vars(LONG), "fill_down": ("District",)})

    reading = read_csv(
        tmp_path,
        "Aire de santé,District,Mois,Indicateur,Valeur\nA,Ségou,202401,BCG,1\nB,,202401,BCG,2\n,,,,\nC,Niono,202401,BCG,3\n",
        column_map,
    )

    assert reading.observations.column("listed_parent").to_pylist() == ["Ségou", "Ségou", "Niono"]


def test_order_and_spelling_of_headings_do_not_matter(tmp_path: Path) -> None:
    reading = read_csv(tmp_path, "VALEUR\tindicateur\tMOIS\tDistrict\tAire  de Sante\n5\tBCG\t202401\tB\tA\n")

    assert numbers(reading) == {("A", "202401", "bcg_doses"): 5}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "mac-roman"]
)
def test_letters_are_whole_in_every_usual_encoding_and_the_receipt_says_which(
    tmp_path: Path, encoding: str
) -> None:
    text = "Aire de santé;District;Mois;Indicateur;Valeur\n" + "".join(
        f"Sévaré n° {i};Région à l’île;202401;BCG;{i}\n".replace("’", "'") for i in range(9)
    )

    reading = read_csv(tmp_path, text, encoding=encoding)

    assert reading.observations.column("listed_parent")[0].as_py() == "Région à l'île"
    found = next(n for n in reading.receipt.notes if n.id == "sources.note.text_form").params["encoding"]
    assert found == {"utf-8-sig": "utf-8", "latin-1": "cp1252"}.get(encoding, encoding)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_even_beside_decimal_commas(tmp_path: Path, separator: str) -> None:
    rows = [
        ["Aire de santé", "District", "Mois", "Indicateur", "Valeur"],
        *[["A", "B", f"2024-{m:02d}", "x", "1,5"] for m in range(1, 9)],
    ]
    quoted = [[f'"{c}"' if separator in c else c for c in row] for row in rows]

    reading = read_csv(tmp_path, "\n".join(separator.join(row) for row in quoted))

    assert set(numbers(reading).values()) == {1.5}


def test_a_hint_of_excel_about_the_separator_is_followed(tmp_path: Path) -> None:
    reading = read_csv(
        tmp_path,
        "sep=;\nAire de santé;District;Mois;Indicateur;Valeur\nA;B;202401;x;1\n",
        ColumnMap(**{**vars(LONG), "file": FileForm(headings=(2,))}),
    )

    assert reading.receipt.stored == 1


@pytest.mark.shared_data
def test_the_census_of_mali_is_read_without_losing_a_row(shared_data: Path) -> None:
    column_map = ColumnMap(
        place=PlaceColumns(
            code="Location", name="Cercle", parent="District", level="cercle", tree="administrative"
        ),
        period=PeriodColumns(constant="2009"),
        wide=("indicator",),
        indicators={"Population résidente": Meaning(indicator="population_total")},
        ignore=("Location frenchname",),
        other_columns="ignore",
    )

    reading = checked(mapped.read(shared_data / "mali" / "census_2009_by_cercle.csv", column_map=column_map))

    assert sum(v for v in reading.observations.column("value").to_pylist() if v) == 14_528_662
    assert not reading.receipt.rejected


def test_blank_and_source_lines_under_a_table_are_skipped_with_their_reason(tmp_path: Path) -> None:
    column_map = ColumnMap(
        place=PlaceColumns(code="Location", name="Cercle"), period=PeriodColumns(constant="2009"), wide=("indicator",),
        indicators={"Population": Meaning(indicator="population_total")}, ignore=("Note",),
    )  # fmt: skip

    reading = read_csv(
        tmp_path,
        "\ufeffLocation,Cercle,Note,Population\nML-1,Kita,,432531\nML-2,Diéma,,211772\n,,,\n"
        'Source:,,"Institut national, Mali",\nDownload URL:,,http://exemple.org,\n',
        column_map,
    )

    assert dict(reading.receipt.skipped) == {
        "sources.skipped.heading": 1, "sources.skipped.blank_line": 1, "sources.skipped.note": 2,
    }  # fmt: skip
