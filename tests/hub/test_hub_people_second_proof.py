"""Do roles that reach far log in with a second proof, and does another house let in only whom we know?"""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings

from tests.hub.test_hub_people_accounts import login, member
from tests.hub.visitors import person, stranger, visitor


def code_now(secret: str, ahead: int = 0) -> str:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    counters = list(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(secret, counters[0] + ahead)))


@pytest.fixture
def real_country(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A country that is not simulated: everything is owed."""
    from kalanso.hub.site import middleware

    monkeypatch.setattr(middleware, "_simulated", lambda: False)
    with override_settings(KALANSO_SECOND_PROOF=True):
        yield


@pytest.mark.parametrize("role", ["region", "national", "researcher", "administrator"])
def test_a_role_that_reaches_far_sets_up_its_second_proof_before_anything_else(
    role: str, real_country: None
) -> None:
    member("fatou", role=role)
    client, _answer = login("fatou")
    for address in ("/moi/", "/", "/lieux/", "/personnes/", "/preuves/tables/places.csv"):
        assert client.get(address)["Location"] == "/compte/2fa/totp/activate/"


@pytest.mark.parametrize("role", ["district", "facility", "coach", "partner", "editor", "donor", "reader"])
def test_other_roles_may_do_without(role: str, real_country: None) -> None:
    member("awa", role=role)
    client, _answer = login("awa")
    assert client.get("/moi/").status_code == 200


def set_up(client: Any) -> str:
    secret = key_on(client)
    answer = client.post("/compte/2fa/totp/activate/", {"code": code_now(secret)})
    assert answer.status_code == 302, answer.content.decode()[-1500:]
    return secret


def test_a_second_proof_is_set_up_asked_for_and_replaced_by_a_recovery_code(real_country: None) -> None:
    from django.core.cache import cache

    member("fatou", role="national")
    client, _answer = login("fatou")
    set_up(client)
    assert client.get("/moi/").status_code == 200
    codes = client.get("/compte/2fa/recovery-codes/").content.decode()
    first = codes.partition('class="codes"><li>')[2].partition("<")[0]
    assert len(first) >= 8

    again, answer = login("fatou")
    assert answer["Location"].startswith("/compte/2fa/authenticate/")
    assert again.get("/moi/").status_code == 302
    wrong = again.post("/compte/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    cache.clear()
    right = again.post("/compte/2fa/authenticate/", {"code": first})
    assert right.status_code == 302
    assert again.get("/compte/2fa/trust/").status_code in {200, 302}


def key_on(client: Any) -> str:
    page = client.get("/compte/2fa/totp/activate/").content.decode()
    return str(page.partition('id="authenticator_secret">')[2].partition("<")[0])


def test_the_key_stays_the_same_however_often_the_page_is_loaded(real_country: None) -> None:
    member("fatou", role="national")
    client, _answer = login("fatou")
    given_to_the_app = key_on(client)
    assert key_on(client) == given_to_the_app
    wrong = client.post("/compte/2fa/totp/activate/", {"code": "000000"})
    assert given_to_the_app in wrong.content.decode()
    assert key_on(client) == given_to_the_app
    right = client.post("/compte/2fa/totp/activate/", {"code": code_now(given_to_the_app)})
    assert right.status_code == 302
    assert "mfa.totp.secret" not in client.session


def test_a_key_that_was_not_confirmed_within_an_hour_is_replaced(real_country: None) -> None:
    from kalanso.hub.people.forms.logins import SHOWN_AGAIN, SHOWN_AT

    member("fatou", role="national")
    client, _answer = login("fatou")
    old = key_on(client)
    session = client.session
    session[SHOWN_AT] -= SHOWN_AGAIN
    session.save()
    new = key_on(client)
    assert new != old
    assert key_on(client) == new


def test_a_key_shown_to_one_person_is_not_shown_to_the_next(real_country: None) -> None:
    member("fatou", role="national")
    member("mariam", role="researcher")
    client, _answer = login("fatou")
    of_the_first = key_on(client)
    client.post("/compte/logout/")
    login("mariam", client=client)
    assert key_on(client) not in {"", of_the_first}


@pytest.mark.parametrize(
    "place", ["messages/recovery_codes_generated", "email/recovery_codes_generated_subject",
              "email/recovery_codes_generated_message"],
)  # fmt: skip
def test_codes_for_a_lost_telephone_have_one_name(place: str, hub: None) -> None:
    told = render_to_string(f"mfa/{place}.txt")
    assert "codes de secours sont faits" in told
    assert "récupération" not in told


def test_a_secret_is_sealed_at_rest(real_country: None) -> None:
    from allauth.mfa.models import Authenticator

    member("fatou", role="national")
    client, _answer = login("fatou")
    secret = set_up(client)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept


def test_who_lost_the_telephone_gets_a_new_second_proof_from_above(real_country: None) -> None:
    who = member("fatou", role="region")
    client, _answer = login("fatou")
    set_up(client)
    from kalanso.hub.people.actions.accounts import second_proof_reset
    from tests.hub.test_hub_people_accounts import NOW

    second_proof_reset(by=person("national"), person=who, reason="téléphone perdu", now=NOW)
    assert client.get("/moi/").status_code == 302
    client, _answer = login("fatou")
    assert client.get("/moi/")["Location"] == "/compte/2fa/totp/activate/"
    told = who.notifications.get(sentence="people.second_proof_reset")
    assert told.params["reason"] == "téléphone perdu"


def a_login_from_elsewhere(address: str, *, verified: bool) -> Any:
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialLogin

    return SocialLogin(
        user=SimpleNamespace(pk=None),
        account=SocialAccount(provider="other-house", uid="42"),
        email_addresses=[EmailAddress(email=address, verified=verified)],
        provider=SimpleNamespace(app=SimpleNamespace(settings={})),
    )


@pytest.mark.parametrize(
    ("address", "verified", "active", "known"),
    [
        ("awa@exemple.ml", True, True, True),
        ("AWA@exemple.ml", True, True, True),
        ("awa@exemple.ml", False, True, False),
        ("awa@exemple.ml", True, False, False),
        ("autre@exemple.ml", True, True, False),
    ],
)
def test_another_house_lets_in_only_a_verified_address_with_an_open_account(
    address: str, verified: bool, active: bool, known: bool
) -> None:
    from kalanso.hub.people.queries.logins import OtherHouses

    member("awa", email="awa@exemple.ml", is_active=active)
    request = RequestFactory().get("/")
    adapter = OtherHouses(request)
    found = adapter.authenticate_by_email(a_login_from_elsewhere(address, verified=verified))

    assert (found is not None) is known
    assert not adapter.is_open_for_signup(request, None)


def test_nobody_writes_another_address_to_their_account() -> None:
    who = member("awa", email="awa@exemple.ml")
    client, _answer = login("awa")
    for answer in (
        client.get("/compte/email/"),
        client.post("/compte/email/", {"action_add": "", "email": "chef@exemple.ml"}),
    ):
        assert answer.status_code == 404
    who.refresh_from_db()
    assert who.email == "awa@exemple.ml"


@pytest.mark.parametrize(("address", "verified"), [("autre@exemple.ml", True), ("awa@exemple.ml", False)])
def test_an_account_of_another_house_with_another_address_is_not_joined(address: str, verified: bool) -> None:
    from django.core.exceptions import PermissionDenied

    from kalanso.hub.people.queries.logins import OtherHouses

    request = RequestFactory().get("/")
    request.user = member("awa", email="awa@exemple.ml")
    arrived = a_login_from_elsewhere(address, verified=verified)
    arrived.state = {"process": "connect"}
    with pytest.raises(PermissionDenied):
        OtherHouses(request).pre_social_login(request, arrived)


def test_the_button_of_another_house_is_there_only_where_one_is_set_and_the_browser_may_follow_it() -> None:
    assert "Entrer par" not in stranger().get("/compte/login/").content.decode()
    providers = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "other-house", "name": "Ministère", "client_id": "k", "secret": "s",
                    "settings": {"server_url": "https://maison.example"},
                }
            ]
        }
    }  # fmt: skip
    with override_settings(SOCIALACCOUNT_PROVIDERS=providers, KALANSO_OTHER_HOUSE="https://maison.example"):
        answer = stranger().get("/compte/login/")
    assert "Entrer par Ministère" in answer.content.decode()
    assert "form-action 'self' https://maison.example;" in answer["Content-Security-Policy"]


def test_a_simulated_country_owes_nothing() -> None:
    with override_settings(KALANSO_SECOND_PROOF=True):
        assert visitor("national").get("/moi/").status_code == 200


class OtherHouse:
    """A small OpenID Connect house on this computer, that vouches for one address."""

    def __init__(self, address: str, *, verified: bool) -> None:
        import threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        claims = {"sub": "42", "email": address, "email_verified": verified, "name": "Awa"}
        house = self

        class Door(BaseHTTPRequestHandler):
            def answer(self, told: dict[str, Any]) -> None:
                body = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if "openid-configuration" in self.path:
                    self.answer(
                        {
                            "issuer": house.url,
                            "authorization_endpoint": f"{house.url}/authorize",
                            "token_endpoint": f"{house.url}/token",
                            "userinfo_endpoint": f"{house.url}/userinfo",
                            "jwks_uri": f"{house.url}/keys",
                        }
                    )
                else:
                    self.answer(claims)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer({"access_token": "t", "token_type": "Bearer", "expires_in": 60})

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.mark.parametrize(
    ("address", "verified", "enters"),
    [("awa@exemple.ml", True, True), ("awa@exemple.ml", False, False), ("autre@exemple.ml", True, False)],
)
def test_the_whole_way_through_another_house(address: str, verified: bool, enters: bool) -> None:
    from allauth.socialaccount.models import SocialAccount

    who = member("awa", email="awa@exemple.ml")
    house = OtherHouse(address, verified=verified)
    app = {
        "provider_id": "other-house", "name": "Ministère", "client_id": "k", "secret": "s",
        "settings": {"server_url": house.url, "oauth_pkce_enabled": True},
    }  # fmt: skip
    client = stranger()
    with override_settings(
        SOCIALACCOUNT_PROVIDERS={"openid_connect": {"APPS": [app]}}, KALANSO_OTHER_HOUSE=house.url
    ):
        page = client.get("/compte/login/").content.decode()
        begin = re.search(r'action="(/compte/oidc/[^"]+)"', page)
        assert begin is not None
        away = client.post(begin[1].replace("&amp;", "&"))
        assert away["Location"].startswith(f"{house.url}/authorize?")
        state = parse_qs(urlsplit(away["Location"]).query)["state"][0]
        back = client.get(f"{begin[1].partition('/login/')[0]}/login/callback/?code=c&state={state}")
    house.server.shutdown()

    assert back.status_code in {200, 302}
    assert ("_auth_user_id" in client.session) is enters
    assert SocialAccount.objects.filter(user=who).exists() is enters
    who.refresh_from_db()
    # Whoever prepared the account may know its password: it ends when the address is proven elsewhere.
    assert who.has_usable_password() is not enters
    if enters:
        assert "ancien mot de passe" in client.get("/moi/").content.decode()


@pytest.fixture
def salimata(hub: None) -> Any:
    """The simulated person who has a second proof."""
    from kalanso.hub.people.models import Person
    from kalanso.hub.site.actions import make_demo_people
    from tests.hub.conftest import NOW

    make_demo_people(now=NOW)
    return Person.objects.get(username="salimata")


def test_a_newcomer_tries_a_second_proof_in_a_simulated_country(salimata: Any) -> None:
    from django.core.cache import cache

    cache.clear()
    client = stranger()
    answer = client.post("/entrer-comme/salimata/")
    assert answer["Location"].startswith("/compte/2fa/authenticate/")
    assert client.get("/moi/").status_code == 302, "nobody is in before the code is given"

    page = client.get("/compte/2fa/authenticate/").content.decode()
    code = re.search(r'<strong class="spoken">(\d{6})</strong>', page)
    assert code is not None
    assert client.post("/compte/2fa/authenticate/", {"code": code[1]}).status_code == 302
    answer = client.post("/compte/2fa/trust/", {"action": "skip"})
    assert answer["Location"] == "/moi/"
    assert "Salimata" in client.get("/moi/").content.decode()


def test_no_code_is_shown_away_from_this_computer_nor_in_a_real_country(
    salimata: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.site.queries import demo

    client = stranger()
    client.post("/entrer-comme/salimata/")
    assert 'class="spoken"' in client.get("/compte/2fa/authenticate/").content.decode()

    with override_settings(ALLOWED_HOSTS=["kalanso.example"]):
        away = client.get("/compte/2fa/authenticate/", HTTP_HOST="kalanso.example")
        refused = client.post("/entrer-comme/salimata/", HTTP_HOST="kalanso.example")
    assert 'class="spoken"' not in away.content.decode()
    assert refused.status_code == 404

    monkeypatch.setattr(demo.shelf, "current", lambda: SimpleNamespace(store=SimpleNamespace(demo=False)))
    assert not demo.may_enter_as(RequestFactory(HTTP_HOST="127.0.0.1").get("/"), "salimata")


def test_no_code_is_shown_for_somebody_who_is_not_simulated(real_country: None) -> None:
    member("nana", role="national")
    client, _answer = login("nana")
    set_up(client)

    again, answer = login("nana")

    assert answer["Location"].startswith("/compte/2fa/authenticate/")
    assert 'class="spoken"' not in again.get("/compte/2fa/authenticate/").content.decode()


def test_no_code_is_shown_to_who_has_not_taken_the_first_step(salimata: Any) -> None:
    answer = stranger().get("/compte/2fa/authenticate/")
    assert answer.status_code == 302
