"""Does a Countdown workbook arrive whole, in each of its editions and languages?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from kalanso.sources import BadFile, countdown
from kalanso.sources.countdown_headings import ColumnMeaning, column_meaning, sheet_role

Rows = Sequence[Sequence[Any]]
ADMIN: Rows = (
    ("Num_order", None, "district", "First_admin_level", "Country", "Number_hospitals"),
    (None, None, "This sheet serves to map districts. Do not create new columns.", None, None, None),
    ("Nº", None, "District", "Region", "Your_country_name", "Total number of hospitals"),
    (1, None, "Niono", "Ségou", "Mali", 1),
    (2, None, "Yorosso", "Sikasso", "Mali", 2),
)
SERVICE: Rows = (
    ("district", "year", "month", "BCG", "Penta1", "Penta3", "Measles1", "Measles2"),
    (None, None, None, "Enter the reported number of individuals for each month.", None, None, None, None),
    ("Districtname", "Year", "Month", "Total number of BCG doses administered <1 year",
     "Total number of Pentavalent vaccination 1st\u00a0dose (infants)",
     "Total number of Pentavalent vaccination 3rd dose (infants)",
     "Total number of Measles vaccination 1st dose (infants)", "Total number of Measles vaccination 2nd dose"),
    ("Niono", 2023, "January", 120, 110, 100, 90, 5),
    ("Niono", 2023, "February", 0, None, 104, 91, 6),
    ("Yorosso", 2023, "January", 80, 75, 70, 60, 3),
    ("Yorosso", 2023, "February", 81, 74, 71, 61, 4),
)  # fmt: skip
REPORTING: Rows = (
    ("district", "year", "month", "ANC_reporting_expected", "ANC_reporting_received",
     "Vacc_reporting_expected", "Vacc_reporting_received", "Vacc_reporting_rate"),
    ("Niono ", 2023, "January", 20, 19, 20, 18, 90),
    ("Niono ", 2023, "February", 20, 20, 20, 20, 50),
    ("Yorosso", 2023, "January", 10, 10, 10, 10, 100),
    ("Yorosso", 2023, "February", 10, 9, 10, 12, 120),
)  # fmt: skip
POPULATION: Rows = (
    ("district", "year", "Pop_growth_rate", "Total_Population", "Population_ under_5years", "Live_births"),
    ("Niono", 2023, 3.2, 1000, 180, 42),
    ("Yorosso", 2023, 2.9, 800, 150, 33),
)
STOCK: Rows = (
    ("district", "year", "month", "penta_start", "penta_in", "penta_adm", "penta_end", "penta_waste"),
    ("Niono", 2023, "January", 50, 100, 130, 15, 5),
    ("Yorosso", 2023, "January", 20, 60, 70, 12, -2),
)
CAMPAIGNS: Rows = (
    ("Column1", "campaign", "year", "month", "vaccine", "age_group", "nationally ", "district"),
    (1, "Riposte rougeole", 2023, "August- November", "Measles", "9-59 m", "1 district", "NIONO (Siribala, Pogo), Yoroso"),
    (2, "Polio", 2023, None, "nOPV2", "< 5 ans", None, "Niono"),
    (3, "Journées nationales", 2023, "mars", "Polio", "< 5 ans", "Oui", None),
)  # fmt: skip
SHEETS: dict[str, Rows] = {
    "Read_me": (("Instructions",),),
    "Admin_data": ADMIN,
    "Population_data": POPULATION,
    "Reporting_completeness": REPORTING,
    "Service_data_2": SERVICE,
    "Vaccine_stock_data": STOCK,
    "Contextual_campaigns": CAMPAIGNS,
}


def workbook(folder: Path, **changed: Rows | None) -> Path:
    """Write the small workbook, with some sheets changed or left out."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in {**SHEETS, **changed}.items():
        if rows is None:
            continue
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    path = folder / "workbook.xlsx"
    book.save(path)
    return path


def observations(path: Path, **options: Any) -> pd.DataFrame:
    return countdown.read(path, country="ML", **options).observations.to_pandas()


def cell(rows: pd.DataFrame, name: str, period: str, indicator: str, product: str | None = None) -> pd.Series:
    found = rows[
        (rows["listed_name"] == name) & (rows["period"] == period) & (rows["indicator"] == indicator)
    ]
    found = found if product is None else found[found["product"] == product]
    assert len(found) == 1, found
    return found.iloc[0]


def test_a_dose_carries_the_reports_of_the_vaccination_form(tmp_path: Path) -> None:
    row = cell(observations(workbook(tmp_path)), "Niono", "202301", "dtp1_doses")

    assert (row["value"], row["status"], row["product"], row["age_band"]) == (
        110,
        "reported",
        "penta",
        "0-11m",
    )
    assert (row["reports_expected"], row["reports_received"]) == (20, 18)


