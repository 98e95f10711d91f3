"""What is an indicator made of: for each child, how much was found out of how much asked?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kalanso.surveys.estimation.design import Mask, Numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """Found and asked of each child (n each): 0 or 1, or numbers of visits or intervals.

    `name` is the indicator, `vcqi` its name in VCQI (empty if it has none), `detail` the dose, pair or question.
    `weighted` says whether design weights and an interval make sense: not where the denominator is the part of
    the sample that happens to have dates.
    """

    name: str
    vcqi: str
    detail: str
    found: Numbers
    asked: Numbers
    weighted: bool = True


def of_children(
    name: str, vcqi: str, detail: str, found: Mask, asked: Mask, *, weighted: bool = True
) -> Measure:
    """Return a share of children: those found among those asked."""
    return Measure(
        name=name, vcqi=vcqi, detail=detail, found=(found & asked).astype(float), asked=asked.astype(float),
        weighted=weighted,
    )  # fmt: skip


def of_events(name: str, vcqi: str, detail: str, found: Numbers, asked: Numbers) -> Measure:
    """Return a share of visits or intervals; it bears no weights."""
    return Measure(
        name=name,
        vcqi=vcqi,
        detail=detail,
        found=np.asarray(found, dtype=float),
        asked=np.asarray(asked, dtype=float),
        weighted=False,
    )
