"""What changed lately in what somebody follows of the portfolio, in words that may leave the hub, and what may not?

A feed is read by programs of others. It tells of no protected place or line, whoever holds its address, and names nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.models import Event, Notification, Subscription
from kalanso.hub.people.queries import citations
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.language import page_language
from kalanso.hub.portfolio.models import ActionPoint, Cell, Decision, Factor, Report
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.models.factors import FactorState
from kalanso.hub.portfolio.queries import cells_cited, decisions, factors, follow_up, keeping
from kalanso.vocabulary import format_value

FOLLOWED, TOLD = 300, 50  # things at most, and changes of them
SAYS = {
    "portfolio.cell_planned": gettext_lazy("« %(what)s » est prévue."),
    "portfolio.cell_corrected": gettext_lazy("Le plan de « %(what)s » a été corrigé."),
    "portfolio.cell_advanced": gettext_lazy("« %(what)s » : %(state)s."),
    "portfolio.report_approved": gettext_lazy("Le rapport %(quarter)s de « %(what)s » est approuvé."),
    "portfolio.factor_corrected": gettext_lazy("« %(what)s » a été corrigé."),
    "portfolio.factor_moved": gettext_lazy("« %(what)s » : %(state)s."),
    "portfolio.action_corrected": gettext_lazy("L'action %(what)s a été corrigée."),
    "portfolio.action_closed": gettext_lazy("L'action %(what)s est dite faite : elle est à vérifier."),
    "portfolio.action_verified": gettext_lazy("L'action %(what)s est vérifiée."),
    "portfolio.action_reopened": gettext_lazy("L'action %(what)s est rouverte."),
    "portfolio.action_cancelled": gettext_lazy("L'action %(what)s est annulée."),
    "portfolio.decision_corrected": gettext_lazy("La décision %(what)s a été corrigée."),
}
STATES = {"portfolio.cell_advanced": State, "portfolio.factor_moved": FactorState}
REPORT = "portfolio.report"
LINE = re.compile(
    r"/portefeuille/ligne/([0-9]{1,15})/"
)  # in the address of a line or report, in any language


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, in a sentence without persons and reasons."""

    key: int
    says: str
    address: str
    at: datetime


def changes(person: Any) -> list[Change]:
    """Return the newest changes of what a person follows and may read today, the newest first."""
    rows = Subscription.objects.filter(person=person, object_type__startswith="portfolio.").order_by("-since")
    ends = [(row.object_type, row.object_id) for row in rows[:FOLLOWED]]
    unprotected = _open(ends)
    known = citations.found(person, [end for end in ends if end in unprotected])
    reports = _reports([key for kind, key in known if kind == cells_cited.CELL])
    wanted = Q(pk__in=())
    for kind, key in known:
        wanted |= Q(object_type=kind, object_id=key)
    wanted |= Q(object_type=REPORT, object_id__in=list(reports))
    events = Event.objects.filter(wanted, verb__in=SAYS).order_by("-at", "-pk")
    return [_change(event, known, reports) for event in events[:TOLD]]


def _open(ends: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of some things are not protected, be they for the eyes of their reader or not."""
    asked: dict[str, list[str]] = {}
    for kind, key in ends:
        if key.isdecimal() and len(key) < 15:
            asked.setdefault(kind, []).append(key)
    found = set()
    for kind, keys in asked.items():
        if kind in _UNPROTECTED:
            found |= {
                (kind, str(pk))
                for pk in _UNPROTECTED[kind]().filter(pk__in=keys).values_list("pk", flat=True)
            }
    return found


def _without(model: type[Model], kept: Any) -> Any:
    return lambda: model._default_manager.exclude(kept())


_UNPROTECTED = {
    cells_cited.CELL: _without(Cell, lambda: keeping.flagged() | Q(sensitive=True)),
    factors.NAME: _without(Factor, factors.kept),
    follow_up.NAME: _without(ActionPoint, follow_up.kept),
    decisions.NAME: _without(Decision, decisions.kept),
}


def _reports(cells: Sequence[str]) -> dict[str, Report]:
    """Return the approved reports of some cells, by key."""
    found = Report.objects.filter(cell__in=cells, state=Report.State.APPROVED).defer("narrative")
    return {str(one.pk): one for one in found}


def _change(event: Event, known: dict[tuple[str, str], Cited], reports: dict[str, Report]) -> Change:
    told: dict[str, str] = {}
    if event.object_type == REPORT:
        one = reports[event.object_id]
        about = known[cells_cited.CELL, str(one.cell_id)]
        told["quarter"] = format_value(one.period, "period", page_language())
        address = reverse("report", args=[one.cell_id, one.period])
    else:
        about = known[event.object_type, event.object_id]
        address = about.address
    if event.verb in STATES:
        told["state"] = _state(event)
    says = str(SAYS[event.verb]) % {"what": _name(event, about), **told}
    return Change(key=event.pk, says=says, address=address, at=event.at)


def _name(event: Event, about: Cited) -> str:
    """Return what a thing is called: actions and decisions by their number, since their words may say more."""
    if about.object_type in (follow_up.NAME, decisions.NAME):
        return about.name.partition(" ")[0]
    return about.name


def _state(event: Event) -> str:
    kinds, state = STATES[event.verb], str(event.after.get("state", ""))
    return str(kinds(state).label).lower() if state in kinds.values else _("état changé")


def of_kept_lines(rows: Sequence[Notification]) -> set[int]:
    """Return the notifications that lead to a line which is protected today, or to a report of it."""
    lines = {row.pk: int(found[1]) for row in rows if (found := LINE.search(row.address))}
    kept = Cell.objects.filter(keeping.flagged() | Q(sensitive=True), pk__in=set(lines.values()))
    held = set(kept.values_list("pk", flat=True))
    return {pk for pk, line in lines.items() if line in held}
