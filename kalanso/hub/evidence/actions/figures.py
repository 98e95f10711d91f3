"""Who has everything computed follow the observations and the estimates, and how is it asked once for several changes?"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries.figures import RECOMPUTE, SET_BESIDE, computations
from kalanso.hub.jobs.actions import ask
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import may, refuse_unless


def follow_observations(*, by: Person | None, key: str, now: datetime) -> Job:
    """Have the figures computed anew after observations changed; call it when the change stands in the store.

    A computation that waits will read this change too, so that several publications in a row need one. One
    that runs may have read the observations before it: another waits behind it.
    """
    waiting = computations().filter(state=Job.State.WAITING).first()
    if waiting is not None:
        return waiting
    return ask(by=_asker(by), kind=RECOMPUTE, arguments={}, key=f"{RECOMPUTE}:{key}", now=now)


def follow_estimates(*, by: Person | None, key: str, now: datetime) -> Job:
    """Have the sources set beside one another anew after an estimate changed; call it when the change stands in the store.

    Whatever waits to do that anyway will read this estimate too.
    """
    kinds = (RECOMPUTE, SET_BESIDE)
    waiting = Job.objects.filter(kind__in=kinds, state=Job.State.WAITING).first()
    if waiting is not None:
        return waiting
    return ask(by=_asker(by), kind=SET_BESIDE, arguments={}, key=f"{SET_BESIDE}:{key}", now=now)


def _asker(by: Person | None) -> Person | None:
    """Return in whose name work is asked for: whoever lost their role meanwhile leaves it to nobody."""
    return by if by is not None and may(by, "jobs.start") else None


@transaction.atomic
def ask_to_recompute(*, by: Person, upload: Upload, now: datetime) -> Job:
    """Have the figures follow a sheet after all: whoever may publish it asks, where a computation failed or was stopped."""
    refuse_unless(by, "evidence.publish", upload)
    under_way = computations().filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    if under_way is not None:
        return under_way
    job = follow_observations(by=by, key=now.isoformat(), now=now)
    record(by=by, verb="evidence.recompute_asked", thing=upload, now=now)
    return job
