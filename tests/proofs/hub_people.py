"""Who is in a hub that is proven? The mirror of places, and people of all roles with a link each."""

from __future__ import annotations

from datetime import UTC, datetime

ROLES = ("national", "district", "region", "facility", "partner", "researcher", "coach", "administrator")
LEVELS = {"district": "district", "facility": "health_area", "coach": "region", "region": "region"}


def places() -> None:
    """Bring the mirror of places up to date."""
    from kalanso.hub.site import actions

    actions.prepare(now=datetime.now(UTC))


def make(people: int) -> None:
    """Make people of all roles, each at home in another place, and print the secret of a link for each."""
    from kalanso.hub.people.actions.persons import give_role
    from kalanso.hub.people.models import Organisation, Person, PlaceMirror
    from kalanso.hub.site import actions

    now = datetime.now(UTC)
    house, _made = Organisation.objects.get_or_create(
        code="proof", defaults={"name": "Proof", "kind": "government"}
    )
    for number in range(people):
        role = ROLES[number % len(ROLES)]
        person, made = Person.objects.get_or_create(username=f"proof{number}")
        if made:
            homes = list(
                PlaceMirror.objects.filter(level=LEVELS.get(role, "")).values_list("code", flat=True)
            )
            home = homes[number % len(homes)] if homes else ""
            give_role(by=None, person=person, organisation=house, role=role, place_code=home, now=now)
        print(actions.machine_link(person=person))
