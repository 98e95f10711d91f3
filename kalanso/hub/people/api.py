"""Who is asking, as the hub knows them?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from kalanso.hub.people.queries.access import access_of, scope_of

router = Router()


class Held(Schema):
    """A role in an organisation, for a place and all below it; no place is the whole country."""

    role: str
    organisation: str
    place_code: str


class Me(Schema):
    """Whoever asks: a person with their memberships of today, or a visitor."""

    username: str
    name: str
    memberships: list[Held]
    audience: str
    audience_at_home: str


@router.get("", response=Me, summary="Who am I?")
def me(request: HttpRequest) -> dict[str, Any]:
    """Return who asks, what they hold today and which circle of tables that opens."""
    access, person = access_of(request.user), request.user
    scope = scope_of(access)
    return {
        "username": person.username if person.is_authenticated else "",
        "name": str(person) if person.is_authenticated else "",
        "memberships": [
            {"role": m.role, "organisation": m.organisation.code, "place_code": m.place_code}
            for m in access.memberships
        ],
        "audience": scope.audience.name.lower(),
        "audience_at_home": scope.widest.name.lower(),
    }
