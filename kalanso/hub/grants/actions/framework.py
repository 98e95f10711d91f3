"""How is an indicator agreed for a grant, corrected and withdrawn, and how is it said which work is counted for it?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kalanso.hub.grants.actions.grants import says_changed
from kalanso.hub.grants.models import AgreedIndicator, CountedIntervention, Grant
from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless
from kalanso.hub.portfolio.models import Intervention

SAID = (
    "indicator", "name_fr", "name_en", "unit", "chain", "kind", "better", "cumulative", "baseline", "baseline_day", "baseline_source",
    "target", "target_day", "data_source", "frequency",
)  # fmt: skip


@transaction.atomic
def agree(*, by: Person, grant: Grant, said: Mapping[str, Any], now: datetime) -> AgreedIndicator:
    """Agree an indicator for a grant; `said` holds its fields. Raises ValidationError for what cannot be."""
    refuse_unless(by, "grants.manage", grant)
    one = AgreedIndicator(grant=grant, **{name: said[name] for name in SAID if name in said})
    _save(one)
    record(by=by, verb="grants.agreed", thing=one, now=now, after=state_of(one, *SAID))
    return one


@transaction.atomic
def correct(
    *, by: Person, agreed: AgreedIndicator, said: Mapping[str, Any], version: int, now: datetime
) -> AgreedIndicator:
    """Correct what was agreed; which indicator it is stays."""
    kept = _held(by, agreed, version)
    before = state_of(kept, *SAID)
    for name in SAID:
        if name in said and name != "indicator":
            setattr(kept, name, said[name])
    kept.version += 1
    _save(kept)
    record(
        by=by,
        verb="grants.agreement_corrected",
        thing=kept,
        now=now,
        before=before,
        after=state_of(kept, *SAID),
    )
    return kept


@transaction.atomic
def withdraw(
    *, by: Person, agreed: AgreedIndicator, since: date, reason: str, version: int, now: datetime
) -> AgreedIndicator:
    """Withdraw an agreed indicator from a day on, with the reason; it stays to be read."""
    kept = _held(by, agreed, version)
    if not reason.strip():
        raise ValidationError(
            _("Dites pourquoi : l'histoire de la subvention gardera cette raison."), code="reason"
        )
    kept.withdrawn, kept.version = since, kept.version + 1
    kept.save(update_fields=["withdrawn", "version"])
    record(
        by=by, verb="grants.agreement_withdrawn", thing=kept, now=now, after={"withdrawn": since.isoformat()}, reason=reason.strip()
    )  # fmt: skip
    return kept


def _held(by: Person, agreed: AgreedIndicator, version: int) -> AgreedIndicator:
    kept = AgreedIndicator.objects.select_for_update(of=("self",)).select_related("grant").get(pk=agreed.pk)
    refuse_unless(by, "grants.manage", kept)
    if kept.version != version:
        raise says_changed()
    if kept.withdrawn is not None:
        raise ValidationError(_("Cet indicateur ne vaut plus pour cette subvention."), code="withdrawn")
    return kept


def _save(one: AgreedIndicator) -> None:
    """Write an agreement, and say in words what the database refuses."""
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as error:
        others = AgreedIndicator.objects.filter(
            grant=one.grant, indicator=one.indicator, withdrawn__isnull=True
        )
        if others.exclude(pk=one.pk).exists():
            raise ValidationError(
                _("Cet indicateur est déjà convenu pour cette subvention."), code="indicator"
            ) from error
        if one.baseline_day and one.target_day and one.target_day <= one.baseline_day:
            raise ValidationError(_("La cible vient après le point de départ."), code="target_day") from error
        raise ValidationError(
            _("Une valeur va avec son jour, et celle de départ avec sa source."), code="baseline"
        ) from error


@transaction.atomic
def count(
    *, by: Person, indicator: str, interventions: Collection[Intervention], now: datetime
) -> list[CountedIntervention]:
    """Say which interventions are counted for an indicator, in place of what was said before."""
    refuse_unless(by, "grants.manage", WHOLE_COUNTRY)
    held = CountedIntervention.objects.select_for_update(of=("self",)).filter(indicator=indicator)
    before = {one.intervention_id: one for one in held.select_related("intervention")}
    wanted = {one.pk: one for one in interventions}
    if wanted.keys() == before.keys():
        return list(before.values())
    held.exclude(intervention__in=wanted).delete()
    made = [
        CountedIntervention.objects.create(indicator=indicator, intervention=one, by=by, at=now)
        for pk, one in wanted.items()
        if pk not in before
    ]
    kept = [one for pk, one in before.items() if pk in wanted]
    thing = (made or kept or list(before.values()))[0]
    record(
        by=by, verb="grants.counted", thing=thing, now=now,
        before={"counted": ", ".join(sorted(one.intervention.code for one in before.values()))},
        after={"counted": ", ".join(sorted(one.code for one in wanted.values()))},
    )  # fmt: skip
    return kept + made
