"""How does a person have a server asked for what is new, follow it, stop it, and read what it brought?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.evidence.actions import pulls as actions
from kalanso.hub.evidence.models import Pull
from kalanso.hub.evidence.queries import connections as servers
from kalanso.hub.evidence.queries import uploads as queries
from kalanso.hub.evidence.views import done
from kalanso.hub.evidence.views.connections import awaited, found


def pull_of(request: HttpRequest, pk: int, number: int) -> Pull:
    """Return a pull of a connection to whoever may work with it."""
    connection = found(request, pk)
    pull = connection.pulls.select_related("job", "asked_by").filter(number=number).first()
    if pull is None:
        raise Http404(_("Aucune collecte ne porte ce numéro."))
    pull.connection = connection
    return pull


@login_required
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a server asked for what is new, or for everything."""
    connection = found(request, pk)
    whole = request.POST.get("whole") == "1"
    return done(
        request, reverse("connection", args=[pk]),
        lambda: actions.ask_pull(by=request.user, connection=connection, whole=whole, now=datetime.now(UTC)),
    )  # fmt: skip


@login_required
@require_POST
def stop(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Stop a pull."""
    pull = pull_of(request, pk, number)
    return done(
        request, reverse("connection", args=[pk]),
        lambda: actions.stop_pull(by=request.user, pull=pull, now=datetime.now(UTC)),
        _("L'arrêt est demandé : ce qui est arrivé est gardé, la collecte suivante reprendra là."),
    )  # fmt: skip


@login_required
def one(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Say what a pull brought, or why it failed."""
    pull = pull_of(request, pk, number)
    receipt = pull.receipt
    waiting, refused = queries.left_out(receipt) if receipt else (0, 0)
    return render(
        request, "evidence/pull.html",
        {
            "pull": pull, "connection": pull.connection, "receipt": receipt, "fault": servers.fault_of_pull(pull),
            "waiting_total": waiting, "rejected_total": refused,
            "skipped_total": sum(receipt.get("skipped", {}).values()),
            "suspicious_total": sum(receipt.get("suspicious", {}).values()),
            **{kind: queries.counted(receipt, kind) for kind in ("skipped", "rejected", "suspicious")},
            "notes": [queries.message_text(note) for note in receipt.get("notes", [])],
            **awaited(request, pull.job if pull.waits else None, reverse("connection_standing", args=[pk])),
        },
    )  # fmt: skip


@login_required
def file(request: HttpRequest, pk: int, number: int, name: str) -> HttpResponseBase:
    """Give a raw table of a form, as it stands after the newest pull."""
    pull = pull_of(request, pk, number)
    known = {one["name"] for one in pull.told.get("files", ())}
    path = pull.connection.folder / name
    if name not in known or not path.is_file():
        raise Http404(_("Ce fichier n'est plus là : une collecte le rapportera."))
    answer = FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
    )
    answer["Cache-Control"] = "private, no-store"
    return answer
