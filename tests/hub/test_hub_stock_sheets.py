"""Does a stock by lot come in through the desk, in doses or vials, under the rights and steps of any sheet?"""

from __future__ import annotations

from typing import Any

import pytest

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Store
from tests.hub import desk
from tests.hub.test_hub_recounts import awa, brought, words
from tests.hub.visitors import visitor

__all__ = ["awa"]  # the officer of Niono, as a fixture
HEADS = "Structure;Mois;Produit;N° de lot;Doses par flacon;Stock initial;Reçu;Utilisé;Stock final"


def lots(niono: str, *lines: str) -> Any:
    """Two lots of Penta of one place of Niono: 10 + 4 - 6 = 8, and 5 - 2 = 3; with further lines."""
    from kalanso.hub.evidence.queries.uploads import places_of_visits

    first = places_of_visits(niono)[1][0][1]
    told = [HEADS, f"{first};2025-01;Penta;A1;10;10;4;6;8", f"{first};2025-01;Penta;B7;10;5;0;2;3", *lines]
    return desk.file("\n".join(told) + "\n", "stock.csv")


@pytest.mark.parametrize(("reader", "each"), [("stock", 1), ("vials", 10)])
def test_lots_become_the_doses_of_a_month_once_the_centre_publishes_them(
    store: Store, awa: Any, niono: str, reader: str, each: int
) -> None:
    assert brought(awa, niono, lots(niono), reader=reader, other_source="medexis").status_code == 302
    desk.work(2)
    upload = desk.newest()
    assert upload.state == "tried", upload.fault
    assert (upload.receipt["read"], upload.receipt["stored"]) == (2, 2)
    page = words(awa.get(f"/preuves/depot/{upload.pk}/"))
    assert "C'est un stock par lot" in page
    assert "L'essai garderait 2 lignes sur 2 lues" in page

    visitor("national").post(f"/preuves/depot/{upload.pk}/publier/")
    desk.work()
    upload.refresh_from_db()
    assert upload.state == "published", upload.fault
    rows = store.read(OBSERVATIONS).to_pandas()
    rows = rows[rows["source"] == "medexis"].set_index("indicator")["value"]
    expected = {"stock_opening_doses": 15, "doses_received": 4, "doses_used": 8, "stock_closing_doses": 11}
    assert {name: rows[name] for name in expected} == {name: n * each for name, n in expected.items()}


def test_the_receipt_says_of_which_vaccine_each_number_is(store: Store, awa: Any, niono: str) -> None:
    brought(awa, niono, lots(niono), reader="stock", other_source="medexis")
    desk.work(2)
    said = words(awa.get(f"/preuves/depot/{desk.newest().pk}/accuse/"))
    assert "Doses reçues, Penta" in said, said


def test_a_stock_without_its_headings_is_refused_with_what_is_missing(
    store: Store, awa: Any, niono: str
) -> None:
    brought(awa, niono, desk.file(), reader="stock")
    desk.work()
    upload = desk.newest()
    assert upload.state == "refused"
    assert upload.fault["fr"]
    assert upload.fault["en"]


def test_a_stock_of_another_district_stays_outside(store: Store, awa: Any, niono: str) -> None:
    brought(awa, niono, lots(niono, "Karangana;2025-01;Penta;Z;10;1;0;0;1"), reader="stock")
    desk.work(2)
    upload = desk.newest()
    assert upload.receipt["rejected"], "a place of Yorosso"
    assert upload.receipt["stored"] == 2


def test_a_stock_in_doses_and_one_in_vials_are_rivals(store: Store, awa: Any, niono: str) -> None:
    from kalanso.hub.evidence.queries.doubts import rivals

    for reader in ("stock", "vials"):
        brought(awa, niono, lots(niono), reader=reader, other_source="medexis")
        desk.work(2)
    upload = desk.newest()
    assert len(rivals(upload.by, upload)) == 1
