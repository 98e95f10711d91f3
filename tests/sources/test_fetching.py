"""Do published files arrive whole, whatever the connection and the server do?"""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from kalanso.sources.fetching import NotFetched, default_client, fetch, origin_of, origin_path
from kalanso.sources.publications import NoPointer, Publication, catalogue, follow, iso3

NOW = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
CONTENT = bytes(range(256)) * 4000  # a megabyte that no text tool would survive


@dataclass
class Publisher:
    """A publisher on this machine, with faults to be played one after the other."""

    content: bytes = CONTENT
    etag: str | None = '"v1"'
    ranges: bool = True
    faults: list[Any] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    url: str = ""

    def entry(self, **changed: Any) -> Publication:
        told: dict[str, Any] = {
            "name": "outlines", "publisher": "Nobody", "title": {"fr": "Contours", "en": "Outlines"},
            "file": "outlines.bin", "licence": "CC BY 4.0", "citation": "Nobody (2025)", "reader": "boundaries",
            "url": f"{self.url}/file",
        }  # fmt: skip
        return Publication(**{**told, **changed})


class Handler(http.server.BaseHTTPRequestHandler):
    publisher: Publisher

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        me = self.publisher
        if self.path in me.answers:
            self.answer(200, json.dumps(me.answers[self.path]).encode())
            return
        me.asked.append({name.lower(): value for name, value in self.headers.items()})
        fault = me.faults.pop(0) if me.faults else None
        if isinstance(fault, tuple):
            code, headers, body = fault
            self.answer(code, body, headers)
            return
        self.serve(cut=fault if isinstance(fault, int) else None)

    def serve(self, cut: int | None) -> None:
        me = self.publisher
        if me.etag and self.headers.get("If-None-Match") == me.etag:
            self.answer(304, b"")
            return
        start = 0
        wanted = self.headers.get("Range")
        if wanted and me.ranges and self.headers.get("If-Range") == me.etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        body = me.content[start:]
        headers = {"ETag": me.etag} if me.etag else {}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(me.content) - 1}/{len(me.content)}"
        self.answer(206 if start else 200, body, headers, cut=cut)

    def answer(
        self, code: int, body: bytes, headers: dict[str, str] | None = None, cut: int | None = None
    ) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if code != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    handler = type("OneHandler", (Handler,), {"publisher": made})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with default_client() as made:
        yield made


def bring(publisher: Publisher, client: httpx.Client, folder: Path, **options: Any) -> Any:
    entry = options.pop("entry", None) or publisher.entry()
    return fetch(entry, folder, client=client, now=NOW, sleep=options.pop("sleep", lambda _: None), **options)


