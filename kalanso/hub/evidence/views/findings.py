"""How do people go through the findings of the checks and say what each is?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kalanso.hub.evidence.actions import findings as actions
from kalanso.hub.evidence.forms.desk import FindingFilter, FindingForm
from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries import cleared
from kalanso.hub.evidence.queries import findings as queries
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.models import Event
from kalanso.hub.people.permissions import WHOLE_COUNTRY, Somewhere, may


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """List the findings that the reader may see: own places first, then the gravest and newest."""
    form = FindingFilter(request.user, request.GET)
    wanted = form.wanted()
    asked = request.GET.get("page", "1")
    number = max(1, int(asked) if asked.isdigit() and len(asked) < 8 else 1)
    rows, total = _listed(request, wanted, number)
    pages = max(1, -(-total // queries.SHOWN))
    number = number if number <= pages else 1
    return render(
        request,
        "evidence/findings.html",
        {
            "form": form, "total": total, "rows": rows,
            "pager": {"number": number, "pages": pages}, "may_check": may(request.user, "evidence.publish", WHOLE_COUNTRY),
            "job": Job.objects.filter(kind="evidence.check").first() if may(request.user, "evidence.publish", WHOLE_COUNTRY) else None,
        },
    )  # fmt: skip


def _listed(request: HttpRequest, wanted: queries.Wanted, number: int) -> tuple[list[dict[str, Any]], int]:
    if wanted.status != queries.CLEARED:
        return queries.listed(request.user, wanted, number)
    found = cleared.listed(wanted)
    shown = found[(number - 1) * queries.SHOWN :][: queries.SHOWN] or found[: queries.SHOWN]
    return queries.spoken_of(request.user, shown), len(found)


@login_required
def one(request: HttpRequest, key: str) -> HttpResponse:
    """Show a finding, what was said of it, and ask what it is."""
    found = queries.one(key)
    finding = found or cleared.one(key)
    if finding is None:
        raise Http404(
            _(
                "Cette alerte n'existe plus, ou elle n'est pas pour vous. Les contrôles ont peut-être été relancés."
            )
        )
    said = FindingStatus.objects.select_related("by").filter(key=key).first()
    mine = may(request.user, "evidence.set_finding", Somewhere(finding["place_code"]))
    allowed = mine and found is not None  # there is nothing to judge where the checks find nothing
    start = {
        "status": said.status if said else FindingStatus.Status.KNOWN, "comment": said.comment if said else "",
        "version": said.version if said else 0,
    }  # fmt: skip
    form = FindingForm(request.POST or None, initial=start, check=finding["check"])
    if request.method == "POST":
        _refuse_unless(mine, found is not None)
        if form.is_valid():
            try:
                actions.set_status(
                    by=request.user, finding=finding, now=datetime.now(UTC), **form.cleaned_data
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("C'est noté, avec votre nom et la date."))
                return redirect("finding", key=key)
    return render(
        request,
        "evidence/finding.html",
        {
            "finding": finding, "said": said, "form": form, "allowed": allowed,
            "history": _history(said),
        },
        status=422 if form.errors else 200,
    )  # fmt: skip


def _refuse_unless(mine: bool, still: bool) -> None:
    """Raise PermissionDenied where somebody may not say what a finding is, or the checks no longer find it."""
    if not mine:
        raise PermissionDenied(
            _("Vous pouvez lire cette alerte, mais pas dire ce qu'elle est : ce lieu n'est pas le vôtre.")
        )
    if not still:
        raise PermissionDenied(
            _("Les contrôles ne trouvent plus cette alerte : il n'y a plus rien à en dire.")
        )


def _history(said: FindingStatus | None) -> list[tuple[Event, str, str]]:
    """Return who said what of a finding, with the words of its status and the comment."""
    if said is None:
        return []
    names = dict(FindingStatus.Status.choices)
    found = Event.objects.filter(object_type="evidence.findingstatus", object_id=str(said.pk))
    return [
        (event, str(names.get(event.after.get("status", ""), "")), event.after.get("comment", ""))
        for event in found.select_related("by")[:50]
    ]


@login_required
@require_POST
def check_again(request: HttpRequest) -> HttpResponse:
    """Have the checks run over all that is published."""
    actions.ask_to_check(by=request.user, now=datetime.now(UTC))
    messages.success(request, _("Les contrôles vont être relancés. La liste change quand ils ont fini."))
    return redirect("findings")
