"""Who asks, what do they owe first, and under which rules may a browser show the answer?

Answers forbid foreign hosts, inline scripts and framing. Whoever asks reads with their own scope. A page that
has not changed since a visitor last saw it is not sent again.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Condition

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.internal.usersessionkit import track_activity
from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.http import http_date
from django.utils.translation import get_language, get_language_from_path, get_language_from_request, override
from django.utils.translation import gettext as _

from kalanso.hub.api import api
from kalanso.hub.api.actions import note_use
from kalanso.hub.api.queries import open_token
from kalanso.hub.evidence.queries.sources import titles_asked_once
from kalanso.hub.explore.queries import shelf
from kalanso.hub.people.permissions import SECOND_PROOF
from kalanso.hub.people.queries.access import access_of, places_asked_once, scope_of
from kalanso.hub.people.queries.addresses import SECRET_LINKS, page_asked
from kalanso.hub.people.queries.here import reading_as, working_for
from kalanso.hub.site.queries import MACHINE_LINK
from kalanso.store import NotVisible, Scope

Answer = Callable[[HttpRequest], HttpResponse]

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data: blob:; script-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'{}; base-uri 'none'; frame-ancestors 'none'"
)
FIGURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
NOT_OUR_NAME = (
    "Kalanso ne répond pas sous ce nom ; la personne qui l'exploite règle KALANSO_HOSTS. / "
    "Kalanso does not answer to this name; whoever runs it sets KALANSO_HOSTS."
)
# Pages that change with the hub's own records, not only with what is published.
OWN = ("runs", "official", "offline")
UNKNOWN_LENGTH = (
    "La longueur de l'envoi doit être annoncée (Content-Length). / "
    "The length of what is sent must be told (Content-Length)."
)
TOO_LARGE = (
    "L'envoi est trop gros pour cette page : au plus {most} Mo, reçu {got} Mo. Rien n'a été enregistré. / "
    "Too large for this page: at most {most} MB, received {got} MB. Nothing was saved."
)
NOT_SEALED = (
    "Kalanso n'est servi qu'en HTTPS ; le relais doit dire X-Forwarded-Proto. / "
    "Kalanso is served by HTTPS only; the proxy must say X-Forwarded-Proto."
)
# Pages that stay open to somebody who still owes a duty.
FREE = (
    "account_", "mfa_", "usersessions_", "static", "help", "unsubscribe", "feed_", "offline_worker",
    "offline_manifest", "offline_nothing",
)  # fmt: skip

# At most these many bytes in one request to a page that takes no files; the others are named in the settings.
LARGEST_FORM = 3_000_000
log = logging.getLogger("kalanso.hub.requests")


class Traced:
    """Give each request an id, which its log lines and its answer carry, and write one line for it.

    The line names the page, never its address: addresses may hold the secret of a link.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        mark = given if re.fullmatch(r"[0-9a-fA-F-]{8,40}", given) else secrets.token_hex(8)
        begun = time.perf_counter()
        with working_for(request=mark):
            response = self.answer(request)
            page = request.resolver_match.view_name if request.resolver_match else ""
            told = {
                "method": request.method,
                "page": page,
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - begun), 1),
            }
            log.info("request", extra={"told": told})
        response.headers.setdefault("X-Request-Id", mark)
        return response


