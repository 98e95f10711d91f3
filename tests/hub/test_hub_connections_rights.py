"""Who may connect servers, and what do the others learn? A hostile server and a plan that grows: what becomes of them?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from django.test import override_settings

from kalanso.store import Store
from tests.hub import desk, server_desk
from tests.hub.test_hub_connections import HERE, words
from tests.hub.visitors import ROLES, person, stranger, visitor
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import Dhis2, running

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
MANAGE = {"national", "administrator"}
KNOW = {"district", "facility", "coach", "region", "national", "researcher", "administrator"}


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


def made(**changes: Any) -> Any:
    """A connection, made without its way there."""
    from kalanso.hub.evidence.models import Connection

    by = person("national")
    told = {
        "kind": "dhis2",
        "source": "snis",
        "address": "https://snis.example.org",
        "first_month": date(2024, 1, 1),
    }
    return Connection.objects.create(made_by=by, made=NOW, changed_by=by, changed=NOW, **{**told, **changes})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("held", ["place", "country"])
def test_only_those_who_answer_for_the_country_work_with_servers(role: str, held: str, niono: str) -> None:
    from kalanso.hub.people.permissions import WHOLE_COUNTRY, may

    who = person(role, niono if held == "place" else "")

    manages = role in MANAGE and held == "country"
    assert may(who, "evidence.manage_connections", WHOLE_COUNTRY) is manages
    assert may(who, "evidence.manage_connections", made()) is manages
    assert may(who, "evidence.read_connections") is (role in KNOW)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_else_sees_or_sends_anything_there(role: str, niono: str) -> None:
    connection = made()
    client = visitor(role, niono)
    for page in (
        "",
        "modifier/",
        "fermer/",
        "lecture/",
        "lecture.yaml",
        "lecture/cadre/",
        "lecture/a/tout/",
        "collectes/1/",
    ):
        assert client.get(f"{HERE}{connection.pk}/{page}").status_code == 403, page
    for form in (
        "modifier/",
        "verifier/",
        "formulaire/",
        "fermer/",
        "proposer/",
        "lecture/",
        "collecter/",
        "collectes/1/arreter/",
    ):
        assert client.post(f"{HERE}{connection.pk}/{form}", {"reason": "x"}).status_code == 403, form
    assert client.post(f"{HERE}nouvelle/", {}).status_code == 403
    assert stranger().get(f"{HERE}{connection.pk}/").status_code == 302
    connection.refresh_from_db()
    assert connection.version == 1


def test_a_district_sees_that_a_source_is_connected_and_when_it_came_and_nothing_more(awa: Any) -> None:
    from kalanso.hub.evidence.models import Pull

    connection = made(source="demo-snis", fault={"fr": "jeton expiré", "en": "expired token"}, checked=NOW)
    Pull.objects.create(connection=connection, number=1, asked=NOW, state="done", ended=NOW)
    for address in (HERE, "/preuves/sources/demo-snis/"):
        page = words(awa.get(address))
        assert "DHIS2" in page
        assert "Dernière venue : 15/02/2025" in page
        assert "snis.example.org" not in page
        assert "jeton expiré" not in page
    assert "Connexions aux serveurs" in words(awa.get("/preuves/sources/"))
    partner = words(visitor("partner").get("/preuves/sources/demo-snis/"))
    assert "relié" not in partner


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "central"}, {"kind": "kobo", "project": 3}, {"first_month": None}, {"address": "http://snis.example.org"},
        {"cadence": "daily"}, {"due": NOW}, {"closed": NOW}, {"address": "ftp://x"},
    ],
)  # fmt: skip
def test_the_database_refuses_a_connection_that_makes_no_sense(hub: None, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        made(**wrong)


def test_the_database_holds_one_connection_to_a_source_and_one_pull_at_a_time(hub: None) -> None:
    from kalanso.hub.evidence.models import Pull

    connection = made()
    Pull.objects.create(connection=connection, number=1, asked=NOW)
    for wrong in (
        {"number": 2},
        {"number": 1, "state": "done", "ended": NOW},
        {"number": 2, "state": "failed", "ended": NOW},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Pull.objects.create(connection=connection, asked=NOW, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        made()


# --- Where connections may lead ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.8/dhis", "https://169.254.169.254", "https://[::1]/dhis", "http://localhost:8080",
        "https://[::ffff:10.0.0.8]", "http://snis.example.org", "https://user:word@snis.example.org", "https://:user:word@snis.example.org", "ftp://snis.example.org",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["dhis2", "kobo"])
def test_an_address_inside_or_in_the_open_is_refused_in_the_form(
    opened: Store, server: Dhis2, ibrahim: Any, address: str, kind: str
) -> None:
    with override_settings(KALANSO_INNER_HOSTS=[]):
        answer = ibrahim.post(f"{HERE}nouvelle/", server_desk.form(server, kind=kind, address=address))

    assert answer.status_code == 422
    assert answer.context["form"].errors["address"]
    assert b"user:word" not in answer.content


def test_a_name_that_leads_inside_is_refused_by_the_worker_and_never_asked(
    opened: Store, server: Dhis2, ibrahim: Any
) -> None:
    connection = server_desk.connected(ibrahim, server_desk.form(server))
    before = len(server.asked)
    with override_settings(KALANSO_INNER_HOSTS=[]):
        ibrahim.post(f"{HERE}{connection.pk}/verifier/")
        desk.work()
    connection.refresh_from_db()

    assert "KALANSO_INNER_HOSTS" in connection.fault["fr"]
    assert len(server.asked) == before


# --- Servers that mean no good -----------------------------------------------------------------------


def redirect(handler: Any) -> None:
    handler.send(302, b"", "text/html", {"Location": "http://169.254.169.254/latest/meta-data/"})


def other_type(handler: Any) -> None:
    handler.send(200, b'["no", "object"]', "application/json")


def bomb(handler: Any) -> None:
    import gzip

    packed = gzip.compress(b'{"id":"' + b"a" * 100_000_000 + b'"}')
    handler.send(200, packed, "application/json", {"Content-Encoding": "gzip"})


def drips(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    for _ in range(400):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("meanness", [redirect, other_type, bomb, drips])
def test_a_hostile_server_ends_in_a_sentence_soon(
    opened: Store, server: Dhis2, ibrahim: Any, meanness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kalanso.hub.evidence.tasks import connections
    from kalanso.sources.dhis2 import Limits

    monkeypatch.setattr(
        connections, "LOOK", Limits(connect=2.0, read=2.0, total=1.0, small=1 << 20, attempts=1)
    )
    server.answers["me"] = meanness
    begun = time.monotonic()
    connection = server_desk.connected(ibrahim, server_desk.form(server))

    assert connection.fault["fr"]
    assert not connection.works
    assert time.monotonic() - begun < 15
    assert "refusé" in words(ibrahim.get(HERE))


def test_what_a_server_says_of_itself_is_cut_and_escaped(opened: Store, server: Dhis2, ibrahim: Any) -> None:
    server.user = "<script>alert(1)</script>" * 400
    connection = server_desk.connected(ibrahim, server_desk.form(server))

    assert len(connection.told["user"]) <= 200
    assert b"<script>alert" not in ibrahim.get(f"{HERE}{connection.pk}/").content


# --- The reading plan --------------------------------------------------------------------------------


@pytest.fixture
def planned(opened: Store, server: Dhis2, ibrahim: Any) -> Any:
    """A connection whose numbers are proposed, none decided."""
    connection = server_desk.connected(ibrahim, server_desk.form(server))
    ibrahim.post(f"{HERE}{connection.pk}/proposer/")
    desk.work()
    connection.refresh_from_db()
    return connection


def entry(connection: Any, number: int = 0) -> dict[str, Any]:
    connection.refresh_from_db()
    found: dict[str, Any] = connection.plan["elements"][number]
    return found


def test_numbers_are_decided_one_by_one_and_nobody_decides_over_another_s_head(
    planned: Any, ibrahim: Any
) -> None:
    one = entry(planned)
    key = f"{one['element']}:{one['option']}"
    to = f"{HERE}{planned.pk}/lecture/"
    ibrahim.post(to, {"key": key, "status": "rejected", "seen": "proposed"})
    assert entry(planned)["status"] == "rejected"

    late = ibrahim.post(to, {"key": key, "status": "confirmed", "seen": "proposed"}, follow=True)
    assert "quelqu'un en a décidé autrement" in words(late)
    assert entry(planned)["status"] == "rejected"
    ibrahim.post(to, {"key": key, "status": "proposed", "seen": "rejected"})
    assert (entry(planned)["status"], entry(planned)["by"]) == ("proposed", "")
    assert "a décidé ce que compte un nombre" in words(
        ibrahim.get(f"/traces/evidence.connection/{planned.pk}/")
    )


def test_a_person_says_what_a_number_counts(planned: Any, ibrahim: Any) -> None:
    one = entry(planned)
    to = f"{HERE}{planned.pk}/lecture/{one['element']}/tout/"
    told = {"indicator": "no_such_thing", "attributes": "one", "seen": "proposed"}
    assert ibrahim.post(to, told).status_code == 422

    told |= {"indicator": one["indicator"], "age_band": "0-11m", "attributes": "sum"}
    answer = ibrahim.post(to, told)
    assert answer.status_code == 302, answer.context["form"].errors
    changed = entry(planned)
    assert (changed["status"], changed["age_band"], changed["attributes"]) == ("confirmed", "0-11m", "sum")


def test_the_plan_goes_out_and_comes_back_as_the_command_line_writes_it_signed_by_whoever_brings_it(
    planned: Any, ibrahim: Any
) -> None:
    text = ibrahim.get(f"{HERE}{planned.pk}/lecture.yaml").content.decode()
    assert text.startswith("version: 1")
    changed = text.replace(
        "status: proposed", "status: confirmed, by: Personne d'autre, 'on': '2020-01-01'", 1
    )
    answer = ibrahim.post(
        f"{HERE}{planned.pk}/lecture/", {"bring": "1", "plan": desk.file(changed, "plan.yaml")}
    )

    assert answer.status_code == 302
    first = next(one for n in range(4) if (one := entry(planned, n))["status"] == "confirmed")
    assert first["by"] == str(person("national"))


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1,2]\nb: [*a,*a]", "[" * 200 + "]" * 200, "version: 2", "elements: 7", "\x00", "surprise: 1",
        "elements:\n- {element: x, status: confirmed, indicator: nothing_known}",
    ],
)  # fmt: skip
def test_a_document_that_is_no_plan_or_grows_is_refused_with_a_sentence(
    planned: Any, ibrahim: Any, text: str
) -> None:
    before = dict(planned.plan)
    answer = ibrahim.post(
        f"{HERE}{planned.pk}/lecture/", {"bring": "1", "plan": desk.file(text, "plan.yaml")}
    )

    assert answer.status_code == 422
    assert answer.context["brought"].errors["plan"]
    planned.refresh_from_db()
    assert planned.plan == before


def test_levels_and_forms_are_said_once_each(planned: Any, ibrahim: Any) -> None:
    to = f"{HERE}{planned.pk}/lecture/cadre/"
    forms = [one["id"] for one in planned.told["data_sets"]]
    twice = {"level-1": "country", "level-2": "country", "data_sets": forms, "feed": "values"}
    assert ibrahim.post(to, twice).status_code == 422

    once = {"level-1": "country", "level-3": "district", "data_sets": forms, "feed": "values"}
    assert ibrahim.post(to, once).status_code == 302
    planned.refresh_from_db()
    assert planned.plan["levels"] == {"1": "country", "3": "district"}


def test_analytics_are_chosen_on_the_plan_with_what_they_cannot_do_and_pulls_follow(
    planned: Any, server: Dhis2, ibrahim: Any
) -> None:
    to = f"{HERE}{planned.pk}/lecture/cadre/"
    page = words(ibrahim.get(to))
    assert "ou sa suppression, qu'après le calcul que le serveur fait la nuit" in page
    assert "chaque collecte relit tout" in page
    levels = {f"level-{n}": level for n, level in planned.plan["levels"].items()}
    told = {**levels, "data_sets": planned.plan["data_sets"]}
    assert ibrahim.post(to, {**told, "feed": "exports"}).status_code == 422
    assert ibrahim.post(to, {**told, "feed": "analytics"}).status_code == 302
    assert "analyses (analytics)" in words(ibrahim.get(f"{HERE}{planned.pk}/lecture/"))
    assert "feed: analytics" in ibrahim.get(f"{HERE}{planned.pk}/lecture.yaml").content.decode()

    pull = server_desk.pulled(ibrahim, server_desk.read(ibrahim, planned))

    assert pull.state == "done", pull.fault
    assert not [one for one in server.asked if "dataValueSets" in str(one)]
    assert "analyses de DHIS2" in words(ibrahim.get(f"{HERE}{planned.pk}/collectes/1/"))


def test_what_was_decided_stays_when_the_machine_proposes_again(planned: Any, ibrahim: Any) -> None:
    one = entry(planned)
    ibrahim.post(
        f"{HERE}{planned.pk}/lecture/",
        {"key": f"{one['element']}:{one['option']}", "status": "rejected", "seen": "proposed"},
    )
    ibrahim.post(f"{HERE}{planned.pk}/proposer/")
    desk.work()

    planned.refresh_from_db()
    assert [e["status"] for e in planned.plan["elements"] if e["element"] == one["element"]] == ["rejected"]


# --- Keys in the settings ----------------------------------------------------------------------------


def test_a_key_that_seals_nothing_is_refused_by_its_place_and_never_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from kalanso.hub.site.configuration import Configuration, told

    monkeypatch.setenv("KALANSO_CREDENTIAL_KEYS", f'["{server_desk.KEY}", "no-key-but-secret"]')
    with pytest.raises(ValueError, match="key 2") as refused:
        Configuration()
    lines, problems = told()

    assert "no-key-but-secret" not in f"{refused.value}{lines}{problems}"
    assert server_desk.KEY not in f"{refused.value}{lines}{problems}"
    assert any("KALANSO_CREDENTIAL_KEYS" in one for one in problems)


def test_on_ones_own_computer_a_key_is_made_once_kept_for_its_owner_alone_and_goes_on_opening(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kalanso.hub.site.configuration import Configuration

    monkeypatch.setenv("KALANSO_DATA", str(tmp_path))
    monkeypatch.delenv("KALANSO_CREDENTIAL_KEYS", raising=False)
    (made,) = Configuration().sealing_keys()

    assert Fernet(made)
    assert (tmp_path / "sealing-key").stat().st_mode & 0o077 == 0
    assert Configuration().sealing_keys() == [made]
    monkeypatch.setenv("KALANSO_CREDENTIAL_KEYS", f'["{server_desk.KEY}"]')
    assert Configuration().sealing_keys() == [server_desk.KEY, made]


def test_a_hub_that_serves_others_must_be_given_its_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from kalanso.hub.site.configuration import Configuration

    monkeypatch.setenv("KALANSO_DATA", str(tmp_path))
    monkeypatch.setenv("KALANSO_HOSTS", '["hub.example.org"]')
    monkeypatch.delenv("KALANSO_CREDENTIAL_KEYS", raising=False)

    assert Configuration().sealing_keys() == []
    assert not (tmp_path / "sealing-key").exists()


def test_check_settings_says_that_keys_are_there_and_not_which(monkeypatch: pytest.MonkeyPatch) -> None:
    from kalanso.hub.site.configuration import told

    monkeypatch.setenv("KALANSO_CREDENTIAL_KEYS", f'["{server_desk.KEY}"]')
    lines, _problems = told()

    assert any(line.startswith("KALANSO_CREDENTIAL_KEYS = (set)") for line in lines)
    assert server_desk.KEY not in "".join(lines)
