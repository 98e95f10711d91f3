"""Whom can somebody call about the numbers of a place, and who is told where they pass a question on?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from kalanso.hub.evidence.models import PlaceContact
from kalanso.hub.evidence.queries import published
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import Somewhere, may, reach
from kalanso.hub.people.queries.access import Reach, access_of
from kalanso.hub.people.queries.access import today as today_here
from kalanso.hub.people.queries.persons import staff_at
from kalanso.quality import worklist as lists

PEOPLE_SHOWN = 3  # to call about a place


@dataclass(frozen=True, kw_only=True)
class Call:
    """Who can be called about a place, as far as the reader may know them.

    `area` says that it is an area, whose health centre is called, `own` that it is the reader's own post, `people` are others with an account there, `contact` is the post that was
    written down (`contact_at`: of which structure, where the place is its area), `above` are those of the place above, where nobody else is known. `may_write` says that the reader may
    write down whom to call, `unnamed` how many have an account there whose names the reader may not know.
    """

    place_code: str
    name: str
    area: bool = False
    own: bool = False
    people: tuple[Person, ...] = ()
    contact: PlaceContact | None = None
    contact_at: str = ""
    above: tuple[Person, ...] = ()
    above_name: str = ""
    may_write: bool = False
    unnamed: int = 0

    @property
    def nobody(self) -> bool:
        """Whether nobody is known at the place itself, not even without a name."""
        return not self.people and self.contact is None and not self.unnamed


def calls(person: Any, codes: Collection[str]) -> dict[str, Call]:
    """Return whom somebody can call about each of some places: those at it, in its structures, or of the area above."""
    places = {one.code: one for one in PlaceMirror.objects.filter(code__in=set(codes))}
    areas = [code for code, one in places.items() if one.level == "health_area"]
    below: dict[str, list[str]] = {}
    inside: dict[str, str] = {}
    for one in PlaceMirror.objects.filter(parent_code__in=areas):
        below.setdefault(one.parent_code, []).append(one.code)
        inside[one.code] = one.name
    above = {code: one.parent_code for code, one in places.items() if one.level == "facility"}
    names = dict(PlaceMirror.objects.filter(code__in=set(above.values())).values_list("code", "name"))
    every = {*places, *above.values(), *(code for codes_ in below.values() for code in codes_)}
    staff = staff_at(reach(person, "people.list"), every, today=today_here())
    may_write = _within(person, every)
    contacts = {one.place_code: one for one in PlaceContact.objects.filter(place_code__in=may_write)}
    home = {one.place_code for one in access_of(person).memberships if one.place_code}
    found = {}
    for code, place in places.items():
        at_it = [code, *below.get(code, ())]
        people = _others(person, [one for where in at_it for one in staff.get(where, ())])
        contact = next((contacts[where] for where in at_it if where in contacts), None)
        up = above.get(code, "")
        found[code] = Call(
            place_code=code, name=place.name, area=code in areas, own=code in home, people=people, contact=contact,
            contact_at=inside.get(contact.place_code, "") if contact and contact.place_code != code else "",
            above=() if people or contact else _others(person, staff.get(up, ())), above_name=names.get(up, ""),
            may_write=code in may_write,
        )  # fmt: skip
    return found


def _others(person: Any, people: Collection[Person]) -> tuple[Person, ...]:
    return tuple(dict.fromkeys(one for one in people if one.pk != person.pk))[:PEOPLE_SHOWN]


def _within(person: Any, codes: Collection[str]) -> set[str]:
    """Return at which of some places somebody may read and write whom to call."""
    within = reach(person, "evidence.keep_contact").places()
    return set(PlaceMirror.objects.filter(within, code__in=list(codes)).values_list("code", flat=True))


def contact_at(person: Any, place: PlaceMirror) -> PlaceContact | None:
    """Return who is written down at a place, for those who may write it."""
    if not may(person, "evidence.keep_contact", place):
        return None
    return PlaceContact.objects.filter(place_code=place.code).first()


def post_asked(finding: Mapping[str, Any]) -> str:
    """Return the code of the place that answers for a finding: itself, or the one above it."""
    place = PlaceMirror.objects.filter(code=finding["place_code"]).first()
    if place is None:
        return str(finding["place_code"])
    line = dict(
        PlaceMirror.objects.filter(code__in=place.path.strip("/").split("/")).values_list("code", "level")
    )
    lineage = pd.DataFrame(
        [(place.code, code, level) for code, level in line.items()],
        columns=["place_code", "ancestor_code", "ancestor_level"],
    )
    rules = published.pack().section("quality")["worklist"]
    row = pd.DataFrame([{"place_code": place.code, "check": finding["check"]}])
    return str(lists.asked_of(row, lineage, rules)["asked_place"].iloc[0])


def told(by: Any, codes: Collection[str], *, today: date) -> dict[str, list[Person]]:
    """Return who is told where somebody passes a question on to the post of each place: those who may answer there."""
    held = staff_at(Reach(everywhere=True), codes, today=today)
    return {
        code: [
            one for one in held.get(code, ())
            if one.pk != by.pk and may(one, "evidence.set_finding", Somewhere(code))
        ]
        for code in codes
    }  # fmt: skip
