"""How does somebody prepare a meeting from what changed, and write what was said?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio import views
from kalanso.hub.portfolio.actions import decisions as actions
from kalanso.hub.portfolio.forms.decisions import MeetingForm
from kalanso.hub.portfolio.models import Meeting
from kalanso.hub.portfolio.queries import agenda
from kalanso.hub.portfolio.queries import decisions as queries
from kalanso.hub.portfolio.queries.reports import last_quarter


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the meetings, the newest first."""
    views.refuse_outsiders(request)
    rows, pager = views.page_of(request, queries.visible_meetings(request.user), queries.SHOWN)
    names = names_of({one.place_code for one in rows})
    today = views.now().date()
    following = queries.visible_meetings(request.user).filter(date__gte=today).order_by("date", "pk").first()
    return render(
        request,
        "portfolio/decisions/meetings.html",
        {
            "rows": [(one, names.get(one.place_code, one.place_code)) for one in rows], "pager": pager, "following": following,
            "may_meet": may(request.user, "portfolio.meet"),
        },
    )  # fmt: skip


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Note a meeting."""
    refuse_unless(request.user, "portfolio.meet")
    form = MeetingForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        present = form.cleaned_data["present"]
        made = views.done(
            form,
            lambda: actions.note_meeting(by=request.user, said=form.said(), present=present, now=views.now()),
        )
        if made is not None:
            messages.success(request, _("Réunion notée. Son ordre du jour est prêt."))
            return redirect("meeting", pk=made.pk)
    return render(
        request, "portfolio/decisions/note_meeting.html", {"form": form}, status=422 if form.errors else 200
    )


def _context(one: Meeting) -> dict[str, Any]:
    names = names_of({one.place_code})
    return {"meeting": one, "place_is": names.get(one.place_code, one.place_code)}


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a meeting: what changed since the one before, what was said, what was decided."""
    found = queries.one_meeting(request.user, pk)
    return render(
        request,
        "portfolio/decisions/meeting.html",
        {
            **_context(found), "parts": agenda.agenda(request.user, found), "since": agenda.since(found),
            "earlier": queries.before(found), "decided": queries.visible_decisions(request.user).filter(meeting=found),
            "may_meet": may(request.user, "portfolio.meet", found), "may_decide": may(request.user, "portfolio.decide", found),
            "mark": f"{queries.MEETING}:{found.pk}", "quarter": last_quarter(found.date),
        },
    )  # fmt: skip


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the minutes, or correct what was noted."""
    found = queries.one_meeting(request.user, pk)
    refuse_unless(request.user, "portfolio.meet", found)
    form = MeetingForm(request.user, request.POST or None, one=found)
    if request.method == "POST" and form.is_valid():
        kept = views.done(form, lambda: actions.correct_meeting(
            by=request.user, one=found, said=form.said(), present=form.cleaned_data["present"], version=views.version_of(request),
            now=views.now(),
        ))  # fmt: skip
        if kept is not None:
            messages.success(request, _("Réunion gardée."))
            return redirect("meeting", pk=found.pk)
    context = {**_context(found), "form": form}
    return render(
        request, "portfolio/decisions/edit_meeting.html", context, status=422 if form.errors else 200
    )
