"""How is a form server asked without being trusted?

Only the host that was named is spoken to, over TLS, and no redirection is followed. Bodies are bounded
in size and time, never decompressed, and must be JSON. What may pass is tried again, as the server
asks (Retry-After) or with growing pauses. Credentials stand in a header and nowhere else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import tenacity

from kalanso.sources.deadlines import Admit, Deadline, hold
from kalanso.sources.fetching import AGENT
from kalanso.sources.hosts import InnerHost, is_this_machine
from kalanso.sources.odk.faults import NotPulled
from kalanso.sources.retrying import PASSING, TryAgain, asked_wait, pause

ATTEMPTS = 6
LARGEST = 64 << 20  # bytes of one answer; a page of a thousand long forms is a tenth of it
MOST = 4 << 30  # bytes of all answers of one pull: they are held in memory until the last has come
PATIENCE = 300.0  # seconds for one answer, however slowly it drips
MOST_PAGES = 100_000
TIMEOUT = httpx.Timeout(30.0, read=90.0)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An account: e-mail and password, or a token. Never shown, not even by accident."""

    email: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@contextmanager
def opened(url: str, *, admit: Admit | None = None, **settings: Any) -> Iterator[Transport]:
    """Lend a transport to one server; certificates are verified.

    `admit` looks at the addresses to which a host leads before one is asked; no proxy then stands between.
    """
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    with httpx.Client(
        timeout=TIMEOUT, follow_redirects=False, headers=headers, trust_env=admit is None
    ) as client:
        yield Transport(url, client=client, admit=admit, **settings)


