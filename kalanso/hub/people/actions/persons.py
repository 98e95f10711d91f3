"""How do people come in, get a role, lose it, and get a new password?

Whoever grants something must hold the right for that place, and cannot grant more than they hold.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.actions.trail import record, state_of
from kalanso.hub.people.models import Invitation, Membership, Organisation, Person, PlaceMirror, Role
from kalanso.hub.people.permissions import COUNTRY, Somewhere, may, refuse_unless, refuse_unplaced
from kalanso.hub.people.queries.access import PLACED, access_of, today
from kalanso.hub.people.queries.persons import normal_phone

INVITATION_LASTS = timedelta(days=14)
# Roles that only those who answer for the country may give.
GIVEN_BY_COUNTRY = frozenset(
    {Role.NATIONAL, Role.ADMINISTRATOR, Role.REGION, Role.RESEARCHER, Role.EDITOR, Role.DONOR, Role.PARTNER}
)
# No user name looks like a telephone number or an address: it would stand before somebody else's.
USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,29}")
PASSWORD_WORDS, PASSWORD_LETTERS = 3, "abcdefghjkmnpqrstuvwxyz23456789"

# Other ways in than a session (tokens): each is called, in the same transaction, when an account is closed or a
# supervisor gives a new password.
LEAVING: list[Callable[[Person], None]] = []


def fingerprint(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def refuse_grant(by: Person, role: str, place_code: str) -> None:
    """Raise PermissionDenied unless a person may give a role for a place."""
    refuse_unless(by, "people.invite", Somewhere(place_code))
    access = access_of(by)
    roles = {m.role for m in access.memberships if access.reaches(m, place_code)}
    if role in GIVEN_BY_COUNTRY and not roles & COUNTRY:
        raise PermissionDenied(_("Ce rôle est donné par le CNI ou un administrateur."))
    if role == Role.ADMINISTRATOR and Role.ADMINISTRATOR not in roles:
        raise PermissionDenied(_("Seul un administrateur nomme un administrateur."))


def grantable(by: Person) -> list[Role]:
    """Return the roles that a person may give somewhere."""
    if not may(by, "people.invite"):
        return []
    roles = access_of(by).roles
    return [
        role
        for role in Role
        if (role not in GIVEN_BY_COUNTRY or roles & COUNTRY)
        and (role != Role.ADMINISTRATOR or Role.ADMINISTRATOR in roles)
    ]


def _known_place(place_code: str) -> None:
    if place_code and not PlaceMirror.objects.filter(code=place_code).exists():
        raise ValidationError(_("Ce lieu n'est pas publié."), code="place")


@transaction.atomic
def invite(
    *, by: Person, name: str, organisation: Organisation, role: str, place_code: str = "", email: str = "",
    phone: str = "", now: datetime,
) -> tuple[Invitation, str]:  # fmt: skip
    """Offer a role and return the invitation with the secret of its link, which is shown once."""
    refuse_grant(by, role, place_code)
    refuse_unplaced(role, place_code)
    _known_place(place_code)
    secret = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        fingerprint=fingerprint(secret), name=name, email=email, phone=normal_phone(phone), role=role,
        organisation=organisation, place_code=place_code, invited_by=by, created=now, expires=now + INVITATION_LASTS,
    )  # fmt: skip
    record(
        by=by, verb="people.invited", thing=invitation, now=now, after=state_of(invitation, "role", "name")
    )
    return invitation, secret


def open_invitation(secret: str, *, now: datetime) -> Invitation | None:
    """Return the invitation of a link that can still be used.

    One that offers a role of a place for the whole country, as older ones could, opens nothing.
    """
    found = Invitation.objects.filter(fingerprint=fingerprint(secret)).first()
    usable = found is not None and not found.accepted_by_id and not found.withdrawn and found.expires > now
    unplaced = found is not None and found.role in PLACED and not found.place_code
    return found if usable and not unplaced else None


@transaction.atomic
def accept(*, secret: str, username: str, password: str, language: str, now: datetime) -> Person:
    """Make the invited person an account with the offered role; the link serves once."""
    found = Invitation.objects.select_for_update().filter(fingerprint=fingerprint(secret)).first()
    if found is None or open_invitation(secret, now=now) is None:
        raise PermissionDenied(_("Ce lien d'invitation a servi, a été retiré ou est trop ancien."))
    refuse_grant(found.invited_by, found.role, found.place_code)  # an offer ends with its author's right
    first, _space, last = found.name.partition(" ")
    if not USERNAME.fullmatch(username):
        raise ValidationError(
            {
                "username": _(
                    "Lettres minuscules sans accent, chiffres, point ou tiret ; une lettre d'abord ; 3 à 30 signes."
                )
            }
        )
    person = Person(
        username=username, first_name=first, last_name=last, email=found.email or None,
        phone=found.phone or None, language=language,
    )  # fmt: skip
    validate_password(password, person)
    person.set_password(password)
    person.full_clean(exclude=["password"])
    person.save()
    held = Membership.objects.create(
        person=person, organisation=found.organisation, role=found.role, place_code=found.place_code,
        begins=now.date(),
    )  # fmt: skip
    found.accepted_by = person
    found.save(update_fields=["accepted_by"])
    record(by=person, verb="people.joined", thing=held, now=now, after=state_of(held, "role", "place_code"))
    notify(
        persons=[found.invited_by], sentence="people.invitation_accepted", params={"name": str(person)},
        address=reverse("person", args=[person.pk]), now=now,
    )  # fmt: skip
    return person


@transaction.atomic
def withdraw_invitation(*, by: Person, invitation: Invitation, now: datetime) -> None:
    """Make an unused link useless."""
    refuse_grant(by, invitation.role, invitation.place_code)
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_by_id or invitation.withdrawn:
        raise ValidationError(_("Cette invitation n'est plus ouverte."), code="state")
    invitation.withdrawn = now
    invitation.save(update_fields=["withdrawn"])
    record(by=by, verb="people.invitation_withdrawn", thing=invitation, now=now)


@transaction.atomic
def give_role(
    *, by: Person | None, person: Person, organisation: Organisation, role: str, place_code: str = "",
    now: datetime, reason: str = "",
) -> Membership:  # fmt: skip
    """Give a person a role; `by` nobody is the machine itself (the first administrator, demo people)."""
    if by is not None:
        if by.pk == person.pk:
            raise PermissionDenied(_("Personne ne se donne un rôle à soi-même."))
        refuse_grant(by, role, place_code)
        refuse_unplaced(role, place_code)
        _known_place(place_code)
    held, made = Membership.objects.get_or_create(
        person=person, organisation=organisation, role=role, place_code=place_code, defaults={"begins": now.date()}
    )  # fmt: skip
    if not made and held.ends is not None:
        held.ends, held.begins = None, now.date()
        held.save(update_fields=["ends", "begins"])
        made = True
    if made:
        record(
            by=by, verb="people.role_given", thing=held, now=now, after=state_of(held, "role", "place_code"),
            reason=reason,
        )  # fmt: skip
    if made and by is not None:
        notify(
            persons=[person], sentence="people.role_given", params={"by": str(by), "role": role},
            address=reverse("me"), now=now,
        )  # fmt: skip
    return held


@transaction.atomic
def end_membership(*, by: Person, membership: Membership, reason: str, now: datetime) -> None:
    """End a role from today on; it stays in the records, and sessions of the person end."""
    refuse_unless(by, "people.end_membership", membership)
    if membership.role in GIVEN_BY_COUNTRY:
        refuse_grant(by, membership.role, membership.place_code)
    if is_last_administrator(membership):
        raise ValidationError(_("C'est le dernier administrateur : nommez-en un autre d'abord."), code="last")
    before = state_of(membership, "ends")
    membership.ends = now.date() - timedelta(days=1)
    if membership.begins and membership.begins > membership.ends:
        membership.begins = membership.ends
    membership.save(update_fields=["ends", "begins"])
    end_sessions(membership.person)
    record(
        by=by, verb="people.role_ended", thing=membership, now=now, before=before,
        after=state_of(membership, "ends"), reason=reason,
    )  # fmt: skip
    notify(
        persons=[membership.person], sentence="people.role_ended",
        params={"by": str(by), "role": membership.role, "reason": reason}, address=reverse("me"), now=now,
    )  # fmt: skip


def is_last_administrator(membership: Membership) -> bool:
    """Whether nobody else with an open account would be administrator without this role."""
    if membership.role != Role.ADMINISTRATOR or membership.ends is not None:
        return False
    others = Membership.objects.filter(role=Role.ADMINISTRATOR, ends__isnull=True, person__is_active=True)
    return not others.exclude(person_id=membership.person_id).exists()


def may_reset(by: Person, person: Person) -> bool:
    """Whether a supervisor may give somebody a new password: each of that one's roles lies below theirs."""
    return person.is_active and stands_above(by, person, "people.reset_password")


