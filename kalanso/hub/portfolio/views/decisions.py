"""How does somebody note a decision with its ground, find it again, and see what came of it?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio import views
from kalanso.hub.portfolio.actions import decisions as actions
from kalanso.hub.portfolio.forms.decisions import DecisionFilter, DecisionForm
from kalanso.hub.portfolio.models import Decision, Meeting
from kalanso.hub.portfolio.queries import agenda, cells_cited
from kalanso.hub.portfolio.queries import decisions as queries
from kalanso.hub.portfolio.queries.since_decision import changes


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the decisions, the newest first."""
    views.refuse_outsiders(request)
    form, place = DecisionFilter(request.GET), views.place_asked(request)
    wanted = form.wanted(place.code if place is not None else "")
    found = queries.narrowed(queries.visible_decisions(request.user), wanted)
    rows, pager = views.page_of(request, found, queries.SHOWN)
    names = names_of({one.place_code for one in rows})
    return render(
        request,
        "portfolio/decisions/decisions.html",
        {
            "form": form, "rows": [(one, names.get(one.place_code, one.place_code)) for one in rows], "pager": pager,
            "narrowed": any(vars(wanted).values()), "limited_to": place, "may_decide": may(request.user, "portfolio.decide"),
        },
    )  # fmt: skip


def _origin(request: HttpRequest) -> tuple[Cited | None, list[Cited]]:
    """Return what a decision is noted from, and what else it may rest on: for a meeting, the points of its agenda."""
    origin = views.came_from(request)
    if origin is None or origin.object_type != queries.MEETING:
        return origin, []
    meeting: Meeting = queries.one_meeting(request.user, int(origin.object_id))
    return origin, agenda.to_cite(request.user, agenda.agenda(request.user, meeting))


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Note a decision."""
    refuse_unless(request.user, "portfolio.decide")
    origin, offered = _origin(request)
    form = DecisionForm(
        request.user, request.POST or None, today=views.now().date(), came_from=origin, offered=offered
    )
    if request.method == "POST" and form.is_valid():
        made = views.done(
            form, lambda: actions.decide(by=request.user, said=form.said(), **form.more(), now=views.now())
        )
        if made is not None:
            told = _("Décision %(reference)s gardée. Créez maintenant les actions qui en viennent.")
            messages.success(request, told % {"reference": made.reference})
            return redirect("decision", reference=made.reference)
    context = {"form": form, "origin": origin}
    return render(request, "portfolio/decisions/decide.html", context, status=422 if form.errors else 200)


def _context(request: HttpRequest, one: Decision) -> dict[str, Any]:
    names = names_of({one.place_code})
    return {
        "decision": one,
        "place_is": names.get(one.place_code, one.place_code),
        "mark": f"{queries.NAME}:{one.pk}",
    }


@login_required
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a decision: on what it rests, what it affects, and what came of it."""
    found = queries.one_decision(request.user, reference)
    known = cells_cited.cells(
        request.user, [str(cell.pk) for cell, _name in queries.cells_of(request.user, found)]
    )
    return render(
        request,
        "portfolio/decisions/decision.html",
        {
            **_context(request, found), "cells": list(known.values()), "may_decide": may(request.user, "portfolio.decide", found),
            "lines": list(cells_cited.interventions(request.user, [str(line.pk) for line in found.interventions.all()]).values()),
            "may_act": may(request.user, "portfolio.set_action"), "changes": changes(request.user, found, known),
        },
    )  # fmt: skip


@login_required
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Correct a decision."""
    found = queries.one_decision(request.user, reference)
    refuse_unless(request.user, "portfolio.decide", found)
    form = DecisionForm(request.user, request.POST or None, today=views.now().date(), one=found)
    if request.method == "POST" and form.is_valid():
        kept = views.done(form, lambda: actions.correct_decision(
            by=request.user, one=found, said=form.said(), **form.more(), version=views.version_of(request), now=views.now()
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("Correction gardée."))
            return redirect("decision", reference=found.reference)
    context = {**_context(request, found), "form": form}
    return render(request, "portfolio/decisions/edit.html", context, status=422 if form.errors else 200)
