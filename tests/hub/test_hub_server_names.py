"""Are the places of a server that nobody recognised decided on a page, and do their numbers come in with the next pull?"""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kalanso.places.tables import PLACE_MATCHES
from kalanso.store import Store
from tests.hub import desk, server_desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import Dhis2, running

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def pulled(store: Store) -> Iterator[tuple[Any, Any]]:
    """A pull that may make no places, of a server whose places are not those of the country; with its connection."""
    with running(Dhis2(Country())) as server, server_desk.open_hub():
        client = visitor("national")
        made = server_desk.connected(client, server_desk.form(server, new_places=None))
        server_desk.read(client, made)
        pull = server_desk.pulled(client, made)
        assert pull.state == "done", pull.fault
        yield made, pull


def words(answer: Any) -> str:
    return " ".join(html.unescape(text_of(answer)).replace("\u2019", "'").split())


def address(made: Any) -> str:
    return f"/preuves/connexions/{made.pk}/noms/"


def decided(store: Store) -> list[dict[str, Any]]:
    table = Store.open(store.folder, threads=1).read(PLACE_MATCHES)
    rows: list[dict[str, Any]] = (
        table.filter(table.status.isin(["reviewed", "rejected"])).to_pyarrow().to_pylist()
    )
    return rows


def test_a_name_that_is_decided_on_the_page_brings_its_numbers_with_the_next_pull(
    store: Store, pulled: tuple[Any, Any], code_of: Any
) -> None:
    made, pull = pulled
    client = visitor("national")
    page = client.get(address(made))
    questions = page.context["questions"]
    assert page.context["number"] > 0
    assert "ne sont pas reconnus" in words(page)
    assert address(made) in client.get(f"/preuves/connexions/{made.pk}/").content.decode()

    first, second = (one.name for one in questions[:2])
    place = code_of("Niono", "district")
    told = {f"choice-{first.pk}": "other", f"other-{first.pk}": place, f"choice-{second.pk}": "none"}
    answer = client.post(address(made), told, follow=True)
    assert "la collecte suivante prendra ces lieux" in words(answer)
    desk.work()

    found = {row["code"]: row for row in decided(store)}
    assert found[first.code]["place_code"] == place
    assert found[first.code]["reviewed_by"] == person("national").username
    assert found[second.code]["status"] == "rejected"
    left = client.get(address(made))
    assert left.context["number"] == page.context["number"] - 2
    again = server_desk.pulled(client, made, whole="1")
    assert again.state == "done", again.fault
    assert again.receipt["placed"] >= pull.receipt["placed"]


@pytest.mark.parametrize(
    ("choice", "other"), [("later", ""), ("other", "nowhere"), ("other", ""), ("place:nowhere", "")]
)
def test_what_decides_nothing_or_names_no_place_is_refused_and_nothing_is_asked(
    choice: str, other: str, store: Store, pulled: tuple[Any, Any]
) -> None:
    from kalanso.hub.jobs.models import Job

    made, _pull = pulled
    client = visitor("national")
    name = client.get(address(made)).context["questions"][0].name
    client.post(address(made), {f"choice-{name.pk}": choice, f"other-{name.pk}": other})

    assert not Job.objects.filter(kind="evidence.connection_names").exists()
    assert decided(store) == []


def test_a_name_that_the_server_never_listed_is_passed_over(store: Store, pulled: tuple[Any, Any]) -> None:
    made, _pull = pulled
    answer = visitor("national").post(address(made), {"choice-12": "none"}, follow=True)

    assert "Répondez à un nom au moins" in words(answer)
    assert decided(store) == []


@pytest.mark.parametrize("role", ["district", "partner", "researcher", "donor"])
def test_others_can_neither_read_nor_decide(role: str, store: Store, pulled: tuple[Any, Any]) -> None:
    made, _pull = pulled
    client = visitor(role)

    assert client.get(address(made)).status_code == 403
    assert client.post(address(made), {"choice-12": "none"}).status_code == 403


def test_while_the_worker_is_busy_with_the_server_nothing_more_is_taken(
    store: Store, pulled: tuple[Any, Any]
) -> None:
    made, _pull = pulled
    client = visitor("national")
    name = client.get(address(made)).context["questions"][0].name
    client.post(address(made), {f"choice-{name.pk}": "none"})
    page = client.get(address(made))
    second = client.post(address(made), {f"choice-{name.pk}": "none"}, follow=True)

    assert not page.context["may_decide"]
    assert "attendez sa réponse" in words(second)
