"""Who visits the hub in tests? People of any role, made when they are first needed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
# Written out on purpose, so that a role which the hub loses or gains is noticed.
ROLES = (
    "reader", "district", "facility", "coach", "region", "national", "partner", "researcher", "editor", "donor",
    "administrator",
)  # fmt: skip


def person(
    role: str | None = "national", place_code: str = "", *, organisation: str = "house", name: str = ""
) -> Any:
    """Return a person who holds one role for one place; without a role, somebody who holds nothing."""
    from kalanso.hub.people.actions.persons import give_role
    from kalanso.hub.people.models import Organisation, Person

    username = name or f"{role or 'nobody'}-{place_code or 'all'}-{organisation}".lower()
    found, made = Person.objects.get_or_create(username=username)
    if made and role:
        house, _made = Organisation.objects.get_or_create(
            code=organisation, defaults={"name": organisation.title(), "kind": "government"}
        )
        give_role(by=None, person=found, organisation=house, role=role, place_code=place_code, now=NOW)
    return Person.objects.get(pk=found.pk)


def visitor(role: str | None = "national", place_code: str = "", *, raises: bool = True, **who: str) -> Any:
    """Return a browser without scripts, in which somebody of a role is logged in."""
    client = stranger(raises=raises)
    client.force_login(person(role, place_code, **who))
    return client


def stranger(*, raises: bool = True) -> Any:
    """Return a browser in which nobody is logged in."""
    from django.test import Client

    return Client(HTTP_HOST="127.0.0.1", raise_request_exception=raises)
