"""What changed since the last meeting, so that a meeting speaks of that? Each app adds a function that knows its part.

`offer` a function of a reader, a place ("" is the whole country), and two days, the first included and the second not, that
returns parts of the agenda. What is kept from the reader does not stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.citations import SEPARATOR, Cited, found
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models import Cell, Meeting
from kalanso.hub.portfolio.models.factors import FACTOR_OVER
from kalanso.hub.portfolio.models.follow_up import ActionState
from kalanso.hub.portfolio.queries import cells_cited, decisions, factors, follow_up, keeping

SHOWN = 12
# How far back the first meeting of a place looks.
FIRST = timedelta(days=92)


@dataclass(frozen=True, kw_only=True)
class Point:
    """One line of a part: what changed, where it is shown, what is said beside it, and by what mark it is cited."""

    says: str
    address: str = ""
    beside: str = ""
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the agenda; `total` is how many there are where not all are shown."""

    title: str
    points: Sequence[Point]
    total: int


Knows = Callable[[Any, str, date, date], Iterable[Part]]
_OFFERED: list[Knows] = []


def offer(function: Knows) -> None:
    """Add a function that knows what changed."""
    if function not in _OFFERED:
        _OFFERED.append(function)


def since(one: Meeting) -> date:
    """Return from which day on a meeting looks back: that of the one before, else a quarter earlier."""
    earlier = decisions.before(one)
    return earlier.date if earlier is not None else one.date - FIRST


def agenda(reader: Any, one: Meeting) -> list[Part]:
    """Return what changed between the meeting before and this one, as the reader may know it; empty parts are left out."""
    first, last = since(one), one.date + timedelta(days=1)
    parts = [part for ask in _OFFERED for part in ask(reader, one.place_code, first, last)]
    return [part for part in parts if part.total]


def to_cite(reader: Any, parts: Sequence[Part]) -> list[Cited]:
    """Return the points of an agenda on which a decision may rest, each once."""
    marks = {point.mark: point for part in parts for point in part.points if point.mark}
    ends = [(kind, key) for kind, _separator, key in (mark.partition(SEPARATOR) for mark in marks)]
    known = found(reader, ends)
    return [known[end] for end in ends if end in known]


def _between(first: date, last: date) -> tuple[datetime, datetime]:
    return datetime.combine(first, time.min, UTC), datetime.combine(last, time.min, UTC)


def _at(place: str) -> Q:
    return keeping.below(place) if place else ~Q(pk__in=())


def of_cells(reader: Any, place: str, first: date, last: date) -> list[Part]:
    """Return the cells whose state changed."""
    if not may(reader, "portfolio.read"):
        return []
    seen = ~keeping.kept_from(reader, keeping.flagged() | Q(sensitive=True))
    begins, ends = _between(first, last)
    rows = (
        Cell.objects.filter(seen, _at(place), since__gte=begins, since__lt=ends)
        .select_related("intervention")
        .order_by("-since")
    )
    shown = list(rows[:SHOWN])
    names = names_of({one.place_code for one in shown})
    known = cells_cited.cells(reader, [str(one.pk) for one in shown])
    points = [
        Point(
            says=f"{one.intervention} · {names.get(one.place_code, one.place_code)}", beside=f"{one.get_state_display()}{f' : {one.reason}' if one.reason else ''}",
            address=known[str(one.pk)].address if str(one.pk) in known else "", mark=f"{cells_cited.CELL}:{one.pk}",
        )
        for one in shown
    ]  # fmt: skip
    return [Part(title=_("Interventions dont l'état a changé"), points=points, total=rows.count())]


def of_factors(reader: Any, place: str, first: date, last: date) -> list[Part]:
    """Return the factors that were named, and those that are over."""
    begins, ends = _between(first, last)
    seen = factors.visible_factors(reader).filter(_at(place))
    new = seen.filter(named__gte=begins, named__lt=ends).order_by("-severity", "-named")
    over = seen.filter(state__in=FACTOR_OVER, since__gte=begins, since__lt=ends).order_by("-since")
    return [
        _part(_("Obstacles et facilitateurs nouveaux"), new, _factor),
        _part(_("Obstacles levés ou qui n'ont plus lieu"), over, _factor),
    ]


def of_actions(reader: Any, place: str, first: date, last: date) -> list[Part]:
    """Return the actions that are late on the day of the meeting, wait to be verified, or were verified."""
    begins, ends = _between(first, last)
    seen = follow_up.visible_actions(reader).filter(_at(place))
    verified = seen.filter(state=ActionState.VERIFIED, verified__gte=begins, verified__lt=ends)
    return [
        _part(_("Actions en retard"), follow_up.late(seen, last - timedelta(days=1)), _action),
        _part(_("Actions à vérifier"), seen.filter(state=ActionState.DONE), _action),
        _part(_("Actions vérifiées"), verified, _action),
    ]


def _part(title: str, rows: Any, told: Callable[[Any, dict[str, str]], Point]) -> Part:
    shown = list(rows[:SHOWN])
    names = names_of({one.place_code for one in shown})
    return Part(title=title, points=[told(one, names) for one in shown], total=rows.count())


def _factor(one: Any, names: dict[str, str]) -> Point:
    beside = f"{one.get_state_display()} · {names.get(one.place_code, one.place_code)}"
    return Point(
        says=factors.called(one),
        address=reverse("factor", args=[one.pk]),
        beside=beside,
        mark=f"{factors.NAME}:{one.pk}",
    )


def _action(one: Any, names: dict[str, str]) -> Point:
    beside = _("%(who)s, pour le %(day)s") % {"who": one.owner, "day": one.due.strftime("%d/%m/%Y")}
    return Point(
        says=follow_up.called(one),
        address=reverse("action", args=[one.reference]),
        beside=beside,
        mark=f"{follow_up.NAME}:{one.pk}",
    )
