"""Which work behind the pages belongs to no single app?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from kalanso.hub.jobs import actions as of_jobs
from kalanso.hub.jobs.tasks import Refused, Work
from kalanso.hub.people import tasks as of_people
from kalanso.hub.site.actions import upkeep
from kalanso.store import Store

JOBS_KEPT = timedelta(days=90)


def mirror_places(work: Work) -> dict[str, Any]:
    """Bring the mirror of places up to date with what is published."""
    if settings.KALANSO_STORE is None:
        raise Refused("KALANSO_STORE: expected the folder of a store, got none")
    store = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)
    return {"places": of_people.mirror(store, today=datetime.now(UTC).date())}


def clean_up(work: Work) -> dict[str, Any]:
    """Remove what is too old to serve: sessions, used links of the machine, dead invitations, ended jobs."""
    now = datetime.now(UTC)
    found: dict[str, Any] = {}
    work.progress("", 0.1)
    found["sessions"] = upkeep.end_old_sessions(now=now)
    work.progress("", 0.4)
    found["links"] = upkeep.remove_used_links(now=now)
    found["invitations"] = upkeep.remove_dead_invitations(now=now)
    work.progress("", 0.7)
    found["jobs"] = of_jobs.forget(ended_before=now - JOBS_KEPT)
    return found
