"""Which pages stand around the explorer: home, entering, my page, act, learn, method, glossary, and errors?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.explore.queries import estimates, findings, places, runs, series, shelf, tables
from kalanso.hub.people.models import Person
from kalanso.hub.people.queries.access import access_of
from kalanso.hub.site import actions, queries
from kalanso.hub.site.queries import MACHINE_LINK
from kalanso.store import NotVisible

Seen = TypeVar("Seen")


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what the country's newest number is that the reader may see, and where to go."""
    here = shelf.current()
    root = next(iter(places.home(here)), places.tree(here).root())
    quarter = _seen(lambda: series.last_complete(here), None)
    points = _seen(
        lambda: series.at(here, (root.code,), "dtp1_coverage", quarter) if root and quarter else {}, {}
    )
    published = [card for card in tables.cards(here) if card.manifest]
    newest = max((card.manifest.created for card in published), default=None)
    return render(
        request,
        "site/home.html",
        {
            "root": root,
            "quarter": quarter,
            "run": runs.run(here),
            "computing": runs.computing(here) if request.user.is_authenticated else None,
            "estimate": _estimate(here, root.code) if root else None,
            "dose": {"value": "dtp1"},
            "headline": points.get(root.code) if root else None,
            "basis": _seen(lambda: next(iter(series.bases(here, "dtp1_coverage")), None), None),
            "findings": _seen(lambda: findings.total(here, findings.Wanted()), None),
            "serious": _seen(lambda: findings.total(here, findings.Wanted(severity="serious")), None),
            "published": published,
            "newest": newest,
            "demo_people": queries.demo_people()
            if here.store.demo and not request.user.is_authenticated
            else (),
        },
    )


def _seen(ask: Callable[[], Seen], otherwise: Seen) -> Seen:
    """Return an answer, or what stands in for it where the reader may not see its table."""
    try:
        return ask()
    except NotVisible:
        return otherwise


def _estimate(here: shelf.Shelf, code: str) -> estimates.Estimate | None:
    newest = next(iter(estimates.spans(here)), None)
    return estimates.values(here, "dtp1", newest).get(code) if newest else None


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """Show somebody what they hold here and what to do next."""
    access = access_of(request.user)
    return render(
        request,
        "site/me.html",
        {"access": access, "held": queries.held(access), "demo_people": queries.demo_people()},
    )


@require_POST
def enter_as(request: HttpRequest, username: str) -> HttpResponse:
    """Enter a simulated country as one of its simulated people, on this computer only."""
    here = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0] in settings.HERE_ONLY
    if not (here and shelf.current().store.demo and username in queries.demo_usernames()):
        raise Http404
    person = get_object_or_404(Person, username=username, is_active=True)
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect(settings.LOGIN_REDIRECT_URL)


def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Let in who holds the link that the machine printed; it serves once."""
    person = actions.use_machine_link(secret=secret, now=datetime.now(UTC))
    if person is None:
        messages.error(
            request, _("Ce lien a déjà servi ou est trop ancien. Relancez la commande qui l'a affiché.")
        )
        return redirect(settings.LOGIN_URL)
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[MACHINE_LINK] = True
    return redirect(settings.LOGIN_REDIRECT_URL)


def healthz(request: HttpRequest) -> HttpResponse:
    """Say whether database and store can be read; nothing else, since anybody may ask."""
    return HttpResponse("ok\n" if queries.healthy() else "broken\n", content_type="text/plain",
                        status=200 if queries.healthy() else 503)  # fmt: skip


def not_for_you(request: HttpRequest) -> HttpResponse:
    """Lead a visitor to the login page; tell somebody who is logged in why they see nothing."""
    if not request.user.is_authenticated and request.method == "GET":
        return redirect(f"{queries.login_address()}?next={request.get_full_path()}")
    return render(request, "site/error.html", {"code": 403}, status=403)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that a role or its places do not allow something."""
    told = str(exception) if isinstance(exception, PermissionDenied) else ""
    return render(request, "site/error.html", {"code": 403, "reason": told}, status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form that did not come from our own page."""
    return render(request, "site/error.html", {"code": 419}, status=403)


def act(request: HttpRequest) -> HttpResponse:
    """Say what will stand under "act", and what helps until then."""
    return render(request, "site/act.html")


def learn(request: HttpRequest) -> HttpResponse:
    """Lead to what can be learnt already, and say what will follow."""
    return render(request, "site/learn.html")


def method(request: HttpRequest) -> HttpResponse:
    """Say what the numbers are and are not."""
    return render(request, "site/method.html", {"calibration": queries.calibration()})


def glossary(request: HttpRequest) -> HttpResponse:
    """Show the words of the field in both languages."""
    headings, entries = queries.glossary()
    return render(request, "site/glossary.html", {"headings": headings, "entries": entries})


def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the one icon."""
    return redirect(static("site/kalanso.svg"))


def wrong_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Explain a request that cannot be understood."""
    return render(request, "site/error.html", {"code": 400}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Help a reader whose address leads nowhere."""
    reason = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    wanted = request.path.rstrip("/").rsplit("/", 1)[-1]
    return render(
        request,
        "site/error.html",
        {"code": 404, "reason": reason, "near": _near(wanted)},
        status=404,
    )


def _near(wanted: str) -> list[object]:
    if settings.KALANSO_STORE is None:
        return []
    return list(places.search(shelf.current(), wanted)[:5])


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something failed here, what is safe, and what to do."""
    return render(request, "site/error.html", {"code": 500}, status=500)
