"""How does a number found without a household survey keep its interval, its label and its doubts?

One form for all ways; `evidence` hands it to the estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from kalanso.surveys.access.methods import Method
from kalanso.surveys.design.precision import wilson
from kalanso.surveys.evidence_rows import evidence_row, evidence_table
from kalanso.vocabulary import Message


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A coverage (share) with its standard error and 95 % interval from sampling alone.

    `children` were asked about. `bias` and `bias_sd` (logit) say what more the number may be off; `params` fill the
    label beyond what every label has.
    """

    method: Method
    coverage: float
    standard_error: float
    low: float
    high: float
    children: int
    bias: float = 0.0
    bias_sd: float | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> Message:
        """The sentence that is shown with the number wherever it goes."""
        told = {"n": self.children, "coverage": self.coverage, "low": self.low, "high": self.high}
        return Message(self.method.label, {**told, **self.params})

    @property
    def assumptions(self) -> tuple[Message, ...]:
        """What must hold, as sentences."""
        return tuple(Message(one) for one in self.method.assumptions)


def evidence(
    finding: Finding, *, round: str, place_code: str, start: str, end: str, indicator: str
) -> pd.DataFrame:
    """Return the row of `survey_evidence` of a finding; `start` and `end` are quarters (see `due_quarters`)."""
    spread = finding.method.bias_sd if finding.bias_sd is None else finding.bias_sd
    row = evidence_row(
        finding.label, finding.method.assumptions, round=round, kind=finding.method.kind, form="estimate",
        place_code=place_code, start=start, end=end, indicator=indicator, children=float(finding.children),
        coverage=finding.coverage, standard_error=finding.standard_error, bias=finding.bias, bias_sd=spread,
        bias_direction=finding.method.direction,
    )  # fmt: skip
    return evidence_table([row])


def beside(interviews: int, groups: int) -> Message:
    """Return the sentence that names what people said beside a number that no household survey gave."""
    if interviews < 0 or groups < 0:
        raise ValueError(f"expected numbers of 0 or more, got {interviews} and {groups}")
    return Message("surveys.access.beside", {"interviews": interviews, "groups": groups})


def share_interval(
    share: float, error: float, *, children: float, units: int | None = None
) -> tuple[float, float]:
    """Return the 95 % interval of a weighted share: Wilson's with the effective number of children.

    That number is p (1 - p) / error^2, at most `children`, and smaller where only few independent `units` (site
    days, trees) were drawn: (z / t)^2 (Dean and Pagano 2015).
    """
    effective = share * (1 - share) / error**2 if error > 0 and 0 < share < 1 else float(children)
    effective = min(effective, float(children))
    if units is not None:
        effective *= float((student.ppf(0.975, 1e9) / student.ppf(0.975, max(units - 1, 1))) ** 2)
    low, high = wilson(np.array([share]), np.array([effective]))
    return float(low[0]), float(high[0])
