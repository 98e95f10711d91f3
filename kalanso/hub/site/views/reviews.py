"""How does somebody read the review of a quarter, take it along, and print the sheet of a district?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from kalanso.figures.district_sheets import sheet_to_pdf
from kalanso.figures.reviews import placed
from kalanso.hub.explore.panels import period as called
from kalanso.hub.explore.queries import choosing, places, shelf
from kalanso.hub.explore.queries.places import Place
from kalanso.hub.explore.views import asked
from kalanso.hub.explore.views.asked import Choice
from kalanso.hub.explore.views.places import found_place
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.portfolio import views as portfolio
from kalanso.hub.site.actions.packs import ask_pack
from kalanso.hub.site.queries import packs, review
from kalanso.hub.site.queries.review.sheet import sheet as sheet_of
from kalanso.vocabulary import Level


@login_required
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the review of a quarter and place, and its packs."""
    portfolio.refuse_outsiders(request)
    here, now = shelf.current(), datetime.now(UTC)
    where = asked.where(request, here)
    if unclear := asked.unclear(request, where):
        return unclear
    place, when = _reviewed(here, where.place), _when(request, now)
    if place is None:
        return render(request, "site/review.html", {"when": when})
    choosing.remember(request, place)
    made = review.review(review.asked_by(request.user, place, when.value, now))
    known = places.tree(here)
    written = packs.packs(request.user, place.code, when.value)
    return render(
        request,
        "site/review.html",
        {
            "review": made, "place": place, "when": when, "above": known.above(place.code), "wrong": [when] if when.wrong else [], "wrong_place": where.wrong,
            "inside": [one for one in known.children(place.code) if one.level in review.LEVELS], "packs": written,
            "under_way": any(not one.job.over for one in written), "is_district": place.level == Level.DISTRICT,
        },
    )  # fmt: skip


def _reviewed(here: shelf.Shelf, place: Place | None) -> Place | None:
    """Return the place of a review: the district of whatever lies in one."""
    if place is None or place.level in review.LEVELS:
        return place
    above = [one for one in places.tree(here).above(place.code) if one.level in review.LEVELS]
    return above[-1] if above else None


def _when(request: HttpRequest, now: datetime) -> Choice:
    known = [(code, called(code)) for code in review.quarters(now.date())]
    return asked.choose(request, "periode", _("Trimestre"), known, review.usual_quarter(now.date()))


@login_required
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Have the pack of a review written."""
    portfolio.refuse_outsiders(request)
    place, period = (request.POST.get(name, "")[:40] for name in ("lieu", "periode"))
    try:
        ask_pack(by=request.user, place_code=place, period=period, now=datetime.now(UTC))
    except ValidationError as error:
        for told in error.messages:
            messages.error(request, told)
        return redirect("review")
    messages.success(request, _("Le dossier s'écrit. Il sera ici dans une minute ou deux."))
    kept = urlencode({"lieu": place, "periode": period})
    return redirect(f"{reverse('review')}?{kept}#dossier")


@login_required
@require_GET
def download(request: HttpRequest, key: UUID, locale: str, form: str) -> FileResponse:
    """Send a file of one's own pack; its name says place, quarter and language."""
    job, path = packs.file_of(request.user, key, locale, form)
    name = PlaceMirror.objects.filter(code=job.arguments["place"]).values_list("name", flat=True).first()
    with override(locale):
        word = _("revue")
    told = (
        f"kalanso-{word}-{slugify(name or job.arguments['place'])}-{job.arguments['period']}-{locale}.{form}"
    )
    return FileResponse(path.open("rb"), as_attachment=True, filename=told, content_type=packs.FORMS[form])


@login_required
@require_GET
def sheet(request: HttpRequest, code: str) -> HttpResponse:
    """Show the sheet of a district."""
    made, place = _sheet(request, code)
    known = places.tree(shelf.current())
    context: dict[str, Any] = {"sheet": made, "place": place, "above": known.above(place.code)}
    return render(request, "site/district_sheet.html", context)


@login_required
@require_GET
def sheet_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """Send the sheet of a district as one A4 page."""
    made, place = _sheet(request, code)
    content = sheet_to_pdf(placed(made, settings.KALANSO_ADDRESS), now=datetime.now(UTC))
    response = HttpResponse(content, content_type="application/pdf")
    name = f"kalanso-{_('fiche')}-{slugify(place.name)}-{datetime.now(UTC):%Y-%m-%d}-{made.locale}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sheet(request: HttpRequest, code: str) -> tuple[Any, Place]:
    portfolio.refuse_outsiders(request)
    here, now = shelf.current(), datetime.now(UTC)
    place = found_place(here, code)
    if place.level != Level.DISTRICT:
        raise Http404(_("Cette fiche est celle d'un district : choisissez-en un."))
    choosing.remember(request, place)
    return sheet_of(review.asked_by(request.user, place, review.usual_quarter(now.date()), now)), place
