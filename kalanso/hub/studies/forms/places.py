"""Which one place does somebody mean who writes its name or its code?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from kalanso.hub.people.permissions import reach
from kalanso.hub.people.queries.places import places_meant

# Of places of one name, those in which the programme thinks: a district before the cercle around it.
LEVELS = frozenset({"region", "district", "health_area", "facility"})


def code_meant(person: Any, text: str) -> str:
    """Return the code of the one place that is meant. Raises ValidationError where there is none, or several."""
    meant = places_meant(text, within=reach(person, "studies.declare"))
    found = [one for one in meant if one.level in LEVELS] or meant
    if len(found) == 1:
        return str(found[0].code)
    if not found:
        raise forms.ValidationError(
            gettext_lazy("Aucun lieu ne porte ce nom, ou il n'est pas des vôtres."), code="place"
        )
    names = ", ".join(f"{one.name} ({one.code})" for one in found[:6])
    raise forms.ValidationError(
        gettext_lazy("Plusieurs lieux portent ce nom ; écrivez le code : %(names)s."), params={"names": names}, code="several"
    )  # fmt: skip
