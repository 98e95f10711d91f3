"""What waits in the portfolio for somebody: reports to write, and reports to approve?"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.access import mirrored
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.people.queries.tasks import Task
from kalanso.hub.portfolio.models import Cell
from kalanso.hub.portfolio.queries import reports
from kalanso.vocabulary import format_value

FEW = 5


def to_report(person: Any) -> list[Task]:
    """Return the reports of the quarter that ended which somebody answers for and did not send."""
    if not may(person, "portfolio.report"):
        return []
    period = reports.last_quarter(datetime.now(UTC).date())
    found = reports.own_missing(person, period)
    first = list(found[: FEW + 1])
    told = [
        Task(
            says=_("Rendre compte de « %(what)s »") % {"what": _called(cell)}, address=reports.address_for(cell, period),
            since=datetime.combine(reports.began(period), time(), UTC), in_the_field=not cell.sensitive,
        )
        for cell in first[:FEW]
    ]  # fmt: skip
    if len(first) > FEW:
        more = found.count() - FEW
        says = ngettext(
            "Rendre compte de %(n)s autre ligne du portefeuille",
            "Rendre compte de %(n)s autres lignes du portefeuille",
            more,
        )
        since = datetime.combine(reports.began(period), time(), UTC)
        address = reverse("reports")
        told.append(Task(says=says % {"n": more}, address=address, since=since, can_wait=True))
    return told


def to_approve(person: Any) -> list[Task]:
    """Return the sent reports that somebody may approve."""
    if not may(person, "portfolio.approve"):
        return []
    return [
        Task(
            says=_("Relire le rapport « %(what)s »")
            % {"what": f"{_called(one.cell)}, {_quarter(one.period)}"},
            address=reports.address_of(one),
            since=one.submitted or one.changed,
        )
        for one in reports.to_review(person)[:FEW]
    ]


def _called(cell: Cell) -> str:
    """Return what people call a line: what is done, and where."""
    place = mirrored(cell.place_code)
    return f"{cell.intervention.title}, {place.name if place is not None else cell.place_code}"


def _quarter(period: str) -> str:
    return format_value(period, "period", page_language())
