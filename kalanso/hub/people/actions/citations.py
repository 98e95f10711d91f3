"""How is a record joined to what it rests on? In the transaction of the record's own change."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.actions.trail import record
from kalanso.hub.people.models import Citation, Person
from kalanso.hub.people.queries.citations import TYPED, found

LONGEST_SOURCE = 200


@transaction.atomic
def cite(
    *, by: Person, thing: models.Model, to_type: str, to_id: str, note: str = "", now: datetime
) -> Citation:
    """Say that a record rests on something, with a note or what the thing says today; saying it again says nothing new.

    Whether `by` may change the record is for its own action to know. Raises ValidationError for what cannot be cited,
    is not there, or is not for `by`, and for a record that would rest on itself.
    """
    from_type, from_id = thing._meta.label_lower, str(thing.pk)
    cited = found(by, [(to_type, to_id)]).get((to_type, to_id))
    if (from_type, from_id) == (to_type, to_id) or cited is None:
        raise ValidationError(
            _("Ce sur quoi vous vous appuyez n'est plus là, ou n'est pas pour vous."), code="citation"
        )
    made, new = Citation.objects.get_or_create(
        from_type=from_type, from_id=from_id, to_type=to_type, to_id=to_id,
        defaults={"note": " ".join((note or cited.says).split())[:500], "by": by, "at": now},
    )  # fmt: skip
    if new:
        # By its key: its name may be for fewer people than this line of the trail.
        record(by=by, verb="people.cited", thing=thing, now=now, after={"rests_on": f"{to_type} {to_id}"})
    return made


def cite_number(*, by: Person, thing: models.Model, number: str, source: str, now: datetime) -> Citation:
    """Say that a record rests on a number that somebody read elsewhere. Raises ValidationError without its source."""
    number, source = " ".join(number.split()), " ".join(source.split())[:LONGEST_SOURCE]
    if not number or not source:
        raise ValidationError(
            _("Donnez le chiffre et sa source : l'un sans l'autre ne prouve rien."), code="number"
        )
    return cite(by=by, thing=thing, to_type=TYPED, to_id=source, note=number, now=now)
