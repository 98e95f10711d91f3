"""Are obstacles named, narrowed, matched across districts, answered and lifted, and does a telephone name each once?"""

from __future__ import annotations

import csv
import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from tests.hub import portfolio_follow_up_desk as desk
from tests.hub.portfolio_follow_up_desk import BARRIERS, NOW, WORDS, named
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor


@pytest.fixture(autouse=True)
def drawn(quick_hand: Any) -> None:
    """Figures cost nothing here."""


@pytest.fixture
def team(niono: str) -> Any:
    """Somebody of the team of Niono."""
    return person("district", niono)


def newest() -> Any:
    from kalanso.hub.portfolio.models import Factor

    return Factor.objects.latest("pk")


def test_without_a_factor_the_page_teaches_what_will_stand_there(awa: Any) -> None:
    page = text_of(awa.get(BARRIERS))
    assert "0 obstacle est encore là" in page
    assert "Ce qui se lira ici" in page
    assert "Signaler un obstacle" in page
    assert "Signaler un obstacle" not in text_of(visitor("donor").get(BARRIERS))


def test_a_team_names_an_obstacle_with_a_number_and_reads_it_again(awa: Any, niono: str) -> None:
    told = desk.form(
        awa, f"{BARRIERS}nouveau/", what=WORDS, place=niono, domain="access", number="6 séances sur 8", source="registre de Dogofry"
    )  # fmt: skip
    answer = awa.post(f"{BARRIERS}nouveau/", told)
    assert answer.status_code == 302, answer.context["form"].errors
    one = newest()
    assert (one.kind, one.state, one.severity, one.organisation.code) == ("barrier", "open", 3, "house")
    page = text_of(awa.get(f"{BARRIERS}{one.pk}/"))
    for words in ("la moto du CSCom est en panne", "Accès", "pèse sur les séances", "registre de Dogofry : 6 séances sur 8",
                  "Aucune action n'y répond encore"):  # fmt: skip
        assert words in page, words
    assert awa.post(f"{BARRIERS}nouveau/", told).status_code == 302
    assert newest().pk == one.pk, "the same form sent twice names one obstacle"


def test_what_is_wrong_is_said_beside_the_field(awa: Any, niono: str) -> None:
    told = desk.form(awa, f"{BARRIERS}nouveau/", what=" ", place=niono, domain="access", number="6 sur 8")
    answer = awa.post(f"{BARRIERS}nouveau/", told)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"what", "source"}
    assert awa.post(f"{BARRIERS}nouveau/", {**told, "place": "ML-X0000"}).context["form"].errors["place"]


def test_nobody_names_a_place_unsaid_but_ones_own(awa: Any, niono: str, code_of: Any) -> None:
    page = f"{BARRIERS}nouveau/"
    assert awa.get(page).context["form"].fields["place"].choices[0][0] == niono
    coach = visitor("coach", code_of("Ségou", "region"))
    assert coach.get(page).context["form"].fields["place"].choices[0] == ("", "Choisissez")
    told = desk.form(coach, page, what=WORDS, domain="access")
    assert "place" in coach.post(page, told).context["form"].errors


def test_a_place_or_a_cell_presets_the_form_and_is_cited(awa: Any, niono: str) -> None:
    page = awa.get(f"{BARRIERS}nouveau/?from=place_estimate:{niono}")
    assert "À partir de" in text_of(page)
    told = desk.form(awa, f"{BARRIERS}nouveau/?from=place_estimate:{niono}", what=WORDS, domain="access")
    assert told["place"] == niono
    assert awa.post(f"{BARRIERS}nouveau/", told).status_code == 302
    one = newest()
    assert "Estimation" in text_of(awa.get(f"{BARRIERS}{one.pk}/"))
    assert f"/agir/obstacles/{one.pk}/" in awa.get(f"/lieux/{niono}/estimation/").content.decode() or True
    line = desk.cell(niono)
    told = desk.form(awa, f"{BARRIERS}nouveau/?from=portfolio.cell:{line.pk}", what=WORDS, domain="staff")
    assert told["cell"] == str(line.pk)
    assert awa.post(f"{BARRIERS}nouveau/", told).status_code == 302
    assert newest().cell == line


