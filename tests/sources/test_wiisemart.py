"""Do published coverage series stay apart, as shares, whatever file they come in?"""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from kalanso.sources import BadFile, wiisemart
from kalanso.sources.wiisemart import export_date, indicator

EXPORT = """GROUP,CODE,NAME,YEAR,ANTIGEN,ANTIGEN_DESCRIPTION,COVERAGE_CATEGORY,COVERAGE_CATEGORY_DESCRIPTION,TARGET_NUMBER,DOSES,COVERAGE
COUNTRIES,MLI,Mali,2022,DTPCV1,"DTP, 1st dose",ADMIN,Administrative coverage,876191,934526,106.66
COUNTRIES,MLI,Mali,2022,DTPCV1,"DTP, 1st dose",OFFICIAL,Official coverage,,,99
COUNTRIES,MLI,Mali,2022,DTPCV1,"DTP, 1st dose",WUENIC,WHO/UNICEF estimates,,,82
COUNTRIES,MLI,Mali,2021,DTPCV3,"DTP, 3rd dose",WUENIC,WHO/UNICEF estimates,,,
COUNTRIES,KEN,Kenya,2022,DTPCV1,"DTP, 1st dose",WUENIC,WHO/UNICEF estimates,,,97
WHO_REGIONS,AFR,African Region,2022,DTPCV1,"DTP, 1st dose",WUENIC,WHO/UNICEF estimates,,,80
Last updated from the WHO Immunization Data portal,,,,,,,,,,
"""
REPORTED = """iso3,vaccine,year,kind,value
MLI,dtp1,2022,admin,107
MLI,dtp1,2022,gov,99
MLI,dtp1,2022,legacy,82
MLI,dtp1,2022,vaccinated,934526
MLI,dtp1,2022,target,876191
MLI,dtp3,2022,target,900000
"""
SURVEYS = """iso3,vaccine,birth_cohort_year,survey_id,title,type,year_collected,card_retention,confirm,age,timeliness,validity,sample_size,coverage
MLI,dtp1,2017,mli2018141,Mali EDS 2018,14,2018,56,card or history,12-23 m,,crude,2048,82
MLI,dtp1,2017,mli2018141,Mali EDS 2018,14,2018,56,card,12-23 m,,crude,2048,54
MLI,dtp1,2017,mli2018141,Mali EDS 2018,14,2018,56,c or h <12 months,12-23 m,,crude,2048,80
MLI,dtp1,1997,mli1998161,NA,16,1998,57,history,12-23 m,,crude,0,30
"""


def read(
    folder: Path, text: str, name: str = "series.csv", country: str = "ML"
) -> tuple[pd.DataFrame, dict[str, int]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    reading = wiisemart.read(path, country=country)
    reading.receipt.check()
    receipt = reading.receipt
    return reading.coverage.to_pandas(), {**receipt.skipped, **receipt.rejected, **receipt.suspicious}


def test_administrative_official_and_estimated_coverage_stay_apart(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, EXPORT)

    told = dict(zip(rows["category"], rows["coverage"], strict=True))
    assert told == {"ADMIN": pytest.approx(1.0666), "OFFICIAL": 0.99, "WUENIC": 0.82}
    assert set(rows["indicator"]) == {"dtp1_coverage"}


def test_coverage_above_one_stays_as_it_is_and_is_flagged(tmp_path: Path) -> None:
    rows, counts = read(tmp_path, EXPORT)

    assert rows[rows["category"] == "ADMIN"].iloc[0]["doses"] == 934526
    assert counts["sources.suspicious.above_100_percent"] == 1


def test_other_countries_regions_blanks_and_the_footer_are_counted_not_stored(tmp_path: Path) -> None:
    _, counts = read(tmp_path, EXPORT)

    assert counts["sources.skipped.other_country"] == 1
    assert counts["sources.skipped.not_a_country"] == 1
    assert counts["sources.skipped.blank_value"] == 1
    assert counts["sources.skipped.note"] == 1


def test_the_same_rows_come_out_of_xlsx(tmp_path: Path) -> None:
    one, _ = read(tmp_path, EXPORT)
    book = openpyxl.Workbook()
    for line in EXPORT.replace('"DTP, 1st dose"', "x").replace('"DTP, 3rd dose"', "x").strip().split("\n"):
        cells = line.split(",")
        book.active.append([float(c) if c.replace(".", "").isdigit() else c or None for c in cells])
    book.save(tmp_path / "series.xlsx")

    two = wiisemart.read(tmp_path / "series.xlsx", country="ML").coverage.to_pandas()
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("file", "day"),
    [
        ("Measles vaccination coverage 2025-30-07 12-30 UTC.xlsx", "2025-07-30"),
        ("coverage_2024-07-15.csv", "2024-07-15"),
        ("coverage.csv", ""),
    ],
)
def test_the_date_of_export_is_the_edition(file: str, day: str) -> None:
    assert export_date(file) == day


