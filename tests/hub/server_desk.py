"""How do tests connect the hub to servers on this machine, and have the worker ask them?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from cryptography.fernet import Fernet
from django.test import override_settings

from tests.hub import desk
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2

KEY, NEWER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
HERE = ["127.0.0.0/8"]


@contextmanager
def open_hub(**settings: Any) -> Iterator[None]:
    """A hub that has a key and may ask this machine, whose worker never pauses."""
    from django.conf import settings as set_here

    from kalanso.hub.evidence.tasks import connections

    told = {
        "KALANSO_CREDENTIAL_KEYS": set_here.KALANSO_CREDENTIAL_KEYS or [KEY],
        "KALANSO_INNER_HOSTS": HERE,
        **settings,
    }
    with override_settings(**told), mock.patch.object(connections, "pause"):
        yield


def form(server: Dhis2, **changes: Any) -> dict[str, Any]:
    """The form of a connection, filled in for a DHIS2 server."""
    told = {
        "kind": "dhis2", "source": "snis", "address": server.context, "token": TOKEN, "user": "", "password": "",
        "first_month": "2024-01", "new_places": "on", "cadence": "never", "project": "",
    }  # fmt: skip
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


def connected(client: Any, told: Mapping[str, Any]) -> Any:
    """Send the form of a connection, let the worker look at the server, and return the connection."""
    from kalanso.hub.evidence.models import Connection

    answer = client.post("/preuves/connexions/nouvelle/", told)
    assert answer.status_code == 302, answer.context["form"].errors
    desk.work()
    return Connection.objects.latest("pk")


def read(client: Any, connection: Any) -> Any:
    """Have the machine propose, and confirm together what is sound."""
    assert client.post(f"/preuves/connexions/{connection.pk}/proposer/").status_code == 302
    desk.work()
    connection.refresh_from_db()
    methods = {"methods": ["package_uid", "package_code", "own_code", "words"]}
    assert client.post(f"/preuves/connexions/{connection.pk}/lecture/", methods).status_code == 302
    connection.refresh_from_db()
    return connection


def pulled(client: Any, connection: Any, **told: str) -> Any:
    """Have a pull done, and return it."""
    assert client.post(f"/preuves/connexions/{connection.pk}/collecter/", told).status_code == 302
    desk.work()
    return connection.pulls.first()
