"""How does somebody let a program read on their behalf, and end that again?"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kalanso.hub.api.models import Token
from kalanso.hub.api.permissions import PARTS
from kalanso.hub.people.actions import record
from kalanso.hub.people.actions.persons import fingerprint
from kalanso.hub.people.actions.trail import state_of
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import refuse_unless

PREFIX = "kal_"  # by which scanners of leaked secrets and people know what it is
LONGEST = timedelta(days=366)
MOST = 20  # open tokens of one person
SEEN_EVERY = timedelta(minutes=10)


@transaction.atomic
def make_token(
    *, by: Person, name: str, parts: Collection[str], expires: datetime, now: datetime
) -> tuple[Token, str]:
    """Make a token and return it with its secret, which is shown once.

    Raises PermissionDenied for somebody without a role, and ValidationError for an unknown part, a date in
    the past or too far away, or too many open tokens.
    """
    refuse_unless(by, "api.make_token")
    if not parts or set(parts) - PARTS.keys():
        raise ValidationError(_("Choisissez ce que le jeton ouvre."), code="parts")
    if not now < expires <= now + LONGEST:
        raise ValidationError(_("La date de fin doit venir, et dans un an au plus."), code="expires")
    Person.objects.select_for_update().get(pk=by.pk)
    if Token.objects.filter(person=by, revoked__isnull=True, expires__gt=now).count() >= MOST:
        raise ValidationError(_("Vous avez déjà vingt jetons ouverts : retirez-en un d'abord."), code="many")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        person=by, name=name.strip()[:80], fingerprint=fingerprint(secret), begins_with=secret[:8],
        parts=sorted(parts), created=now, expires=expires,
    )  # fmt: skip
    record(
        by=by, verb="api.token_made", thing=token, now=now, after=state_of(token, "name", "parts", "expires")
    )
    return token, secret


@transaction.atomic
def revoke_token(*, by: Person, token_id: int, now: datetime) -> None:
    """Make a token of one's own useless. Raises PermissionDenied where it is somebody else's, or none."""
    token = Token.objects.select_for_update().filter(pk=token_id, person=by).first()
    if token is None:
        raise PermissionDenied(_("Ce jeton n'est pas l'un des vôtres."))
    if token.revoked is None:
        token.revoked = now
        token.save(update_fields=["revoked"])
        record(by=by, verb="api.token_revoked", thing=token, now=now)


def note_use(token: Token, *, now: datetime) -> None:
    """Remember when a token was last used, now and then."""
    if token.last_used is None or now - token.last_used >= SEEN_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used=now)


def end_tokens(person: Person) -> None:
    """End all tokens of a person whose account is closed, in the transaction of closing it."""
    Token.objects.filter(person=person, revoked__isnull=True).update(revoked=datetime.now(UTC))
