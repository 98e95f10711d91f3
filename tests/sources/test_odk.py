"""Do answers of ODK Central and KoboToolbox arrive once each, whatever the server does?"""

from __future__ import annotations

import csv
import json
import logging
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kalanso.cli import main
from kalanso.sources import odk
from kalanso.sources.odk import Central, Credentials, Kobo, NotPulled, Transport, pull
from kalanso.sources.odk.flattening import flattened, nested
from kalanso.sources.odk.keeping import earlier
from tests.sources.form_server import EMAIL, PASSWORD, TOKEN, FormServer, running

pytestmark = pytest.mark.long

ACCOUNT = Credentials(email=EMAIL, password=PASSWORD)
NOW = datetime.fromisoformat("2025-01-15T12:00+00:00")
Slept = list[float]


@pytest.fixture
def server() -> Iterator[FormServer]:
    with running() as me:
        me.add("uuid:a", "2024-05-01T10:00:00.000Z", {"age": 4}, {"age": 11}, centre="Niono", doses=3)
        me.add("uuid:b", "2024-05-02T10:00:00.000Z", centre="Ségou", doses=0)
        me.add("uuid:c", "2024-05-03T10:00:00.000Z", {"age": 7}, centre="Niono", doses=5)
        yield me


@pytest.fixture
def slept() -> Slept:
    return []


@pytest.fixture
def transport(server: FormServer, slept: Slept) -> Iterator[Transport]:
    with odk.opened(server.url, sleep=slept.append) as transport:
        yield transport


@pytest.fixture
def central(transport: Transport) -> Central:
    return Central(transport, ACCOUNT, project=3, page=2)


@pytest.fixture
def kobo(transport: Transport) -> Kobo:
    return Kobo(transport, Credentials(token=TOKEN), page=2)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_forms_and_lists_of_entities_are_listed(central: Central) -> None:
    assert central.whoami() == "Centre d’apprentissage"
    assert [(form.code, form.answers) for form in central.forms()] == [
        ("supervision", 3),
        ("entities:enfants", None),
    ]
    assert [row.values["label"] for row in central.rows("entities:enfants")] == ["Awa"]


def test_answers_come_page_after_page_and_repeats_are_tables_of_their_own(
    central: Central, server: FormServer, tmp_path: Path
) -> None:
    done = pull(central, "supervision", tmp_path, url=server.url, now=NOW)

    assert done.rows == {"": 3, "enfants": 3, "enfants/doses": 3}
    assert {row["answer_id"] for row in table(done.files["enfants/doses"])} == {"uuid:a", "uuid:c"}
    answers = table(done.files[""])
    assert [row["row_id"] for row in answers] == ["uuid:a", "uuid:b", "uuid:c"]
    assert answers[0]["lieu/centre"] == "Niono"
    assert answers[0]["lieu/point"] == "-5.9 14.2 280"
    assert [(row["answer_id"], row["age"]) for row in table(done.files["enfants"])] == [
        ("uuid:a", "4"), ("uuid:a", "11"), ("uuid:c", "7"),
    ]  # fmt: skip
    assert any("skiptoken" in asked for asked in server.asked)


def test_who_sent_an_answer_is_left_out_unless_asked_and_photos_are_never_fetched(
    central: Central, server: FormServer, tmp_path: Path
) -> None:
    plain = pull(central, "supervision", tmp_path / "a", url=server.url, now=NOW)
    whole = pull(central, "supervision", tmp_path / "b", url=server.url, keep_personal=True, now=NOW)

    assert "Moussa" not in plain.files[""].read_text(encoding="utf-8")
    assert table(whole.files[""])[0]["__system/submitterName"] == "Moussa"
    assert table(plain.files[""])[0]["photo"] == "photo-1.jpg"
    assert not [asked for asked in server.asked if "attachments" in asked or "photo" in asked]


def test_a_second_pull_brings_what_is_new_and_what_was_edited_with_its_repeats(
    central: Central, server: FormServer, tmp_path: Path
) -> None:
    first = pull(central, "supervision", tmp_path, url=server.url, now=NOW)
    server.add("uuid:d", "2024-05-04T10:00:00.000Z", centre="Bla", doses=1)
    server.add(
        "uuid:a",
        "2024-05-01T10:00:00.000Z",
        {"age": 9},
        edited="2024-05-05T10:00:00.000Z",
        centre="Niono",
        doses=8,
    )

    second = pull(central, "supervision", tmp_path, url=server.url, now=NOW)

    assert (first.watermark, second.since) == ("2024-05-03T10:00:00.000Z", "2024-05-03T10:00:00.000Z")
    assert second.came == 3, "the newest of before comes again, since moments overlap"
    assert second.watermark == "2024-05-05T10:00:00.000Z"
    assert {row["row_id"]: row["doses"] for row in table(second.files[""])} == {
        "uuid:a": "8", "uuid:b": "0", "uuid:c": "5", "uuid:d": "1",
    }  # fmt: skip
    assert [(row["answer_id"], row["age"]) for row in table(second.files["enfants"])] == [
        ("uuid:a", "9"),
        ("uuid:c", "7"),
    ]


