"""Why does coverage exceed 100 %: numerator, denominator or catchment?

A decision tree of stated rules. Every branch names the evidence that it needs; a branch without evidence is
not entered, and what no evidence supports is called not established. A cause is called established only where
the evidence shows it directly: more doses reported than were found again or than were used, or an independent
population on which coverage is possible. Everything else is an indication.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

CAUSES = ("numerator", "denominator", "catchment")
STRENGTHS = ("established", "indicated")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one place and year in which coverage exceeds 1. None: no evidence.

    `recount_ratio`: doses recounted / reported. `used_ratio`: doses given / doses used. `serious_findings`: serious
    findings of data quality on DTP1. `visit_ratio`: the furthest ratio of a same-visit vaccine to DTP1.
    `independent_coverage`: doses over an independent population; `implied_ratio`: target / the population that
    a survey implies. `target_jump`: change of the target from the year before. `years_above`: years in a row above 1.
    `parent_coverage`: that of the place above. `sibling_deficit`: doses that the places beside lack up to their target,
    over the excess of this place.
    """

    coverage: float
    recount_ratio: float | None = None
    used_ratio: float | None = None
    serious_findings: int | None = None
    visit_ratio: float | None = None
    independent_coverage: float | None = None
    implied_ratio: float | None = None
    target_jump: float | None = None
    years_above: int | None = None
    parent_coverage: float | None = None
    sibling_deficit: float | None = None


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One rule: its name, the cause for which it speaks, how strongly, what it reads and when it holds."""

    name: str
    cause: str
    strength: str
    reads: str
    holds: Callable[[float, Facts], bool]


BRANCHES: tuple[Branch, ...] = (
    Branch(name="recounted", cause="numerator", strength="established", reads="recount_ratio", holds=lambda x, f: x < 0.9),
    Branch(name="more_than_used", cause="numerator", strength="established", reads="used_ratio", holds=lambda x, f: x > 1.1),
    Branch(name="doubtful_reports", cause="numerator", strength="indicated", reads="serious_findings", holds=lambda x, f: x >= 2),
    Branch(name="visit_apart", cause="numerator", strength="indicated", reads="visit_ratio", holds=lambda x, f: x < 0.8 or x > 1.25),
    Branch(name="impossible_elsewhere", cause="numerator", strength="indicated", reads="independent_coverage", holds=lambda x, f: x > 1.0),
    Branch(name="possible_elsewhere", cause="denominator", strength="established", reads="independent_coverage", holds=lambda x, f: x <= 1.0),
    Branch(name="survey_implies", cause="denominator", strength="indicated", reads="implied_ratio", holds=lambda x, f: x < 0.9),
    Branch(name="target_fell", cause="denominator", strength="indicated", reads="target_jump", holds=lambda x, f: x < -0.1),
    Branch(name="years_in_a_row", cause="denominator", strength="indicated", reads="years_above", holds=lambda x, f: x >= 3),
    Branch(name="neighbours_lack", cause="catchment", strength="indicated", reads="sibling_deficit",
           holds=lambda x, f: x >= 0.5 and f.parent_coverage is not None and f.parent_coverage <= 1.0),
)  # fmt: skip
# What would settle each cause.
ASKED = {
    "numerator": ("recount_ratio", "used_ratio"),
    "denominator": ("independent_coverage",),
    "catchment": ("sibling_deficit",),
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The leaf that was reached: a cause of CAUSES, `several` or `not_established`, with the branches that hold."""

    cause: str
    established: bool
    branches: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def leaf(self) -> str:
        """The leaf's name: the cause and whether it is established."""
        if self.cause in CAUSES:
            return f"{self.cause}_{'established' if self.established else 'indicated'}"
        return self.cause


def decide(facts: Facts) -> Verdict:
    """Return the leaf for a place and year.

    Causes that are shown directly outweigh indications. Two causes of the same strength are `several`.
    """
    if facts.coverage <= 1:
        raise ValueError(f"coverage: expected more than 1, got {facts.coverage}")
    holding = [b for b in BRANCHES if (x := getattr(facts, b.reads)) is not None and b.holds(float(x), facts)]
    direct = {b.cause for b in holding if b.strength == "established"}
    causes = direct or {b.cause for b in holding}
    cause = next(iter(causes)) if len(causes) == 1 else "several" if causes else "not_established"
    names = tuple(b.name for b in holding if b.cause in causes)
    absent = tuple(name for cause in CAUSES for name in ASKED[cause] if getattr(facts, name) is None)
    return Verdict(cause=cause, established=bool(direct) and cause in CAUSES, branches=names, missing=absent)
