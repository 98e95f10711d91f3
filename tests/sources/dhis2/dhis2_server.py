"""A DHIS2 server on this machine, as far as Kalanso asks one.

Its rules are those of the Web API manual and of DHIS2 core 2.42: E2001 to E2012 of data value sets,
paging that is unordered unless an order is asked, soft deletes, `lastUpdated` compared with the
server's clock (from then on, that moment included), errors as web messages where DHIS2 itself answers
and as web pages where a proxy does, gzip. `tests/sources/dhis2/test_fake_dhis2.py` holds it to recorded answers of a
real server.
"""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import random
import re
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.sources.dhis2.dhis2_country import DEFAULT, FIRST_SAVED, Country
from tests.sources.dhis2.dhis2_faults import Faults

TOKEN = "d2pat_" + "a" * 32 + "1234567890"
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>"
LOGIN = b"<!DOCTYPE html><html><head><title>DHIS 2 Login</title></head><body>login</body></html>"


@dataclass
class Dhis2:
    """The server's settings: who may ask, how much at once, what goes wrong."""

    country: Country
    user: str = "kalanso"
    password: str = "Moringa-2025!"
    token: str = TOKEN
    version: str = "2.42.1"
    calendar: str = "iso8601"
    superuser_facts: bool = True
    capture: tuple[str, ...] = ("ImspTQPwCqd",)
    view: tuple[str, ...] = ()
    page_limit: int = 0
    ordered: bool = True
    largest_set: int = 0  # rows above which a data value set is refused with 504
    analytics_limit: int = 50_000
    analytics_down: str = ""
    longest_url: int = 8_000
    gzip_level: int = 1
    row_seconds: float = 0.0  # what a database takes for a row, in each answer
    answers: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    headers_seen: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""
    remember: bool = True

    def __post_init__(self) -> None:
        self.lock = threading.Lock()

    @property
    def context(self) -> str:
        """The address with a context path, as ministries have it."""
        return f"{self.url}/dhis"