def test_a_deleted_answer_goes_with_a_whole_pull(
    central: Central, server: FormServer, tmp_path: Path
) -> None:
    pull(central, "supervision", tmp_path, url=server.url, now=NOW)
    del server.answers["uuid:a"]

    assert pull(central, "supervision", tmp_path, url=server.url, now=NOW).rows[""] == 3
    assert pull(central, "supervision", tmp_path, url=server.url, whole=True, now=NOW).rows[""] == 2


def test_files_that_somebody_changed_are_asked_for_as_a_whole(
    central: Central, server: FormServer, tmp_path: Path
) -> None:
    done = pull(central, "supervision", tmp_path, url=server.url, now=NOW)
    done.files[""].write_text("row_id\nchanged\n", encoding="utf-8")

    again = pull(central, "supervision", tmp_path, url=server.url, now=NOW)

    assert (again.since, again.rows[""]) == ("", 3)


def test_many_random_faults_lose_and_repeat_nothing(server: FormServer, slept: Slept, tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311
    for number in range(400):
        server.add(
            f"uuid:{number:04d}",
            f"2024-06-{1 + number // 20:02d}T10:00:00.000Z",
            {"age": number % 12},
            centre="x",
        )
    usual = (503, {}, b""), (429, {"Retry-After": "7"}, b""), 10, (502, {}, b"<html>Bad gateway</html>")
    server.faults = [chance.choice(usual) if chance.random() < 0.3 else None for _ in range(400)]
    with odk.opened(server.url, sleep=slept.append, attempts=12) as transport:
        central = Central(transport, Credentials(token=TOKEN), project=3, page=7)
        done = pull(central, "supervision", tmp_path, url=server.url, now=NOW)

    assert (done.rows[""], done.rows["enfants"]) == (403, 403)
    assert 7.0 in slept
    assert len(slept) > 10


FAULTS: dict[str, Any] = {
    "sources.odk.redirected": (302, {"Location": "https://elsewhere.example/login"}, b""),
    "sources.odk.web_page": (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html>Login</html>"),
    "sources.odk.no_json": (200, {}, b"\x00\x01 nonsense"),
    "sources.odk.other_shape": (200, {}, b"[1, 2, 3]"),
    "sources.odk.packed": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b anything"),
    "sources.odk.signed_out": (401, {}, b'{"code":401.3,"message":"Your session has expired."}'),
    "sources.odk.forbidden": (
        403,
        {},
        b'{"code":403.1,"message":"The authenticated actor does not have rights."}',
    ),
    "sources.odk.not_found": (404, {}, b"<html>nginx</html>"),
    "sources.odk.too_long": (414, {}, b""),
    "sources.odk.refused": (
        400,
        {},
        b'{"code":400.19,"message":"The OData filter expression could not be parsed."}',
    ),
    "sources.odk.too_large": (200, {}, b"[" + b" " * (2 << 20)),
}


@pytest.mark.parametrize("message", sorted(FAULTS))
def test_what_a_server_should_not_do_is_said_in_a_sentence(
    message: str, server: FormServer, tmp_path: Path
) -> None:
    with odk.opened(server.url, sleep=lambda _: None, largest=1 << 20) as transport:
        central = Central(transport, ACCOUNT, project=3)
        server.faults = [FAULTS[message]]
        with pytest.raises(NotPulled) as refused:
            pull(central, "supervision", tmp_path, url=server.url, now=NOW)

    assert refused.value.message.id == message
    assert "127.0.0.1" in refused.value.render("fr")
    assert refused.value.render("en") != refused.value.render("fr")
    assert not list(tmp_path.glob("*.csv")), "nothing is stored of a pull that failed"


def test_an_answer_without_end_and_one_that_drips_for_ever_are_stopped(server: FormServer) -> None:
    ticks = iter(range(0, 100_000, 200))
    body = b"[" + b" " * (1 << 18)
    with odk.opened(server.url, clock=lambda: next(ticks)) as transport:
        central = Central(transport, ACCOUNT, project=3)
        server.faults = [(200, {}, body)]
        with pytest.raises(NotPulled) as slow:
            central.whoami()
    assert slow.value.message.id == "sources.odk.too_slow"


def test_json_nested_without_end_is_no_answer(central: Central, server: FormServer) -> None:
    server.faults = [(200, {}, b"[" * 200_000)]
    with pytest.raises(NotPulled) as deep:
        central.whoami()
    assert deep.value.message.id == "sources.odk.no_json"


@pytest.mark.parametrize("kind", ["central", "kobo"])
def test_a_link_to_another_host_is_not_followed(
    kind: str, request: pytest.FixtureRequest, server: FormServer
) -> None:
    server.next_host = "https://thief.example"
    form = {"central": "supervision", "kobo": "aX1"}[kind]

    with pytest.raises(NotPulled) as refused:
        list(request.getfixturevalue(kind).rows(form))

    assert refused.value.message.params["found"] == "thief.example"


def test_pages_that_go_round_are_stopped(
    central: Central, server: FormServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(path: str, query: dict[str, list[str]], rows: list[dict[str, Any]]) -> tuple[int, Any]:
        return 200, {"value": rows[:1], "@odata.nextLink": f"{server.url}{path}?%24skiptoken=1"}

    monkeypatch.setattr(server, "odata", same)
    with pytest.raises(NotPulled) as round_:
        list(central.rows("supervision"))
    assert round_.value.message.id == "sources.odk.going_round"


def test_a_server_that_stays_ill_is_given_up_and_what_stood_there_stays(
    central: Central, server: FormServer, slept: Slept, tmp_path: Path
) -> None:
    done = pull(central, "supervision", tmp_path, url=server.url, now=NOW)
    before = done.files[""].read_bytes()
    server.faults = [(503, {"Retry-After": "100000"}, b"")] * 6

    with pytest.raises(NotPulled) as ill:
        pull(central, "supervision", tmp_path, url=server.url, now=NOW)

    assert ill.value.message.id == "sources.odk.gave_up"
    assert max(slept) == 120.0, "a server that asks for more is asked again another day"
    assert done.files[""].read_bytes() == before


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://odk.example.org", "sources.odk.not_secure"), ("odk.example.org", "sources.odk.no_address"),
        ("https://me:secret@odk.example.org", "sources.odk.no_address"), ("ftp://odk.example.org", "sources.odk.no_address"),
    ],
)  # fmt: skip
def test_an_address_must_be_encrypted_and_hold_no_password(url: str, message: str) -> None:
    with pytest.raises(NotPulled) as refused, odk.opened(url):
        pass
    assert refused.value.message.id == message
    assert "secret" not in refused.value.render("fr")


def test_certificates_are_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    with odk.opened("https://odk.example.org") as transport:
        assert transport.client._transport._pool._ssl_context.verify_mode.name == "CERT_REQUIRED"  # type: ignore[attr-defined]
        monkeypatch.setattr(transport.client, "stream", broken)
        with pytest.raises(NotPulled) as refused:
            transport.get("v1/users/current")
    assert refused.value.message.id == "sources.odk.certificate"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda t: Central(t, Credentials(email=EMAIL, password="wrong"), project=3),
            "sources.odk.signed_out",
        ),
        (lambda t: Central(t, Credentials(), project=3), "sources.odk.no_credentials"),
        (lambda t: Kobo(t, Credentials()), "sources.odk.no_token"),
        (lambda t: Kobo(t, Credentials(token="old")).whoami(), "sources.odk.signed_out"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    make: Callable[[Transport], Any], message: str, transport: Transport
) -> None:
    with pytest.raises(NotPulled) as refused:
        make(transport)
    assert refused.value.message.id == message


