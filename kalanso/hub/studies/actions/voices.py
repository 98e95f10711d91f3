"""How is it noted how many people a study listened to in a place?"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions import record, state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.people.queries.access import mirrored
from kalanso.hub.studies.actions.rounds import held
from kalanso.hub.studies.models import PlaceVoices, Round


@transaction.atomic
def say_voices(
    *, by: Person, one: Round, place_code: str, interviews: int, focus_groups: int, now: datetime
) -> None:
    """Note interviews and focus groups of a place in place of what was noted; none of both takes the line away."""
    kept = held(one)
    refuse_unless(by, "studies.declare", kept)
    if mirrored(place_code) is None:
        raise ValidationError(_("Ce lieu n'est pas connu."), code="place")
    before = PlaceVoices.objects.select_for_update().filter(round=kept, place_code=place_code).first()
    was = state_of(before, "place_code", "interviews", "focus_groups") if before is not None else None
    told = {"place_code": place_code, "interviews": interviews, "focus_groups": focus_groups}
    if not interviews and not focus_groups:
        if before is None:
            raise ValidationError(_("Dites combien d'entretiens ou de groupes."), code="nobody")
        before.delete()
    else:
        PlaceVoices.objects.update_or_create(
            round=kept, place_code=place_code,
            defaults={"interviews": interviews, "focus_groups": focus_groups, "by": by, "said": now},
        )  # fmt: skip
    record(by=by, verb="studies.voices_said", thing=kept, now=now, before=was, after=told)
