"""What does the posterior look like, within seconds?

The same sampler as for the published posterior, stopped early: unbiased, but with few independent
draws, so that intervals waver. It is labelled a preview and has two gates of its own: chains that disagree
badly, or that stand still, are said, and nothing may be decided on them. Gaussian approximations
were tried first and are only its start: their national interval was too narrow by a third and too
low (see the decisions).
"""

from __future__ import annotations

from dataclasses import replace

from kalanso.coverage.plans import SMALL, Plan
from kalanso.coverage.sampling import Pace

# R-hat of national totals from which the chains of a preview disagree badly: at 1.41 they lie as far apart as
# each of them wanders (1.8 where they never meet). Sound previews of so few draws stand at 1.1 to 1.3.
DISAGREE = 1.4
PREVIEW = Plan(
    pilot=20, learning=(24,), states=1, settling=16, block=80, most=80, effective=float("inf"), r_hat_totals=DISAGREE,
    pace=Pace(length=2.5),
)  # fmt: skip
# From an earlier run the hyperparameters are known, so that less has to be learned.
WARM_PREVIEW = Plan(
    pilot=0, learning=(15,), states=1, settling=10, block=75, most=75, effective=float("inf"), r_hat_totals=DISAGREE,
    pace=Pace(length=2.0),
)  # fmt: skip
# In coordinates of an earlier run nothing is learned; where steps come to less in them than this, they do not serve.
RECALLED_PREVIEW = replace(WARM_PREVIEW, learning=(), settling=12, least_step=0.15)


def preview_plan(cells: int, *, warm: bool) -> Plan:
    """Return the plan of a preview of so many areas times quarters: where iterations are cheap, three times as many."""
    return _longer(WARM_PREVIEW if warm else PREVIEW, cells)


def recalled_plan(cells: int) -> Plan:
    """Return the plan of a preview in coordinates of an earlier run."""
    return _longer(RECALLED_PREVIEW, cells)


def _longer(plan: Plan, cells: int) -> Plan:
    if cells > SMALL:
        return plan
    return replace(
        plan,
        pilot=3 * plan.pilot,
        learning=tuple(3 * one for one in plan.learning),
        block=3 * plan.block,
        most=3 * plan.most,
    )
