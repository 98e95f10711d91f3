"""Who may ask, what may a browser do with the answer, and is an unchanged page sent again?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from kalanso.hub.__main__ import main
from kalanso.store import Provenance, Store
from tests.hub.visitors import stranger, visitor


@pytest.mark.parametrize("name", ["kalanso.example.org", "10.0.0.7:8000", "127.0.0.1.example.org"])
def test_another_host_is_refused_with_a_sentence_in_both_languages(name: str, hub: None) -> None:
    response = Client(HTTP_HOST=name).get("/")

    assert response.status_code == 400
    assert "ne répond pas sous ce nom" in response.content.decode()
    assert "does not answer to this name" in response.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_form_that_is_not_ours_changes_nothing(method: str) -> None:
    from django.test import Client

    foreign = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
    response = getattr(foreign, method)("/compte/login/", {"login": "x", "password": "y"})

    assert response.status_code == 403
    assert "Rien n’a été enregistré" in response.content.decode()


@pytest.mark.parametrize(
    "page", ["/", "/preuves/tables/places/", "/nulle-part/", "/preuves/tables/places.csv"]
)
def test_every_answer_forbids_scripts_frames_and_other_hosts(page: str, get: Any) -> None:
    response = get(page)
    policy = response["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert not response.cookies
    list(response)
    response.close()


def test_an_unchanged_page_is_not_sent_to_a_visitor_again(quick_hand: Any) -> None:
    client = stranger()
    first = client.get("/preuves/tables/")

    again = client.get("/preuves/tables/", headers={"if-none-match": first["ETag"]})
    since = client.get("/preuves/tables/", headers={"if-modified-since": first["Last-Modified"]})

    assert (again.status_code, since.status_code) == (304, 304)
    assert not again.content


def test_a_page_of_somebody_who_is_logged_in_is_kept_by_no_cache(get: Any) -> None:
    response = get("/preuves/tables/")
    assert response["Cache-Control"] == "private, no-store"
    assert "ETag" not in response


def test_a_page_in_another_language_has_another_mark(quick_hand: Any) -> None:
    client = stranger()
    assert client.get("/preuves/tables/")["ETag"] != client.get("/en/preuves/tables/")["ETag"]


def test_head_answers_like_get_without_the_page(quick_hand: Any) -> None:
    client = stranger()
    head, whole = client.head("/preuves/tables/"), client.get("/preuves/tables/")

    assert head.status_code == 200
    assert not head.content
    assert head["ETag"] == whole["ETag"]


def test_a_new_snapshot_changes_the_mark_and_the_page(quick_hand: Any, tmp_path: Path, now: Any) -> None:
    from django.test import override_settings

    from kalanso.places.tables import PLACES

    store = Store.create(tmp_path / "growing", country="ML", now=now)
    place = {
        "place_code": "ML", "name": "Mali", "level": "country", "kind": "", "latitude": None, "longitude": None,
        "valid_from": None, "valid_to": None, "source": "test",
    }  # fmt: skip
    with override_settings(KALANSO_STORE=store.folder):
        before = stranger().get("/preuves/tables/places/")
        store.publish(PLACES, [place], provenance=Provenance(), now=now)
        after = stranger().get("/preuves/tables/places/", headers={"if-none-match": before["ETag"]})

    assert after.status_code == 200
    assert "Mali" in after.content.decode()


@pytest.mark.parametrize(
    ("address", "helps"),
    [
        ("/lieux/ML-D9999/", "Aucun lieu ne porte le code"),
        ("/lieux/niono/", "Cherchiez-vous"),
        ("/preuves/tables/inconnue/", "Aucune table publiée ne s’appelle"),
        ("/preuves/tables/places/?as_of=places-000099", "n’a pas d’état"),
        ("/figures/" + "0" * 32 + "/340.svg", "Rouvrez la page"),
        ("/figures/" + "0" * 32 + "/341.svg", "Rouvrez la page"),
        ("/figures/" + "0" * 32 + "/figure.exe", "Rouvrez la page"),
        ("/en/lieux/ML-D9999/", "No place has the code"),
        ("/n-importe-quoi/", "Chercher un lieu"),
    ],
)
def test_a_wrong_address_gets_a_page_that_helps(address: str, helps: str, get: Any) -> None:
    response = get(address)
    assert response.status_code == 404
    assert helps in response.content.decode()


def test_a_failure_is_told_without_its_insides(
    hub: None, quick_hand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.explore.queries import findings

    def fail(*args: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(findings, "total", fail)
    monkeypatch.setattr("django.utils.log.log_response", lambda *args, **options: None)
    monkeypatch.setattr("django.core.handlers.exception.log_response", lambda *args, **options: None)
    response = visitor(raises=False).get("/")

    assert response.status_code == 500
    assert "Vos données sont intactes" in response.content.decode()
    assert "secret detail" not in response.content.decode()


def test_the_server_refuses_to_listen_for_others(
    capsys: pytest.CaptureFixture[str], small_store: Store
) -> None:
    code = main(["serve", "--store", str(small_store.folder), "--host", "0.0.0.0"])  # noqa: S104
    assert code == 2
    assert "answers only this computer" in capsys.readouterr().err


def test_the_server_says_what_a_store_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["serve", "--store", str(tmp_path)]) == 1
    assert "expected a folder with store.json" in capsys.readouterr().err
