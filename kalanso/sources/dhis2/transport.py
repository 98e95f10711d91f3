"""How is one question put to a DHIS2 server, and its answer taken in safely?

Only GET, at most two at once, never following a redirect, TLS always verified. What may pass is tried
again with growing pauses; a conflict (409) is an answer and is not. An answer is bounded in time, in
bytes and in bytes once decompressed, and is looked at as JSON only where it says to be JSON. Which
questions to ask is the work of the other modules.
"""

from __future__ import annotations

import hashlib
import http.cookiejar
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, TypeVar

import httpx
import tenacity

from kalanso.sources.deadlines import Admit, Deadline, bounded_transport
from kalanso.sources.dhis2.addresses import base_address
from kalanso.sources.dhis2.credentials import Credentials
from kalanso.sources.dhis2.faults import DhisFault, explain, is_html, is_json
from kalanso.sources.dhis2.inflating import Inflater, NotWhole, TooLarge
from kalanso.sources.dhis2.journal import Asked, Journal
from kalanso.sources.fetching import AGENT
from kalanso.sources.hosts import InnerHost
from kalanso.sources.retrying import PASSING, asked_wait

T = TypeVar("T")
Params = Sequence[tuple[str, str]]
HEAD = 16_384  # bytes of a refusal that are read
MIB = 1024**2
HELD = 16 * MIB  # bytes of a long answer that are held in memory


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a server may take: seconds, bytes, attempts.

    `read` bounds the silence between two bytes, `total` the whole answer; `small` and `large` the
    decompressed length of metadata and of values. `url` stays below the 8 KB of common proxies.
    """

    connect: float = 30.0
    read: float = 180.0
    total: float = 900.0
    small: int = 128 * MIB
    large: int = 96 * MIB
    url: int = 7_000
    attempts: int = 6
    attempts_too_much: int = 2
    first_wait: float = 1.0
    longest_wait: float = 300.0
    concurrent: int = 2


class PullStopped(RuntimeError):
    """Somebody asked to stop."""


class BadAnswer(ValueError):
    """The content of an answer is not what was asked for; `case` names the fault."""

    def __init__(self, case: str, found: object = "") -> None:
        self.case, self.found = case, str(found)
        super().__init__(case)


class _Passing(Exception):
    """A fault that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, fault: DhisFault, wait: float | None = None) -> None:
        self.fault, self.wait = fault, wait
        super().__init__(fault.case)


@dataclass
class _Received:
    status: int = 0
    at: str = ""
    bytes: int = 0
    size: int = 0
    sha256: str = ""


