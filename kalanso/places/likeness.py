"""What speaks for a listed name being a known place, and what against?

Finds for each listed name the few known places worth weighing and states the evidence: name, marks,
kind, parent, distance. Which of them is accepted is decided in `matching`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz import fuzz, process

from kalanso.places.distances import distance_km
from kalanso.places.frames import numbers, optional, text
from kalanso.places.marks import SHORTENED, SLIP, as_meant, without_doubtful
from kalanso.places.names import PlaceName, likeness, normalise, parse_name, variants
from kalanso.places.words import KIND_LEVELS

POINT_LEVELS = frozenset({"facility", "health_area"})
_ROWS_AT_ONCE = 400
_WEIGHED = 12  # candidates per name that are looked at closely
_SHARED_WORD_PLACES = 25  # a word that more places share says little


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A known place that a listed name could be, with the evidence.

    `against` names what forbids to accept it unasked: marks (or how one is spelled), kind, parent or
    distance. `letters` is the plain likeness of the two names as written, which parts equal scores.
    """

    place: int
    name_score: float
    score: float
    letters: float
    parent: str
    distance_km: float | None
    marks: tuple[tuple[str, ...], tuple[str, ...]]
    kinds: tuple[str, str]
    against: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether name and marks agree to the letter and nothing speaks against it."""
        return self.name_score == 1.0 and not self.against


@dataclass(frozen=True)
class Spelling:
    """One way to read a name, and what it counts less than the whole name."""

    name: PlaceName
    less: float


def _spellings(names: Iterable[str]) -> tuple[Spelling, ...]:
    found = []
    for name in names:
        kind = parse_name(name).kind
        for part, less in variants(name).items():
            parsed = parse_name(part)
            found.append(Spelling(parsed if parsed.kind else replace(parsed, kind=kind), less))
    return tuple(found)


@dataclass(frozen=True)
class NameList:
    """One list of names, taken apart once; positions are those of the rows."""

    names: list[str]
    parents: list[str]
    levels: list[str]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    plain: list[str] = field(repr=False)
    spellings: list[tuple[Spelling, ...]] = field(repr=False)
    above: list[tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, rows: pd.DataFrame) -> NameList:
        """Take the names of a table apart; columns that it lacks count as unsaid."""
        names, parents = text(rows["name"]).tolist(), text(optional(rows, "parent_name")).tolist()
        aliases = [_strings(value) for value in optional(rows, "aliases")]
        above = [_strings(value) for value in optional(rows, "ancestor_names")]
        return cls(
            names=names,
            parents=parents,
            levels=text(optional(rows, "level")).tolist(),
            latitude=numbers(rows, "latitude").to_numpy(),
            longitude=numbers(rows, "longitude").to_numpy(),
            plain=[normalise(name) for name in names],
            spellings=[_spellings((name, *more)) for name, more in zip(names, aliases, strict=True)],
            above=[
                tuple(filter(None, map(normalise, (parent, *more))))
                for parent, more in zip(parents, above, strict=True)
            ],
        )

    def __len__(self) -> int:
        return len(self.names)


def _strings(value: Any) -> tuple[str, ...]:
    if value is None or isinstance(value, float):
        return ()
    if isinstance(value, str):
        return tuple(part for part in value.split("|") if part.strip())
    return tuple(str(part) for part in value if part is not None and str(part).strip())


def candidates(
    listed: NameList, known: NameList, limits: Mapping[str, float], among: frozenset[int] | None = None
) -> list[list[Candidate]]:
    """Return, for each listed name, the known places worth weighing, the likeliest first.

    `among` are the positions of the only places to weigh; what speaks for a parent is asked of all.
    """
    parents = _Parents(listed, known, limits["parent_alike"])
    pairs: list[set[int]] = [set() for _ in range(len(listed))]
    for of_level, fits in _by_level(listed, known, among):
        _add_alike(pairs, listed, known, of_level, fits, parents)
        _add_sharing_a_word(pairs, listed, known, of_level, fits)
    rows = np.repeat(np.arange(len(pairs)), np.array([len(worth) for worth in pairs], dtype=int))
    places = np.array([place for worth in pairs for place in sorted(worth)], dtype=int)
    agreement = parents.of_pairs(rows, places)
    km, weight = _distances(rows, places, listed, known, limits)
    found: list[list[Candidate]] = [[] for _ in range(len(listed))]
    for row, place, agrees, far, speaks in zip(
        rows.tolist(), places.tolist(), agreement.tolist(), km.tolist(), weight.tolist(), strict=True
    ):
        spellings = _best_spelling(listed.spellings[row], known.spellings[place])
        letters = _letters(listed.plain[row], known.plain[place])
        found[row].append(_weigh(place, spellings, letters, agrees, far, speaks))
    return [ranked(weighed) for weighed in found]


def ranked(weighed: Iterable[Candidate]) -> list[Candidate]:
    """Return candidates with the likeliest first.

    One of another kind stands behind those of the kind said whose name is as like, unless parent or
    distance speaks against these.
    """
    by_score = sorted(weighed, key=lambda c: (-c.score, "kind" in c.against, -c.letters, c.place))
    order = [c for c in by_score if "kind" not in c.against]
    for other in (c for c in by_score if "kind" in c.against):
        as_like = (
            at for at, c in enumerate(order, start=1)
            if c.score >= other.score
            or (c.name_score >= other.name_score and not {"kind", "parent", "distance"} & {*c.against})
        )  # fmt: skip
        order.insert(max(as_like, default=0), other)
    return order


def _letters(one: str, other: str) -> float:
    return round(fuzz.ratio(one, other) / 100, 4)


def _by_level(
    listed: NameList, known: NameList, among: frozenset[int] | None
) -> Iterable[tuple[list[int], npt.NDArray[np.intp]]]:
    groups: dict[str, list[int]] = defaultdict(list)
    levels = set(known.levels)
    for row, level in enumerate(listed.levels):
        said = level or KIND_LEVELS.get(listed.spellings[row][0].name.kind, "")
        groups[said if level or said in levels else ""].append(row)
    for level, rows in groups.items():
        fits = [
            place
            for place, other in enumerate(known.levels)
            if (among is None or place in among) and (not level or not other or other == level)
        ]
        if fits:
            yield rows, np.array(fits)


def _add_alike(
    pairs: list[set[int]], listed: NameList, known: NameList, rows: list[int],
    places: npt.NDArray[np.intp], parents: _Parents,
) -> None:  # fmt: skip
    asked = [
        (row, sound) for row in rows for spelling in listed.spellings[row] for sound in _sounds(spelling)
    ]
    # Apart, so that no place takes the room of another among the few weighed.
    for way in (0, 1):
        spelled = [
            (place, sound)
            for place in places
            for spelling in known.spellings[place]
            for sound in _sounds(spelling)[way : way + 1]
        ]
        if spelled:
            _add_sounding_alike(pairs, listed, known, asked, spelled, parents)


def _sounds(spelling: Spelling) -> list[str]:
    """Return the sound of a name, and that without words that may be marks, which hide a short name."""
    name = spelling.name
    return list(dict.fromkeys((name.sound, without_doubtful(name).sound)))


def _add_sounding_alike(
    pairs: list[set[int]], listed: NameList, known: NameList, asked: list[tuple[int, str]],
    spelled: list[tuple[int, str]], parents: _Parents,
) -> None:  # fmt: skip
    owner = np.array([place for place, _ in spelled])
    sounds = [sound for _, sound in spelled]
    for start in range(0, len(asked), _ROWS_AT_ONCE):
        part = asked[start : start + _ROWS_AT_ONCE]
        alike = process.cdist(
            [sound for _, sound in part], sounds, scorer=fuzz.ratio, dtype=np.float32, score_cutoff=65
        )
        numbers_of = np.array([row for row, _ in part])
        # Homonyms are told apart by parent and distance, so these must not fall out of the few weighed.
        rank = alike + 8 * parents.agreement(numbers_of, owner) + _nearness(listed, known, numbers_of, owner)
        rank[alike == 0] = -np.inf
        width = min(_WEIGHED, rank.shape[1])
        best = np.argpartition(-rank, width - 1, axis=1)[:, :width]
        for line, row in enumerate(numbers_of):
            pairs[row].update(int(owner[at]) for at in best[line] if rank[line, at] > -np.inf)


def _nearness(
    listed: NameList, known: NameList, rows: npt.NDArray[np.intp], places: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64] | float:
    if np.isnan(listed.latitude[rows]).all() or np.isnan(known.latitude[places]).all():
        return 0.0
    km = distance_km(
        listed.latitude[rows][:, None], listed.longitude[rows][:, None],
        known.latitude[places][None, :], known.longitude[places][None, :],
    )  # fmt: skip
    return np.nan_to_num(6 / (1 + km / 10), nan=0.0)


def _add_sharing_a_word(
    pairs: list[set[int]], listed: NameList, known: NameList, rows: list[int], places: npt.NDArray[np.intp]
) -> None:
    sharing: dict[str, set[int]] = defaultdict(set)
    for place in places:
        for spelling in known.spellings[place]:
            for word in spelling.name.core.split():
                sharing[word].add(int(place))
    for row in rows:
        for spelling in listed.spellings[row]:
            for word in spelling.name.core.split():
                if len(word) >= 4 and len(sharing.get(word, ())) <= _SHARED_WORD_PLACES:
                    pairs[row].update(sharing.get(word, ()))


class _Parents:
    """Whether the place above, as the list says it, agrees with the one we know."""

    def __init__(self, listed: NameList, known: NameList, alike: float) -> None:
        asked = sorted({normalise(name) for name in listed.parents} - {""})
        said = sorted({name for names in known.above for name in names})
        agree: npt.NDArray[np.bool_] = np.zeros((len(asked) + 1, len(said) + 1), dtype=bool)
        for one, name in enumerate(asked, start=1):
            for other, their in enumerate(said, start=1):
                agree[one, other] = _same_parent(parse_name(name), parse_name(their), alike)
        number = {name: at for at, name in enumerate(asked, start=1)}
        their_number = {name: at for at, name in enumerate(said, start=1)}
        self._asked = np.array([number.get(normalise(name), 0) for name in listed.parents], dtype=int)
        width = max(map(len, known.above), default=0) or 1
        self._said = np.zeros((len(known), width), dtype=int)
        for place, names in enumerate(known.above):
            self._said[place, : len(names)] = [their_number[name] for name in names]
        self._agree = agree
        # A parent that no known place has (another kind of division) is no evidence against.
        self._comparable: npt.NDArray[np.bool_] = np.asarray(agree.any(axis=1))

    def agreement(self, rows: npt.NDArray[np.intp], places: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
        """Return 1 where parents agree, -1 where they differ, 0 where they cannot be compared."""
        asked, said = self._asked[rows], self._said[places]
        agree = self._agree[asked[:, None, None], said[None, :, :]].any(axis=2)
        placed: npt.NDArray[np.bool_] = np.asarray((said > 0).any(axis=1))
        differ = self._comparable[asked][:, None] & placed[None, :] & ~agree
        return agree.astype(np.int8) - differ.astype(np.int8)

    def of_pairs(self, rows: npt.NDArray[np.intp], places: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
        """Return the same for single pairs."""
        asked, said = self._asked[rows], self._said[places]
        agree = self._agree[asked[:, None], said].any(axis=1)
        differ = self._comparable[asked] & (said > 0).any(axis=1) & ~agree
        return np.asarray(agree.astype(np.int8) - differ.astype(np.int8))


def _same_parent(one: PlaceName, other: PlaceName, alike: float) -> bool:
    return one.marks == other.marks and likeness(one, other) >= alike


NEAR_WEIGHT, UNSAID_WEIGHT, FAR_WEIGHT = 0.04, 0.02, -0.08
KIND_WEIGHT = MARKS_WEIGHT = -0.08
_SPELLING_WEIGHTS = {0: 0.0, SLIP: -0.03, SHORTENED: -0.06}  # of a mark written with a slip, or cut short
_PARENT_WORDS = {1: "agrees", 0: "unsaid", -1: "differs"}
_PARENT_WEIGHTS = {1: 0.06, 0: 0.03, -1: -0.06}


def _weigh(
    place: int, spellings: tuple[float, PlaceName, PlaceName, int], letters: float, agreement: int,
    km: float, weight: float,
) -> Candidate:  # fmt: skip
    name_score, one, other, spelled = spellings
    marks_differ = one.marks != other.marks
    kinds_differ = bool(one.kind and other.kind and one.kind != other.kind)
    against = [
        *(["marks"] if marks_differ else []),
        *(["mark_spelling"] if spelled else []),
        *(["kind"] if kinds_differ else []),
        *(["parent"] if agreement < 0 else []),
        *(["distance"] if weight <= FAR_WEIGHT + 1e-9 else []),
    ]
    score = 0.9 * name_score + _PARENT_WEIGHTS[agreement] + weight + _SPELLING_WEIGHTS[spelled]
    score += MARKS_WEIGHT * marks_differ + KIND_WEIGHT * kinds_differ
    return Candidate(
        place=place,
        name_score=round(name_score, 4),
        score=round(min(max(score, 0.0), 1.0), 4),
        letters=letters,
        parent=_PARENT_WORDS[agreement],
        distance_km=None if math.isnan(km) else round(km, 1),
        marks=(tuple(sorted(one.marks)), tuple(sorted(other.marks))),
        kinds=(one.kind, other.kind),
        against=tuple(against),
    )


def _best_spelling(
    ones: tuple[Spelling, ...], others: tuple[Spelling, ...]
) -> tuple[float, PlaceName, PlaceName, int]:
    best = (-1.0, ones[0].name, others[0].name, 0)
    for first in ones:
        for second in others:
            one, other, spelled = as_meant(first.name, second.name)
            score = max(likeness(one, other) - first.less - second.less, 0.0)
            same_marks = one.marks == other.marks and not spelled
            if score > best[0] or (
                score == best[0] and same_marks and (best[3] or best[1].marks != best[2].marks)
            ):
                best = (score, one, other, spelled)
    return best


def _distances(
    rows: npt.NDArray[np.intp], places: npt.NDArray[np.intp], listed: NameList, known: NameList,
    limits: Mapping[str, float],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:  # fmt: skip
    """Return for each pair the distance in km (NaN where a point is unsaid) and what it speaks for."""
    km = distance_km(
        listed.latitude[rows], listed.longitude[rows], known.latitude[places], known.longitude[places]
    )
    levels = [known.levels[place] or listed.levels[row] for row, place in zip(rows, places, strict=True)]
    at_point = np.array([level in POINT_LEVELS for level in levels], dtype=bool)
    near = np.where(at_point, limits["near_km"], limits["near_km_area"])
    far = np.where(at_point, limits["far_km"], limits["far_km_area"])
    share = np.clip((km - near) / (far - near), 0.0, 1.0)
    return km, np.where(np.isnan(km), UNSAID_WEIGHT, NEAR_WEIGHT + (FAR_WEIGHT - NEAR_WEIGHT) * share)
