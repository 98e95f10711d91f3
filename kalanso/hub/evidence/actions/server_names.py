"""How does a person decide which place a name of a connected server is?

The worker hands the decisions to the store, as the command line does, where the next pull finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions.connections import VERB, ask_of_server, hold, refuse_busy
from kalanso.hub.evidence.models import Connection, PlaceName
from kalanso.hub.people.actions import record
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import refuse_unless

Decision = PlaceName.Decision
# A name, what it is said to be, and the place where it is one.
Told = tuple[PlaceName, str, str]


@transaction.atomic
def decide(*, by: Person, connection: Connection, told: Sequence[Told], now: datetime) -> Connection:
    """Have what somebody says of names of a server kept; what is put off until later is left open."""
    held = hold(connection)
    refuse_unless(by, VERB, held)
    refuse_busy(held)
    settled = [one for one in told if one[1] in {Decision.PLACE, Decision.NONE}]
    if not settled:
        raise ValidationError(_("Répondez à un nom au moins."), code="none")
    known = set(
        PlaceMirror.objects.filter(code__in={place for _name, _said, place in settled}).values_list(
            "code", flat=True
        )
    )
    for name, said, place in settled:
        if said == Decision.PLACE and place not in known:
            raise ValidationError(
                _(
                    "« %(name)s » : choisissez un lieu de la liste, ou écrivez une partie du nom d'un lieu connu."
                )
                % {"name": name.name},
                code="place",
            )
    decisions = [
        {"code": name.code, "name": name.name, "parent_name": name.parent_name,
         "place_code": place if said == Decision.PLACE else ""}
        for name, said, place in settled
    ]  # fmt: skip
    record(
        by=by, verb="evidence.server_names", thing=held, now=now,
        reason="; ".join(f"{one['name']} → {one['place_code'] or '-'}" for one in decisions)[:500],
    )  # fmt: skip
    return ask_of_server(held, "evidence.connection_names", by=by, now=now, decisions=decisions)
