"""Who changed what, when and why: everywhere, of an object, a place, a person, an organisation?"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from kalanso.hub.people.forms.persons import FilterTrail
from kalanso.hub.people.models import Event, PlaceMirror
from kalanso.hub.people.permissions import reach
from kalanso.hub.people.queries import trail as told
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.people.views.asked import number, person_or_404, today
from kalanso.hub.people.views.persons import organisation_or_404
from kalanso.vocabulary import no_formula

VERB = "people.read_trail"


@login_required
def trail(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Show the newest changes that the reader may read."""
    return _page(request, _events(request), title=_("Qui a changé quoi ?"), coarse=True)


@login_required
def trail_of_object(
    request: HttpRequest, object_type: str, object_id: str
) -> HttpResponse | StreamingHttpResponse:
    """Show what happened to one record; one of which nothing may be read does not exist for the reader."""
    events = told.of_object(_events(request), object_type, object_id)
    newest = events.first()
    if newest is None:
        raise Http404
    title = _("Qu'est-il arrivé à « %(name)s » ?") % {
        "name": told.called(newest, names_of({newest.object_name}))
    }
    return _page(request, events, title=title)


@login_required
def trail_of_place(request: HttpRequest, code: str) -> HttpResponse | StreamingHttpResponse:
    """Show what happened at a place and below it."""
    place = PlaceMirror.objects.filter(reach(request.user, VERB).places(), code=code).first()
    if place is None:
        raise Http404
    title = _("Qui a changé quoi à %(place)s ?") % {"place": place.name}
    return _page(request, told.of_place(_events(request), code), title=title, coarse=True, place=place)


@login_required
def trail_of_person(request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    """Show what a person did, and what was done to their account and roles."""
    who = person_or_404(request, pk)
    title = _("Qu'a fait %(name)s, et qu'a-t-on fait pour son compte ?") % {"name": who}
    return _page(request, told.of_person(_events(request), who), title=title)


@login_required
def trail_of_organisation(request: HttpRequest, code: str) -> HttpResponse | StreamingHttpResponse:
    """Show what happened to an organisation's records."""
    house = organisation_or_404(code)
    title = _("Qui a changé quoi pour %(name)s ?") % {"name": house}
    return _page(request, _events(request).filter(organisation=house), title=title)


def _events(request: HttpRequest) -> QuerySet[Event]:
    return told.visible_events(request.user, reach(request.user, VERB))


def _asked(request: HttpRequest, form: FilterTrail) -> told.Asked:
    chosen = form.cleaned_data if form.is_valid() else {}
    return told.Asked(
        verb=str(chosen.get("quoi") or ""),
        who=str(chosen.get("qui") or "").strip(),
        since=chosen.get("depuis"),
        until=chosen.get("jusque"),
        before=number(request, "avant"),
    )


def _page(
    request: HttpRequest, events: QuerySet[Event], *, title: str, coarse: bool = False, place: Any = None
) -> HttpResponse | StreamingHttpResponse:
    """Show a page of events, or send them all as a file."""
    nobody = {"who": "…", "what": "…", "place": "…"}
    verbs = {verb: str(says) % nobody for verb, says in sorted(told.declared().items())}
    form = FilterTrail(request.GET or None, verbs=verbs)
    asked = _asked(request, form)
    if request.GET.get("csv"):
        return _file(told.exported(events, asked))
    lines, after = told.page(events, asked)
    context = {"title": title, "form": form, "lines": lines, "after": after, "place": place}
    if coarse and asked.before is None:
        context["coarse"] = told.coarse(
            request.user, reach(request.user, VERB), today=today(), place=place.code if place else ""
        )
    context["narrowed"] = bool(form.is_valid() and any(form.cleaned_data.values()))
    return render(request, "people/trail.html", context)


class _Line:
    """A place to write one line to."""

    def write(self, text: str) -> str:
        """Give the line back."""
        return text


def _file(lines: Iterator[told.Line]) -> StreamingHttpResponse:
    writer = csv.writer(_Line())

    def rows() -> Iterator[str]:
        yield "\ufeff"  # by which spreadsheets know that letters have accents
        yield writer.writerow(
            [
                _("Date (UTC)"),
                _("Qui"),
                _("Quoi"),
                _("Lieu"),
                _("Champ"),
                _("Avant"),
                _("Après"),
                _("Pourquoi"),
            ]
        )
        for line in lines:
            for change in (*line.changes, *line.technical) or (("", "", ""),):
                event = line.event
                yield writer.writerow(
                    [no_formula(str(text)) for text in (
                        event.at.strftime("%Y-%m-%d %H:%M:%S"), event.by or "Kalanso", line.says, line.place,
                        *change, event.reason,
                    )]
                )  # fmt: skip

    response = StreamingHttpResponse(rows(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="traces.csv"'
    return response