class InTurn:
    """Let few pages be made at a time in one process, first come first served: ten that share a processor are all done late.

    Python lets one thread compute at a time, and takes it from a page at each question of the database: with many pages
    begun, each waits for all others dozens of times. A page that takes longer than `patience` (a first question of the
    store, a figure that is drawn) no longer counts, so that it holds nobody up for longer.
    """

    turns = 2
    patience = 0.5  # seconds

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.changed = Condition()
        self.waiting: deque[object] = deque()
        self.begun: dict[object, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        mark = object()
        with self.changed:
            self.waiting.append(mark)
            while (left := self._left(mark)) > 0:
                self.changed.wait(left)
            self.waiting.popleft()
            self.begun[mark] = time.monotonic()
            self.changed.notify_all()
        try:
            return self.answer(request)
        finally:
            with self.changed:
                del self.begun[mark]
                self.changed.notify_all()

    def _left(self, mark: object) -> float:
        """Return how long this page waits at least, in seconds, unless another ends before."""
        if self.waiting[0] is not mark:
            return self.patience
        now = time.monotonic()
        counted = sorted(at for at in self.begun.values() if now - at < self.patience)
        return counted[-self.turns] + self.patience - now if len(counted) >= self.turns else 0.0


class Bounded:
    """Refuse what is larger than any page takes, before it is read, and files where no page takes them.

    A body whose length is not told is refused too: it could not be bounded.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refusal = self._refusal(request)
        return self.answer(request) if refusal is None else refusal

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        if request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            return self._say(411, UNKNOWN_LENGTH)
        told = request.META.get("CONTENT_LENGTH") or "0"
        length = int(told) if told.isdigit() else max(settings.KALANSO_UPLOADS.values()) + 1
        if request.META.get("CONTENT_TYPE", "").startswith("multipart/"):
            spoken = get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
            with override(spoken):  # addresses resolve in their language, which nobody has set yet
                most: int = settings.KALANSO_UPLOADS.get(_name_of(request), LARGEST_FORM)
        else:
            most = LARGEST_FORM
        if length > most:
            told = TOO_LARGE.format(most=most // 1_000_000, got=length // 1_000_000)
            return self._say(413, told)
        return None

    def _say(self, status: int, sentence: str) -> HttpResponse:
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


class NamedHere:
    """Refuse requests addressed to a name that is not the hub's."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":  # whoever watches asks by number
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
            return self.answer(request)
        name = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0] or "127.0.0.1"
        known = settings.ALLOWED_HOSTS
        if (
            "*" not in known
            and name not in known
            and not any(host.startswith(".") and name.endswith(host) for host in known)
        ):
            return HttpResponse(NOT_OUR_NAME, status=400, content_type="text/plain; charset=utf-8")
        return self.answer(request)


class Programs:
    """Let in a program with its token, speak its author's language, and send an unchanged answer once.

    Whoever asks with a token asks as its person does at this moment. The mark of an answer holds the scope, so
    that no cache hands one reader's answer to another.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(api.ROOT):
            return self.answer(request)
        with override(get_language_from_request(request)):
            response = self._refusal(request) or self.answer(request)
            if response.status_code == 405 and not response.get("Content-Type", "").startswith(api.PROBLEM):
                allowed = response.get("Allow", "GET")
                response = api.problem(405, _("Cette adresse se lit seulement."))
                response["Allow"] = allowed
            response["Content-Language"] = str(get_language())
        response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, ("Accept-Encoding", "Accept-Language", "Authorization", "Cookie"))
        if response.status_code != 200 or request.method not in {"GET", "HEAD"}:
            return response
        told = (scope_of(access_of(request.user)).mark, str(get_language()), settings.KALANSO_EDITION)
        mark = hashlib.sha256("\n".join(told).encode() + response.content).hexdigest()[:32]
        response["ETag"] = f'"{mark}"'
        return get_conditional_response(request, etag=response["ETag"], response=response)

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        """Read the token of a request; return a refusal where it is none that may be used."""
        kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return None
        now = datetime.now(UTC)
        token = open_token(secret.strip(), now=now) if kind.lower() == "bearer" else None
        if token is None:
            response = api.problem(401, _("Ce jeton est inconnu, retiré ou trop ancien."))
            response["WWW-Authenticate"] = 'Bearer realm="Kalanso"'
            return response
        note_use(token, now=now)
        request.user, request.api_token = token.person, token
        return None


class SeenDevices:
    """Note from which device somebody came: when it is new or other than before, and else every few minutes.

    A note at every page would make each reading a writing.
    """

    EVERY, REMEMBERED = 300.0, 5000  # seconds; devices

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: dict[tuple[str, ...], float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            names = ("HTTP_X_FORWARDED_FOR", "REMOTE_ADDR", "HTTP_USER_AGENT")
            device = (str(request.session.session_key), *(request.META.get(name, "") for name in names))
            now = time.monotonic()
            if now - self.seen.get(device, float("-inf")) > self.EVERY:
                track_activity(request, user=request.user, session=request.session)
                if len(self.seen) >= self.REMEMBERED:
                    self.seen.clear()
                self.seen[device] = now
        return self.answer(request)


class Duties:
    """Before anything else: a password of one's own, and a second proof for roles that reach far."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        owed = self._owed(request)
        if owed and request.path_info.startswith(api.ROOT):
            return api.problem(403, _("Ouvrez d'abord le site : une vérification vous y attend."))
        return redirect(owed) if owed else self.answer(request)

    def _owed(self, request: HttpRequest) -> str | None:
        person = request.user
        if not person.is_authenticated or _name_of(request).startswith(FREE):
            return None
        if person.must_change_password:
            return "account_change_password"
        if not settings.KALANSO_SECOND_PROOF or request.session.get(MACHINE_LINK) or _simulated():
            return None
        if access_of(person).roles & SECOND_PROOF and not is_mfa_enabled(person):
            return "mfa_activate_totp"
        return None


