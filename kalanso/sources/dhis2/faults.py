"""What went wrong with a DHIS2 server, and what can a person try?

One kind of refusal for the whole connector. `explain` turns an answer that is no data into the
sentence that helps; whether to try again is decided in `transport`, whether to ask for less in `chunks`.

Statuses and codes: DHIS2 Web API manual ("Web message", "Error codes" of data value sets E2001 to
E2012 and of analytics E7100 to E7131) and the checks of DefaultDataValueSetService in DHIS2 core 2.42.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from kalanso.sources.fetching import NotFetched

# Codes with a sentence of their own; every other code is told with the server's own message.
KNOWN_CODES = frozenset(
    {
        "E2001", "E2002", "E2003", "E2006", "E2007", "E2012", "E7105", "E7107", "E7120", "E7124", "E7128",
        "E7131", "E7144",
    }
)  # fmt: skip
# Asked for less, the server can answer.
TOO_MUCH_CODES = frozenset({"E7128", "E7131"})
TOO_MUCH = frozenset({"uri_too_long", "too_large", "timeout", "slow", "e7128", "e7131"})
SHOWN = 160  # letters of a server's own words that are quoted


class DhisFault(NotFetched):
    """A DHIS2 server that did not give what was asked, with the reason and what to try.

    `case` is the last part of the message id. `too_much` says that less at once may succeed.
    """

    def __init__(self, case: str, **params: Any) -> None:
        self.case = case
        super().__init__(f"sources.dhis2.fault.{case}", **params)

    @property
    def too_much(self) -> bool:
        """Whether the same question in smaller pieces may be answered."""
        return self.case in TOO_MUCH


def explain(
    *, status: int, content_type: str, body: bytes, url: str, location: str = "", token: bool = False
) -> DhisFault:
    """Return the fault that an answer without data means.

    `body` is its beginning, already without secrets; `location` where a redirect leads; `token` says
    that an access token was sent, which expires, where a password does not.
    """
    told: dict[str, Any] = {"url": url, "code": status}
    if 300 <= status < 400:
        login = re.search(r"login|security|auth", location, re.IGNORECASE)
        return DhisFault("login_page" if login else "redirect", location=location[:SHOWN] or "?", **told)
    message = web_message(body) if is_json(content_type) else {}
    words = _words(message, body, content_type)
    if status == 401:
        return DhisFault("expired_token" if token else "wrong_password", **told)
    code = str(message.get("errorCode") or "").upper() or _code_inside(words)
    if code in KNOWN_CODES:
        return DhisFault(code.lower(), said=words, **told)
    if status == 403:
        return DhisFault("forbidden", said=words, **told)
    if status == 404:
        return DhisFault("not_found" if message else "not_dhis2", **told)
    if status == 409:
        return DhisFault("conflict", said=f"{code} {words}".strip(), **told)
    if status == 414:
        return DhisFault("uri_too_long", **told)
    if status == 429:
        return DhisFault("too_many_requests", **told)
    if status in {408, 504}:
        return DhisFault("timeout", **told)
    if status >= 500:
        return DhisFault("server_error", said=words, **told)
    if is_html(content_type, body):
        return DhisFault("web_page", said=words, **told)
    return DhisFault("refused", said=words, **told)


def is_json(content_type: str) -> bool:
    """Whether a content type is one of JSON (`application/json`, `application/problem+json`)."""
    return bool(re.match(r"application/(?:[\w.-]+\+)?json\b", content_type.strip().lower()))


def is_html(content_type: str, body: bytes) -> bool:
    """Whether an answer is a web page, whatever it calls itself."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:32].lower()
    return "html" in content_type.lower() or start.startswith((b"<!doctype html", b"<html", b"<head"))


def web_message(body: bytes) -> Mapping[str, Any]:
    """Return DHIS2's own error message, or nothing where the body is none."""
    try:
        loaded = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _words(message: Mapping[str, Any], body: bytes, content_type: str) -> str:
    if message:
        words = str(message.get("message") or message.get("devMessage") or message.get("status") or "")
    elif is_html(content_type, body):
        text = body.decode("utf-8", "replace")
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        words = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    else:
        words = body.decode("utf-8", "replace")
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"


def _code_inside(words: str) -> str:
    found = re.search(r"\bE[27]\d{3}\b", words)
    return found[0] if found else ""