def test_a_blank_cell_is_missing_and_a_zero_is_zero(tmp_path: Path) -> None:
    rows = observations(workbook(tmp_path))

    assert cell(rows, "Niono", "202302", "dtp1_doses")["status"] == "missing"
    assert pd.isna(cell(rows, "Niono", "202302", "dtp1_doses")["value"])
    assert cell(rows, "Niono", "202302", "bcg_doses")["status"] == "zero"


def test_a_trailing_space_joins_with_the_other_sheets_and_is_said(tmp_path: Path) -> None:
    reading = countdown.read(workbook(tmp_path), country="ML")

    assert set(reading.observations["listed_name"].to_pylist()) == {"Niono", "Yorosso"}
    assert reading.receipt.suspicious["sources.suspicious.name_spelled_differently"] == 1
    assert "sources.note.names_differ" in [note.id for note in reading.receipt.notes]


def test_every_cell_is_counted_once(tmp_path: Path) -> None:
    receipt = countdown.read(workbook(tmp_path), country="ML").receipt

    receipt.check()
    cells = 4 * 5 + 4 * 5 + 2 * 4 + 2 * 5 + 2  # doses, reports, population, stock, hospitals
    campaigns = 4
    assert receipt.unit == "values"
    assert receipt.read == cells + campaigns


def test_a_second_measles_dose_without_an_age_is_not_taken_for_an_infant_dose(tmp_path: Path) -> None:
    reading = countdown.read(workbook(tmp_path), country="ML")

    rows = reading.observations.to_pandas()
    assert set(rows[rows["indicator"] == "mcv2_doses"]["age_band"]) == {"unknown"}
    assert "sources.note.age_unknown" in [note.id for note in reading.receipt.notes]


def test_population_is_yearly_and_its_growth_a_share(tmp_path: Path) -> None:
    rows = observations(workbook(tmp_path))

    assert cell(rows, "Niono", "2023", "population_growth_rate")["value"] == pytest.approx(0.032)
    assert cell(rows, "Yorosso", "2023", "population_under_5")["value"] == 150


def test_a_form_without_numbers_keeps_its_reports_in_rows_of_its_own(tmp_path: Path) -> None:
    row = cell(observations(workbook(tmp_path)), "Niono", "202301", "anc_reports")

    assert (row["value"], row["reports_expected"], row["reports_received"]) == (19, 20, 19)


def test_stock_stands_under_its_product_and_negative_wastage_is_kept_and_flagged(tmp_path: Path) -> None:
    reading = countdown.read(workbook(tmp_path), country="ML")
    rows = reading.observations.to_pandas()

    assert cell(rows, "Niono", "202301", "stock_opening_doses", "penta")["value"] == 50
    assert cell(rows, "Yorosso", "202301", "doses_wasted", "penta")["value"] == -2
    assert reading.receipt.suspicious["sources.suspicious.negative"] == 1


def test_reports_that_contradict_each_other_are_flagged_and_kept(tmp_path: Path) -> None:
    suspicious = countdown.read(workbook(tmp_path), country="ML").receipt.suspicious

    assert suspicious["sources.suspicious.more_reports_than_expected"] == 1
    assert suspicious["sources.suspicious.rate_differs"] == 1


def test_a_campaign_becomes_an_event_in_each_district_it_names(tmp_path: Path) -> None:
    reading = countdown.read(workbook(tmp_path), country="ML")
    events = reading.events.to_pandas()

    niono = events[events["listed_name"] == "Niono"].iloc[0]
    assert (str(niono["first_day"]), str(niono["last_day"])) == ("2023-08-01", "2023-11-30")
    assert (niono["kind"], niono["antigen"]) == ("campaign", "mcv")
    national = events[events["listed_parent"] == ""].iloc[0]
    assert (national["listed_name"], str(national["first_day"])) == ("Mali", "2023-03-01")


def test_a_misspelt_district_of_a_campaign_is_asked_not_guessed(tmp_path: Path) -> None:
    receipt = countdown.read(workbook(tmp_path), country="ML").receipt

    found = [r for r in receipt.rejections if r.reason == "sources.rejected.unknown_district"]
    assert [(r.found, r.expected) for r in found] == [("Yoroso", "Yorosso")]
    assert receipt.rejected["sources.rejected.campaign_without_month"] == 1


