"""What does an ODK Central server hold for one project?

Signs in with e-mail and password (a session, which the server ends after a day) or with a token, lists
forms and lists of entities, and reads answers by OData, page after page, with repeats as their own tables.
Addresses and filters as in the API documentation of ODK Central (OData endpoints, sessions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from kalanso.sources.odk.faults import NotPulled
from kalanso.sources.odk.flattening import flattened
from kalanso.sources.odk.forms import Form, Row
from kalanso.sources.odk.transport import Credentials, Transport

PAGE = 250
ENTITIES = "entities:"  # before the name of a list of entities, where a form is asked for


class Central:
    """One project of an ODK Central server. Raises NotPulled wherever the server does not answer."""

    name = "central"

    def __init__(
        self, transport: Transport, credentials: Credentials, *, project: int, page: int = PAGE
    ) -> None:
        self.transport, self.project, self.page = transport, project, page
        if credentials.token:
            transport.authorization = f"Bearer {credentials.token}"
        elif credentials.email and credentials.password:
            told = transport.post(
                "v1/sessions", {"email": credentials.email, "password": credentials.password}
            )
            token = told.get("token") if isinstance(told, Mapping) else None
            if not isinstance(token, str) or not token:
                raise NotPulled("sources.odk.no_session", host=transport.host)
            transport.authorization = f"Bearer {token}"
        else:
            raise NotPulled("sources.odk.no_credentials", host=transport.host)

    def whoami(self) -> str:
        """Return the name that the server has for the account."""
        told = self.transport.get("v1/users/current")
        return str(_mapping(told, self.transport).get("displayName", ""))

    def forms(self) -> list[Form]:
        """Return the published forms of the project, and its lists of entities."""
        told = _list(self.transport.get(f"v1/projects/{self.project}/forms"), self.transport)
        found = [
            Form(
                code=str(one["xmlFormId"]), title=str(one.get("name") or one["xmlFormId"]),
                version=str(one.get("version") or ""), answers=one.get("submissions"),
            )
            for one in told
            if "xmlFormId" in one
        ]  # fmt: skip
        lists = _list(self.transport.get(f"v1/projects/{self.project}/datasets"), self.transport)
        names = [str(one["name"]) for one in lists if "name" in one]
        return found + [Form(code=f"{ENTITIES}{name}", title=name) for name in names]

    def rows(self, form: str, *, since: str = "") -> Iterator[Row]:
        """Yield answers changed at or after a moment, then the rows of their repeats, table by table."""
        base = f"v1/projects/{self.project}"
        # A repeat within a repeat names the row above it, not the answer: rows lead to their answers here.
        answers: dict[str, str] = {}
        if form.startswith(ENTITIES):
            service = f"{base}/datasets/{quote(form.removeprefix(ENTITIES), safe='')}.svc"
            yield from self._table(f"{service}/Entities", "", _since(since, "__system/createdAt"), answers)
            return
        service = f"{base}/forms/{quote(form, safe='')}.svc"
        first = _since(since, "__system/submissionDate")
        yield from self._table(f"{service}/Submissions", "", first, answers)
        told = _mapping(self.transport.get(service), self.transport)
        names = [
            str(one.get("url") or one.get("name") or "") for one in _list(told.get("value"), self.transport)
        ]
        chosen = _since(since, "$root/Submissions/__system/submissionDate")
        for name in sorted(
            (name for name in names if name.startswith("Submissions.")), key=lambda n: n.count(".")
        ):
            table = name.removeprefix("Submissions.").replace(".", "/")
            yield from self._table(f"{service}/{quote(name, safe='')}", table, chosen, answers)

    def _table(self, address: str, table: str, chosen: str, answers: dict[str, str]) -> Iterator[Row]:
        params: dict[str, str | int] = {"$top": self.page} | ({"$filter": chosen} if chosen else {})
        for told in self.transport.pages(address, params, following="@odata.nextLink"):
            for values in _list(told.get("value"), self.transport):
                yield _row(values, table, answers, self.transport)


def _row(values: Mapping[str, Any], table: str, answers: dict[str, str], transport: Transport) -> Row:
    plain = flattened(values)
    id = str(plain.get("__id") or "")
    above = [
        str(value)
        for name, value in plain.items()
        if name.startswith("__Submissions") and name.endswith("-id")
    ]
    if not id or (table and not above):
        raise NotPulled("sources.odk.no_id", host=transport.host)
    answers[id] = answers.get(above[0], above[0]) if table else id
    changed = max((str(plain[name]) for name in _MOMENTS if plain.get(name)), default="")
    return Row(table=table, id=id, answer=answers[id], changed=changed, values=plain)


_MOMENTS = ("__system/updatedAt", "__system/submissionDate", "__system/createdAt")


def _since(moment: str, column: str) -> str:
    """Return the filter for what was sent or edited at or after a moment: the same answer may come twice."""
    if not moment:
        return ""
    edited = column.rsplit("/", 1)[0] + "/updatedAt"
    return f"{column} ge {moment} or {edited} ge {moment}"


def _mapping(told: Any, transport: Transport) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise NotPulled("sources.odk.other_shape", host=transport.host)
    return told


def _list(told: Any, transport: Transport) -> list[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(one, Mapping) for one in told):
        raise NotPulled("sources.odk.other_shape", host=transport.host)
    return told
