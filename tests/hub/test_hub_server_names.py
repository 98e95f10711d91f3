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

pytestmark = pytest.mark.long

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


def test_a_place_is_found_by_a_part_of_its_name_and_taken_once_it_is_chosen(
    store: Store, pulled: tuple[Any, Any], code_of: Any
) -> None:
    made, _pull = pulled
    client = visitor("national")
    first, second = (one.name for one in client.get(address(made)).context["questions"][:2])
    area = code_of("Kalawèrè", "health_area")

    answer = client.post(address(made), {f"other-{first.pk}": "KALAWE", f"choice-{second.pk}": "none"})

    assert answer.status_code == 422
    assert decided(store) == []
    assert "Rien n'est encore gardé" in words(answer)
    asked = {one.name.pk: one for one in answer.context["questions"]}
    assert area in {one.code for one in asked[first.pk].found}
    told_apart = next(one for one in asked[first.pk].found if one.code == area)
    assert [up.name for up in told_apart.above][:1] == ["Niono"], (
        "namesakes are told apart by what lies above"
    )
    assert "Kalawèrè (aire de santé, district sanitaire Niono" in words(answer)
    page = answer.content.decode()
    assert f'name="choice-{second.pk}" value="none" checked' in page, "the other answers stay in the form"
    assert "<script" not in page.split("<main")[1].split("</main>")[0]

    told = {
        f"choice-{first.pk}": f"place:{area}",
        f"other-{first.pk}": "KALAWE",
        f"choice-{second.pk}": "none",
    }
    assert client.post(address(made), told).status_code == 302
    desk.work()
    assert {row["code"]: row["place_code"] for row in decided(store)}[first.code] == area


def test_a_whole_name_that_one_place_has_is_taken_and_one_that_several_have_is_asked(
    store: Store, pulled: tuple[Any, Any], code_of: Any
) -> None:
    from kalanso.hub.people.models import PlaceMirror

    made, _pull = pulled
    client = visitor("national")
    first = client.get(address(made)).context["questions"][0].name
    twin = PlaceMirror.objects.get(code=code_of("Ndébougou", "health_area"))
    PlaceMirror.objects.filter(code=code_of("Karangana", "health_area")).update(name=twin.name)

    several = client.post(address(made), {f"other-{first.pk}": "ndebougou"})
    assert several.status_code == 422
    assert len(several.context["questions"][0].found) >= 2
    one = client.post(address(made), {f"other-{first.pk}": "kalawere"})

    assert one.status_code == 302
    desk.work()
    assert [row["place_code"] for row in decided(store)] == [code_of("Kalawèrè", "health_area")]


@pytest.mark.parametrize(
    "text", ["zzz", "   ", "<script>alert(1)</script>", "%", "'; drop table", "x" * 5000]
)
def test_a_text_that_no_place_has_in_its_name_finds_nothing_and_keeps_nothing(
    text: str, store: Store, pulled: tuple[Any, Any]
) -> None:
    made, _pull = pulled
    client = visitor("national")
    first = client.get(address(made)).context["questions"][0].name
    answer = client.post(address(made), {f"choice-{first.pk}": "other", f"other-{first.pk}": text})

    assert answer.status_code in {302, 422}
    assert decided(store) == []
    if answer.status_code == 422:
        assert "Essayez-en une autre partie" in words(answer)
        assert "<script>alert" not in answer.content.decode()


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
