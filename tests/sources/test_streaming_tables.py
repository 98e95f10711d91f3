"""Does a streamed table give what the same table gives in memory?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kalanso.sources import mapped, settling, streaming
from kalanso.sources.column_maps import ColumnMap, FileForm, Meaning, PeriodColumns, PlaceColumns
from kalanso.sources.faults import BadFile
from kalanso.sources.readings import LISTED_OBSERVATIONS, Reading

LONG = ColumnMap(
    place=PlaceColumns(name="Aire", parent="District"),
    period=PeriodColumns(column="Mois"),
    indicator="Indicateur",
    value="Valeur",
    file=FileForm(separator=";"),
    columns={"age_band": "Age", "reports_expected": "Attendus"},
)
HEAD = "Aire;District;Mois;Indicateur;Valeur;Age;Attendus\n"
MESSY = HEAD + "\n".join(
    [
        "Boura;Yorosso;2023-12;Penta 1;12;0-11 mois;1",
        "Boura ;Yorosso;déc-23;Penta 3;ND;0-11 mois;1",
        "Boura;Yorosso;janv. 2024;Penta 1;1 234;0-11 mois;",
        ";;;;;;",
        "",
        "   ",
        "Boura;Yorosso;2024-02;Penta 1;12,5;12-23 mois;1",
        "Boura;Yorosso;2024-02;Penta 1;12,5;12-23 mois;1",
        "Boura;Yorosso;2024-03;Penta 1;7;0-11 mois;1",
        "Boura;Yorosso;mars 2024;Penta 1;8;0-11 mois;1",
        "Boura;Yorosso;2024-04;Penta 1;abc;0-11 mois;1",
        "Boura;Yorosso;Decmbre 2024;Penta 1;1;0-11 mois;1",
        "Boura;Yorosso;05/04/2024;Penta 1;1;0-11 mois;1",
        "Boura;Yorosso;2024-05;Penta 1;-4;0-11 mois;1",
        "Boura;Yorosso;2024-06;Penta 1;85 %;0-11 mois;1",
        "Boura;Yorosso;2024-07;Penta 1;0;7 ans;1",
        "Boura;Yorosso;2024-08;Penta 1;#REF!;0-11 mois;1",
        "Boura;Yorosso;2024-09;Penta 1;5;0-11 mois;un",
        "Boura;Yorosso;2024-10;Penta 1",
        "Boura;Yorosso;2024-11;Penta 1;5;0-11 mois;1;9",
        "Boura;Yorosso;2024-12;Penta 1;5;0-11 mois;1;",
        '"Ka ""ran"" gana";Yorosso;2024-12;Penta 1;"3\n";0-11 mois;1',
        "12;13;2024-12;Penta 1;5;0-11 mois;1",
        "Aire;District;Mois;Indicateur;Valeur;Age;Attendus",
        ";Yorosso;2024-12;Penta 1;5;0-11 mois;1",
        "Boura;Yorosso;;Penta 1;;0-11 mois;1",
        "Kologo;Bougouni;2024-12;BCG;1,250;;1",
        "TOTAL GENERAL;;;;9999;;",
        "Kologo;Bougouni;2024-11;Vaccin nouveau;4;;1",
        "Source : CNI;;;;;;",
        "Extrait du registre;;;;;;",
        "Kologo;Bougouni;;;;;",
    ]
)


def both(tmp_path: Path, text: str | bytes, column_map: ColumnMap = LONG) -> tuple[Reading, Reading]:
    file = tmp_path / "long.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    whole = mapped.read(file, column_map=column_map)
    streamed = streaming.read_long_csv(
        file, column_map, scratch=tmp_path / "scratch", memory="500MB", threads=1
    )
    return whole, streamed


def rows(reading: Reading) -> list[tuple[object, ...]]:
    table = (
        reading.observations
        if isinstance(reading.observations, pa.Table)
        else pq.read_table(reading.observations)
    )
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


def same(whole: Reading, streamed: Reading) -> None:
    assert rows(streamed) == rows(whole)
    counts = ("unit", "read", "stored", "skipped", "rejected", "suspicious")
    assert {k: streamed.receipt.as_dict()[k] for k in counts} == {
        k: whole.receipt.as_dict()[k] for k in counts
    }
    places = [sorted(map(repr, r.places.to_pylist())) for r in (whole, streamed)]
    assert places[0] == places[1]
    where = [
        sorted((r.reason, r.row, r.column) for r in reading.receipt.rejections)
        for reading in (whole, streamed)
    ]
    assert where[0] == where[1]


def test_a_table_with_every_fault_gives_the_same_streamed(tmp_path: Path) -> None:
    whole, streamed = both(tmp_path, MESSY)

    same(whole, streamed)
    assert len(whole.receipt.rejected) >= 8
    assert pq.read_schema(streamed.observations).equals(LISTED_OBSERVATIONS)


def test_repetitions_are_found_alike_where_keys_are_too_many_to_count_in_an_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "DENSE_CELLS", 0)
    monkeypatch.setattr(settling, "ROWS_PER_PASS", 3)

    same(*both(tmp_path, MESSY))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "mac-roman"])
def test_a_streamed_table_may_have_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    text = HEAD + "".join(f"Ségou n° {i};Bla éàè;2024-01;Penta 1;{i};0-11 mois;1\n" for i in range(50))

    whole, streamed = both(tmp_path, text.encode(encoding))

    same(whole, streamed)
    assert streamed.facts["encoding"] == whole.facts["encoding"]


def test_a_wide_table_with_one_column_per_indicator_gives_the_same_streamed(tmp_path: Path) -> None:
    column_map = ColumnMap(
        place=PlaceColumns(code="code", name="nom"),
        period=PeriodColumns(year="an", month="mois"),
        wide=("indicator",),
        indicators={
            "penta1": Meaning(indicator="dtp1_doses", age_band="0-11m"),
            "couv": Meaning(indicator="dtp1_coverage", unit="share"),
            "taux": Meaning(indicator="rate", unit="percent"),
        },
    )
    text = "code,nom,an,mois,penta1,couv,taux\n" + "".join(
        f"C{i},Lieu {i},2024,{i % 12 + 1},{i},{'85' if i == 7 else i / 40},{i}.5\n" for i in range(30)
    )

    same(*both(tmp_path, text, column_map))


def test_what_can_be_read_in_two_ways_is_rejected_by_both(tmp_path: Path) -> None:
    text = HEAD + "A;D;2024-01;BCG;1,234;;1\nA;D;2024-02;BCG;500;;1\n"

    whole, streamed = both(tmp_path, text)

    same(whole, streamed)
    assert streamed.receipt.rejected == {"sources.rejected.ambiguous_number": 1}


def test_the_column_proves_its_decimal_mark_for_all_its_numbers(tmp_path: Path) -> None:
    whole, streamed = both(tmp_path, HEAD + "A;D;2024-01;BCG;1,234;;1\nA;D;2024-02;BCG;0,5;;1\n")

    same(whole, streamed)
    assert {row[7] for row in rows(streamed)} == {1.234, 0.5}


def test_a_streamed_column_of_percents_is_refused_where_shares_are_expected(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(HEAD + "A;D;2024-01;taux;85;;1\nA;D;2024-02;taux;90;;1\n")
    shares = ColumnMap(**{**vars(LONG), "unit": "share"})

    with pytest.raises(BadFile, match=r"row 2, column Valeur.*percent"):
        streaming.read_long_csv(file, shares, scratch=tmp_path / "scratch")
    assert list((tmp_path / "scratch").glob("*.parquet")) == []


def test_a_stopped_import_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text(MESSY)

    with pytest.raises(streaming.ReadingCancelled):
        streaming.read_long_csv(file, LONG, scratch=tmp_path / "scratch", cancel=lambda: True)

    assert list((tmp_path / "scratch").glob("*.parquet")) == []


def test_a_long_file_is_streamed_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "STREAM_FROM", 10)
    file = tmp_path / "long.csv"
    file.write_text(MESSY)

    reading = mapped.read(file, column_map=LONG, scratch=tmp_path / "scratch")

    assert isinstance(reading.observations, Path)


def test_rejections_beyond_the_list_are_still_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalanso.sources.row_judge.LISTED_REJECTIONS", 3)
    text = HEAD + "".join(f"A;D;2024-01;BCG;x{i};;1\n" for i in range(8))

    whole, streamed = both(tmp_path, text)

    assert streamed.receipt.rejected == whole.receipt.rejected == {"sources.rejected.not_a_number": 8}
    assert len(streamed.receipt.rejections) == 3


def test_progress_runs_from_nothing_to_all(tmp_path: Path) -> None:
    shares: list[float] = []
    file = tmp_path / "long.csv"
    file.write_text(MESSY)

    streaming.read_long_csv(
        file, LONG, scratch=tmp_path / "scratch", progress=lambda _step, share: shares.append(share)
    )

    assert shares == sorted(shares)
    assert shares[-1] == 1
