"""How does the country's evidence follow what was published or withdrawn, and who is told of it?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from kalanso.hub.jobs.actions import ask
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.actions import record
from kalanso.hub.people.actions.notices import notify
from kalanso.hub.people.models import Membership, Person, PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.access import today
from kalanso.hub.people.queries.discussion import followers
from kalanso.hub.people.queries.subjects import Subject
from kalanso.hub.studies.models import Round

KIND = "studies.hand_on"


def follow(*, one: Round, now: datetime) -> Job:
    """Have the country's evidence brought to what a round says now; call it in the transaction of the change."""
    return ask(
        by=None, kind=KIND, arguments={"round": one.pk}, key=f"{KIND}:{one.pk}:{one.version}", now=now,
        place_code=one.place_code, organisation_id=one.organisation_id,
    )  # fmt: skip


@transaction.atomic
def note_handed_on(*, one: Round, snapshot: str, now: datetime) -> None:
    """Keep which snapshot of the country's evidence holds the round; "" where none does any more."""
    kept = Round.objects.select_for_update(of=("self",)).get(pk=one.pk)
    if kept.snapshot == snapshot:
        return
    before, kept.snapshot = kept.snapshot, snapshot
    kept.save(update_fields=["snapshot"])
    record(
        by=None, verb="studies.handed_on", thing=kept, now=now, before={"snapshot": before}, after={"snapshot": snapshot}
    )  # fmt: skip


def tell_published(*, one: Round, by: Person, now: datetime) -> int:
    """Tell those whose places a published round speaks of, and those who made it; nobody hears of their own doing."""
    persons = {person.pk: person for person in (*concerned(one, day=today()), one.declared_by)}
    persons.pop(by.pk, None)
    allowed = [person for person in persons.values() if may(person, "studies.read_published")]
    return notify(
        persons=allowed, sentence="studies.published", params={"study": str(one)}, address=reverse("round", args=[one.pk]), now=now
    )  # fmt: skip


def concerned(one: Round, *, day: date) -> Iterable[Person]:
    """Return who works in a place of which the study speaks, answers for one above it, or follows it; not the whole country."""
    codes = {one.place_code} - {""}
    if one.shown is not None:
        codes |= {code for told in one.shown.strata.values() for code in told["places"]}
    places = list(PlaceMirror.objects.filter(code__in=codes))
    above = {code for place in places for code in place.path.strip("/").split("/")[1:]}
    below = Q(pk__in=[])
    for place in places:
        below |= Q(path__startswith=place.path)
    inside = set(PlaceMirror.objects.filter(below).values_list("code", flat=True)) if places else set()
    held = Membership.objects.filter(place_code__in=above | inside).select_related("person")
    following = [
        person
        for code in sorted(codes)
        for person in followers(
            Subject(object_type="place", object_id=code, place_code=code, name="", address="")
        )
    ]
    return [*following, *(membership.person for membership in held if membership.holds_on(day))]
