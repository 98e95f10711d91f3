"""How is an intervention added to the portfolio, and how is what is said of it corrected?"""

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
from kalanso.hub.portfolio.models import Intervention

SAID = (
    "title_fr", "title_en", "steps", "approach", "objective", "gender", "lead", "theory", "unit", "unit_cost", "currency", "closed",
)  # fmt: skip


def told(one: Intervention) -> dict[str, Any]:
    """Return what is said of an intervention, as the trail keeps it."""
    found = state_of(one, *SAID) | {"lead": one.lead.code}
    return found | {"partners": ", ".join(one.partners.order_by("code").values_list("code", flat=True))}


@transaction.atomic
def add(*, by: Person, said: Mapping[str, Any], now: datetime) -> Intervention:
    """Add an intervention; `said` holds its fields and `partners`. Raises PermissionDenied, ValidationError."""
    fields = dict(said)
    partners = fields.pop("partners", None)
    one = Intervention(**fields)
    refuse_unless(by, "portfolio.plan", one)
    try:
        with transaction.atomic():
            one.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(_("Une intervention porte déjà ce code."), code="code") from error
    if partners is not None:
        one.partners.set(partners)
    record(by=by, verb="portfolio.added", thing=one, now=now, after=told(one))
    return one


@transaction.atomic
def correct(
    *, by: Person, one: Intervention, said: Mapping[str, Any], version: int, now: datetime
) -> Intervention:
    """Correct what is said of an intervention; `version` is the one that was read."""
    kept = Intervention.objects.select_for_update(of=("self",)).get(pk=one.pk)
    refuse_unless(by, "portfolio.plan", kept)
    refuse_changed(kept.version, version)
    before = told(kept)
    for name in SAID:
        if name in said:
            setattr(kept, name, said[name])
    # A partner may not give a line away to another organisation.
    refuse_unless(by, "portfolio.plan", kept)
    if said.get("partners") is not None:
        kept.partners.set(said["partners"])
    kept.version += 1
    kept.save()
    record(by=by, verb="portfolio.corrected", thing=kept, now=now, before=before, after=told(kept))
    return kept


def refuse_changed(held: int, read: int) -> None:
    """Refuse to write over what somebody else wrote meanwhile."""
    if held != read:
        raise ValidationError(
            _("Quelqu'un a changé cette fiche pendant que vous écriviez. Rechargez la page et reprenez."),
            code="version",
        )
