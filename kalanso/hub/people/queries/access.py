"""What does a person hold today, and what may they therefore see of the published tables?

Read once per request. The scope is what `store.visible` asks for; the hub has no other way to a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from django.db.models import Q

from kalanso.hub.people.models import Membership, PlaceMirror, Role
from kalanso.hub.people.queries.every_page import memberships_of
from kalanso.store import Audience, Scope

# Which tables a role opens for the whole country, and which for its own places only. A role of the country
# that is held for one region opens no more elsewhere than a partner's.
OPENS: dict[str, tuple[Audience, Audience]] = {
    Role.READER: (Audience.PUBLIC, Audience.PUBLIC),
    Role.DONOR: (Audience.PARTNER, Audience.PARTNER),
    Role.PARTNER: (Audience.PARTNER, Audience.PARTNER),
    Role.EDITOR: (Audience.PARTNER, Audience.PARTNER),
    Role.FACILITY: (Audience.PARTNER, Audience.PROGRAMME),
    Role.COACH: (Audience.PARTNER, Audience.PROGRAMME),
    Role.DISTRICT: (Audience.PARTNER, Audience.PROGRAMME),
    Role.REGION: (Audience.PARTNER, Audience.PROGRAMME),
    Role.RESEARCHER: (Audience.PROGRAMME, Audience.PROGRAMME),
    Role.NATIONAL: (Audience.PROGRAMME, Audience.PROGRAMME),
    Role.ADMINISTRATOR: (Audience.PROGRAMME, Audience.PROGRAMME),
}
# Roles that are held for a place: what they open at home they open nowhere else.
PLACED = frozenset(role for role, (abroad, at_home) in OPENS.items() if abroad != at_home)
# Roles that see places under a security flag as they are, in their own places.
CLEARED = frozenset({Role.FACILITY, Role.DISTRICT, Role.REGION, Role.NATIONAL, Role.ADMINISTRATOR})


_PLACES: ContextVar[dict[str, PlaceMirror | None] | None] = ContextVar("places", default=None)


@dataclass(frozen=True)
class Access:
    """Somebody's memberships of today, and the paths of their places.

    `paths` are by place code, `homes` their places; a place that is no longer published reaches nothing.
    """

    person_id: int | None
    memberships: tuple[Membership, ...] = ()
    paths: dict[str, str] = field(default_factory=dict)
    homes: dict[str, PlaceMirror] = field(default_factory=dict, compare=False)

    def reaches(self, membership: Membership, place_code: str) -> bool:
        """Whether a membership's subtree holds a place; "" is the whole country."""
        if not membership.place_code:
            return True
        home, there = self.paths.get(membership.place_code), self.paths.get(place_code)
        if there is None and place_code:
            there = path_of(place_code)
            if there is not None:
                self.paths[place_code] = there
        return home is not None and there is not None and there.startswith(home)

    @property
    def roles(self) -> frozenset[str]:
        """All roles held today."""
        return frozenset(membership.role for membership in self.memberships)

    @property
    def anonymous(self) -> bool:
        """Whether nobody is logged in."""
        return self.person_id is None


@dataclass(frozen=True)
class Reach:
    """How far a right goes: everywhere, or the places at and below some paths."""

    everywhere: bool = False
    paths: frozenset[str] = frozenset()

    def covers(self, field_name: str = "place_code") -> Q:
        """Return the condition that a record's place lies within reach."""
        if self.everywhere:
            return ~Q(pk__in=())
        wanted = Q(pk__in=())
        for path in sorted(self.paths):
            below = PlaceMirror.objects.filter(path__startswith=path).values("code")
            wanted |= Q(**{f"{field_name}__in": below})
        return wanted

    def holds(self, place_code: str) -> bool:
        """Whether a place and all that lies below it are within reach."""
        path = path_of(place_code)
        return self.everywhere or (path is not None and any(path.startswith(one) for one in self.paths))

    def places(self) -> Q:
        """Return the condition that a place of the mirror lies within reach."""
        if self.everywhere:
            return ~Q(pk__in=())
        wanted = Q(pk__in=())
        for path in sorted(self.paths):
            wanted |= Q(path__startswith=path)
        return wanted


def reach_of(access: Access, roles: frozenset[str]) -> Reach:
    """Return how far those of somebody's memberships reach that are of certain roles."""
    held = [m for m in access.memberships if m.role in roles]
    if any(not m.place_code for m in held):
        return Reach(everywhere=True)
    return Reach(paths=frozenset(access.paths[m.place_code] for m in held if m.place_code in access.paths))


