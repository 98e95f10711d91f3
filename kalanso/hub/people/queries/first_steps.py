"""What can a person begin from their own page, even when nothing waits for them? Each app adds what it knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kalanso.hub.people.models import Person

SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """Something that somebody's role is for: a sentence that begins with a verb, and where it is done.

    `order`: the lower, the nearer to the top. `in_the_field`: it is a form that works without network, so that a
    telephone keeps its page beforehand.
    """

    says: str
    address: str
    order: int
    in_the_field: bool = False


Knows = Callable[[Person], Iterable[FirstStep]]
_STEPS: list[Knows] = []


def offer(function: Knows) -> None:
    """Add a function that knows what somebody can begin."""
    if function not in _STEPS:
        _STEPS.append(function)


def steps_of(person: Person) -> list[FirstStep]:
    """Return what a person can begin, what their role is most for first; the first few only."""
    found = (step for ask in _STEPS for step in ask(person))
    return sorted(found, key=lambda step: step.order)[:SHOWN]
