"""Which places may a name be, where the list says of which place it speaks?

A sheet of one district means its own Faniso, however many others carry that name. Places inside the
declared one are weighed first; one elsewhere counts only where its name stands there to the letter.
Which candidate is accepted is decided in `matching`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kalanso.places.likeness import Candidate, ranked
from kalanso.places.names import SAME_SOUND

ELSEWHERE = "elsewhere"  # against a place inside: one elsewhere carries the listed name


def inside_first(
    everywhere: Sequence[Sequence[Candidate]], inside: Sequence[Sequence[Candidate]],
    places: frozenset[int], limits: Mapping[str, float],
) -> list[list[Candidate]]:  # fmt: skip
    """Return the candidates of each listed name: of `everywhere`, and of those `inside` the declared place.

    `places` are the positions of the places inside. Rules, in this order:

    - a place elsewhere with this name to the letter, under the parent that the list says, is meant, unless
      one inside is so too;
    - else a place inside with this name to the letter leaves none elsewhere to weigh;
    - else a place inside that is only alike is asked about where one elsewhere carries the name itself, or one
      that sounds the same;
    - where none inside is worth asking about, one elsewhere with this name to the letter is known to be meant.
    """
    return [
        _of_name(list(mine), [c for c in found if c.place not in places and _carries(c)], limits)
        for found, mine in zip(everywhere, inside, strict=True)
    ]


def _carries(candidate: Candidate) -> bool:
    """Whether a place carries a name, however it is spelled or what stands in brackets beside it."""
    return candidate.name_score >= SAME_SOUND and not candidate.against


def _of_name(
    mine: list[Candidate], elsewhere: list[Candidate], limits: Mapping[str, float]
) -> list[Candidate]:
    said = [c for c in elsewhere if c.exact and c.parent == "agrees"]
    if said and not any(c.exact and c.parent == "agrees" for c in mine):
        return ranked([*mine, *said])
    if not elsewhere or any(c.exact for c in mine):
        return mine
    if any(c.score >= limits["ask"] for c in mine):
        return [replace(c, against=(*c.against, ELSEWHERE)) for c in mine]
    return ranked([*mine, *(c for c in elsewhere if c.exact)])


__all__ = ["ELSEWHERE", "inside_first"]
