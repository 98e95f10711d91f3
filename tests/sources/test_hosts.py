"""Does an address that somebody typed lead nowhere inside the network, whatever it is wrapped in?"""

from __future__ import annotations

import ipaddress
import random
import socket
from typing import Any

import pytest

from kalanso.sources import odk
from kalanso.sources.dhis2 import Credentials, DhisFault, Transport
from kalanso.sources.hosts import Doorkeeper, InnerHost, is_outward
from tests.sources import form_server
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running

INSIDE = (
    "127.0.0.1", "10.0.0.8", "172.16.4.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "2002:0a00:0001::", "64:ff9b::a00:1", "2001:0:0a00:0001::1",
)  # fmt: skip
OUTSIDE = ("8.8.8.8", "41.73.96.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_a_network_is_outward(address: str) -> None:
    assert not is_outward(ipaddress.ip_address(address))
    assert not Doorkeeper().admits(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_outward(ipaddress.ip_address(address))
    assert Doorkeeper().admits(address)


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name lead to these addresses."""
    told = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: told)


def test_a_name_of_the_internet_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "8.8.8.8", "10.0.0.8")

    with pytest.raises(InnerHost):
        Doorkeeper()("dhis2.example.org", 443)


def test_the_connection_is_made_to_what_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "8.8.8.8")

    assert Doorkeeper()("dhis2.example.org", 443) == ["8.8.8.8"]


@pytest.mark.parametrize("allowed", ["dhis2.sante.local", "DHIS2.sante.local.", "10.20.0.0/16", "10.20.0.5"])
def test_what_whoever_runs_the_hub_allows_may_be_asked(monkeypatch: pytest.MonkeyPatch, allowed: str) -> None:
    named(monkeypatch, "10.20.0.5")

    assert Doorkeeper((allowed,))("dhis2.sante.local", 443) == ["10.20.0.5"]
    with pytest.raises(InnerHost):
        Doorkeeper(("other.local", "10.21.0.0/16"))("dhis2.sante.local", 443)


def dhis2(server: Dhis2, **more: Any) -> Transport:
    return Transport(
        address=server.context, credentials=Credentials(token=TOKEN), sleep=lambda _: None,
        rng=random.Random(1), **more,  # noqa: S311
    )  # fmt: skip


def test_a_dhis2_server_inside_is_never_asked() -> None:
    with running(Dhis2(Country())) as server:
        with dhis2(server, admit=Doorkeeper()) as transport, pytest.raises(DhisFault) as refused:
            transport.get_json("me")
        assert refused.value.case == "inner_host"
        assert not server.asked

        with dhis2(server, admit=Doorkeeper(("127.0.0.1",))) as transport:
            assert transport.get_json("me")["id"]


def test_a_server_of_forms_inside_is_never_asked() -> None:
    with form_server.running() as server:
        account = odk.Credentials(token=form_server.TOKEN)
        with (
            odk.opened(server.url, admit=Doorkeeper()) as transport,
            pytest.raises(odk.NotPulled, match="inside a network"),
        ):
            odk.Kobo(transport, account).whoami()
        assert not server.asked

        with odk.opened(server.url, admit=Doorkeeper(("127.0.0.0/8",))) as transport:
            assert odk.Kobo(transport, account).whoami() == "capev"


def test_a_name_that_nobody_knows_is_a_server_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: Any, **_more: Any) -> Any:
        raise socket.gaierror("no such name")

    with running(Dhis2(Country())) as server:
        transport = dhis2(server, admit=Doorkeeper())
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with transport, pytest.raises(DhisFault) as refused:
            transport.get_json("me")
    assert refused.value.case == "unreachable"
