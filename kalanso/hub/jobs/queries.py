"""Which jobs may somebody see, how do they stand, and what does a job's error say to people?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kalanso.hub.jobs.models import Job
from kalanso.hub.people.permissions import WHOLE_COUNTRY, may
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.people.queries.tasks import Task
from kalanso.pipeline.computation_status import RUNNING, read_status
from kalanso.store import NoSuchStore, Store
from kalanso.vocabulary import Message

VERBS = {
    "jobs.cancelled": _("%(who)s a arrêté un travail."),
    "jobs.retried": _("%(who)s a relancé un travail."),
}
# A failure that nobody took up again is a task for this long.
RECENT = timedelta(days=14)
FAILURES_SHOWN, LONGEST_CAUSE = 3, 120
_ID = re.compile(r"[a-z]+(\.[a-z0-9_]+)+")
# What a job does, for people; a kind without a line is called by its name.
KINDS: dict[str, Any] = {
    "people.mirror_places": _("Mettre à jour la liste des lieux"),
    "people.digest": _("Envoyer la lettre de la semaine"),
    "site.clean_up": _("Retirer ce qui est périmé : sessions, liens, invitations"),
    "site.export": _("Remettre ce que des personnes ont saisi aux tables publiées"),
}
ERRORS: dict[str, Any] = {
    "jobs.lease_lost": _(
        "Le programme qui y travaillait s'est arrêté plusieurs fois. Ce qui était fait est gardé ; relancez, et si "
        "cela recommence, prévenez la personne qui tient Kalanso."
    ),
    "jobs.hung": _(
        "Le travail ne donnait plus signe de vie ; il a été arrêté. Ce qui était fait est gardé ; relancez-le."
    ),
    "jobs.fault": _(
        "Une panne est survenue de notre côté. Ce qui était fait est gardé ; relancez, et si cela recommence, "
        "envoyez cette adresse à la personne qui tient Kalanso."
    ),
}


KNOWN_FOR = 20.0  # seconds for which one look at the database's migrations holds
_looked: dict[str, float | int] = {}


def unapplied_migrations() -> int:
    """Return how many migrations of this software the database has not had."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def held_up() -> bool:
    """Whether no work is taken since the database lacks migrations; looked at now and then."""
    if not _looked or time.monotonic() - _looked["at"] > KNOWN_FOR:
        _looked.update(at=time.monotonic(), missing=unapplied_migrations())
    return bool(_looked["missing"])


# What a job is about, by the argument that names it; apps add theirs.
THINGS: dict[str, Callable[[Any], str]] = {}


def failures(person: Any) -> list[Task]:
    """Return the person's own newest jobs that failed for good, and whose work was not done since."""
    since = datetime.now(UTC) - RECENT
    found = Job.objects.filter(asked_by=person, state=Job.State.FAILED, ended__gt=since)[: 3 * FAILURES_SHOWN]
    return [
        Task(says=_failure(job), address=reverse("job", kwargs={"job_id": job.pk}), since=job.ended, can_wait=True)
        for job in [job for job in found if not _done_since(job)][:FAILURES_SHOWN]
        if job.ended is not None
    ]  # fmt: skip


def _failure(job: Job) -> str:
    """Return what failed, of which thing, and why in a few words; a fault of ours is not for the person to mend."""
    cause = error_of(job)
    if job.error.partition("\n")[0] in ERRORS:
        cause = gettext("une panne, qui est à l'administrateur")
    told = {"what": called(job), "cause": Truncator(cause).chars(LONGEST_CAUSE)}
    return gettext("Voir pourquoi cela a échoué : %(what)s. Cause : %(cause)s") % told


def called(job: Job) -> str:
    """Return what a job does, and to which file or thing."""
    things = [name(job.arguments[key]) for key, name in THINGS.items() if key in job.arguments]
    return " · ".join([name_of(job), *(thing for thing in things if thing)])


