"""Who asks for a page, and which page of a list?"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.http import Http404, HttpRequest

from kalanso.hub.people.models import Person
from kalanso.hub.people.permissions import reach
from kalanso.hub.people.queries.persons import visible_person


def now() -> datetime:
    """Return the moment of the request (UTC)."""
    return datetime.now(UTC)


def today() -> date:
    """Return the day of the request (UTC)."""
    return now().date()


def number(request: HttpRequest, name: str) -> int | None:
    """Return a positive number of the address; None where it is none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def person_or_404(request: HttpRequest, pk: int) -> Person:
    """Return a person that the reader may see; for everybody else nobody stands there."""
    found = visible_person(request.user, reach(request.user, "people.list"), pk)
    if found is None:
        raise Http404
    return found