class Transport:
    """Asks one server; `authorization` is the header that a server's own module sets after signing in."""

    def __init__(
        self,
        url: str,
        *,
        client: httpx.Client,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        attempts: int = ATTEMPTS,
        largest: int = LARGEST,
        patience: float = PATIENCE,
        most: int = MOST,
        admit: Admit | None = None,
    ) -> None:
        parts = urlsplit(url.strip().rstrip("/"))
        if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
            raise NotPulled("sources.odk.no_address", found=parts.hostname or url[:60])
        if parts.scheme == "http" and not is_this_machine(parts.hostname):
            raise NotPulled("sources.odk.not_secure", host=parts.hostname)
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self.host = parts.hostname
        self._origin = (parts.scheme, parts.hostname, parts.port)
        self.client, self.sleep, self.clock = client, sleep, clock
        self.attempts, self.largest, self.patience = attempts, largest, patience
        self.most, self.taken = most, 0
        # Headers that trickle are never seen by whoever counts pieces of a body.
        self._deadline = Deadline(time.monotonic)
        hold(client, self._deadline, admit)
        self._secrets: set[str] = set()
        self.authorization = ""
        self.asked = 0

    def get(self, address: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Return the JSON at a path below the base, or at a full address of the same host.

        Raises NotPulled.
        """
        return self._again(lambda: self._once("GET", address, params=params))

    def pages(
        self, address: str, params: Mapping[str, str | int] | None, *, following: str
    ) -> Iterator[Mapping[str, Any]]:
        """Yield answer after answer, each leading to the next by the link that it holds under a name.

        A link carries page and filter itself. Raises NotPulled where one leads back, or an answer is no object.
        """
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            told = self.get(address, params)
            if not isinstance(told, Mapping):
                raise NotPulled("sources.odk.other_shape", host=self.host)
            yield told
            link = str(told.get(following) or "")
            if not link:
                return
            if link in seen:
                break
            seen.add(link)
            address, params = link, None
        raise NotPulled("sources.odk.going_round", host=self.host)

    def post(self, address: str, body: Mapping[str, str]) -> Any:
        """Send JSON once, without trying again, and return the answer."""
        self._secrets.add(body.get("password", ""))
        try:
            return self._once("POST", address, body=body)
        except TryAgain as error:
            raise self._gave_up(error, 1) from error

    def _again(self, ask: Callable[[], Any]) -> Any:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TryAgain), stop=tenacity.stop_after_attempt(self.attempts),
            wait=pause, sleep=self.sleep, reraise=True,
        )  # fmt: skip
        try:
            return retrying(ask)
        except TryAgain as error:
            raise self._gave_up(error, self.attempts) from error

    def _gave_up(self, error: TryAgain, attempts: int) -> NotPulled:
        return NotPulled("sources.odk.gave_up", host=self.host, found=error.reason, n=attempts)

    def _once(
        self, method: str, address: str, *, params: Mapping[str, str | int] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> Any:  # fmt: skip
        headers = {"Accept": "application/json"}
        if self.authorization:
            headers["Authorization"] = self.authorization
        url = self._inside(address)
        self.asked += 1
        begun = time.monotonic()
        try:
            with (
                self._deadline.within(self.patience),
                self.client.stream(
                    method, url, params=dict(params) if params else None, json=body, headers=headers
                ) as answer,
            ):
                return self._read(answer)
        except InnerHost as error:
            raise NotPulled("sources.odk.inner_host", host=self.host) from error
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise NotPulled("sources.odk.certificate", host=self.host) from error
            if isinstance(error, httpx.ReadTimeout) and time.monotonic() - begun >= self.patience:
                raise NotPulled("sources.odk.too_slow", host=self.host, limit=int(self.patience)) from None
            # The text of such an error may quote an address; its kind says enough.
            raise TryAgain(type(error).__name__) from None

    def _inside(self, address: str) -> str:
        """Return the full address, refusing any other host: a link in an answer must not lead elsewhere."""
        if not address.startswith(("http://", "https://")):
            return f"{self.base}/{address.lstrip('/')}"
        parts = urlsplit(address)
        if (parts.scheme, parts.hostname, parts.port) != self._origin or parts.username:
            raise NotPulled("sources.odk.other_host", host=self.host, found=parts.hostname or "?")
        return address

    def _read(self, answer: httpx.Response) -> Any:
        code = answer.status_code
        if code in PASSING:
            raise TryAgain(f"HTTP {code}", asked_wait(answer.headers.get("retry-after"), datetime.now(UTC)))
        if 300 <= code < 400:
            raise NotPulled("sources.odk.redirected", host=self.host, code=code)
        if answer.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise NotPulled("sources.odk.packed", host=self.host)
        raw = self._bounded(answer)
        if code in (200, 201):
            return self._json(raw)
        raise self._refusal(code, raw)

    def _bounded(self, answer: httpx.Response) -> bytes:
        """Return the body, or stop where it grows or lasts beyond what any honest answer needs."""
        pieces, size, begun = [], 0, self.clock()
        for piece in answer.iter_raw():
            size += len(piece)
            self.taken += len(piece)
            if self.taken > self.most:
                raise NotPulled("sources.odk.too_much", host=self.host, limit=self.most >> 20)
            if size > self.largest:
                raise NotPulled("sources.odk.too_large", host=self.host, limit=self.largest >> 20)
            if self.clock() - begun > self.patience:
                raise NotPulled("sources.odk.too_slow", host=self.host, limit=int(self.patience))
            pieces.append(piece)
        stated = answer.headers.get("content-length", "")
        if stated.isdigit() and size < int(stated):
            raise TryAgain(f"{size} / {stated}")
        return b"".join(pieces)

    def _json(self, raw: bytes) -> Any:
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            # A proxy's page of login or of maintenance comes as HTML, often with code 200.
            page = raw.lstrip()[:15].lower().startswith((b"<!doctype", b"<html"))
            kind = "web_page" if page else "no_json"
            raise NotPulled(f"sources.odk.{kind}", host=self.host) from error

    def _refusal(self, code: int, raw: bytes) -> NotPulled:
        known = {401: "signed_out", 403: "forbidden", 404: "not_found", 414: "too_long"}
        said = self._scrubbed(_said(raw))
        if code in known:
            return NotPulled(f"sources.odk.{known[code]}", host=self.host, found=said or f"HTTP {code}")
        return NotPulled("sources.odk.refused", host=self.host, code=code, found=said or f"HTTP {code}")

    def _scrubbed(self, text: str) -> str:
        """Return a server's words without a secret of ours that it may have echoed."""
        for secret in {*self._secrets, self.authorization.partition(" ")[2]} - {""}:
            text = text.replace(secret, "***")
        return text


def _said(raw: bytes) -> str:
    """Return the server's own words: `message` of ODK Central, `detail` of KoboToolbox."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    text = (told.get("message") or told.get("detail")) if isinstance(told, dict) else ""
    return " ".join(str(text).split())[:160] if text else ""
