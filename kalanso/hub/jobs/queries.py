"""Which jobs may somebody see, and how do they stand?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kalanso.hub.jobs.models import Job
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task

VERBS = {"jobs.cancelled": _("%(who)s a arrêté un travail.")}
# A failure that nobody took up again is a task for this long.
RECENT = timedelta(days=14)


def failures(person: Any) -> list[Task]:
    """Return the person's own newest jobs that failed for good."""
    since = datetime.now(UTC) - RECENT
    found = Job.objects.filter(asked_by=person, state=Job.State.FAILED, ended__gt=since)[:3]
    return [
        Task(says=gettext("Voir pourquoi un travail a échoué"), address=_page_of(job), since=job.ended)
        for job in found
        if job.ended is not None
    ]


def _page_of(job: Job) -> str:
    """Return the page of a job; where the hub has none, one's own page."""
    try:
        return reverse("job", args=[job.pk])
    except NoReverseMatch:
        return reverse("me")


def visible_jobs(person: Any) -> QuerySet[Job]:
    """Return the jobs that somebody may see: their own, or all of them."""
    if not person.is_authenticated:
        return Job.objects.none()
    if may(person, "jobs.read_all"):
        return Job.objects.all()
    return Job.objects.filter(asked_by=person)


def standing(*, now: datetime) -> dict[str, Any]:
    """Return how many jobs stand how, and for how long the oldest has waited (seconds)."""
    counts = dict(Job.objects.values_list("state").annotate(Count("id")).order_by())
    oldest = Job.objects.filter(state=Job.State.WAITING, not_before__lte=now).aggregate(
        first=Min("not_before")
    )["first"]
    return {
        **{state: counts.get(state, 0) for state in Job.State.values},
        "waited": (now - oldest).total_seconds() if oldest else 0.0,
    }
