"""Does a messy sheet of money load after a trial that people understand, and does loading it twice change nothing?"""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from tests.hub import money_desk as desk
from tests.hub.money_desk import NOW, PAGE
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

LINES = [
    ["Budget FAE, en FCFA", None, None, None, None],
    [None, None, None, None, None],
    ["Code intervention", "District", "Année", "Prévu", "Organisation"],
    ["INT-001", "Niono", 2024, 12_000_000, None],
    ["INT-001 ", "niono", "2025", "1 500 000", "House"],
    ["INT-002", None, 2024, 3_000_000.5, None],
    ["INT-999", "Niono", 2024, 5, None],
    ["INT-001", "Niono", 2031, 5, None],
    ["INT-002", "Niono", 2024, "1,5 M", None],
    ["INT-002", "Niono", 2025, -400, None],
    ["INT-002", "Niono", 2026, "1,234", None],
    ["INT-002", "Niono", 2027, "12 %", None],
    ["INT-002", "Nulle-Part", 2024, 5, None],
    ["INT-002", "Niono", "l'an passé", 5, None],
    ["INT-001", "Niono", 2024, 12_000_000, None],
    ["INT-002", "Niono", 2024, None, None],
    ["INT-002", "Niono", 2024, 5, "Personne"],
    [None, None, None, None, None],
]
REFUSED = {
    7: "intervention inconnue", 8: "2031 est hors de la subvention", 9: "écrit en abrégé", 10: "négatif", 11: "deux façons", 12: "pourcentage",
    13: "district inconnu", 14: "n'est pas une année", 15: "la même ligne qu'à la ligne 4", 16: "le montant manque", 17: "organisation inconnue",
}  # fmt: skip


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def bring(client: Any, grant: Any, kind: str, data: bytes, name: str = "budget.xlsx") -> Any:
    given = {"grant": grant.pk, "kind": kind, "file": SimpleUploadedFile(name, data)}
    return client.post(f"{PAGE}feuilles/nouvelle/", given)


def newest() -> Any:
    from kalanso.hub.grants.models import MoneyLoad

    return MoneyLoad.objects.latest("pk")


@pytest.fixture
def grant(hub: None) -> Any:
    for code in ("INT-001", "INT-002"):
        desk.intervention(code)
    return desk.grant(person("national"))


def test_a_messy_sheet_is_tried_told_row_by_row_loaded_and_loading_it_again_changes_nothing(
    grant: Any, niono: str
) -> None:
    from kalanso.hub.grants.models import BudgetLine

    client, data = visitor("national"), workbook(LINES)
    assert bring(client, grant, "lines", data).status_code == 302
    load = newest()
    assert BudgetLine.objects.count() == 0, "nothing is written by a trial"
    assert load.counts == {"rows": 14, "added": 3, "changed": 0, "same": 0, "refused": 11, "absent": 0}
    found = {fault["row"]: fault["says"]["fr"].replace("’", "'") for fault in load.faults}
    assert found.keys() == REFUSED.keys()
    for row, words in REFUSED.items():
        assert words in found[row], (row, found[row])
    page = text_of(client.get(f"{PAGE}feuilles/{load.pk}/"))
    assert "Lignes lues : 14" in page.replace("\xa0", " ")
    assert "Ligne 9 (INT-002)" in page
    assert "the amount is written short" in text_of(client.get(f"/en{PAGE}feuilles/{load.pk}/"))
    assert client.post(f"{PAGE}feuilles/{load.pk}/").status_code == 302
    lines = {
        (one.intervention.code, one.place_code, one.year): one.planned for one in BudgetLine.objects.all()
    }
    assert lines == {
        ("INT-001", niono, 2024): 12_000_000, ("INT-001", niono, 2025): 1_500_000, ("INT-002", "", 2024): Decimal("3000000.50"),
    }  # fmt: skip
    assert bring(client, grant, "lines", data).status_code == 302
    again = newest()
    assert (again.counts["added"], again.counts["changed"], again.counts["same"]) == (0, 0, 3)
    assert "Rien à charger" in text_of(client.get(f"{PAGE}feuilles/{again.pk}/"))
    changed = [row[:] for row in LINES[:4]]
    changed[3][3] = 13_000_000
    bring(client, grant, "lines", workbook(changed))
    third = newest()
    assert (third.counts["changed"], third.counts["absent"]) == (1, 2)
    client.post(f"{PAGE}feuilles/{third.pk}/")
    assert BudgetLine.objects.get(year=2024, place_code=niono).planned == 13_000_000
    assert BudgetLine.objects.count() == 3, "what a sheet leaves out stays"


