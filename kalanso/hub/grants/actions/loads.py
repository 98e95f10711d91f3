"""How is a sheet of money tried, applied or discarded? What was shown is what is applied, or nothing is."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.grants.models import BudgetLine, Entry, Grant, MoneyLoad
from kalanso.hub.grants.queries import sheets
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless


@transaction.atomic
def attempt(
    *, by: Person, grant: Grant, kind: str, path: Path, file_name: str, sha256: str, now: datetime
) -> MoneyLoad:
    """Read a sheet and keep what it would change; nothing else is written. Raises BadFile, NoHeadings."""
    refuse_unless(by, "grants.load")
    ground = sheets.Ground.of(grant, kind, by)
    found = sheets.read(path, ground, today=now.date())
    load = MoneyLoad.objects.create(
        kind=kind, grant=grant, file_name=file_name[:120], sha256=sha256, size=path.stat().st_size, by=by, received=now,
        changes=found.changes, faults=found.faults, counts=found.counts, mark=found.mark,
    )  # fmt: skip
    record(
        by=by,
        verb="grants.tried",
        thing=load,
        now=now,
        after={"kind": kind, "grant": grant.code, "sha256": sha256},
    )
    return load


@transaction.atomic
def apply(*, by: Person, load: MoneyLoad, now: datetime) -> MoneyLoad:
    """Write what a sheet was shown to change. Raises ValidationError where the money moved since."""
    kept = _open(by, load)
    Grant.objects.select_for_update(of=("self",)).get(pk=kept.grant_id)
    ground = sheets.Ground.of(kept.grant, kept.kind, by)
    if sheets.mark_of(ground) != kept.mark:
        raise ValidationError(
            _("L'argent de cette subvention a changé depuis l'essai : apportez la feuille de nouveau."),
            code="moved",
        )
    if kept.kind == MoneyLoad.Kind.LINES:
        _apply_lines(by, kept, ground)
    else:
        _apply_entries(by, kept, now)
    kept.status, kept.ended = MoneyLoad.Status.APPLIED, now
    kept.save(update_fields=["status", "ended"])
    record(
        by=by, verb="grants.loaded", thing=kept, now=now,
        after={"grant": kept.grant.code, "kind": kept.kind, "counts": str(kept.counts)},
    )  # fmt: skip
    return kept


def _open(by: Person, load: MoneyLoad) -> MoneyLoad:
    kept = MoneyLoad.objects.select_for_update(of=("self",)).select_related("grant").get(pk=load.pk)
    refuse_unless(by, "grants.load")
    if kept.status != MoneyLoad.Status.TRIED:
        raise ValidationError(_("Cette feuille a déjà été chargée ou écartée."), code="ended")
    return kept


def _apply_lines(by: Person, load: MoneyLoad, ground: sheets.Ground) -> None:
    new = []
    for change in load.changes:
        intervention, organisation, place, year = change["key"]
        stands = ground.lines.get((intervention, organisation, place, year))
        if stands is None:
            stands = BudgetLine(
                grant=load.grant, intervention_id=intervention, organisation_id=organisation, place_code=place, year=year,
                planned=Decimal(change["after"]), currency=change["currency"],
            )  # fmt: skip
            refuse_unless(by, "grants.write", stands)
            new.append(stands)
            continue
        refuse_unless(by, "grants.write", stands)
        stands.planned, stands.version = Decimal(change["after"]), stands.version + 1
        stands.save(update_fields=["planned", "version"])
    BudgetLine.objects.bulk_create(new, batch_size=500)


def _apply_entries(by: Person, load: MoneyLoad, now: datetime) -> None:
    lines = BudgetLine.objects.filter(grant=load.grant).select_related("grant").in_bulk()
    new = []
    for change in load.changes:
        line, kind, day, reference, amount, currency = change["key"]
        refuse_unless(by, "grants.write", lines[line])
        new.append(
            Entry(
                line_id=line, kind=kind, day=date.fromisoformat(day), reference=reference, amount=Decimal(amount),
                currency=currency, by=by, written=now,
            )
        )  # fmt: skip
    Entry.objects.bulk_create(new, batch_size=500)


@transaction.atomic
def discard(*, by: Person, load: MoneyLoad, now: datetime) -> MoneyLoad:
    """Put a tried sheet aside; nothing of it was written."""
    kept = _open(by, load)
    kept.status, kept.ended = MoneyLoad.Status.DISCARDED, now
    kept.save(update_fields=["status", "ended"])
    record(by=by, verb="grants.discarded", thing=kept, now=now)
    return kept
