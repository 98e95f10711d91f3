"""Is each question to a DHIS2 server put politely, and each answer taken in safely?"""

from __future__ import annotations

import json
import ssl
import threading
import tracemalloc
from collections.abc import Callable
from datetime import UTC, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kalanso.sources.dhis2 import Credentials, DhisFault, Journal, PullStopped, Transport, transport
from kalanso.sources.dhis2.addresses import base_address
from kalanso.sources.dhis2.journal import read_journal
from kalanso.sources.dhis2.values import read_values
from tests.sources.dhis2.dhis2_faults import PASSING
from tests.sources.dhis2.dhis2_server import HTML, LOGIN, TOKEN, Dhis2, body_of, bomb, trickle

Connect = Callable[..., Transport]
PASSWORD = "Moringa-2025!"


def case_of(ask: Callable[[], Any]) -> str:
    with pytest.raises(DhisFault) as caught:
        ask()
    assert caught.value.render("fr") != caught.value.render("en")
    return caught.value.case


def test_a_token_goes_as_apitoken_and_a_password_as_basic(server: Dhis2, connect: Connect) -> None:
    connect(server).get_json("me")
    connect(server, credentials=Credentials(user=server.user, password=server.password)).get_json("me")
    kinds = [seen["authorization"].split(" ")[0] for seen in server.headers_seen]
    assert kinds == ["ApiToken", "Basic"]


def test_no_cookie_is_ever_sent_back(server: Dhis2, connect: Connect) -> None:
    transport = connect(server)
    for _ in range(3):
        transport.get_json("me")
    assert not any("cookie" in seen for seen in server.headers_seen)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_asked_again_and_the_answer_is_whole(
    fault: str, server: Dhis2, connect: Connect
) -> None:
    naps: list[float] = []
    server.faults.queue[:] = [fault]
    journal = Journal()
    answer = connect(server, naps=naps, journal=journal).get_json(
        "organisationUnitLevels", [("fields", "id,level"), ("order", "id:asc")]
    )
    assert [level["level"] for level in answer["organisationUnitLevels"]] == [1, 2, 3, 4, 5]
    assert len(server.asked) == 2, fault
    assert sum(naps) > 0
    assert [(a.outcome, a.attempts) for a in journal.kept] == [("answered", 2)]


def test_pauses_double_with_chance_and_end(server: Dhis2, connect: Connect) -> None:
    naps: list[float] = []
    server.faults.queue[:] = ["500"] * 10
    assert case_of(lambda: connect(server, naps=naps).get_json("me")) == "server_error"
    # Five pauses before the sixth and last attempt: 1, 2, 4, 8, 16 s, each between half and whole.
    assert len(server.asked) == 6
    assert 31 / 2 <= sum(naps) <= 31
    assert max(naps) <= 1.0, "a stop is obeyed within a second"


def test_the_server_says_when_to_come_back(server: Dhis2, connect: Connect) -> None:
    naps: list[float] = []
    server.faults.queue[:] = ["503_wait"]
    connect(server, naps=naps).get_json("me")
    assert 2.0 <= sum(naps) <= 3.0


def test_a_date_to_come_back_is_read_by_the_clock_of_the_server(server: Dhis2, connect: Connect) -> None:
    naps: list[float] = []
    when = format_datetime((server.country.now + timedelta(seconds=7)).replace(tzinfo=UTC), usegmt=True)

    def answer(handler: Any) -> None:
        server.answers.clear()
        handler.send(429, b"", "text/plain", {"Retry-After": when})

    server.answers["me"] = answer
    connect(server, naps=naps).get_json("me")
    assert 7.0 <= sum(naps) <= 8.0


def test_a_server_that_asks_to_wait_for_hours_is_left_for_another_day(
    server: Dhis2, connect: Connect
) -> None:
    server.answers["me"] = lambda handler: handler.send(429, b"", "text/plain", {"Retry-After": "7200"})
    naps: list[float] = []
    assert case_of(lambda: connect(server, naps=naps).get_json("me")) == "too_many_requests"
    assert naps == []


