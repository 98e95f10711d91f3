"""How do the checks of quality run behind the pages?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kalanso import pipeline
from kalanso.hub.jobs.tasks import Work, store_of_hub


def check(work: Work) -> Mapping[str, Any]:
    """Run all checks over all observations; their findings take the place of the earlier ones."""
    checked = pipeline.check(
        store_of_hub(), progress=work.progress, cancel=work.cancel, now=datetime.now(UTC)
    )
    return {"findings": checked.total, "by_severity": checked.by_severity, "snapshot": checked.snapshot}
