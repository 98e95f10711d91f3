"""Whom does a population table count, in which year and unit, and are its labels believed?"""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from kalanso.sources import BadFile, Reading, population

CENSUS = """\ufeffLocation,District,Cercle,Location frenchname,Ménages,Population résidente,Population résidente2 (Hommes),Population résidente (Femelles)
ML-1-KC,Kayes,Kayes Cercle,Cercle De Kayes,80763.00,513172,254777,258395
ML-6-DI,Tombouctou,Diré,Cercle De Dire,19314,109661,55083,54578
ML-7-GC,Tombouctou,Gao Cercle,Cercle De Gao,38414,239535,119509,120026
ML-8-KC,Kidal,Kidal Cercle,Cercle De Kidal,6103,33466,15437,18029
ML-BKO,Kidal,Bamako,District De Bamako,286381,1810366,902723,907640
,,,,,,,
Source:,,"National Institute of Statistics, Mali",,,,,
Download URL:,,http://mali.opendataforafrica.org/thcqesc/population-statistics-of-mali-2009,,,,,
"""
PROJECTION = """\ufeffadmin2Name_fr,admin2Pcode,admin2RefName,admin1Name_fr,admin1Pcode,admin0Name_fr,admin0Pcode,M_TL,F_TL,T_TL
Abeibara,ML0801,<Null>,Kidal,ML08,Mali (le),ML,6764,5926,12690
Bamako,ML0901,<Null>,Bamako,ML09,Mali (le),ML,1118704,1112640,2231344
"""
RATES = """"country_code","year","births","cbr","cdr","deaths","PopChange","growthrate","cnmr","NatChangeRT","iso3"
466,2023,951.445,40.029,8.627,205.047,706.437000000002,2.972,-1.681,31.402,"MLI"
404,2023,1500.1,27.5,7.1,390.2,1000.5,1.98,-0.2,20.1,"KEN"
"""
COHORTS = "iso3,year,kind,value\nMLI,2022,births_UNPD,910000\nMLI,2022,si_UNPD,850000\n"


def read(folder: Path, text: str, name: str, **options: object) -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    reading = population.read(path, country="ML", **options)  # type: ignore[arg-type]
    reading.receipt.check()
    return reading


def values(reading: Reading) -> pd.Series:
    rows = reading.observations.to_pandas()
    return rows.set_index(["listed_code", "period", "indicator", "sex"])["value"]


def test_a_census_gives_households_and_persons_by_sex_in_the_year_of_its_name(tmp_path: Path) -> None:
    found = values(read(tmp_path, CENSUS, "census_2009_by_cercle.csv"))

    assert found["ML-1-KC", "2009", "population_total", "all"] == 513172
    assert found["ML-1-KC", "2009", "population_total", "male"] == 254777
    assert found["ML-1-KC", "2009", "households", "all"] == 80763


def test_lines_under_the_table_are_no_rows(tmp_path: Path) -> None:
    receipt = read(tmp_path, CENSUS, "census_2009.csv").receipt

    assert receipt.skipped["sources.skipped.note"] == 2 * 4
    assert receipt.stored == 5 * 4


def test_a_label_that_stands_over_two_groups_of_codes_is_believed_for_neither(tmp_path: Path) -> None:
    reading = read(tmp_path, CENSUS, "census_2009.csv")

    parents = dict(
        zip(reading.places["code"].to_pylist(), reading.places["parent_name"].to_pylist(), strict=True)
    )
    assert parents == {"ML-1-KC": "Kayes", "ML-6-DI": "", "ML-7-GC": "", "ML-8-KC": "", "ML-BKO": ""}
    assert reading.receipt.suspicious["sources.suspicious.label_against_code"] == 4


def test_a_total_that_is_not_the_sum_of_men_and_women_is_flagged(tmp_path: Path) -> None:
    receipt = read(tmp_path, CENSUS, "census_2009.csv").receipt

    assert receipt.suspicious["sources.suspicious.total_not_sum"] == 1


