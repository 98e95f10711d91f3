"""How does a person read what a sheet would change?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kalanso.hub.portfolio.models import Load
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.models.interventions import Approach, Gender, Step
from kalanso.hub.portfolio.queries.trail import CALLED
from kalanso.vocabulary import format_value

_WORDS: Mapping[str, Any] = {"state": State, "approach": Approach, "gender": Gender}


@dataclass(frozen=True)
class ShownChange:
    """One change in words: where, new or not, and each field as it was and as it becomes."""

    row: int
    new: bool
    what: str
    fields: tuple[tuple[str, str, str], ...]


def told(change: Mapping[str, Any], names: Mapping[str, str]) -> ShownChange:
    """Return a change in words."""
    place = names.get(change["place_code"], change["place_code"])
    fields = tuple(
        (str(CALLED[name]), _value(name, was), _value(name, becomes))
        for name, (was, becomes) in change["fields"].items()
    )
    what = f"{change['code']} · {place}" if place else change["code"]
    return ShownChange(change["row"], change["kind"] == "add", what, fields)


def _value(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "—"
    if name in _WORDS:
        return str(_WORDS[name](value).label)
    if name == "steps":
        return ", ".join(str(Step(one).label) for one in value)
    if isinstance(value, list):
        return ", ".join(value)
    if name in {"begins", "ends"}:
        return format_value(date.fromisoformat(value), "date", "fr")
    return str(value)


def skipped(load: Load) -> list[str]:
    """Return which rows of a sheet were left out, and why, in words."""
    counts = load.reading["skipped"]
    found = []
    if n := counts.get("blank"):
        found.append(ngettext("%(n)s ligne vide", "%(n)s lignes vides", n) % {"n": n})
    if n := counts.get("total"):
        found.append(ngettext("%(n)s ligne de total", "%(n)s lignes de total", n) % {"n": n})
    if n := counts.get("total_column"):
        found.append(ngettext("%(n)s colonne de total", "%(n)s colonnes de total", n) % {"n": n})
    if n := counts.get("repeated"):
        found.append(
            ngettext("%(n)s ligne répétée à l'identique", "%(n)s lignes répétées à l'identique", n) % {"n": n}
        )
    if names := load.reading["ignored"]:
        found.append(_("colonnes non lues : %(names)s") % {"names": ", ".join(names[:12])})
    return found
