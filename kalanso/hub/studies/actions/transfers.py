"""How is it recorded that data of a study go abroad, and that they no longer may?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.studies.actions.rounds import held
from kalanso.hub.studies.models import Round, Transfer

SAID = ("data", "recipient", "country", "ground", "decision", "decided_on")


@transaction.atomic
def note_transfer(*, by: Person, one: Round, said: Mapping[str, Any], now: datetime) -> Transfer:
    """Record the decision under which data of a round go abroad. Raises ValidationError for one of a day to come."""
    kept = held(one)
    refuse_unless(by, "studies.send_abroad", kept)
    if said["decided_on"] > now.date():
        raise ValidationError(
            _("Cette décision n'est pas encore prise : notez-la quand elle l'est."), code="early"
        )
    made = Transfer.objects.create(round=kept, by=by, noted=now, **{name: said[name] for name in SAID})
    record(by=by, verb="studies.transfer_noted", thing=kept, now=now, after=_told(made))
    return made


@transaction.atomic
def end_transfer(*, by: Person, one: Round, number: int, why: str, now: datetime) -> None:
    """Say that nothing goes abroad under a decision any more, and why; the decision stays to be read."""
    kept = held(one)
    refuse_unless(by, "studies.send_abroad", kept)
    found = Transfer.objects.select_for_update().filter(round=kept, pk=number, ended__isnull=True).first()
    if found is None:
        raise ValidationError(_("Cette décision n'existe pas, ou a déjà pris fin."), code="ended")
    if not why.strip():
        raise ValidationError(_("Dites pourquoi rien ne part plus."), code="why")
    found.ended, found.ended_by, found.ended_why = now, by, why.strip()
    found.save(update_fields=["ended", "ended_by", "ended_why"])
    record(
        by=by, verb="studies.transfer_ended", thing=kept, now=now, reason=found.ended_why, before=_told(found)
    )


def _told(one: Transfer) -> dict[str, Any]:
    return {name: str(getattr(one, name)) for name in SAID}
