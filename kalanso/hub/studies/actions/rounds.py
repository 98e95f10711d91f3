"""How is a round declared, corrected, published and withdrawn?

What is published rests on the files that stand: a round whose files changed since is analysed again first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions import handing_on
from kalanso.hub.studies.models import Analysis, Correction, Round, RoundFile

State = Round.State
SAID = (
    "survey", "title_fr", "title_en", "place_code", "first_day", "last_day", "terms", "cohorts", "doses", "policy", "mode",
    "grace_days", "groups", "scopes", "swap_day_month", "chosen_places", "second_look", "approval", "data_protection", "consent_version",
    "kept_until", "destroyed_on",
)  # fmt: skip


def held(one: Round) -> Round:
    """Return a round that nobody else changes meanwhile; call it in a transaction."""
    return Round.objects.select_for_update(of=("self",)).get(pk=one.pk)


def told(one: Round) -> dict[str, Any]:
    """Return what was declared of a round, as the trail keeps it."""
    return state_of(one, "way", *SAID)


@transaction.atomic
def declare(*, by: Person, said: Mapping[str, Any], now: datetime) -> Round:
    """Declare a round; `said` holds its fields. Raises PermissionDenied where somebody may not speak for its place."""
    one = Round(declared_by=by, declared=now, **said)
    refuse_unless(by, "studies.declare", one)
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError as error:
        raise _of_the_database(one) from error
    record(by=by, verb="studies.declared", thing=one, now=now, after=told(one))
    return one


@transaction.atomic
def correct(*, by: Person, one: Round, said: Mapping[str, Any], version: int, now: datetime) -> Round:
    """Correct what was declared; what was analysed by other words has to be analysed again."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    if kept.version != version:
        raise ValidationError(
            _("Quelqu'un a changé cette étude pendant que vous écriviez. Rechargez la page et reprenez."),
            code="version",
        )
    refuse_published(kept)
    refuse_under_way(kept)
    before = told(kept)
    for name in SAID:
        if name in said:
            setattr(kept, name, said[name])
    # Somebody may not give a round away to a place for which they do not speak.
    refuse_unless(by, "studies.declare", kept)
    kept.version += 1
    kept.state, kept.shown = State.DRAFT, None
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise _of_the_database(kept) from error
    record(by=by, verb="studies.corrected", thing=kept, now=now, before=before, after=told(kept))
    return kept


def _of_the_database(one: Round) -> ValidationError:
    """Say in words what the database refuses."""
    if one.taken is not None and not one.ethics_said:
        return ValidationError(
            _("Des fichiers sont déjà gardés : l'éthique de l'étude ne peut plus être laissée vide."),
            code="ethics",
        )
    return ValidationError(
        _("Une étude porte déjà ce nom court : choisissez-en un autre."), code="survey"
    )  # fmt: skip


def refuse_published(one: Round) -> None:
    """Refuse to change what readers rest on."""
    if one.state == State.PUBLISHED:
        raise ValidationError(
            _("Cette étude est publiée : retirez-la d'abord, en disant pourquoi."), code="state"
        )


def refuse_under_way(one: Round) -> None:
    """Refuse to change what the worker is reading."""
    newest = Analysis.objects.filter(round=one).select_related("job").first()
    if newest is not None and newest.waits:
        raise ValidationError(_("Une analyse est en cours : attendez-la, ou arrêtez-la."), code="busy")


@transaction.atomic
def let_out(*, by: Person, one: Round, now: datetime) -> Round:
    """Let an analysed round out to partners and donors."""
    kept = held(one)
    refuse_unless(by, "studies.publish", kept)
    if kept.state != State.ANALYSED or kept.shown is None:
        raise ValidationError(_("Seule une étude analysée peut être publiée."), code="state")
    refuse_under_way(kept)
    standing = RoundFile.objects.filter(round=kept, kind__in=kept.analysed_kinds, replaced__isnull=True)
    if set(standing.values_list("pk", flat=True)) != kept.shown.files:
        raise ValidationError(
            _("Les fichiers ont changé depuis l'analyse : analysez de nouveau, relisez, puis publiez."), code="changed"
        )  # fmt: skip
    agreed = kept.corrections.filter(state=Correction.State.AGREED).values_list("pk", flat=True)
    if (
        set(agreed) != set(kept.shown.decided)
        or kept.corrections.filter(state=Correction.State.PROPOSED).exists()
    ):
        raise ValidationError(
            _("Des corrections attendent d'être relues ou comptées : finissez-les, analysez de nouveau, puis publiez."), code="corrections"
        )  # fmt: skip
    before = kept.state
    kept.state, kept.published, kept.published_by, kept.reason = State.PUBLISHED, now, by, ""
    kept.version += 1
    kept.save()
    record(
        by=by,
        verb="studies.published",
        thing=kept,
        now=now,
        before={"state": before},
        after={"state": kept.state},
    )
    handing_on.follow(one=kept, now=now)
    handing_on.tell_published(one=kept, by=by, now=now)
    return kept


@transaction.atomic
def withdraw(*, by: Person, one: Round, reason: str, now: datetime) -> Round:
    """Take a published round back, with a reason that readers see."""
    kept = held(one)
    refuse_unless(by, "studies.publish", kept)
    if kept.state != State.PUBLISHED:
        raise ValidationError(_("Seule une étude publiée peut être retirée."), code="state")
    if not reason.strip():
        raise ValidationError(_("Dites pourquoi : les lecteurs verront cette raison."), code="reason")
    kept.state, kept.reason = State.WITHDRAWN, reason.strip()
    kept.version += 1
    kept.save()
    record(
        by=by, verb="studies.withdrawn", thing=kept, now=now, before={"state": State.PUBLISHED},
        after={"state": kept.state}, reason=kept.reason,
    )  # fmt: skip
    handing_on.follow(one=kept, now=now)
    return kept
