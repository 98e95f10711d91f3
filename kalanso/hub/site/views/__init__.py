"""Which pages stand around the explorer: home, entering, my page, act, learn, method, glossary, and errors?"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from allauth.account.utils import perform_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.templatetags.static import static
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.explore.panels import word
from kalanso.hub.explore.queries import findings, places, runs, said, series, shelf
from kalanso.hub.explore.queries import tables as published_tables
from kalanso.hub.explore.views import asked
from kalanso.hub.grants import views as grant_views
from kalanso.hub.grants.queries import scope as money_scope
from kalanso.hub.jobs.queries import unapplied_migrations
from kalanso.hub.people.models import Membership, Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless
from kalanso.hub.people.queries import first_steps, letters, roles, tasks
from kalanso.hub.people.queries.access import access_of, scope_of
from kalanso.hub.people.queries.here import reading_as
from kalanso.hub.people.queries.subjects import READERS
from kalanso.hub.site import actions, queries
from kalanso.hub.site import tasks as of_site
from kalanso.hub.site.queries import MACHINE_LINK, demo, money, state
from kalanso.store import NotVisible, Scope

Seen = TypeVar("Seen")
HOMES_SHOWN, FEED_ENTRIES = 3, 50
# What Django itself says, in English and of our code, where nothing answers to a key.
DJANGO_SAYS = re.compile(r"No \w+ matches the given query\.")


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what the country's newest number is that the reader may see, and where to go."""
    here = shelf.current()
    country = places.tree(here).root()
    root = next(iter(places.home(here)), country)
    quarter = _seen(lambda: series.last_complete(here), None)
    points = _seen(
        lambda: series.at(here, (root.code,), "dtp1_coverage", quarter) if root and quarter else {}, {}
    )
    published = [card for card in published_tables.cards(here) if card.manifest]
    newest = max((card.manifest.created for card in published), default=None)
    return render(
        request,
        "site/home.html",
        {
            "root": root,
            "country": country if country != root else None,
            "quarter": quarter,
            "computing": runs.computing(here) if request.user.is_authenticated else None,
            "said": said.newest(here, root.code) if root else None,
            "set_aside": said.aside(here),
            "dose": {"value": "dtp1"},
            "headline": points.get(root.code) if root else None,
            "basis": _seen(lambda: next(iter(series.bases(here, "dtp1_coverage")), None), None),
            "findings": _seen(lambda: findings.total(here, findings.Wanted()), None),
            "serious": _seen(lambda: findings.total(here, findings.Wanted(severity="serious")), None),
            "published": published,
            "newest": newest,
            "may_bring": request.user.is_authenticated and may(request.user, "evidence.upload"),
            "demo_people": queries.demo_people()
            if here.store.demo and not request.user.is_authenticated
            else (),
            "asked_for_codes": demo.asked_for_codes(queries.demo_usernames())
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


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """Show somebody what waits for them, their places with the newest numbers, and their account."""
    access, here = access_of(request.user), shelf.current()
    held = queries.held(access)
    waiting = tasks.tasks_of(request.user)
    return render(
        request,
        "site/me.html",
        {
            "access": access,
            "held": held,
            "opened": [roles.SAYS[role] for role in roles.SAYS if role in access.roles],
            "talks": bool(access.roles & READERS),
            "set_aside": said.aside(here),
            "numbers": [_number_of(here, code, name) for code, name in _homes(here, held)],
            "tasks": waiting[: tasks.SHOWN],
            "later": waiting[tasks.SHOWN :],
            "drafts": tasks.drafts_of(request.user),
            "steps": first_steps.steps_of(request.user),
            "may_list": may(request.user, "people.list"),
            "may_invite": may(request.user, "people.invite"),
            "may_bring": may(request.user, "evidence.upload"),
            "may_see_state": may(request.user, "jobs.read_all", WHOLE_COUNTRY),
        },
    )


@login_required
@require_GET
@never_cache
def system_state(request: HttpRequest) -> HttpResponse:
    """Show those who keep the hub how it stands, and what needs their attention."""
    refuse_unless(request.user, "jobs.read_all", WHOLE_COUNTRY)
    parts = state.state(now=datetime.now(UTC))
    found = [fact for part in parts for fact in part.facts if fact.attention]
    heeded, mild = [one for one in found if not one.mild], [one for one in found if one.mild]
    return render(request, "site/system_state.html", {"parts": parts, "heeded": heeded, "mild": mild})


def _homes(here: shelf.Shelf, held: list[tuple[Membership, str]]) -> list[tuple[str, str]]:
    """Return the places of somebody's roles, each once; the country stands for a role without a place."""
    root = places.tree(here).root()
    found: dict[str, str] = {}
    for membership, name in held:
        if membership.place_code:
            found[membership.place_code] = name
        elif root:
            found[root.code] = root.name
    return list(found.items())[:HOMES_SHOWN]


def _number_of(here: shelf.Shelf, code: str, name: str) -> dict[str, Any]:
    """Return what is newest of a place, as far as the reader may see it: estimated, else reported."""
    quarter = _seen(lambda: series.last_complete(here), None)
    points = _seen(lambda: series.at(here, (code,), "dtp1_coverage", quarter) if quarter else {}, {})
    return {
        "code": code,
        "name": name,
        "said": _seen(lambda: said.newest(here, code), None),
        "point": points.get(code),
        "quarter": quarter,
    }


def feed_public(request: HttpRequest) -> HttpResponse:
    """Tell feed readers what was published for everybody."""
    with reading_as(Scope()):
        entries = queries.publications(shelf.current())
    return _feed(request, _("Kalanso : ce qui est publié"), entries)


@never_cache
def feed_mine(request: HttpRequest, secret: str) -> HttpResponse:
    """Tell the holder of a secret link what its person may see and was told."""
    person = letters.unsealed(secret, letters.FEED)
    if person is None:
        raise Http404
    with reading_as(scope_of(access_of(person))), override(person.language):
        entries = queries.publications(shelf.current()) + queries.told(person) + queries.changed(person)
        return _feed(request, _("Kalanso : pour moi"), entries)


def _feed(request: HttpRequest, title: str, entries: list[queries.Entry]) -> HttpResponse:
    newest = sorted(entries, key=lambda entry: entry.at, reverse=True)[:FEED_ENTRIES]
    feed = Atom1Feed(
        title=title, link=request.build_absolute_uri("/"), description=title, language=str(get_language()),
        feed_url=request.build_absolute_uri(request.path),
    )  # fmt: skip
    for entry in newest:
        link = request.build_absolute_uri(entry.address)
        feed.add_item(
            title=entry.says, link=link, description=entry.says, pubdate=entry.at, updateddate=entry.at,
            unique_id=f"{link}#{entry.key}",
        )  # fmt: skip
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@require_POST
def enter_as(request: HttpRequest, username: str) -> HttpResponse:
    """Enter a simulated country as one of its simulated people, on this computer only.

    Who has a second proof is asked for it like anybody, after the step that a password takes elsewhere.
    """
    if not demo.may_enter_as(request, username):
        raise Http404
    person = get_object_or_404(Person, username=username, is_active=True)
    if is_mfa_enabled(person):
        answer: HttpResponse = perform_login(
            request, person, redirect_url=resolve_url(settings.LOGIN_REDIRECT_URL)
        )
        return answer
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
    """Say whether database and store can be read, and whether first pages are still being answered; no more, since anybody may ask."""
    if not queries.healthy():
        return HttpResponse("broken\n", content_type="text/plain", status=503)
    told = "ok, preparing first pages\n" if of_site.is_preparing() else "ok\n"
    return HttpResponse(told, content_type="text/plain")


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
    """Lead to the month's list and the portfolio, and say what will stand here besides."""
    return render(
        request,
        "site/act.html",
        {
            "may_ask": may(request.user, "evidence.set_finding"),
            "may_read_portfolio": may(request.user, "portfolio.read"),
            "may_follow": may(request.user, "portfolio.read"),
            "may_count": may(request.user, "grants.read"),
        },
    )


@login_required
@require_GET
def money_and_children(request: HttpRequest) -> HttpResponse:
    """Show spending beside missed children in the districts of one context, as contribution and not as effect."""
    grant_views.refuse_outsiders(request)
    here = shelf.abroad(shelf.current())  # districts are compared by what was released for all of them
    known = money.contexts(here)
    context = {
        **asked.shared(request, here, None),
        "contexts": known,
        "rights": money_scope.rights(request.user),
    }
    if known and said.tellable(here):
        when = asked.period(request, here)
        which = asked.choose(
            request, "contexte", _("Contexte"), [(name, word(name, "context")) for name in known]
        )
        rows, left_out, spent = money.beside(request.user, here, which.value, when.value)
        context |= {
            "when": when, "which": which, "choices": [which, when], "wrong": [c for c in (which, when) if c.wrong],
            "rows": rows, "left_out": left_out, "currency": spent.currency, "rates": sorted(spent.rates), "nowhere": spent.nowhere,
        }  # fmt: skip
    return render(request, "grants/children.html", context)


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


def nowhere(request: HttpRequest) -> HttpResponse:
    """Say that nothing stands here, for everybody."""
    raise Http404


def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the one icon."""
    return redirect(static("site/kalanso.svg"))


def wrong_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Explain a request that cannot be understood."""
    return render(request, "site/error.html", {"code": 400}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Help a reader whose address leads nowhere."""
    reason = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    if DJANGO_SAYS.fullmatch(reason):
        reason = ""
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
    try:
        behind = unapplied_migrations() > 0
    except DatabaseError:
        behind = False
    if behind:
        return render(request, "site/error.html", {"code": 503}, status=503)
    return render(request, "site/error.html", {"code": 500}, status=500)
