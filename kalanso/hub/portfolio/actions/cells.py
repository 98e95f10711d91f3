"""How is an intervention planned in a district, and how does its plan and state change?

A state changes only along `STEPS`, with a reason where readers must be told why; each change is a line in the trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.portfolio.actions.interventions import refuse_changed
from kalanso.hub.portfolio.models import Cell, Intervention, Milestone, Target
from kalanso.hub.portfolio.models.cells import NEEDS_REASON, STEPS

SAID = ("organisation", "owner", "begins", "ends", "target", "sensitive")
LEVEL = "district"


def held(one: Cell) -> Cell:
    """Return a cell that nobody else changes meanwhile; call it in a transaction."""
    return Cell.objects.select_for_update(of=("self",)).select_related("intervention").get(pk=one.pk)


def told(one: Cell) -> dict[str, Any]:
    """Return what is planned of a cell, as the trail keeps it."""
    split = ", ".join(f"{t.period}: {t.quantity}" for t in one.targets.all())
    return kept_of(one, *SAID) | {"targets": split}


def kept_of(one: Cell, *names: str) -> dict[str, Any]:
    """Return fields of a cell as the trail keeps them: organisations and people by name."""
    found = state_of(one, *names)
    if "organisation" in names:
        found["organisation"] = one.organisation.code
    if "owner" in names:
        found["owner"] = one.owner.username if one.owner is not None else None
    return found


@transaction.atomic
def plan(
    *, by: Person, intervention: Intervention, place_code: str, said: Mapping[str, Any], now: datetime,
    state: str = "planned", reason: str = "",
) -> Cell:  # fmt: skip
    """Plan an intervention in a district. Raises PermissionDenied, ValidationError."""
    if not PlaceMirror.objects.filter(code=place_code, level=LEVEL).exists():
        raise ValidationError(_("Une intervention se prévoit dans un district publié."), code="place")
    one = Cell(
        intervention=intervention, place_code=place_code, state=state, reason=reason, since=now, **said
    )
    refuse_unless(by, "portfolio.plan_cell", one)
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError as error:
        raise _of_the_database(one) from error
    record(by=by, verb="portfolio.cell_planned", thing=one, now=now, after=told(one) | {"state": one.state})
    return one


@transaction.atomic
def correct_plan(
    *, by: Person, one: Cell, said: Mapping[str, Any], version: int, now: datetime,
    targets: Mapping[str, int] | None = None,
) -> Cell:  # fmt: skip
    """Correct the plan of a cell: days, target, who carries it out, who answers for it, quantities by quarter."""
    kept = held(one)
    refuse_unless(by, "portfolio.plan_cell", kept)
    refuse_changed(kept.version, version)
    before = told(kept)
    for name in SAID:
        if name in said:
            setattr(kept, name, said[name])
    refuse_unless(by, "portfolio.plan_cell", kept)
    kept.version += 1
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise _of_the_database(kept) from error
    if targets is not None:
        _split(kept, targets)
    record(by=by, verb="portfolio.cell_corrected", thing=kept, now=now, before=before, after=told(kept))
    return kept


def _split(one: Cell, targets: Mapping[str, int]) -> None:
    """Keep how much is to be done in each quarter; together no more than the whole where one is said."""
    if one.target is not None and sum(targets.values()) > one.target:
        raise ValidationError(
            _("Les trimestres font %(sum)s, plus que la cible de %(target)s.")
            % {"sum": sum(targets.values()), "target": one.target},
            code="targets",
        )
    Target.objects.filter(cell=one).exclude(period__in=targets).delete()
    for period, quantity in targets.items():
        Target.objects.update_or_create(cell=one, period=period, defaults={"quantity": quantity})


def _of_the_database(one: Cell) -> ValidationError:
    """Say in words what the database refuses."""
    if one.begins and one.ends and one.ends < one.begins:
        return ValidationError(_("La fin prévue vient avant le début."), code="ends")
    if one.state in NEEDS_REASON and not one.reason:
        return ValidationError(_("Dites pourquoi : les partenaires verront cette raison."), code="reason")
    return ValidationError(_("Cette intervention est déjà prévue dans ce district."), code="place")


@transaction.atomic
def advance(*, by: Person, one: Cell, state: str, reason: str, version: int, now: datetime) -> Cell:
    """Change the state of a cell, along its steps and with a reason where one is needed."""
    kept = held(one)
    refuse_unless(by, "portfolio.advance", kept)
    refuse_changed(kept.version, version)
    refuse_step(kept.state, state, reason)
    if (state, reason.strip()) == (kept.state, kept.reason):
        raise ValidationError(
            _("Rien ne change : choisissez un autre état, ou une autre raison."), code="state"
        )
    before = state_of(kept, "state", "reason")
    kept.since = now if state != kept.state else kept.since
    kept.state, kept.reason = state, reason.strip()
    kept.version += 1
    kept.save()
    record(
        by=by, verb="portfolio.cell_advanced", thing=kept, now=now, before=before,
        after=state_of(kept, "state", "reason"), reason=kept.reason,
    )  # fmt: skip
    return kept


def refuse_step(before: str, after: str, reason: str) -> None:
    """Refuse a state that does not follow, and one that needs a reason without one."""
    if after != before and after not in STEPS[before]:
        raise ValidationError(_("Cet état ne suit pas celui d'aujourd'hui."), code="state")
    if after in NEEDS_REASON and not reason.strip():
        raise ValidationError(_("Dites pourquoi : les partenaires verront cette raison."), code="reason")


@transaction.atomic
def set_milestone(*, by: Person, one: Cell, title: str, due: date, now: datetime) -> Milestone:
    """Add a point to the plan of a cell."""
    kept = held(one)
    refuse_unless(by, "portfolio.plan_cell", kept)
    try:
        with transaction.atomic():
            milestone = Milestone.objects.create(cell=kept, title=title.strip(), due=due)
    except IntegrityError as error:
        raise ValidationError(_("Cette étape est déjà prévue pour ce jour."), code="title") from error
    record(
        by=by,
        verb="portfolio.milestone_set",
        thing=milestone,
        now=now,
        after=state_of(milestone, "title", "due"),
    )
    return milestone


@transaction.atomic
def milestone_done(*, by: Person, one: Milestone, day: date, now: datetime) -> Milestone:
    """Note that a point of the plan is done; a day to come is refused."""
    kept = Milestone.objects.select_for_update(of=("self",)).select_related("cell").get(pk=one.pk)
    refuse_unless(by, "portfolio.advance", kept.cell)
    if day > now.date():
        raise ValidationError(_("Ce jour n'est pas encore venu."), code="day")
    if kept.done is not None:
        raise ValidationError(_("Cette étape est déjà notée comme faite."), code="done")
    kept.done = day
    kept.save(update_fields=["done"])
    record(by=by, verb="portfolio.milestone_done", thing=kept, now=now, after=state_of(kept, "done"))
    return kept
