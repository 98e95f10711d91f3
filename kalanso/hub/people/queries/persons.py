"""Who is meant by what somebody typed, and whom may somebody see?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import Max, Q

from kalanso.definitions import load
from kalanso.hub.people.models import Event, Membership, Person, PlaceMirror
from kalanso.hub.people.queries.access import Reach

PAGE = 40
# The account of whoever holds the machine: no person whom others would know by this name.
MACHINE = "cet-ordinateur"


@lru_cache(maxsize=4)
def _numbering(store: Path | None) -> tuple[str, int]:
    """Return the calling code and the length of telephone numbers of the store's country; ("", 0) if unknown."""
    if store is None or not (store / "store.json").is_file():
        return "", 0
    about = json.loads((store / "store.json").read_text(encoding="utf-8"))
    country = load(str(about["country"])).country
    return country.calling_code, country.phone_digits


def normal_phone(text: str) -> str:
    """Return a telephone number as it is kept; "" where it is none.

    Digits after a plus sign and the calling code: as written, or that of the store's country where a number
    of its length came without one. Where the country's code is unknown, digits alone.
    """
    digits = re.sub(r"[^\d+]", "", text.strip())
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not re.fullmatch(r"\+?\d{6,15}", digits):
        return ""
    code, length = _numbering(settings.KALANSO_STORE)
    if not code or digits.startswith("+"):
        return digits
    if len(digits) == length:
        return code + digits
    if digits.startswith(code[1:]) and len(digits) == length + len(code) - 1:
        return "+" + digits
    return digits


def person_named(identifier: str) -> Person | None:
    """Return the person of a user name, telephone number or e-mail address; None where nobody has it."""
    text = identifier.strip()
    found = Person.objects.filter(username__iexact=text).first()
    if found is None and "@" in text:
        found = Person.objects.filter(email__iexact=text).first()
    if found is None and (phone := normal_phone(text)):
        found = Person.objects.filter(phone=phone).first()
    return found


@dataclass(frozen=True, kw_only=True)
class Held:
    """A membership as a page shows it: the name of its place, who gave it and when it began."""

    membership: Membership
    place: str
    given_by: Person | None
    today: date

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self.membership.ends is not None and self.membership.ends < self.today


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which people: below one of some places (none of them: nobody; None: anywhere), in a role, of an organisation, with a word in their name."""

    places: tuple[str, ...] | None = None
    role: str = ""
    organisation: str = ""
    word: str = ""


def people(within: Reach, wanted: Wanted, *, page: int) -> tuple[list[Person], bool]:
    """Return one page of the people with a role within reach, and whether more follow."""
    held = Membership.objects.filter(within.covers())
    if wanted.places is not None:
        paths = PlaceMirror.objects.filter(code__in=wanted.places).values_list("path", flat=True)
        held = held.filter(Reach(paths=frozenset(paths)).covers())
    if wanted.role:
        held = held.filter(role=wanted.role)
    if wanted.organisation:
        held = held.filter(organisation__code=wanted.organisation)
    found = Person.objects.filter(pk__in=held.values("person_id"))
    if wanted.word:
        word = wanted.word
        found = found.filter(
            Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(username__icontains=word)
        )
    first = max(0, page - 1) * PAGE
    rows = list(found.order_by("last_name", "first_name", "username", "pk")[first : first + PAGE + 1])
    return rows[:PAGE], len(rows) > PAGE


def staff_at(within: Reach, codes: Iterable[str], *, today: date) -> dict[str, list[Person]]:
    """Return who holds a role today at exactly these places, as far as somebody may list people there."""
    held = Membership.objects.filter(within.covers(), place_code__in=set(codes), person__is_active=True)
    held = held.filter(
        Q(begins__isnull=True) | Q(begins__lte=today), Q(ends__isnull=True) | Q(ends__gte=today)
    )
    found: dict[str, list[Person]] = {}
    for one in held.select_related("person").order_by("person__last_name", "person__first_name", "pk"):
        there = found.setdefault(one.place_code, [])
        if one.person not in there:
            there.append(one.person)
    return found


def roles_of(by: Person, within: Reach, persons: Iterable[Person], *, today: date) -> dict[int, list[Held]]:
    """Return the roles of people within somebody's reach; of themselves they see all."""
    ids = [person.pk for person in persons]
    held = Membership.objects.filter(person_id__in=ids)
    seen = held.filter(within.covers() | Q(person=by)).select_related("organisation", "person")
    return _as_held(list(seen), today)


def _as_held(memberships: list[Membership], today: date) -> dict[int, list[Held]]:
    codes = {m.place_code for m in memberships if m.place_code}
    names = dict(PlaceMirror.objects.filter(code__in=codes).values_list("code", "name"))
    given = {
        event.object_id: event.by
        for event in Event.objects.filter(
            object_type="people.membership", verb="people.role_given",
            object_id__in=[str(m.pk) for m in memberships],
        ).select_related("by").order_by("at")
    }  # fmt: skip
    invited = dict(
        Person.objects.filter(
            pk__in={m.person_id for m in memberships}, invitation__isnull=False
        ).values_list("pk", "invitation__invited_by")
    )
    inviters = Person.objects.in_bulk(set(invited.values()))
    found: dict[int, list[Held]] = {}
    for m in memberships:
        by = given[str(m.pk)] if str(m.pk) in given else inviters.get(invited.get(m.person_id))
        found.setdefault(m.person_id, []).append(
            Held(membership=m, place=names.get(m.place_code, m.place_code), given_by=by, today=today)
        )
    return found


def known_as(person: Person) -> str:
    """Return the name under which others know somebody: for the machine's account, its organisation's."""
    if person.username != MACHINE:
        return str(person)
    held = person.memberships.select_related("organisation").first()
    return str(held.organisation) if held is not None else str(person)


def visible_person(by: Person, within: Reach, pk: int) -> Person | None:
    """Return a person that somebody may see: themselves, or one with a role within reach."""
    if by.pk == pk:
        return by
    held = Membership.objects.filter(within.covers()).values("person_id")
    return Person.objects.filter(pk=pk, pk__in=held).first()


def last_seen(person: Person) -> datetime | None:
    """Return when a person last used the hub; None where they never did."""
    from allauth.usersessions.models import UserSession

    latest: datetime | None = UserSession.objects.filter(user=person).aggregate(last=Max("last_seen_at"))[
        "last"
    ]
    times = [when for when in (latest, person.last_login) if when]
    return max(times, default=None)
