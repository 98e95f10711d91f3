"""How does a job come, who takes it, and how does it end?

Every change of state is one conditional update, so that of two workers only one wins, on SQLite and
PostgreSQL alike. A job is held by a worker for one attempt: a worker that lost its lease learns it at its
next word (`LeaseLost`), even where it has taken the same job again, and must not write anything more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import PROTECT, F, Q
from django.utils import timezone

from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may, refuse_unless

LEASE = timedelta(seconds=60)
# After a failure the next attempt waits this long, twice as long each time.
AGAIN_AFTER = timedelta(seconds=30)
TOLD_AT_MOST = timedelta(seconds=1)
State = Job.State


class LeaseLost(RuntimeError):
    """The job is no longer this worker's: it was given to another, cancelled or ended."""


def ask(
    *, by: Person | None, kind: str, arguments: Mapping[str, Any], key: str, now: datetime, place_code: str = "",
    organisation_id: int | None = None, not_before: datetime | None = None, most_attempts: int = 3,
) -> Job:  # fmt: skip
    """Ask for work and return its job; asking again with the same key returns the job that is there.

    `by` nobody is the schedule. Call it in the transaction of the record that needs the work.
    """
    if by is not None:
        refuse_unless(by, "jobs.start")
    found = Job.objects.filter(key=key).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Job.objects.create(
                kind=kind, arguments=dict(arguments), key=key, asked_by=by, place_code=place_code,
                organisation_id=organisation_id, asked=now, not_before=not_before or now, most_attempts=most_attempts,
            )  # fmt: skip
    except IntegrityError:
        return Job.objects.get(key=key)


def ask_due(*, now: datetime) -> list[Job]:
    """Ask for what the schedule (`KALANSO_DUE`) holds due, once in each of its periods; return what is new.

    A line holds the kind, how often (`hourly`, `daily`, `weekly`) and the hour of the day, in the hub's time
    zone, before which it does not begin.
    """
    here, new = timezone.localtime(now), []
    for kind, cadence, hour in settings.KALANSO_DUE:
        if here.hour < hour:
            continue
        key = f"due:{kind}:{_period(cadence, here)}"
        if not Job.objects.filter(key=key).exists():
            new.append(ask(by=None, kind=kind, arguments={}, key=key, now=now))
    return new


def _period(cadence: str, here: datetime) -> str:
    """Return the name of the period in which a moment falls."""
    year, week, _day = here.isocalendar()
    names = {"hourly": f"{here:%Y-%m-%dT%H}", "daily": f"{here:%Y-%m-%d}", "weekly": f"{year}-W{week:02d}"}
    if cadence not in names:
        raise ValueError(f"KALANSO_DUE: expected one of {', '.join(names)}, got {cadence}")
    return names[cadence]


def take(*, holder: str, now: datetime, kinds: frozenset[str] | None = None) -> Job | None:
    """Return the next job, leased to a holder; None where nothing waits."""
    if Job.objects.filter(state=State.RUNNING, leased_until__lt=now).exists():
        give_back(now=now)
    waiting = Job.objects.filter(state=State.WAITING, not_before__lte=now)
    if kinds is not None:
        waiting = waiting.filter(kind__in=kinds)
    for candidate in waiting.order_by("not_before", "asked", "id").values_list("id", flat=True)[:20]:
        won = Job.objects.filter(pk=candidate, state=State.WAITING).update(
            state=State.RUNNING, holder=holder, leased_until=now + LEASE, attempts=F("attempts") + 1, started=now,
            error="",
        )  # fmt: skip
        if won:
            return Job.objects.get(pk=candidate)
    return None


@transaction.atomic
def give_back(*, now: datetime) -> int:
    """Return to the queue what dead workers held; what was tried too often has failed."""
    lost = Job.objects.filter(state=State.RUNNING, leased_until__lt=now)
    lost.filter(cancel_asked__isnull=False).update(
        state=State.CANCELLED, ended=now, holder="", leased_until=None
    )
    lost.filter(attempts__gte=F("most_attempts")).update(
        state=State.FAILED, ended=now, holder="", leased_until=None, error="jobs.lease_lost"
    )
    return lost.filter(attempts__lt=F("most_attempts")).update(
        state=State.WAITING, holder="", leased_until=None, not_before=now
    )


def _mine(job: Job, holder: str) -> Any:
    return Job.objects.filter(pk=job.pk, state=State.RUNNING, holder=holder, attempts=job.attempts)


def renew(*, job: Job, holder: str, now: datetime) -> bool:
    """Keep the lease and return whether somebody asked to stop. Raises LeaseLost."""
    if not _mine(job, holder).update(leased_until=now + LEASE):
        raise LeaseLost(str(job.pk))
    return Job.objects.filter(pk=job.pk, cancel_asked__isnull=False).exists()


