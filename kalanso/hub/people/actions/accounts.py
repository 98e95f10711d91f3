"""How is an account closed, opened again, and given a password of one's own?

Other apps that let a person in by another way than a session (tokens) add a function to `LEAVING`; each is
called, in the same transaction, when an account is closed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.actions.persons import (
    LEAVING,
    end_sessions,
    is_last_administrator,
    stands_above,
    workplace,
)
from kalanso.hub.people.actions.trail import record
from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import may


def may_close(by: Person, person: Person) -> bool:
    """Whether somebody may close or open an account: each of its roles lies below theirs."""
    return stands_above(by, person, "people.close_account")


@transaction.atomic
def close_account(*, by: Person, person: Person, reason: str, now: datetime) -> None:
    """Close an account at once: sessions and tokens end, roles stay in the records."""
    if not may_close(by, person):
        raise PermissionDenied(_("Vous ne pouvez pas fermer ce compte."))
    for membership in person.memberships.all():
        if is_last_administrator(membership):
            raise ValidationError(
                _("C'est le dernier administrateur : nommez-en un autre d'abord."), code="last"
            )
    _set_active(person, False)
    end_sessions(person)
    for end in LEAVING:
        end(person)
    record(
        by=by, verb="people.account_closed", thing=person, now=now, before={"is_active": True},
        after={"is_active": False}, reason=reason, place_code=workplace(person),
    )  # fmt: skip


@transaction.atomic
def open_account(*, by: Person, person: Person, reason: str, now: datetime) -> None:
    """Open an account again, with the roles that did not end meanwhile."""
    if not may_close(by, person):
        raise PermissionDenied(_("Vous ne pouvez pas rouvrir ce compte."))
    _set_active(person, True)
    record(
        by=by, verb="people.account_opened", thing=person, now=now, before={"is_active": False},
        after={"is_active": True}, reason=reason, place_code=workplace(person),
    )  # fmt: skip


def _set_active(person: Person, active: bool) -> None:
    changed = Person.objects.filter(pk=person.pk, is_active=not active).update(is_active=active)
    if not changed:
        raise ValidationError(_("Ce compte est déjà dans cet état."), code="state")
    person.is_active = active


@transaction.atomic
def chose_own_password(*, by: Person, now: datetime) -> None:
    """Note that a person chose a password themselves: nothing is owed any more."""
    person = Person.objects.select_for_update().get(pk=by.pk)
    owed, person.must_change_password = person.must_change_password, False
    by.must_change_password = False
    if owed:
        person.save(update_fields=["must_change_password"])
    record(by=by, verb="people.password_chosen", thing=person, now=now)


def heard_of_own_password(sender: Any, user: Person, **told: Any) -> None:
    """Hear from the login pages that somebody chose a password."""
    chose_own_password(by=user, now=datetime.now(UTC))


@transaction.atomic
def second_proof_reset(*, by: Person, person: Person, reason: str, now: datetime) -> None:
    """Take away the second proof of somebody who lost their telephone; they set up a new one at once."""
    from allauth.mfa.models import Authenticator

    if not (may(by, "people.close_account") and may_close(by, person)):
        raise PermissionDenied(_("Vous ne pouvez pas retirer la double vérification de cette personne."))
    Authenticator.objects.filter(user=person).delete()
    end_sessions(person)
    record(
        by=by,
        verb="people.second_proof_reset",
        thing=person,
        now=now,
        reason=reason,
        place_code=workplace(person),
    )
    notify(
        persons=[person], sentence="people.second_proof_reset", params={"by": str(by), "reason": reason},
        address=reverse("me"), now=now,
    )  # fmt: skip