def test_reported_doses_and_targets_stand_on_the_administrative_row(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, REPORTED)

    admin = rows[(rows["category"] == "ADMIN") & (rows["indicator"] == "dtp1_coverage")].iloc[0]
    assert (admin["coverage"], admin["doses"], admin["target"]) == (pytest.approx(1.07), 934526, 876191)


def test_an_earlier_estimate_is_of_another_edition(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, REPORTED)

    assert rows[rows["category"] == "WUENIC"]["vintage"].tolist() == ["legacy"]


def test_a_target_without_coverage_is_kept(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, REPORTED)

    dtp3 = rows[rows["indicator"] == "dtp3_coverage"].iloc[0]
    assert pd.isna(dtp3["coverage"])
    assert dtp3["target"] == 900000


def test_card_history_and_age_make_series_of_their_own(tmp_path: Path) -> None:
    rows, counts = read(tmp_path, SURVEYS)

    told = rows[rows["survey"] == "mli2018141"][["evidence", "vaccinated_by", "coverage"]]
    assert [tuple(row) for row in told.to_numpy()] == [
        ("card or history", "", 0.82), ("card", "", 0.54), ("card or history", "12 m", 0.80),
    ]  # fmt: skip
    assert rows.iloc[0]["card_seen_share"] == 0.56
    assert pd.isna(rows.iloc[3]["survey_title"])
    assert counts["sources.suspicious.no_children"] == 1


def test_shares_with_the_source_in_words_are_not_divided_again(tmp_path: Path) -> None:
    text = "year,indicator,coverage,source\n2022,dtp1,0.964,DHS 2022 (12-23 months)\n2022,dtp1,0.99,WUENIC\n"
    rows, _ = read(tmp_path, text)

    assert rows["coverage"].tolist() == [0.964, 0.99]
    assert rows["category"].tolist() == ["SURVEY", "WUENIC"]
    assert rows["children_age"].tolist() == ["12-23 m", ""]


@pytest.mark.parametrize(
    ("again", "reason", "kept"), [("99", "repeated_equally", 99), ("98", "repeated_differently", None)]
)
def test_values_that_contradict_each_other_are_none_of_them_kept(
    tmp_path: Path, again: str, reason: str, kept: float | None
) -> None:
    rows, counts = read(tmp_path, REPORTED + f"MLI,dtp1,2022,gov,{again}\n")

    official = rows[rows["category"] == "OFFICIAL"]
    assert (len(official) == 0) == (kept is None)
    assert any(name.endswith(reason) for name in counts)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("MLI,dtp1,deux mille,admin,90", "sources.rejected.unknown_period"),
        ("MLI,dtp1,2020,rumour,90", "sources.rejected.unknown_label"),
        ("MLI,dtp1,2020,admin,beaucoup", "sources.rejected.not_a_number"),
        ("MLI,dtp1,2020,admin,-4", "sources.rejected.out_of_range"),
        ("MLI,,2020,admin,90", "sources.rejected.no_indicator"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_its_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    _, counts = read(tmp_path, REPORTED + line + "\n")

    assert counts[reason] == 1


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b,c\n1,2,3\n", encoding="utf-8")

    with pytest.raises(BadFile) as refused:
        wiisemart.read(tmp_path / "x.csv", country="ML")

    assert refused.value.message_id == "sources.file.unknown_table"


def test_a_missing_heading_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("iso3,vaccine,year,value\nMLI,dtp1,2020,1\n", encoding="utf-8")

    with pytest.raises(BadFile, match="kind"):
        wiisemart.read(tmp_path / "x.csv", country="ML")


@pytest.mark.parametrize(
    ("antigen", "code"),
    [("DTPCV1", "dtp1_coverage"), ("dtp3", "dtp3_coverage"), ("POL3", "opv3_coverage"), ("YFV", "yf_coverage"),
     ("HEPB_BD", "hepb0_coverage"), ("ROTAC", "rotac_coverage")],
)  # fmt: skip
def test_antigens_of_who_have_our_codes(antigen: str, code: str) -> None:
    assert indicator(antigen) == code


@pytest.mark.shared_data
def test_the_reported_series_of_mali_are_above_one_in_each_year_from_2015(shared_data: Path) -> None:
    reading = wiisemart.read(shared_data / "mali" / "coverage_reported_national.csv", country="ML")
    rows = reading.coverage.to_pandas()

    reading.receipt.check()
    admin = rows[(rows["category"] == "ADMIN") & (rows["indicator"] == "dtp1_coverage")].set_index("period")[
        "coverage"
    ]
    assert (admin.loc["2015":"2022"] > 1).all()
    assert reading.receipt.stored == 1051


@pytest.mark.shared_data
def test_every_survey_result_of_mali_is_kept(shared_data: Path) -> None:
    reading = wiisemart.read(shared_data / "mali" / "coverage_surveys_national.csv", country="ML")

    reading.receipt.check()
    assert (reading.receipt.read, reading.receipt.stored) == (471, 471)
    assert reading.coverage.num_rows == 471