class Refused(Exception):
    """An answer of DHIS2 that is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(message)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    server_version, sys_version = "Tomcat", ""
    protocol_version = "HTTP/1.1"
    dhis2: Dhis2
    timeout = 30
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.dhis2.country.now.replace(tzinfo=UTC), usegmt=True)

    def do_GET(self) -> None:
        me = self.dhis2
        with me.lock:
            me.at_once += 1
            me.most_at_once = max(me.most_at_once, me.at_once)
        try:
            self._get()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with me.lock:
                me.at_once -= 1

    def _get(self) -> None:
        me = self.dhis2
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/dhis").removeprefix("/api/")
        asked = parse_qs(parts.query, keep_blank_values=True)
        if me.remember:
            with me.lock:
                me.asked.append((path, asked))
                me.headers_seen.append({k.lower(): v for k, v in self.headers.items()})
        if path in me.answers:
            me.answers[path](self)
            return
        if len(self.path) > me.longest_url:
            self.send(414, HTML, "text/html")
            return
        if not self._known():
            return
        fault = me.faults.next(path)
        if fault and self._play(fault, path, asked):
            return
        try:
            self._answer(path, asked, fault)
        except Refused as error:
            self.message(error.status, error.code, error.message)

    def _known(self) -> bool:
        me, given = self.dhis2, self.headers.get("Authorization", "")
        basic = base64.b64encode(f"{me.user}:{me.password}".encode()).decode()
        if given in {f"ApiToken {me.token}", f"Basic {basic}"}:
            return True
        if not given:
            self.send(302, b"", "text/html", {"Location": f"{me.url}/dhis/dhis-web-login/"})
        else:
            self.message(401, "", "Unauthorized")
        return False

    def _play(self, fault: str, path: str, asked: dict[str, list[str]]) -> bool:
        """Answer with a fault; faults that spoil a good answer are left to `_answer`."""
        if fault == "429":
            self.send(429, b"", "text/plain", {"Retry-After": "1"})
        elif fault == "500":
            self.message(500, "", "Internal server error: could not obtain a connection")
        elif fault == "502_html":
            self.send(502, HTML, "text/html")
        elif fault == "503_wait":
            self.send(503, HTML, "text/html; charset=utf-8", {"Retry-After": "2"})
        elif fault == "504":
            self.send(504, HTML, "text/html")
        elif fault == "414":
            self.send(414, HTML, "text/html")
        elif fault == "cut_before":
            self.close_connection = True
        elif fault in {"e7128", "e7131"}:
            self.message(409, fault.upper(), "Query result set exceeds maximum limit: 50000")
        elif fault in {"e2012", "e2001"}:
            self.message(409, fault.upper(), "User is not allowed to view org unit: `ImspTQPwCqd`")
        elif fault in {"401", "403"}:
            self.message(int(fault), "", "Unauthorized")
        elif fault == "302_login":
            self.send(302, b"", "text/html", {"Location": f"{self.dhis2.url}/dhis/dhis-web-login/"})
        elif fault == "200_html":
            self.send(200, LOGIN, "text/html")
        elif fault == "trickle":
            trickle(self.dhis2.faults.slow_seconds, 0.05)(self)
        else:
            return False
        return True

    def _answer(self, path: str, asked: dict[str, list[str]], fault: str) -> None:
        path = path.removesuffix(".json")
        if path == "dataValueSets":
            self.stream(data_value_set(self.dhis2, asked), fault)
            return
        made = content(self.dhis2, path, asked)
        self.stream(iter([json.dumps(made).encode()]), fault)

    def message(self, status: int, code: str, message: str) -> None:
        """Answer with a web message."""
        told: dict[str, Any] = {
            "httpStatus": self.responses[status][0], "httpStatusCode": status, "status": "ERROR", "message": message,
        }  # fmt: skip
        if code:
            told["errorCode"] = code
        self.send(status, json.dumps(told).encode(), "application/json")

    def send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        """Answer with a whole body."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "JSESSIONID=0123456789ABCDEF; Path=/dhis; HttpOnly")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, pieces: Iterator[bytes], fault: str = "") -> None:
        """Answer in chunks, compressed where the client takes it, spoilt as the fault says."""
        zipped = "gzip" in self.headers.get("Accept-Encoding", "")
        packer = zlib.compressobj(self.dhis2.gzip_level, zlib.DEFLATED, 31) if zipped else None
        first = next(pieces, b"")
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=UTF-8")
        self.send_header("Set-Cookie", "JSESSIONID=0123456789ABCDEF; Path=/dhis; HttpOnly")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        if fault == "short_length":
            self.send_header("Content-Length", "1000000000")
            self.end_headers()
            self.wfile.write(packer.compress(first)[:100] if packer else first[:100])
            self.close_connection = True
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def write(piece: bytes) -> None:
            if piece:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

        spoilt = {"bad_json": b'{"dataValues":[{"dataElement":"oops"', "not_utf8": b'{"x":"\xff\xfe\xfa'}.get(
            fault
        )
        if spoilt:
            first = first[: len(first) // 2] + spoilt + first[len(first) // 2 :]
        packed = packer.compress(first) if packer else first
        if fault == "cut_body":
            packed = packed + (packer.flush(zlib.Z_SYNC_FLUSH) if packer else b"")
            write(packed[: max(1, len(packed) // 2)])
            self.close_connection = True
            return
        if fault == "half_gzip" and packer:
            packed += packer.flush(zlib.Z_SYNC_FLUSH)
            write(packed[: max(12, len(packed) // 2)])
            self.wfile.write(b"0\r\n\r\n")
            return
        if fault == "silence":
            packed = packed + (packer.flush(zlib.Z_SYNC_FLUSH) if packer else b"")
            write(packed[: max(1, len(packed) // 2)])
            time.sleep(self.dhis2.faults.slow_seconds)
            self.close_connection = True
            return
        write(packed)
        for piece in pieces:
            write(packer.compress(piece) if packer else piece)
        write(packer.flush() if packer else b"")
        self.wfile.write(b"0\r\n\r\n")


def content(me: Dhis2, path: str, asked: dict[str, list[str]]) -> Any:
    """Return what DHIS2 answers to a question that is not about values."""
    country = me.country
    if path == "me":
        return _me(me)
    if path == "system/info":
        return _info(me)
    if path == "analytics":
        return analytics(me, asked)
    if path == "completeDataSetRegistrations":
        return registrations(me, asked)
    if path == f"dataSets/{country.data_set}":
        return {"organisationUnits": [{"id": unit["id"]} for unit in country.at_level(5)]}
    options = [
        {
            "id": o["id"],
            "name": o["name"],
            "code": o["code"],
            "categoryOptions": [{"id": o["id"][::-1], "name": o["name"]}],
        }
        for o in country.data_elements[0]["categoryCombo"]["categoryOptionCombos"]
    ]
    lists = {
        "organisationUnits": country.units, "organisationUnitLevels": country.levels,
        "organisationUnitGroups": country.groups, "dataElements": country.data_elements,
        "dataSets": country.data_sets(), "categoryOptionCombos": options,
        "indicators": [],
    }  # fmt: skip
    if path not in lists:
        raise Refused(404, "E1005", f"API query must contain a valid resource: {path}")
    return paged(me, path, lists[path], asked)


def paged(me: Dhis2, path: str, entries: list[dict[str, Any]], asked: dict[str, list[str]]) -> Any:
    """Return one page; without an order rows come as they please."""
    if asked.get("paging") == ["false"]:
        return {path: entries}
    size = int(asked.get("pageSize", ["50"])[0])
    size = min(size, me.page_limit) if me.page_limit else size
    number = int(asked.get("page", ["1"])[0])
    if asked.get("order") == ["id:asc"] and me.ordered:
        ordered = sorted(entries, key=lambda e: e["id"])
    else:
        ordered = list(entries)
        random.Random(number).shuffle(ordered)  # noqa: S311
    count = max(1, -(-len(entries) // size))
    pager: dict[str, Any] = {"page": number, "pageCount": count, "total": len(entries), "pageSize": size}
    if number < count:
        # Behind a proxy the server names itself by an address that nobody outside can reach.
        pager["nextPage"] = f"http://dhis2-internal:8080/api/{path}?page={number + 1}"
    wanted = {name.split("[")[0].split("~")[0] for name in _split(asked.get("fields", ["id,name"])[0])}
    shown = [
        {k: v for k, v in e.items() if k in wanted} for e in ordered[(number - 1) * size : number * size]
    ]
    return {"pager": pager, path: shown}


def _split(text: str) -> list[str]:
    depth, names = 0, [""]
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and not depth:
            names.append("")
        else:
            names[-1] += letter
    return names


def _me(me: Dhis2) -> dict[str, Any]:
    level = {u["id"]: u["level"] for u in me.country.units}
    told: dict[str, Any] = {
        "id": "xE7jOejl9FI", "authorities": ["M_dhis-web-dashboard"],
        "organisationUnits": [{"id": u, "level": level[u]} for u in me.capture],
        "dataViewOrganisationUnits": [{"id": u, "level": level[u]} for u in me.view],
        "dataSets": [me.country.data_set],
    }  # fmt: skip
    if re.match(r"2\.(3\d|40|41)", me.version):
        told["userCredentials"] = {"username": me.user}
    else:
        told["username"] = me.user
    return told


def _info(me: Dhis2) -> dict[str, Any]:
    told: dict[str, Any] = {"version": me.version, "calendar": me.calendar, "dateFormat": "yyyy-mm-dd"}
    if me.superuser_facts:
        told |= {
            "revision": "abc1234", "serverDate": me.country.now.isoformat() + ".123",
            "serverTimeZoneId": "Africa/Bamako", "systemId": "eed3d451-4ff5-4193-b951-ffcc68954299",
            "contextPath": me.context, "lastAnalyticsTableSuccess": me.country.now.isoformat() + ".000",
        }  # fmt: skip
    return told


def _units_asked(me: Dhis2, asked: dict[str, list[str]], roots: list[str], children: bool) -> list[str]:
    scope = {u["id"] for root in me.capture for u in me.country.below(root)}
    for root in roots:
        if root not in scope:
            raise Refused(409, "E2012", f"User is not allowed to view org unit: `{root}`")
    found: list[str] = []
    for root in roots:
        found += [u["id"] for u in me.country.below(root)] if children else [root]
    return list(dict.fromkeys(found))


def check_set(asked: dict[str, list[str]]) -> None:
    """Refuse what DefaultDataValueSetService.validate refuses."""
    if not any(asked.get(name) for name in ("dataSet", "dataElement", "dataElementGroup")):
        raise Refused(
            409, "E2001", "At least one data set, data element or data element group must be specified"
        )
    dates = bool(asked.get("startDate") and asked.get("endDate"))
    since = bool(asked.get("lastUpdated") or asked.get("lastUpdatedDuration"))
    if not (asked.get("period") or dates or since):
        raise Refused(
            409,
            "E2002",
            "At least one period, start/end dates, last updated or last updated duration must be specified",
        )
    if asked.get("period") and dates:
        raise Refused(409, "E2003", "Both periods and start/end date cannot be specified")
    if not (asked.get("orgUnit") or asked.get("orgUnitGroup")):
        raise Refused(
            409, "E2006", "At least one organisation unit or organisation unit group must be specified"
        )
    if asked.get("orgUnitGroup") and asked.get("children") == ["true"]:
        raise Refused(
            409, "E2007", "Organisation unit children cannot be included for organisation unit groups"
        )


def data_value_set(me: Dhis2, asked: dict[str, list[str]]) -> Iterator[bytes]:
    """Give the JSON of a data value set in pieces of some thousand rows, made as they are sent."""
    check_set(asked)
    country = me.country
    units = _units_asked(me, asked, asked["orgUnit"], asked.get("children") == ["true"])
    if asked["dataSet"] != [country.data_set]:
        return iter([b'{"dataValues":[]}'])
    since = datetime.fromisoformat(asked["lastUpdated"][0]) if asked.get("lastUpdated") else None
    deleted = asked.get("includeDeleted") == ["true"]
    periods = asked.get("period")
    if me.largest_set:
        holding = sum(u in country.facility_order for u in units)
        if since is None and holding * len(periods or ()) * len(country.data_elements) > me.largest_set:
            raise Refused(504, "", "Gateway time-out")
    rows = (
        _changed(country, units, periods, since, deleted)
        if since
        else _all(country, units, periods or [], deleted)
    )
    return _pieces(rows, me.row_seconds)


def _pieces(rows: Iterator[str], row_seconds: float = 0.0) -> Iterator[bytes]:
    held: list[str] = []
    lead = '{"dataValues":['
    for row in rows:
        held.append(row)
        if len(held) == 4000:
            if row_seconds:
                time.sleep(4000 * row_seconds)
            yield (lead + ",".join(held)).encode()
            held.clear()
            lead = ","
    rest = ",".join(held)
    if lead == "," and not rest:
        lead = ""
    yield (lead + rest + "]}").encode()


def _row(
    element: str, period: str, unit: str, option: str, value: str | None, saved: str, comment: str
) -> str:
    tail = f',"comment":{json.dumps(comment)}' if comment else ""
    gone = "true" if value is None else "false"
    return (
        f'{{"dataElement":"{element}","period":"{period}","orgUnit":"{unit}","categoryOptionCombo":"{option}",'
        f'"attributeOptionCombo":"{DEFAULT}","value":{json.dumps(value or "")},"storedBy":"awa.traore",'
        f'"created":"{FIRST_SAVED.isoformat()}.000+0000","lastUpdated":"{saved}"{tail},"followup":false,"deleted":{gone}}}'
    )


def _all(country: Country, units: list[str], periods: list[str], deleted: bool) -> Iterator[str]:
    stamp = FIRST_SAVED.isoformat() + ".000+0000"
    end = f'"storedBy":"awa.traore","created":"{stamp}","lastUpdated":"{stamp}","followup":false,"deleted":false}}'
    elements = [
        (e["id"], n) for e, n in zip(country.data_elements, range(len(country.data_elements)), strict=True)
    ]
    for period in periods:
        p = country.months.index(period) if period in country.months else None
        for unit in units:
            if (unit, period) in country.touched or p is None or len(country.options) > 1:
                for element, option, value, saved, comment in country.values(unit, period):
                    if value is not None or deleted:
                        yield _row(
                            element, period, unit, option, value, saved.isoformat() + ".000+0000", comment
                        )
                continue
            f = country.facility_order.get(unit)
            if f is None:
                continue
            middle = f'","period":"{period}","orgUnit":"{unit}","categoryOptionCombo":"{DEFAULT}","attributeOptionCombo":"{DEFAULT}","value":"'
            start = f * 7919 + p * 1299709
            for element, e in elements:
                number = start + e * 104729
                if number % 9 != 4:
                    yield f'{{"dataElement":"{element}{middle}{number % 97}",{end}'


def _changed(
    country: Country, units: list[str], periods: list[str] | None, since: datetime, deleted: bool
) -> Iterator[str]:
    if since <= FIRST_SAVED:
        yield from _all(country, units, periods or list(country.months), deleted)
        return
    wanted = set(units)
    for (element, period, unit, option), change in list(country.changed.items()):
        if unit in wanted and (not periods or period in periods) and change.saved >= since:
            if change.value is not None or deleted:
                yield _row(
                    element,
                    period,
                    unit,
                    option,
                    change.value,
                    change.saved.isoformat() + ".000+0000",
                    change.comment,
                )


def registrations(me: Dhis2, asked: dict[str, list[str]]) -> dict[str, Any]:
    """Return completeness registrations."""
    if not asked.get("dataSet") or not asked.get("orgUnit"):
        raise Refused(
            409,
            "E2013" if asked.get("dataSet") else "E2014",
            "At least one data set and organisation unit must be specified",
        )
    country, rows = me.country, []
    units = _units_asked(me, asked, asked["orgUnit"], asked.get("children") == ["true"])
    first, last = asked["startDate"][0], asked["endDate"][0]
    for unit in units:
        if unit not in country.facility_order:
            continue
        for month in country.months:
            start = datetime.strptime(month + "01", "%Y%m%d")  # noqa: DTZ007
            came, on_time = country.reported(unit, month)
            if came and first <= start.date().isoformat() <= last:
                end = (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)
                late = 5 if on_time else 40
                rows.append(
                    {
                        "dataSet": country.data_set, "period": month, "organisationUnit": unit,
                        "attributeOptionCombo": DEFAULT, "date": (end + timedelta(days=late)).date().isoformat(),
                        "storedBy": "awa.traore", "completed": True,
                    }
                )  # fmt: skip
    return {"completeDataSetRegistrations": rows} if rows else {}


def analytics(me: Dhis2, asked: dict[str, list[str]]) -> dict[str, Any]:
    """Return analytics rows for reporting counts and for operands of elements, by unit and period."""
    if me.analytics_down:
        raise Refused(409, me.analytics_down, "Query failed because a referenced table does not exist")
    dims = dict(text.split(":", 1) for text in asked.get("dimension", []))
    if not {"dx", "pe", "ou"} <= set(dims):
        raise Refused(409, "E7120" if dims else "E7124", "Dimension is missing")
    items, periods = dims["dx"].split(";"), dims["pe"].split(";")
    units = _analytics_units(me, dims["ou"].split(";"))
    rows: list[list[str]] = []
    for item in items:
        for period in periods:
            for unit in units:
                if (number := _analytic(me.country, item, period, unit)) is not None:
                    rows.append([item, period, unit, f"{number:.1f}"])
        if len(rows) > me.analytics_limit:
            raise Refused(409, "E7128", f"Query result set exceeds maximum limit: {me.analytics_limit}")
    headers = [
        {
            "name": n,
            "column": n,
            "valueType": t,
            "type": "java.lang.String",
            "hidden": False,
            "meta": n != "value",
        }
        for n, t in (("dx", "TEXT"), ("pe", "TEXT"), ("ou", "TEXT"), ("value", "NUMBER"))
    ]
    return {
        "headers": headers,
        "metaData": {"items": {}, "dimensions": {}},
        "rows": rows,
        "width": 4,
        "height": len(rows),
    }


def _analytics_units(me: Dhis2, named: list[str]) -> list[str]:
    scope = {u["id"] for root in (me.view or me.capture) for u in me.country.below(root)}
    level = next((int(n.removeprefix("LEVEL-")) for n in named if n.startswith("LEVEL-")), 0)
    found: list[str] = []
    for name in named:
        if name.startswith("LEVEL-"):
            continue
        if name not in scope:
            raise Refused(409, "E7120", f"User is not allowed to view org unit: `{name}`")
        found += [u["id"] for u in me.country.below(name) if u["level"] == level] if level else [name]
    return list(dict.fromkeys(found))


def _analytic(country: Country, item: str, period: str, unit: str) -> float | None:
    first, _, rest = item.partition(".")
    if unit not in country.facility_order or period not in country.months:
        return None
    if first == country.data_set:
        came, on_time = country.reported(unit, period)
        return {"EXPECTED_REPORTS": 1, "ACTUAL_REPORTS": came, "ACTUAL_REPORTS_ON_TIME": on_time}.get(
            rest
        ) or None
    option = rest or country.options[0]
    for element, own, value, _, _ in country.values(unit, period):
        if element == first and own == option and value not in (None, ""):
            return float(value)  # type: ignore[arg-type]
    return None


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; what the server itself does wrong is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


@contextmanager
def running(dhis2: Dhis2) -> Iterator[Dhis2]:
    """Run a server on this machine for as long as the context lasts."""
    handler = type("OneHandler", (Handler,), {"dhis2": dhis2})
    server = _Server(("127.0.0.1", 0), handler)
    dhis2.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield dhis2
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def bomb(size: int) -> bytes:
    """Return a gzip of so many bytes that are all the same: about a thousandth of its length."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = [packer.compress(b'{"dataValues":["')]
    block = b"0" * 1024 * 1024
    out += [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*out, packer.flush()])


def trickle(seconds: float, pause: float) -> Callable[[Any], None]:
    """Return an answer that sends a byte now and then, for longer than anybody should wait."""

    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        ended = time.monotonic() + seconds
        while time.monotonic() < ended:
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def body_of(
    body: bytes, kind: str = "application/json", *, encoding: str = "", status: int = 200
) -> Callable[[Any], None]:
    """Return an answer with exactly this body."""

    def answer(handler: Any) -> None:
        handler.send(status, body, kind, {"Content-Encoding": encoding} if encoding else None)

    return answer


__all__ = ["HTML", "LOGIN", "TOKEN", "Dhis2", "Refused", "body_of", "bomb", "gzip", "running", "trickle"]
