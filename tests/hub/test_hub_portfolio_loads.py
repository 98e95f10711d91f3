"""Is a sheet of the portfolio tried before it changes anything, understood by who reads it, and the same the second time?"""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.hub.portfolio_desk import NOW, PAGE, brought, house, intervention, planned, sheet
from tests.hub.test_hub_pages import text_of as text_as_sent
from tests.hub.visitors import person, visitor

ROW = ["INT-001", "Séances du soir", "Niono", "01/02/2025", "31/12/2025", 48, None, None]


@pytest.fixture(autouse=True)
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


def text_of(answer: Any) -> str:
    return unescape(text_as_sent(answer)).replace("’", "'")


def counts(one: Any) -> tuple[int, int, int, int, int]:
    told = one.counts
    return told["interventions_added"], told["added"], told["changed"], told["same"], told["faults"]


def test_a_sheet_changes_nothing_before_it_is_applied_and_nothing_the_second_time(
    hub: None, tmp_path: Path
) -> None:
    from kalanso.hub.people.models import Event
    from kalanso.hub.portfolio.actions.loads import apply
    from kalanso.hub.portfolio.models import Cell, Intervention

    by = person("national")
    one = brought(by, sheet(ROW), tmp_path)
    assert counts(one) == (1, 1, 0, 0, 0)
    assert not Cell.objects.exists()
    assert apply(by=by, one=one, now=NOW).status == "applied"
    cell = Cell.objects.get()
    assert (cell.intervention.title_fr, str(cell.begins), cell.target, cell.organisation) == (
        "Séances du soir",
        "2025-02-01",
        48,
        house(),
    )
    assert Event.objects.filter(verb="portfolio.cell_planned", place_code=cell.place_code).count() == 1
    again = brought(by, sheet(ROW), tmp_path)
    assert counts(again) == (0, 0, 0, 2, 0)
    assert again.changes == []
    assert (Intervention.objects.count(), Cell.objects.count()) == (1, 1)
    with pytest.raises(ValidationError, match="déjà chargée"):
        apply(by=by, one=one, now=NOW)


