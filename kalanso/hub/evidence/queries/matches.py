"""Which names of a sheet wait for a decision, and which places could each be?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries.uploads import language, sees_rows
from kalanso.hub.people.models import PlaceMirror
from kalanso.places.matching import explain
from kalanso.vocabulary import UnknownMessage

SHOWN = 20
CHOICES = 500  # a list longer than this is no choice; a code may be typed instead


@dataclass(frozen=True)
class Candidate:
    """A place that a name may be: how alike (0 to 1), and the places above it."""

    code: str
    name: str
    above: str
    score: float


@dataclass(frozen=True)
class Question:
    """A name with its evidence, as a page asks about it."""

    name: PlaceName
    why: str
    candidates: tuple[Candidate, ...]


def seen_names(person: Any, upload: Upload) -> tuple[list[PlaceName], int]:
    """Return the names of a sheet that somebody may see, and how many they may not."""
    names = list(upload.names.select_related("decided_by"))
    if sees_rows(person, upload):
        return names, 0
    shown = [one for one in names if not one.flagged]
    return shown, len(names) - len(shown)


def question(name: PlaceName) -> Question:
    """Return the evidence on one name; candidates outside the sheet's place are left out."""
    found = name.candidates.get("candidates", [])
    known = PlaceMirror.objects.in_bulk([one["place_code"] for one in found])
    upload = name.upload
    home = PlaceMirror.objects.filter(code=upload.place_code).first() if upload.place_code else None
    candidates = tuple(
        Candidate(one["place_code"], one["name"], one["parent_name"], float(one["score"]))
        for one in found
        if one["place_code"] in known
        and (home is None or known[one["place_code"]].path.startswith(home.path))
    )
    return Question(name=name, why=_why(name), candidates=candidates)


def _why(name: PlaceName) -> str:
    row = {
        "candidates": json.dumps(name.candidates), "name": name.name, "parent_name": name.parent_name,
        "score": name.score,
    }  # fmt: skip
    try:
        return explain(row).render(language())
    except (UnknownMessage, KeyError, ValueError):
        return ""


def other_places(upload: Upload) -> list[PlaceMirror]:
    """Return the places of the sheet's level that a person may choose instead; none where there are too many."""
    level = str(upload.column_map.get("place", {}).get("level", ""))
    found = PlaceMirror.objects.filter(level=level)
    if upload.place_code:
        home = PlaceMirror.objects.filter(code=upload.place_code).first()
        found = found.filter(path__startswith=home.path) if home else found.none()
    return list(found.order_by("name")[: CHOICES + 1])


def standing(upload: Upload) -> dict[str, int]:
    """Return how many names wait for a decision, and how many have which."""
    counts = dict.fromkeys((*PlaceName.Decision.values, "waiting", "all"), 0)
    for decision, status in upload.names.values_list("decision", "status"):
        counts[decision] += 1
        counts["all"] += 1
        # What an earlier sheet's reviewer rejected may be opened again, but waits for nobody.
        counts["waiting"] += decision == "later" or (decision == "open" and status != "rejected")
    return counts
