"""Which jobs may somebody see, and how do they stand?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet

from kalanso.hub.jobs.models import Job
from kalanso.hub.people.permissions import may


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
