"""Does a connected server bring what it should, and does nobody ever see again what opens it?"""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.store import Store
from tests.hub import desk, server_desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor
from tests.sources import form_server
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
HERE = "/preuves/connexions/"


@pytest.fixture
def server() -> Iterator[Dhis2]:
    with running(Dhis2(Country())) as made:
        yield made


@pytest.fixture
def opened(store: Store) -> Iterator[Store]:
    with server_desk.open_hub():
        yield store


@pytest.fixture
def ibrahim(hub: None) -> Any:
    return visitor("national")


def words(answer: Any) -> str:
    return " ".join(html.unescape(text_of(answer)).replace("\u2019", "'").split())


def test_a_server_is_connected_read_and_pulled_from_and_the_figures_follow(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    from kalanso.hub.jobs.models import Job

    made = server_desk.connected(ibrahim, server_desk.form(server))
    page = words(ibrahim.get(f"{HERE}{made.pk}/"))
    assert "répond" in page
    assert "2.42.1" in page
    assert "un jeton, donné par" in page
    assert "Proposer ce que comptent ses nombres" in page

    server_desk.read(ibrahim, made)
    assert [one["status"] for one in made.plan["elements"]].count("confirmed") >= 3
    assert {one["by"] for one in made.plan["elements"] if one["status"] == "confirmed"} == {
        str(person("national"))
    }

    pull = server_desk.pulled(ibrahim, made)
    assert pull.state == "done", pull.fault
    rows = opened.read(OBSERVATIONS)
    told = rows.filter((rows.source == "snis") & (rows.status != "missing"))
    assert told.count().execute() == pull.receipt["stored"] > 50
    assert Job.objects.filter(kind="evidence.recompute").exists(), "the figures follow"
    page = words(ibrahim.get(f"{HERE}{made.pk}/collectes/1/"))
    assert "gardées" in page
    assert "Valeurs nouvelles" in page
    assert "Dernière venue" in words(ibrahim.get("/preuves/sources/snis/"))


def test_the_second_pull_brings_only_what_changed(opened: Store, server: Dhis2, ibrahim: Any) -> None:
    made = server_desk.read(ibrahim, server_desk.connected(ibrahim, server_desk.form(server)))
    server_desk.pulled(ibrahim, made)
    server.country.pass_time(days=1)
    unit = server.country.at_level(5)[0]["id"]
    server.country.edit(server.country.data_elements[0]["id"], "202401", unit, "77")

    pull = server_desk.pulled(ibrahim, made)

    assert (pull.number, pull.state, pull.told["mode"]) == (2, "done", "increment")
    assert pull.told["added"] + pull.told["altered"] == 1


def test_a_server_that_refuses_is_told_in_a_sentence_and_in_a_notice(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    from kalanso.hub.people.models import Notification

    made = server_desk.connected(ibrahim, server_desk.form(server, token="d2pat_wrong" + "0" * 30))

    assert made.fault["fr"]
    assert made.checked
    assert "refusé" in words(ibrahim.get(HERE))
    told = Notification.objects.get(sentence="evidence.connection_refused")
    assert told.person == person("national")
    assert told.address == f"{HERE}{made.pk}/"


def test_a_pull_that_fails_is_told_and_taken_up_again(opened: Store, server: Dhis2, ibrahim: Any) -> None:
    from kalanso.hub.people.models import Notification

    made = server_desk.read(ibrahim, server_desk.connected(ibrahim, server_desk.form(server)))
    server.token = "d2pat_another_one"
    pull = server_desk.pulled(ibrahim, made)

    assert pull.state == "failed"
    assert pull.fault["fr"]
    assert pull.fault["en"]
    assert Notification.objects.filter(sentence="evidence.pull_failed").exists()
    assert "Reprendre la collecte" in words(ibrahim.get(f"{HERE}{made.pk}/"))
    server.token = TOKEN
    assert server_desk.pulled(ibrahim, made).state == "done"


def test_the_night_begins_pulls_that_are_due_once_and_the_state_page_tells_of_one_that_failed(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    from kalanso.hub.evidence.actions import pulls
    from kalanso.hub.evidence.models import Connection

    made = server_desk.read(
        ibrahim, server_desk.connected(ibrahim, server_desk.form(server, cadence="weekly"))
    )
    now = datetime.now(UTC)
    assert made.due > now
    assert pulls.ask_due_pull(connection=made, now=now) is None, "not before its night"
    Connection.objects.filter(pk=made.pk).update(due=now - timedelta(hours=1))

    pull = pulls.ask_due_pull(connection=made, now=now)
    assert pull is not None
    assert pull.asked_by is None
    assert pulls.ask_due_pull(connection=made, now=now) is None, "once"
    made.refresh_from_db()
    assert timedelta(days=6) < made.due - now < timedelta(days=8)
    server.token = "d2pat_another_one"
    ibrahim.post(f"{HERE}{made.pk}/verifier/")
    desk.work(2)
    pull.refresh_from_db()
    assert pull.state == "failed"
    assert "Collecte de" in words(visitor("administrator").get("/systeme/"))
    made.refresh_from_db()
    assert made.fault
    Connection.objects.filter(pk=made.pk).update(due=now)
    again = pulls.ask_due_pull(connection=made, now=now)
    assert again is not None, "a server that refused us is asked again the next time"
    server.token = TOKEN
    desk.work()
    made.refresh_from_db()
    assert not made.fault, "what it refused once is forgotten once it brought something"


def test_a_pull_that_is_stopped_leaves_the_published_numbers_and_can_be_taken_up(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    made = server_desk.read(ibrahim, server_desk.connected(ibrahim, server_desk.form(server)))
    ibrahim.post(f"{HERE}{made.pk}/collecter/")
    assert ibrahim.post(f"{HERE}{made.pk}/collectes/1/arreter/").status_code == 302
    page = words(ibrahim.get(f"{HERE}{made.pk}/collectes/1/"))
    assert "Arrêtée" in page
    assert "reprendra là" in page

    pull = server_desk.pulled(ibrahim, made)

    assert (pull.number, pull.state) == (2, "done")
    assert made.pulls.get(number=1).state == "cancelled"


def test_a_connected_source_takes_no_sheet_and_a_filled_source_no_connection(
    opened: Store, server: Dhis2, ibrahim: Any, niono: str
) -> None:
    answer = ibrahim.post(f"{HERE}nouvelle/", server_desk.form(server, source="demo-snis"))
    assert answer.status_code == 422
    assert "une collecte les remplacerait tous" in words(answer)

    server_desk.connected(ibrahim, server_desk.form(server))
    told = {"source": "-", "other_source": "snis", "place": niono, "file": desk.file()}
    from kalanso.hub.people.models import Organisation

    told["organisation"] = Organisation.objects.get(code="house").pk
    answer = ibrahim.post("/preuves/depot/nouveau/", told)
    assert answer.status_code == 422
    assert "serveur relié" in words(answer)
    answer = ibrahim.post(f"{HERE}nouvelle/", server_desk.form(server))
    assert answer.status_code == 422
    assert "déjà reliée" in words(answer)


# --- What opens a server -----------------------------------------------------------------------------


def test_words_of_access_are_in_no_page_trail_job_notice_export_or_log(
    opened: Store, server: Dhis2, ibrahim: Any, tmp_path: Path, caplog: Any
) -> None:
    from kalanso.hub.evidence.models import Connection, ConnectionSecret, Pull
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.people.models import Event, Notification
    from kalanso.hub.site import exports
    from kalanso.hub.site.actions import records

    caplog.set_level(logging.DEBUG)
    secret, account = server.password, "lecteur-snis"
    server.user = account
    made = server_desk.connected(ibrahim, server_desk.form(server, token="", user=account, password=secret))
    assert made.works, made.fault
    server_desk.read(ibrahim, made)
    server_desk.pulled(ibrahim, made)
    wrong = server_desk.form(server, source="autre", token="", user="", password=secret)
    refused = ibrahim.post(f"{HERE}nouvelle/", wrong)
    server.password = "changed"
    ibrahim.post(f"{HERE}{made.pk}/verifier/")
    desk.work()

    assert refused.status_code == 422
    pages = [refused, *map(ibrahim.get, (
        HERE, f"{HERE}{made.pk}/", f"{HERE}{made.pk}/modifier/", f"{HERE}{made.pk}/lecture/", f"{HERE}{made.pk}/lecture.yaml",
        f"{HERE}{made.pk}/collectes/1/", "/preuves/sources/snis/", "/traces/", f"/traces/evidence.connection/{made.pk}/",
        "/notifications/", "/travaux/", "/api/v1/jobs",
    ))]  # fmt: skip
    (tmp_path / "data").mkdir(exist_ok=True)
    exports.export_all(into=tmp_path / "all")
    kept = [path.read_bytes() for path in (tmp_path / "all").rglob("*") if path.is_file()]
    kept += [path.read_bytes() for path in opened.folder.rglob("*") if path.is_file()]
    lines = [
        line for model in (Connection, ConnectionSecret, Pull, Job, Event, Notification)
        for line in records.lines_of(model, "default")
    ]  # fmt: skip
    everything = [page.content for page in pages] + kept + [line.encode() for line in lines]
    everything.append(caplog.text.encode())
    assert not [one for one in everything if secret.encode() in one]
    assert not (tmp_path / "all" / "records" / "evidence.connectionsecret.csv").exists()
    sealed = ConnectionSecret.objects.get().sealed
    assert not [one for one in [page.content for page in pages] if sealed.encode() in one]


def test_another_server_never_gets_the_words_of_the_one_before(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    made = server_desk.connected(ibrahim, server_desk.form(server))
    told = {
        "address": "https://elsewhere.example.org",
        "first_month": "2024-01",
        "cadence": "never",
        "version": made.version,
    }
    answer = ibrahim.post(f"{HERE}{made.pk}/modifier/", told)

    assert answer.status_code == 422
    assert "donnez de nouveau l'accès" in words(answer)
    made.refresh_from_db()
    assert made.address == server.context


def test_access_is_replaced_without_being_shown_and_kept_where_nothing_is_said(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    from kalanso.hub.evidence.models import ConnectionSecret

    made = server_desk.connected(ibrahim, server_desk.form(server))
    before = ConnectionSecret.objects.get().sealed
    told = {"address": server.context, "first_month": "2023-01", "cadence": "daily", "version": made.version}
    assert ibrahim.post(f"{HERE}{made.pk}/modifier/", told).status_code == 302
    assert ConnectionSecret.objects.get().sealed == before

    made.refresh_from_db()
    told |= {"version": made.version, "user": "kalanso", "password": "autre"}
    assert ibrahim.post(f"{HERE}{made.pk}/modifier/", told).status_code == 302
    held = ConnectionSecret.objects.get()
    assert held.sealed != before
    assert held.what == "password"


def test_keys_rotate_and_a_lost_key_is_told(opened: Store, server: Dhis2, ibrahim: Any, capsys: Any) -> None:
    from argparse import Namespace

    from kalanso.hub import running as hub_running
    from kalanso.hub.evidence.models import ConnectionSecret
    from kalanso.hub.evidence.queries import credentials

    made = server_desk.connected(ibrahim, server_desk.form(server))
    with override_settings(KALANSO_CREDENTIAL_KEYS=[server_desk.NEWER, *settings.KALANSO_CREDENTIAL_KEYS]):
        assert credentials.standing() == credentials.Sealing(keys=2, all=1, older=1, lost=0)
        assert hub_running.rotate_credentials(Namespace()) == 0
        assert credentials.standing().older == 0
    with override_settings(KALANSO_CREDENTIAL_KEYS=[server_desk.NEWER]):
        assert credentials.unseal(ConnectionSecret.objects.get().sealed) == {"token": TOKEN}
    assert credentials.standing().lost == 1, "the old key opens it no more"
    assert hub_running.rotate_credentials(Namespace()) == 1
    assert "put the key that sealed it back" in capsys.readouterr().err
    ibrahim.post(f"{HERE}{made.pk}/verifier/")
    desk.work()
    made.refresh_from_db()
    assert "scellé avec une clé" in made.fault["fr"]
    assert "remettez l'ancienne clé" in words(visitor("administrator").get("/systeme/"))


def test_without_a_key_nothing_is_connected_and_the_state_page_says_so(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    from kalanso.hub.evidence.models import Connection

    with override_settings(KALANSO_CREDENTIAL_KEYS=[]):
        answer = ibrahim.post(f"{HERE}nouvelle/", server_desk.form(server))
        assert answer.status_code == 422
        assert "KALANSO_CREDENTIAL_KEYS" in words(answer)
        assert not Connection.objects.exists(), "all of it or nothing"
        assert "aucune clé n'est réglée" in words(visitor("administrator").get("/systeme/"))


def test_a_closed_connection_forgets_its_access_and_keeps_its_numbers(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    from kalanso.hub.evidence.models import ConnectionSecret

    made = server_desk.connected(ibrahim, server_desk.form(server, cadence="daily"))
    assert ibrahim.post(f"{HERE}{made.pk}/fermer/", {"reason": ""}).status_code == 422
    assert ibrahim.post(f"{HERE}{made.pk}/fermer/", {"reason": "serveur remplacé"}).status_code == 302

    made.refresh_from_db()
    assert made.closed
    assert made.due is None
    assert not ConnectionSecret.objects.exists()
    assert ibrahim.post(f"{HERE}{made.pk}/verifier/", follow=True).status_code == 200
    assert "serveur remplacé" in words(ibrahim.get(f"{HERE}{made.pk}/"))


# --- Servers of forms --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["central", "kobo"])
def test_a_form_comes_as_raw_tables(opened: Store, ibrahim: Any, kind: str) -> None:
    with form_server.running() as server:
        server.add("a1", "2024-05-01T08:00:00.000Z", {"age": 9}, centre="Niono")
        access = (
            {"user": form_server.EMAIL, "password": form_server.PASSWORD, "project": "3"}
            if kind == "central"
            else {"token": form_server.TOKEN}
        )
        told = {"kind": kind, "source": "supervision", "address": server.url, "cadence": "never", **access}
        made = server_desk.connected(ibrahim, told)
        assert made.works, made.fault
        code = {"central": "supervision", "kobo": "aX1"}[kind]
        assert ibrahim.post(f"{HERE}{made.pk}/formulaire/", {"form": code}).status_code == 302
        pull = server_desk.pulled(ibrahim, made)

    assert pull.state == "done", pull.fault
    names = {one["name"] for one in pull.told["files"]}
    assert f"{code}.csv" in names
    page = ibrahim.get(f"{HERE}{made.pk}/collectes/1/")
    assert "Tables brutes" in text_of(page)
    file = ibrahim.get(f"{HERE}{made.pk}/collectes/1/{code}.csv")
    assert b"Niono" in b"".join(file.streaming_content)
    assert ibrahim.get(f"{HERE}{made.pk}/collectes/1/{code}.pull.json").status_code == 404
    assert visitor("district", "ML").get(f"{HERE}{made.pk}/collectes/1/{code}.csv").status_code == 403
