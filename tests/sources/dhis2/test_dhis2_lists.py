"""Are identity and lists of a server taken in whole, whatever its version?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kalanso.sources.dhis2 import DhisFault, Transport, fetch_metadata, who_am_i
from kalanso.sources.dhis2.identity import Version
from kalanso.sources.dhis2.metadata import FIELDS, load_metadata
from kalanso.sources.dhis2.paging import listed
from tests.sources.dhis2.dhis2_server import Dhis2, body_of

Connect = Callable[..., Transport]


@pytest.mark.parametrize(
    "version", ["2.38.4.3", "2.39.1", "2.40", "2.41.8.1", "2.42.7-SNAPSHOT", "2.43.0", "2.44.1", "42.1"]
)
def test_the_name_of_the_user_is_found_in_every_version(
    version: str, server: Dhis2, connect: Connect
) -> None:
    server.version = version
    identity = who_am_i(connect(server))
    assert identity.username == "kalanso"
    assert identity.newer_than_known == version.startswith("2.44")
    assert identity.capture == (("ImspTQPwCqd", 1),)
    assert identity.view == identity.capture, "without places of their own, analytics use those of capture"


def test_releases_are_ordered_as_numbers() -> None:
    texts = ["2.38", "2.38.4.3", "2.41.8.1", "2.42.7-SNAPSHOT", "42.10", "2.43"]
    assert sorted(map(Version, reversed(texts))) == list(map(Version, texts))


@pytest.mark.parametrize(
    ("changed", "case"),
    [
        ({"version": "2.37.9"}, "too_old"), ({"version": "master"}, "no_version"), ({"calendar": "ethiopian"}, "calendar"),
        ({"calendar": "nepali"}, "calendar"),
    ],
)  # fmt: skip
def test_a_server_with_which_one_cannot_work_is_refused(
    changed: dict[str, Any], case: str, server: Dhis2, connect: Connect
) -> None:
    for name, value in changed.items():
        setattr(server, name, value)
    with pytest.raises(DhisFault) as caught:
        who_am_i(connect(server))
    assert caught.value.case == case


def test_the_next_pull_asks_from_an_hour_before_this_one_by_the_clock_of_the_server(
    server: Dhis2, connect: Connect
) -> None:
    identity = who_am_i(connect(server))
    assert server.country.now.isoformat() == "2025-02-04T08:00:00"
    assert identity.watermark() == "2025-02-04T07:00:00"


def test_where_the_clock_is_hidden_the_overlap_covers_every_zone(server: Dhis2, connect: Connect) -> None:
    server.superuser_facts = False
    identity = who_am_i(connect(server))
    assert not identity.clock_known
    assert identity.watermark() == "2025-02-03T17:00:00", "an hour and fourteen for the zone"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"a": 1}', b"null", b'"text"'])
def test_an_answer_of_another_shape_is_no_server(body: bytes, server: Dhis2, connect: Connect) -> None:
    server.answers["me"] = body_of(body)
    with pytest.raises(DhisFault) as caught:
        who_am_i(connect(server))
    assert caught.value.case == "other_shape"


def test_a_list_of_many_pages_is_whole_and_in_order(server: Dhis2, connect: Connect) -> None:
    found = listed(connect(server), "organisationUnits", fields="id,name", page_size=3)
    assert [u["id"] for u in found] == sorted(u["id"] for u in server.country.units)
    pages = [params for path, params in server.asked if path == "organisationUnits"]
    assert len(pages) == -(-len(server.country.units) // 3)
    assert all(p["order"] == ["id:asc"] for p in pages)
    hosts = {headers["host"] for headers in server.headers_seen}
    assert hosts == {server.url.removeprefix("http://")}, "the address of the next page is not followed"


def test_a_server_that_ignores_the_order_is_caught(server: Dhis2, connect: Connect) -> None:
    server.ordered = False
    with pytest.raises(DhisFault) as caught:
        listed(connect(server), "organisationUnits", fields="id", page_size=3)
    assert caught.value.case == "repeated_entry"


@pytest.mark.parametrize(
    ("page", "case"),
    [
        ({"pager": {"total": 5}, "organisationUnits": [{"id": "a"}]}, "missing_entries"),
        ({"organisationUnits": [{"name": "no id"}]}, "other_shape"), ({"organisationUnits": {}}, "other_shape"),
        ({"units": []}, "other_shape"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_whole_is_refused(
    page: dict[str, Any], case: str, server: Dhis2, connect: Connect
) -> None:
    server.answers["organisationUnits"] = body_of(json.dumps(page).encode())
    with pytest.raises(DhisFault) as caught:
        listed(connect(server), "organisationUnits", fields="id")
    assert caught.value.case == case


def test_a_server_that_shows_no_place_is_said(server: Dhis2, connect: Connect) -> None:
    server.country.units.clear()
    with pytest.raises(DhisFault) as caught:
        fetch_metadata(connect(server), ("organisationUnits",))
    assert caught.value.case == "no_units"


def test_lists_hold_places_forms_and_elements_and_survive_being_kept(
    server: Dhis2, connect: Connect, tmp_path: Path
) -> None:
    metadata = fetch_metadata(connect(server))
    assert set(metadata.lists) == set(FIELDS)
    country = server.country
    facility = metadata.units[country.at_level(5)[0]["id"]]
    assert facility["geometry"]["type"] == "Point"
    assert metadata.group_names[facility["organisationUnitGroups"][0]["id"]] == "CSCom"
    assert len(metadata.children["ImspTQPwCqd"]) == country.regions
    assert metadata.elements_of(country.data_set) == tuple(sorted(e["id"] for e in country.data_elements))
    odd = [e["name"] for n, e in enumerate(country.data_elements) if n % 2]
    assert metadata.blank_may_be_zero(metadata.elements) == sorted(odd)
    assert load_metadata(metadata.save(tmp_path / "m.json")).lists == metadata.lists
