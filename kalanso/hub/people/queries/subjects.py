"""What can be discussed, where does it stand, and who may read what is said of it?

An app that has something to discuss declares it once (`discuss`), by how it is found: name, place, address.
Nothing else can be commented, so that nobody attaches words to a record that they cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kalanso.hub.people.models import Comment, Membership, Person, Role
from kalanso.hub.people.queries.access import CLEARED, access_of, mirrored, today


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing that can be discussed. `place_code` "" is the whole country; `address` is where it is shown."""

    object_type: str
    object_id: str
    place_code: str
    name: str
    address: str


class NoSubject(LookupError):
    """There is nothing of this type and key to discuss."""


# Roles that read what colleagues say to one another.
READERS = frozenset(Role.values) - {Role.READER, Role.DONOR}
Finder = Callable[[str], Subject | None]
_FINDERS: dict[str, Finder] = {}


def discuss(object_type: str, finder: Finder) -> None:
    """Declare a kind of thing that people may discuss, and how one of it is found by its key."""
    _FINDERS[object_type] = finder


def subject(object_type: str, object_id: str) -> Subject:
    """Return what is discussed, or raise NoSubject."""
    finder = _FINDERS.get(object_type)
    found = finder(object_id) if finder is not None and "\x00" not in object_id else None
    if found is None:
        raise NoSubject(f"{object_type}/{object_id}: expected something that can be discussed")
    return found


def may_read(person: Any, thing: Subject | Comment) -> bool:
    """Whether a person may read what is said of a thing (the verb `people.read_discussion`).

    What is said of a place under a security flag is for people who are cleared there.
    """
    if not access_of(person).roles & READERS:
        return False
    return not _flagged(thing.place_code) or _cleared(person, thing.place_code)


def readers_among(people: Sequence[Person], thing: Subject | Comment) -> list[Person]:
    """Return those of some people for whom `may_read` holds, in two questions however many they are."""
    day, path = today(), ""
    if thing.place_code:
        place = mirrored(thing.place_code)
        path = place.path if place is not None and place.flagged else ""
    held = Membership.objects.filter(person__in=people, role__in=CLEARED if path else READERS)
    near = {
        row.person_id
        for row in held
        if row.holds_on(day) and (not path or not row.place_code or f"/{row.place_code}/" in path)
    }
    return [person for person in people if person.is_active and person.pk in near]


def _flagged(place_code: str) -> bool:
    place = mirrored(place_code)
    return place is not None and place.flagged


def _cleared(person: Any, place_code: str) -> bool:
    access = access_of(person)
    return any(held.role in CLEARED and access.reaches(held, place_code) for held in access.memberships)
