"""Which numbers of a sheet look mistyped, which places does it lack, which names were taken by likeness, and which other
sheet waits that speaks of the same numbers?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries import matches, published
from kalanso.hub.evidence.queries.uploads import language, place_names, visible_uploads
from kalanso.hub.people.models import PlaceMirror
from kalanso.vocabulary import format_value

SHOWN = 30
WAITING_SHOWN = 5


@dataclass(frozen=True)
class Doubt:
    """A number that looks mistyped, as a page shows it: with what it was held against.

    `other_indicator` is the first dose of the same line, or empty where `other` is what the place usually reports.
    """

    row: int | None
    place: str
    period: str
    indicator: str
    product: str
    value: str
    other_indicator: str
    other: str


def doubts(upload: Upload) -> list[Doubt]:
    """Return the first doubtful numbers of the newest dry run."""
    told = upload.receipt.get("doubts", [])[:SHOWN]
    names = place_names({one["place_code"] for one in told})
    return [
        Doubt(
            row=one["row"], place=names.get(one["place_code"], one["place_code"]), period=one["period"],
            indicator=one["indicator"], product=product_named(one.get("product", "")), value=_count(one["value"]), other_indicator=one["other_indicator"],
            other=_count(one["other"]),
        )
        for one in told
    ]  # fmt: skip


def product_named(code: str) -> str:
    """Return what people call a vaccine; nothing where a row says none."""
    return published.pack().name(code, language()) if code else ""


def _count(value: Any) -> str:
    return format_value(round(float(value)), "count", language())


def lacking(upload: Upload) -> list[str]:
    """Return the names of places that the sheet should hold and does not."""
    codes = upload.receipt.get("lacking", [])
    names = place_names(set(codes))
    return [names[code] for code in codes if code in names]


def respelled(upload: Upload) -> list[tuple[str, str]]:
    """Return the names that are a place's own but for a word or a spelling, each with the place's name."""
    told = upload.receipt.get("respelled", [])
    names = place_names({one["place"] for one in told})
    return [(one["name"], names[one["place"]]) for one in told if one["place"] in names]


def taken_by_likeness(person: Any, upload: Upload) -> list[matches.Question]:
    """Return the names whose lines are counted for a place that is only spelled alike, as far as somebody may see them."""
    seen, _hidden = matches.seen_names(person, upload)
    alike = [one for one in seen if one.decision == PlaceName.Decision.OPEN and one.status == "matched"]
    return [one for one in matches.questions(upload, alike) if one.taken is not None]


@dataclass(frozen=True)
class Rival:
    """Another sheet that waits to be published for the same source and place; `periods` are those of both.

    `months_known` and `places_known` are false where no trial told the months, or the places, of both.
    """

    upload: Upload
    periods: tuple[str, ...]
    months_known: bool
    places_known: bool = True


def rivals(person: Any, upload: Upload) -> list[Rival]:
    """Return the waiting sheets, as far as somebody may see them, whose numbers would replace those of this one or be replaced."""
    waiting = visible_uploads(person).filter(source=upload.source, reader__in=upload.alike)
    waiting = waiting.filter(state__in=(*Upload.OPEN, Upload.State.PUBLISHING)).exclude(pk=upload.pk)
    found = []
    for other in waiting.filter(_touches(upload.place_code)).order_by("received"):
        months, places = (_both(upload, other, name) for name in ("periods", "about"))
        # Two sheets that share no month, or no place, replace nothing of one another.
        if months != () and places != ():
            found.append(
                Rival(upload=other, periods=months or (), months_known=months is not None, places_known=places is not None)
            )  # fmt: skip
    return found[:WAITING_SHOWN]


def _both(upload: Upload, other: Upload, name: str) -> tuple[str, ...] | None:
    """Return what the trials of two sheets told of both, in the order of the first; None where one of them told nothing."""
    own, theirs = upload.receipt.get(name), other.receipt.get(name)
    return tuple(one for one in own if one in set(theirs)) if own and theirs else None


def _touches(code: str) -> Q:
    """Return which sheets speak for a place, for one inside it, or for one around it."""
    home = PlaceMirror.objects.filter(code=code).first() if code else None
    if home is None:
        return Q() if not code else Q(place_code__in=("", code))
    below = PlaceMirror.objects.filter(path__startswith=home.path).values("code")
    around = [one for one in home.path.split("/") if one]
    return Q(place_code="") | Q(place_code__in=around) | Q(place_code__in=below)
