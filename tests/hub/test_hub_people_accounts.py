"""Do people come in by invitation only, in the role that was offered, and can a supervisor help who forgot?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client, override_settings

from tests.hub.visitors import ROLES, person, stranger, visitor

NOW = datetime.now(UTC)
PASSWORD = "grenier mil tambour"


def house(code: str = "csref") -> Any:
    from kalanso.hub.people.models import Organisation

    return Organisation.objects.get_or_create(code=code, defaults={"name": "CSRéf", "kind": "government"})[0]


def invited(by: Any = None, **options: Any) -> tuple[Any, str]:
    from kalanso.hub.people.actions.persons import invite

    told = {"name": "Awa Traoré", "organisation": house(), "role": "partner", "now": NOW} | options
    return invite(by=by or person("national"), **told)


def accept_through_the_page(secret: str, username: str = "awa.traore", password: str = PASSWORD) -> Any:
    client = stranger()
    fields = {"username": username, "password": password, "again": password}
    return client, client.post(f"/invitation/{secret}/", fields)


def member(
    username: str, password: str = PASSWORD, role: str = "district", place: str = "", **told: Any
) -> Any:
    from kalanso.hub.people.models import Person

    found = person(role, place, name=username)
    found.set_password(password)
    for name, value in told.items():
        setattr(found, name, value)
    found.save()
    return Person.objects.get(pk=found.pk)


def login(identifier: str, password: str = PASSWORD, client: Any = None, *, secure: bool = False) -> Any:
    client = client or stranger()
    answer = client.post("/compte/login/", {"login": identifier, "password": password}, secure=secure)
    return client, answer


def test_who_is_invited_chooses_a_name_and_a_password_and_is_in(code_of: Any) -> None:
    code = code_of("Niono", "district")
    _invitation, secret = invited(role="district", place_code=code)
    client, answer = accept_through_the_page(secret)

    assert answer.status_code == 302
    assert answer["Location"] == "/moi/"
    page = client.get("/moi/").content.decode()
    assert "Équipe de district" in page
    assert "Niono" in page


def test_a_link_serves_once() -> None:
    _invitation, secret = invited()
    accept_through_the_page(secret)
    again = accept_through_the_page(secret, username="autre.personne")[1]

    assert again.status_code == 404
    assert "ne sert plus" in again.content.decode()


def test_links_that_are_used_withdrawn_old_or_made_up_get_the_same_answer() -> None:
    from kalanso.hub.people.actions.persons import withdraw_invitation
    from kalanso.hub.people.models import Invitation

    by = person("national")
    used, old, gone = (invited(by)[1] for _ in range(3))
    accept_through_the_page(used)
    first, second = Invitation.objects.order_by("-pk")[:2]
    withdraw_invitation(by=by, invitation=first, now=NOW)
    Invitation.objects.filter(pk=second.pk).update(expires=NOW - timedelta(days=1))
    answers = [stranger().get(f"/invitation/{secret}/") for secret in (used, old, gone, "rien")]

    assert {answer.status_code for answer in answers} == {404}
    assert (
        len(
            {
                answer.content.replace(s.encode(), b"")
                for answer, s in zip(answers, (used, old, gone, "rien"), strict=True)
            }
        )
        == 1
    )


@pytest.mark.parametrize(
    "name", ["76123456", "awa@exemple.ml", "AB", "7awa", "awa traore", "é" * 5, "a" * 31]
)
def test_a_user_name_that_looks_like_a_number_or_an_address_is_refused(name: str) -> None:
    answer = accept_through_the_page(invited()[1], username=name)[1]
    assert answer.status_code == 200
    assert "Identifiant" in answer.content.decode()
    assert 'class="error"' in answer.content.decode()


def test_a_user_name_that_is_taken_in_other_letters_is_refused_with_a_sentence() -> None:
    member("awa.traore")
    answer = accept_through_the_page(invited()[1], username="Awa.Traore")[1]
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()


@pytest.mark.parametrize("password", ["court", "1234567890", "awa.traore.awa", "motdepasse1"[:9]])
def test_a_weak_password_is_refused(password: str) -> None:
    answer = accept_through_the_page(invited()[1], password=password)[1]
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()


def test_an_address_that_another_account_has_is_refused_without_naming_it() -> None:
    member("moussa", email="commun@exemple.ml")
    answer = accept_through_the_page(invited(email="Commun@exemple.ml")[1])[1]
    assert "sert déjà ici" in answer.content.decode()
    assert "moussa" not in answer.content.decode()


def test_the_page_of_an_invitation_shows_its_link_once_and_no_other_page_does() -> None:
    house()
    client = visitor("national")
    answer = client.post(
        "/personnes/inviter/", {"name": "Awa", "role": "district", "organisation": "csref", "place": "Ndébougou", "phone": "76 12 34 56"}
    )  # fmt: skip
    page = answer.content.decode()
    assert "/invitation/" in page
    listed = client.get("/personnes/invitations/").content.decode()
    assert "Awa" in listed
    assert "/invitation/" not in listed.replace("/personnes/invitations/", "")


@pytest.mark.parametrize(
    "role", ["reader", "facility", "coach", "district", "partner", "researcher", "editor", "donor"]
)
def test_roles_that_may_not_invite_are_refused(role: str) -> None:
    assert visitor(role).get("/personnes/inviter/").status_code == 403
    with pytest.raises(PermissionDenied):
        invited(person(role), role="reader")


# Roles that are held for a place, written out a second time.
PLACED = ["district", "facility", "coach", "region"]


@pytest.mark.parametrize("role", PLACED)
def test_a_role_that_is_held_for_a_place_is_not_offered_or_given_for_the_country(role: str) -> None:
    from kalanso.hub.people.actions.persons import give_role
    from kalanso.hub.people.models import Invitation

    who, by = member("awa", role="partner"), person("administrator")
    with pytest.raises(ValidationError, match="dites lequel"):
        invited(by, role=role)
    with pytest.raises(ValidationError, match="dites lequel"):
        give_role(by=by, person=who, organisation=house(), role=role, now=NOW)
    assert not Invitation.objects.exists()
    assert not who.memberships.filter(role=role).exists()


@pytest.mark.parametrize("role", sorted(set(ROLES) - set(PLACED)))
def test_other_roles_are_offered_for_the_country_or_a_place(role: str, code_of: Any) -> None:
    by = person("administrator")
    assert invited(by, role=role)[0].place_code == ""
    code = code_of("Niono", "district")
    assert invited(by, role=role, place_code=code)[0].place_code == code


def test_an_older_invitation_without_its_place_opens_nothing_and_can_be_withdrawn() -> None:
    from kalanso.hub.people.actions.persons import withdraw_invitation

    by = person("national")
    invitation, secret = invited(by)
    type(invitation).objects.filter(pk=invitation.pk).update(role="district")
    assert accept_through_the_page(secret)[1].status_code == 404
    invitation.refresh_from_db()
    withdraw_invitation(by=by, invitation=invitation, now=NOW)
    assert invitation.accepted_by_id is None


def test_the_page_asks_for_role_and_place_and_chooses_neither() -> None:
    house()
    client = visitor("national")
    page = client.get("/personnes/inviter/").content.decode()
    assert '<option value="" selected>Choisissez un rôle</option>' in page
    fields = {"name": "Awa", "organisation": "csref", "role": "", "place": ""}
    assert "Choisissez un rôle" in client.post("/personnes/inviter/", fields).content.decode()
    for address in ("/personnes/inviter/", f"/personnes/{member('awa', role='partner').pk}/role/"):
        told = client.post(address, fields | {"role": "district", "reason": "x"})
        assert told.status_code == 200, address
        assert "se tient pour un lieu" in told.content.decode(), address


def test_the_page_of_the_link_repeats_role_place_and_organisation(code_of: Any) -> None:
    house()
    fields = {
        "name": "Awa",
        "role": "district",
        "organisation": "csref",
        "place": code_of("Niono", "district"),
    }
    page = visitor("national").post("/personnes/inviter/", fields).content.decode()
    assert "<strong>Équipe de district</strong> · Niono · CSRéf" in page
    wide = fields | {"role": "partner", "place": ""}
    page = visitor("national").post("/personnes/inviter/", wide).content.decode()
    assert "<strong>Partenaire</strong> · tout le pays · CSRéf" in page


def test_who_may_add_the_missing_organisation_is_led_there(code_of: Any) -> None:
    way = 'href="/organisations/ajouter/"'
    assert way in visitor("administrator").get("/personnes/inviter/").content.decode()
    region = visitor("region", code_of("Ségou", "region"))
    assert way not in region.get("/personnes/inviter/").content.decode()


def test_an_invitation_of_the_machine_itself_names_its_organisation() -> None:
    from kalanso.hub.site.actions import my_own_machine

    _invitation, secret = invited(my_own_machine(now=NOW))
    told = stranger().get(f"/invitation/{secret}/").content.decode()
    assert "Kalanso vous invite comme" in told
    assert "cet-ordinateur" not in told
    _invitation, secret = invited(person("national", name="fanta"))
    assert "fanta vous invite comme" in stranger().get(f"/invitation/{secret}/").content.decode()


def test_a_region_invites_only_to_its_own_places_and_no_wide_role(code_of: Any) -> None:
    segou, sikasso = code_of("Ségou", "region"), code_of("Sikasso", "region")
    by = person("region", segou)

    assert invited(by, role="district", place_code=code_of("Niono", "district"))[1]
    for role, place in (("district", sikasso), ("national", segou), ("district", "")):
        with pytest.raises(PermissionDenied):
            invited(by, role=role, place_code=place)


def test_only_an_administrator_makes_an_administrator() -> None:
    with pytest.raises(PermissionDenied):
        invited(person("national"), role="administrator")
    assert invited(person("administrator"), role="administrator")[1]


@pytest.mark.parametrize(
    "typed", ["moussa", "MOUSSA", " moussa ", "moussa@exemple.ml", "Moussa@Exemple.ML", "76 12 34 56", "76.12.34.56",
              "+22376123456", "00223 76 12 34 56", "223 76 12 34 56", "(+223) 76-12-34-56"],
)  # fmt: skip
def test_people_log_in_by_name_address_or_any_spelling_of_their_number(typed: str) -> None:
    from kalanso.hub.people.queries.persons import normal_phone

    member("moussa", phone=normal_phone("76 12 34 56"), email="moussa@exemple.ml")
    client, answer = login(typed)

    assert answer.status_code == 302, answer.content.decode()[:600]
    assert client.get("/moi/").status_code == 200


def test_a_number_is_kept_in_one_spelling() -> None:
    from kalanso.hub.people.queries.persons import normal_phone

    spellings = ("76 12 34 56", "+22376123456", "00223 76 12 34 56", "22376123456")
    assert {normal_phone(text) for text in spellings} == {"+22376123456"}
    assert normal_phone("+33 6 12 34 56 78") == "+33612345678"
    assert normal_phone("12345") == ""
    assert normal_phone("awa") == ""


def test_where_the_country_is_unknown_numbers_stay_as_written() -> None:
    from kalanso.hub.people.queries.persons import normal_phone

    with override_settings(KALANSO_STORE=None):
        assert normal_phone("76 12 34 56") == "76123456"


def test_a_supervisor_gives_a_spoken_password_that_must_be_changed_first(code_of: Any) -> None:
    code = code_of("Niono", "district")
    who = member("awa", place=code)
    supervisor = visitor("region", code_of("Ségou", "region"))
    answer = supervisor.post(f"/personnes/{who.pk}/mot-de-passe/", {"reason": "oublié"})
    spoken = answer.content.decode().partition('class="spoken">')[2].partition("<")[0]

    assert len(spoken) == 14
    client, entered = login("awa", spoken)
    assert entered.status_code == 302
    assert client.get("/moi/")["Location"] == "/compte/password/change/"
    assert client.get("/lieux/")["Location"] == "/compte/password/change/"

    same = client.post(
        "/compte/password/change/", {"oldpassword": spoken, "password1": spoken, "password2": spoken}
    )
    assert "autre mot de passe" in same.content.decode()
    own = {
        "oldpassword": spoken,
        "password1": "calebasse fleuve orage",
        "password2": "calebasse fleuve orage",
    }
    client.post("/compte/password/change/", own)
    assert client.get("/moi/").status_code == 200
    who.refresh_from_db()
    assert not who.must_change_password


def test_a_reset_ends_the_sessions_and_leaves_its_line_without_the_password(code_of: Any) -> None:
    from kalanso.hub.people.actions.persons import reset_password
    from kalanso.hub.people.models import Event

    who = member("awa", place=code_of("Niono", "district"))
    client, _answer = login("awa")
    spoken = reset_password(by=person("national"), person=who, reason="perdu", now=NOW)

    assert client.get("/moi/").status_code == 302
    event = Event.objects.get(verb="people.password_reset")
    assert event.reason == "perdu"
    assert spoken not in f"{event.before}{event.after}{event.reason}{event.object_name}"


@pytest.mark.parametrize(
    ("role", "place", "allowed"),
    [
        ("region", "Ségou", True),
        ("region", "Sikasso", False),
        ("district", "Niono", True),
        ("national", "", True),
        ("facility", "Niono", False),
        ("partner", "", False),
        ("researcher", "", False),
        ("reader", "", False),
    ],
)
def test_only_who_stands_above_in_the_same_places_resets(
    role: str, place: str, allowed: bool, code_of: Any
) -> None:
    level = "district" if place == "Niono" else "region"
    home = code_of("Niono", "district")
    who = member("moussa", role="facility", place=home)
    answer = visitor(role, code_of(place, level) if place else "").post(
        f"/personnes/{who.pk}/mot-de-passe/", {"reason": "oublié"}
    )
    assert (answer.status_code == 200) is allowed
    who.refresh_from_db()
    assert who.must_change_password is allowed


def test_nobody_resets_a_wider_role_or_themselves(code_of: Any) -> None:
    from kalanso.hub.people.actions.persons import may_reset

    region, national, head = (
        person("region", code_of("Ségou", "region")),
        person("national"),
        person("administrator"),
    )
    assert not may_reset(region, national)
    assert not may_reset(national, head)
    assert not may_reset(head, head)
    assert may_reset(head, national)


def test_a_closed_account_is_out_at_once_and_its_tokens_end() -> None:
    from kalanso.hub.people.actions import accounts

    ended: list[str] = []
    who = member("awa")
    client, _answer = login("awa")
    assert client.get("/moi/").status_code == 200
    accounts.LEAVING.append(lambda one: ended.append(one.username))
    try:
        accounts.close_account(by=person("national"), person=who, reason="partie", now=NOW)
    finally:
        accounts.LEAVING.pop()

    assert client.get("/moi/").status_code == 302
    assert ended == ["awa"]
    _client, answer = login("awa")
    assert answer.status_code == 302
    assert "/moi/" not in answer["Location"]
    accounts.open_account(by=person("national"), person=who, reason="revenue", now=NOW)
    assert login("awa")[1]["Location"] == "/moi/"


def test_closing_twice_is_refused_and_the_last_administrator_stays() -> None:
    from kalanso.hub.people.actions import accounts
    from kalanso.hub.people.models import Membership

    who, by = member("awa"), person("national")
    accounts.close_account(by=by, person=who, reason="x", now=NOW)
    who.is_active = True
    with pytest.raises(ValidationError):
        accounts.close_account(by=by, person=who, reason="x", now=NOW)
    head, other = person("administrator"), person("administrator", name="autre")
    others = Membership.objects.filter(role="administrator").exclude(person__in=[head, other])
    others.update(ends=NOW.date() - timedelta(days=1), begins=None)
    accounts.close_account(by=head, person=other, reason="x", now=NOW)
    with pytest.raises(PermissionDenied):
        accounts.close_account(by=other, person=head, reason="x", now=NOW)


def test_a_role_that_ended_opens_nothing_any_more(code_of: Any) -> None:
    who = member("coach", role="region", place=code_of("Ségou", "region"))
    client, _answer = login("coach")
    assert client.get("/personnes/").status_code == 200
    held = who.memberships.get()
    head = visitor("national")
    answer = head.post(f"/personnes/roles/{held.pk}/finir/", {"reason": "mutée"})

    assert answer.status_code == 302
    assert client.get("/personnes/").status_code == 302
    client, _answer = login("coach")
    assert client.get("/personnes/").status_code == 403


def test_a_role_is_given_from_the_page_and_the_person_is_told(code_of: Any) -> None:
    house()
    who = member("awa", place=code_of("Niono", "district"))
    answer = visitor("national").post(
        f"/personnes/{who.pk}/role/",
        {"role": "coach", "place": code_of("Ségou", "region"), "organisation": "csref", "reason": "besoin"},
    )
    assert answer.status_code == 302
    assert who.memberships.filter(role="coach").exists()
    client, _answer = login("awa")
    assert "Coach" in client.get("/notifications/").content.decode()


def test_a_place_with_a_name_of_several_is_chosen_from_a_list(code_of: Any) -> None:
    house()
    fields = {"name": "Awa", "role": "facility", "organisation": "csref", "place": "niono"}
    page = visitor("national").post("/personnes/inviter/", fields).content.decode()
    assert '<select name="place"' in page
    assert f'value="{code_of("Niono", "district")}"' in page
    assert '<option value="niono" selected>Choisissez le lieu</option>' in page


def test_a_place_elsewhere_is_unknown_to_a_region(code_of: Any) -> None:
    house()
    fields = {"name": "Awa", "role": "facility", "organisation": "csref", "place": "Sikasso"}
    page = visitor("region", code_of("Ségou", "region")).post("/personnes/inviter/", fields).content.decode()
    assert "Aucun de vos lieux" in page


def test_the_list_shows_people_of_ones_own_places_only(code_of: Any) -> None:
    near = member("awa", place=code_of("Niono", "district"), last_name="Proche")
    far = member("fanta", place=code_of("Sikasso", "region"), last_name="Lointaine")
    client = visitor("region", code_of("Ségou", "region"))
    page = client.get("/personnes/").content.decode()

    assert near.last_name in page
    assert far.last_name not in page
    assert client.get(f"/personnes/{near.pk}/").status_code == 200
    assert client.get(f"/personnes/{far.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("role=coach", "kadi"),
        ("organisation=ong", "oumar"),
        ("q=zzz", ""),
        ("lieu=Niono", "awa"),
        ("lieu=zzz", ""),
    ],
)
def test_the_list_is_narrowed(question: str, found: str, code_of: Any) -> None:
    people = {
        "kadi": person("coach", code_of("Sikasso", "region"), name="kadi"),
        "oumar": person("partner", name="oumar", organisation="ong"),
        "awa": person("district", code_of("Niono", "district"), name="awa"),
    }
    page = visitor("national").get(f"/personnes/?{question}").content.decode()
    assert {name for name, who in people.items() if f"/personnes/{who.pk}/" in page} == ({found} - {""})


def test_an_organisation_is_added_by_those_who_answer_for_the_country() -> None:
    from kalanso.hub.people.models import Organisation

    fields = {"name": "Croix-Rouge", "code": "crm", "kind": "cso"}
    assert visitor("district").post("/organisations/ajouter/", fields).status_code == 403
    client = visitor("national")
    assert client.post("/organisations/ajouter/", fields).status_code == 302
    assert Organisation.objects.filter(code="crm").exists()
    assert 'class="error"' in client.post("/organisations/ajouter/", fields).content.decode()
    assert "Croix-Rouge" in client.get("/organisations/").content.decode()


def test_devices_are_listed_and_the_others_logged_out() -> None:
    member("awa")
    here, _answer = login("awa", client=Client(HTTP_HOST="127.0.0.1", HTTP_USER_AGENT="ici"))
    there, _answer = login("awa", client=Client(HTTP_HOST="127.0.0.1", HTTP_USER_AGENT="perdu"))
    there.get("/moi/")
    page = here.get("/compte/sessions/").content.decode()
    assert "perdu" in page
    here.post("/compte/sessions/")
    assert there.get("/moi/").status_code == 302
    assert here.get("/moi/").status_code == 200


def test_the_login_page_offers_no_account_and_sign_up_is_closed() -> None:
    page = stranger().get("/compte/login/").content.decode()
    assert "signup" not in page
    assert "invitation" in page
    closed = stranger().post(
        "/compte/signup/", {"username": "x", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert "invitation" in closed.content.decode()
    from kalanso.hub.people.models import Person

    assert not Person.objects.filter(username="x").exists()


def test_failed_logins_are_counted_where_every_web_process_looks() -> None:
    from django.db import connection

    member("aminata", password=PASSWORD)
    for _turn in range(3):
        login("aminata", "not the word")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM people_counters")
        assert cursor.fetchone()[0] > 0
