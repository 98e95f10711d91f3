"""Do the doors hold: sessions, guessing, forged forms, addresses elsewhere, ids of others, scripts in names?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.hub.test_hub_people_accounts import PASSWORD, house, invited, login, member
from tests.hub.visitors import person, stranger, visitor

NOW = datetime.now(UTC)
SCRIPT = "<script>alert('x')</script>"
# What stands in an address where a part of it varies.
PARTS = {
    "pk": "999999", "secret": "rien", "code": "ML-X9999", "username": "personne", "name": "places", "key": "k" * 32,
    "object_type": "people.person", "object_id": "999999", "width": "340", "form": "svg", "uidb36": "1", "uuid": "0",
    "provider_id": "other-house", "provider": "other-house",
}  # fmt: skip


def patterns(inside: Any = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the hub with its pattern."""
    for one in (inside or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one


def addresses() -> list[tuple[str, str]]:
    """Name and example of every address; made-up parts for what varies."""
    found = []
    for route, one in patterns():
        plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: PARTS.get(part[1], "1"), route)
        plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda part: PARTS.get(part[1], "1"), plain)
        found.append((one.name or "", "/" + plain.lstrip("^/").replace("\\", "").rstrip("$")))
    return found


def test_the_session_gets_another_key_at_login() -> None:
    member("awa")
    client = stranger()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    _client, answer = login("awa", client=client)

    assert answer.status_code == 302
    assert client.cookies["sessionid"].value != before
    attacker = stranger()
    attacker.cookies["sessionid"] = before
    assert attacker.get("/moi/").status_code == 302


def test_cookies_cannot_be_read_by_scripts_nor_sent_by_others() -> None:
    member("awa")
    client, _answer = login("awa")
    for name in ("sessionid", "csrftoken"):
        if name in client.cookies:
            assert client.cookies[name]["httponly"], name
            assert client.cookies[name]["samesite"] == "Lax", name


def test_behind_https_cookies_travel_sealed_only() -> None:
    member("awa")
    with override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True):
        client, _answer = login("awa", secure=True)
        client.get("/compte/login/", secure=True)
    assert client.cookies["sessionid"]["secure"]


def _told(answer: Any) -> str:
    """What a page says, without tokens and what was typed."""
    text = re.sub(r'value="[^"]*"', "", answer.content.decode())
    return re.sub(r"next=[^\"&]*", "", text)


def test_login_says_the_same_and_works_as_much_for_known_and_unknown_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    member("awa", phone="+22376123456")
    closed = member("ferme")
    closed.is_active = False
    closed.save()
    without = person("coach", name="sans-mot")
    without.set_unusable_password()
    without.save()
    work: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, *args, **more: work.append("x") or encode(self, *args, **more),
    )
    told, spent = set(), set()
    for name in ("awa", "personne", "ferme", "sans-mot", "76 12 34 56", "70 00 00 00", "x@exemple.ml"):
        work.clear()
        answer = login(name, "un mauvais mot")[1]
        told.add((answer.status_code, _told(answer).replace(name, "")))
        spent.add(len(work))
    assert len(told) == 1
    assert spent == {1}


