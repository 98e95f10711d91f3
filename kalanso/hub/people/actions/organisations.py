"""How does an organisation come into the hub?"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kalanso.hub.people.actions.trail import record, state_of
from kalanso.hub.people.models import Organisation, Person
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless


@transaction.atomic
def add_organisation(*, by: Person, code: str, name: str, kind: str, now: datetime) -> Organisation:
    """Add an organisation. Raises ValidationError where its code stands already or its kind is unknown."""
    refuse_unless(by, "people.add_organisation", WHOLE_COUNTRY)
    made = Organisation(code=code.strip().lower(), name=name.strip(), kind=kind)
    made.full_clean()
    made.save()
    record(
        by=by, verb="people.organisation_added", thing=made, now=now, after=state_of(made, "code", "name", "kind"),
        organisation_id=made.pk,
    )  # fmt: skip
    return made