def test_what_a_sheet_changes_is_told_field_by_field_and_the_rest_stays(
    hub: None, niono: str, code_of: Any, tmp_path: Path
) -> None:
    from kalanso.hub.portfolio.actions.loads import apply
    from kalanso.hub.portfolio.models import Cell

    by = person("national")
    line = intervention(by)
    cell = planned(by, line, niono, state="ongoing")
    planned(by, line, code_of("Bougouni", "district"))
    told = brought(
        by, sheet(["INT-001", None, "Niono", None, None, 60, "en retard", "route coupée"]), tmp_path
    )
    [change] = told.changes
    assert (change["kind"], change["thing"], change["place_code"]) == ("change", "cell", niono)
    assert change["fields"] == {
        "reason": ["", "route coupée"],
        "state": ["ongoing", "delayed"],
        "target": [48, 60],
    }
    assert told.counts["unmentioned"] == 1
    said = text_of(visitor("national").get(f"{PAGE}charger/{told.pk}/"))
    assert "En cours → En retard" in said
    assert "1 ligne du portefeuille n'est pas dans la feuille" in said
    apply(by=by, one=told, now=NOW)
    cell.refresh_from_db()
    assert (cell.state, cell.reason, cell.target, cell.version) == ("delayed", "route coupée", 60, 2)
    assert Cell.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (["INT-009", None, "Niono"], "nouvelle et n'a pas de titre"),
        (["INT-001", "Soir", "Niono", None, None, None, "en retard"], "demande une raison"),
        (["INT-001", "Soir", "Niono", None, None, None, "terminée"], "ne peut pas suivre"),
        (["INT-001", "Soir", "Niono", None, "01/01/2024"], "avant le début déjà gardé"),
        (["INT-001", "Soir", "Nionno"], "Le plus proche"),
        (["INT-001", "Soir", "Niono", None, None, "45 %"], "pourcentage"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_row(
    hub: None, niono: str, tmp_path: Path, row: list[Any], says: str
) -> None:
    by = person("national")
    planned(by, intervention(by, title_fr="Soir"), niono)
    one = brought(by, sheet(row), tmp_path)
    said = text_of(visitor("national").get(f"{PAGE}charger/{one.pk}/"))
    assert "Ligne 2" in said
    assert says in said
    assert not one.changes


def test_organisations_are_known_by_code_or_name_and_never_made_up(hub: None, tmp_path: Path) -> None:
    house("oms")
    heads = ["Code", "Intervention", "District", "Responsable", "Partenaires"]
    good = brought(person("national"), sheet(["I", "Soir", "Niono", "OMS", "House"], heads=heads), tmp_path)
    assert good.changes[0]["fields"]["lead"] == [None, "oms"]
    assert good.changes[0]["fields"]["partners"] == [None, ["house"]]
    bad = brought(person("national"), sheet(["I", "Soir", "Niono", "ONU", None], heads=heads), tmp_path)
    assert bad.faults[0]["params"] == {"names": "ONU"}
    assert not bad.changes


def test_a_sheet_is_tried_again_where_the_portfolio_moved_meanwhile(
    hub: None, niono: str, tmp_path: Path
) -> None:
    from kalanso.hub.portfolio.actions.cells import correct_plan
    from kalanso.hub.portfolio.actions.loads import apply

    by = person("national")
    cell = planned(by, intervention(by), niono)
    one = brought(by, sheet(["INT-001", None, "Niono", None, None, 60]), tmp_path)
    correct_plan(by=by, one=cell, said={"target": 50}, version=1, now=NOW)
    assert apply(by=by, one=one, now=NOW).status == "tried"
    one.refresh_from_db()
    assert one.changes[0]["fields"] == {"target": [50, 60]}
    assert apply(by=by, one=one, now=NOW).status == "applied"


def test_what_the_hub_hands_out_loads_again_without_a_change(hub: None, niono: str, tmp_path: Path) -> None:
    by = person("national")
    planned(by, intervention(by), niono, state="delayed", reason="pas de route")
    data = visitor("national").get("/agir/portefeuille.xlsx").content
    again = brought(by, data, tmp_path)
    assert again.changes == []
    assert again.faults == []
    assert again.counts["same"] == 2


def test_a_person_brings_reads_and_loads_a_sheet(hub: None) -> None:
    from kalanso.hub.portfolio.models import Cell

    client = visitor("national")
    file = SimpleUploadedFile("mon portefeuille.xlsx", sheet(ROW, ["INT-002", "Matin", "Tombouctou Sud"]))
    answer = client.post(f"{PAGE}charger/", {"file": file, "organisation": house().pk})
    assert answer.status_code == 302
    said = text_of(client.get(answer.headers["Location"]))
    assert "Essayé, rien n'est changé" in said
    assert "Tombouctou Sud" in said
    assert client.post(f"{answer.headers['Location']}appliquer/").status_code == 302
    assert Cell.objects.count() == 1
    assert "Qu'a changé cette feuille" in text_of(client.get(answer.headers["Location"]))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", b""),
        ("a.pdf", b"%PDF-1.7 x"),
        ("a.xlsx", b"PK\x03\x04rubbish"),
        ("a.csv", b"Quoi;Ou\n1;2\n"),
    ],
)
def test_what_is_no_such_sheet_is_refused_with_a_sentence(hub: None, name: str, data: bytes) -> None:
    answer = visitor("national").post(
        f"{PAGE}charger/", {"file": SimpleUploadedFile(name, data), "organisation": house().pk}
    )
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]


def test_a_sheet_that_was_put_aside_changes_nothing(hub: None, tmp_path: Path) -> None:
    from kalanso.hub.portfolio.actions.loads import apply
    from kalanso.hub.portfolio.models import Cell

    by = person("national")
    one = brought(by, sheet(ROW), tmp_path)
    assert visitor("national").post(f"{PAGE}charger/{one.pk}/ecarter/").status_code == 302
    with pytest.raises(ValidationError):
        apply(by=by, one=one, now=NOW)
    assert not Cell.objects.exists()


@pytest.mark.parametrize("role", ["partner", "donor", "researcher"])
def test_only_the_centre_loads_sheets(hub: None, tmp_path: Path, role: str) -> None:
    with pytest.raises(PermissionDenied):
        brought(person(role), sheet(ROW), tmp_path)
    assert visitor(role).get(f"{PAGE}charger/").status_code == 403