def test_asking_for_a_new_password_says_the_same_for_known_and_unknown_addresses() -> None:
    from django.core import mail

    mail.outbox = []
    member("awa", email="awa@exemple.ml")
    with override_settings(KALANSO_MAIL=True):
        answers = [
            stranger().post("/compte/password/reset/", {"email": address})
            for address in ("awa@exemple.ml", "personne@exemple.ml")
        ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {
        (302, "/compte/password/reset/done/")
    }
    assert [letter.to for letter in mail.outbox] == [["awa@exemple.ml"]]


def test_inviting_says_the_same_whether_the_address_has_an_account() -> None:
    house()
    member("awa", email="awa@exemple.ml", phone="+22376123456")
    client = visitor("national")
    told = set()
    for address, phone in (("awa@exemple.ml", "76123456"), ("personne@exemple.ml", "70000000")):
        fields = {"name": "Awa", "role": "partner", "organisation": "csref", "email": address, "phone": phone}
        text = client.post("/personnes/inviter/", fields).content.decode()
        for what in (address, phone, f"+223{phone}"):
            text = text.replace(what, "")
        assert "Envoyez ce lien" in text
        told.add(re.sub(r"invitation(/|%2F)[\w-]+", "", text))
    assert len(told) == 1


def test_wrong_passwords_are_limited_whatever_the_spelling_of_the_name() -> None:
    member("awa", phone="+22376123456")
    for spelling in ("76123456", "76 12 34 56", "+22376123456", "0022376123456", "76.12.34.56"):
        login(spelling, "un mauvais mot")
    answer = login("76-12-34-56", PASSWORD)[1]
    assert answer.status_code in {200, 429}
    assert "sessionid" not in answer.cookies


def test_too_many_attempts_are_told_in_our_words() -> None:
    answer = None
    for number in range(40):
        answer = login(f"personne{number}", "un mauvais mot")[1]
    assert answer is not None
    assert answer.status_code == 429
    assert "Attendez cinq minutes" in answer.content.decode()


@pytest.mark.parametrize(
    "elsewhere", ["https://ailleurs.example/", "//ailleurs.example/", "/\\ailleurs.example", "javascript:alert(1)",
                  "https:ailleurs.example", "\thttps://ailleurs.example"],
)  # fmt: skip
def test_login_and_logout_lead_nowhere_else(elsewhere: str) -> None:
    member("awa")
    client = stranger()
    entered = client.post("/compte/login/", {"login": "awa", "password": PASSWORD, "next": elsewhere})
    assert entered["Location"] == "/moi/"
    left = client.post("/compte/logout/", {"next": elsewhere})
    assert "ailleurs" not in left["Location"]
    assert "javascript" not in left["Location"]


def test_every_address_refuses_a_form_that_is_not_ours() -> None:
    member("admin", role="administrator")
    client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(member("admin2", role="administrator"))
    checked = 0
    for name, address in addresses():
        answer = client.post(address, {"reason": "x"})
        # 403: no token; 404 and 405: nothing stands there to be changed; 301: a lasting move.
        assert answer.status_code in {301, 403, 404, 405}, (name, address, answer.status_code)
        checked += answer.status_code == 403
    assert checked > 20


# Addresses that visitors may read, or that answer for themselves.
# Whoever may read of a thing may read what is said of it: tests/hub/test_hub_discussion.py.
DISCUSSION = frozenset(
    {"discussion", "follow", "write_comment", "comment_photo", "withdraw_comment", "change_comment"}
)
OPEN = frozenset(
    {
        "", "healthz", "home", "act", "learn", "method", "glossary", "where", "missed", "pockets", "evidence", "tables",
        "ledger", "methods", "assumptions", "quality", "trends", "table", "table_chart", "table_map", "table_provenance",
        "table_csv", "table_xlsx", "enter", "enter_as", "invitation", "unsubscribe", "feed_public", "feed_mine",
    }
)  # fmt: skip


def test_pages_about_people_open_to_nobody_who_is_not_logged_in() -> None:
    from kalanso.hub.people import urls

    for one in urls.urlpatterns:
        if one.name in OPEN | DISCUSSION:
            continue
        arguments = {name: PARTS[name] for name in one.pattern.converters}
        address = reverse(one.name, kwargs=arguments)
        for answer in (stranger().get(address), stranger().post(address)):
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/compte/login/"), address


def _things_elsewhere(far: str) -> dict[str, dict[str, Any]]:
    """One thing of every kind that belongs to a place, all at one place; by name of address."""
    from kalanso.hub.people.actions.notices import notify
    from kalanso.hub.people.actions.persons import invite
    from kalanso.hub.people.models import Event, Notification

    who = person("district", far, name="lointain")
    invitation, _secret = invite(
        by=person("national"), name="x", organisation=house(), role="district", place_code=far, now=NOW
    )
    notify(persons=[who], sentence="people.invitation_accepted", params={"name": "x"}, address="", now=NOW)
    event = Event.objects.filter(place_code=far).first()
    assert event is not None
    there = {"pk": who.pk}
    return {
        "person": there, "give_role": there, "reset_password": there, "close_account": there, "reset_second_proof": there,
        "trail_of_person": there,
        "end_role": {"pk": who.memberships.get().pk},
        "withdraw_invitation": {"pk": invitation.pk},
        "open_notice": {"pk": Notification.objects.get(person=who).pk},
        "trail_of_place": {"code": far},
        "trail_of_object": {"object_type": event.object_type, "object_id": event.object_id},
    }  # fmt: skip


@pytest.mark.parametrize(
    "role", ["reader", "facility", "district", "coach", "region", "partner", "editor", "donor"]
)
def test_what_belongs_to_another_place_is_not_there(role: str, code_of: Any) -> None:
    from kalanso.hub.people import urls

    things = _things_elsewhere(code_of("Sikasso", "region"))
    with_ids = {one.name for one in urls.urlpatterns if one.pattern.converters}
    assert with_ids - things.keys() - DISCUSSION == {"invitation", "unsubscribe", "trail_of_organisation"}
    client = visitor(
        role, code_of("Niono", "district") if role not in {"partner", "donor", "editor", "reader"} else ""
    )
    for name, arguments in things.items():
        address = reverse(name, kwargs=arguments)
        assert client.post(address, {"reason": "x"}).status_code == 404, (role, name)
        if name != "open_notice":
            assert client.get(address).status_code == 404, (role, name)


def test_a_name_that_is_a_script_is_shown_as_text_everywhere(code_of: Any) -> None:
    from kalanso.hub.people.actions.accounts import close_account
    from kalanso.hub.people.actions.persons import give_role, reset_password
    from kalanso.hub.people.models import Organisation

    code = code_of("Niono", "district")
    bad_house = Organisation.objects.create(code="mal", name=SCRIPT, kind="cso")
    who = member("mal", place=code, first_name=SCRIPT, last_name=SCRIPT)
    head = member("tete", role="administrator", first_name=SCRIPT, last_name=SCRIPT)
    give_role(
        by=head, person=who, organisation=bad_house, role="coach", place_code=code, now=NOW, reason=SCRIPT
    )
    reset_password(by=head, person=who, reason=SCRIPT, now=NOW)
    _invitation, secret = invited(head, name=SCRIPT, organisation=bad_house)
    mark = give_role(by=head, person=who, organisation=bad_house, role="facility", place_code=code, now=NOW)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(head)
    pages = [
        "/moi/", "/personnes/", f"/personnes/{who.pk}/", f"/personnes/{who.pk}/mot-de-passe/",
        f"/personnes/{who.pk}/compte/", f"/personnes/{who.pk}/role/", f"/personnes/{who.pk}/double-verification/",
        f"/personnes/roles/{mark.pk}/finir/", "/personnes/invitations/", "/personnes/inviter/", "/organisations/",
        "/traces/", f"/traces/personne/{who.pk}/", f"/traces/people.membership/{mark.pk}/", "/traces/organisation/mal/",
        f"/traces/lieu/{code}/", "/notifications/", "/moi/preferences/", f"/invitation/{secret}/", "/compte/sessions/",
        "/personnes/?q=%3Cscript%3Ealert(%27x%27)%3C/script%3E", "/traces/?qui=%3Cscript%3Ealert(%27x%27)",
    ]  # fmt: skip
    shown = 0
    for address in pages:
        text = client.get(address).content.decode()
        assert "<script>alert" not in text, address
        shown += "&lt;script&gt;" in text
    assert shown > 15
    theirs = Client(HTTP_HOST="127.0.0.1")
    who.must_change_password = False
    who.save()
    theirs.force_login(who)
    assert "<script>alert" not in theirs.get("/notifications/").content.decode()
    close_account(by=head, person=who, reason=SCRIPT, now=NOW)
    assert "<script>alert" not in client.get("/traces/").content.decode()


def test_a_membership_that_ended_opens_nothing_from_the_next_day_on(code_of: Any) -> None:
    who = member("awa", role="region", place=code_of("Ségou", "region"))
    client, _answer = login("awa")
    assert client.get("/personnes/").status_code == 200
    who.memberships.update(begins=date(2020, 1, 1), ends=NOW.date() - timedelta(days=1))
    assert client.get("/personnes/").status_code == 403


@pytest.mark.parametrize("password", ["azerty", "password123", "12345678901", "awatraore1"])
def test_a_password_that_is_short_common_or_ones_own_name_is_refused(password: str) -> None:
    who = member("awa", first_name="Awa", last_name="Awatraore1")
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(who)
    fields = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    answer = client.post("/compte/password/change/", fields)
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()


def test_passwords_are_kept_by_a_slow_digest() -> None:
    from kalanso.hub.site import settings

    assert not hasattr(settings, "PASSWORD_HASHERS") or "MD5" not in str(settings.PASSWORD_HASHERS)


def test_changing_the_password_logs_out_every_other_device() -> None:
    member("awa")
    here, _answer = login("awa")
    there, _answer = login("awa")
    fields = {
        "oldpassword": PASSWORD,
        "password1": "calebasse fleuve orage",
        "password2": "calebasse fleuve orage",
    }
    here.post("/compte/password/change/", fields)
    assert here.get("/moi/").status_code == 200
    assert there.get("/moi/").status_code == 302


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_page_says_what_it_is_for(prefix: str) -> None:
    from kalanso.hub.site import help as told

    names = {name for name, _address in addresses() if name}
    silent = {name for name in names if told.of_page(name) is None} - told.NO_PAGES
    assert silent == set()
    assert told.NO_PAGES | told.PAGES.keys() <= names
    words = {"": "À quoi sert cette page", "/en": "What is this page for"}[prefix]
    client = visitor("administrator")
    for page in ("/", "/moi/", "/personnes/", "/traces/", "/glossaire/", "/compte/2fa/"):
        assert words in client.get(f"{prefix}{page}").content.decode(), page


@pytest.mark.parametrize(("above", "below", "may"), [
    ("national", "national", False), ("administrator", "national", True), ("national", "district", True),
    ("district", "district", False), ("region", "district", True), ("national", "administrator", False),
])  # fmt: skip
def test_equals_do_not_stand_above_one_another(above: str, below: str, may: bool, code_of: Any) -> None:
    from kalanso.hub.people.actions.persons import may_reset

    home = code_of("Niono", "district")
    places = {"district": home, "region": code_of("Ségou", "region")}
    one = person(above, places.get(above, ""), name="dessus")
    other = person(below, places.get(below, ""), name="dessous")
    assert may_reset(one, other) is may


def test_nobody_gives_a_role_to_themselves() -> None:
    from kalanso.hub.people.actions.persons import give_role

    head = person("administrator", name="tete")
    with pytest.raises(PermissionDenied):
        give_role(by=head, person=head, organisation=house(), role="national", now=NOW)


def test_an_invitation_ends_with_its_authors_right() -> None:
    from kalanso.hub.people.actions.persons import accept, invite

    head = person("administrator", name="tete")
    _invitation, secret = invite(by=head, name="x", organisation=house(), role="administrator", now=NOW)
    head.memberships.update(begins=None, ends=date(2025, 1, 1))
    with pytest.raises(PermissionDenied):
        accept(secret=secret, username="revenant", password="une phrase assez longue", language="fr", now=NOW)


def test_a_country_role_held_for_one_district_gives_no_country_role(code_of: Any) -> None:
    from kalanso.hub.people.actions.persons import give_role, refuse_grant

    mixed = person("region", code_of("Ségou", "region"), name="mixte")
    give_role(
        by=None,
        person=mixed,
        organisation=house(),
        role="national",
        place_code=code_of("Niono", "district"),
        now=NOW,
    )
    mixed = type(mixed).objects.get(pk=mixed.pk)
    with pytest.raises(PermissionDenied):
        refuse_grant(mixed, "national", code_of("Macina", "district"))
