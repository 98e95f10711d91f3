"""Is the coverage that districts report read under any known headings, and refused under unknown ones?"""

from __future__ import annotations

from pathlib import Path

import pytest

from kalanso.sources import BadFile, subnational

USUAL = "ISO3,country,admin1,admin2,year,vaccine,numerator,denominator,coverage\n"


def written(folder: Path, text: str, name: str = "subnational 2024-07-30.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_doses_and_target_make_the_share_and_doubts_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        USUAL
        + "MLI,Mali,Ségou,Niono,2023,DTPCV1,1000,800,125\n"
        + "MLI,Mali,Ségou,Bla,2023,DTPCV3,400,800,72\n"
        + "MLI,Mali,Ségou,Macina,2023,MCV1,,,66\n"
        + "BFA,Burkina Faso,Nord,Ouahigouya,2023,DTPCV1,1,2,50\n",
    )

    reading = subnational.read(path, country="ML")

    rows = reading.coverage.to_pylist()  # type: ignore[union-attr]
    assert [(row["listed_name"], row["listed_parent"], row["indicator"], row["coverage"]) for row in rows] == [
        ("Niono", "Ségou", "dtp1_coverage", 1.25), ("Bla", "Ségou", "dtp3_coverage", 0.5),
        ("Macina", "Ségou", "mcv1_coverage", 0.66),
    ]  # fmt: skip
    assert {(row["category"], row["vintage"]) for row in rows} == {("ADMIN", "2024-07-30")}
    assert reading.receipt.skipped["sources.skipped.other_country"] == 1
    assert dict(reading.receipt.suspicious) == {
        "sources.suspicious.above_100_percent": 1, "sources.suspicious.coverage_not_doses_by_target": 1,
    }  # fmt: skip
    assert reading.licence


@pytest.mark.parametrize(
    "heads",
    [
        "iso_3_code,adm1_name,adm2_name,reporting_year,antigen,doses,target,couverture",
        "CODE,Région,District,Année,Vaccin,Numérateur,Dénominateur,Couverture",
    ],
)
def test_headings_are_known_by_their_aliases(heads: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"{heads}\nMLI,Ségou,Niono,2023,DTPCV1,400,800,50\n", "jrf.csv")
    if "Région" in heads:
        path.write_text(path.read_text(encoding="utf-8").replace("Région", "Region"), encoding="utf-8")

    reading = subnational.read(path, country="ML")

    assert reading.coverage.to_pylist()[0]["coverage"] == 0.5  # type: ignore[union-attr]
    assert reading.vintage == "2023"


def test_a_heading_that_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    path = written(
        tmp_path, USUAL.replace("coverage", "coverage,adjusted_doses") + "MLI,Mali,S,N,2023,DTPCV1,4,8,50,9\n"
    )

    with pytest.raises(BadFile) as refused:
        subnational.read(path, country="ML")

    assert "adjusted_doses" in refused.value.render("en")
    assert "Renommez" in refused.value.render("fr")


def test_a_missing_heading_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="denominator"):
        subnational.read(
            written(tmp_path, "ISO3,admin2,year,vaccine,numerator\nMLI,Niono,2023,DTPCV1,4\n"), country="ML"
        )


def test_what_cannot_be_a_row_is_rejected_with_its_reason(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        USUAL
        + "MLI,Mali,Ségou,Niono,MMXXIII,DTPCV1,4,8,50\n"
        + "MLI,Mali,Ségou,,2023,DTPCV1,4,8,50\n"
        + "MLI,Mali,Ségou,Bla,2023,DTPCV1,many,8,50\n"
        + "MLI,Mali,Ségou,Bla,2023,DTPCV3,-4,8,50\n"
        + "MLI,Mali,Ségou,Macina,2023,DTPCV1,4,8,50\n"
        + "MLI,Mali,Ségou,Macina,2023,DTPCV1,4,8,50\n"
        + "MLI,Mali,Ségou,Macina,2023,DTPCV1,5,8,62\n",
    )

    receipt = subnational.read(path, country="ML").receipt

    assert dict(receipt.rejected) == {
        "sources.rejected.unknown_period": 1, "sources.rejected.no_place": 1, "sources.rejected.not_a_number": 1,
        "sources.rejected.out_of_range": 1, "sources.rejected.repeated_differently": 1,
    }  # fmt: skip
    assert receipt.skipped["sources.skipped.repeated_equally"] == 1
    assert (receipt.read, receipt.stored) == (7, 1)