def test_a_projection_keeps_its_codes_and_null_words_are_blank(tmp_path: Path) -> None:
    reading = read(tmp_path, PROJECTION, "population_projection_2020.csv")

    assert values(reading)["ML0801", "2020", "population_total", "female"] == 5926
    assert reading.places["parent_code"].to_pylist() == ["ML08", "ML09"]
    assert (reading.system, reading.vintage) == ("cod-ps", "2020")


def test_thousands_become_persons_and_rates_become_shares(tmp_path: Path) -> None:
    found = values(read(tmp_path, RATES, "wpp2024_vital_rates.csv"))

    assert found["ML", "2023", "live_births", "all"] == pytest.approx(951445)
    assert found["ML", "2023", "population_growth_rate", "all"] == pytest.approx(0.02972)
    assert found["ML", "2023", "net_migration_rate", "all"] == pytest.approx(-0.001681)


def test_other_countries_of_a_world_file_are_counted_not_stored(tmp_path: Path) -> None:
    reading = read(tmp_path, RATES, "wpp2024_vital_rates.csv")

    assert reading.receipt.skipped["sources.skipped.other_country"] == 8
    assert set(reading.observations["listed_code"].to_pylist()) == {"ML"}


def test_a_file_packed_by_its_publisher_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "WPP2024_Demographic_Indicators_Medium.csv.gz"
    path.write_bytes(gzip.compress(RATES.encode()))

    assert population.read(path, country="ML").receipt.stored == 8


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wpp.csv.gz"
    path.write_bytes(gzip.compress(RATES.encode() * 500)[:-20])

    with pytest.raises(BadFile) as refused:
        population.read(path, country="ML")

    assert refused.value.message_id == "sources.file.damaged_archive"


def test_births_and_surviving_infants_are_told_apart(tmp_path: Path) -> None:
    found = values(read(tmp_path, COHORTS, "births.csv"))

    assert found["ML", "2022", "live_births", "all"] == 910000
    assert found["ML", "2022", "surviving_infants", "all"] == 850000


def test_a_table_without_a_year_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, CENSUS, "recensement.csv")

    assert refused.value.message_id == "sources.population.no_year"
    assert "--year" in refused.value.render("fr")


def test_the_year_can_be_said(tmp_path: Path) -> None:
    reading = read(tmp_path, CENSUS, "recensement.csv", year=2009)

    assert set(reading.observations["period"].to_pylist()) == {"2009"}


def test_numbers_that_contradict_each_other_are_none_of_them_kept(tmp_path: Path) -> None:
    reading = read(tmp_path, COHORTS + "MLI,2022,si_UNPD,860000\nMLI,2022,births_UNPD,910000\n", "births.csv")

    assert list(values(reading).index.get_level_values("indicator")) == ["live_births"]
    assert reading.receipt.rejected["sources.rejected.repeated_differently"] == 2
    assert reading.receipt.skipped["sources.skipped.repeated_equally"] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("MLI,2022,poids_moyen,3", "sources.rejected.unknown_label"),
        ("MLI,bientôt,si_UNPD,3", "sources.rejected.unknown_period"),
        ("MLI,2021,si_UNPD,-3", "sources.rejected.out_of_range"),
        ("MLI,2021,si_UNPD,trois", "sources.rejected.not_a_number"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_its_reason(
    tmp_path: Path, line: str, reason: str
) -> None:
    assert read(tmp_path, COHORTS + line + "\n", "births.csv").receipt.rejected[reason] == 1


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("file", "indicator", "total"),
    [
        ("census_2009_by_cercle.csv", "population_total", 14_528_662),
        ("population_projection_2020_by_cercle.csv", "population_total", 17_907_114),
    ],
)
def test_the_totals_of_mali_are_those_published(
    shared_data: Path, file: str, indicator: str, total: int
) -> None:
    reading = population.read(shared_data / "mali" / file, country="ML")
    rows = reading.observations.to_pandas()

    reading.receipt.check()
    assert rows[(rows["indicator"] == indicator) & (rows["sex"] == "all")]["value"].sum() == total
    assert reading.places.num_rows == 50