def _simulated() -> bool:
    """Whether the country is simulated: its people have neither passwords nor anything to protect."""
    return settings.KALANSO_STORE is not None and shelf.current().store.demo


def _name_of(request: HttpRequest) -> str:
    """Return the name of the address that is asked for; which addresses exist depends on the language that is active."""
    page = page_asked(request)
    return (page.url_name or "") if page is not None else ""


class ReaderScope:
    """Open tables with the scope of whoever asks."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, SimpleLazyObject):
            request.user = get_user(
                request
            )  # known by now; asked hundreds of times, it need not be looked for again
        access = access_of(request.user)
        with reading_as(scope_of(access)), titles_asked_once(), places_asked_once(access.homes):
            if settings.KALANSO_STORE is not None:
                shelf.current().state()  # what was published meanwhile is forgotten for everybody
            return self.answer(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Lead a visitor to the login page, and tell somebody who is logged in that it is not for them."""
        if not isinstance(exception, NotVisible):
            return None
        from kalanso.hub.site import views

        return views.not_for_you(request)


class KeptPages:
    """Say whose page an answer is, and whether their telephone may keep a copy of it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.answer(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["X-Kalanso-Person"] = str(request.user.pk or 0)
            if (
                response.status_code == 200
                and request.method == "GET"
                and _name_of(request) in settings.KALANSO_KEPT_OFFLINE
            ):
                response.setdefault("X-Kalanso-Keep", "1")
        return response


class GuardedPages:
    """Say to the browser what a page may load and who may embed it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_SECURE and not request.is_secure() and request.path_info != "/healthz":
            response = self._by_https(request)
        else:
            response = self.answer(request)
        is_figure = response.get("Content-Type", "").startswith("image/svg")
        for name, value in {
            "Content-Security-Policy": FIGURE_POLICY if is_figure else _content_policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
        }.items():
            response.headers.setdefault(name, value)
        # What no page or file said may be kept is nobody else's.
        response.headers.setdefault("Cache-Control", "private, no-store")
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault(
                "Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
            )
        return response

    def _by_https(self, request: HttpRequest) -> HttpResponse:
        """Lead to the sealed way; what was sent openly is not accepted."""
        if request.method in {"GET", "HEAD"} and request.META.get("HTTP_HOST", "") in settings.ALLOWED_HOSTS:
            return redirect(f"https://{request.META['HTTP_HOST']}{request.get_full_path()}", permanent=True)
        return HttpResponse(NOT_SEALED, status=403, content_type="text/plain; charset=utf-8")


def _content_policy() -> str:
    """Return the policy of pages; browsers count where a form is led on to as where it goes."""
    house = settings.KALANSO_OTHER_HOUSE
    return CONTENT_POLICY.format(f" {house}" if house else "")


class UnchangedPages:
    """Answer 304 to a visitor where nothing was published since their copy of this address.

    The mark of a page is its address, its language, the software and the newest snapshot of every table; a
    page is not even composed where the visitor has it already. Pages of somebody who is logged in are
    theirs alone and always composed.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(api.ROOT):
            return self.answer(request)
        if request.user.is_authenticated or request.method not in {"GET", "HEAD"} or _own_page(request):
            response = self.answer(request)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response
        state = shelf.current().state()
        told = (
            request.get_full_path(),
            str(get_language()),
            settings.KALANSO_EDITION,
            state.mark,
            state.computing,
        )
        mark = hashlib.sha256("\n".join((*told, Scope().mark)).encode()).hexdigest()[:32]
        etag, changed = f'"{mark}"', int(state.changed)
        known = get_conditional_response(request, etag=etag, last_modified=changed)
        response = known or self.answer(request)
        if response.status_code in {200, 304}:
            response.headers.setdefault("ETag", etag)
            response.headers.setdefault("Last-Modified", http_date(changed))
            response.headers.setdefault("Cache-Control", "private, no-cache")
            patch_vary_headers(response, ("Accept-Encoding", "Cookie"))
        return response


def _own_page(request: HttpRequest) -> bool:
    """Whether a page holds a form's token or a visitor's own state."""
    return settings.KALANSO_STORE is None or _name_of(request).startswith((*FREE, *SECRET_LINKS, *OWN))
