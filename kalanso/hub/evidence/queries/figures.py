"""Do the figures of pages rest on what a sheet brought, or on its being taken back?

The store says from which observations the indicators were made; a computation that changed no figure leaves
no trace there, and says it in its own answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from kalanso.hub.evidence.models import Upload
from kalanso.hub.evidence.queries import published
from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.queries import visible_jobs
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.store import Store

RECOMPUTE, SET_BESIDE = "evidence.recompute", "evidence.set_beside"
PREFIX = f"{OBSERVATIONS.name}-"


@dataclass(frozen=True)
class Following:
    """Whether the figures follow a sheet, and the newest computation where they do not."""

    included: bool
    job: Job | None = None

    @property
    def waits(self) -> bool:
        """Whether a computation is under way that will bring the figures there."""
        return not self.included and self.job is not None and not self.job.over


@dataclass(frozen=True)
class Awaited:
    """The work that the page of a sheet waits for.

    `mark` changes when the page has something else to say; `address`: whether the reader may open the work's
    own page.
    """

    job: Job
    mark: str
    address: bool


def computations() -> QuerySet[Job]:
    """Return the computations of checks and indicators, the newest first."""
    return Job.objects.filter(kind=RECOMPUTE)


def is_another_running(job: Job, *, now: datetime) -> bool:
    """Whether another worker, which is alive, recomputes or sets sources beside one another since before this one."""
    alike = Job.objects.filter(kind__in=(RECOMPUTE, SET_BESIDE))
    others = alike.filter(state=Job.State.RUNNING, leased_until__gte=now).exclude(pk=job.pk)
    return others.filter(started__lte=job.started).exists()


def following(upload: Upload) -> Following | None:
    """Say whether the figures follow a published or withdrawn sheet; None where it changed no observation."""
    if upload.state not in {Upload.State.PUBLISHED, Upload.State.WITHDRAWN}:
        return None
    brought = {one for one in upload.snapshots if one.startswith(PREFIX)}
    if not brought:
        return None
    with published.opened() as store:
        wanted = _number(store, brought, withdrawn=upload.state == Upload.State.WITHDRAWN)
        indicators = store.latest(INDICATOR_VALUES.name)
    made_from = indicators.provenance.made_from if indicators else ()
    reached = [int(one.removeprefix(PREFIX)) for one in made_from if one.startswith(PREFIX)]
    done = computations().filter(state=Job.State.DONE).first()
    reached.append(int(done.answer.get("observations", 0)) if done else 0)
    if max(reached) >= wanted:
        return Following(included=True)
    return Following(included=False, job=computations().first())


def awaited(person: Any, upload: Upload, figures: Following | None) -> Awaited | None:
    """Return the work that the page of a sheet waits for, given how its figures stand; None where it waits for none."""
    job = upload.job if upload.waits else None
    if job is None and figures is not None and figures.waits:
        job = figures.job
    if job is None:
        return None
    return Awaited(
        job=job, mark=f"{upload.state}-{job.pk}", address=visible_jobs(person).filter(pk=job.pk).exists()
    )


def _number(store: Store, brought: set[str], *, withdrawn: bool) -> int:
    """Return the number of the state of the observations from which on a sheet is in, or out again."""
    if not withdrawn:
        return max(int(one.removeprefix(PREFIX)) for one in brought)
    return max((m.number for m in store.history(OBSERVATIONS.name) if m.withdrew in brought), default=0)
