"""How is a sheet of the portfolio tried, applied whole or put aside?

Trying changes nothing. Applying does what was shown: where the portfolio moved since, it is tried again first. All of a
sheet's changes happen or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record
from kalanso.hub.people.actions.trail import record_many
from kalanso.hub.people.models import Organisation, Person, PlaceMirror
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless
from kalanso.hub.portfolio.actions import cells, interventions
from kalanso.hub.portfolio.models import Cell, Intervention, Load
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.queries.differences import WHY, compared, mark
from kalanso.sources.archives import MEBIBYTE, Limits
from kalanso.sources.portfolio import PlannedCell, PlannedIntervention, PortfolioSheet, read
from kalanso.sources.workbooks import open_workbook
from kalanso.vocabulary import Message

LIMITS = Limits(file_bytes=10 * MEBIBYTE)
Status = Load.Status
WRITTEN = ("organisation", "begins", "ends", "target", "state", "reason")


def districts() -> list[tuple[str, str, str]]:
    """Return the published districts: code, name, and the name of the region above."""
    found = PlaceMirror.objects.filter(level=cells.LEVEL)
    above = {one.code: one.name for one in PlaceMirror.objects.filter(level="region")}
    return [
        (one.code, one.name, next((above[code] for code in one.path.split("/") if code in above), ""))
        for one in found
    ]


def try_sheet(
    *,
    by: Person,
    organisation: Organisation,
    path: Path,
    sheet: str,
    file_name: str,
    sha256: str,
    now: datetime,
) -> Load:
    """Say what a file would change. Raises BadFile where it is no such sheet, PermissionDenied, ValidationError."""
    refuse_unless(by, "portfolio.load", WHOLE_COUNTRY)
    known = districts()
    if not known:
        raise ValidationError(_("Aucun district n'est publié : publiez d'abord les lieux."), code="places")
    told = read(open_workbook(path, limits=LIMITS).sheet(sheet or None), known)
    return _tried(
        by=by,
        organisation=organisation,
        told=told,
        file_name=file_name,
        size=path.stat().st_size,
        sha256=sha256,
        now=now,
    )


@transaction.atomic
def _tried(
    *, by: Person, organisation: Organisation, told: PortfolioSheet, file_name: str, size: int, sha256: str, now: datetime
) -> Load:  # fmt: skip
    one = Load(file_name=file_name, sha256=sha256, size=size, by=by, organisation=organisation, received=now)
    one.reading = {
        "layout": told.layout, "read": told.read, "skipped": dict(told.skipped), "ignored": list(told.ignored),
        "interventions": [vars(line) | {"fields": dict(line.fields)} for line in told.interventions],
        "cells": [vars(line) | {"fields": dict(line.fields)} for line in told.cells],
        "faults": [_said(fault) for fault in told.faults],
    }  # fmt: skip
    _compare(one)
    one.save()
    record(by=by, verb="portfolio.tried", thing=one, now=now, after={"sha256": sha256})
    return one


def _said(fault: Any) -> dict[str, Any]:
    told = {"found": fault.found, "expected": fault.expected}
    return {"row": fault.row, "column": fault.column, "message": fault.message, "params": told}


def _compare(one: Load) -> None:
    """Write down what a sheet would change as the portfolio stands now."""
    lines = [PlannedIntervention(**line) for line in one.reading["interventions"]]
    planned = [PlannedCell(**line) for line in one.reading["cells"]]
    found = compared(lines, planned, one.organisation)
    one.mark = mark()
    one.changes = [change.plain() for change in found.changes]
    one.faults = [*one.reading["faults"], *found.faults]
    one.counts = {
        "added": sum(c.kind == "add" and c.thing == "cell" for c in found.changes),
        "changed": sum(c.kind == "change" and c.thing == "cell" for c in found.changes),
        "interventions_added": sum(c.kind == "add" and c.thing == "intervention" for c in found.changes),
        "interventions_changed": sum(c.kind == "change" and c.thing == "intervention" for c in found.changes),
        "same": found.same, "unmentioned": found.unmentioned, "faults": len(one.faults),
    }  # fmt: skip


@transaction.atomic
def apply(*, by: Person, one: Load, now: datetime) -> Load:
    """Do what a tried sheet shows, all of it or nothing.

    Where the portfolio moved since it was tried, the difference is written down anew and nothing is done: the sheet that
    comes back is still TRIED. Raises PermissionDenied, and ValidationError where it ended before.
    """
    kept = Load.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=one.pk)
    refuse_unless(by, "portfolio.load", WHOLE_COUNTRY)
    _refuse_ended(kept)
    if kept.mark != mark():
        _compare(kept)
        kept.save()
        return kept
    for change in kept.changes:
        if change["thing"] == "intervention":
            _intervention(by, change, now)
    _cells(by, [change for change in kept.changes if change["thing"] == "cell"], now)
    kept.status, kept.ended = Status.APPLIED, now
    kept.save()
    record(by=by, verb="portfolio.loaded", thing=kept, now=now, after={"counts": str(kept.counts)})
    return kept


@transaction.atomic
def discard(*, by: Person, one: Load, now: datetime) -> Load:
    """Put a tried sheet aside."""
    kept = Load.objects.select_for_update(of=("self",)).get(pk=one.pk)
    refuse_unless(by, "portfolio.load", WHOLE_COUNTRY)
    _refuse_ended(kept)
    kept.status, kept.ended = Status.DISCARDED, now
    kept.save()
    record(by=by, verb="portfolio.discarded", thing=kept, now=now)
    return kept


def _refuse_ended(one: Load) -> None:
    if one.status != Status.TRIED:
        raise ValidationError(_("Cette feuille est déjà chargée ou écartée."), code="ended")


def _intervention(by: Person, change: Mapping[str, Any], now: datetime) -> None:
    said = _values({name: pair[1] for name, pair in change["fields"].items()}, _houses())
    one = Intervention.objects.filter(code=change["code"]).first()
    if one is None:
        interventions.add(by=by, said={"code": change["code"], **said}, now=now)
    else:
        interventions.correct(by=by, one=one, said=said, version=one.version, now=now)


def _cells(by: Person, changes: list[dict[str, Any]], now: datetime) -> None:
    """Write all cells of a sheet at once: thousands one by one would keep somebody waiting."""
    houses = _houses()
    lines = {one.code: one for one in Intervention.objects.all()}
    kept = {
        (one.intervention_id, one.place_code): one
        for one in Cell.objects.select_for_update(of=("self",)).select_related("organisation", "owner")
    }
    new, changed, trail = [], [], []
    for change in changes:
        said = _values({name: pair[1] for name, pair in change["fields"].items()}, houses)
        line = lines[change["code"]]
        one = kept.get((line.pk, change["place_code"]))
        if one is None:
            new.append(Cell(intervention=line, place_code=change["place_code"], since=now, **said))
            continue
        one.intervention = line
        before = cells.kept_of(one, *said)
        if "state" in said and "reason" not in said:
            said["reason"] = ""
        for name, value in said.items():
            setattr(one, name, value)
        one.version += 1
        one.since = now if "state" in said else one.since
        verb = "portfolio.cell_advanced" if "state" in said else "portfolio.cell_corrected"
        changed.append(one)
        trail.append(
            {
                "by": by,
                "verb": verb,
                "thing": one,
                "now": now,
                "before": before,
                "after": cells.kept_of(one, *said),
            }
        )
    Cell.objects.bulk_create(new, batch_size=200)
    Cell.objects.bulk_update(changed, [*WRITTEN, "since", "version"], batch_size=100)
    planned = [
        {
            "by": by,
            "verb": "portfolio.cell_planned",
            "thing": one,
            "now": now,
            "after": cells.kept_of(one, *WRITTEN),
        }
        for one in new
    ]
    record_many([*planned, *trail])


def _houses() -> dict[str, Organisation]:
    return {one.code: one for one in Organisation.objects.all()}


def _values(said: dict[str, Any], houses: Mapping[str, Organisation]) -> dict[str, Any]:
    """Return plain values as the records keep them."""
    for name in ("lead", "organisation"):
        if name in said:
            said[name] = houses[said[name]]
    if "partners" in said:
        said["partners"] = [houses[code] for code in said["partners"]]
    for name in ("begins", "ends"):
        if said.get(name):
            said[name] = date.fromisoformat(said[name])
    return said


def fault_says(fault: Mapping[str, Any], locale: str) -> str:
    """Return the sentence of a fault, in the language of the page."""
    if "message" in fault:
        return Message(fault["message"], fault["params"]).render(locale)
    words = {
        name: State(word).label if name in {"state", "before"} else word
        for name, word in fault["params"].items()
    }
    return str(WHY[fault["why"]]) % words
