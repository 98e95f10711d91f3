"""How long are the stages of sampling, and what is asked of the draws before they may be published?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kalanso.coverage.sampling import Pace


@dataclass(frozen=True)
class Plan:
    """Lengths of the stages (of each chain), and what is asked of the draws before they may be published."""

    chains: int = 2
    pilot: int = 30
    learning: tuple[int, ...] = (40, 60, 60)
    settling: int = 50
    block: int = 100
    most: int = 4000
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
    return replace(plan, settling=2 * plan.settling)