def test_bytes_arrive_untouched_with_their_origin(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    found = bring(publisher, client, tmp_path)

    assert found.path.read_bytes() == CONTENT
    assert found.sha256 == hashlib.sha256(CONTENT).hexdigest()
    origin = origin_of(found.path, found.sha256)
    assert (origin["licence"], origin["citation"]) == ("CC BY 4.0", "Nobody (2025)")
    assert origin["retrieved_at"] == NOW.isoformat()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outlines.bin", "outlines.bin.origin.json"]


def test_a_cut_connection_goes_on_where_it_stopped(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.faults = [300_000, 200_000]

    found = bring(publisher, client, tmp_path)

    assert found.path.read_bytes() == CONTENT
    assert found.resumed
    assert [asked.get("range") for asked in publisher.asked] == [None, "bytes=300000-", "bytes=500000-"]
    assert publisher.asked[1]["if-range"] == '"v1"'


def test_a_later_run_goes_on_where_the_last_one_gave_up(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.faults = [100_000, 100_000]
    with pytest.raises(NotFetched) as refused:
        bring(publisher, client, tmp_path, attempts=2)
    assert refused.value.message.id == "sources.fetch.gave_up"

    found = bring(publisher, client, tmp_path)

    assert found.path.read_bytes() == CONTENT
    assert publisher.asked[2]["range"] == "bytes=200000-"


def test_a_file_that_changed_meanwhile_begins_again(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.faults = [100_000]
    with pytest.raises(NotFetched):
        bring(publisher, client, tmp_path, attempts=1)
    publisher.content, publisher.etag = b"new" * 1000, '"v2"'

    assert bring(publisher, client, tmp_path).path.read_bytes() == b"new" * 1000


def test_a_server_that_ignores_ranges_is_asked_for_all(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.ranges = False
    publisher.faults = [100_000]

    assert bring(publisher, client, tmp_path).path.read_bytes() == CONTENT


def test_without_a_validator_halves_are_never_joined(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.etag = None
    publisher.faults = [100_000]

    assert bring(publisher, client, tmp_path).path.read_bytes() == CONTENT
    assert "range" not in publisher.asked[1]


def test_a_busy_server_is_asked_again_when_it_says(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    waited: list[float] = []
    later = "Wed, 15 Jan 2025 12:00:30 GMT"
    publisher.faults = [(503, {"Retry-After": "7"}, b""), (429, {"Retry-After": later}, b""), (502, {}, b"")]

    bring(publisher, client, tmp_path, sleep=waited.append)

    assert waited == [7.0, 30.0, 4.0]


def test_a_file_that_is_gone_is_not_asked_for_again(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.faults = [(404, {}, b"gone")]

    with pytest.raises(NotFetched) as refused:
        bring(publisher, client, tmp_path)

    assert "404" in refused.value.render("fr")
    assert len(publisher.asked) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><html>login</html>", "web_page"),
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "lfs_pointer"),
    ],
)
def test_a_page_that_is_no_data_is_refused_and_not_kept(
    publisher: Publisher, client: httpx.Client, tmp_path: Path, body: bytes, reason: str
) -> None:
    publisher.content = body

    with pytest.raises(NotFetched) as refused:
        bring(publisher, client, tmp_path)

    assert refused.value.message.id == f"sources.fetch.{reason}"
    assert list(tmp_path.iterdir()) == []


def test_another_checksum_than_stated_is_refused(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    with pytest.raises(NotFetched) as refused:
        bring(publisher, client, tmp_path, entry=publisher.entry(sha256="0" * 64))

    assert refused.value.message.id == "sources.fetch.checksum"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_here_and_intact_is_not_fetched_again(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    bring(publisher, client, tmp_path)

    assert bring(publisher, client, tmp_path).outcome == "kept"
    assert len(publisher.asked) == 1


def test_an_altered_file_is_fetched_again(publisher: Publisher, client: httpx.Client, tmp_path: Path) -> None:
    found = bring(publisher, client, tmp_path)
    found.path.write_bytes(b"altered")

    assert bring(publisher, client, tmp_path).outcome == "fetched"
    assert found.path.read_bytes() == CONTENT


def test_a_refresh_keeps_the_older_bytes_beside_the_new(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    first = bring(publisher, client, tmp_path)
    assert bring(publisher, client, tmp_path, refresh=True).outcome == "unchanged"
    publisher.content, publisher.etag = b"newer", '"v2"'

    second = bring(publisher, client, tmp_path, refresh=True)

    assert second.outcome == "replaced"
    assert (tmp_path / f"{first.sha256[:8]}_outlines.bin").read_bytes() == CONTENT
    assert second.path.read_bytes() == b"newer"


def test_the_address_is_found_through_the_catalogue_of_the_publisher(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.answers["/api"] = {
        "boundaryLicense": "ODbL", "boundaryYearRepresented": 2021, "files": [
            {"name": "outlines.shp", "url": "http://127.0.0.1:1/no"}, {"name": "outlines.geojson", "url": f"{publisher.url}/file"},
        ],
    }  # fmt: skip
    entry = publisher.entry(
        url=f"{publisher.url}/api", pointer=("files", {"name": "geojson$"}, "url"),
        says={"licence": "boundaryLicense", "vintage": "boundaryYearRepresented"},
    )  # fmt: skip

    found = bring(publisher, client, tmp_path, entry=entry)

    origin = json.loads(origin_path(found.path).read_text(encoding="utf-8"))
    assert (origin["licence"], origin["vintage"]) == ("ODbL", "2021")
    assert origin["url"] == f"{publisher.url}/file"


def test_a_catalogue_that_leads_nowhere_is_said(
    publisher: Publisher, client: httpx.Client, tmp_path: Path
) -> None:
    publisher.answers["/api"] = {"other": 1}

    with pytest.raises(NotFetched) as refused:
        bring(
            publisher, client, tmp_path, entry=publisher.entry(url=f"{publisher.url}/api", pointer=("files",))
        )

    assert refused.value.message.id == "sources.fetch.no_address"


def test_a_server_that_is_not_there_is_given_up_in_words(client: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(NotFetched) as refused:
        fetch(
            Publisher(url="http://127.0.0.1:9").entry(),
            tmp_path,
            client=client,
            now=NOW,
            sleep=lambda _: None,
            attempts=2,
        )

    assert "relancez" in refused.value.render("fr")


def test_a_stop_keeps_what_arrived(publisher: Publisher, client: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(NotFetched) as refused:
        bring(publisher, client, tmp_path, cancel=lambda: True)

    assert refused.value.message.id == "sources.fetch.cancelled"
    assert (tmp_path / "outlines.bin.part").stat().st_size > 0


def test_a_file_to_be_downloaded_by_hand_says_where(client: httpx.Client, tmp_path: Path) -> None:
    entry = next(e for e in catalogue("ML") if e.manual)

    with pytest.raises(NotFetched) as refused:
        fetch(entry, tmp_path, client=client, now=NOW)

    assert entry.page in refused.value.render("fr")


def test_every_entry_says_licence_citation_and_where_it_comes_from() -> None:
    for entry in catalogue("ML"):
        assert entry.licence
        assert entry.citation
        assert (entry.url or entry.page).startswith("https://")
        assert "{" not in entry.url + entry.file + entry.citation
        assert set(entry.title) == {"fr", "en"}


def test_entries_of_one_country_are_not_offered_to_another() -> None:
    assert "open-admin-data" in [e.name for e in catalogue("ML")]
    assert "open-admin-data" not in [e.name for e in catalogue("KE")]
    assert iso3("KE") == "KEN"
    with pytest.raises(ValueError, match="two letters"):
        iso3("Kenya")


def test_a_pointer_that_finds_no_fitting_entry_is_an_error() -> None:
    with pytest.raises(NoPointer):
        follow({"files": [{"name": "a.shp"}]}, ("files", {"name": "geojson"}, "url"))
