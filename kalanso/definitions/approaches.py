"""Which approach might answer which context of a place or which kind of obstacle, and who says so?

Proposals to discuss, in `approaches.yaml`, each with its reason and its source; none of them is evidence of an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from kalanso.definitions.entries import Entry, read_yaml, rows_of
from kalanso.definitions.faults import PackFault

FILE = "approaches.yaml"
CONTEXT, BARRIER = "context", "barrier"
PROGRAMME, PROPOSAL = "programme", "working proposal"


@dataclass(frozen=True, kw_only=True)
class ApproachRule:
    """That an approach might answer a context or a kind of obstacle (`on`, `value`), and why, in French and English."""

    approach: str
    on: str
    value: str
    source: str
    why: Mapping[str, str]

    @property
    def proposed(self) -> bool:
        """Whether it is our working proposal, which nobody of the programme has confirmed."""
        return self.source == PROPOSAL


@lru_cache
def approach_rules() -> tuple[ApproachRule, ...]:
    """Return the rules in the order of the file, or raise PackFault where it cannot be used."""
    path = Path(str(resources.files("kalanso.definitions") / FILE))
    whole = Entry(read_yaml(path), file=FILE, key="approaches")
    found: dict[tuple[str, str, str], ApproachRule] = {}
    for entry in rows_of(whole.raw("rules", "a list"), file=FILE):
        rule = ApproachRule(
            approach=entry.text("approach"), on=entry.text("answers", one_of=(CONTEXT, BARRIER)), value=entry.text("value"),
            source=entry.text("source", one_of=(PROGRAMME, PROPOSAL)), why=entry.both("why"),
        )  # fmt: skip
        entry.done()
        key = (rule.approach, rule.on, rule.value)
        if key in found:
            raise PackFault(file=FILE, key=" ".join(key), expected="each rule once", found=key)
        found[key] = rule
    whole.done()
    return tuple(found.values())
