"""Which review packs has somebody had written, and may they still have them?

A pack is the answer to one person: made of what they could see when they asked. It is a job with its files; nobody else
reaches it, and its own asker no longer does once their roles, places or tables have changed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _

from kalanso.hub.jobs.models import Job
from kalanso.hub.people.queries.access import access_of, scope_of
from kalanso.vocabulary.messages import LOCALES

KIND = "site.review_pack"
FORMS = {
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A pack with its job; `files` are (language, form) of what can be downloaded."""

    job: Job
    files: tuple[tuple[str, str], ...]

    @property
    def built(self) -> str:
        """The moment of its numbers, as its job told it."""
        return str(self.job.answer.get("built", ""))


def scope_mark(person: Any) -> str:
    """Return a mark of all that decides what somebody may see: roles, places, organisations, and their scope of tables."""
    access = access_of(person)
    held = sorted((m.role, m.place_code, m.organisation_id) for m in access.memberships)
    told = json.dumps([person.pk, held, scope_of(access).mark])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def folder(job_id: Any) -> Path:
    """Return where the files of a pack stand."""
    return root() / str(job_id)


def root() -> Path:
    """Return where all packs stand: apart from what people brought, since any of them can be written again."""
    return Path(settings.KALANSO_DATA) / "review-packs"


def packs(person: Any, place_code: str, period: str) -> list[Pack]:
    """Return somebody's packs of a place and quarter, the newest first: written, being written, or failed."""
    mark = scope_mark(person)
    rows = Job.objects.filter(
        kind=KIND,
        asked_by=person,
        arguments__place=place_code,
        arguments__period=period,
        arguments__mark=mark,
    ).exclude(state=Job.State.CANCELLED)
    return [Pack(job=job, files=_files(job)) for job in rows[:SHOWN]]


def file_of(person: Any, job_id: UUID, locale: str, form: str) -> tuple[Job, Path]:
    """Return a file of somebody's own pack; for all others, and once they may see other things, it is not there (Http404)."""
    job = Job.objects.filter(pk=job_id, kind=KIND, asked_by=person, state=Job.State.DONE).first()
    if job is None or job.arguments.get("mark") != scope_mark(person) or (locale, form) not in _files(job):
        raise Http404(
            _(
                "Ce dossier n'existe pas, n'est pas le vôtre, ou vos droits ont changé : demandez-le de nouveau."
            )
        )
    return job, folder(job.pk) / f"{locale}.{form}"


def _files(job: Job) -> tuple[tuple[str, str], ...]:
    if job.state != Job.State.DONE:
        return ()
    here = folder(job.pk)
    return tuple(
        (locale, form) for locale in LOCALES for form in FORMS if (here / f"{locale}.{form}").is_file()
    )