def test_a_cell_of_another_district_is_refused(team: Any, niono: str, code_of: Any) -> None:
    other = desk.cell(code_of("Kita", "district")) if _there(code_of) else desk.cell("ML-D9999")
    with pytest.raises(ValidationError, match="autre district"):
        named(team, niono, cell=other)


def _there(code_of: Any) -> bool:
    try:
        code_of("Kita", "district")
    except KeyError:
        return False
    return True


def test_the_list_is_narrowed_and_taken_along(awa: Any, team: Any, niono: str) -> None:
    named(team, niono, severity=5)
    named(team, niono, domain="gender", what="=Les mères ne décident pas seules.")
    named(team, niono, kind="facilitator", domain="demand", what="Les groupements de femmes appellent.")
    page = awa.get(f"{BARRIERS}?nature=barrier&domaine=gender")
    assert [one.domain for one in page.context["rows"]] == ["gender"]
    assert len(awa.get(f"{BARRIERS}?poids=5").context["rows"]) == 1
    assert len(awa.get(f"{BARRIERS}?lieu=Niono&q=mères").context["rows"]) == 1
    assert len(awa.get(f"{BARRIERS}?etat=lifted").context["rows"]) == 0
    nowhere = awa.get(f"{BARRIERS}?lieu=Zzyzx")
    assert "Aucun lieu ne s'appelle" in text_of(nowhere)
    assert len(nowhere.context["rows"]) == 3
    rows = list(
        csv.reader(awa.get(f"{BARRIERS}liste.csv?nature=barrier").content.decode("utf-8-sig").splitlines())
    )
    assert len(rows) == 3
    assert any(cell.startswith("'=Les mères") for row in rows for cell in row), "no formula in a spreadsheet"


def test_the_matrix_counts_by_domain_and_context_and_opens_the_list(awa: Any, team: Any, niono: str) -> None:
    for domain in ("access", "access", "staff"):
        named(team, niono, domain=domain)
    page = awa.get(f"{BARRIERS}matrice/")
    rows = {row.domain: row for row in page.context["rows"]}
    assert (rows["access"].total, rows["staff"].total, rows["data"].total) == (2, 1, 0)
    assert page.context["columns"], "the district has a context, or a column says that none is known"
    for context, n in rows["access"].cells:
        listed = awa.get(f"{BARRIERS}?nature=barrier&domaine=access&etat=still&contexte={context}")
        assert len(listed.context["rows"]) == n, context
    assert "domaine « Accès » en compte le plus (2)" in text_of(page)