def test_credentials_stand_in_no_text_log_file_or_error(
    server: FormServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    with odk.opened(server.url, sleep=lambda _: None, attempts=2) as transport:
        central = Central(transport, ACCOUNT, project=3)
        pull(central, "supervision", tmp_path, url=server.url, now=NOW)
        for fault in (*FAULTS.values(), 10):
            server.faults = [fault] * 2
            with pytest.raises(NotPulled) as refused:
                central.forms()
            said.append(refused.value.render("fr") + repr(refused.value) + repr(refused.value.__cause__))
    files = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for secret in (PASSWORD, TOKEN):
        assert secret not in caplog.text + files + "".join(said) + repr(ACCOUNT) + repr(
            Credentials(token=TOKEN)
        )


def test_kobotoolbox_gives_forms_answers_and_repeats(kobo: Kobo, server: FormServer, tmp_path: Path) -> None:
    assert kobo.whoami() == "capev"
    assert [(form.code, form.answers) for form in kobo.forms()] == [("aX1", 2)]

    first = pull(kobo, "aX1", tmp_path, url=server.url, now=NOW)
    server.add("uuid:d", "2024-05-04T10:00:00.000Z", centre="Bla")
    second = pull(kobo, "aX1", tmp_path, url=server.url, now=NOW)

    assert first.rows == {"": 3, "enfants": 3}
    assert (second.came, second.rows[""]) == (2, 4)
    answers = table(second.files[""])
    assert [row["lieu/centre"] for row in answers] == ["Niono", "Ségou", "Niono", "Bla"]
    assert "_submitted_by" not in answers[0]
    assert "photo.jpg" not in second.files[""].read_text(encoding="utf-8")
    assert table(second.files["enfants"])[0] == {
        "row_id": "uuid:a/enfants[1]", "answer_id": "uuid:a", "enfants/age": "4",
    }  # fmt: skip


def test_groups_become_paths_and_repeats_within_repeats_keep_their_answer() -> None:
    assert flattened({"a": {"b": {"c": 1}}, "d": None, "e": [1, 2], "f@odata.navigationLink": "x"}) == {
        "a/b/c": 1,
        "e": "1 2",
    }
    rows = list(nested({"h": [{"h/n": 1, "h/k": [{"h/k/m": 2}]}]}, id="u", changed=""))
    assert [(row.table, row.id, row.answer, dict(row.values)) for row in rows] == [
        ("", "u", "u", {}), ("h", "u/h[1]", "u", {"h/n": 1}), ("h/k", "u/h[1]/h/k[1]", "u", {"h/k/m": 2}),
    ]  # fmt: skip


def test_moments_overlap_by_an_hour() -> None:
    assert earlier("2024-05-03T10:00:00.000Z") == "2024-05-03T09:00:00.000Z"
    assert earlier("2024-05-03T10:00:00") == "2024-05-03T09:00:00.000Z"
    assert earlier("") == ""


def test_a_pull_can_be_stopped(central: Central, server: FormServer, tmp_path: Path) -> None:
    with pytest.raises(NotPulled) as stopped:
        pull(central, "supervision", tmp_path, url=server.url, cancel=lambda: True, now=NOW)
    assert stopped.value.message.id == "sources.odk.cancelled"
    assert not list(tmp_path.iterdir())


def test_the_command_line_checks_and_pulls(
    server: FormServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KALANSO_ODK_EMAIL", EMAIL)
    monkeypatch.setenv("KALANSO_ODK_PASSWORD", PASSWORD)
    told = []
    place = ["--url", server.url, "--project", "3"]
    for words in (
        ["--lang", "fr", "odk", "check", *place], ["odk", "check", "--json", *place],
        ["--lang", "en", "odk", "pull", "--form", "supervision", "--to", str(tmp_path), *place],
        ["odk", "pull", "--form", "unknown", "--to", str(tmp_path), *place], ["odk", "check", "--url", server.url],
    ):  # fmt: skip
        with pytest.raises(SystemExit) as left:
            main(words)
        out = capsys.readouterr()
        told.append((left.value.code, out.out, out.err))

    assert [code for code, _, _ in told] == [0, 0, 0, 5, 2]
    assert "2 formulaires" in told[0][1]
    assert json.loads(told[1][1])["forms"][0]["code"] == "supervision"
    assert "3 answers new or corrected" in told[2][1]
    assert "kalanso odk check" in told[3][2]


@contextmanager
def trickling() -> Iterator[str]:
    """A server whose headers never end."""
    stop = threading.Event()

    def answer(listener: socket.socket) -> None:
        reached, _ = listener.accept()
        with reached, suppress(OSError):
            reached.recv(4096)
            reached.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.02):
                reached.sendall(b"X-More: 1\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()


def test_headers_that_trickle_for_ever_are_stopped() -> None:
    with (
        trickling() as url,
        odk.opened(url, patience=0.3, sleep=lambda _: None) as transport,
        pytest.raises(NotPulled) as slow,
    ):
        transport.get("v1/users/current")
    assert slow.value.message.id == "sources.odk.too_slow"


def test_a_server_that_echoes_a_secret_is_quoted_without_it(server: FormServer) -> None:
    with odk.opened(server.url, sleep=lambda _: None) as transport:
        central = Central(transport, ACCOUNT, project=3)
        told = json.dumps({"message": f"bad token {TOKEN} for {PASSWORD}"}).encode()
        server.faults = [(403, {}, told)]
        with pytest.raises(NotPulled) as refused:
            central.whoami()
    assert TOKEN not in refused.value.render("fr") + str(refused.value.message.params)
    assert PASSWORD not in refused.value.render("en")
    assert "bad token *** for ***" in refused.value.render("en")


def test_answers_that_never_end_are_too_much_in_all(tmp_path: Path) -> None:
    with running() as server:
        server.page = 1
        for number in range(50):
            server.add(f"a{number:02d}", "2024-05-01T08:00:00.000Z", centre="Niono" * 200)
        with odk.opened(server.url, most=20_000) as transport:
            kobo = odk.Kobo(transport, odk.Credentials(token=TOKEN))
            with pytest.raises(odk.NotPulled, match="in all"):
                odk.pull(kobo, "aX1", tmp_path, url=server.url, now=datetime(2025, 2, 15, tzinfo=UTC))
    assert not list(tmp_path.iterdir())
