"""Which factors make a sample agree with what is known of its population, margin by margin?

Raking, also called iterative proportional fitting. It repairs who answered, as far as margins tell; it cannot bring
in people who had no chance to answer.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused, among, numbers, with_columns

Numbers = npt.NDArray[np.float64]
MOST_ROUNDS = 10_000


def rake(
    sample: pd.DataFrame,
    margins: Mapping[str, Mapping[str, float]],
    *,
    weight: str = "weight",
    tolerance: float = 1e-10,
) -> pd.DataFrame:
    """Return a sample with a column `raking` and its weight multiplied by it, so that weighted totals are `margins`.

    `margins` gives for each variable (a column of `sample`) the number or share of the population in each of its
    categories; all margins must have one total. If that total is 1, they are shares of the present sum of weights.
    `tolerance` is the largest relative miss that is accepted: loose defaults of other packages stop four digits
    earlier. Raises SurveyRefused where a category has nobody in the sample or no margin, margins have several
    totals, or no weights satisfy them (Deming and Stephan 1940; Deville and Sarndal 1992).
    """
    table = with_columns(sample, "sample", [*margins, weight])
    start = numbers(table, "sample", weight, above=True).to_numpy()
    codes, targets = _targets(table, margins, float(start.sum()))
    factor = np.ones(len(table))
    miss, before = np.inf, np.inf
    for step in range(MOST_ROUNDS):
        miss = 0.0
        for name, code in codes.items():
            found = np.bincount(code, weights=start * factor, minlength=len(targets[name]))
            ratio = targets[name] / found
            miss = max(miss, float(np.abs(ratio - 1).max()))
            factor *= ratio[code]
        if miss <= tolerance:
            break
        # margins that contradict each other swing for ever
        if step % 500 == 499 and miss > 0.9 * before:
            break
        before = miss if step % 500 == 499 else before
    if miss > tolerance:
        raise SurveyRefused("surveys.design.raking_without_end", miss=float(miss), margins=", ".join(margins))
    table["raking"] = factor
    table[weight] = start * factor
    return table


def _targets(
    table: pd.DataFrame, margins: Mapping[str, Mapping[str, float]], present: float
) -> tuple[dict[str, npt.NDArray[np.intp]], dict[str, Numbers]]:
    if not margins:
        raise ValueError("margins: expected at least one variable")
    totals = {name: float(sum(wanted.values())) for name, wanted in margins.items()}
    first = next(iter(totals.values()))
    if any(abs(total - first) > 1e-9 * abs(first) for total in totals.values()):
        raise SurveyRefused(
            "surveys.design.margins_differ",
            totals=", ".join(f"{name} {total:g}" for name, total in totals.items()),
        )
    scale = present if abs(first - 1) < 1e-9 else 1.0
    codes, targets = {}, {}
    for name, wanted in margins.items():
        among(table, "sample", name, list(wanted))
        categories = list(wanted)
        if bad := [one for one in categories if not wanted[one] > 0]:
            raise SurveyRefused("surveys.design.empty_margin", variable=name, category=str(bad[0]))
        codes[name] = np.array([categories.index(one) for one in table[name]], dtype=np.intp)
        held = np.bincount(codes[name], minlength=len(categories))
        if (held == 0).any():
            raise SurveyRefused(
                "surveys.design.nobody_in_category",
                variable=name,
                category=str(categories[int(np.argmin(held))]),
            )
        targets[name] = scale * np.array([float(wanted[one]) for one in categories])
    return codes, targets
