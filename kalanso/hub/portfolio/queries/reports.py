"""Which reports are due, sent, returned and approved?

A quarter is due from its first day on for a cell that is planned in it and was not dropped; nothing is due before the
plan says when it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.models import Notification, Role
from kalanso.hub.people.permissions import may, reach
from kalanso.hub.people.queries.access import access_of, today
from kalanso.hub.portfolio.models import Cell, Report
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.cells import quarter_of
from kalanso.hub.portfolio.queries.keeping import kept_lines, told_until
from kalanso.vocabulary import Period

SHOWN = 8  # quarters that can be chosen


def last_quarter(day: date) -> str:
    """Return the newest quarter that is over."""
    return str(Period.parse(quarter_of(day)) + -1)


def due_quarters(cell: Cell, today: date) -> list[str]:
    """Return the quarters on which a cell may report, newest first: from its beginning to today or its end."""
    if cell.begins is None or cell.begins > today:
        return []
    last = min(today, cell.ends) if cell.ends is not None else today
    return [str(one) for one in Period.parse(quarter_of(cell.begins)).until(Period.parse(quarter_of(last)))][
        ::-1
    ]


def expected_in(period: str) -> Q:
    """Return the condition that a cell is to report on a quarter."""
    quarter = Period.parse(period)
    return Q(begins__isnull=False, begins__lte=quarter.end) & (Q(ends__isnull=True) | Q(ends__gte=quarter.start)) & ~Q(
        state=State.DROPPED
    )  # fmt: skip


def without_report(period: str) -> QuerySet[Cell]:
    """Return the cells whose report on a quarter was not sent."""
    sent = Report.objects.filter(
        period=period, state__in=(Report.State.SUBMITTED, Report.State.APPROVED)
    ).values("cell")
    return Cell.objects.filter(expected_in(period), intervention__closed=False).exclude(pk__in=sent)


def was_reminded(cell: Cell, period: str) -> bool:
    """Whether who answers for a cell was told that a report is missing."""
    told = Notification.objects.filter(sentence="portfolio.report_due", address=address_for(cell, period))
    return cell.owner is not None and told.filter(person=cell.owner).exists()


def address_for(cell: Cell, period: str) -> str:
    """Return where the report of a cell and quarter is written."""
    return reverse("report", args=[cell.pk, period])


def address_of(one: Report) -> str:
    """Return where a report is shown."""
    return reverse("report", args=[one.cell_id, one.period])


def readable(person: Any, cell: Cell) -> QuerySet[Report]:
    """Return the reports of a cell that somebody may read: approved ones; all, for those who report or approve there.

    Of a cell whose days are kept from them, those of quarters that ended ninety days ago.
    """
    found = Report.objects.filter(cell=cell).select_related("by", "reviewed_by", "cell__intervention")
    if may(person, "portfolio.report", cell) or may(person, "portfolio.approve", cell):
        return found
    found = found.filter(state=Report.State.APPROVED)
    return found if scope.detail(person, cell) else found.filter(period__lte=told_until(today()))


def approved(person: Any) -> QuerySet[Report]:
    """Return the approved reports of all cells that somebody may read, as `readable` says of one cell."""
    seen = scope.cells(person).order_by()
    young = Q(period__gt=told_until(today()), cell__in=seen.filter(kept_lines(person)).values("pk"))
    found = Report.objects.filter(state=Report.State.APPROVED, cell__in=seen.values("pk"))
    return found.exclude(young).select_related("cell__intervention")


def one_report(person: Any, cell: Cell, period: str) -> Report | None:
    """Return the report of a quarter where there is one that somebody may read."""
    rows = readable(person, cell).select_related(None).select_related("by", "reviewed_by")
    found = rows.filter(period=period).first()
    if found is not None:
        found.cell = cell
    return found


def photo_of(person: Any, pk: int) -> Report:
    """Return a report whose photo somebody may see; any other is not there (Http404)."""
    one = Report.objects.select_related("cell__intervention", "cell__organisation").filter(pk=pk).first()
    if (
        one is None
        or not one.photo
        or not may(person, "portfolio.read")
        or not scope.detail(person, one.cell)
        or not readable(person, one.cell).filter(pk=pk).exists()
    ):
        raise Http404(_("Cette photo n'existe pas, ou elle n'est pas pour vous."))
    return one


@dataclass(frozen=True)
class Progress:
    """What was done of a cell so far: approved reports alone, and how many wait for approval."""

    done: int
    waiting: int
    reported: bool

    def share(self, target: int | None) -> float | None:
        """Return the part of a target that is done; None without a target."""
        return self.done / target if target else None


def progress(person: Any, cell: Cell) -> Progress:
    """Return what was done of a cell, as far as somebody may know it."""
    found = Report.objects.filter(cell=cell)
    if not scope.detail(person, cell):
        found = found.filter(period__lte=told_until(today()))
    rows = list(found.values_list("state", "quantity"))
    done = sum(quantity or 0 for state, quantity in rows if state == Report.State.APPROVED)
    waiting = sum(state == Report.State.SUBMITTED for state, _quantity in rows)
    return Progress(done, waiting, any(state == Report.State.APPROVED for state, _quantity in rows))


def quarters(today: date) -> list[str]:
    """Return the quarters that can be chosen, newest first: the one that runs, and those before."""
    newest = Period.parse(quarter_of(today))
    return [str(newest + -step) for step in range(SHOWN)]


def to_review(person: Any) -> QuerySet[Report]:
    """Return the sent reports that somebody may approve, those of others, the oldest first."""
    found = Report.objects.filter(state=Report.State.SUBMITTED).select_related("cell__intervention", "by")
    return (
        found.filter(reach(person, "portfolio.approve").covers("cell__place_code"))
        .exclude(by=person)
        .order_by("submitted")
    )


def own_missing(person: Any, period: str) -> QuerySet[Cell]:
    """Return the cells for which somebody answers whose report on a quarter was not sent.

    A cell answers to its owner; where none is named, to the team of its district.
    """
    home = [held.place_code for held in access_of(person).memberships if held.role == Role.DISTRICT]
    theirs = Q(owner=person) | Q(owner=None, place_code__in=[code for code in home if code])
    found = without_report(period).filter(theirs).select_related("intervention")
    return found.order_by("owner", "intervention__code")


def began(period: str) -> date:
    """Return the day after a quarter, from which its report is late to come."""
    return Period.parse(period).end + timedelta(days=1)
