"""How does a page show a job: its name, its state, how far it is, and why it failed?

The site's settings make these tags known to every template. A page shows a job with `{% job_progress job %}`; without scripts there is a link to look again, with them the panel
asks once every two seconds, until the job is over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.jobs import queries
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may

register = template.Library()


@register.filter
def job_name(job: Job) -> str:
    """What a job does, in words."""
    return queries.name_of(job)


@register.filter
def job_step(job: Job) -> str:
    """The step at which a job is."""
    return queries.step_of(job)


@register.filter
def job_error(job: Job) -> str:
    """Why a job failed, for people."""
    return queries.error_of(job)


@register.filter
def job_took(job: Job) -> str:
    """For how long a job has waited, run or ran: "moins d'une minute", "12 minutes", "3 heures", "4 jours"."""
    minutes = round(queries.took(job, now=datetime.now(UTC)).total_seconds() / 60)
    if minutes < 1:
        return _("moins d'une minute")
    if minutes < 120:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours > 48:
        days = round(hours / 24)
        return ngettext("%(n)s jour", "%(n)s jours", days) % {"n": days}
    return ngettext("%(n)s heure", "%(n)s heures", hours) % {"n": hours}


@register.inclusion_tag("jobs/progress.html", takes_context=True)
def job_progress(context: dict[str, Any], job: Job) -> dict[str, Any]:
    """The panel of a job: state, step, bar, what can be done about it."""
    return progress_context(job, context["request"].user) | {
        "csrf_token": context.get("csrf_token"),
        "whole_page": True,
    }


def progress_context(job: Job, person: Any) -> dict[str, Any]:
    """Return what the panel of a job shows to somebody."""
    theirs = job.asked_by_id == person.pk or may(person, "jobs.read_all", WHOLE_COUNTRY)
    return {
        "job": job,
        "percent": int(100 * job.share),
        "may_act": theirs,
        "fault": queries.fault_of(job) if may(person, "jobs.read_all", WHOLE_COUNTRY) else "",
        "address": _own_address(job),
        "held_up": job.state == Job.State.WAITING and queries.held_up(),
    }


def _own_address(job: Job) -> str:
    """Return the page with a job's result, where the answer names one of ours."""
    address = str(job.answer.get("address", "")) if isinstance(job.answer, dict) else ""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else ""