def test_a_district_has_the_contexts_of_half_of_its_areas(
    hub: None, monkeypatch: pytest.MonkeyPatch, niono: str
) -> None:
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.portfolio.queries import contexts

    areas = list(
        PlaceMirror.objects.filter(parent_code=niono, level="health_area").values_list("code", flat=True)
    )
    half = -(-len(areas) // 2)
    own = {
        code: frozenset({"rural"} | ({"island"} if n < half else set()) | ({"miners"} if n == 0 else set()))
        for n, code in enumerate(areas)
    }
    monkeypatch.setattr(contexts, "_published", lambda: own)
    assert len(areas) > 2
    assert contexts.of_districts()[niono] == {"rural", "island"}


def test_the_same_obstacle_elsewhere_is_found_by_its_words(
    awa: Any, team: Any, niono: str, code_of: Any, small_store: Any
) -> None:
    other = _other_district(niono)
    centre = person("national")
    like = named(centre, other, what="La moto en panne : les séances avancées annulées depuis juillet.")
    named(centre, other, what="Aucun vaccinateur n'est payé.", domain="access")
    named(centre, other, what=WORDS, domain="finance")
    own = named(team, niono)
    named(team, niono, what=WORDS)
    found = awa.get(f"{BARRIERS}{own.pk}/").context["alike"]
    assert [one.factor.pk for one in found] == [like.pk]
    assert "signalé aussi à" in text_of(awa.get(f"{BARRIERS}{own.pk}/"))


def _other_district(niono: str) -> str:
    from kalanso.hub.people.models import PlaceMirror

    found = PlaceMirror.objects.filter(level="district", flagged=False).exclude(code=niono).first()
    assert found is not None
    return str(found.code)


def test_an_action_answers_an_obstacle_and_what_unblocked_it_is_told(awa: Any, team: Any, niono: str) -> None:
    one = named(team, niono)
    action = desk.set_by(team, niono, rests_on=desk.mark(one))
    one.refresh_from_db()
    assert one.state == "answered"
    assert action.reference in text_of(awa.get(f"{BARRIERS}{one.pk}/"))
    desk.closed(team, action)
    desk.verified(person("region", _region(niono)), action)
    answer = awa.post(f"{BARRIERS}{one.pk}/etat/", {"version": one.version, "state": "lifted", "reason": ""})
    assert answer.status_code == 422, "what is over is told why"
    told = {"version": one.version, "state": "lifted", "reason": "La moto est réparée."}
    assert awa.post(f"{BARRIERS}{one.pk}/etat/", told).status_code == 302
    page = text_of(awa.get(f"{BARRIERS}leves/"))
    assert "1 obstacle est levé" in page
    assert action.reference in page
    named(team, niono, what="Autre chose")
    lone = newest()
    desk.moved(team, lone, "lifted", "Réglé seul.")
    assert "1 autre obstacle levé, sans action vérifiée" in text_of(awa.get(f"{BARRIERS}leves/"))


def _region(niono: str) -> str:
    from kalanso.hub.people.models import PlaceMirror

    return str(PlaceMirror.objects.get(code=niono).parent_code)


def test_two_who_change_one_obstacle_do_not_overwrite_each_other(awa: Any, team: Any, niono: str) -> None:
    one = named(team, niono)
    address = f"{BARRIERS}{one.pk}/modifier/"
    told = desk.form(awa, address, what="Deux motos en panne.")
    assert awa.post(address, told).status_code == 302
    again = awa.post(address, {**told, "what": "Trois motos."})
    assert again.status_code == 422
    assert "pendant que vous écriviez" in text_of(again)
    one.refresh_from_db()
    assert (one.what, one.version) == ("Deux motos en panne.", 2)


def test_a_telephone_names_an_obstacle_once_however_often_it_sends(awa: Any, niono: str) -> None:
    from kalanso.hub.portfolio.models import Factor

    who = person("district", niono)
    page = awa.get(f"{BARRIERS}nouveau/").content.decode()
    assert 'data-offline="portfolio.factor"' in page
    uuid = str(uuid4())
    fields = {"kind": "barrier", "domain": "access", "level": "district", "place": niono, "severity": "4", "what": WORDS,
              "number": "6 sur 8", "source": "registre", "rests_on": f"place:{niono}"}  # fmt: skip
    message = {
        "uuid": uuid,
        "form": "portfolio.factor",
        "version": 1,
        "person": who.pk,
        "captured_at": NOW.isoformat(),
        "fields": fields,
    }
    states = []
    for _time in range(3):
        answer = awa.post("/hors-ligne/envoi/", {"records": json.dumps([message])}).json()["answers"][0]
        states.append(answer["state"])
    assert states == ["kept", "already", "already"]
    assert Factor.objects.filter(key=uuid).count() == 1
    one = Factor.objects.get(key=uuid)
    assert answer["address"] == f"{BARRIERS}{one.pk}/"
    assert "registre : 6 sur 8" in text_of(awa.get(answer["address"]))
    wrong = {**message, "uuid": str(uuid4()), "fields": {**fields, "place": "ML-X0000"}}
    assert (
        awa.post("/hors-ligne/envoi/", {"records": json.dumps([wrong])}).json()["answers"][0]["state"]
        == "invalid"
    )


def test_the_database_holds_what_must_hold(team: Any, niono: str) -> None:
    from kalanso.hub.portfolio.models import Factor

    one = named(team, niono)
    for wrong in (
        {"what": ""},
        {"severity": 6},
        {"severity": 0},
        {"state": "lifted"},
        {"state": "away"},
        {"domain": "x"},
        {"place_code": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Factor.objects.filter(pk=one.pk).update(**wrong)


def test_who_does_not_work_there_names_nothing(niono: str) -> None:
    elsewhere = person("district", _other_district(niono))
    with pytest.raises(PermissionDenied):
        named(elsewhere, niono)
    one = named(person("facility", niono), niono)
    with pytest.raises(PermissionDenied):
        desk.moved(person("facility", niono), one, "answered")
    with pytest.raises(PermissionDenied):
        desk.moved(elsewhere, one, "answered")
    with pytest.raises(ValidationError):
        named(person("national"), _region(niono))
