"""Does the connector work with a real DHIS2 server?

Runs where KALANSO_VERIFY_DHIS2_URL and the credentials that `kalanso dhis2` takes are set. Only reads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from kalanso import pipeline
from kalanso.definitions import load
from kalanso.sources.dhis2 import Transport, fetch_metadata, from_environment, suggest, who_am_i
from kalanso.sources.dhis2.meanings import ElementMeaning, Meanings
from kalanso.store import Store

URL = os.environ.get("KALANSO_VERIFY_DHIS2_URL", "")
CREDENTIALS = from_environment(os.environ)

pytestmark = [
    pytest.mark.outside,
    pytest.mark.enable_socket,
    pytest.mark.skipif(
        not (URL and CREDENTIALS),
        reason="no real DHIS2 server is named (set KALANSO_VERIFY_DHIS2_URL and credentials such as KALANSO_DHIS2_TOKEN)",
    ),
]


@pytest.fixture
def transport() -> Iterator[Transport]:
    assert CREDENTIALS is not None
    with Transport(address=URL, credentials=CREDENTIALS) as made:
        yield made


def test_we_hear_who_we_are_and_get_every_list(transport: Transport) -> None:
    identity = who_am_i(transport)
    metadata = fetch_metadata(transport)
    assert identity.version.numbers >= (2, 38)
    assert metadata.units
    assert suggest(metadata, load("ML")).levels


def test_two_months_of_a_form_come_and_the_next_pull_asks_for_changes(
    transport: Transport, store: Store, now: datetime
) -> None:
    metadata = fetch_metadata(transport)
    plan = suggest(metadata, load("ML"), source="verify")
    monthly = [uid for uid in plan.data_sets if metadata.data_sets[uid].get("periodType") == "Monthly"][:1]
    elements = tuple(
        ElementMeaning(
            element=uid, indicator=f"made_up_{n}", age_band="all", attributes="sum", status="confirmed"
        )
        for n, uid in enumerate(metadata.elements_of(monthly[0]))
    )
    chosen = Meanings(source="verify", levels=plan.levels, data_sets=tuple(monthly), elements=elements)
    last = who_am_i(transport).server_now.date().replace(day=1) - timedelta(days=1)
    first = date(last.year, last.month, 1) - timedelta(days=31)
    told = pipeline.pull_dhis2(
        store, transport, chosen, first=first.replace(day=1), last=last, new_places=True, now=now
    )
    told.imported.receipt.check()
    again = pipeline.pull_dhis2(store, transport, chosen, first=first.replace(day=1), last=last, now=now)
    assert again.request.mode == "increment"
    assert not store.verify()