def test_a_conflict_is_an_answer_and_is_not_asked_again(server: Dhis2, connect: Connect) -> None:
    ask = connect(server)
    assert case_of(lambda: ask.get_json("dataValueSets.json", [("orgUnit", "ImspTQPwCqd")])) == "e2001"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("params", "case"),
    [
        ([("dataSet", "X"), ("orgUnit", "ImspTQPwCqd")], "e2002"),
        ([("dataSet", "X"), ("orgUnit", "ImspTQPwCqd"), ("period", "202401"), ("startDate", "2024-01-01"), ("endDate", "2024-02-01")], "e2003"),
        ([("dataSet", "X"), ("period", "202401")], "e2006"),
        ([("dataSet", "X"), ("period", "202401"), ("orgUnitGroup", "G"), ("children", "true")], "e2007"),
        ([("dataSet", "X"), ("period", "202401"), ("orgUnit", "elsewhere01")], "e2012"),
    ],
)  # fmt: skip
def test_each_rule_of_data_value_sets_has_its_sentence(
    params: list[tuple[str, str]], case: str, server: Dhis2, connect: Connect
) -> None:
    assert case_of(lambda: connect(server).get_json("dataValueSets.json", params)) == case


def test_who_is_not_known_hears_whether_it_was_a_token_or_a_password(server: Dhis2, connect: Connect) -> None:
    token = connect(server, credentials=Credentials(token="d2p_" + "b" * 44))
    password = connect(server, credentials=Credentials(user="kalanso", password="wrong"))
    assert case_of(lambda: token.get_json("me")) == "expired_token"
    assert case_of(lambda: password.get_json("me")) == "wrong_password"


@pytest.mark.parametrize(
    ("answer", "case"),
    [
        (body_of(b"", "text/html", status=302), "redirect"),
        (body_of(HTML, "text/html", status=404), "not_dhis2"),
        (body_of(b'{"httpStatusCode":404,"status":"ERROR","message":"gone"}', status=404), "not_found"),
        (body_of(b'{"httpStatusCode":403,"message":"Access denied"}', status=403), "forbidden"),
        (body_of(b'{"httpStatusCode":409,"errorCode":"E7999","message":"new"}', status=409), "conflict"),
        (body_of(b'{"message":"Query failed, E7128 too many"}', status=409), "e7128"),
        (body_of(LOGIN, "text/html"), "web_page"),
        (body_of(LOGIN, "application/json"), "web_page"),
        (body_of(b'{"a":1}', "text/plain"), "refused"),
        (body_of(b"\xff\xfe{}", "application/json"), "not_utf8"),
        (body_of(b'{"a":', "application/json"), "bad_json"),
        (body_of(b"[" * 100_000, "application/json"), "bad_json"),
        (body_of(b"", "application/json"), "bad_json"),
        (body_of(b"abc", "application/json", encoding="br"), "odd_encoding"),
        (body_of(b"no gzip at all", "application/json", encoding="gzip"), "cut"),
        (body_of(b"x", "text/plain", status=418), "refused"),
    ],
)  # fmt: skip
def test_whatever_comes_instead_of_data_has_a_sentence(
    answer: Callable[[Any], None], case: str, server: Dhis2, connect: Connect
) -> None:
    server.answers["me"] = answer
    assert case_of(lambda: connect(server).get_json("me")) == case


def test_a_redirect_is_never_followed_and_no_credential_goes_elsewhere(
    server: Dhis2, connect: Connect
) -> None:
    server.answers["me"] = lambda handler: handler.send(
        302, b"", "text/html", {"Location": f"{server.url}/dhis/api/stolen?token={TOKEN}"}
    )
    with pytest.raises(DhisFault) as caught:
        connect(server).get_json("me")
    assert [path for path, _ in server.asked] == ["me"]
    assert TOKEN not in caught.value.render("fr")


def test_without_a_login_the_page_that_follows_is_named(server: Dhis2, connect: Connect) -> None:
    server.answers["me"] = lambda handler: handler.send(
        302, b"", "text/html", {"Location": "/dhis/dhis-web-login/"}
    )
    assert case_of(lambda: connect(server).get_json("me")) == "login_page"


