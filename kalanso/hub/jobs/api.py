"""How do programs follow the jobs of their person?"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.queries import error_of

router = Router()
MOST = 200


class JobSaid(Schema):
    """How far a job is."""

    id: UUID
    kind: str
    state: str
    share: float
    step: str
    asked: datetime
    started: datetime | None
    ended: datetime | None
    answer: dict[str, Any]
    error: str

    @staticmethod
    def resolve_error(job: Job) -> str:
        """Return why it failed, in words for people: where a fault lies is for those who run the hub."""
        return error_of(job)


class Wanted(Schema):
    """How many jobs."""

    limit: int = Field(50, ge=1, le=MOST, description="jobs at most")


class Jobs(Schema):
    """Some jobs, the newest first."""

    items: list[JobSaid]


def _own(request: HttpRequest) -> Any:
    """Return the jobs that the person asked for; a program has no eyes for those of others."""
    if not request.user.is_authenticated:
        return Job.objects.none()
    return Job.objects.filter(asked_by=request.user)


@router.get("", response=Jobs, summary="Which jobs did I ask for?")
def list_jobs(request: HttpRequest, wanted: Query[Wanted]) -> dict[str, Any]:
    """Return the newest jobs that this person asked for."""
    return {"items": list(_own(request)[: wanted.limit])}


@router.get("/{job_id}", response=JobSaid, summary="How far is a job?")
def one_job(request: HttpRequest, job_id: UUID) -> Job:
    """Return one job that this person asked for."""
    found = _own(request).filter(pk=job_id).first()
    if found is None:
        raise Http404(_("Aucun de vos travaux n'a ce numéro."))
    return found  # type: ignore[no-any-return]
