"""Which pages stand around the explorer: home, act, learn, method, glossary, and errors?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static

from kalanso.hub.explore.queries import estimates, findings, places, runs, series, shelf, tables
from kalanso.hub.site import queries


def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what the country's newest number is, and where to go."""
    here = shelf.current()
    root = places.tree(here).root()
    quarter = series.last_complete(here)
    points = series.at(here, (root.code,), "dtp1_coverage", quarter) if root and quarter else {}
    published = [card for card in tables.cards(here) if card.manifest]
    newest = max((card.manifest.created for card in published), default=None)
    return render(
        request,
        "site/home.html",
        {
            "root": root,
            "quarter": quarter,
            "run": runs.run(here),
            "computing": runs.computing(here),
            "estimate": _estimate(here, root.code) if root else None,
            "dose": {"value": "dtp1"},
            "headline": points.get(root.code) if root else None,
            "basis": next(iter(series.bases(here, "dtp1_coverage")), None),
            "findings": findings.total(here, findings.Wanted()),
            "serious": findings.total(here, findings.Wanted(severity="serious")),
            "published": published,
            "newest": newest,
        },
    )


def _estimate(here: shelf.Shelf, code: str) -> estimates.Estimate | None:
    newest = next(iter(estimates.spans(here)), None)
    return estimates.values(here, "dtp1", newest).get(code) if newest else None


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
        {"code": 404, "reason": reason, "near": places.search(shelf.current(), wanted)[:5]},
        status=404,
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something failed here, what is safe, and what to do."""
    return render(request, "site/error.html", {"code": 500}, status=500)
