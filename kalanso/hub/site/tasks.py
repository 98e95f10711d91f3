"""Which work behind the pages belongs to no single app?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from kalanso.hub.jobs.tasks import Refused, Work
from kalanso.hub.people import tasks as of_people
from kalanso.store import Store


def mirror_places(work: Work) -> dict[str, Any]:
    """Bring the mirror of places up to date with what is published."""
    if settings.KALANSO_STORE is None:
        raise Refused("KALANSO_STORE: expected the folder of a store, got none")
    store = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)
    return {"places": of_people.mirror(store, today=datetime.now(UTC).date())}
