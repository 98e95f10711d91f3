"""How do the checks of quality run behind the pages?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from kalanso import pipeline
from kalanso.hub.jobs.tasks import Refused, Work
from kalanso.store import Store


def check(work: Work) -> Mapping[str, Any]:
    """Run all checks over all observations; their findings take the place of the earlier ones."""
    if settings.KALANSO_STORE is None:
        raise Refused("KALANSO_STORE: expected the folder of a store, got none")
    store = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1)
    checked = pipeline.check(store, progress=work.progress, cancel=work.cancel, now=datetime.now(UTC))
    return {"findings": checked.total, "by_severity": checked.by_severity, "snapshot": checked.snapshot}
