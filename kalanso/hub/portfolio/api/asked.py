"""What may a program ask of the portfolio, and how is a long answer given page by page?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.portfolio.queries.keeping import below
from kalanso.hub.portfolio.queries.scope import one_intervention

MOST = 500
LARGEST = 2**62
One = TypeVar("One", bound=Model)
Text = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]
Quarter = Annotated[str, Field(max_length=6, pattern=r"^((20[0-9][0-9]|2100)Q[1-4])?$")]


def one_of(values: Sequence[str]) -> Any:
    """Return the field of a text that is one of some words, or empty."""
    return Field("", pattern=f"^({'|'.join(values)})?$", description=", ".join(values))


class Paged(Schema):
    """How many, and after which: `next` of the page before."""

    limit: int = Field(100, ge=1, le=MOST, description="items at most")
    after: int = Field(0, ge=0, le=LARGEST, description="`next` of the page before")


class Wanted(Paged):
    """Which place with all below it, and which intervention; everything unless stated."""

    place: Text = Field("", description="code of a place; all below it are included")
    intervention: Text = Field("", description="code of an intervention")


def refuse_outsiders(request: HttpRequest) -> None:
    """Refuse who does not read the portfolio, as its pages do."""
    if not may(request.user, "portfolio.read"):
        raise PermissionDenied(
            _("Le portefeuille est pour les équipes du programme, leurs partenaires et les bailleurs.")
        )


def page(found: QuerySet[One], wanted: Paged) -> tuple[list[One], int | None]:
    """Return one page of records in the order of their numbers, and after which the next begins."""
    rows = list(found.filter(pk__gt=wanted.after).order_by("pk")[: wanted.limit + 1])
    shown = rows[: wanted.limit]
    return shown, shown[-1].pk if len(rows) > wanted.limit else None


def here(place: str, field: str = "place_code") -> Q:
    """Return the condition that a record lies at a place or below it; a place that nobody knows is refused (Http404)."""
    if not place:
        return ~Q(pk__in=())
    if not PlaceMirror.objects.filter(code=place).exists():
        raise Http404(_("Aucun lieu ne porte le code « %(code)s ».") % {"code": place[:60]})
    return below(place, field)


def of_intervention(person: Any, code: str, *fields: str) -> Q:
    """Return the condition that a record is of an intervention, by any of some fields; an unknown one is refused (Http404)."""
    if not code:
        return ~Q(pk__in=())
    pk, found = one_intervention(person, code).pk, Q(pk__in=())
    for field in fields:
        found |= Q(**{field: pk})
    return found
