"""How do people say what the numbers of a DHIS2 server count, doubts first?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.evidence.actions import connections as servers
from kalanso.hub.evidence.actions import readings as actions
from kalanso.hub.evidence.forms.connections import FrameForm, MeaningForm, PlanForm
from kalanso.hub.evidence.models import Connection
from kalanso.hub.evidence.queries import readings as queries
from kalanso.hub.evidence.views import done
from kalanso.hub.evidence.views.connections import found, page_number
from kalanso.sources.dhis2 import Meanings


def planned(request: HttpRequest, pk: int) -> tuple[Connection, Meanings]:
    """Return a connection with its reading plan; Http404 where there is none yet."""
    connection = found(request, pk)
    plan = queries.plan_of(connection)
    if plan is None:
        raise Http404(
            _("Cette connexion n'a pas encore de plan de lecture : faites-le proposer depuis sa page.")
        )
    return connection, plan


@login_required
@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the machine propose what each number counts."""
    connection = found(request, pk)
    to = reverse("connection", args=[pk])
    return done(
        request, to, lambda: servers.propose(by=request.user, connection=connection, now=datetime.now(UTC))
    )


@login_required
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the numbers may count, doubts first; take decisions, or a whole document."""
    connection, plan = planned(request, pk)
    brought = PlanForm()
    if request.method == "POST" and "bring" in request.POST:
        brought = PlanForm(request.POST, request.FILES)
        if brought.is_valid() and _bring(request, connection, brought):
            return redirect("connection_reading", pk=pk)
    elif request.method == "POST":
        return _decide(request, connection)
    views = [name for name in queries.VIEWS if name == request.GET.get("voir")]
    view = views[0] if views else next(
        (name for name in queries.VIEWS if any(queries.view_of(one) == name for one in plan.elements)), "a-decider"
    )  # fmt: skip
    shown = queries.reading(plan, view=view, page=page_number(request))
    return render(
        request, "evidence/connection_reading.html",
        {
            "connection": connection, "plan": plan, "numbers": shown, "view": view, "brought": brought,
            "ages": queries.codes_of("age_band"),
            "feed": str(queries.FEED_NAMES[plan.feed]), "views": [(name, str(called), shown.counts[name]) for name, called in queries.VIEWS.items()],
            "pager": {"number": shown.number, "pages": shown.pages}, "open": connection.closed is None,
        },
        status=422 if brought.errors else 200,
    )  # fmt: skip


def _bring(request: HttpRequest, connection: Connection, brought: PlanForm) -> bool:
    try:
        number = actions.replace_plan(
            by=request.user, connection=connection, document=brought.document,
            name=request.FILES["plan"].name or "plan", now=datetime.now(UTC),
        )  # fmt: skip
    except ValidationError as error:
        brought.add_error("plan", error)
        return False
    messages.success(request, _("Plan reçu : %(n)s nombres.") % {"n": number})
    return True


def _decide(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Take one decision (`key`, how it stood, the answer), or confirm all of some sound ways."""
    now, to = datetime.now(UTC), request.get_full_path()
    if request.POST.getlist("methods"):
        counted: list[int] = []
        answer = done(
            request,
            to,
            lambda: counted.append(
                actions.decide_sound(
                    by=request.user,
                    connection=connection,
                    methods=request.POST.getlist("methods"),
                    age_band=request.POST.get("age_band", ""),
                    now=now,
                )
            ),
        )
        for n in counted:
            messages.success(request, _("Confirmés avec votre nom : %(n)s.") % {"n": n})
        return answer
    told = {name: request.POST.get(name, "") for name in ("key", "status", "seen")}
    return done(request, to, lambda: actions.decide(by=request.user, connection=connection, now=now, **told))


@login_required
def meaning(request: HttpRequest, pk: int, element: str, option: str) -> HttpResponse:
    """Say oneself what a number counts."""
    connection, plan = planned(request, pk)
    entry = queries.found(plan, element, option)
    if entry is None:
        raise Http404(_("Ce nombre n'est pas dans le plan de lecture."))
    form = MeaningForm(entry, request.POST or None)
    if request.method == "POST" and form.is_valid():
        told: dict[str, Any] = dict(form.cleaned_data)
        seen = told.pop("seen")
        try:
            actions.say(
                by=request.user, connection=connection, key=queries.key_of(entry), words=told, seen=seen,
                now=datetime.now(UTC),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Confirmé avec votre nom."))
            return redirect("connection_reading", pk=pk)
    return render(
        request, "evidence/connection_meaning.html",
        {"connection": connection, "entry": queries.entry_of(entry), "form": form},
        status=422 if form.errors else 200,
    )  # fmt: skip


@login_required
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which levels and which forms of the server are read, and by which door."""
    connection, plan = planned(request, pk)
    form = FrameForm(connection, plan, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.say_frame(
                by=request.user, connection=connection, levels=form.told(), data_sets=form.cleaned_data["data_sets"],
                feed=form.cleaned_data["feed"], now=datetime.now(UTC),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("C'est noté, avec votre nom et la date."))
            return redirect("connection_reading", pk=pk)
    return render(
        request, "evidence/connection_frame.html", {"connection": connection, "form": form},
        status=422 if form.errors else 200,
    )  # fmt: skip


@login_required
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the plan as the command line reads and writes it."""
    connection, plan = planned(request, pk)
    response = HttpResponse(plan.to_yaml(), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lecture-{connection.source}.yaml"'
    return response