def test_a_bomb_is_stopped_while_it_grows(server: Dhis2, connect: Connect) -> None:
    packed = bomb(64 * 1024 * 1024)
    assert len(packed) < 100_000
    server.answers["dataValueSets.json"] = body_of(packed, encoding="gzip")
    ask = connect(server, limits={"large": 1024 * 1024})
    tracemalloc.start()
    try:
        assert case_of(lambda: ask.download("dataValueSets.json", [], lambda held: held)) == "too_large"
        assert tracemalloc.get_traced_memory()[1] <= 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_long_answer_is_held_on_disk(
    server: Dhis2, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HELD", 1000)
    server.answers["dataValueSets.json"] = body_of(b'{"dataValues":[]}' + b" " * 5000)
    length, name = connect(server).download(
        "dataValueSets.json", [], lambda held: (len(held.read()), held.name)
    )
    assert (length, isinstance(name, int)) == (5017, True)


def test_a_bomb_in_a_refusal_does_no_harm(server: Dhis2, connect: Connect) -> None:
    server.answers["me"] = body_of(bomb(64 * 1024 * 1024), encoding="gzip", status=409)
    assert case_of(lambda: connect(server).get_json("me")) == "conflict"


def test_a_body_without_end_is_stopped(server: Dhis2, connect: Connect) -> None:
    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        while True:
            handler.wfile.write(b" " * 65536)

    server.answers["me"] = answer
    assert case_of(lambda: connect(server, limits={"small": 1_000_000}).get_json("me")) == "too_large"


def test_a_trickle_is_bounded_by_its_whole_time(server: Dhis2, connect: Connect) -> None:
    server.answers["me"] = trickle(seconds=5, pause=0.02)
    ask = connect(server, limits={"total": 0.3, "attempts_too_much": 1})
    assert case_of(lambda: ask.get_json("me")) == "slow"


def test_headers_that_trickle_are_bounded_too(server: Dhis2, connect: Connect) -> None:
    stop = threading.Event()

    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        handler.close_connection = True
        number = 0
        while not stop.wait(0.02):
            number += 1
            handler.wfile.write(f"X-{number}: 1\r\n".encode())
            handler.wfile.flush()

    server.answers["me"] = answer
    ask = connect(server, limits={"total": 0.3, "attempts_too_much": 1})
    assert case_of(lambda: ask.get_json("me")) == "slow"
    stop.set()


def test_a_server_that_says_nothing_is_slow_and_one_that_is_not_there_unreachable(
    server: Dhis2, connect: Connect
) -> None:
    stop = threading.Event()
    server.answers["me"] = lambda _: stop.wait(5) and None
    ask = connect(server, limits={"read": 0.2, "attempts_too_much": 1})
    assert case_of(lambda: ask.get_json("me")) == "slow"
    stop.set()
    gone = connect(server, address="http://127.0.0.1:9/dhis")
    assert case_of(lambda: gone.get_json("me")) == "unreachable"


def test_a_bad_certificate_is_refused_at_once(server: Dhis2, connect: Connect) -> None:
    tried: list[int] = []

    def network(_: httpx.Request) -> httpx.Response:
        tried.append(1)
        raise httpx.ConnectError("failed") from ssl.SSLCertVerificationError(
            "CERTIFICATE_VERIFY_FAILED: self-signed"
        )

    with httpx.Client(transport=httpx.MockTransport(network)) as client:
        ask = connect(server, client=client, address="https://dhis2.example.org")
        assert case_of(lambda: ask.get_json("me")) == "tls"
    assert len(tried) == 1


def test_no_more_than_two_questions_are_under_way(server: Dhis2, connect: Connect) -> None:
    ask = connect(server)
    threads = [threading.Thread(target=ask.get_json, args=("organisationUnits",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 8
    assert server.most_at_once <= 2


def test_an_address_too_long_for_proxies_is_not_even_sent(server: Dhis2, connect: Connect) -> None:
    params = [("orgUnit", f"OU{n:09d}") for n in range(1000)]
    assert case_of(lambda: connect(server).get_json("dataValueSets.json", params)) == "uri_too_long"
    assert server.asked == []


def test_a_stop_is_obeyed_before_the_next_question(server: Dhis2, connect: Connect) -> None:
    with pytest.raises(PullStopped):
        connect(server, cancel=lambda: True).get_json("me")
    assert server.asked == []


def test_the_journal_says_what_was_asked_when_and_what_came(
    server: Dhis2, connect: Connect, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    ask = connect(server, journal=Journal(path=path))
    ask.get_json("organisationUnits", [("fields", "id")])
    with pytest.raises(DhisFault):
        ask.get_json("nothing")
    path.write_text(path.read_text(encoding="utf-8") + '{"cut', encoding="utf-8")
    found = [(a["path"], a["params"], a["status"], a["outcome"], a["at"]) for a in read_journal(path)]
    at = server.country.now.isoformat() + "+00:00"
    assert found == [
        ("organisationUnits", [["fields", "id"]], 200, "answered", at), ("nothing", [], 404, "not_found", at),
    ]  # fmt: skip
    first = next(read_journal(path))
    assert len(first["sha256"]) == 64
    assert 0 < first["bytes"] < first["size"]


@pytest.mark.parametrize("secret", [Credentials(token=TOKEN), Credentials(user="kalanso", password=PASSWORD)])
def test_a_secret_shows_nowhere(
    secret: Credentials, server: Dhis2, connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = tmp_path / "journal.jsonl"

    def echo(handler: Any) -> None:
        said = f"bad: {handler.headers['Authorization']} {TOKEN} {PASSWORD}"
        handler.send(409, json.dumps({"message": said}).encode(), "application/json")

    server.answers["me"] = echo
    ask = connect(server, credentials=secret, journal=Journal(path=path))
    with pytest.raises(DhisFault) as caught:
        ask.get_json("me")
    mine = secret.token or secret.password
    told = [
        repr(secret), repr(ask), str(caught.value), caught.value.render("fr"), path.read_text(encoding="utf-8"),
        caplog.text, secret.header().split(" ")[1] and str(caught.value.message),
    ]  # fmt: skip
    assert "***" in caught.value.render("fr")
    assert not [text for text in told if mine in text or secret.header().split(" ")[1] in text]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("https://snis.example.org", "https://snis.example.org"),
        ("snis.example.org/dhis/", "https://snis.example.org/dhis"),
        ("https://snis.example.org/dhis/api", "https://snis.example.org/dhis"),
        ("https://snis.example.org/dhis/api/me?x=1", "https://snis.example.org/dhis"),
        ("https://snis.example.org/dhis/dhis-web-dashboard/index.html#/", "https://snis.example.org/dhis"),
        ("https://snis.example.org:8443/", "https://snis.example.org:8443"),
        ("http://localhost:8080/dhis", "http://localhost:8080/dhis"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)  # fmt: skip
def test_an_address_is_taken_as_people_copy_it(given: str, found: str) -> None:
    assert base_address(given) == found


@pytest.mark.parametrize(
    ("given", "case"),
    [
        ("http://snis.example.org", "plain_http"), ("https://awa:secret@snis.example.org", "credentials_in_address"),
        ("ftp://snis.example.org", "bad_address"), ("https://", "bad_address"), ("", "bad_address"),
        ("https://snis .org", "bad_address"), ("https://snis.org:99999999", "bad_address"),
    ],
)  # fmt: skip
def test_an_address_to_which_no_password_may_go_is_refused(given: str, case: str) -> None:
    with pytest.raises(DhisFault) as caught:
        base_address(given)
    assert caught.value.case == case
    assert "secret" not in caught.value.render("fr")


def test_without_credentials_the_variables_are_named() -> None:
    assert case_of(lambda: Credentials(user="awa")) == "no_credentials"
    assert case_of(lambda: Credentials(token="abc\n")) == "odd_credentials"


def test_a_large_answer_with_bad_json_in_the_middle_is_asked_again(
    server: Dhis2, connect: Connect, tmp_path: Path
) -> None:
    server.faults.queue[:] = ["bad_json", "not_utf8", "half_gzip"]
    country = server.country
    params = [
        ("dataSet", country.data_set),
        ("orgUnit", "ImspTQPwCqd"),
        ("children", "true"),
        ("period", "202401"),
    ]
    rows = connect(server).download(
        "dataValueSets.json", params, lambda held: read_values(held, tmp_path / "y.parquet")
    )
    assert rows == sum(period == "202401" for _, period, _, _ in country.truth())
    assert len(server.asked) == 4
