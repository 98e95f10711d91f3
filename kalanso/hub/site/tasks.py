"""Which work behind the pages belongs to no single app?"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from importlib import import_module
from smtplib import SMTPException
from typing import Any

from django.conf import settings

from kalanso.hub.explore import tasks as of_explore
from kalanso.hub.jobs import actions as of_jobs
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.hub.people import tasks as of_people
from kalanso.hub.people.actions.letters import send_letter
from kalanso.hub.people.queries.letters import readers
from kalanso.hub.site.actions import upkeep
from kalanso.pipeline.progress import Cancelled
from kalanso.pipeline.publish_records import publish_records

log = logging.getLogger(__name__)

JOBS_KEPT = timedelta(days=90)
HOURLY_KEPT = timedelta(days=2)
FIGURES_KEPT = timedelta(days=30)


def mirror_places(work: Work) -> dict[str, Any]:
    """Bring the mirror of places up to date with what is published."""
    return {"places": of_people.mirror(store_of_hub(), today=datetime.now(UTC).date())}


def export(work: Work) -> dict[str, Any]:
    """Hand the hub's records over to the library as tables; what did not change makes no new snapshot."""
    store, found = store_of_hub(), {}
    lines = [line for module in settings.KALANSO_EXPORTS for line in import_module(module).EXPORTS]
    for number, (spec, rows) in enumerate(lines):
        if work.cancel():
            raise Cancelled
        snapshot = publish_records(store, spec, rows(), now=datetime.now(UTC))
        found[spec.name] = snapshot.rows if snapshot else 0
        work.progress(spec.name, (number + 1) / len(lines))
    return found


def digest(work: Work) -> dict[str, Any]:
    """Send everybody their letter of the week, once.

    Whoever got theirs in an earlier attempt gets no second one. An address that the mail server refuses
    holds nobody else up: the next attempt tries only those, and the last one says how many were left.
    """
    if not settings.KALANSO_MAIL:
        raise Refused("KALANSO_EMAIL: expected a mail server, got none: no letter can be sent")
    sent = refused = 0
    everybody = list(readers())
    for number, person in enumerate(everybody):
        if work.cancel():
            raise Cancelled
        try:
            sent += send_letter(person=person, now=datetime.now(UTC))
        except (OSError, SMTPException) as error:
            refused += 1
            log.warning("a letter was refused", extra={"person": person.pk, "error": type(error).__name__})
        work.progress("people.digest", (number + 1) / len(everybody))
    if refused and work.job.attempts < work.job.most_attempts:
        raise OSError(f"{refused} letters refused by the mail server, {sent} sent")
    return {"sent": sent, "refused": refused}


def clean_up(work: Work) -> dict[str, Any]:
    """Remove what is too old to serve: sessions, used links, dead invitations, ended jobs, figures."""
    now = datetime.now(UTC)
    found: dict[str, Any] = {}
    work.progress("", 0.1)
    found["sessions"] = upkeep.end_old_sessions(now=now)
    work.progress("", 0.4)
    found["links"] = upkeep.remove_used_links(now=now)
    found["invitations"] = upkeep.remove_dead_invitations(now=now)
    work.progress("", 0.7)
    found["jobs"] = of_jobs.forget(ended_before=now - JOBS_KEPT)
    # What runs each hour would otherwise bury what people asked for.
    hourly = [kind for kind, often, _hour in settings.KALANSO_DUE if often == "hourly"]
    found["jobs"] += of_jobs.forget(ended_before=now - HOURLY_KEPT, kinds=hourly)
    found["figures"] = of_explore.forget_figures(before=now - FIGURES_KEPT)
    return found