def stands_above(by: Person, person: Person, verb: str) -> bool:
    """Whether somebody holds a verb over every role of another one that did not end; over oneself nobody does.

    Whoever holds no role any more stands below those who answer for the country.
    """
    access = access_of(by)
    theirs = [m for m in person.memberships.all() if m.ends is None or m.ends >= today()]
    if by.pk == person.pk:
        return False
    if not theirs:
        return any(m.role in COUNTRY and not m.place_code for m in access.memberships) and may(by, verb)
    held = {m.role for m in access.memberships if all(access.reaches(m, t.place_code) for t in theirs)}
    needed = {m.role for m in theirs}
    # Equals do not stand above one another: one person must not become two.
    if needed & COUNTRY and Role.ADMINISTRATOR not in held:
        return False
    if Role.DISTRICT in needed and not held & (COUNTRY | {Role.REGION}):
        return False
    if needed & GIVEN_BY_COUNTRY and not held & COUNTRY:
        return False
    if Role.ADMINISTRATOR in needed and Role.ADMINISTRATOR not in held:
        return False
    return all(may(by, verb, m) for m in theirs)


@transaction.atomic
def reset_password(*, by: Person, person: Person, reason: str, now: datetime) -> str:
    """Give somebody a password to say aloud, valid until they choose their own; return it once."""
    if not may_reset(by, person):
        raise PermissionDenied(_("Vous ne pouvez pas changer le mot de passe de cette personne."))
    spoken = "-".join(
        "".join(secrets.choice(PASSWORD_LETTERS) for _i in range(4)) for _w in range(PASSWORD_WORDS)
    )
    person.set_password(spoken)
    person.must_change_password = True
    person.feed_edition += 1
    person.save(update_fields=["password", "must_change_password", "feed_edition"])
    end_sessions(person)
    for end in LEAVING:
        end(person)
    record(
        by=by,
        verb="people.password_reset",
        thing=person,
        now=now,
        reason=reason,
        place_code=workplace(person),
    )
    notify(persons=[person], sentence="people.password_reset", params={"by": str(by)}, address="", now=now)
    return spoken


def workplace(person: Person) -> str:
    """Return the place of a person's first role that holds, where those who answer for it read the trail."""
    return next((m.place_code for m in person.memberships.all() if m.place_code and m.holds_on(today())), "")


def end_sessions(person: Person) -> None:
    """Log a person out everywhere."""
    from allauth.usersessions.models import UserSession

    for session in UserSession.objects.filter(user=person):
        session.end()


@transaction.atomic
def first_administrator(*, username: str, password: str | None, now: datetime) -> Person:
    """Return the administrator of a hub that has none yet, or the one of this name.

    Made from the machine's command line only. Without a password one logs in by a link of the machine.
    """
    organisation, _made = Organisation.objects.get_or_create(
        code="kalanso", defaults={"name": "Kalanso", "kind": Organisation.Kind.GOVERNMENT}
    )
    person, made = Person.objects.get_or_create(username=username, defaults={"first_name": username})
    if made or password:
        person.set_password(password) if password else person.set_unusable_password()
        person.save()
    give_role(by=None, person=person, organisation=organisation, role=Role.ADMINISTRATOR, now=now)
    return person
