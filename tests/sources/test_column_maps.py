"""Can a person write, correct, save and reuse the meaning of columns?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from babel.messages.pofile import read_po

from kalanso.sources import mapped
from kalanso.sources.column_maps import (
    ColumnMap,
    FileForm,
    Meaning,
    PlaceColumns,
    from_document,
    from_rows,
    load_map,
)
from kalanso.sources.faults import BadFile
from kalanso.sources.guesses import guess_map
from kalanso.sources.headings import quality_code, recognised

FULL = ColumnMap(
    file=FileForm(sheet="Données", headings=(2, 3), decimal=",", dates="dmy"),
    place=PlaceColumns(code="Code", name="Aire", parent="District", level="health_area", system="pev", vintage="2024"),
    wide=("indicator", "period"),
    indicators={"Penta 1": Meaning(indicator="dtp1_doses", age_band="0-11m"), "Couv.": Meaning(indicator="c", unit="percent")},
    columns={"strategy": "Stratégie"},
    labels={"strategy": {"SA": "outreach", "SF": "fixed"}},
    constants={"sector": "public"},
    ignore=("Observations", "Visa"),
    blanks=("néant",),
)  # fmt: skip


@pytest.mark.parametrize("ending", ["yaml", "json", "csv"])
def test_a_saved_map_is_read_back_unchanged(tmp_path: Path, ending: str) -> None:
    path = FULL.save(tmp_path / f"plan.{ending}")

    assert load_map(path) == FULL


def test_a_map_is_also_a_table_of_settings() -> None:
    rows = FULL.as_rows()

    assert {"section": "labels", "name": "strategy", "attribute": "SA", "value": "outreach"} in rows
    assert from_rows(rows) == FULL


def minimal(**changed: object) -> dict[str, object]:
    document = {"place": {"name": "Aire"}, "period": {"column": "Mois"}, "indicator": "Ind", "value": "Val"}
    return {key: value for key, value in {**document, **changed}.items() if value is not None}


@pytest.mark.parametrize(
    ("document", "case", "column"),
    [
        (minimal(places={"name": "x"}), "unknown_setting", "places"),
        (minimal(place={"nom": "x"}), "unknown_setting", "place.nom"),
        (minimal(place={}), "no_place", "place"),
        (minimal(period=None), "no_period", "period"),
        (minimal(period={"column": "a", "constant": "2024"}), "no_period", "period"),
        (minimal(indicator=None), "no_indicator", "indicator"),
        (minimal(wide=["indicator"]), "wide_or_long", "wide"),
        (minimal(value=None, wide=["indicator", "period"], period=None), "heading_roles", "wide"),
        (minimal(unit="percentage"), "bad_value", "unit"),
        (minimal(labels={"sex": {"G": "boy"}}), "bad_value", "labels.sex.G"),
        (minimal(indicators={"P1": {"indicator": "x", "unit": "dose"}}), "bad_value", "indicators.P1.unit"),
        (minimal(file={"headings": [0]}), "bad_value", "file.headings"),
        (minimal(file="x"), "not_settings", "file"),
        ([1, 2], "not_settings", ""),
        (None, "not_settings", ""),
    ],
)
def test_a_wrong_setting_is_named_in_both_languages(document: object, case: str, column: str) -> None:
    with pytest.raises(BadFile) as caught:
        from_document(document, file="plan.yaml")

    assert (caught.value.message_id, caught.value.column) == (f"sources.map.{case}", column)
    for locale in ("fr", "en"):
        assert caught.value.render(locale).startswith("plan.yaml")


def test_a_broken_document_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("place:\n  name: [\n")
    (tmp_path / "plan.json").write_text('{"place":\n ]')

    for name in ("plan.yaml", "plan.json", "absent.yaml"):
        with pytest.raises(BadFile):
            load_map(tmp_path / name)


def workbook(path: Path, fill: Callable[[openpyxl.Workbook], None]) -> Path:
    book = openpyxl.Workbook()
    fill(book)
    book.save(path)
    return path


def test_a_long_table_is_guessed_so_that_it_can_be_imported(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(
        "Rapport\nAire de santé;District;Mois;Indicateur;Valeur\n"
        "Boura;Yorosso;Décembre 2023;Penta 1;12,5\nBoura;Yorosso;janv. 2024;BCG;3\n",
        encoding="cp1252",
    )

    guess = guess_map(file)

    assert guess.column_map.place.name == "Aire de santé"
    assert guess.column_map.place.parent == "District"
    assert guess.column_map.file.decimal == ","
    assert {m.indicator for m in guess.column_map.indicators.values()} == {"dtp1_doses", "bcg_doses"}
    assert mapped.read(file, column_map=guess.column_map).receipt.stored == 2


def test_a_wide_workbook_with_two_rows_of_headings_is_guessed(tmp_path: Path) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        for row in (
            ["Vaccination de routine"],
            [None, None, "Penta 1", None, "BCG", None],
            ["Région", "District", "Janv 2023", "Févr 2023", "Janv 2023", "Févr 2023"],
            ["Kayes", "Kita", 1, 2, 3, 4],
            [None, "Nioro", 5, 6, 7, 8],
        ):
            sheet.append(row)
        sheet.merge_cells("C2:D2")
        sheet.merge_cells("E2:F2")
        sheet.merge_cells("A4:A5")
        book.create_sheet("Notes").append(["rien"])

    file = workbook(tmp_path / "large.xlsx", fill)

    guess = guess_map(file)

    assert (guess.column_map.file.headings, guess.column_map.wide) == ((2, 3), ("indicator", "period"))
    assert mapped.read(file, column_map=guess.column_map).receipt.stored == 8
    for locale in ("fr", "en"):
        commented = guess.explained(locale)
        path = tmp_path / f"plan-{locale}.yaml"
        path.write_text(commented, encoding="utf-8")
        assert load_map(path) == guess.column_map


def test_what_a_guess_cannot_know_is_said_and_not_invented(tmp_path: Path) -> None:
    file = tmp_path / "sans_date.csv"
    file.write_text("District,Penta 1,Foo\nKita,1,2\nNioro,3,4\n")

    guess = guess_map(file)

    assert {"sources.guess.no_period", "sources.guess.unknown_meaning"} <= {
        reason.id for reason in guess.reasons
    }
    with pytest.raises(BadFile, match="period"):
        from_document(guess.column_map.as_document())


@pytest.mark.parametrize(
    ("heading", "indicator", "age"),
    [
        ("Penta 1", "dtp1_doses", ""),
        ("DTC-HepB-Hib 3 (0-11 mois)", "dtp3_doses", "0-11m"),
        ("Pentavalent 1re dose", "dtp1_doses", ""),
        ("1ère dose pentavalent", "dtp1_doses", ""),
        ("3e dose Penta", "dtp3_doses", ""),
        ("Penta1 (1ère dose)", "dtp1_doses", ""),
        ("Enf. vaccinés BCG (<1 an)", "bcg_doses", "0-11m"),
        ("Nombre d'enfants vaccinés Penta 3", "dtp3_doses", ""),
        ("VPO 0", "opv0_doses", ""),
        ("PCV13-2", "pcv2_doses", ""),
        ("VAR 1", "mcv1_doses", ""),
        ("RR2", "mcv2_doses", ""),
        ("Fièvre jaune", "yf_doses", ""),
        ("BCG", "bcg_doses", ""),
        ("Enfants survivants", "surviving_infants", ""),
    ],
)
def test_headings_of_vaccination_forms_are_recognised(heading: str, indicator: str, age: str) -> None:
    found = recognised(heading)

    assert found is not None
    assert (found.indicator, found.age_band) == (indicator, age)


@pytest.mark.parametrize(
    "heading",
    [
        "Couverture Penta 1",
        "Stock BCG",
        "Cible",
        "Observations",
        "Penta",
        "Taux d'abandon",
        "Penta1 (2e dose)",
    ],
)
def test_what_is_no_count_of_doses_is_left_to_a_person(heading: str) -> None:
    assert recognised(heading) is None


def test_words_of_ages_and_strategies_are_known_in_both_languages() -> None:
    words = [
        ("age_band", "Moins d'un an"),
        ("age_band", "12 - 23 months"),
        ("strategy", "Stratégie avancée"),
        ("sex", "Garçons"),
    ]

    assert [quality_code(role, word, {}) for role, word in words] == ["0-11m", "12-23m", "outreach", "male"]


def test_every_sentence_of_this_package_stands_in_both_languages() -> None:
    folder = Path(mapped.__file__).parent
    ids: dict[str, set[str]] = {}
    for locale in ("fr", "en"):
        with (folder / "locale" / f"{locale}.po").open("rb") as stream:
            filled = [message.id for message in read_po(stream) if message.id and message.string]
            ids[locale] = {found if isinstance(found, str) else found[0] for found in filled}
    used = {
        found
        for file in folder.glob("*.py")
        for found in re.findall(r'"(sources\.(?:file|map|rejected|skipped|suspicious|note|progress)\.\w+)"', file.read_text("utf-8"))
    }  # fmt: skip

    assert ids["fr"] == ids["en"]
    assert used - ids["fr"] == set()
