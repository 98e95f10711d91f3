"""How does a person connect a server, follow how it stands, and disconnect it?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.evidence.actions import connections as actions
from kalanso.hub.evidence.forms.connections import SECRETS, ConnectionForm, FormChoice
from kalanso.hub.evidence.forms.uploads import ReasonForm
from kalanso.hub.evidence.models import Connection, Pull
from kalanso.hub.evidence.queries import connections as queries
from kalanso.hub.evidence.queries import credentials
from kalanso.hub.evidence.queries.figures import Awaited
from kalanso.hub.evidence.queries.readings import plan_of, view_of
from kalanso.hub.evidence.queries.server_names import number_waiting
from kalanso.hub.evidence.views import done
from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.queries import visible_jobs
from kalanso.hub.jobs.views import STOP_ASKING
from kalanso.hub.people.permissions import may


def found(request: HttpRequest, pk: int) -> Connection:
    """Return a connection to whoever may work with it; to all others it says nothing, also whether it is there."""
    if not queries.may_manage(request.user):
        raise PermissionDenied(_("Relier un serveur est le rôle du CNI et de l'administrateur."))
    connection = (
        Connection.objects.select_related("job", "made_by", "changed_by", "closed_by", "secret__set_by")
        .filter(pk=pk)
        .first()
    )
    if connection is None:
        raise Http404(_("Aucune connexion ne porte ce numéro."))
    return connection


def page_number(request: HttpRequest) -> int:
    """Return which page is asked for."""
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isdigit() and len(asked) < 8 else 1


def awaited(request: HttpRequest, job: Job | None, again: str) -> dict[str, Any]:
    """Return what the panel of work under way shows; nothing where none is."""
    if job is None or job.over:
        return {}
    address = visible_jobs(request.user).filter(pk=job.pk).exists()
    return {"awaited": Awaited(job=job, mark=str(job.pk), address=address), "again": again}


def panel(request: HttpRequest, job: Job | None, again: str) -> HttpResponse:
    """Answer how far work is; where it ended since, have the whole page shown anew."""
    told = awaited(request, job, again)
    if not told or told["awaited"].mark != request.GET.get("vu", ""):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "evidence/standing.html", told)


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the servers; teams see which source is connected and when it last came, nothing more."""
    if not may(request.user, "evidence.read_connections"):
        raise PermissionDenied(_("Les connexions sont pour ceux qui travaillent dans le programme."))
    manages = queries.may_manage(request.user)
    rows = queries.all_standings() if manages else queries.standings(queries.open_connections())
    return render(
        request, "evidence/connections.html",
        {"rows": rows, "manages": manages, "keys": credentials.keys_are_set(), "failed": [r for r in rows if r.needs_attention], "connected": sum(r.connection.closed is None for r in rows)},
    )  # fmt: skip


@sensitive_post_parameters(*SECRETS)
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Connect a server."""
    if not queries.may_manage(request.user):
        raise PermissionDenied(_("Relier un serveur est le rôle du CNI et de l'administrateur."))
    start = {"kind": "dhis2", "cadence": "never", "source": request.GET.get("source", "")[:60]}
    form = ConnectionForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.connect(
                by=request.user, kind=form.cleaned_data["kind"], source=form.cleaned_data["source"], words=form.words(),
                access=form.access(), now=datetime.now(UTC),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Le serveur est relié ; il est interrogé en ce moment."))
            return redirect("connection", pk=made.pk)
    context = {"form": form, "keys": credentials.keys_are_set()}
    return render(request, "evidence/connection_form.html", context, status=422 if form.errors else 200)


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how a connection stands and what to do next."""
    connection = found(request, pk)
    (standing,) = queries.standings([connection])
    plan = plan_of(connection)
    pull = Pull.objects.filter(connection=connection).select_related("job").first()
    waits = connection.job if connection.waits else pull.job if pull is not None and pull.waits else None
    step, says = queries.next_step(connection)
    return render(
        request, "evidence/connection.html",
        {
            "connection": connection, "standing": standing, "access": queries.access_of_connection(connection),
            "server_time": queries.clock_of(connection),
            "names": number_waiting(connection), "step": step, "says": says, "plan": plan, "keys": credentials.keys_are_set(),
            "undecided": sum(view_of(one) == "a-decider" for one in plan.elements) if plan else 0,
            "pulls": connection.pulls.select_related("job", "asked_by")[: queries.PULLS_SHOWN],
            "choice": FormChoice(connection) if connection.told.get("forms") else None,
            **awaited(request, waits, reverse("connection_standing", args=[pk])),
        },
    )  # fmt: skip


@require_GET
def standing(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer how far the work at a server is."""
    if not request.user.is_authenticated:
        return HttpResponse(escape(_("Vous n'êtes plus connecté : rechargez la page.")), status=STOP_ASKING)
    connection = found(request, pk)
    pull = Pull.objects.filter(connection=connection).select_related("job").first()
    job = connection.job if connection.waits else pull.job if pull is not None and pull.waits else None
    return panel(request, job, reverse("connection_standing", args=[pk]))


@sensitive_post_parameters(*SECRETS)
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change where a server is, its access, what is asked of it and how often."""
    connection = found(request, pk)
    start = {
        "address": connection.address, "project": connection.project, "new_places": connection.new_places,
        "first_month": connection.first_month.strftime("%Y-%m") if connection.first_month else "",
        "cadence": connection.cadence, "version": connection.version,
    }  # fmt: skip
    form = ConnectionForm(request.POST or None, initial=start, connection=connection)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(
                by=request.user, connection=connection, words=form.words(), access=form.access(),
                version=form.cleaned_data.get("version") or 0, now=datetime.now(UTC),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("C'est noté, avec votre nom et la date."))
            return redirect("connection", pk=pk)
    context = {"form": form, "connection": connection, "keys": credentials.keys_are_set()}
    return render(request, "evidence/connection_form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a server asked who we are for it."""
    connection = found(request, pk)
    to = reverse("connection", args=[pk])
    return done(
        request, to, lambda: actions.look(by=request.user, connection=connection, now=datetime.now(UTC))
    )


@login_required
@require_POST
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the form that is read."""
    connection = found(request, pk)
    form = FormChoice(connection, request.POST)
    to = reverse("connection", args=[pk])
    if not form.is_valid():
        messages.error(request, _("Choisissez l'une des réponses proposées."))
        return redirect(to)
    code = form.cleaned_data["form"]
    return done(
        request,
        to,
        lambda: actions.choose_form(by=request.user, connection=connection, form=code, now=datetime.now(UTC)),
    )


@login_required
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Disconnect a server, with a reason."""
    connection = found(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return done(
            request, reverse("connection", args=[pk]),
            lambda: actions.close(
                by=request.user, connection=connection, reason=form.cleaned_data["reason"], now=datetime.now(UTC)
            ),
            _("La connexion est fermée et son accès effacé. Ce qu'elle a apporté reste."),
        )  # fmt: skip
    return render(
        request, "evidence/connection_close.html", {"connection": connection, "form": form},
        status=422 if form.errors else 200,
    )  # fmt: skip
