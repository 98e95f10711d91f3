"""How are cells and interventions known where something rests on them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.citations import Cited
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.queries.keeping import flagged, kept_from

CELL, INTERVENTION = "portfolio.cell", "portfolio.intervention"


def cells(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the cells that somebody may know among some keys; not those kept from them."""
    if not may(person, "portfolio.read"):
        return {}
    rows = Cell.objects.select_related("intervention").filter(
        ~kept_from(person, flagged() | Q(sensitive=True)), pk__in=[key for key in keys if key.isdigit() and len(key) < 15]
    )  # fmt: skip
    names = names_of({one.place_code for one in rows})
    return {
        str(one.pk): Cited(
            object_type=CELL, object_id=str(one.pk), kind=_("Intervention dans un district"),
            name=f"{one.intervention} · {names.get(one.place_code, one.place_code)}", address=reverse("cell", args=[one.pk]),
            place_code=one.place_code,
        )
        for one in rows
    }  # fmt: skip


def interventions(person: Any, keys: Sequence[str]) -> dict[str, Cited]:
    """Return the interventions among some keys, to who reads the portfolio."""
    if not may(person, "portfolio.read"):
        return {}
    rows = Intervention.objects.filter(pk__in=[key for key in keys if key.isdigit() and len(key) < 15])
    return {
        str(one.pk): Cited(
            object_type=INTERVENTION, object_id=str(one.pk), kind=_("Intervention"), name=str(one),
            address=reverse("intervention", args=[one.code]),
        )
        for one in rows
    }  # fmt: skip
