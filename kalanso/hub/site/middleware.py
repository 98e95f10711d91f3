"""Who may ask the hub for what, and under which rules may a browser show the answer?

Until accounts exist, only this computer may ask, and only to read. Answers forbid scripts, foreign
hosts and framing. A page that has not changed since the reader last saw it is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kalanso.hub.explore.queries import shelf

Answer = Callable[[HttpRequest], HttpResponse]

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
FIGURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
ONLY_HERE = (
    "Kalanso n'a pas encore de comptes : il ne répond qu'à cet ordinateur, à l'adresse http://127.0.0.1. / "
    "Kalanso has no accounts yet: it answers this computer only, at http://127.0.0.1."
)


class ThisComputerOnly:
    """Refuse requests addressed to another name than this computer's own."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0] or "127.0.0.1"
        if name not in settings.ALLOWED_HOSTS:
            return HttpResponse(ONLY_HERE, status=400, content_type="text/plain; charset=utf-8")
        return self.answer(request)


class ReadOnly:
    """Refuse every method that could change something."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            text = _("Cette page se lit seulement : rien ne peut y être envoyé.")
            return HttpResponse(
                text, status=405, headers={"Allow": "GET, HEAD"}, content_type="text/plain; charset=utf-8"
            )
        return self.answer(request)


class GuardedPages:
    """Say to the browser what a page may load and who may embed it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        is_figure = response.get("Content-Type", "").startswith("image/svg")
        for name, value in {
            "Content-Security-Policy": FIGURE_POLICY if is_figure else CONTENT_POLICY,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
        }.items():
            response.headers.setdefault(name, value)
        return response


class UnchangedPages:
    """Answer 304 where nothing was published since the reader's copy of this address.

    The mark of a page is its address, its language, the software and the newest snapshot of every
    table; a page is not even composed where the reader has it already.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        state = shelf.current().state()
        mark = hashlib.sha256(
            "\n".join(
                (
                    request.get_full_path(),
                    str(get_language()),
                    settings.KALANSO_EDITION,
                    state.mark,
                    state.computing,
                )
            ).encode()
        ).hexdigest()[:32]
        etag, changed = f'"{mark}"', int(state.changed)
        known = get_conditional_response(request, etag=etag, last_modified=changed)
        response = known or self.answer(request)
        if response.status_code in {200, 304}:
            response.headers.setdefault("ETag", etag)
            response.headers.setdefault("Last-Modified", http_date(changed))
            response.headers.setdefault("Cache-Control", "private, no-cache")
            patch_vary_headers(response, ("Accept-Encoding",))
        return response
