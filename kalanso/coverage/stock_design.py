"""Which vials opened in which places may bound the doses given there?

Only stock that can be used: quarters of the series, enough of them, each vial counted once. What is
left aside, and why, is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.evidence import Evidence
from kalanso.coverage.priors import Priors
from kalanso.coverage.question import Question
from kalanso.coverage.records import Flags, Floats, Ints

# A place with fewer quarters says nothing about its own scatter and little about its level.
FEWEST_QUARTERS = 3


@dataclass(frozen=True, eq=False)
class StockDesign:
    """Places (D) with usable stock: their areas in a row (M) of which place d has start[d]..start[d+1];
    log doses in opened vials less their mean (D,T), which quarters are there, that mean (D), the log
    of doses used per dose given that is expected (D), and late doses reported by area (M,T)."""

    places: list[str]
    rows: Ints
    start: Ints
    log_used: Floats
    seen: Flags
    level: Floats
    expected_wastage: Floats
    late: Floats
    refused: tuple[str, ...]

    @property
    def place_of(self) -> Ints:
        """The place of each area in the row."""
        sizes = np.diff(np.append(self.start, len(self.rows)))
        return np.repeat(np.arange(len(self.places)), sizes)


def stock_design(evidence: Evidence, question: Question, priors: Priors) -> StockDesign:
    """Return usable stock. `refused` names why other rows are not used (`coverage.unheard.<name>`)."""
    frame, refused = usable_stock(evidence, question)
    places = list(dict.fromkeys(frame["place_code"]))
    quarters = len(evidence.periods)
    log_used, seen = np.zeros((len(places), quarters)), np.zeros((len(places), quarters), bool)
    at = frame["place_code"].map({code: d for d, code in enumerate(places)}).to_numpy(int)
    quarter = frame["period"].map(evidence.period_index).to_numpy(int)
    log_used[at, quarter] = np.log(frame["doses_used"].to_numpy(float))
    seen[at, quarter] = True
    counted = np.maximum(seen.sum(axis=1), 1)
    level = log_used.sum(axis=1) / counted
    usual = priors.fixed("stock", "wastage")
    wasted = frame.assign(wastage=frame["wastage"].fillna(usual).clip(0.0, 0.9))
    share = wasted.groupby("place_code")["wastage"].mean().reindex(places).to_numpy(float)
    members = [evidence.members(code) for code in places]
    rows = np.concatenate(members) if members else np.empty(0, np.int64)
    starts = np.cumsum([0, *(len(one) for one in members)])[:-1]
    return StockDesign(
        places, rows.astype(np.int64), starts.astype(np.int64), np.where(seen, log_used - level[:, None], 0.0),
        seen, level, -np.log1p(-share), _late(evidence)[rows], refused,
    )  # fmt: skip


def usable_stock(evidence: Evidence, question: Question) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows that count, and why others do not."""
    frame = evidence.stock if question.stock else evidence.stock.iloc[:0]
    if frame.empty:
        return frame, ()
    if not question.step.stock:
        return frame.iloc[:0], ("stock_other_doses",)
    if not question.dtp3:
        return frame.iloc[:0], ("stock_without_dtp3",)
    refused = []
    frame = frame[frame["period"].isin(evidence.period_index) & (frame["doses_used"] > 0)]
    quarters = frame.groupby("place_code")["period"].transform("nunique")
    enough = frame[quarters >= min(FEWEST_QUARTERS, len(evidence.periods))]
    if len(enough) < len(evidence.stock):
        refused.append("stock_short")
    # Vials of a place are among those of the place above: each is counted once, where it is told closest.
    spoken = set(enough["place_code"])
    above = {code for place in spoken for code in evidence.ancestors(place)} & spoken
    if above:
        refused.append("stock_twice")
    return enough[~enough["place_code"].isin(above)], tuple(refused)


def _late(evidence: Evidence) -> Floats:
    """Return doses to older children and of campaigns, as reported (N,T): they come from the same vials."""
    found: npt.NDArray[np.float64] = np.zeros((len(evidence.areas), len(evidence.periods)))
    rows = evidence.catchup[
        evidence.catchup["place_code"].isin(evidence.area_index)
        & evidence.catchup["period"].isin(evidence.period_index)
    ]
    at = rows["place_code"].map(evidence.area_index).to_numpy(int)
    quarter = rows["period"].map(evidence.period_index).to_numpy(int)
    np.add.at(found, (at, quarter), np.nan_to_num(rows["doses"].to_numpy(float)))
    return found
