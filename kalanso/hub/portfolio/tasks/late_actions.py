"""Who is told that an action is late: first its owner, then the level above, then the country?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kalanso.hub.jobs.tasks import Work
from kalanso.hub.portfolio.actions.late_actions import escalate
from kalanso.hub.portfolio.queries.late_actions import due_steps
from kalanso.pipeline.progress import Cancelled


def tell(work: Work) -> Mapping[str, Any]:
    """Tell of every late action what was not told yet; a step that was told is not told again."""
    now, told = datetime.now(UTC), 0
    steps = due_steps(now.date())
    for number, (action, step) in enumerate(steps):
        if work.cancel():
            raise Cancelled
        told += escalate(action=action, step=step, now=now)
        work.progress("portfolio.late_actions", (number + 1) / len(steps))
    return {"late": len(steps), "told": told}
