"""Which numbers of a sheet look mistyped, which places does it lack, and which names were taken by likeness?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries import matches
from kalanso.hub.evidence.queries.uploads import language, place_names
from kalanso.vocabulary import format_value

SHOWN = 30


@dataclass(frozen=True)
class Doubt:
    """A number that looks mistyped, as a page shows it: with what it was held against.

    `other_indicator` is the first dose of the same line, or empty where `other` is what the place usually reports.
    """

    row: int | None
    place: str
    period: str
    indicator: str
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
            indicator=one["indicator"], value=_count(one["value"]), other_indicator=one["other_indicator"],
            other=_count(one["other"]),
        )
        for one in told
    ]  # fmt: skip


def _count(value: Any) -> str:
    return format_value(round(float(value)), "count", language())


def lacking(upload: Upload) -> list[str]:
    """Return the names of places that the sheet should hold and does not."""
    codes = upload.receipt.get("lacking", [])
    names = place_names(set(codes))
    return [names[code] for code in codes if code in names]


def taken_by_likeness(person: Any, upload: Upload) -> list[matches.Question]:
    """Return the names whose lines are counted for a place that is only spelled alike, as far as somebody may see them."""
    seen, _hidden = matches.seen_names(person, upload)
    alike = [one for one in seen if one.decision == PlaceName.Decision.OPEN and one.status == "matched"]
    return [one for one in matches.questions(upload, alike) if one.taken is not None]
