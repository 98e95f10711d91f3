"""How do the bytes of a published file arrive whole, and how is their origin remembered?

Resumes where a connection broke, waits where the server asks for it, refuses pages that are no
data, and keeps the bytes untouched with their checksum. Types are given later, by the readers.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import tenacity

from kalanso import __version__
from kalanso.sources.deadlines import Deadline, hold
from kalanso.sources.publications import NoPointer, Publication, follow
from kalanso.sources.retrying import PASSING, TryAgain, asked_wait, pause
from kalanso.vocabulary import Refusal

ATTEMPTS = 6
LARGEST = 4 * 1024**3
TIMEOUT = httpx.Timeout(30.0, read=90.0)
AGENT = f"kalanso/{__version__} (immunization data)"


class NotFetched(Refusal, RuntimeError):
    """A file that did not arrive, with the reason and what to try."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One file that is here: where, with which checksum, and whether it came now or was here before."""

    publication: Publication
    path: Path
    sha256: str
    bytes: int
    outcome: str
    resumed: bool = False


@contextmanager
def default_client() -> Iterator[httpx.Client]:
    """Lend a client that follows redirects and asks for bytes as they are."""
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers=headers) as client:
        hold(client, Deadline(time.monotonic))  # a resolver that never answers
        yield client


def fetch(
    publication: Publication,
    folder: Path,
    *,
    client: httpx.Client,
    now: datetime,
    refresh: bool = False,
    progress: Callable[[float], None] = lambda _: None,
    cancel: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
    attempts: int = ATTEMPTS,
) -> Fetched:
    """Bring one published file into a folder, unless it is there and intact.

    The file stands under its name, with `<name>.origin.json` beside it (address, time, checksum,
    licence, citation). A broken transfer leaves `<name>.part`, from which the next one goes on if
    the server confirms that the file is still the same. With `refresh` the publisher is asked
    whether there is a newer one; the older bytes are kept under a name with their checksum.
    Outcomes: `fetched`, `kept`, `unchanged`, `replaced`. Raises NotFetched.
    """
    if publication.manual or not publication.url:
        raise NotFetched(
            "sources.fetch.manual", name=publication.name, page=publication.page, file=publication.file
        )
    transfer = _Transfer(publication, Path(folder), client, now, progress, cancel)
    here = transfer.intact()
    if here and not refresh:
        return transfer.done(here["sha256"], "kept")
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TryAgain),
        stop=tenacity.stop_after_attempt(attempts),
        wait=pause,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(transfer.run, here)
    except TryAgain as error:
        raise NotFetched(
            "sources.fetch.gave_up",
            name=publication.name,
            url=transfer.address,
            found=error.reason,
            n=attempts,
        ) from error


