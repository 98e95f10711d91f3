"""How is a published snapshot taken back?"""

from __future__ import annotations

from datetime import datetime

from kalanso.pipeline.progress import Cancel, Progress, never, quiet, step
from kalanso.store import Manifest, Store


def withdraw(
    store: Store,
    snapshot: str,
    *,
    reason: str,
    by: str,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
) -> Manifest:
    """Take back what one snapshot brought, with a reason that every reader will see.

    Raises CannotWithdraw where later rows were merged with it, or where no reason is given.
    """
    step(progress, cancel, "pipeline.withdraw.working", 0.0)
    taken_back = store.withdraw(snapshot, reason=reason, by=by, now=now)
    progress("pipeline.withdraw.done", 1.0)
    return taken_back
