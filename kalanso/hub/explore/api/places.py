"""How do programs find places, walk their tree, and read what was reported for one?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from kalanso.hub.explore.api.tables import Text
from kalanso.hub.explore.panels import caveat
from kalanso.hub.explore.queries import places, series, shelf
from kalanso.hub.explore.queries.places import Place, Tree
from kalanso.hub.explore.queries.shelf import Shelf

router = Router()
Code = Annotated[str, Field(max_length=60, pattern=r"^[^/\x00]+$")]
Kind = Annotated[str, Field(pattern=r"^(month|quarter|year)$")]
MOST_BRANCHES = 5000


class PlaceSaid(Schema):
    """A place with its position in the tree."""

    code: str
    name: str
    level: str
    kind: str
    latitude: float | None
    longitude: float | None
    parent: str | None


class Found(Schema):
    """Places whose name, other spelling or code holds the text; the best first."""

    items: list[PlaceSaid]


class Context(Schema):
    """A circumstance of a place, since when and whose word it is."""

    context: str
    valid_from: str | None
    source: str


class OnePlace(PlaceSaid):
    """A place with what lies above, below and around it."""

    above: list[PlaceSaid]
    children: list[PlaceSaid]
    neighbours: list[PlaceSaid]
    contexts: list[Context]


class Branches(Schema):
    """A place and what lies below it, parents before children."""

    items: list[PlaceSaid]


class PointSaid(Schema):
    """A reported value; `rolled`: for the four quarters that end with the period."""

    period: str
    numerator: float | None
    denominator: float | None
    value: float | None
    completeness: float | None
    provisional: bool
    caveat: str | None
    caveat_said: str | None = Field(None, description="the caveat as a sentence")
    rolled: bool


class Series(Schema):
    """What was reported for a place, the oldest first; nothing where the table is closed to the reader."""

    place_code: str
    indicator: str
    items: list[PointSaid]


class Named(Schema):
    """Which text."""

    q: Text = Field("", description="part of a name, or a code")


class Below(Schema):
    """Below which place, and how far."""

    root: Text = Field("", description="code; the country unless stated")
    depth: int = Field(2, ge=0, le=6, description="how many levels down")


class Measure(Schema):
    """Which indicator, by what periods."""

    indicator: Text = Field("dtp1_coverage", description="code of an indicator")
    kind: Kind = Field("quarter", description="month, quarter or year")
    rolled: bool = Field(False, description="over the four quarters that end with each")


def place_of(here: Shelf, code: str) -> tuple[Tree, Place]:
    """Return a place by its code, or refuse with a sentence."""
    known = places.tree(here)
    if code not in known.places:
        raise Http404(_("Aucun lieu ne porte le code « %(code)s ».") % {"code": code[:60]})
    return known, known.places[code]


@router.get("", response=Found, summary="Where is the place that I am looking for?")
def search(request: HttpRequest, wanted: Query[Named]) -> dict[str, Any]:
    """Return places by a part of their name; without one, the country."""
    here = shelf.current()
    if not wanted.q.strip():
        root = places.tree(here).root()
        return {"items": [root] if root else []}
    return {"items": places.search(here, wanted.q)}


@router.get("/tree", response=Branches, summary="What lies below a place?")
def tree(request: HttpRequest, wanted: Query[Below]) -> dict[str, Any]:
    """Return a place and the places below it, level by level."""
    here = shelf.current()
    known = places.tree(here)
    top = known.root() if not wanted.root else place_of(here, wanted.root)[1]
    found, level = ([top] if top else []), [top] if top else []
    for _step in range(wanted.depth):
        level = [child for one in level for child in known.children(one.code)]
        found += level
    return {"items": found[:MOST_BRANCHES]}


@router.get("/{code}", response=OnePlace, summary="What is known of a place?")
def one_place(request: HttpRequest, code: Code) -> dict[str, Any]:
    """Return a place with what lies above, below and around it, and its contexts where they are open."""
    here = shelf.current()
    known, place = place_of(here, code)
    contexts = [
        {
            "context": row["context"],
            "valid_from": str(row["valid_from"]) if row["valid_from"] else None,
            "source": row["source"],
        }
        for row in places.contexts(here, code)
    ]
    return {
        **{name: getattr(place, name) for name in PlaceSaid.model_fields},
        "above": known.above(code), "children": known.children(code),
        "neighbours": places.neighbours(here, code), "contexts": contexts,
    }  # fmt: skip


@router.get("/{code}/series", response=Series, summary="What was reported for a place?")
def reported(request: HttpRequest, code: Code, wanted: Query[Measure]) -> dict[str, Any]:
    """Return one indicator of a place over time, on the basis that pages show."""
    here = shelf.current()
    place_of(here, code)
    points = series.series(here, code, wanted.indicator, wanted.kind, wanted.rolled)
    items = [{**asdict(one), "caveat_said": caveat(one.caveat) if one.caveat else None} for one in points]
    return {"place_code": code, "indicator": wanted.indicator, "items": items}
