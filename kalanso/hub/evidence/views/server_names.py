"""How does a person say which place each name of a connected server is?"""

from __future__ import annotations

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


@login_required
def names(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask which place each open name of a server is; keep the answers of a whole page at once."""
    connection = found(request, pk)
    waiting = server_names.waiting(connection)
    if request.method == "POST":
        told = answers(request.POST, {one.pk for one in waiting})
        try:
            actions.decide(
                by=request.user, connection=connection, now=datetime.now(UTC),
                told=[(one, *told[one.pk]) for one in waiting if one.pk in told],
            )  # fmt: skip
            messages.success(request, _("Décisions gardées : la collecte suivante prendra ces lieux."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("connection_names", pk=pk)
    pages = max(1, -(-len(waiting) // matches.SHOWN))
    number = min(max(1, page_number(request)), pages)
    shown: list[PlaceName] = waiting[(number - 1) * matches.SHOWN : number * matches.SHOWN]
    return render(
        request, "evidence/connection_names.html",
        {
            "connection": connection, "number": len(waiting), "may_decide": not connection.waits and connection.closed is None,
            "questions": matches.questions_of(shown, ""), "pager": {"number": number, "pages": pages},
            "proposals": matches.sound(matches.questions_of(waiting, "")),
            **awaited(request, connection.job if connection.waits else None, reverse("connection_standing", args=[pk])),
        },
    )  # fmt: skip