def today() -> date:
    """Return the day on which memberships are judged (UTC)."""
    return datetime.now(UTC).date()


def access_of(person: Any, *, day: date | None = None) -> Access:
    """Return what a person holds; read once per request and kept on the person."""
    if person is None or not person.is_authenticated or not person.is_active:
        return Access(None)
    day = day or today()
    kept = getattr(person, "_access", None)
    if kept is not None and kept[0] == day:
        return kept[1]  # type: ignore[no-any-return]
    found, homes = memberships_of(person)
    held = tuple(m for m in found if m.holds_on(day))
    homes = {m.place_code: homes[m.place_code] for m in held if m.place_code in homes}
    access = Access(person.pk, held, {code: place.path for code, place in homes.items()}, homes)
    person._access = (day, access)
    return access


def mirrored(place_code: str) -> PlaceMirror | None:
    """Return a published place; None for the whole country and for what is no longer published."""
    kept = _PLACES.get()
    if kept is None:
        return PlaceMirror.objects.filter(code=place_code).first() if place_code else None
    if place_code not in kept:
        kept[place_code] = PlaceMirror.objects.filter(code=place_code).first() if place_code else None
    return kept[place_code]


@contextmanager
def places_asked_once(known: Mapping[str, PlaceMirror] | None = None) -> Iterator[None]:
    """Ask for each place once while an answer is made, however many rules ask about it; `known` are there already."""
    token = _PLACES.set(dict(known or {}))
    try:
        yield
    finally:
        _PLACES.reset(token)


def ask_for_places(codes: Iterable[str]) -> dict[str, PlaceMirror]:
    """Ask for many places by one question, so that rules and names which follow ask for none of them; return those there."""
    kept, wanted = _PLACES.get(), set(codes) - {""}
    known = {code: kept[code] for code in wanted if code in kept} if kept is not None else {}
    found = PlaceMirror.objects.in_bulk(wanted - set(known)) if wanted - set(known) else {}
    if kept is not None:
        kept.update({code: found.get(code) for code in wanted - set(known)})
    return found | {code: place for code, place in known.items() if place is not None}


def path_of(place_code: str) -> str | None:
    """Return the path of a published place."""
    found = mirrored(place_code)
    return found.path if found is not None else None


def scope_of(access: Access) -> Scope:
    """Return what somebody may see of published tables.

    Several roles add up: the widest audience of all for the country, and at home the widest of those held
    there. Somebody without a role sees what is public.
    """
    if not access.memberships:
        return Scope()
    everywhere = [m for m in access.memberships if not m.place_code]
    country = max((OPENS[m.role][1] for m in everywhere), default=Audience.PUBLIC)
    country = max(country, *(_abroad(m) for m in access.memberships))
    if any(m.role in CLEARED for m in everywhere):
        return Scope(audience=country, cleared=True)
    local = [m for m in access.memberships if m.place_code in access.paths]
    at_home = max((OPENS[m.role][1] for m in local), default=country)
    if not local or (at_home <= country and not any(m.role in CLEARED for m in local)):
        return Scope(audience=country)
    places = _home([m for m in local if m.role in CLEARED or OPENS[m.role][1] > country], access)
    cleared = all(m.role in CLEARED for m in local)
    return Scope(audience=country, places=places, cleared=cleared, at_home=max(at_home, country))


def _abroad(membership: Membership) -> Audience:
    """Return what a membership opens beyond its own places."""
    opened = OPENS[membership.role][0]
    return min(opened, Audience.PARTNER) if membership.place_code else opened


def _home(local: list[Membership], access: Access) -> frozenset[str]:
    """Return the codes of all places below those of memberships, and of the places above them."""
    found: set[str] = set()
    for membership in local:
        home = access.homes[membership.place_code]
        found |= {code for code in home.path.split("/") if code}
        found |= codes_below(home.path, home.snapshot)
    return frozenset(found)


@lru_cache(maxsize=400)
def codes_below(path: str, snapshot: str) -> frozenset[str]:
    """Return the codes of the places at and below a path, as a published tree (`snapshot`) has them."""
    return frozenset(
        PlaceMirror.objects.filter(path__startswith=path, snapshot=snapshot).values_list("code", flat=True)
    )
