"""Do recounts travel from a sheet of visits to verification factors and to the evidence of an estimate?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kalanso.cli import main
from kalanso.indicators.tables import RECOUNTS
from kalanso.pipeline import import_file
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.recounted import recounts_table, verification
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.sources import BadFile, recounts
from kalanso.store import Provenance, Store

NOW = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
SHEET = """\
Visites DQS 2024;;;;;;;
District;Structure;Mois;Vaccin;Registre;Feuille de pointage;Rapport mensuel;DHIS2
Niono;Boura;2024-01;Penta 1;80;82;100;100
Niono;Boura;février 2024;Penta 1;90;;100;110
Niono;Boura;2024-01;VAR 1;;;;
Niono;Boura;2024-01;Penta 1;80;82;100;100
Niono;Kolongo;2024-01;Penta 1;40;40;40;
Macina;Sokolo;2024-01;Penta 1;95;100;100;100
Macina;Sokolo;2024-01;Penta 3;-4;1;1;1
Macina;Sokolo;2024-13;Penta 3;4;1;1;1
Macina;Sokolo;2024-02;Potion;4;1;1;1
Macina;Sokolo;2024-02;Penta 3;quatre;1;1;1
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "visites.csv"
    path.write_text(SHEET, encoding="utf-8")
    return path


@pytest.fixture
def placed(tmp_path: Path, sheet: Path) -> Store:
    """A store of three facilities in two districts, with the recounts imported."""
    store = Store.create(tmp_path / "store", country="ML", now=NOW, memory="1GB", threads=1)
    names = {"ML": ("Mali", "country"), "D1": ("Niono", "district"), "D2": ("Macina", "district"), "F1": ("Boura", "facility"),
             "F2": ("Kolongo", "facility"), "F3": ("Sokolo", "facility")}  # fmt: skip
    dated: dict[str, Any] = {"valid_from": None, "valid_to": None, "source": "t"}
    store.publish(PLACES, [
        {"place_code": c, "name": n, "level": level, "kind": "", "latitude": None, "longitude": None} | dated
        for c, (n, level) in names.items()
    ], provenance=Provenance(), now=NOW)  # fmt: skip
    store.publish(PLACE_PARENTS, [
        {"place_code": c, "tree": "health", "parent_code": up} | dated
        for c, up in {"D1": "ML", "D2": "ML", "F1": "D1", "F2": "D1", "F3": "D2"}.items()
    ], provenance=Provenance(), now=NOW)  # fmt: skip
    import_file(store, "recounts", sheet, now=NOW)
    return store


def test_every_row_of_the_sheet_is_stored_skipped_or_refused_with_a_reason(sheet: Path) -> None:
    reading = recounts.read(sheet)

    assert (reading.receipt.read, reading.receipt.stored) == (10, 4)
    assert dict(reading.receipt.skipped) == {"sources.skipped.no_recount": 1}
    assert sorted((r.row, r.reason.split(".")[-1]) for r in reading.receipt.rejections) == [
        (6, "recount_twice"), (9, "negative_recount"), (10, "unknown_period"), (11, "unknown_vaccine"), (12, "not_a_number"),
    ]  # fmt: skip
    assert reading.recounts is not None
    first = reading.recounts.to_pylist()[0]
    assert (first["listed_name"], first["listed_parent"], first["period"], first["indicator"]) == (
        "Boura",
        "Niono",
        "202401",
        "dtp1_doses",
    )
    assert (
        first["register"],
        first["tally_sheet"],
        first["monthly_report"],
        first["in_system"],
        first["weight"],
    ) == (80, 82, 100, 100, 1)


def test_a_sheet_without_registers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Structure;Mois;Vaccin\nBoura;2024-01;Penta 1\n", encoding="utf-8")

    with pytest.raises(BadFile, match="registre"):
        recounts.read(path)


def test_recounts_stand_at_our_places(placed: Store) -> None:
    rows = placed.read(RECOUNTS).to_pandas()

    assert sorted(zip(rows.place_code, rows.period, rows.register, strict=True)) == [
        ("F1", "202401", 80), ("F1", "202402", 90), ("F2", "202401", 40), ("F3", "202401", 95),
    ]  # fmt: skip


def test_factors_are_given_for_facilities_districts_and_country(placed: Store) -> None:
    told = verification(Holdings(placed, NOW.date()))

    factors = told[told.step == "register_over_report"].set_index("place_code").factor.round(4).to_dict()
    assert factors == {"F1": 0.85, "F2": 1.0, "F3": 0.95, "D1": 0.875, "D2": 0.95, "ML": round(305 / 340, 4)}
    nation = told[(told.step == "register_over_report") & (told.place_code == "ML")].iloc[0]
    assert (nation.facilities, nation.clusters) == (3, 2)
    assert nation.low < nation.factor < nation.high


def test_the_estimate_reads_registers_beside_what_the_system_holds(placed: Store) -> None:
    rows = recounts_table(placed, {"F1": "A1", "F2": "A1", "F3": "A2"})

    told = [
        tuple(row)
        for row in rows[["place_code", "period", "indicator", "recounted", "reported"]].itertuples(
            index=False
        )
    ]
    # Where the system's number is not known, the monthly report stands in.
    assert told == [
        ("A1", "202401", "dtp1_doses", 120, 140), ("A1", "202402", "dtp1_doses", 90, 110), ("A2", "202401", "dtp1_doses", 95, 100),
    ]  # fmt: skip
    assert recounts_table(placed, {}).empty


def test_the_command_shows_factors_and_a_store_without_recounts_has_none(
    placed: Store, capsys: Any, tmp_path: Path
) -> None:
    store = Store.create(tmp_path / "empty", country="ML", now=NOW, memory="1GB", threads=1)
    with pytest.raises(SystemExit) as left:
        main(["--lang", "en", "verification", "--store", str(placed.folder)])
    assert not left.value.code
    shown = capsys.readouterr().out
    assert "register / report" in shown
    assert "Mali" in shown
    with pytest.raises(SystemExit) as left:
        main(["verification", "--store", str(placed.folder), "--json"])
    assert not left.value.code
    assert len(json.loads(capsys.readouterr().out)) > 6
    assert verification(Holdings(store, NOW.date())).empty
    assert recounts_table(store, {"F1": "A1"}).empty
