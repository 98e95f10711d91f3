"""A server of forms on this machine: ODK Central and KoboToolbox as their documentation describes them.

With faults that are played one after the other, each before an honest answer.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

EMAIL, PASSWORD, TOKEN = "capev@example.org", "very secret 1234", "sessiontoken5678"
# What ODK Central says of each form and list of entities beside what it is.
MANAGED = {"projectId": 3, "createdAt": "2024-04-01T08:00:00.000Z", "updatedAt": None}


@dataclass
class FormServer:
    """Answers by id, each with `sent`, `edited`, `values` and `children` (a repeat)."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    url: str = ""
    next_host: str = ""
    page: int = 0

    def add(
        self, id: str, sent: str, *children: dict[str, Any], edited: str | None = None, **values: Any
    ) -> None:
        self.answers[id] = {"sent": sent, "edited": edited, "values": values, "children": list(children)}

    # --- ODK Central ----------------------------------------------------------------------------------

    def central(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path == "/v1/users/current":
            return 200, {"id": 1, "displayName": "Centre d’apprentissage", "email": EMAIL}
        if path == "/v1/projects/3/forms":
            return 200, [
                {
                    "xmlFormId": "supervision",
                    "name": "Supervision",
                    "version": "2",
                    "submissions": len(self.answers),
                    **MANAGED,
                    "hash": "51a93eab3a1974dbffc4c7913fa5a16a",
                    "keyId": None,
                    "state": "open",
                    "enketoId": None,
                    "publishedAt": MANAGED["createdAt"],
                }
            ]
        if path == "/v1/projects/3/datasets":
            return 200, [{"name": "enfants", "approvalRequired": False, **MANAGED}]
        if path == "/v1/projects/3/forms/supervision.svc":
            tables = ["Submissions", "Submissions.enfants.doses", "Submissions.enfants"]
            return 200, {"value": [{"name": name, "kind": "EntitySet", "url": name} for name in tables]}
        if path == "/v1/projects/3/forms/supervision.svc/Submissions":
            return self.odata(path, query, self.submissions(query))
        if path == "/v1/projects/3/forms/supervision.svc/Submissions.enfants":
            return self.odata(path, query, self.children(query))
        if path == "/v1/projects/3/forms/supervision.svc/Submissions.enfants.doses":
            rows = [
                {"__id": f"{child['__id']}-dose", "__Submissions-enfants-id": child["__id"], "dose": "penta1"}
                for child in self.children(query)
            ]
            return self.odata(path, query, rows)
        if path == "/v1/projects/3/datasets/enfants.svc/Entities":
            entity = {
                "__id": "e1",
                "label": "Awa",
                "__system": {"createdAt": "2024-05-01T00:00:00.000Z", "creatorName": "x"},
            }
            return self.odata(path, query, [entity])
        return 404, {"code": 404.1, "message": "Could not find the resource you were looking for."}

    def chosen(self, query: dict[str, list[str]]) -> list[tuple[str, dict[str, Any]]]:
        told = query.get("$filter", [""])[0]
        since = re.search(r"submissionDate ge (\S+)", told)
        if told:
            assert re.fullmatch(
                r"(\$root/Submissions/)?__system/submissionDate ge \S+ or (\$root/Submissions/)?__system/updatedAt ge \S+",
                told,
            ), told
        moment = since[1] if since else ""
        return [
            (id, a) for id, a in sorted(self.answers.items()) if max(a["sent"], a["edited"] or "") >= moment
        ]

    def submissions(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        return [
            {
                "__id": id,
                "__system": {
                    "submissionDate": a["sent"], "updatedAt": a["edited"], "submitterId": "7", "submitterName": "Moussa",
                    "deviceId": "imei:1", "attachmentsPresent": 1, "reviewState": None,
                },
                "meta": {"instanceID": id, "instanceName": None}, "photo": "photo-1.jpg",
                "lieu": {"centre": a["values"].get("centre"), "point": {"type": "Point", "coordinates": [-5.9, 14.2, 280]}},
                "enfants@odata.navigationLink": f"Submissions('{id}')/enfants",
                **{name: value for name, value in a["values"].items() if name != "centre"},
            }
            for id, a in self.chosen(query)
        ]  # fmt: skip

    def children(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        return [
            {"__id": f"{id}-{n}", "__Submissions-id": id, **child}
            for id, a in self.chosen(query)
            for n, child in enumerate(a["children"])
        ]

    def odata(self, path: str, query: dict[str, list[str]], rows: list[dict[str, Any]]) -> tuple[int, Any]:
        size = self.page or int(query.get("$top", ["250"])[0])
        start = int(query.get("$skiptoken", query.get("$skip", ["0"]))[0])
        told: dict[str, Any] = {"value": rows[start : start + size], "@odata.context": f"{self.url}{path}#"}
        if query.get("$count") in (["true"], ["True"]):
            told["@odata.count"] = len(rows)
        if start + size < len(rows):
            host = self.next_host or self.url
            kept = f"&%24filter={quote(query['$filter'][0])}" if "$filter" in query else ""
            told["@odata.nextLink"] = f"{host}{quote(path)}?%24top={size}&%24skiptoken={start + size}{kept}"
        return 200, told

    # --- KoboToolbox ----------------------------------------------------------------------------------

    def kobo(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if path == "/me/":
            return 200, {"username": "capev"}
        if path == "/api/v2/assets/":
            return 200, {
                "next": None,
                "results": [
                    {"uid": "aX1", "name": "Sortie", "version_id": "v1", "deployment__submission_count": 2}
                ],
            }
        if path == "/api/v2/assets/aX1/data/":
            since = json.loads(query["query"][0])["_submission_time"]["$gte"] if "query" in query else ""
            rows = [
                {
                    "_id": n, "_uuid": id, "_submission_time": a["sent"].rstrip("Z"), "_submitted_by": "moussa", "deviceid": "1",
                    "_attachments": [{"filename": "photo.jpg"}], "_geolocation": [14.2, -5.9],
                    "lieu/centre": a["values"].get("centre"),
                    "enfants": [{f"enfants/{k}": v for k, v in child.items()} for child in a["children"]],
                }
                for n, (id, a) in enumerate(self.answers.items())
                if a["sent"] >= since
            ]  # fmt: skip
            start, size = int(query.get("start", ["0"])[0]), self.page or int(query["limit"][0])
            kept = f"&query={quote(query['query'][0])}" if "query" in query else ""
            following = f"{self.next_host or self.url}{path}?limit={size}&start={start + size}{kept}"
            return 200, {
                "count": len(rows),
                "next": following if start + size < len(rows) else None,
                "results": rows[start : start + size],
            }
        return 404, {"detail": "Not found."}


@contextmanager
def running() -> Iterator[FormServer]:
    me = FormServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            me.asked.append(f"POST {self.path}")
            if self.fault():
                return
            if self.path != "/v1/sessions" or told != {"email": EMAIL, "password": PASSWORD}:
                message = "Could not authenticate with the provided credentials."
                self.say(401, {"code": 401.2, "message": message})
                return
            self.say(200, {"token": TOKEN, "expiresAt": "2030-01-01T00:00:00.000Z"})

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            me.asked.append(f"GET {unquote(self.path)}")
            me.signed.append(self.headers.get("Authorization", ""))
            if self.fault():
                return
            known = {f"Bearer {TOKEN}": me.central, f"Token {TOKEN}": me.kobo}
            answer = known.get(self.headers.get("Authorization", ""))
            if answer is None:
                self.say(
                    401, {"code": 401.2, "message": "Could not authenticate.", "detail": "Invalid token."}
                )
                return
            self.say(*answer(unquote(parts.path), parse_qs(parts.query)))

        def fault(self) -> bool:
            """Play the next fault: (code, headers, body), or a number of bytes after which the line breaks."""
            fault = me.faults.pop(0) if me.faults else None
            if fault is None:
                return False
            if isinstance(fault, int):
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b" " * fault)
                self.close_connection = True
                return True
            code, headers, body = fault
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return True

        def say(self, code: int, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    me.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield me
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