def _done_since(job: Job) -> bool:
    """Whether work of the same kind on the same thing came to a good end later."""
    later = Job.objects.filter(kind=job.kind, state=Job.State.DONE, ended__gt=job.ended)
    return any(
        _about(told) == _about(job.arguments) for told in later.values_list("arguments", flat=True)[:200]
    )


def _about(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: arguments[key] for key in THINGS if key in arguments} or arguments


def name_things(names: dict[str, Callable[[Any], str]]) -> None:
    """Let an app say what the things are called that its jobs are about."""
    THINGS.update(names)


def name_kinds(names: dict[str, Any]) -> None:
    """Let an app say what its kinds of jobs are called."""
    KINDS.update(names)


def visible_jobs(person: Any) -> QuerySet[Job]:
    """Return the jobs that somebody may see: their own, or all of them."""
    if not person.is_authenticated:
        return Job.objects.none()
    if may(person, "jobs.read_all", WHOLE_COUNTRY):
        return Job.objects.all()
    return Job.objects.filter(asked_by=person)


def visible_job(person: Any, job_id: Any) -> Job:
    """Return a job that somebody may see; for all others it is not there (Http404)."""
    found = visible_jobs(person).select_related("asked_by").filter(pk=job_id).first()
    if found is None:
        raise Http404(_("Ce travail n'existe pas, ou n'est pas le vôtre."))
    return found


def name_of(job: Job) -> str:
    """Return what a job does, in words."""
    return str(KINDS.get(job.kind, job.kind))


def step_of(job: Job) -> str:
    """Return the step at which a job is, as a sentence; steps of the pipeline are ids of sentences."""
    if not _ID.fullmatch(job.step):
        return job.step
    try:
        return Message(job.step).render(page_language())
    except (LookupError, ValueError, OSError, ImportError):
        return ""  # an id says nothing to people


def error_of(job: Job) -> str:
    """Return why a job failed, for people: a sentence of ours, or the refusal's own words."""
    return str(ERRORS.get(job.error.partition("\n")[0], job.error))


def fault_of(job: Job) -> str:
    """Return what only those who run the hub should read of an error: where in the software it happened."""
    known, _line, detail = job.error.partition("\n")
    return detail if known in ERRORS else ""


def took(job: Job, *, now: datetime) -> timedelta:
    """Return for how long a job has waited, run, or ran."""
    begun = job.asked if job.started is None or job.state == Job.State.WAITING else job.started
    return max((job.ended or now) - begun, timedelta(0))


def last_sign() -> datetime | None:
    """Return when a worker last gave a sign of life; None where none ever did."""
    worked = Job.objects.filter(started__isnull=False)
    found = worked.aggregate(told=Max("told"), started=Max("started"), ended=Max("ended")).values()
    return max((when for when in found if when is not None), default=None)


def behind() -> Mapping[str, Any] | None:
    """Return how far the estimate is that a program of its own computes beside the queue; None where none runs.

    `share`, `started`, and a sentence in `fr` and `en`.
    """
    if settings.KALANSO_STORE is None:
        return None
    try:
        told = read_status(Store.open(settings.KALANSO_STORE))
    except (NoSuchStore, OSError):
        return None
    return told if told is not None and told["state"] == RUNNING else None


def standing(*, now: datetime) -> dict[str, Any]:
    """Return how many jobs stand how, and for how long the oldest has waited (seconds)."""
    counts = dict(Job.objects.values_list("state").annotate(Count("id")).order_by())
    oldest = Job.objects.filter(state=Job.State.WAITING, not_before__lte=now).aggregate(
        first=Min("not_before")
    )["first"]
    counts[Job.State.RUNNING.value] = counts.get(Job.State.RUNNING.value, 0) + (behind() is not None)
    return {
        **{state: counts.get(state, 0) for state in Job.State.values},
        "waited": (now - oldest).total_seconds() if oldest else 0.0,
    }