def tell(*, job: Job, holder: str, step: str, share: float, now: datetime) -> None:
    """Say how far the work is, at most once a second. Raises LeaseLost."""
    if job.told is not None and now - job.told < TOLD_AT_MOST and share < 1:
        return
    job.told = now
    part = min(1.0, max(0.0, share))
    if not _mine(job, holder).update(step=step[:120], share=part, told=now, leased_until=now + LEASE):
        raise LeaseLost(str(job.pk))


@transaction.atomic
def step_done(
    *, job: Job, holder: str, step: str, now: datetime, do: Callable[[], Any] | None = None
) -> None:
    """Note that a step need not be done again, whoever goes on. Raises LeaseLost.

    `do` is a short step that only writes to the database: it is done in the transaction of its note, hence
    exactly once, whenever the worker dies.
    """
    held = _mine(job, holder).select_for_update().first()
    if held is None:
        raise LeaseLost(str(job.pk))
    if step not in held.done_steps:
        if do is not None:
            do()
        held.done_steps = [*held.done_steps, step]
        held.leased_until = now + LEASE
        held.save(update_fields=["done_steps", "leased_until"])
    job.done_steps = held.done_steps


def finish(*, job: Job, holder: str, answer: Mapping[str, Any], now: datetime) -> None:
    """End the work with its answer. Raises LeaseLost."""
    ended = _mine(job, holder).update(
        state=State.DONE, ended=now, answer=dict(answer), share=1.0, holder="", leased_until=None
    )
    if not ended:
        raise LeaseLost(str(job.pk))


def fail(*, job: Job, holder: str, error: str, now: datetime, final: bool = False) -> None:
    """End an attempt that failed; what may be tried again waits for its next turn.

    `final` is for refusals: bad input is as bad the next time.
    """
    held = _mine(job, holder).first()
    if held is None:
        return
    if held.cancel_asked is not None:
        stop(job=job, holder=holder, now=now)
        return
    if final or held.attempts >= held.most_attempts:
        _mine(job, holder).update(state=State.FAILED, ended=now, error=error, holder="", leased_until=None)
        return
    later = now + AGAIN_AFTER * 2 ** (held.attempts - 1)
    _mine(job, holder).update(
        state=State.WAITING, error=error, not_before=later, holder="", leased_until=None
    )


def lay_down(*, job: Job, holder: str, now: datetime) -> None:
    """Return work to the queue because its worker leaves; this attempt does not count."""
    _mine(job, holder).update(
        state=State.WAITING, not_before=now, holder="", leased_until=None, attempts=F("attempts") - 1
    )


def stop(*, job: Job, holder: str, now: datetime) -> None:
    """End work that somebody asked to stop."""
    _mine(job, holder).update(state=State.CANCELLED, ended=now, holder="", leased_until=None)


@transaction.atomic
def cancel(*, by: Person, job: Job, now: datetime) -> None:
    """Ask for work to stop; what waits stops at once, what runs at its next word."""
    _refuse_unless_theirs(by, job)
    stopped = Job.objects.filter(pk=job.pk, state=State.WAITING).update(
        state=State.CANCELLED, ended=now, cancel_asked=now
    )
    asked = Job.objects.filter(Q(state=State.RUNNING), pk=job.pk, cancel_asked__isnull=True).update(
        cancel_asked=now
    )
    if stopped or asked:
        record(by=by, verb="jobs.cancelled", thing=job, now=now)


@transaction.atomic
def retry(*, by: Person, job: Job, now: datetime) -> None:
    """Put work that failed or was cancelled back in the queue, with all its attempts; done steps stay done."""
    _refuse_unless_theirs(by, job)
    again = Job.objects.filter(pk=job.pk, state__in=(State.FAILED, State.CANCELLED)).update(
        state=State.WAITING, not_before=now, ended=None, attempts=0, cancel_asked=None, error="", share=0.0,
        step="", told=None, started=None,
    )  # fmt: skip
    if again:
        record(by=by, verb="jobs.retried", thing=job, now=now)


@transaction.atomic
def forget(*, ended_before: datetime, kinds: Iterable[str] | None = None) -> int:
    """Remove jobs that ended long ago, of all kinds or of some that nobody asked for, and return their number.

    A job on which a record of an app rests (a sheet, a run) stays with it.
    """
    over = Job.objects.filter(ended__lt=ended_before).exclude(state__in=(State.WAITING, State.RUNNING))
    if kinds is not None:
        over = over.filter(kind__in=list(kinds), asked_by__isnull=True, state=State.DONE)
    for relation in Job._meta.related_objects:
        if relation.on_delete is PROTECT:
            over = over.filter(**{f"{relation.field.related_query_name()}__isnull": True})
    return over.delete()[0]


def _refuse_unless_theirs(by: Person, job: Job) -> None:
    if job.asked_by_id != by.pk and not may(by, "jobs.read_all", WHOLE_COUNTRY):
        refuse_unless(by, "jobs.cancel", job)
