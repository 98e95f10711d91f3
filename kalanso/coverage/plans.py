"""How long are the stages of sampling, and what is asked of the draws before they may be published?

A small country whose evidence fits the model badly (strikes, faults of reports) has a posterior far from
Gaussian: where the usual plan does not get there, the careful one begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kalanso.coverage.sampling import Pace


@dataclass(frozen=True)
class Plan:
    """Lengths of the stages (of each chain), at how many `states` of each chain's way stiffness is measured, and what is asked of the draws before they may be published; after `hopeless` iterations
    (0: never) chains stop that will not have half of the draws by the end."""

    chains: int = 2
    pilot: int = 30
    learning: tuple[int, ...] = (40, 60, 60)
    states: int = 2
    settling: int = 50
    block: int = 100
    most: int = 4000
    hopeless: int = 0
    least_step: float = 0.0
    effective: float = 1000.0
    r_hat_totals: float = 1.02
    r_hat_globals: float = 1.10
    divergent: float = 0.02
    pace: Pace = field(default_factory=Pace)


# Areas times quarters up to which iterations are so cheap that more may be spent on beginning well.
SMALL = 2500


def published_plan(cells: int) -> Plan:
    """Return the plan of a published posterior of so many areas times quarters."""
    plan = Plan()
    if cells > SMALL:
        return plan
    return replace(plan, settling=2 * plan.settling, hopeless=1000)


# Short steps on long ways, about a middle that a long pilot has found: on the small example country the next walk's step was .07 to .33
# after a pilot of 30 iterations, as chance had it, and .2 to .35 after 200 (decision 52).
CAREFUL = Plan(
    pilot=200, learning=(40, 150), settling=400, block=500, most=12_000, pace=Pace(length=6.0, target=0.9)
)
