"""Which quarter does a row belong to, and what becomes of months?"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from kalanso.coverage.reading.cells import ROW, mapped, quarters, refuse_rows
from kalanso.coverage.reading.receipts import Receipt

MONTHS = "_months"  # months that one row covers: 1 or 3
MONTHS_IN_QUARTER = 3


def with_quarter(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return rows with `period` as a quarter and how many months each covers.

    Raises EvidenceRefused for a year, a week or no period at all: counts cannot be cut finer.
    """
    found = mapped(frame["period"], quarters)
    wrong = found.map(lambda covered: covered is None or covered[2] > MONTHS_IN_QUARTER)
    refuse_rows(name, frame, wrong, "coverage.folder.not_a_quarter", "period", "2024Q1, 202401")
    return frame.assign(
        period=found.map(lambda covered: covered[0]),
        month=frame["period"],
        **{MONTHS: found.map(lambda c: c[2])},
    )


def quarters_only(
    frame: pd.DataFrame,
    name: str,
    key: list[str],
    receipt: Receipt,
    join: Callable[[pd.DataFrame], pd.DataFrame],
) -> pd.DataFrame:
    """Return one row per quarter: months joined by `join`; months beside their quarter set aside.

    `join` receives months of quarters without a row of their own and returns rows with the columns
    of `frame`.
    """
    monthly = frame[MONTHS] < MONTHS_IN_QUARTER
    if not monthly.any():
        return frame
    whole, months = frame[~monthly], frame[monthly]
    beside = pd.MultiIndex.from_frame(months[key]).isin(pd.MultiIndex.from_frame(whole[key]))
    receipt.set_aside(name, "month_beside_quarter", months.loc[beside, ROW])
    months = months[~beside]
    if months.empty:
        return whole
    joined = join(months)
    receipt.handled(name, "months_joined", months[ROW], quarters=len(joined))
    return pd.concat([whole, joined], ignore_index=True)
