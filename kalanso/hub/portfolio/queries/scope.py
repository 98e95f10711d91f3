"""Which cells may somebody see, and of which also the days, the people and the words?

In a flagged place, and where a cell is marked as sensitive, days, places, owners and texts stay with the team: those
cleared there and the organisation that carries it out. Others read the state, and quarters instead of days.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kalanso.hub.people.models import Role
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.access import CLEARED, access_of, ask_for_places
from kalanso.hub.portfolio.models import Cell, Intervention

# One sentence for what is not there and for what is not for the reader.
NOT_HERE = gettext_lazy(
    "Rien ne se lit ici : cette page du portefeuille n'existe pas, n'est pas approuvée, ou n'est pas pour vous."
)


def interventions(person: Any) -> QuerySet[Intervention]:
    """Return the interventions that somebody may see: all, or none."""
    found = Intervention.objects.select_related("lead")
    return found if may(person, "portfolio.read") else found.none()


def cells(person: Any) -> QuerySet[Cell]:
    """Return the cells that somebody may see: all, or none; what of each, `detail` says."""
    found = Cell.objects.select_related("intervention", "intervention__lead", "organisation")
    return found if may(person, "portfolio.read") else found.none()


def one_intervention(person: Any, code: str) -> Intervention:
    """Return an intervention that somebody may see; any other is not there (Http404)."""
    found = interventions(person).filter(code=code).first()
    if found is None:
        raise Http404(_("Aucune intervention ne porte ce code, ou elle n'est pas pour vous."))
    return found


def one_cell(person: Any, pk: int) -> Cell:
    """Return a cell that somebody may see; any other is not there (Http404)."""
    found = cells(person).select_related("owner").filter(pk=pk).first()
    if found is None:
        raise Http404(str(NOT_HERE))
    return found


def flagged_among(codes: Iterable[str]) -> frozenset[str]:
    """Return the places under a security flag among some."""
    return frozenset(code for code, place in ask_for_places(codes).items() if place.flagged)


def detail(person: Any, cell: Cell, flagged: frozenset[str] | None = None) -> bool:
    """Whether somebody sees the days, people and words of a cell. `flagged` are the flagged places where known."""
    if flagged is None:
        flagged = flagged_among({cell.place_code})
    if cell.place_code not in flagged and not cell.sensitive:
        return True
    access = access_of(person)
    for held in access.memberships:
        near = access.reaches(held, cell.place_code)
        if near and held.role in CLEARED:
            return True
        if near and held.role == Role.PARTNER and held.organisation_id == cell.organisation_id:
            return True
    return False