ENTRIES = [
    ["Intervention", "Année", "Nature", "Date", "Montant", "Pièce", "Monnaie"],
    ["INT-001", 2024, "Décaissement", date(2024, 4, 2), 2_000_000, "BV 12", None],
    ["INT-001", 2024, "dépense", "03/05/2024", "1 200 000 FCFA", "F 7", "FCFA"],
    ["INT-001", 2024, "dépense", "03/05/2024", 500, "F 8", "USD"],
    ["INT-001", 2024, "Correction", "03/05/2024", 500, "F 9", None],
    ["INT-001", 2024, "cadeau", "03/05/2024", 500, "F 9", None],
    ["INT-001", 2024, "dépense", "31/02/2024", 500, "F 10", None],
    ["INT-001", 2024, "dépense", "03/05/2030", 500, "F 10", None],
    ["INT-001", 2024, "dépense", "03/05/2024", 500, None, None],
    ["INT-001", 2025, "dépense", "03/05/2024", 500, "F 11", None],
    ["INT-001", 2024, "dépense", "03/05/2024", 0, "F 12", None],
    ["INT-001", 2024, "dépense", "03/05/2024", 5, "F 12", "francs"],
    ["INT-001", 2024, "engagement", "03/05/2024", -5, "F 13", None],
]


def test_entries_load_once_and_each_bad_row_says_why(grant: Any) -> None:
    from kalanso.hub.grants.models import Entry

    desk.line(person("national"), grant, desk.intervention("INT-001"))
    client, data = visitor("national"), workbook(ENTRIES)
    assert bring(client, grant, "entries", data).status_code == 302
    load = newest()
    assert [fault["row"] for fault in load.faults] == list(range(5, 14)), load.faults
    assert load.counts["added"] == 3
    page = text_of(client.get(f"{PAGE}feuilles/{load.pk}/"))
    assert "Décaissement, 02/04/2024, BV 12" in page
    client.post(f"{PAGE}feuilles/{load.pk}/")
    assert sorted((one.kind, one.amount, one.currency, one.day) for one in Entry.objects.all()) == [
        ("disbursement", 2_000_000, "XOF", date(2024, 4, 2)), ("expenditure", 500, "USD", date(2024, 5, 3)),
        ("expenditure", 1_200_000, "XOF", date(2024, 5, 3)),
    ]  # fmt: skip
    bring(client, grant, "entries", data)
    assert (newest().counts["added"], newest().counts["same"]) == (0, 3)


def test_a_sheet_is_applied_as_it_was_shown_or_not_at_all(grant: Any, tmp_path: Path) -> None:
    from kalanso.hub.grants.actions import loads
    from kalanso.hub.grants.models import BudgetLine

    by = person("national")
    path = tmp_path / "b.xlsx"
    path.write_bytes(workbook(LINES[:4]))

    def tried() -> Any:
        return loads.attempt(
            by=by, grant=grant, kind="lines", path=path, file_name="b.xlsx", sha256="0" * 64, now=NOW
        )

    stale, kept = tried(), tried()
    loads.apply(by=by, load=kept, now=NOW)
    for load in (stale, kept):
        with pytest.raises(ValidationError):
            loads.apply(by=by, load=load, now=NOW)
    loads.discard(by=by, load=stale, now=NOW)
    assert BudgetLine.objects.count() == 1
    assert visitor("national").post(f"{PAGE}feuilles/{kept.pk}/ecarter/").status_code == 302
    kept.refresh_from_db()
    assert kept.status == "applied"


def test_what_is_no_sheet_is_refused_in_words(grant: Any) -> None:
    client = visitor("national")
    for data, name, words in (
        (b"%PDF-1.7", "x.pdf", "ni un tableau CSV"), (b"", "x.csv", "vide"), (b"a,b\n1,2\n", "x.csv", "Il manque ces titres de colonnes"),
        (b"x" * 5_400_000, "x.csv", "5 Mo"),
    ):  # fmt: skip
        answer = bring(client, grant, "lines", data, name)
        assert answer.status_code == 422
        assert words in text_of(answer).replace("\xa0", " "), name


def test_a_partner_loads_on_the_lines_of_its_own_organisation_alone(grant: Any, niono: str) -> None:
    from kalanso.hub.grants.models import BudgetLine

    own = desk.house("ong", "cso")
    centre = person("national")
    desk.line(centre, grant, organisation=own, year=2025)
    client = visitor("partner", organisation="ong")
    rows = [LINES[2], ["INT-001", None, 2024, 5, "Ong"], ["INT-001", None, 2024, 5, "House"]]
    assert bring(client, grant, "lines", workbook(rows)).status_code == 302
    load = newest()
    assert (load.counts["added"], [fault["row"] for fault in load.faults]) == (1, [3])
    client.post(f"{PAGE}feuilles/{load.pk}/")
    assert BudgetLine.objects.filter(organisation=own).count() == 2
    assert visitor("partner", organisation="other").get(f"{PAGE}feuilles/{load.pk}/").status_code == 404
    near = visitor("partner", niono, organisation="ong")
    bring(
        near,
        grant,
        "lines",
        workbook([LINES[2], ["INT-002", None, 2024, 5, "Ong"], ["INT-002", "Niono", 2024, 5, "Ong"]]),
    )
    assert [fault["row"] for fault in newest().faults] == [2], "held for a district, it writes there"
