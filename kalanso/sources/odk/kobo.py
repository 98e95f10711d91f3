"""What does a KoboToolbox server hold for one account?

Reads with a token (`Authorization: Token ...`), lists surveys, and reads answers of the second version
of its API, page after page in the order of arrival.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from kalanso.sources.odk.faults import NotPulled
from kalanso.sources.odk.flattening import nested
from kalanso.sources.odk.forms import Form, Row
from kalanso.sources.odk.transport import Credentials, Transport

PAGE = 500


class Kobo:
    """One account of a KoboToolbox server. Raises NotPulled wherever the server does not answer."""

    name = "kobo"

    def __init__(self, transport: Transport, credentials: Credentials, *, page: int = PAGE) -> None:
        if not credentials.token:
            raise NotPulled("sources.odk.no_token", host=transport.host)
        transport.authorization = f"Token {credentials.token}"
        self.transport, self.page = transport, page

    def whoami(self) -> str:
        """Return the name of the account."""
        told = self.transport.get("me/", {"format": "json"})
        return str(told.get("username", "")) if isinstance(told, Mapping) else ""

    def forms(self) -> list[Form]:
        """Return the surveys that the account may read."""
        asked: dict[str, str | int] = {"format": "json", "limit": self.page, "q": "asset_type:survey"}
        return [
            Form(
                code=str(one["uid"]), title=str(one.get("name") or one["uid"]),
                version=str(one.get("version_id") or ""), answers=one.get("deployment__submission_count"),
            )
            for one in self._pages("api/v2/assets/", asked)
            if "uid" in one
        ]  # fmt: skip

    def rows(self, form: str, *, since: str = "") -> Iterator[Row]:
        """Yield answers that arrived at or after a moment, each followed by the rows of its repeats.

        The server tells when an answer arrived, not when it was edited: an edit is seen only by a whole pull.
        """
        asked: dict[str, str | int] = {"format": "json", "limit": self.page, "sort": '{"_id":1}'}
        if since:
            asked["query"] = json.dumps({"_submission_time": {"$gte": since.rstrip("Z")}})
        for values in self._pages(f"api/v2/assets/{quote(form, safe='')}/data/", asked):
            id = str(values.get("_uuid") or values.get("_id") or "")
            if not id:
                raise NotPulled("sources.odk.no_id", host=self.transport.host)
            yield from nested(values, id=id, changed=str(values.get("_submission_time") or ""))

    def _pages(self, address: str, asked: dict[str, str | int]) -> Iterator[Mapping[str, Any]]:
        for told in self.transport.pages(address, asked, following="next"):
            rows = told.get("results")
            if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
                raise NotPulled("sources.odk.other_shape", host=self.transport.host)
            yield from rows
