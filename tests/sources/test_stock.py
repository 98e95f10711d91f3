"""Do vials become doses, lots months, and does what nobody declared stay out?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kalanso.cli import main
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.sources import BadFile, stock
from kalanso.store import Provenance, Store

HEADS = "District;Structure;Mois;Produit;N° de lot;Péremption;Unité;Doses par flacon;Stock initial;Reçu;Utilisé;Pertes et ajustements;Sorties;Stock final;Jours de rupture"


def table(tmp_path: Path, *lines: str, heads: str = HEADS) -> Path:
    path = tmp_path / "stock.csv"
    path.write_text("\n".join([heads, *lines]) + "\n", encoding="utf-8")
    return path


def told(reading: Any) -> dict[tuple[str, str, str], float | None]:
    rows = reading.observations.to_pylist()
    return {(row["period"], row["product"], row["indicator"]): row["value"] for row in rows}


def reasons(reading: Any) -> list[tuple[int, str]]:
    return sorted((one.row, one.reason.rsplit(".", 1)[-1]) for one in reading.receipt.rejections)


def test_lots_in_vials_become_the_doses_of_a_month_with_what_expires(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Niono;Boura;2024-01;Penta;A1;2024-03-31;flacons;10;4;2;3;-1;0;2;5",
        "Niono;Boura;2024-01;Penta 10 doses;B7;12/2025;flacons;;0;5;0;;1;4;5",
        "Niono;Boura;2024-01;Vaccin BCG;C2;2023-12;doses;;40;0;20;0;0;20;0",
        "Note : extrait du 2 février",
    )

    reading = stock.read(path, country="ML")

    assert (reading.receipt.read, reading.receipt.stored) == (4, 3)
    found = told(reading)
    penta = {code: found["202401", "penta", code] for _p, product, code in found if product == "penta"}
    assert penta == {
        "stock_opening_doses": 40, "doses_received": 70, "doses_used": 30, "doses_wasted": 10, "doses_issued": 10,
        "stock_closing_doses": 60, "stockout_days": 5, "stock_lots": 2, "stock_expired_doses": 0, "stock_expiring_doses": 20,
    }  # fmt: skip
    assert penta["stock_opening_doses"] + 70 - 30 - 10 - 10 == penta["stock_closing_doses"], (
        "identity of dhis2.md §7"
    )
    assert found["202401", "bcg", "stock_expired_doses"] == 20
    assert dict(reading.receipt.suspicious) == {"sources.suspicious.stock_used_expired": 1}
    assert {note.id: dict(note.params) for note in reading.receipt.notes} == {
        "sources.note.vial_size": {"product": "penta", "n": "10"}
    }
    assert reading.counted == {("Boura", "Niono"): 3}


@pytest.mark.parametrize("used", ["Quantité consommée", "Doses utilisées", "Consommation"])
def test_headings_of_a_stock_card_in_french_are_known(tmp_path: Path, used: str) -> None:
    path = table(
        tmp_path,
        "Boura;2024-01;Penta;A1;40;10;20;30;2",
        heads=f"Structure;Mois;Produit;N° lot;Stock de début de mois;Doses reçues;{used};Stock de fin de mois;Jours de rupture de stock",
    )
    found = told(stock.read(path, country="ML", unit="doses"))
    assert {code: found["202401", "penta", code] for _, _, code in found} == {
        "stock_opening_doses": 40, "doses_received": 10, "doses_used": 20, "stock_closing_doses": 30,
        "stockout_days": 2, "stock_lots": 1,
    }  # fmt: skip


def test_columns_that_are_not_read_are_named_unless_they_are_empty(tmp_path: Path) -> None:
    heads = "Structure;Mois;Produit;Stock final;Température;Visa"
    reading = stock.read(table(tmp_path, "Boura;2024-01;Penta;30;5;", heads=heads), unit="doses")
    assert [(note.id, dict(note.params)) for note in reading.receipt.notes] == [
        ("sources.note.left_out", {"n": 1, "names": "Température"})
    ]


def test_what_nobody_declared_is_refused_with_its_row_and_its_month(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Niono;Boura;2024-01;Penta;A1;;flacons;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;Penta;A2;;doses;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;Penta 10 doses;A3;;flacons;2;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;Seringue 0,5 ml;;;doses;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;VPI;D;;cartons;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;RR;E;demain;doses;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-13;RR;E;;doses;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;Rota;F;;doses;;4;-2;3;0;0;3;0",
        "Niono;Boura;2024-01;VPO;G;;doses;;4;deux;3;0;0;3;0",
        "Niono;;2024-01;VPO;G;;doses;;4;2;3;0;0;3;0",
        "Niono;Boura;2024-01;VAA;H;;doses;;;;;;;;",
    )

    reading = stock.read(path, country="ML")

    assert reasons(reading) == [
        (2, "vial_unknown"), (3, "stock_lot_refused"), (4, "vial_contradicts"), (5, "unknown_product"), (6, "unknown_unit"),
        (7, "expiry_unreadable"), (8, "unknown_period"), (9, "stock_negative"), (10, "not_a_number"), (11, "no_place"),
    ]  # fmt: skip
    assert dict(reading.receipt.skipped) == {"sources.skipped.no_stock": 1}
    assert told(reading) == {}
    for one in reading.receipt.rejections:
        for locale in ("fr", "en"):
            assert str(one.row) in one.message("stock.csv").render(locale) or one.reason.endswith(
                ("period", "place", "number")
            )


@pytest.mark.parametrize(
    ("country", "declared", "product", "doses"),
    [
        ("ML", "", "BCG", 60),
        ("ML", "bcg=10", "BCG", 30),
        ("ML", "Penta=1", "Penta", 3),
        ("BF", "bcg=20", "BCG", 60),
    ],
)
def test_a_vial_holds_what_the_person_says_or_else_the_country(
    tmp_path: Path, country: str, declared: str, product: str, doses: float
) -> None:
    path = table(
        tmp_path, f"Boura;2024;janvier;{product};3", heads="facility;year;month;fullProductName;stockOnHand"
    )

    reading = stock.read(path, country=country, unit="vials", doses_per_vial=declared)

    assert [row["value"] for row in reading.observations.to_pylist()] == [doses]  # type: ignore[union-attr]


def test_a_country_that_declares_no_size_refuses_vials(tmp_path: Path) -> None:
    path = table(tmp_path, "Boura;2024-01;BCG;3", heads="facility;period;product;stockOnHand")
    assert reasons(stock.read(path, country="BF", unit="vials")) == [(2, "vial_unknown")]


@pytest.mark.parametrize(
    ("options", "heads"),
    [
        ({}, "facility;period;product;stockOnHand"), ({"unit": "cartons"}, "facility;period;product;stockOnHand"),
        ({"unit": "vials", "doses_per_vial": "penta"}, "facility;period;product;stockOnHand"),
        ({"unit": "vials", "doses_per_vial": "penta=500"}, "facility;period;product;stockOnHand"),
        ({"unit": "vials", "doses_per_vial": "potion=10"}, "facility;period;product;stockOnHand"),
        ({"unit": "doses"}, "facility;product;stockOnHand;year"), ({"unit": "doses"}, "facility;period;product;balance"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_understood_is_refused_with_what_to_try(
    tmp_path: Path, options: dict[str, str], heads: str
) -> None:
    path = table(tmp_path, "Boura;2024-01;Penta;3", heads=heads)
    with pytest.raises(BadFile) as refused:
        stock.read(path, country="ML", **options)
    assert refused.value.render("fr") != refused.value.render("en")


def test_lots_that_break_an_identity_are_counted_where_their_sum_would_hide_it(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Niono;Boura;2024-01;Penta;A;2025-01-31;doses;;100;0;10;;;80;0",
        "Niono;Boura;2024-01;Penta;B;2025-01-31;doses;;100;0;10;;;100;0",
        "Niono;Boura;2024-02;Penta;A;2025-06-30;doses;;100;0;10;5;;95;0",
        "Niono;Boura;2024-02;Penta;B;;doses;;80;0;10;;;70;3",
    )

    reading = stock.read(path, country="ML")

    found = told(reading)
    assert (
        found["202401", "penta", "stock_closing_doses"]
        == found["202402", "penta", "stock_opening_doses"]
        == 180
    )
    names = {key.rsplit("stock_", 1)[-1]: n for key, n in reading.receipt.suspicious.items()}
    assert names == {
        "balance": 2,
        "carried": 2,
        "two_expiries": 1,
        "no_expiry": 1,
        "days_differ": 1,
        "adjusted_up": 1,
    }
    assert found["202402", "penta", "stock_expired_doses"] is None
    assert found["202402", "penta", "stockout_days"] is None
    assert found["202402", "penta", "doses_received"] == 5


def test_a_lot_twice_or_a_level_left_blank_leaves_no_sum_that_is_too_small(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "Niono;Boura;2024-01;Penta;a;;doses;;10;0;0;;;10;0", "Niono;Boura;2024-01;Penta;A;;doses;;10;0;0;;;10;0",
        "Niono;Boura;2024-02;Penta;A;;doses;;10;0;2;;;;0", "Niono;Boura;2024-02;Penta;B;;doses;;10;;;;;5;0",
    )  # fmt: skip

    reading = stock.read(path, country="ML")

    assert reasons(reading) == [(2, "stock_lot_refused"), (3, "stock_lot_twice")]
    assert told(reading)["202402", "penta", "stock_closing_doses"] is None
    assert told(reading)["202402", "penta", "doses_used"] == 2


def test_the_command_stores_stock_and_says_what_it_refused(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from kalanso.places.tables import PLACES

    now = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
    blank = {
        "kind": "",
        "latitude": None,
        "longitude": None,
        "valid_from": None,
        "valid_to": None,
        "source": "t",
    }
    store.publish(
        PLACES,
        [{"place_code": "F9", "name": "Boura", "level": "facility", **blank}],
        provenance=Provenance(),
        now=now,
    )
    path = table(
        tmp_path, "Boura;2024-01;Penta;3", "Boura;2024-01;VPI;3", heads="facility;period;product;stockOnHand"
    )

    asked = [
        "import",
        "stock",
        str(path),
        "--store",
        str(store.folder),
        "--unit",
        "vials",
        "--doses-per-vial",
        "penta=10",
        "--json",
    ]
    with pytest.raises(SystemExit) as done:
        main(asked)
    assert done.value.code == 0

    receipt = json.loads(capsys.readouterr().out)
    assert receipt["rejected"] == {"sources.rejected.vial_unknown": 1}
    rows = Store.open(store.folder).read(OBSERVATIONS).to_pandas()
    rows = rows[rows["source"] == "e-lmis"]
    assert rows[["place_code", "indicator", "product", "value"]].to_numpy().tolist() == [
        ["F9", "stock_closing_doses", "penta", 30.0]
    ]
