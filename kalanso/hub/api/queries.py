"""Whose token is this, and which tokens does somebody hold?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.api.models import Token
from kalanso.hub.people.actions.persons import fingerprint

VERBS = {
    "api.token_made": _("%(who)s a fait un jeton pour un programme."),
    "api.token_revoked": _("%(who)s a retiré un jeton."),
}


def open_token(secret: str, *, now: datetime) -> Token | None:
    """Return the token of a secret, with its person; None where a program may not read with it."""
    found = Token.objects.select_related("person").filter(fingerprint=fingerprint(secret)).first()
    if found is None or not found.is_open(now) or not found.person.is_active:
        return None
    return found


def tokens_of(person: Any, *, now: datetime) -> list[tuple[Token, bool]]:
    """Return somebody's tokens, the newest first, each with whether it is open."""
    return [(token, token.is_open(now)) for token in Token.objects.filter(person=person)]
