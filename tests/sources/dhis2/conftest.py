"""What do tests of the DHIS2 connector share?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from kalanso.sources.dhis2 import Credentials, Limits, Transport
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running


@pytest.fixture
def server() -> Iterator[Dhis2]:
    """A small country on a DHIS2 server."""
    with running(Dhis2(Country())) as made:
        yield made


@pytest.fixture
def connect() -> Iterator[Callable[..., Transport]]:
    """Connect to a server without ever waiting; pauses that would be made are kept in `naps`."""
    with ExitStack() as closing:

        def make(server: Dhis2, **changed: Any) -> Transport:
            limits = changed.pop("limits", {})
            naps = changed.pop("naps", [])
            told: dict[str, Any] = {
                "address": server.context, "credentials": Credentials(token=TOKEN),
                "limits": Limits(**{"connect": 5.0, "read": 5.0, "total": 20.0, **limits}),
                "sleep": naps.append, "rng": random.Random(1),  # noqa: S311
            }  # fmt: skip
            return closing.enter_context(Transport(**{**told, **changed}))

        yield make
