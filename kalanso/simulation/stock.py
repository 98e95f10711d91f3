"""How much Penta did each facility hold, receive, use and waste?

Monthly stock records that balance: opening + received - used - wasted = closing. Shortages come from
`disruptions`; the planted ones that do not balance are remembered with the other faults.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kalanso.simulation.faults import Planted

Numbers = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

VIAL = 10  # doses in a vial
BUFFER = 1.5  # months of use that a facility tries to hold
UNBALANCED_SHARE = 0.006
STOCK_SERIES = (
    "stock_opening_doses", "doses_received", "doses_used", "doses_wasted", "stock_closing_doses", "stockout_days",
)  # fmt: skip


def stock_records(
    given: Counts, in_stock: Numbers, wastage: Numbers, rng: np.random.Generator
) -> dict[str, Counts]:
    """Return monthly stock by facility.

    `given` doses administered and `in_stock` share of the month with vaccine, by facility and month;
    `wastage` share of opened doses that are thrown away, by facility.
    """
    thrown = given * (wastage / (1 - wastage))[:, None] * rng.uniform(0.6, 1.4, given.shape)
    wasted = np.round(thrown).astype(np.int64)
    gone = given + wasted
    following = np.concatenate([gone[:, 1:], gone[:, -1:]], axis=1)
    short_next = np.concatenate([in_stock[:, 1:], in_stock[:, -1:]], axis=1) < 0.9
    # Before a shortage the shelf is already nearly empty; otherwise supply fills it up.
    aim = np.where(short_next, following, BUFFER * following)
    aim = np.where(in_stock < 0.9, 0.3 * following, aim)
    opening = np.zeros_like(gone)
    received, closing = np.zeros_like(gone), np.zeros_like(gone)
    held: Counts = VIAL * np.ceil(BUFFER * gone[:, 0] / VIAL).astype(np.int64)
    for t in range(gone.shape[1]):
        opening[:, t] = held
        lacking = np.maximum(aim[:, t] + gone[:, t] - held, 0)
        received[:, t] = VIAL * np.ceil(lacking / VIAL).astype(np.int64)
        held = held + received[:, t] - gone[:, t]
        closing[:, t] = held
    days = np.round(30 * (1 - in_stock)).astype(np.int64)
    columns = (opening, received, given, wasted, closing, days)
    return dict(zip(STOCK_SERIES, columns, strict=True))


def unbalance(
    records: dict[str, Counts], planted: Planted, exempt: npt.NDArray[np.bool_], rng: np.random.Generator
) -> None:
    """Write down a wrong closing balance here and there, in place."""
    closing = records["stock_closing_doses"]
    f, t = np.nonzero((rng.random(closing.shape) < UNBALANCED_SHARE) & ~exempt)
    true = closing[f, t]
    error = VIAL * rng.integers(1, 12, len(f)) * rng.choice([-1, 1], len(f))
    closing[f, t] = np.where(true + error >= 0, true + error, true - error)
    planted.add("stock_unbalanced", f, t, "stock_closing_doses", true, closing[f, t])
