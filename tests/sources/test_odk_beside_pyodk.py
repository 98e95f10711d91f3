"""Does ODK's own Python client read the same from the fake Central as our connector does?

A fake that only our own connector reads could be wrong in the way in which the connector is. pyodk is not among the
pinned tools, since no release of it fits them (1.3.0 wants pydantic up to 2.14.0): put it beside them to run this
(`pip install --no-deps --target build/pyodk pyodk toml`, then `PYTHONPATH=build/pyodk`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kalanso.sources import odk
from kalanso.sources.odk import Central, Credentials
from kalanso.sources.odk.flattening import flattened
from tests.sources.form_server import EMAIL, PASSWORD, FormServer, running

pyodk = pytest.importorskip("pyodk.client", reason="pyodk is not installed (see the head of this file)")

TABLES = {"": "Submissions", "enfants": "Submissions.enfants", "enfants/doses": "Submissions.enfants.doses"}


@pytest.fixture
def server() -> Iterator[FormServer]:
    with running() as me:
        for number in range(7):
            children = [{"age": age} for age in range(number % 3)]
            me.add(f"uuid:{number}", f"2024-05-0{1 + number}T10:00:00.000Z", *children, centre="Niono", doses=number)  # fmt: skip
        yield me


@pytest.fixture
def theirs(server: FormServer, tmp_path: Path) -> Any:
    """ODK's client, signed in with the account that the connector has."""
    config = tmp_path / "pyodk.toml"
    lines = (f'base_url = "{server.url}"', f'username = "{EMAIL}"', f'password = "{PASSWORD}"')
    config.write_text("\n".join(("[central]", *lines)), encoding="utf-8")
    return pyodk.Client(config_path=config, cache_path=tmp_path / "cache.toml", project_id=3)


@pytest.fixture
def ours(server: FormServer) -> Iterator[Central]:
    with odk.opened(server.url) as transport:
        yield Central(transport, Credentials(email=EMAIL, password=PASSWORD), project=3, page=2)


def _all(theirs: Any, table: str, top: int = 2) -> list[dict[str, Any]]:
    """Return the rows of a table as ODK's client reads them, page after page by its own paging."""
    found: list[dict[str, Any]] = []
    while True:
        told = theirs.submissions.get_table(
            form_id="supervision", table_name=table, skip=len(found), top=top, count=True
        )
        found += told["value"]
        if len(found) >= told["@odata.count"]:
            return found


def test_both_list_the_same_forms_and_lists_of_entities(theirs: Any, ours: Central) -> None:
    listed = [(form.xmlFormId, form.name, form.version) for form in theirs.forms.list()]
    listed += [(f"entities:{one.name}", one.name, "") for one in theirs.entity_lists.list()]
    assert listed == [(form.code, form.title, form.version) for form in ours.forms()]


def test_both_read_the_same_answers_and_repeats_over_several_pages(
    theirs: Any, ours: Central, server: FormServer
) -> None:
    rows = list(ours.rows("supervision"))
    assert any("skiptoken" in asked for asked in server.asked)
    for table, name in TABLES.items():
        own = [(row.id, dict(row.values)) for row in rows if row.table == table]
        assert len(own) > 2, "more than one page"
        assert own == [(one["__id"], flattened(one)) for one in _all(theirs, name)]


def test_both_read_the_same_list_of_entities(theirs: Any, ours: Central) -> None:
    own = [dict(row.values) for row in ours.rows("entities:enfants")]
    assert own == [flattened(one) for one in theirs.entities.get_table(entity_list_name="enfants")["value"]]


def test_both_read_the_same_of_what_came_since_a_moment(theirs: Any, ours: Central) -> None:
    moment = "2024-05-04T00:00:00.000Z"
    chosen = f"__system/submissionDate ge {moment} or __system/updatedAt ge {moment}"
    told = theirs.submissions.get_table(form_id="supervision", filter=chosen)["value"]
    own = [row.id for row in ours.rows("supervision", since=moment) if not row.table]
    assert own == [one["__id"] for one in told] == ["uuid:3", "uuid:4", "uuid:5", "uuid:6"]


def test_neither_is_let_in_with_a_wrong_password(server: FormServer, tmp_path: Path) -> None:
    from pyodk.errors import PyODKError

    config = tmp_path / "pyodk.toml"
    lines = (f'base_url = "{server.url}"', f'username = "{EMAIL}"', 'password = "another"')
    config.write_text("\n".join(("[central]", *lines)), encoding="utf-8")
    client = pyodk.Client(config_path=config, cache_path=tmp_path / "cache.toml", project_id=3)
    with pytest.raises(PyODKError, match="401"):
        client.forms.list()
    with odk.opened(server.url) as transport, pytest.raises(odk.NotPulled):
        Central(transport, Credentials(email=EMAIL, password="another"), project=3)
