"""How do pages of studies answer?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from kalanso.hub.people.queries.places import names_of
from kalanso.hub.studies.models import Round
from kalanso.hub.studies.queries import rounds as queries


def context_of(request: HttpRequest, one: Round) -> dict[str, Any]:
    """Return what every page of a round shows."""
    return {
        "round": one, "study": queries.title_of(one), "place": names_of({one.place_code}).get(one.place_code, one.place_code),
        "rights": queries.rights(request.user, one),
    }  # fmt: skip