def test_a_french_edition_gives_the_same_doses(tmp_path: Path) -> None:
    french: Rows = (
        ("Nom du district", "Année", "Mois", "BCG", "Penta 1", "Penta 3", "VAR 1", "VAR 2"),
        ("Niono", 2023, "Janvier", 120, 110, 100, 90, 5),
        ("Niono", "2023", "février", 0, None, 104, 91, 6),
        ("Yorosso", 2023, "janv.", 80, 75, 70, 60, 3),
        ("Yorosso", 2023, "Fevrier", 81, 74, 71, 61, 4),
    )
    one = observations(workbook(tmp_path))
    two = observations(workbook(tmp_path, Service_data_2=None, **{"Données services 2": french}))

    doses = ["listed_name", "period", "indicator", "value", "age_band", "product"]
    only = one["indicator"].str.endswith("_doses") & (one["product"].isin(["", "penta"]))
    ours = one[only & one["reports_expected"].notna()][doses].sort_values(doses[:3]).reset_index(drop=True)
    theirs = (
        two[two["indicator"].str.endswith("_doses") & two["reports_expected"].notna()][doses]
        .sort_values(doses[:3])
        .reset_index(drop=True)
    )
    pd.testing.assert_frame_equal(ours, theirs)


def test_grouped_french_headings_of_reports_are_understood(tmp_path: Path) -> None:
    path = workbook(tmp_path, Reporting_completeness=(
        ("District", "Année", "Mois", "Vaccination rapportage", None, None),
        (None, None, None, "Nombre attendu", "reçus", "Taux de complétude"),
        ("Niono", 2023, "Janvier", 20, 18, 0.9),
    ))  # fmt: skip
    book = openpyxl.load_workbook(path)
    book["Reporting_completeness"].merge_cells("D1:F1")
    book.save(path)

    row = cell(observations(path), "Niono", "202301", "dtp1_doses")
    assert (row["reports_expected"], row["reports_received"]) == (20, 18)


def test_rates_alone_are_kept_as_shares(tmp_path: Path) -> None:
    rows = observations(workbook(tmp_path, Reporting_completeness=(
        ("district", "year", "month", "vacc_rr"), ("Niono", 2023, "January", 90), ("Yorosso", 2023, "January", 100),
    )))  # fmt: skip

    assert cell(rows, "Niono", "202301", "vaccination_reporting_rate")["value"] == pytest.approx(0.9)


def test_columns_are_found_wherever_they_stand(tmp_path: Path) -> None:
    turned = [list(reversed(row)) for row in SERVICE]

    row = cell(observations(workbook(tmp_path, Service_data_2=turned)), "Niono", "202301", "dtp3_doses")
    assert row["value"] == 100


def test_an_unknown_column_keeps_a_slug_and_a_note(tmp_path: Path) -> None:
    wider = [
        (*row, extra)
        for row, extra in zip(SERVICE, ("Nouveau produit X", None, None, 1, 2, 3, 4), strict=True)
    ]
    reading = countdown.read(workbook(tmp_path, Service_data_2=wider), country="ML")

    assert cell(reading.observations.to_pandas(), "Niono", "202301", "nouveau_produit_x")["value"] == 1
    assert "sources.note.unknown_column" in [note.id for note in reading.receipt.notes]


def test_a_missing_column_of_the_template_is_said(tmp_path: Path) -> None:
    narrower = [row[:4] + row[5:] for row in SERVICE]
    notes = countdown.read(workbook(tmp_path, Service_data_2=narrower), country="ML").receipt.notes

    assert "dtp1" in [n.params["column"] for n in notes if n.id == "sources.note.missing_column"]


def test_a_column_never_filled_in_is_left_out_and_counted(tmp_path: Path) -> None:
    empty = [
        (*row, head) for row, head in zip(SERVICE, ("rota1", None, None, None, None, None, None), strict=True)
    ]
    receipt = countdown.read(workbook(tmp_path, Service_data_2=empty), country="ML").receipt

    assert receipt.skipped["sources.skipped.never_filled"] == 4


def test_a_remark_in_a_cell_is_refused_with_its_place(tmp_path: Path) -> None:
    rows = [list(row) for row in SERVICE]
    rows[3][4] = "à vérifier avec Yorosso"
    receipt = countdown.read(workbook(tmp_path, Service_data_2=rows), country="ML").receipt

    found = [r for r in receipt.rejections if r.reason == "sources.rejected.not_a_number"]
    assert [(r.sheet, r.row, r.column, r.found) for r in found] == [
        ("Service_data_2", 4, "E Penta1", "à vérifier avec Yorosso")
    ]


@pytest.mark.parametrize(
    ("again", "reason", "kept"), [(110, "repeated_equally", 1), (111, "repeated_differently", 0)]
)
def test_a_month_that_comes_twice_is_kept_once_only_where_both_agree(
    tmp_path: Path, again: int, reason: str, kept: int
) -> None:
    twice = [*SERVICE, ("Niono", 2023, "January", 120, again, 100, 90, 5)]
    reading = countdown.read(workbook(tmp_path, Service_data_2=twice), country="ML")
    rows = reading.observations.to_pandas()

    doses = rows[
        (rows["listed_name"] == "Niono") & (rows["period"] == "202301") & (rows["indicator"] == "dtp1_doses")
    ]
    assert len(doses) == kept
    assert any(name.endswith(reason) for name in {**reading.receipt.skipped, **reading.receipt.rejected})
    reading.receipt.check()


