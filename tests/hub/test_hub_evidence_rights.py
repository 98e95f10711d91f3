"""Who may bring, map, match, publish, withdraw, judge and describe: every role, at home and elsewhere?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import ROLES, person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
# For each verb, who holds it: at home in a place, and for the whole country; where, and whose sheets.
# "own": sheets of the own organisation only; "home": own places only; "all": everywhere.
AT_HOME = {
    "evidence.read_upload": {"district": "home", "region": "home", "partner": "own", "researcher": "home", "national": "home", "administrator": "home"},
    "evidence.upload": {"district": "home", "region": "home", "partner": "own", "national": "home", "administrator": "home"},
    "evidence.map": {"district": "home", "region": "home", "partner": "own", "researcher": "home", "national": "home", "administrator": "home"},
    "evidence.match": {"district": "home", "region": "home", "partner": "own", "researcher": "home", "national": "home", "administrator": "home"},
    "evidence.publish": {"national": "home", "administrator": "home"},
    "evidence.withdraw": {"national": "home", "administrator": "home"},
    "evidence.set_finding": {"district": "home", "facility": "home", "region": "home", "researcher": "home", "national": "home", "administrator": "home"},
    "evidence.keep_contact": {"district": "home", "facility": "home", "region": "home", "national": "home", "administrator": "home"},
    "evidence.edit_source": {"researcher": "all", "national": "all", "administrator": "all"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def data(hub: None, tmp_path: Path) -> Iterator[None]:
    from django.test import override_settings

    with override_settings(KALANSO_DATA=tmp_path / "data"):
        yield


@pytest.fixture
def yorosso(code_of: Any) -> str:
    return str(code_of("Yorosso", "district"))


def upload(place: str, organisation: str = "house", **columns: Any) -> Any:
    """A sheet after its dry run, made without its way there."""
    from kalanso.hub.evidence.models import PlaceName, Upload
    from kalanso.hub.people.models import Organisation

    house, _made = Organisation.objects.get_or_create(
        code=organisation, defaults={"name": organisation, "kind": "cso"}
    )
    made = Upload.objects.create(
        id=uuid4(), by=person("administrator"), organisation=house, place_code=place, source="demo-snis",
        file_name="rapport.csv", kind="csv", size=10, sha256="ab" * 32, received=NOW,
        **{
            "state": "tried", "tried": "x", "flagged": False,
            "receipt": {"unit": "rows", "placed": 1, "read": 3, "stored": 2, "rejected": {"pipeline.rejected.place_unmatched": 1}},
            "column_map": {"place": {"name": "Aire", "level": "health_area"}}, **columns,
        },
    )  # fmt: skip
    PlaceName.objects.create(
        upload=made,
        code="Xyz",
        name="Xyz",
        status="unmatched",
        candidates={"reason": "no_candidate", "candidates": []},
    )
    return made


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", sorted(AT_HOME))
@pytest.mark.parametrize("held", ["place", "country"])
def test_a_verb_is_held_by_role_place_and_organisation(
    verb: str, role: str, held: str, niono: str, yorosso: str
) -> None:
    from kalanso.hub.people.permissions import may

    who = person(role, niono if held == "place" else "")
    grant = AT_HOME[verb].get(role, "")
    for place in (niono, yorosso, ""):
        for organisation in ("house", "other"):
            near = grant == "all" or held == "country" or place == niono
            # Those who answer for the country are free of their organisation; partners never are.
            mine = grant != "own" or organisation == "house"
            expected = bool(grant) and near and mine
            assert may(who, verb, upload(place, organisation)) is expected, (place, organisation)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("held", ["place", "country"])
def test_the_list_of_sheets_is_what_the_rule_says_of_each(
    role: str, held: str, niono: str, yorosso: str
) -> None:
    from kalanso.hub.evidence.models import Upload
    from kalanso.hub.evidence.queries.uploads import visible_uploads
    from kalanso.hub.people.permissions import may

    who = person(role, niono if held == "place" else "")
    for place in (niono, yorosso, ""):
        for organisation in ("house", "other"):
            upload(place, organisation)
    seen = set(visible_uploads(who).values_list("pk", flat=True))

    assert seen == {one.pk for one in Upload.objects.all() if may(who, "evidence.read_upload", one)}


PAGES = (
    "", "colonnes/", "colonnes/texte/", "colonnes.yaml", "correspondances/", "correspondances.csv", "accuse/",
    "accuse/refusees.csv", "publier/", "ecarter/", "retirer/",
)  # fmt: skip
POSTS = ("relire/", "essai/", "publier/", "ecarter/", "retirer/", "colonnes/", "colonnes/texte/")


@pytest.mark.parametrize("role", ROLES)
def test_a_sheet_of_elsewhere_does_not_exist_whatever_is_asked_of_it(
    role: str, niono: str, yorosso: str
) -> None:
    client = visitor(role, yorosso)
    there = upload(niono)
    name = there.names.get()
    for page in PAGES:
        assert client.get(f"/preuves/depot/{there.pk}/{page}").status_code == 404, page
    for page in (*POSTS, f"correspondances/{name.pk}/"):
        assert (
            client.post(f"/preuves/depot/{there.pk}/{page}", {"reason": "x", "choice": "none"}).status_code
            == 404
        )
    there.refresh_from_db()
    name.refresh_from_db()

    assert (there.state, name.decision) == ("tried", "open")


def test_a_guessed_key_answers_like_one_that_is_not_for_the_reader(niono: str, yorosso: str) -> None:
    client = visitor("district", yorosso)
    hidden, guessed = (client.get(f"/preuves/depot/{key}/") for key in (upload(niono).pk, UUID(int=7)))

    assert (hidden.status_code, guessed.status_code) == (404, 404)
    assert hidden.content == guessed.content.replace(b"", b"") or text_of(hidden) == text_of(guessed)


@pytest.mark.parametrize("page", ["", "nouveau/", f"{UUID(int=7)}/"])
def test_a_visitor_is_led_to_the_login(page: str, hub: None) -> None:
    response = stranger().get(f"/preuves/depot/{page}")
    assert response.status_code == 302
    assert "/compte/login/" in response["Location"]


@pytest.mark.parametrize(
    ("role", "publishes", "brings"),
    [("district", 403, 302), ("region", 403, 302), ("researcher", 403, 403), ("national", 302, 302), ("administrator", 302, 302)],
)  # fmt: skip
def test_only_those_who_answer_for_the_country_publish(
    role: str, publishes: int, brings: int, niono: str
) -> None:
    client = visitor(role, "" if role in {"researcher", "national", "administrator"} else niono)
    assert client.post(f"/preuves/depot/{upload(niono).pk}/publier/").status_code == publishes
    assert (
        client.post(f"/preuves/depot/{upload(niono).pk}/ecarter/", {"reason": "essai"}).status_code == brings
    )


@pytest.mark.parametrize("role", ["reader", "facility", "coach", "editor", "donor"])
def test_other_roles_see_no_desk(role: str, niono: str) -> None:
    client = visitor(role, niono)
    assert client.get("/preuves/depot/").status_code == 403
    assert client.get("/preuves/depot/nouveau/").status_code == 403


def test_nobody_brings_a_sheet_for_a_place_that_is_not_theirs(niono: str, yorosso: str) -> None:
    from kalanso.hub.evidence.models import Upload

    client = visitor("district", niono)
    before = Upload.objects.count()
    for place in (yorosso, "-", "ML", "nowhere"):
        assert desk.bring(client, place).status_code == 422
    assert Upload.objects.count() == before


def test_nobody_brings_a_sheet_in_the_name_of_another_organisation(niono: str, tmp_path: Path) -> None:
    from django.core.exceptions import ValidationError

    from kalanso.hub.evidence.actions.uploads import receive
    from kalanso.hub.people.models import Organisation

    other, _made = Organisation.objects.get_or_create(code="other", defaults={"name": "other", "kind": "cso"})
    client = visitor("district", niono)
    assert desk.bring(client, niono, organisation="other").status_code == 422
    draft = tmp_path / "x.csv"
    draft.write_text("a;b", encoding="utf-8")
    with pytest.raises(ValidationError):
        receive(
            by=person("district", niono), draft=draft, file_name="x.csv", kind="csv", sha256="ab", place_code=niono,
            organisation=other, source="x", now=NOW,
        )  # fmt: skip


def test_a_district_decides_for_its_own_places_only(niono: str, yorosso: str, code_of: Any) -> None:
    client, there = visitor("district", niono), upload(niono)
    name = there.names.get()
    address = f"/preuves/depot/{there.pk}/correspondances/{name.pk}/"
    refused = client.post(address, {"choice": f"place:{code_of('Karangana', 'health_area')}"}, follow=True)
    name.refresh_from_db()
    first = name.decision
    client.post(address, {"choice": "other", "other": code_of("Niono Nord", "health_area")})
    name.refresh_from_db()

    assert "hors du lieu pour lequel le fichier a été déposé" in text_of(refused)
    assert (first, name.decision, name.decided_by) == ("open", "place", person("district", niono))


@pytest.mark.parametrize("choice", ["", "open!", "place:", "place:../x", "other"])
def test_an_answer_that_was_not_offered_decides_nothing(choice: str, niono: str) -> None:
    client, there = visitor("district", niono), upload(niono)
    name = there.names.get()
    client.post(f"/preuves/depot/{there.pk}/correspondances/{name.pk}/", {"choice": choice})
    name.refresh_from_db()
    assert name.decision == "open"


def test_rows_about_protected_places_are_for_cleared_people(yorosso: str) -> None:
    there = upload(yorosso, flagged=True)
    there.names.update(flagged=True)
    there.rejected_path.parent.mkdir(parents=True)
    there.rejected_path.write_text(
        '{"sheet": "", "row": 3, "column": "", "reason": "pipeline.rejected.place_unmatched", "found": "Xyz", "expected": null}\n',
        encoding="utf-8",
    )
    cleared, researcher = visitor("district", yorosso), visitor("researcher")

    for client, seen in ((cleared, True), (researcher, False)):
        assert ("Xyz" in text_of(client.get(f"/preuves/depot/{there.pk}/accuse/"))) is seen
        assert ("Xyz" in text_of(client.get(f"/preuves/depot/{there.pk}/correspondances/"))) is seen
        assert ("Xyz" in text_of(client.get(f"/preuves/depot/{there.pk}/correspondances.csv"))) is seen
        assert client.get(f"/preuves/depot/{there.pk}/accuse/refusees.csv").status_code == (
            200 if seen else 403
        )
    assert "1 nom parle d'un lieu protégé" in text_of(
        researcher.get(f"/preuves/depot/{there.pk}/correspondances/")
    )


def test_a_protected_name_is_not_decided_by_somebody_who_may_not_see_it(yorosso: str) -> None:
    there = upload(yorosso, flagged=True)
    there.names.update(flagged=True)
    name = there.names.get()
    response = visitor("researcher").post(
        f"/preuves/depot/{there.pk}/correspondances/{name.pk}/", {"choice": "none"}
    )
    assert response.status_code == 404


def test_a_form_that_is_not_ours_brings_nothing(niono: str) -> None:
    from django.test import Client

    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    client.force_login(person("district", niono))
    assert desk.bring(client, niono).status_code == 403


def test_the_list_asks_the_database_a_bounded_number_of_questions(niono: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor("national")
    for _number in range(30):
        upload(niono)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get("/preuves/depot/")
    assert len(asked) <= 16
