"""Does a real ODK Central or KoboToolbox server answer as the fake one of the other tests does?

Reads only. Set KALANSO_VERIFY_ODK_URL, KALANSO_VERIFY_ODK_KIND (central or kobo), KALANSO_VERIFY_ODK_PROJECT,
KALANSO_VERIFY_ODK_FORM, and KALANSO_VERIFY_ODK_EMAIL with _PASSWORD or KALANSO_VERIFY_ODK_TOKEN.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kalanso.sources import odk

pytestmark = pytest.mark.outside


def setting(name: str) -> str:
    return os.environ.get(f"KALANSO_VERIFY_ODK_{name}", "")


@pytest.fixture
def server(socket_enabled: None, request: pytest.FixtureRequest) -> Iterator[odk.Server]:
    url = setting("URL")
    if not url or not (setting("TOKEN") or (setting("EMAIL") and setting("PASSWORD"))):
        pytest.skip("no real ODK server is named (set KALANSO_VERIFY_ODK_URL and an account)")
    account = odk.Credentials(email=setting("EMAIL"), password=setting("PASSWORD"), token=setting("TOKEN"))
    with odk.opened(url) as transport:
        if setting("KIND") == "kobo":
            yield odk.Kobo(transport, account, page=20)
        else:
            yield odk.Central(transport, account, project=int(setting("PROJECT") or 1), page=20)


def test_the_account_is_let_in_and_forms_are_listed(server: odk.Server) -> None:
    assert server.whoami()
    assert all(form.code for form in server.forms())


def test_a_form_arrives_whole_and_a_second_pull_changes_nothing(server: odk.Server, tmp_path: Path) -> None:
    form = setting("FORM") or server.forms()[0].code
    host = urlsplit(setting("URL")).hostname or ""

    first = odk.pull(server, form, tmp_path, url=host, now=datetime.now(UTC))
    second = odk.pull(server, form, tmp_path, url=host, now=datetime.now(UTC))

    said = next(one.answers for one in server.forms() if one.code == form)
    assert said is None or first.rows[""] == said
    assert second.rows == first.rows
    assert {table: path.read_bytes() for table, path in first.files.items()} == {
        table: path.read_bytes() for table, path in second.files.items()
    }