def test_a_row_without_a_known_month_is_refused(tmp_path: Path) -> None:
    odd = [*SERVICE, ("Niono", 2023, "Brumaire", 1, 2, 3, 4, 5)]
    receipt = countdown.read(workbook(tmp_path, Service_data_2=odd), country="ML").receipt

    assert receipt.rejected["sources.rejected.unknown_period"] == 5
    assert [r.found for r in receipt.rejections if r.row == 8] == ["2023 Brumaire"]


def test_shifted_headings_stop_the_import(tmp_path: Path) -> None:
    shifted = [list(row) for row in SERVICE]
    shifted[0][4], shifted[0][5] = shifted[0][5], shifted[0][4]

    with pytest.raises(BadFile) as refused:
        countdown.read(workbook(tmp_path, Service_data_2=shifted), country="ML")

    assert refused.value.message_id == "sources.countdown.headings_disagree"
    assert refused.value.column == "E"
    assert "Penta3" in refused.value.render("en")


def test_data_shifted_under_their_headings_stop_the_import(tmp_path: Path) -> None:
    moved = [*SERVICE[:3], *[(None, *row[:-1]) for row in SERVICE[3:]]]

    with pytest.raises(BadFile) as refused:
        countdown.read(workbook(tmp_path, Service_data_2=moved), country="ML")

    assert refused.value.message_id == "sources.countdown.no_rows"


def test_a_missing_key_column_is_named(tmp_path: Path) -> None:
    without = [row[:2] + row[3:] for row in SERVICE]

    with pytest.raises(BadFile, match="month"):
        countdown.read(workbook(tmp_path, Service_data_2=without), country="ML")


def test_the_workbook_of_another_country_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        countdown.read(workbook(tmp_path), country="KE")

    assert refused.value.message_id == "sources.file.other_country"


def test_a_workbook_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        countdown.read(workbook(tmp_path, Service_data_2=None), country="ML")

    assert refused.value.message_id == "sources.countdown.no_service"


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path)
    path.write_bytes(path.read_bytes()[:-500])

    with pytest.raises(BadFile):
        countdown.read(path, country="ML")


def test_sheets_that_nobody_knows_are_said(tmp_path: Path) -> None:
    notes = countdown.read(workbook(tmp_path, Brouillon=(("x",), ("y",))), country="ML").receipt.notes

    assert [n.params["sheet"] for n in notes if n.id == "sources.note.sheet_not_read"] == ["Brouillon"]


@pytest.mark.parametrize(
    ("name", "role"),
    [("Service_data_1", "service"), ("1. Admin data", "admin"), ("Données de service 3", "service"), ("Lisez-moi", "ignored"), ("x", "")],
)  # fmt: skip
def test_sheets_are_known_by_name(name: str, role: str) -> None:
    assert sheet_role(name) == role


@pytest.mark.parametrize(
    ("heading", "indicator", "age"),
    [
        ("Total number of <1 year who received Polio 3 vaccine", "opv3_doses", "0-11m"),
        ("Total number of children who received  inactivated poliovirus 1 vaccine", "ipv1_doses", "0-11m"),
        ("Total number of  girls aged 9-13 years receiving  1st dose HPV", "hpv1_doses", "all"),
        ("Total number  <1 year who received Pneumococcal Conjugate  1 vaccine", "pcv1_doses", "0-11m"),
        ("Penta 3", "dtp3_doses", "0-11m"),
        ("VAR 2", "mcv2_doses", "unknown"),
    ],
)
def test_doses_are_known_by_their_words(heading: str, indicator: str, age: str) -> None:
    found = column_meaning("service", [heading])

    assert isinstance(found, ColumnMeaning)
    assert (found.indicator, found.age_band, found.form) == (indicator, age, "vaccination")


@pytest.mark.shared_data
def test_the_kenya_workbook_gives_47_counties_by_60_months(shared_data: Path) -> None:
    reading = countdown.read(shared_data / "kenya" / "countdown_workbook_2019_2023.xlsx", country="KE")
    rows = reading.observations.to_pandas()

    reading.receipt.check()
    dtp1 = rows[rows["indicator"] == "dtp1_doses"]
    assert (dtp1["listed_name"].nunique(), dtp1["period"].nunique(), len(dtp1)) == (47, 60, 2820)
    assert dtp1["reports_expected"].notna().all()
    wide = rows[rows["indicator"].isin(["dtp1_doses", "dtp3_doses"])].pivot(
        index=["listed_name", "period"], columns="indicator", values="value"
    )
    assert (wide["dtp3_doses"] > wide["dtp1_doses"]).sum() == 859
    assert reading.receipt.rejected["sources.rejected.not_a_number"] == 2
