"""What waits in the portfolio for somebody: reports to write, and reports to approve?"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.tasks import Task
from kalanso.hub.portfolio.queries import reports

FEW = 5


def to_report(person: Any) -> list[Task]:
    """Return the reports of the quarter that ended which somebody answers for and did not send."""
    if not may(person, "portfolio.report"):
        return []
    today = datetime.now(UTC).date()
    return [
        Task(
            says=_("Rendre compte de « %(what)s »") % {"what": str(cell)}, address=reports.address_for(cell, period),
            since=datetime.combine(reports.began(period), time(), UTC),
        )
        for cell, period in reports.own_missing(person, today)[:FEW]
    ]  # fmt: skip


def to_approve(person: Any) -> list[Task]:
    """Return the sent reports that somebody may approve."""
    if not may(person, "portfolio.approve"):
        return []
    return [
        Task(
            says=_("Relire le rapport « %(what)s »") % {"what": str(one)},
            address=reports.address_of(one),
            since=one.submitted or one.changed,
        )
        for one in reports.to_review(person)[:FEW]
    ]
