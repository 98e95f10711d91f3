"""Does a sheet go from a person's hands to what is published, and back, with nothing lost, doubled or unasked?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture
def store(small_store: Store, tmp_path: Path) -> Iterator[Store]:
    from django.test import override_settings

    own = desk.copied(small_store, tmp_path)
    with override_settings(KALANSO_STORE=own.folder, KALANSO_DATA=tmp_path / "data"):
        yield own


@pytest.fixture
def niono(code_of: Any) -> str:
    return str(code_of("Niono", "district"))


@pytest.fixture
def awa(hub: None, niono: str) -> Any:
    return visitor("district", niono)


def counted(store: Store, source: str = "demo-snis") -> int:
    table = Store.open(store.folder, threads=1).read(OBSERVATIONS)
    return int(table.filter(table.source == source).count().to_pyarrow().as_py())


def decide(client: Any, upload: Any, name: str, choice: str, other: str = "") -> Any:
    held = upload.names.get(name=name)
    return client.post(
        f"/preuves/depot/{upload.pk}/correspondances/{held.pk}/", {"choice": choice, "other": other}
    )


def test_a_sheet_goes_from_upload_to_published_and_back(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    before = counted(store)
    upload = desk.tried(awa, niono)

    assert (upload.state, upload.receipt["read"], upload.receipt["stored"]) == ("tried", 14, 7)
    assert {one.name: one.status for one in upload.names.all()} == {
        "Niono Est": "ambiguous",
        "Nulle Part": "unmatched",
    }
    assert upload.receipt["rejected"]["pipeline.rejected.place_outside"] == 2
    assert counted(store) == before

    decide(awa, upload, "Niono Est", f"place:{code_of('Niono Nord', 'health_area')}")
    decide(awa, upload, "Nulle Part", "none")
    assert awa.post(f"/preuves/depot/{upload.pk}/publier/").status_code == 403
    awa.post(f"/preuves/depot/{upload.pk}/essai/")
    desk.work()
    upload.refresh_from_db()
    assert (upload.state, upload.receipt["stored"]) == ("tried", 9)

    cni = visitor("national")
    cni.post(f"/preuves/depot/{upload.pk}/publier/")
    desk.work()
    upload.refresh_from_db()
    assert upload.state == "published", upload.fault
    assert counted(store) == before + 9
    assert any(snapshot.startswith("observations-") for snapshot in upload.snapshots)

    page = text_of(cni.get(f"/preuves/depot/{upload.pk}/retirer/"))
    assert "9 lignes ajoutées" in page
    cni.post(f"/preuves/depot/{upload.pk}/retirer/", {"reason": "mois compté deux fois"})
    desk.work()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == ("withdrawn", "mois compté deux fois")
    assert counted(store) == before
