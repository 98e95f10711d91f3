"""How does a person say which place each name of a connected server is?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions import server_names as actions
from kalanso.hub.evidence.models import PlaceName
from kalanso.hub.evidence.queries import matches, server_names
from kalanso.hub.evidence.views.connections import awaited, found, page_number
from kalanso.hub.evidence.views.matches import answers

LONGEST = 80  # of a part of a name
Searched = tuple[str, tuple[matches.Found, ...]]


@login_required
def names(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask which place each open name of a server is; keep the answers of a whole page at once."""
    connection = found(request, pk)
    waiting = server_names.waiting(connection)
    searched: dict[int, Searched] = {}
    told: dict[int, tuple[str, str]] = {}
    if request.method == "POST":
        told, searched = _looked_up(answers(request.POST, {one.pk for one in waiting}))
    if request.method == "POST" and not searched:
        try:
            actions.decide(
                by=request.user, connection=connection, now=datetime.now(UTC),
                told=[(one, *told[one.pk]) for one in waiting if one.pk in told],
            )  # fmt: skip
            messages.success(request, _("Décisions gardées : la collecte suivante prendra ces lieux."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("connection_names", pk=pk)
    for one in waiting:
        # Nothing was kept: what was answered of the other names stands in the form as it was sent.
        one.decision, one.place_code = told.get(one.pk, (one.decision, one.place_code))
    pages = max(1, -(-len(waiting) // matches.SHOWN))
    number = min(max(1, page_number(request)), pages)
    shown: list[PlaceName] = waiting[(number - 1) * matches.SHOWN : number * matches.SHOWN]
    questions = [
        replace(one, typed=searched[one.name.pk][0], found=searched[one.name.pk][1])
        if one.name.pk in searched
        else one
        for one in matches.questions_of(shown, "")
    ]
    return render(
        request, "evidence/connection_names.html",
        {
            "connection": connection, "number": len(waiting), "may_decide": not connection.waits and connection.closed is None,
            "questions": questions, "searched": len(searched), "pager": {"number": number, "pages": pages},
            "proposals": matches.sound(matches.questions_of(waiting, "")),
            **awaited(request, connection.job if connection.waits else None, reverse("connection_standing", args=[pk])),
        },
        status=422 if searched else 200,
    )  # fmt: skip


def _looked_up(told: dict[int, tuple[str, str]]) -> tuple[dict[int, tuple[str, str]], dict[int, Searched]]:
    """Return the answers whose places are known, and for the others what was typed with the places that it may mean.

    Only a whole name that one place has is taken as it stands: a decision holds for every later pull.
    """
    known: dict[int, tuple[str, str]] = {}
    searched: dict[int, Searched] = {}
    for key, (said, typed) in told.items():
        if said != PlaceName.Decision.PLACE or not typed or server_names.is_place(typed):
            known[key] = (said, typed)
            continue
        found = matches.places_called(typed[:LONGEST])
        called = [one for one in found if matches.is_called(typed, one)]
        if len(called) == 1:
            known[key] = (said, called[0].code)
        else:
            searched[key] = (typed[:LONGEST], found)
    return known, searched
