"""What would a sheet change in the portfolio, field by field, and what of it cannot be done?

Compares what a sheet says with what is kept. What a sheet does not mention stays as it is: nothing is ever removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Organisation
from kalanso.hub.people.queries.places import folded
from kalanso.hub.portfolio.models import Cell, Intervention
from kalanso.hub.portfolio.models.cells import NEEDS_REASON, STEPS, State
from kalanso.sources.portfolio import PlannedCell, PlannedIntervention

ORGANISATIONS = ("lead", "organisation")
# Why something of a sheet cannot be kept.
WHY = {
    "no_title": _("L'intervention %(code)s est nouvelle et n'a pas de titre."),
    "waits": _("La ligne de l'intervention %(code)s est refusée : ce district attend avec elle."),
    "ends_first": _("La fin prévue vient avant le début déjà gardé."),
    "no_reason": _("L'état « %(state)s » demande une raison."),
    "no_step": _("L'état « %(state)s » ne peut pas suivre « %(before)s »."),
    "unknown_house": _(
        "Organisation inconnue : %(names)s. Ajoutez-la d'abord (Personnes, Organisations), ou corrigez la feuille."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that a sheet adds or changes. `fields` holds what it was and what it becomes, as plain values.

    `thing` is intervention or cell; `place_code` "" for an intervention. `was` is None where nothing was kept.
    """

    row: int
    thing: str
    kind: str
    code: str
    place_code: str = ""
    fields: dict[str, list[Any]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


@dataclass(kw_only=True)
class Differences:
    """All that a sheet changes, what it leaves, and what cannot be done."""

    changes: list[Change] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    same: int = 0
    unmentioned: int = 0


def compared(
    interventions: Iterable[PlannedIntervention], cells: Iterable[PlannedCell], lead_by_default: Organisation
) -> Differences:
    """Return what a sheet changes. An intervention without a lead is led by the organisation that brings the sheet."""
    found = Differences()
    houses = _Houses()
    known = {
        one.code: one for one in Intervention.objects.select_related("lead").prefetch_related("partners")
    }
    kept = {
        (one.intervention.code, one.place_code): one
        for one in Cell.objects.select_related("intervention", "organisation")
    }
    led: dict[str, str] = {code: one.lead.code for code, one in known.items()}
    refused = set()
    for line in interventions:
        said = houses.resolved(line.fields, line.row, found)
        if said is None:
            refused.add(line.code)
            continue
        one = known.get(line.code)
        if one is None and not said.get("title_fr"):
            found.faults.append(_fault(line.row, "no_title", code=line.code))
            refused.add(line.code)
            continue
        said.setdefault("lead", led.get(line.code, lead_by_default.code))
        led[line.code] = said["lead"]
        _compare(found, line.row, "intervention", line.code, "", _of_intervention(one), said)
    for cell in cells:
        if cell.code in refused:
            found.faults.append(_fault(cell.row, "waits", code=cell.code))
            continue
        said = houses.resolved(cell.fields, cell.row, found)
        if said is None:
            continue
        before = kept.pop((cell.code, cell.place_code), None)
        _compare_cell(found, cell, before, said, led[cell.code])
    found.unmentioned = len(kept)
    return found


def _compare_cell(
    found: Differences, cell: PlannedCell, before: Cell | None, said: dict[str, Any], lead: str
) -> None:
    if before is None:
        said.setdefault("organisation", lead)
        said.setdefault("state", State.PLANNED)
    wrong = _wrong_state(before, said)
    if wrong:
        found.faults.append(_fault(cell.row, wrong[0], cell.column, **wrong[1]))
        return
    ends = said.get("ends") or (str(before.ends) if before and before.ends else "")
    begins = said.get("begins") or (str(before.begins) if before and before.begins else "")
    if ends and begins and ends < begins:
        found.faults.append(_fault(cell.row, "ends_first", cell.column))
        return
    _compare(found, cell.row, "cell", cell.code, cell.place_code, _of_cell(before), said)


def _wrong_state(before: Cell | None, said: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
    """Say why a state cannot be taken, as the id of a sentence and what fills it; None where it can."""
    after = said.get("state")
    if after is None or (before is not None and after == before.state):
        return None
    if after in NEEDS_REASON and not said.get("reason"):
        return "no_reason", {"state": after}
    if before is not None and after not in STEPS[before.state]:
        return "no_step", {"state": after, "before": before.state}
    return None


def _compare(
    found: Differences,
    row: int,
    thing: str,
    code: str,
    place: str,
    before: dict[str, Any] | None,
    said: Mapping[str, Any],
) -> None:
    if before is None:
        fields = {name: [None, value] for name, value in said.items()}
        found.changes.append(
            Change(row=row, thing=thing, kind="add", code=code, place_code=place, fields=fields)
        )
        return
    fields = {
        name: [before.get(name), value] for name, value in said.items() if not _equal(before.get(name), value)
    }
    if fields:
        found.changes.append(
            Change(row=row, thing=thing, kind="change", code=code, place_code=place, fields=fields)
        )
    else:
        found.same += 1


def _equal(before: Any, after: Any) -> bool:
    if isinstance(after, list):
        return sorted(before or []) == sorted(after)
    if isinstance(after, float) or isinstance(before, Decimal):
        return before is not None and abs(float(before) - float(after)) < 0.005
    return bool(before == after)


def _of_intervention(one: Intervention | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "title_fr": one.title_fr, "title_en": one.title_en, "steps": one.steps, "approach": one.approach, "objective": one.objective,
        "gender": one.gender, "theory": one.theory, "unit": one.unit, "unit_cost": None if one.unit_cost is None else float(one.unit_cost),
        "lead": one.lead.code, "partners": sorted(house.code for house in one.partners.all()),
    }  # fmt: skip


def _of_cell(one: Cell | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "organisation": one.organisation.code, "begins": str(one.begins) if one.begins else None, "ends": str(one.ends) if one.ends else None,
        "target": one.target, "state": str(one.state), "reason": one.reason,
    }  # fmt: skip


class _Houses:
    """Organisations by their code and name."""

    def __init__(self) -> None:
        self.by_word: dict[str, str] = {}
        for one in Organisation.objects.all():
            self.by_word[folded(one.code)] = self.by_word[folded(one.name)] = one.code

    def resolved(self, fields: Mapping[str, Any], row: int, found: Differences) -> dict[str, Any] | None:
        """Return fields with organisations by code; None, and a fault, where one is not known."""
        said = dict(fields)
        unknown = []
        for name in ORGANISATIONS:
            if name in said:
                said[name] = self._code(said[name], unknown)
        if "partners" in said:
            said["partners"] = sorted({self._code(one, unknown) for one in said["partners"]})
        if unknown:
            found.faults.append(_fault(row, "unknown_house", names=", ".join(unknown)))
            return None
        return said

    def _code(self, written: str, unknown: list[str]) -> str:
        code = self.by_word.get(folded(written), "")
        if not code:
            unknown.append(written)
        return code


def _fault(row: int, why: str, column: str = "", **params: str) -> dict[str, Any]:
    return {"row": row, "column": column, "why": why, "params": params}


def mark() -> str:
    """Return a checksum of the portfolio as it stands, by which one sees whether it moved."""
    told = [
        list(Intervention.objects.order_by("pk").values_list("pk", "version")),
        list(Cell.objects.order_by("pk").values_list("pk", "version")),
        list(Organisation.objects.order_by("pk").values_list("pk", "code")),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
