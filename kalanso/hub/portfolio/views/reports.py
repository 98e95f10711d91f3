"""How does a team report on a cell, who approves it, and who has not reported?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.actions import reports as actions
from kalanso.hub.portfolio.forms.reports import ReportForm, ReturnForm, initial_of
from kalanso.hub.portfolio.models import Cell, Report
from kalanso.hub.portfolio.queries import reports as queries
from kalanso.hub.portfolio.queries import scope, who_reported
from kalanso.hub.portfolio.views import does, not_kept_if_sensitive, now, refuse_outsiders, version_of


@login_required
def status(request: HttpRequest) -> HttpResponse:
    """Show who has reported on a quarter and who has not."""
    refuse_outsiders(request)
    offered = queries.quarters(now().date())
    asked = request.GET.get("trimestre", "")
    period = asked if asked in offered else queries.last_quarter(now().date())
    told, states = who_reported.status(request.user, period), list(who_reported.shown_states())
    context = {
        "status": told, "quarters": offered, "states": states,
        "organisations": [(house, [(word, row[code]) for code, word in states]) for house, row in told.organisations],
        "districts": [(code, name, [(word, row[state]) for state, word in states]) for code, name, row in told.districts],
        "to_review": list(queries.to_review(request.user)[:20]) if may(request.user, "portfolio.approve") else [],
    }  # fmt: skip
    return render(request, "portfolio/reports.html", context)


def _context(request: HttpRequest, cell: Cell, period: str) -> dict[str, Any]:
    one = queries.one_report(request.user, cell, period)
    may_write = may(request.user, "portfolio.report", cell)
    return {
        "cell": cell, "period": period, "report": one, "place": names_of({cell.place_code}).get(cell.place_code, cell.place_code),
        "detail": scope.detail(request.user, cell), "may_write": may_write and (one is None or one.open),
        "may_review": one is not None and one.state == Report.State.SUBMITTED and may(request.user, "portfolio.approve", one) and one.by_id != request.user.pk,
        "next_report": _next(request, period) if one is not None and one.by_id == request.user.pk and not one.open else "",
        "target": cell.targets.filter(period=period).first(),
    }  # fmt: skip


def _next(request: HttpRequest, period: str) -> str:
    """Return where somebody writes the next report that waits for them on a quarter; "" where none does."""
    following = queries.own_missing(request.user, period).first()
    return queries.address_for(following, period) if following is not None else ""


@login_required
def report(request: HttpRequest, pk: int, period: str) -> HttpResponse:
    """Show the report of a cell and quarter; its team writes and sends it here."""
    cell = scope.one_cell(request.user, pk)
    context = _context(request, cell, period)
    one = context["report"]
    if one is None and (not context["may_write"] or period not in queries.due_quarters(cell, now().date())):
        raise Http404(str(scope.NOT_HERE))
    if request.method == "POST":
        refuse_unless(request.user, "portfolio.report", cell)
    if context["may_write"]:
        context["form"] = form = ReportForm(
            cell,
            *((request.POST, request.FILES) if request.method == "POST" else ()),
            initial=initial_of(one),
        )
        if request.method == "POST" and form.is_valid() and _write(request, cell, period, form):
            return redirect("report", pk=cell.pk, period=period)
    wrong = bool(context.get("form") and context["form"].errors) or (
        request.method == "POST" and not context["may_write"]
    )
    page = render(request, "portfolio/report.html", context, status=422 if wrong else 200)
    return not_kept_if_sensitive(page, cell)


def _write(request: HttpRequest, cell: Cell, period: str, form: ReportForm) -> bool:
    send = form.cleaned_data["send"] == "1"
    try:
        actions.write(
            by=request.user, cell=cell, period=period, said=form.said(), now=now(), version=version_of(request),
            photo=form.cleaned_data["photo"], photo_alt=form.cleaned_data["photo_alt"], send=send,
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(error.code if error.code in form.fields else None, error)
        return False
    messages.success(request, _("Rapport envoyé.") if send else _("Brouillon gardé."))
    return True


def _sent(request: HttpRequest, pk: int, period: str) -> Report:
    cell = scope.one_cell(request.user, pk)
    one = queries.one_report(request.user, cell, period)
    if one is None:
        raise Http404(str(scope.NOT_HERE))
    refuse_unless(request.user, "portfolio.approve", one)
    return one


@login_required
@require_POST
def approve(request: HttpRequest, pk: int, period: str) -> HttpResponse:
    """Agree with a report."""
    one = _sent(request, pk, period)
    version = version_of(request)
    does(
        request,
        lambda: actions.approve(by=request.user, one=one, version=version, now=now()),
        _("Rapport approuvé."),
    )
    return redirect("report", pk=pk, period=period)


@login_required
def send_back(request: HttpRequest, pk: int, period: str) -> HttpResponse:
    """Send a report back with what is to be corrected."""
    one = _sent(request, pk, period)
    form = ReturnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        note, version = form.cleaned_data["note"], version_of(request)
        does(
            request,
            lambda: actions.send_back(by=request.user, one=one, note=note, version=version, now=now()),
            _("Rapport renvoyé à l'équipe."),
        )
        return redirect("report", pk=pk, period=period)
    context = {**_context(request, one.cell, period), "form": form}
    return render(request, "portfolio/report_back.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the photo of a report to who may read it."""
    with queries.photo_of(request.user, pk).photo.open("rb") as kept:
        answer = HttpResponse(kept.read(), content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
