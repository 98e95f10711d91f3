"""Is a resolver that never answers left behind, however many ask it?"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kalanso.sources import lookups, odk
from kalanso.sources.dhis2 import Credentials, DhisFault, Limits, Transport
from kalanso.sources.fetching import default_client
from kalanso.sources.hosts import Doorkeeper
from tests.sources import form_server
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running

SOON = 5.0  # seconds within which everything here must have ended


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A resolver that does not answer before it is told to, and then knows nobody."""
    speak = threading.Event()

    def asked(*_args: Any, **_more: Any) -> Any:
        speak.wait(60)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", asked)
    monkeypatch.setattr(lookups, "LONGEST", 0.2)
    yield speak
    speak.set()
    for thread in threading.enumerate():
        if thread.name == "lookup":
            thread.join(10)


@pytest.mark.parametrize("admit", [None, Doorkeeper()])
def test_a_dhis2_server_whose_name_is_never_resolved_is_out_of_reach_soon(
    silent: threading.Event, admit: Any
) -> None:
    began = time.monotonic()
    with (
        Transport(
            address="https://snis.example.org", credentials=Credentials(token=TOKEN), sleep=lambda _: None,
            rng=random.Random(1), limits=Limits(attempts=2), admit=admit,  # noqa: S311
        ) as transport,
        pytest.raises(DhisFault) as refused,
    ):  # fmt: skip
        transport.get_json("me")
    assert refused.value.case == "unreachable"
    assert time.monotonic() - began < SOON


def test_a_server_of_forms_whose_name_is_never_resolved_is_given_up_soon(silent: threading.Event) -> None:
    began = time.monotonic()
    account = odk.Credentials(token=form_server.TOKEN)
    with (
        odk.opened(
            "https://odk.example.org", admit=Doorkeeper(), sleep=lambda _: None, attempts=2
        ) as transport,
        pytest.raises(odk.NotPulled),
    ):
        odk.Kobo(transport, account).whoami()
    assert time.monotonic() - began < SOON


def test_a_publisher_whose_name_is_never_resolved_is_given_up_soon(silent: threading.Event) -> None:
    began = time.monotonic()
    with default_client() as client, pytest.raises(httpx.ConnectTimeout):
        client.get("https://data.example.org/file")
    assert time.monotonic() - began < SOON


def test_few_lookups_hang_and_the_next_ones_are_refused_without_another_thread(
    silent: threading.Event,
) -> None:
    for _ in range(lookups.AT_ONCE + 4):
        with pytest.raises(lookups.NoAnswer):
            lookups.in_time(lambda: lookups.addresses_of("snis.example.org", 443), seconds=0.02)
    hanging = [one for one in threading.enumerate() if one.name == "lookup"]
    assert len(hanging) == lookups.AT_ONCE
    assert all(one.daemon for one in hanging), "a process may end while they hang"

    silent.set()
    for one in hanging:
        one.join(10)
    with pytest.raises(socket.gaierror):
        lookups.in_time(lambda: lookups.addresses_of("snis.example.org", 443), seconds=5)


def test_a_resolver_that_answers_is_heard_and_each_address_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("8.8.8.8", "8.8.8.8", "9.9.9.9")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: told)
    assert lookups.in_time(lambda: lookups.addresses_of("x", 443), seconds=5) == ["8.8.8.8", "9.9.9.9"]


def test_a_name_is_still_resolved_where_nobody_looks_at_addresses() -> None:
    with running(Dhis2(Country())) as server:
        address = server.context.replace("127.0.0.1", "localhost")
        with Transport(address=address, credentials=Credentials(token=TOKEN)) as transport:
            assert transport.get_json("me")["id"]
