"""What does the machine do for the portfolio by itself: remind those whose report is missing?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kalanso.hub.jobs.tasks import Work
from kalanso.hub.portfolio.actions import reports


def remind(work: Work) -> dict[str, Any]:
    """Tell those who answer for a cell that its report of the last quarter is missing; once each."""
    return {"told": reports.remind(now=datetime.now(UTC))}