@dataclass(kw_only=True)
class Transport:
    """A DHIS2 server with our credentials.

    `sleep`, `clock` and `rng` are arguments so that tests need no time; `client` replaces the network
    and is closed by whoever made it. `admit` looks at the addresses to which a host leads before one is
    asked. Use it as a context.
    """

    address: str
    credentials: Credentials = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    journal: Journal = field(default_factory=Journal, repr=False)
    cancel: Callable[[], bool] = field(default=lambda: False, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    rng: random.Random = field(default_factory=random.Random, repr=False)
    client: httpx.Client | None = field(default=None, repr=False)
    admit: Admit | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.address = base_address(self.address)
        self._deadline = Deadline(self.clock)
        self._turn = threading.BoundedSemaphore(self.limits.concurrent)
        self._own = self.client is None
        self._client = self.client or self._new_client()
        self.server_time: datetime | None = None

    def _new_client(self) -> httpx.Client:
        # What a user may see is kept per session (BUGS.md 26 of dhis2w-utils), so no session is kept.
        no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        return httpx.Client(
            transport=bounded_transport(self._deadline, connections=self.limits.concurrent, admit=self.admit),
            timeout=httpx.Timeout(self.limits.connect, read=self.limits.read),
            follow_redirects=False,
            cookies=no_cookies,
            trust_env=False,
        )

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            self._client.close()

    def get_json(self, path: str, params: Params = ()) -> Any:
        """Return the answer to a small question as plain values, or raise DhisFault."""
        held = bytearray()

        def begin() -> Callable[[bytes], Any]:
            held.clear()
            return held.extend

        return self._ask(path, params, begin, lambda: _loaded(bytes(held)), limit=self.limits.small)

    def download(self, path: str, params: Params, read: Callable[[BinaryIO], T]) -> T:
        """Bring a large answer and return what `read` makes of it.

        `read` may raise BadAnswer, upon which the question is asked again. An answer is held in memory, or
        on disk where it is longer than most.
        """
        with SpooledTemporaryFile(max_size=HELD) as held:

            def begin() -> Callable[[bytes], Any]:
                held.seek(0)
                held.truncate()
                return held.write

            def finish() -> T:
                held.seek(0)
                return read(held)  # type: ignore[arg-type]

            return self._ask(path, params, begin, finish, limit=self.limits.large)

    def _ask(
        self, path: str, params: Params, begin: Callable[[], Callable[[bytes], Any]],
        finish: Callable[[], T], *, limit: int,
    ) -> T:  # fmt: skip
        told = tuple((name, value) for name, value in params)
        attempts = 0
        got = _Received()

        def once() -> T:
            nonlocal attempts, got
            attempts += 1
            got = _Received()
            self._stop_if_asked()
            with self._turn:
                self._receive(path, told, begin(), got, limit)
            try:
                return finish()
            except BadAnswer as error:
                raise _Passing(DhisFault(error.case, url=path, found=error.found[:80])) from error

        def note(outcome: str) -> None:
            self.journal.write(
                Asked(
                    path=path, params=told, outcome=outcome, at=got.at, status=got.status, bytes=got.bytes,
                    size=got.size, sha256=got.sha256, attempts=attempts,
                )
            )  # fmt: skip

        try:
            result = self._retrying()(once)
        except _Passing as passing:
            note(passing.fault.case)
            raise passing.fault from passing.__cause__
        except DhisFault as fault:
            note(fault.case)
            raise
        note("answered")
        return result

    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing), stop=self._enough, wait=self._wait,
            sleep=self._pause, reraise=True,
        )  # fmt: skip

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        # What was too much for the server once is asked once more, then in smaller pieces.
        too_much = isinstance(error, _Passing) and error.fault.too_much
        if isinstance(error, _Passing) and (error.wait or 0) > self.limits.longest_wait:
            return True
        most = self.limits.attempts_too_much if too_much else self.limits.attempts
        return state.attempt_number >= most

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, _Passing) else None
        grown = self.limits.first_wait * 2.0 ** (state.attempt_number - 1)
        spread = min(self.limits.longest_wait, grown) * (0.5 + 0.5 * self.rng.random())
        # A server that says when to come back is believed; several clients then come a little apart.
        return max(asked, min(spread, asked + 1.0)) if asked is not None else spread

    def _pause(self, seconds: float) -> None:
        left = seconds
        while left > 0:
            self._stop_if_asked()
            self.sleep(min(left, 1.0))
            left -= 1.0

    def _stop_if_asked(self) -> None:
        if self.cancel():
            raise PullStopped

    def _receive(
        self, path: str, params: Params, write: Callable[[bytes], Any], got: _Received, limit: int
    ) -> None:
        request = self._client.build_request(
            "GET", f"{self.address}/api/{path}", params=list(params),
            headers={
                "Authorization": self.credentials.header(), "Accept": "application/json",
                "Accept-Encoding": "gzip", "User-Agent": AGENT,
            },
        )  # fmt: skip
        if len(str(request.url)) > self.limits.url:
            raise DhisFault("uri_too_long", url=path, code=414)
        try:
            with self._deadline.within(self.limits.total):
                answer = self._client.send(request, stream=True, follow_redirects=False)
                try:
                    self._take(answer, path, write, got, limit)
                finally:
                    answer.close()
        except InnerHost as error:
            raise DhisFault("inner_host", host=error.host) from error
        except httpx.TransportError as error:
            raise self._network_fault(error, path) from error

    def _take(
        self, answer: httpx.Response, path: str, write: Callable[[bytes], Any], got: _Received, limit: int
    ) -> None:
        got.status, got.at = answer.status_code, self._server_clock(answer)
        content_type = answer.headers.get("content-type", "")
        if answer.status_code != 200:
            raise self._refusal(answer, path, self._head(answer), content_type)
        pieces = self._pieces(answer, path, got, limit)
        first = next(pieces, b"")
        if not is_json(content_type) or is_html(content_type, first):
            raise self._refusal(answer, path, first[:HEAD], content_type)
        digest = hashlib.sha256(first)
        write(first)
        for piece in pieces:
            digest.update(piece)
            write(piece)
            self._stop_if_asked()
        got.sha256 = digest.hexdigest()

    def _pieces(self, answer: httpx.Response, path: str, got: _Received, limit: int) -> Iterator[bytes]:
        """Give the decompressed pieces of an answer, counted as they come."""
        try:
            inflater = Inflater(answer.headers.get("content-encoding", ""), limit)
        except NotWhole as error:
            raise DhisFault("odd_encoding", url=path, found=str(error)) from error
        ended = self.clock() + self.limits.total
        try:
            for raw in answer.iter_raw():
                got.bytes += len(raw)
                for piece in inflater.feed(raw):
                    got.size += len(piece)
                    yield piece
                if self.clock() > ended:
                    raise DhisFault("slow", url=path, seconds=round(self.limits.total))
            inflater.finish()
        except TooLarge as error:
            raise DhisFault("too_large", url=path, limit=limit // MIB) from error
        except NotWhole as error:
            raise _Passing(DhisFault("cut", url=path, found=str(error))) from error

    def _head(self, answer: httpx.Response) -> bytes:
        """Return the beginning of a refusal; what cannot be read of it is not missed."""
        held = b""
        try:
            for piece in self._pieces(answer, "", _Received(), HEAD):
                held += piece
        except (DhisFault, _Passing, httpx.TransportError):
            pass
        return held[:HEAD]

    def _refusal(
        self, answer: httpx.Response, path: str, body: bytes, content_type: str
    ) -> DhisFault | _Passing:
        fault = explain(
            status=answer.status_code, content_type=content_type, body=self.credentials.scrubbed(body),
            url=path, location=self._scrubbed_location(answer), token=bool(self.credentials.token),
        )  # fmt: skip
        if answer.status_code in PASSING:
            return _Passing(fault, asked_wait(answer.headers.get("retry-after"), self.server_time))
        return fault

    def _scrubbed_location(self, answer: httpx.Response) -> str:
        raw = answer.headers.get("location", "").encode()
        return self.credentials.scrubbed(raw).decode("utf-8", "replace").partition("?")[0]

    def _network_fault(self, error: httpx.TransportError, path: str) -> DhisFault | _Passing:
        kind = type(error).__name__
        if _is_tls(error):
            return DhisFault("tls", url=self.address, found=str(error)[:120])
        if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
            return _Passing(DhisFault("unreachable", url=self.address, found=kind))
        if isinstance(error, httpx.TimeoutException):
            return _Passing(DhisFault("slow", url=path, seconds=round(self.limits.read)))
        return _Passing(DhisFault("cut", url=path, found=kind))

    def _server_clock(self, answer: httpx.Response) -> str:
        try:
            stamp = parsedate_to_datetime(answer.headers.get("date", ""))
        except (ValueError, TypeError):
            return ""
        self.server_time = stamp.astimezone(UTC)
        return self.server_time.isoformat()


def _loaded(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadAnswer("not_utf8", f"byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise BadAnswer("bad_json", error) from error


def _is_tls(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "CERTIFICATE" in str(seen).upper():
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def fields(**named: str | int | bool) -> list[tuple[str, str]]:
    """Return parameters as DHIS2 wants them written (`true`, `false`)."""
    return [(n, str(v).lower() if isinstance(v, bool) else str(v)) for n, v in named.items()]


def mapping(answer: Any, path: str) -> Mapping[str, Any]:
    """Return an answer that must be an object, or raise DhisFault."""
    if not isinstance(answer, Mapping):
        raise DhisFault("other_shape", url=path, found=type(answer).__name__)
    return answer
