"""Who works in the hub whose portfolio is proven? All interventions stand in 44 districts, with teams at home in them.

Districts that the small country has not are added to the mirror of places alone: the portfolio asks nothing else of them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

DISTRICTS = 44
# Six of ten report from their district; the others read, approve or plan.
ROLES = ("district",) * 6 + ("region", "national", "partner", "donor")


def plan() -> None:
    """Plan every intervention of the demonstration in every district, all of them going on, and print how many lines."""
    from kalanso.hub.portfolio.models import Cell, Intervention, Report

    now, places = datetime.now(UTC), _districts()
    Report.objects.all().delete()  # those of the demonstration; what is proven begins with none
    for one in Intervention.objects.all():
        known = set(Cell.objects.filter(intervention=one).values_list("place_code", flat=True))
        Cell.objects.bulk_create(
            Cell(intervention=one, place_code=place.code, organisation=one.lead, target=96, since=now)
            for place in places
            if place.code not in known
        )
    begins, ends = date(now.year - 1, 1, 1), date(now.year + 1, 12, 31)
    print(Cell.objects.update(begins=begins, ends=ends, state="ongoing", reason="", sensitive=False))


def _districts() -> list[Any]:
    from kalanso.hub.people.models import PlaceMirror

    known = list(PlaceMirror.objects.filter(level="district").order_by("code")[:DISTRICTS])
    like = known[0]
    for number in range(len(known), DISTRICTS):
        code = f"PROOF-{number:02d}"
        known.append(
            PlaceMirror.objects.create(
                code=code,
                name=f"District {number}",
                level="district",
                parent_code=like.parent_code,
                path=like.path.replace(like.code, code),
                snapshot=like.snapshot,
            )
        )
    return list(known)


def make(people: int) -> None:
    """Make people at home in those districts and print, for each, the secret of a link and the cells they report on."""
    from kalanso.hub.people.actions.persons import give_role
    from kalanso.hub.people.models import Organisation, Person, PlaceMirror
    from kalanso.hub.portfolio.models import Cell
    from kalanso.hub.site import actions

    now, house = datetime.now(UTC), Organisation.objects.order_by("pk").first()
    codes = sorted(set(Cell.objects.values_list("place_code", flat=True)))
    regions = list(PlaceMirror.objects.filter(level="region").values_list("code", flat=True))
    for number in range(people):
        role = ROLES[number % len(ROLES)]
        person, made = Person.objects.get_or_create(username=f"proof{number}")
        home = {"district": codes[number % len(codes)], "region": regions[number % len(regions)]}.get(
            role, ""
        )
        if made:
            give_role(by=None, person=person, organisation=house, role=role, place_code=home, now=now)
        theirs = Cell.objects.filter(place_code=home).order_by("pk")[:4] if role == "district" else []
        print(
            actions.machine_link(person=person),
            home if role == "district" else codes[number % len(codes)],
            *(one.pk for one in theirs),
        )


def written() -> None:
    """Print, for every report, its cell, its version and how often the trail says that it was written."""
    from kalanso.hub.people.models import Event
    from kalanso.hub.portfolio.models import Report

    for one in Report.objects.all():
        said = Event.objects.filter(object_type="portfolio.report", object_id=str(one.pk)).count()
        print(one.cell_id, one.version, said, one.narrative)
