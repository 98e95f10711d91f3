"""Do recounts of visits come in through the desk, under the same rights and steps as any sheet?"""

from __future__ import annotations

import html
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from kalanso.indicators.tables import RECOUNTS
from kalanso.store import Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import visitor

HEADS = "Structure;Mois;Vaccin;Registre;Feuille de pointage;Rapport mensuel;DHIS2"


def words(answer: Any) -> str:
    return " ".join(html.unescape(text_of(answer)).replace("\u2019", "'").split())


@pytest.fixture
def awa(niono: str) -> Any:
    return visitor("district", niono)


def visits(niono: str, *lines: str) -> Any:
    """A sheet of two places of Niono, with further lines."""
    from kalanso.hub.evidence.queries.uploads import places_of_visits

    names = [name for _above, name in places_of_visits(niono)[1]][:2]
    told = [
        HEADS,
        f"{names[0]};2025-01;Penta 1;80;82;100;100",
        f"{names[1]};2025-01;Penta 1;95;;100;",
        *lines,
    ]
    return desk.file("\n".join(told) + "\n", "visites.csv")


def brought(client: Any, niono: str, sheet: Any, **changes: Any) -> Any:
    from kalanso.hub.people.models import Organisation

    told = {
        "place": niono, "organisation": Organisation.objects.get(code="house").pk, "source": "-", "other_source": "dqs-2025",
        "file": sheet, "reader": "recounts", **changes,
    }  # fmt: skip
    return client.post("/preuves/depot/nouveau/", told)


def tried(client: Any, niono: str, *lines: str) -> Any:
    answer = brought(client, niono, visits(niono, *lines))
    assert answer.status_code == 302, answer.context["form"].errors
    desk.work(2)
    return desk.newest()


def test_recounts_are_tried_at_once_published_by_the_centre_and_taken_back(
    store: Store, awa: Any, niono: str
) -> None:
    upload = tried(awa, niono, "Nulle Part;2025-01;Penta 1;1;1;1;1")
    assert upload.state == "tried", upload.fault
    assert (upload.receipt["read"], upload.receipt["stored"]) == (3, 2)
    page = words(awa.get(f"/preuves/depot/{upload.pk}/"))
    assert "C'est un tableau de recomptages" in page
    assert "Corriger les colonnes" not in page
    receipt = words(awa.get(f"/preuves/depot/{upload.pk}/accuse/"))
    assert "trop long" not in receipt
    assert store.latest(RECOUNTS.name) is None, "a trial publishes nothing"
    assert awa.post(f"/preuves/depot/{upload.pk}/publier/").status_code == 403

    centre = visitor("national")
    assert centre.get(f"/preuves/depot/{upload.pk}/publier/").status_code == 200
    assert centre.post(f"/preuves/depot/{upload.pk}/publier/").status_code == 302
    desk.work()
    upload.refresh_from_db()
    assert upload.state == "published", upload.fault
    rows = store.read(RECOUNTS).to_pandas()
    assert sorted(rows["register"]) == [80, 95]
    assert set(rows["source"]) == {"dqs-2025"}
    from kalanso.hub.jobs.models import Job

    assert Job.objects.filter(kind="evidence.recompute").exists(), "checks and score cards follow"
    trail = words(centre.get(f"/traces/evidence.upload/{upload.pk}/"))
    assert "a déposé" in trail

    centre.post(f"/preuves/depot/{upload.pk}/retirer/", {"reason": "mauvais mois"})
    desk.work(2)
    upload.refresh_from_db()
    assert upload.state == "withdrawn", upload.fault
    assert store.read(RECOUNTS).count().execute() == 0


def test_an_open_name_is_decided_as_in_any_sheet(store: Store, awa: Any, niono: str) -> None:
    upload = tried(awa, niono, "Nulle Part;2025-01;Penta 1;1;1;1;1")
    name = upload.names.get(name="Nulle Part")
    from kalanso.hub.evidence.queries.uploads import level_of_visits, places_of_visits
    from kalanso.hub.people.models import PlaceMirror

    third = places_of_visits(niono)[1][2][1]
    home = PlaceMirror.objects.get(code=niono)
    within = PlaceMirror.objects.filter(path__startswith=home.path, level=level_of_visits(upload))
    other = within.get(name=third)
    page = awa.get(f"/preuves/depot/{upload.pk}/correspondances/")
    assert other in page.context["others"], "places are chosen from a list, not by their code"
    told = {"choice": "other", "other": other.code}
    answer = awa.post(f"/preuves/depot/{upload.pk}/correspondances/{name.pk}/", told)
    assert answer.status_code == 302
    name.refresh_from_db()
    assert name.decision == "place", "another place of the district"
    awa.post(f"/preuves/depot/{upload.pk}/essai/")
    desk.work()
    upload.refresh_from_db()
    assert upload.receipt["stored"] == 3


def test_a_sheet_without_the_headings_of_visits_is_refused_with_what_is_missing(
    store: Store, awa: Any, niono: str
) -> None:
    assert brought(awa, niono, desk.file()).status_code == 302
    desk.work()
    upload = desk.newest()
    assert upload.state == "refused"
    assert "structure" in upload.fault["fr"].lower()
    assert awa.get(f"/preuves/depot/{upload.pk}/colonnes/").status_code == 302


def test_what_a_sheet_holds_is_chosen_from_what_there_is(awa: Any, niono: str) -> None:
    assert brought(awa, niono, visits(niono), reader="rumours").status_code == 422


def test_columns_of_recounts_cannot_be_said_otherwise(store: Store, awa: Any, niono: str) -> None:
    from django.core.exceptions import ValidationError

    from kalanso.hub.evidence.actions.uploads import map_columns

    upload = tried(awa, niono)
    with pytest.raises(ValidationError):
        map_columns(by=upload.by, upload=upload, document={}, name="", version=upload.version, now=desk.NOW)


@pytest.mark.parametrize("role", ["coach", "donor"])
def test_who_brings_no_sheets_brings_no_recounts(store: Store, niono: str, role: str) -> None:
    from kalanso.hub.evidence.models import Upload

    client = visitor(role, "" if role == "donor" else niono)
    assert brought(client, niono, visits(niono)).status_code in {302, 403}
    assert not Upload.objects.filter(reader="recounts").exists()


def test_recounts_of_another_district_stay_outside(store: Store, awa: Any, niono: str) -> None:
    upload = tried(awa, niono, "Karangana;2025-01;Penta 1;9;9;9;9")
    assert upload.receipt["rejected"], "a place of Yorosso"
    assert upload.receipt["stored"] == 2


def test_the_model_of_a_visit_is_read_as_it_was_handed_out(store: Store, awa: Any, niono: str) -> None:
    answer = awa.get("/preuves/depot/modele.xlsx", {"lieu": niono, "mois": "202501", "ages": "visites"})
    book = load_workbook(io.BytesIO(answer.content))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0][1:] == (
        "Structure",
        "Mois",
        "Vaccin",
        "Registre",
        "Feuille de pointage",
        "Rapport mensuel",
        "DHIS2",
    )
    book.active.cell(row=2, column=5, value=80)
    book.active.cell(row=2, column=7, value=100)
    kept = io.BytesIO()
    book.save(kept)

    assert brought(awa, niono, desk.file(kept.getvalue(), "visites.xlsx")).status_code == 302
    desk.work(2)

    upload = desk.newest()
    assert upload.state == "tried", upload.fault
    assert upload.receipt["stored"] == 1, upload.receipt
