"""Can a program read what the pages show, with its person's eyes, and is every refusal a sentence?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.test import override_settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
)

from tests.hub.circles import DRAFT, RELEASED, Ground
from tests.hub.visitors import person, stranger, visitor

ALL_PARTS = (
    "tables", "places", "estimates", "findings", "indicators", "portfolio", "grants", "me", "jobs",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nobody_asked_yet() -> None:
    from django.core.cache import caches

    caches["programs"].clear()


@pytest.fixture
def told(quick_hand: Any, ground: Ground) -> Iterator[Ground]:
    with override_settings(KALANSO_STORE=ground.folder):
        yield ground


def secret_of(who: Any, *, parts: tuple[str, ...] = ALL_PARTS, days: int = 30) -> str:
    from kalanso.hub.api.actions import make_token

    now = datetime.now(UTC)
    return make_token(by=who, name="essai", parts=parts, expires=now + timedelta(days=days), now=now)[1]


def ask(address: str, secret: str = "", **headers: str) -> Any:
    told = {"authorization": f"Bearer {secret}"} if secret else {}
    return stranger().get(f"/api/v1{address}", headers=told | headers)


def test_rows_are_read_page_by_page_without_gap_or_repetition(told: Ground) -> None:
    secret = secret_of(person("national"))
    seen: list[str] = []
    after = ""
    while True:
        page = ask(f"/tables/places/rows?limit=37&after={after}", secret).json()
        seen += [row["place_code"] for row in page["items"]]
        after = page["next"] or ""
        if not after:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) > 100


@pytest.mark.parametrize("table", ["place_contexts", "quality_findings", "indicator_values", "place_parents"])
def test_keys_with_several_columns_and_empty_values_page_like_the_whole(table: str, told: Ground) -> None:
    secret = secret_of(person("national"))
    whole = ask(f"/tables/{table}/rows?limit=1000", secret).json()["items"][:40]
    parts: list[dict[str, Any]] = []
    after = ""
    while len(parts) < len(whole):
        page = ask(f"/tables/{table}/rows?limit=7&after={after}", secret).json()
        parts += page["items"]
        after = page["next"] or ""
        if not after:
            break
    assert parts[: len(whole)] == whole


def test_a_mark_of_another_table_is_refused_with_a_sentence(told: Ground) -> None:
    after = ask("/tables/place_neighbours/rows?limit=1").json()["next"]
    response = ask(f"/tables/places/rows?after={after}")
    assert response.status_code == 422
    assert "repartez du début" in response.json()["detail"]


def test_an_old_state_is_read_by_its_name(told: Ground) -> None:
    secret = secret_of(person("national"))
    now, then = (
        ask(f"/tables/imports/rows{which}", secret).json() for which in ("", "?as_of=imports-000002")
    )
    assert [row["file_name"] for row in now["items"]] == ["bon.csv"]
    assert [row["file_name"] for row in then["items"]] == ["faux.csv"]
    assert then["snapshot"] == "imports-000002"


def test_refusals_are_problems_in_the_asked_language(told: Ground) -> None:
    french, english = ask("/tables/secrets"), ask("/tables/secrets", **{"accept-language": "en"})
    assert french["Content-Type"] == english["Content-Type"] == "application/problem+json"
    assert "Aucune table publiée" in french.json()["detail"]
    assert english["Content-Language"] == "en"
    assert french.json()["detail"] != english.json()["detail"]
    assert ask("/nulle/part").json()["status"] == 404


def test_an_unchanged_answer_is_not_sent_again_and_marks_differ_between_scopes(told: Ground) -> None:
    first = ask("/tables/places/rows?limit=5")
    again = ask("/tables/places/rows?limit=5", **{"if-none-match": first["ETag"]})
    other = ask("/tables/places/rows?limit=5", secret_of(person("national")))

    assert (again.status_code, again.content) == (304, b"")
    assert other.json() == first.json()
    assert other["ETag"] != first["ETag"]
    assert "private" in first["Cache-Control"]
    assert "Authorization" in first["Vary"]


def test_answers_are_zipped_for_those_who_can_read_it(told: Ground) -> None:
    assert ask("/places/tree", **{"accept-encoding": "gzip"})["Content-Encoding"] == "gzip"


def test_a_parameter_that_no_address_knows_is_refused_with_those_that_it_knows(told: Ground) -> None:
    answer = ask("/tables/places/rows?limit=2&place_code=ML")
    assert answer.status_code == 422
    detail = answer.json()["detail"]
    assert "« place_code »" in detail.replace("\xa0", " ").replace("\u202f", " ")
    assert {"limit", "place", "as_of"} <= set(re.findall(r"[a-z_]+", detail.partition(":")[2]))
    assert ask("/tables/places?page=2").status_code == 422
    assert ask("/tables/places/rows?limit=2&place=ML").status_code in {200, 404}


def test_the_parameters_of_every_address_of_the_description_are_known(told: Ground) -> None:
    from kalanso.hub.api.api import api

    for address, methods in api.get_openapi_schema()["paths"].items():
        path = re.sub(r"\{\w+\}", "1", address).removeprefix("/api/v1")
        for name in [one["name"] for one in methods["get"].get("parameters", ()) if one["in"] == "query"]:
            assert "inconnu" not in ask(f"{path}?{name}=1").content.decode(), (address, name)
        assert "inconnu" in ask(f"{path}?nothing=1").content.decode(), address


def test_a_caveat_of_a_series_is_also_a_sentence(told: Ground) -> None:
    secret = secret_of(person("national"))
    points = ask("/places/ML/series?kind=year", secret).json()["items"]
    said = [one for one in points if one["caveat"]]
    assert all(" " in one["caveat_said"] and "." not in one["caveat_said"][:-1].split(" ")[0] for one in said)
    assert all(one["caveat_said"] is None for one in points if not one["caveat"])


def test_other_sites_may_not_read_in_a_browser(told: Ground) -> None:
    response = ask("/me", origin="https://example.org")
    assert "Access-Control-Allow-Origin" not in response


def test_too_many_requests_are_told_when_to_come_back(told: Ground) -> None:
    answers = [ask("/me") for _ in range(61)]
    assert {a.status_code for a in answers[:60]} == {200}
    assert answers[60].status_code == 429
    assert 1 <= int(answers[60]["Retry-After"]) <= 60
    assert ask("/me", secret_of(person("national"))).status_code == 200, "a person is counted apart"


def test_a_visitor_cannot_escape_the_count_by_naming_other_addresses(told: Ground) -> None:
    answers = [ask("/me", **{"x-forwarded-for": f"10.0.0.{number}"}) for number in range(61)]
    assert answers[60].status_code == 429


def test_a_token_sees_what_its_person_sees_now_and_nothing_after_the_role_ends(told: Ground) -> None:
    who = person("researcher", name="chercheur")
    secret = secret_of(who)
    assert ask("/tables/burden", secret).status_code == 200

    who.memberships.all().delete()

    assert ask("/tables/burden", secret).status_code == 404
    who.is_active = False
    who.save()
    assert ask("/me", secret).status_code == 401


def test_a_token_opens_its_parts_only(told: Ground) -> None:
    secret = secret_of(person("national"), parts=("places",))
    assert ask("/places", secret).status_code == 200
    refused = ask("/tables", secret)
    assert refused.status_code == 403
    assert "pas cette partie" in refused.json()["detail"]


def test_an_expired_a_revoked_and_an_invented_token_are_refused_alike(told: Ground) -> None:
    from kalanso.hub.api.actions import revoke_token
    from kalanso.hub.api.models import Token

    who, now = person("national"), datetime.now(UTC)
    revoked, expired = secret_of(who), secret_of(who)
    newest, before = Token.objects.all()[:2]
    revoke_token(by=who, token_id=before.pk, now=now)
    Token.objects.filter(pk=newest.pk).update(
        created=now - timedelta(days=2), expires=now - timedelta(days=1)
    )

    answers = [ask("/me", secret) for secret in (revoked, expired, "kal_invented")]

    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    assert all("Bearer" in a["WWW-Authenticate"] for a in answers)


def test_a_token_is_shown_once_and_only_its_fingerprint_is_kept(told: Ground) -> None:
    from kalanso.hub.api.models import Token
    from kalanso.hub.people.models import Event

    client = visitor("national")
    until = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    made = client.post(
        "/moi/jetons/", {"name": "tableau", "expires": until, "parts": ["tables"]}
    ).content.decode()
    token = Token.objects.get()
    secret = made.split("<code>")[1].split("<")[0]

    assert secret.startswith("kal_")
    assert "Comment un programme lit-il ces données" in made
    assert secret not in client.get("/moi/jetons/").content.decode()
    assert secret not in str(Token.objects.values())
    assert ask("/tables", secret).status_code == 200
    told_event = Event.objects.filter(verb="api.token_made").get()
    assert secret not in str(told_event.after)
    assert token.fingerprint not in str(told_event.after)

    client.post(f"/moi/jetons/{token.pk}/retirer/")
    assert ask("/tables", secret).status_code == 401
    assert Event.objects.filter(verb="api.token_revoked").count() == 1


def test_nobody_ends_somebody_elses_token(told: Ground) -> None:
    from kalanso.hub.api.models import Token

    secret = secret_of(person("national"))
    other = visitor("partner").post(f"/moi/jetons/{Token.objects.get().pk}/retirer/")
    assert other.status_code == 403
    assert ask("/me", secret).status_code == 200


@pytest.mark.parametrize(
    ("parts", "days"), [((), 10), (("everything",), 10), (("tables",), 0), (("tables",), 400)]
)
def test_a_token_without_parts_or_with_a_wrong_end_is_refused(parts: tuple[str, ...], days: int) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        secret_of(person("national"), parts=parts, days=days)


def test_somebody_without_a_role_makes_no_token() -> None:
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        secret_of(person(None))


def test_a_session_reads_as_well_and_only_its_own_jobs(told: Ground) -> None:
    from kalanso.hub.jobs.actions import ask as ask_for

    with override_settings(KALANSO_JOBS={"x": "y"}):
        job = ask_for(by=person("national"), kind="x", arguments={}, key="k", now=datetime.now(UTC))
    own, other = visitor("national"), visitor("administrator")
    assert [one["id"] for one in own.get("/api/v1/jobs").json()["items"]] == [str(job.pk)]
    assert own.get(f"/api/v1/jobs/{job.pk}").json()["state"] == "waiting"
    assert other.get("/api/v1/jobs").json()["items"] == []
    assert other.get(f"/api/v1/jobs/{job.pk}").status_code == 404


def test_estimates_come_from_what_was_released_to_the_reader(told: Ground) -> None:
    district = told.codes["other_district"]
    team = secret_of(person("district", told.codes["district"]))
    runs = {
        "visitor": ask(f"/estimates/{district}").json()["run"],
        "partner": ask(f"/estimates/{district}", secret_of(person("partner"))).json()["run"],
        "team elsewhere": ask(f"/estimates/{district}", team).json()["run"],
        "team at home": ask(f"/estimates/{told.codes['district']}", team).json()["run"],
        "national": ask(f"/estimates/{district}", secret_of(person("national"))).json()["run"],
    }
    assert runs == {
        "visitor": RELEASED, "partner": RELEASED, "team elsewhere": RELEASED, "team at home": DRAFT, "national": DRAFT,
    }  # fmt: skip
    assert ask(f"/estimates/{told.codes['area']}").json()["items"] == []


def test_somebody_who_owes_a_second_proof_is_refused_in_a_sentence(told: Ground) -> None:
    who = person("national", name="owing")
    who.must_change_password = True
    who.save()
    assert ask("/me", secret_of(who)).status_code == 403


def test_the_page_on_the_api_names_every_address_and_loads_nothing_foreign(told: Ground) -> None:
    page = stranger().get("/donnees/api/").content.decode()
    for path in ask("/openapi.json").json()["paths"]:
        assert path in page
    loaded = re.findall(r"<script[^>]*src=\"([^\"]*)\"", page)
    assert all(one.startswith("/static/offline/") for one in loaded)


# What schemathesis asks in earnest: the document is right, and no answer breaks it.
CHECKS = [
    checks.not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance, unsupported_method, use_after_free, ignored_auth,
]  # fmt: skip


@pytest.fixture(params=["visitor", "national"])
def document(request: Any, told: Ground, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The API's own document over its WSGI application, asked as a visitor or as somebody of the national centre."""
    from django.core.handlers.wsgi import WSGIHandler

    from kalanso.hub.api import api

    monkeypatch.setattr(api.Pace, "allow_request", lambda self, asked: True)
    secret = secret_of(person("national")) if request.param == "national" else ""
    inner = WSGIHandler()

    def application(environ: dict[str, Any], start: Any) -> Any:
        environ["HTTP_HOST"] = "127.0.0.1"
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # the asking side reads plain text only
        if secret and "HTTP_AUTHORIZATION" not in environ:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return inner(environ, start)

    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


def test_no_request_breaks_what_the_document_promises(document: Any) -> None:
    asked = refused = 0
    for found in document.get_all_operations():
        operation = found.ok()

        @hypothesis.settings(
            max_examples=12, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def accepts(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        @hypothesis.settings(
            max_examples=8, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
        def refuses(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        accepts()
        asked += 1
        try:
            refuses()
            refused += 1
        except hypothesis.errors.Unsatisfiable:
            continue  # nothing can be said wrongly here: it takes no parameter, or any text
    assert asked >= 15
    assert refused >= 5


def test_the_page_of_addresses_asks_their_questions_in_the_readers_language(told: Ground) -> None:
    from kalanso.hub.api.api import api
    from kalanso.hub.api.queries import ADDRESSES

    asked = {
        one["summary"] for methods in api.get_openapi_schema()["paths"].values() for one in methods.values()
    }
    assert asked == ADDRESSES.keys()
    assert "Que contient une table" in stranger().get("/donnees/api/").content.decode()
    assert "What stands in a table?" in stranger().get("/en/donnees/api/").content.decode()
