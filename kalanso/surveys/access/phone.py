"""What do answers by telephone, or of relais, say of children whose families have none?

Weighted by 1 / numbers held and raked to known margins, which should include owning a telephone where the sample also
has people without. Whoever cannot be called is not in the sample, whatever its weights: bounds say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.access.counts import Z
from kalanso.surveys.access.findings import Finding, share_interval
from kalanso.surveys.access.methods import METHODS
from kalanso.surveys.design.raking import rake
from kalanso.surveys.handed_in import among, numbers, unique, with_columns
from kalanso.vocabulary import Message

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PhoneFinding:
    """`reachable`: coverage of those who could be called; `whole_low` and `whole_high`: bounds for everybody.

    `respondents` keeps numbers_weight, raking and weight of each. `reachable` carries the bias that the bounds mean.
    """

    reachable: Finding
    whole_low: float
    whole_high: float
    respondents: pd.DataFrame

    @property
    def bounds(self) -> Message:
        """The sentence on everybody."""
        told = {"low": self.whole_low, "high": self.whole_high, "share": self.reachable.params["phoneless"]}
        return Message("surveys.access.phone_bounds", told)


def phone_coverage(
    respondents: pd.DataFrame, *, margins: Mapping[str, Mapping[str, float]], phoneless_share: float,
    odds_ratio: tuple[float, float] | None = None,
) -> PhoneFinding:  # fmt: skip
    """Return the coverage among children whose caregiver could be called, and bounds for all children.

    `respondents`: respondent, vaccinated (0 or 1), numbers_held (telephone numbers on which they could have been
    called), and the columns of `margins` (see `rake`). `phoneless_share` of children have no telephone at home.
    `odds_ratio` is the odds of being vaccinated of these children over that of the others, from a survey that asked
    both; without it they may all be vaccinated, or none.

    The variance is that of raked means: weighted residuals from the margins (Deville and Sarndal 1992). Bias and its
    spread for the estimate come from the bounds: the middle of what the whole population may have, on the logit
    scale, and a standard deviation of which the bounds are two on either side.
    """
    if not 0 <= phoneless_share < 1:
        raise ValueError(f"phoneless_share: expected a share from 0 and below 1, got {phoneless_share:g}")
    if odds_ratio is not None and not 0 < odds_ratio[0] <= odds_ratio[1]:
        raise ValueError(f"odds_ratio: expected two ratios above 0 in order, got {odds_ratio}")
    table = with_columns(respondents, "respondents", ["respondent", "vaccinated", "numbers_held", *margins])
    unique(table, "respondents", ["respondent"])
    among(table, "respondents", "vaccinated", [0, 1])
    table["numbers_weight"] = 1 / numbers(table, "respondents", "numbers_held", low=1)
    table["weight"], table["raking"] = table["numbers_weight"], 1.0
    if margins:
        table = rake(table, margins)
    share, error = _raked_mean(table, margins)
    low, high = share_interval(share, error, children=len(table))
    whole = [
        (1 - phoneless_share) * end + phoneless_share * _phoneless(end, odds_ratio, side)
        for end, side in ((low, 0), (high, 1))
    ]
    bias, spread = _bias(share, phoneless_share, odds_ratio, len(table))
    finding = Finding(
        method=METHODS["phone"], coverage=share, standard_error=error, low=low, high=high, children=len(table),
        bias=bias, bias_sd=math.hypot(spread, RECALL_SD), params={"phoneless": phoneless_share},
    )  # fmt: skip
    return PhoneFinding(reachable=finding, whole_low=whole[0], whole_high=whole[1], respondents=table)


RECALL_SD = 0.25  # nobody sees a card on the telephone; a judgement, on the logit scale


def _raked_mean(table: pd.DataFrame, margins: Mapping[str, Mapping[str, float]]) -> tuple[float, float]:
    weight = table["weight"].to_numpy(float)
    y = table["vaccinated"].to_numpy(float)
    share = float(weight @ y / weight.sum())
    columns: list[Numbers] = [np.ones(len(table))]
    for name, wanted in margins.items():
        columns += [(table[name] == one).to_numpy().astype(float) for one in list(wanted)[1:]]
    x = np.column_stack(columns)
    root = np.sqrt(weight)
    slope = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
    rest = weight * (y - x @ slope)
    n = len(table)
    return share, float(math.sqrt(n / max(n - 1, 1) * (rest @ rest)) / weight.sum())


def _phoneless(share: float, odds_ratio: tuple[float, float] | None, side: int) -> float:
    if odds_ratio is None:
        return float(side)
    odds = odds_ratio[side] * share
    return odds / (1 - share + odds)


def _bias(
    share: float, phoneless: float, odds_ratio: tuple[float, float] | None, n: int
) -> tuple[float, float]:
    edge = 0.5 / n  # logits of 0 and 1 do not exist
    held = min(max(share, edge), 1 - edge)
    ends = []
    for side in (0, 1):
        whole = (1 - phoneless) * held + phoneless * _phoneless(held, odds_ratio, side)
        whole = min(max(whole, edge), 1 - edge)
        ends.append(math.log(whole / (1 - whole)))
    return math.log(held / (1 - held)) - sum(ends) / 2, (ends[1] - ends[0]) / (2 * Z)
