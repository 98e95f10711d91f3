"""How is an obstacle or a facilitator named, corrected, and said to be answered, lifted or gone?

Naming may be repeated: a factor is added once for its key, wherever the answer got lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import cite, cite_number, record, state_of
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import Somewhere, may, refuse_unless
from kalanso.hub.people.queries.access import access_of
from kalanso.hub.people.queries.citations import named
from kalanso.hub.portfolio.actions.versions import held
from kalanso.hub.portfolio.models import Cell, Factor
from kalanso.hub.portfolio.models.factors import FACTOR_OVER, FactorState
from kalanso.hub.portfolio.permissions import NAMES_FACTORS
from kalanso.hub.portfolio.queries import cells_cited, factors

SAID = ("kind", "domain", "level", "place_code", "severity", "what", "cell")


def told(one: Factor) -> dict[str, Any]:
    """Return a factor as the trail keeps it; where it is for the team alone, without its words and its place."""
    names = ["kind", "domain", "level", "severity", "state", "reason", "version"]
    if factors.is_kept(one):
        return state_of(one, *(set(names) - {"reason"}))
    return state_of(one, *names, "what", "place_code")


@transaction.atomic
def name_factor(
    *, by: Person, key: UUID, said: Mapping[str, Any], rests_on: str = "", number: str = "", source: str = "",
    written: datetime, now: datetime,
) -> Factor:  # fmt: skip
    """Name a factor; `said` holds its fields, `rests_on` marks what it was named from. The same key adds nothing.

    Raises PermissionDenied where somebody does not work there, ValidationError for what cannot be kept.
    """
    before = _already(by, key)
    if before is not None:
        return before
    one = Factor(
        key=key, by=by, named=min(written, now), since=now, state_by=by, organisation_id=_house(by, str(said["place_code"])), **said
    )  # fmt: skip
    refuse_unless(by, "portfolio.name_factor", one)
    _check(by, one)
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError:  # sent twice at once: the other one came first
        before = _already(by, key)
        if before is None:
            raise
        return before
    record(by=by, verb="portfolio.factor_named", thing=one, now=now, after=told(one))
    _cite(by, one, rests_on, now=now)
    if number or source:
        cite_number(by=by, thing=one, number=number, source=source, now=now)
    return one


@transaction.atomic
def correct_factor(
    *, by: Person, one: Factor, said: Mapping[str, Any], version: int, now: datetime
) -> Factor:
    """Correct what was said of a factor. Its author may as long as nobody answers it; else who follows it."""
    kept = held(Factor, one, version)
    _refuse_change(by, kept)
    before = told(kept)
    for name in SAID:
        if name in said:
            setattr(kept, name, said[name])
    # Nobody gives a factor away to a place where they do not work.
    refuse_unless(by, "portfolio.name_factor", kept)
    _check(by, kept)
    kept.version += 1
    kept.save()
    record(by=by, verb="portfolio.factor_corrected", thing=kept, now=now, before=before, after=told(kept))
    return kept


@transaction.atomic
def move_factor(*, by: Person, one: Factor, after: str, reason: str, version: int, now: datetime) -> Factor:
    """Say that a factor is open, answered, lifted or gone; what is over is told why."""
    kept = held(Factor, one, version)
    refuse_unless(by, "portfolio.follow_factor", kept)
    if after not in FactorState.values or after == kept.state:
        raise ValidationError(_("Choisissez un autre état que celui d'aujourd'hui."), code="state")
    reason = " ".join(reason.split())[:500]
    if after in FACTOR_OVER and not reason:
        raise ValidationError(
            _("Dites en une phrase ce qui a changé : d'autres districts en apprendront."), code="reason"
        )
    before = told(kept)
    kept.state, kept.reason, kept.since, kept.state_by = after, reason, now, by
    kept.version += 1
    kept.save()
    record(
        by=by, verb="portfolio.factor_moved", thing=kept, now=now, before=before, after=told(kept),
        reason="" if factors.is_kept(kept) else reason,
    )  # fmt: skip
    return kept


def answered(*, by: Person, one: Factor, now: datetime) -> None:
    """Note that an open factor is answered, once an action is set; call it in the transaction of the action."""
    kept = Factor.objects.select_for_update(of=("self",)).get(pk=one.pk)
    if kept.state != FactorState.OPEN:
        return
    before = told(kept)
    kept.state, kept.reason, kept.since, kept.state_by = FactorState.ANSWERED, "", now, by
    kept.version += 1
    kept.save()
    record(by=by, verb="portfolio.factor_moved", thing=kept, now=now, before=before, after=told(kept))


def may_correct(person: Any, one: Factor) -> bool:
    """Whether somebody may correct what is said of a factor."""
    own = (
        one.by_id == person.pk and one.state == FactorState.OPEN and may(person, "portfolio.name_factor", one)
    )
    return own or may(person, "portfolio.follow_factor", one)


def _refuse_change(by: Person, one: Factor) -> None:
    if not may_correct(by, one):
        raise PermissionDenied(_("Cet obstacle est suivi par l'équipe du lieu : elle seule le corrige."))


def _already(by: Person, key: UUID) -> Factor | None:
    found = Factor.objects.filter(key=key).first()
    if found is not None and found.by_id != by.pk:
        raise ValidationError(_("Ce message porte la marque d'un autre. Écrivez-le de nouveau."), code="key")
    return found


def _house(by: Person, place_code: str) -> int | None:
    """Return for which organisation somebody names a factor at a place: by the role that lets them."""
    access = access_of(by)
    for membership in access.memberships:
        if membership.role in NAMES_FACTORS and access.reaches(membership, place_code):
            return int(membership.organisation_id)
    refuse_unless(by, "portfolio.name_factor", Somewhere(place_code))
    raise PermissionDenied(_("Votre rôle ou vos lieux ne permettent pas cette action."))


def _check(by: Person, one: Factor) -> None:
    place = PlaceMirror.objects.filter(code=one.place_code).first()
    if place is None or place.level not in factors.LEVELS:
        raise ValidationError(_("Choisissez un district, une aire de santé ou un centre."), code="place")
    one.what = one.what.replace("\r\n", "\n").replace("\x00", "").strip()
    if not one.what:
        raise ValidationError(_("Dites en une ou deux phrases ce qui bloque ou ce qui aide."), code="what")
    one.full_clean(exclude=["cell", "organisation", "by", "state_by", "key"], validate_constraints=False)
    if one.cell is not None and f"/{one.cell.place_code}/" not in place.path:
        raise ValidationError(_("Cette intervention est prévue dans un autre district."), code="cell")
    if one.cell is not None and str(one.cell.pk) not in cells_cited.cells(by, [str(one.cell.pk)]):
        raise ValidationError(
            _("Cette intervention n'est pas dans ce district, ou elle n'est pas pour vous."), code="cell"
        )


def _cite(by: Person, one: Factor, rests_on: str, *, now: datetime) -> None:
    """Join a factor to its cell and to what it was named from; what is gone meanwhile does not lose the factor."""
    if one.cell_id is not None:
        cite(by=by, thing=one, to_type=cells_cited.CELL, to_id=str(one.cell_id), now=now)
    if rests_on and (found := named(by, rests_on)) is not None:
        cite(by=by, thing=one, to_type=found.object_type, to_id=found.object_id, now=now)


def cell_of(pk: str) -> Cell | None:
    """Return a cell by what a form sent."""
    return Cell.objects.filter(pk=pk).first() if pk.isdigit() and len(pk) < 15 else None
