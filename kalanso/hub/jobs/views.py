"""Which pages show the work behind the pages, and let people stop it or try it again?"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kalanso.hub.jobs import actions, queries
from kalanso.hub.jobs.panels import progress_context
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may

ON_A_PAGE = 30
STOP_ASKING = 286  # htmx shows the answer and asks no more


@login_required
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """Show somebody's own jobs; administrators see all of them, and how the queue stands."""
    now = datetime.now(UTC)
    seen = Paginator(queries.visible_jobs(request.user).select_related("asked_by"), ON_A_PAGE)
    everything = may(request.user, "jobs.read_all", WHOLE_COUNTRY)
    return render(
        request,
        "jobs/list.html",
        {
            "jobs": seen.get_page(request.GET.get("page")),
            "everything": everything,
            "held_up": queries.held_up(),
            "standing": queries.standing(now=now) if everything else None,
            "behind": queries.behind() if everything else None,
        },
    )


@login_required
@require_GET
def job(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Show one job: how far it is, or how it ended."""
    return render(request, "jobs/job.html", {"job": queries.visible_job(request.user, job_id)})


@require_GET
def progress(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Answer only the panel of a job, for the script that asks for it again and again."""
    if not request.user.is_authenticated:
        return HttpResponse(escape(_("Vous n'êtes plus connecté : rechargez la page.")), status=STOP_ASKING)
    found = queries.visible_job(request.user, job_id)
    return render(request, "jobs/progress.html", progress_context(found, request.user))


@login_required
@require_POST
def cancel(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Stop a job."""
    found = queries.visible_job(request.user, job_id)
    actions.cancel(by=request.user, job=found, now=datetime.now(UTC))
    return redirect("job", job_id=job_id)


@login_required
@require_POST
def retry(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Try a job again that failed or was stopped."""
    found = queries.visible_job(request.user, job_id)
    actions.retry(by=request.user, job=found, now=datetime.now(UTC))
    return redirect("job", job_id=job_id)
