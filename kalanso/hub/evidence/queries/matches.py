"""Which names of a sheet wait for a decision, and which places could each be?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from kalanso.hub.evidence.models import PlaceName, Upload
from kalanso.hub.evidence.queries.uploads import language, level_of_visits, sees_rows
from kalanso.hub.people.models import PlaceMirror
from kalanso.places.matching import MATCH_THRESHOLDS, explain
from kalanso.places.names import normalise
from kalanso.vocabulary import UnknownMessage

SHOWN = 20
ALMOST = 0.99  # the most that names which are written differently look alike
ABOVE = 2  # places above a candidate that tell it from its namesakes
# What a name's status says without anybody: counted for a place by likeness; left aside by an earlier sheet.
SETTLED = ("matched", "rejected")
FOUND_AT_MOST = 20  # places that a part of a name may mean
CHOICES = 500  # a list longer than this is no choice; a code may be typed instead


@dataclass(frozen=True)
class Candidate:
    """A place that a name may be, with the nearest places above it in the health tree.

    `score` (0 to 1) weighs all evidence; `likeness` is what people read, whole for one name to the letter;
    `certain` says whether nothing speaks against it and no other name claims it.
    """

    code: str
    name: str
    above: tuple[PlaceMirror, ...]
    score: float
    likeness: float = 0.0
    certain: bool = False


@dataclass(frozen=True)
class Found:
    """A place that a part of its name may mean, with its level and the places above it."""

    code: str
    name: str
    level: str
    above: tuple[PlaceMirror, ...]


@dataclass(frozen=True)
class Question:
    """A name with its evidence, as a page asks about it.

    `taken` is the place that its lines are counted for until somebody says otherwise; `found` are the places that
    a part of a name, as `typed`, may mean; `answered` is the choice and the other place of a form that was not kept.
    """

    name: PlaceName
    why: str
    candidates: tuple[Candidate, ...]
    taken: Candidate | None = None
    typed: str = ""
    found: tuple[Found, ...] = ()
    answered: tuple[str, str] | None = None

    @property
    def proposal(self) -> Candidate | None:
        """The one candidate worth asking about, where nothing speaks against it and nobody decided yet."""
        worth = [one for one in self.candidates if one.score >= MATCH_THRESHOLDS["ask"]]
        still_open = self.name.decision == PlaceName.Decision.OPEN and self.name.status == "ambiguous"
        return worth[0] if still_open and len(worth) == 1 and worth[0].certain else None


def seen_names(person: Any, upload: Upload) -> tuple[list[PlaceName], int]:
    """Return the names of a sheet that somebody may see, and how many they may not."""
    names = list(upload.names.select_related("decided_by"))
    if sees_rows(person, upload):
        return names, 0
    shown = [one for one in names if not one.flagged]
    return shown, len(names) - len(shown)


def questions(upload: Upload, names: Sequence[PlaceName]) -> list[Question]:
    """Return the evidence on names of a sheet; candidates outside the sheet's place are left out."""
    return questions_of(names, upload.place_code)


def questions_of(names: Sequence[PlaceName], place_code: str) -> list[Question]:
    """Return the evidence on names; candidates outside a place are left out (none: the whole country)."""
    offered = [one for name in names for one in name.candidates.get("candidates", [])]
    known = PlaceMirror.objects.in_bulk({one["place_code"] for one in offered})
    above = _above(list(known.values()))
    home = PlaceMirror.objects.filter(code=place_code).first() if place_code else None
    inside = {code for code, one in known.items() if home is None or one.path.startswith(home.path)}
    return [_question(name, inside, above) for name in names]


def _question(name: PlaceName, inside: Set[str], above: Mapping[str, tuple[PlaceMirror, ...]]) -> Question:
    candidates = tuple(
        Candidate(
            one["place_code"], one["name"], above[one["place_code"]], float(one["score"]),
            likeness=_likeness(name.name, one),
            certain=not one.get("against") and not one.get("claimed_by"),
        )
        for one in name.candidates.get("candidates", [])
        if one["place_code"] in inside
    )  # fmt: skip
    matched = name.candidates.get("matched", "") if name.decision == PlaceName.Decision.OPEN else ""
    taken = next((one for one in candidates if one.code == matched), None)
    return Question(name=name, why=_why(name), candidates=candidates, taken=taken)


