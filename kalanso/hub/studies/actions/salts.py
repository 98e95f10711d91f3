"""How does a study get its secret, and how is it sealed anew?"""

from __future__ import annotations

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.people.queries import sealing
from kalanso.hub.studies.models import Round, RoundSalt


def keep_salt(*, one: Round, now: datetime) -> None:
    """Give a study its secret, sealed, unless it has one. Raises ValidationError where nothing can be sealed."""
    if not sealing.keys_are_set():
        raise ValidationError(
            _(
                "Le secret de l'étude ne peut pas être gardé : aucune clé n'est réglée (KALANSO_CREDENTIAL_KEYS). Demandez-la à la personne qui tient Kalanso."
            ),
            code="no_key",
        )
    if not RoundSalt.objects.filter(round=one).exists():
        RoundSalt.objects.create(
            round=one, sealed=sealing.seal({"salt": secrets.token_hex(32)}), made=now
        )  # fmt: skip


@transaction.atomic
def seal_anew() -> int:
    """Seal every study's secret with the newest key, all or nothing, and return how many. Raises NoKey or CannotOpen."""
    records = list(RoundSalt.objects.select_for_update())
    for one in records:
        one.sealed = sealing.sealed_anew(one.sealed)
        one.save(update_fields=["sealed"])
    return len(records)
