"""What was reported of the lines that a decision touches, in the last quarter before it and the newest one since?

Approved quantities alone, each with its report. What came after a decision did not come because of it: pages say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kalanso.hub.portfolio.models import Cell, Decision, Report, Target
from kalanso.hub.portfolio.queries.reports import address_of, readable
from kalanso.vocabulary import Period


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """What was done of a cell in one quarter, of how much that was planned for it, and where that is reported."""

    period: str
    quantity: int
    planned: int | None
    address: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A cell with its last quarter before a decision and its newest since; None where no report of it is approved."""

    cell: Cell
    name: str
    before: Quarter | None
    since: Quarter | None


def changes(person: Any, decision: Decision, known: dict[str, Any]) -> list[Change]:
    """Return what was reported of the cells that a decision affects, those alone that the reader may know (`known` by key)."""
    cells = list(decision.cells.select_related("intervention").filter(pk__in=[int(key) for key in known]))
    planned = dict(_planned(cells))
    found = []
    for cell in cells:
        rows = readable(person, cell).filter(state=Report.State.APPROVED, quantity__isnull=False)
        told = [
            (Period.parse(one.period).end, Quarter(
                period=one.period, quantity=int(one.quantity or 0), planned=planned.get((cell.pk, one.period)), address=address_of(one)
            ))
            for one in rows.order_by("period")
        ]  # fmt: skip
        before = [quarter for end, quarter in told if end < decision.date]
        since = [quarter for end, quarter in told if end >= decision.date]
        found.append(
            Change(
                cell=cell, name=known[str(cell.pk)].name, before=before[-1] if before else None, since=since[-1] if since else None
            )
        )  # fmt: skip
    return found


def _planned(cells: list[Cell]) -> list[tuple[tuple[int, str], int]]:
    rows = Target.objects.filter(cell__in=cells).values_list("cell_id", "period", "quantity")
    return [((cell, period), quantity) for cell, period, quantity in rows]