def _likeness(written: str, candidate: Mapping[str, Any]) -> float:
    """Return how alike two names look to people; only what is one name to the letter looks whole."""
    score = 1.0 if candidate.get("name_score") == 1.0 else float(candidate["score"])
    same = sorted(normalise(written).split()) == sorted(normalise(candidate["name"]).split())
    return score if same else min(score, ALMOST)


def proposals(upload: Upload, names: Sequence[PlaceName]) -> list[tuple[PlaceName, Candidate]]:
    """Return the names with exactly one sound candidate, which no other of them has too."""
    return sound(questions(upload, names))


def sound(asked: Sequence[Question]) -> list[tuple[PlaceName, Candidate]]:
    """Return the names with exactly one sound candidate, which no other of them has too."""
    found = [(one.name, one.proposal) for one in asked]
    proposed = [(name, place) for name, place in found if place is not None]
    claims = Counter(place.code for _name, place in proposed)
    return [(name, place) for name, place in proposed if claims[place.code] == 1]


def _above(places: list[PlaceMirror]) -> dict[str, tuple[PlaceMirror, ...]]:
    """Return the nearest places above each, from the nearest up, without the country."""
    steps = {one.code: one.path.strip("/").split("/")[1:-1][::-1][:ABOVE] for one in places}
    known = PlaceMirror.objects.in_bulk({code for codes in steps.values() for code in codes})
    return {place: tuple(known[code] for code in codes if code in known) for place, codes in steps.items()}


def _why(name: PlaceName) -> str:
    row = {
        "candidates": json.dumps(name.candidates), "name": name.name, "parent_name": name.parent_name,
        "score": name.score,
    }  # fmt: skip
    try:
        return explain(row).render(language())
    except (UnknownMessage, KeyError, ValueError):
        return ""


def places_called(text: str) -> tuple[Found, ...]:
    """Return the places whose name holds a text, whatever its accents: those called so first, then those that begin so."""
    wanted = normalise(text)
    if not wanted:
        return ()
    named = ((normalise(one.name), one) for one in PlaceMirror.objects.all())
    held = [(name != wanted, not name.startswith(wanted), name, one) for name, one in named if wanted in name]
    shown = [one for *_order, one in sorted(held, key=lambda row: (*row[:3], row[3].path))[:FOUND_AT_MOST]]
    above = _above(shown)
    return tuple(Found(one.code, one.name, one.level, above[one.code]) for one in shown)


def is_called(text: str, place: Found) -> bool:
    """Whether a text is the whole name of a place."""
    return normalise(text) == normalise(place.name)


def other_places(upload: Upload) -> list[PlaceMirror]:
    """Return the places of the sheet's level that a person may choose instead; none where there are too many."""
    said = str(upload.column_map.get("place", {}).get("level", ""))
    found = PlaceMirror.objects.filter(level=said if upload.has_columns_to_say else level_of_visits(upload))
    if upload.place_code:
        home = PlaceMirror.objects.filter(code=upload.place_code).first()
        found = found.filter(path__startswith=home.path) if home else found.none()
    return list(found.order_by("name")[: CHOICES + 1])


def standing(upload: Upload) -> dict[str, int]:
    """Return how many names wait for a decision, are taken for a place by likeness, and have which decision."""
    counts = dict.fromkeys((*PlaceName.Decision.values, "waiting", "alike", "all"), 0)
    for decision, status in upload.names.values_list("decision", "status"):
        counts[decision] += 1
        counts["all"] += 1
        # What an earlier sheet's reviewer rejected may be opened again, but waits for nobody.
        counts["waiting"] += decision == "later" or (decision == "open" and status not in SETTLED)
        counts["alike"] += decision == "open" and status == "matched"
    return counts


def group_of(name: PlaceName) -> int:
    """Return where a name stands in the list: 0 to decide, 1 taken for a place by likeness, 2 decided."""
    if name.decision == PlaceName.Decision.OPEN:
        return {"matched": 1, "rejected": 2}.get(name.status, 0)
    return 0 if name.decision == PlaceName.Decision.LATER else 2
