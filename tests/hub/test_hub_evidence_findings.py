"""Do people see the findings of their places first, say what each is, and know what their sources owe?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Store
from tests.hub.test_hub_pages import outline, text_of
from tests.hub.visitors import person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


def test_a_finding_names_its_source_and_the_population_that_divided_it(quick_hand: Any) -> None:
    from kalanso.hub.evidence.panels.quality import finding_source

    row = {"source": "classeurs", "detail": "surviving_infants@projections:annual"}
    assert (
        finding_source(row).replace("\u202f", " ").replace("\xa0", " ")
        == "classeurs, population : projections"
    )
    assert finding_source({"source": "classeurs", "detail": "0-11m"}) == "classeurs"


def says(client: Any, finding: dict[str, Any], status: str, comment: str = "", version: int = 0) -> Any:
    told = {"status": status, "comment": comment, "version": version}
    return client.post(f"/preuves/alertes/{finding['key']}/", told)


def test_the_key_is_the_same_in_the_database_and_in_the_store(
    finding: dict[str, Any], quick_hand: Any
) -> None:
    assert visitor("national").get(f"/preuves/alertes/{finding['key']}/").status_code == 200


def test_a_district_says_what_a_finding_is_with_name_date_and_history(
    finding: dict[str, Any], niono: str, quick_hand: Any
) -> None:
    client = visitor("district", niono)
    says(client, finding, "correcting", "registre recompté au CSCom")
    says(client, finding, "corrected", "corrigé dans le SNIS", version=1)
    page = text_of(client.get(f"/preuves/alertes/{finding['key']}/"))

    assert "Corrigée à la source : corrigé dans le SNIS" in page
    assert "En cours de correction : registre recompté au CSCom" in page


def test_a_word_that_crossed_another_is_refused(finding: dict[str, Any], niono: str, quick_hand: Any) -> None:
    says(visitor("national"), finding, "known")
    late = says(visitor("district", niono), finding, "corrected", version=0)

    assert late.status_code == 422
    assert "Quelqu'un a changé ce statut" in text_of(late)


def test_no_error_needs_a_reason_in_the_form_and_in_the_database(
    finding: dict[str, Any], niono: str, quick_hand: Any
) -> None:
    from django.db import IntegrityError, transaction

    from kalanso.hub.evidence.models import FindingStatus

    assert says(visitor("district", niono), finding, "no_error").status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        FindingStatus.objects.create(
            key="x", check_name="c", source="s", place_code="p", period="2024", indicator="i", status="no_error",
            by=person("national"), at=NOW,
        )  # fmt: skip


def test_what_explains_a_number_is_said_in_words_in_the_form_and_in_the_database(
    finding: dict[str, Any], niono: str, quick_hand: Any
) -> None:
    from django.db import IntegrityError, transaction

    from kalanso.hub.evidence.models import FindingStatus

    client = visitor("district", niono)
    silent = says(client, finding, "explained", "   ")
    assert silent.status_code == 422
    assert "Dites en une phrase ce qui explique ce nombre." in text_of(silent)
    assert says(client, finding, "explained", "grève du 3 au 20").status_code == 302
    said = FindingStatus.objects.get()
    assert (said.status, said.comment) == ("explained", "grève du 3 au 20")
    for told in ({"comment": ""}, {"status": "guessed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FindingStatus.objects.filter(pk=said.pk).update(**told)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("explained", "a expliqué une alerte."),
        ("corrected", "a dit qu'une alerte est corrigée à la source."),
        ("no_error", "a dit qu'une alerte n'est pas une erreur."),
        ("known", "a changé le statut d'une alerte."),
    ],
)
def test_the_trail_says_how_a_finding_was_closed(
    finding: dict[str, Any], niono: str, quick_hand: Any, status: str, sentence: str
) -> None:
    client = visitor("district", niono)
    says(client, finding, status, "vu au registre")

    assert sentence in text_of(client.get("/traces/"))


def test_somebody_of_elsewhere_reads_but_says_nothing(
    finding: dict[str, Any], code_of: Any, quick_hand: Any
) -> None:
    from kalanso.hub.evidence.models import FindingStatus

    for role in ("district", "region", "facility"):
        client = visitor(role, code_of("Bougouni", "district"))
        assert client.get(f"/preuves/alertes/{finding['key']}/").status_code == 200
        assert says(client, finding, "known").status_code == 403
    for role in ("partner", "coach", "editor", "donor"):
        assert says(visitor(role, ""), finding, "known").status_code == 403
    assert not FindingStatus.objects.exists()


def test_a_visitor_and_a_reader_see_no_findings(quick_hand: Any) -> None:
    assert stranger().get("/preuves/alertes/").status_code == 302
    assert visitor("reader", "").get("/preuves/alertes/").status_code == 403


def test_a_key_that_means_nothing_is_not_found(quick_hand: Any) -> None:
    assert visitor("national").get("/preuves/alertes/0000/").status_code == 404


def test_findings_of_protected_places_are_shown_to_cleared_people_only(
    small_store: Store, code_of: Any, quick_hand: Any
) -> None:
    from kalanso.hub.evidence.queries.findings import key_of
    from kalanso.hub.people.models import PlaceMirror

    path = PlaceMirror.objects.get(code=code_of("Yorosso", "district")).path
    below = set(PlaceMirror.objects.filter(path__startswith=path).values_list("code", flat=True))
    rows = [
        r for r in small_store.read(QUALITY_FINDINGS).to_pyarrow().to_pylist() if r["place_code"] in below
    ]
    address = f"/preuves/alertes/{key_of(rows[0])}/"

    assert visitor("district", code_of("Yorosso", "district")).get(address).status_code == 200
    for role in ("researcher", "partner"):
        assert visitor(role, "").get(address).status_code == 404


def test_the_list_is_narrowed_and_begins_with_the_readers_own_places(
    finding: dict[str, Any], niono: str, quick_hand: Any
) -> None:
    from kalanso.hub.people.models import PlaceMirror

    client = visitor("district", niono)
    says(client, finding, "known", "vu")
    path = PlaceMirror.objects.get(code=niono).path
    own = set(PlaceMirror.objects.filter(path__startswith=path).values_list("code", flat=True))
    every = client.get("/preuves/alertes/").context
    rows = every["rows"]
    inside = [row["place_code"] in own for row in rows]
    known = client.get("/preuves/alertes/?statut=known").context
    fresh = client.get("/preuves/alertes/?statut=new").context
    serious = client.get(f"/preuves/alertes/?gravite=serious&lieu={niono}").context["rows"]

    assert inside[0]
    assert inside == sorted(inside, reverse=True)
    assert [row["key"] for row in known["rows"]] == [finding["key"]]
    assert known["total"] + fresh["total"] == every["total"]
    assert {row["severity"] for row in serious} <= {"serious"}
    assert {row["place_code"] for row in serious} <= own


def test_nonsense_in_the_address_shows_all(quick_hand: Any) -> None:
    page = visitor("national").get("/preuves/alertes/?statut=x&gravite=y&lieu=<script>&page=99999999999")
    assert page.status_code == 200
    assert page.context["total"] == 60


@pytest.mark.parametrize(
    ("role", "allowed"), [("district", False), ("researcher", False), ("national", True)]
)
def test_who_may_have_the_checks_run_again(role: str, allowed: bool, niono: str, quick_hand: Any) -> None:
    from kalanso.hub.jobs.models import Job

    client = visitor(role, niono if role == "district" else "")
    assert client.post("/preuves/alertes/relancer/").status_code == (302 if allowed else 403)
    assert Job.objects.filter(kind="evidence.check").exists() is allowed


def test_the_catalogue_names_each_source_with_its_newest_data(quick_hand: Any) -> None:
    page = text_of(visitor("national").get("/preuves/sources/"))
    assert "demo-snis" in page
    assert "Dernières données : décembre 2024" in page


def test_a_source_is_late_once_its_next_month_and_patience_are_over() -> None:
    from kalanso.hub.evidence.models import SourceCard
    from kalanso.hub.evidence.queries.sources import due

    monthly = SourceCard(cadence="monthly", patience_days=15)
    assert due(monthly, date(2024, 12, 31)) == date(2025, 2, 15)
    assert due(SourceCard(cadence="quarterly", patience_days=0), date(2024, 9, 30)) == date(2024, 12, 31)
    assert due(SourceCard(cadence="yearly", patience_days=30), date(2023, 12, 31)) == date(2025, 1, 30)
    assert due(SourceCard(cadence="sometimes", patience_days=30), date(2023, 12, 31)) is None
    assert due(None, date(2023, 12, 31)) is None


def test_a_source_is_described_by_those_who_may_and_read_by_others(niono: str, quick_hand: Any) -> None:
    words = {"title": "SNIS (DHIS2)", "what": "Rapports mensuels", "cadence": "monthly", "patience_days": 15,
             "contact": "SNIS, Bamako", "licence": "accord du ministère", "version": 0}  # fmt: skip
    refused = visitor("district", niono).post("/preuves/sources/demo-snis/", words)
    written = visitor("researcher", "").post("/preuves/sources/demo-snis/", words)
    late = visitor("national").post("/preuves/sources/demo-snis/", words)
    page = text_of(visitor("district", niono).get("/preuves/sources/demo-snis/"))

    assert (refused.status_code, written.status_code, late.status_code) == (403, 302, 422)
    assert "Rapports mensuels" in page
    assert "en retard" in page
    assert "Décrire cette source" not in page


def test_what_people_say_of_owner_money_and_access_stands_before_what_is_declared(quick_hand: Any) -> None:
    words = {
        "cadence": "monthly", "patience_days": 15, "version": 0, "owner": "Direction du SNIS", "funder": "Gavi",
        "funding_ends": "2027-06-30", "agreement": "signed", "request": "granted", "next_release": "mars 2027",
        "fallback": "Classeurs des districts", "biases": "Cible trop petite",
    }  # fmt: skip
    client = visitor("national")
    assert client.post("/preuves/sources/demo-snis/", words).status_code == 302
    page = text_of(client.get("/preuves/sources/demo-snis/"))
    refused = client.post("/preuves/sources/demo-snis/", {**words, "version": 1, "agreement": "sealed"})

    for said in (
        "Direction du SNIS",
        "Gavi",
        "30/06/2027",
        "Signé",
        "Accordé",
        "mars 2027",
        "Cible trop petite",
    ):
        assert said in page, said
    assert refused.status_code == 422


@pytest.mark.parametrize("column", ["agreement", "request"])
def test_the_database_knows_the_states_of_agreements_and_requests(column: str, hub: None) -> None:
    from django.db import IntegrityError, transaction

    from kalanso.hub.evidence.models import SourceCard

    with pytest.raises(IntegrityError), transaction.atomic():
        SourceCard.objects.create(code="x", changed_by=person("national"), changed=NOW, **{column: "sealed"})


def test_a_source_that_does_not_exist_is_not_found(quick_hand: Any) -> None:
    assert visitor("national").get("/preuves/sources/nulle-part/").status_code == 404


def test_actions_refuse_by_themselves_whatever_a_view_lets_through(
    finding: dict[str, Any], code_of: Any
) -> None:
    from kalanso.hub.evidence.actions import findings, sources

    stranger_here = person("district", code_of("Bougouni", "district"))
    with pytest.raises(PermissionDenied):
        findings.set_status(by=stranger_here, finding=finding, status="known", comment="", version=0, now=NOW)
    with pytest.raises(PermissionDenied):
        findings.ask_to_check(by=stranger_here, now=NOW)
    with pytest.raises(PermissionDenied):
        sources.describe(by=stranger_here, code="demo-snis", words={}, version=0, now=NOW)
    with pytest.raises(ValidationError):
        findings.set_status(
            by=person("national"), finding=finding, status="lost", comment="", version=0, now=NOW
        )


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    "page", ["/preuves/depot/", "/preuves/depot/nouveau/", "/preuves/alertes/", "/preuves/sources/", "/preuves/sources/demo-snis/"]
)  # fmt: skip
def test_a_page_of_the_desk_is_sound_and_small(
    prefix: str, page: str, quick_hand: Any, tmp_path: Path
) -> None:
    import gzip

    response = visitor("national").get(prefix + page)
    found = outline(response)
    labelled = {label.get("for") for label in found.all("label")}

    assert response.status_code == 200
    assert len(found.all("h1")) == 1
    assert not [tag for tag, attributes in found.tags if "style" in attributes or "onclick" in attributes]
    for field in [*found.all("input"), *found.all("select")]:
        assert field.get("type") in {"hidden", "radio"} or field["id"] in labelled, field
    assert len(gzip.compress(response.content)) < 30_000