class _Transfer:
    def __init__(
        self, publication: Publication, folder: Path, client: httpx.Client, now: datetime,
        progress: Callable[[float], None], cancel: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.publication, self.client, self.now = publication, client, now
        self.progress, self.cancel = progress, cancel
        self.target = folder / publication.file
        self.part = folder / f"{publication.file}.part"
        self.part_facts = folder / f"{publication.file}.part.json"
        self.origin = origin_path(self.target)
        self.address = publication.url
        self.said: dict[str, str] = {}
        self.resumed = False
        folder.mkdir(parents=True, exist_ok=True)

    def intact(self) -> dict[str, Any] | None:
        """Return the recorded origin where the file is here and unaltered."""
        recorded = _json(self.origin)
        if not recorded or not self.target.is_file() or sha256_of(self.target) != recorded.get("sha256"):
            return None
        return recorded

    def run(self, here: Mapping[str, Any] | None) -> Fetched:
        """Try once: find the address, transfer what is missing, check, and put in place."""
        self._find_address()
        headers = self._headers(here)
        try:
            with self.client.stream("GET", self.address, headers=headers) as answer:
                if answer.status_code == 304 and here:
                    return self.done(str(here["sha256"]), "unchanged")
                self._refuse(answer)
                start = self._start(answer)
                self._receive(answer, start)
                facts = {
                    name: answer.headers[name] for name in ("etag", "last-modified") if name in answer.headers
                }
        except httpx.TransportError as error:
            raise TryAgain(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        return self._put_in_place(facts, here)

    def _find_address(self) -> None:
        if not self.publication.pointer:
            return
        try:
            answer = self.client.get(self.publication.url)
            self._refuse(answer)
            content = answer.json()
            self.address = str(follow(content, self.publication.pointer))
        except httpx.TransportError as error:
            raise TryAgain(f"{type(error).__name__}: {error}") from error
        except (ValueError, NoPointer) as error:
            raise NotFetched(
                "sources.fetch.no_address",
                name=self.publication.name,
                url=self.publication.url,
                found=str(error)[:120],
            ) from error
        if not self.address.startswith(("https://", "http://")):
            raise NotFetched(
                "sources.fetch.no_address",
                name=self.publication.name,
                url=self.publication.url,
                found=self.address[:120],
            )
        if isinstance(content, Mapping):
            self.said = {
                name: str(content[field])
                for name, field in self.publication.says.items()
                if content.get(field)
            }

    def _headers(self, here: Mapping[str, Any] | None) -> dict[str, str]:
        facts = _json(self.part_facts)
        validator = facts.get("etag") or facts.get("last-modified") or ""
        size = self.part.stat().st_size if self.part.is_file() else 0
        # Without a strong validator nobody can say that both halves are of one file.
        if size and facts.get("url") == self.address and validator and not validator.startswith("W/"):
            return {"Range": f"bytes={size}-", "If-Range": validator}
        self.part.unlink(missing_ok=True)
        if here and here.get("etag"):
            return {"If-None-Match": str(here["etag"])}
        return {"If-Modified-Since": str(here["last-modified"])} if here and here.get("last-modified") else {}

    def _refuse(self, answer: httpx.Response) -> None:
        code = answer.status_code
        if code in PASSING:
            raise TryAgain(f"HTTP {code}", asked_wait(answer.headers.get("retry-after"), self.now))
        if code == 416:
            self.part.unlink(missing_ok=True)
            raise TryAgain("HTTP 416", 0.0)
        if code not in {200, 206}:
            raise NotFetched(
                "sources.fetch.refused", name=self.publication.name, url=str(answer.url), code=code,
                page=self.publication.page or self.publication.url,
            )  # fmt: skip

    def _start(self, answer: httpx.Response) -> int:
        """Return from which byte on the answer goes; a server that ignores Range begins again."""
        if answer.status_code != 206:
            return 0
        stated = answer.headers.get("content-range", "")
        size = self.part.stat().st_size if self.part.is_file() else 0
        if not stated.startswith(f"bytes {size}-"):
            self.part.unlink(missing_ok=True)
            raise TryAgain(f"Content-Range {stated!r}", 0.0)
        self.resumed = True
        return size

    def _receive(self, answer: httpx.Response, start: int) -> None:
        facts = {"url": self.address}
        facts |= {name: answer.headers[name] for name in ("etag", "last-modified") if name in answer.headers}
        self.part_facts.write_text(json.dumps(facts), encoding="utf-8")
        length = int(answer.headers.get("content-length") or 0)
        total = start + length if length else None
        written = start
        with self.part.open("ab" if start else "wb") as stream:
            for piece in answer.iter_raw():
                stream.write(piece)
                written += len(piece)
                if written > LARGEST:
                    raise NotFetched(
                        "sources.fetch.too_large", name=self.publication.name, limit=LARGEST >> 20
                    )
                if total:
                    self.progress(min(written / total, 1.0))
                if self.cancel():
                    raise NotFetched("sources.fetch.cancelled", name=self.publication.name)
            stream.flush()
            os.fsync(stream.fileno())
        if total is not None and written < total:
            raise TryAgain(f"{written} / {total}")

    def _put_in_place(self, facts: Mapping[str, str], here: Mapping[str, Any] | None) -> Fetched:
        self._refuse_what_is_no_data()
        sha256 = sha256_of(self.part)
        stated = self.publication.sha256
        if stated and stated != sha256:
            self._forget_part()
            raise NotFetched(
                "sources.fetch.checksum", name=self.publication.name, expected=stated, found=sha256
            )
        outcome = "fetched"
        if here:
            outcome = "unchanged" if here["sha256"] == sha256 else "replaced"
        if outcome == "replaced":
            kept = self.target.with_name(f"{here['sha256'][:8]}_{self.target.name}")  # type: ignore[index]
            self.target.replace(kept)
            self.origin.replace(origin_path(kept))
        self.part.replace(self.target)
        self.part_facts.unlink(missing_ok=True)
        self._record(sha256, facts)
        return self.done(sha256, outcome)

    def _refuse_what_is_no_data(self) -> None:
        with self.part.open("rb") as stream:
            head = stream.read(2048)
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
        what = ""
        if not head:
            what = "empty"
        elif start.startswith((b"<!doctype html", b"<html", b"<head")):
            what = "web_page"
        elif start.startswith(b"version https://git-lfs"):
            what = "lfs_pointer"
        if what:
            self._forget_part()
            raise NotFetched(f"sources.fetch.{what}", name=self.publication.name, url=self.address)

    def _forget_part(self) -> None:
        self.part.unlink(missing_ok=True)
        self.part_facts.unlink(missing_ok=True)

    def _record(self, sha256: str, facts: Mapping[str, str]) -> None:
        made = {
            "name": self.publication.name, "publisher": self.publication.publisher, "url": self.address,
            "retrieved_at": self.now.isoformat(), "sha256": sha256, "bytes": self.target.stat().st_size,
            "licence": self.publication.licence, "citation": self.publication.citation, **self.said, **facts,
        }  # fmt: skip
        draft = self.origin.with_suffix(".tmp")
        draft.write_text(json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self.origin)

    def done(self, sha256: str, outcome: str) -> Fetched:
        """Say what is here now."""
        self.progress(1.0)
        return Fetched(
            publication=self.publication, path=self.target, sha256=sha256, bytes=self.target.stat().st_size,
            outcome=outcome, resumed=self.resumed,
        )  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def origin_path(path: Path) -> Path:
    """Return where the origin of a fetched file is written."""
    return path.with_name(f"{path.name}.origin.json")


def origin_of(path: Path, sha256: str) -> dict[str, str]:
    """Return what was recorded when a file was fetched, or nothing where its bytes are others."""
    recorded = _json(origin_path(Path(path)))
    return recorded if recorded.get("sha256") == sha256 else {}


def sha256_of(path: Path) -> str:
    """Return the checksum of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
