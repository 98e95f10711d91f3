"""How wealthy is a household beside the others of its survey, by what it owns?

The wealth index as DHS makes it (Rutstein and Johnson 2004, DHS Comparative Reports 6; Filmer and Pritchett 2001, Demography 38:115-132): each
possession a column of 0 and 1, all standardized, the first principal component of their correlations as score, fifths by weight. It ranks households within one
survey: a fifth says nothing of another survey, and nothing of how poor its members are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.surveys.cleaning import Cleaned
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.child_rows import ASSET

Numbers = npt.NDArray[np.float64]
FIFTHS = ("poorest", "poor", "middle", "rich", "richest")
LEAST_ASSETS = 3


@dataclass(frozen=True, kw_only=True)
class Wealth:
    """`score` and `fifth` per household (missing where nothing was answered), `loadings` per possession, the share of all variance on the
    score, and possessions `left_out` since all households or none have them."""

    score: pd.Series
    fifth: pd.Series
    loadings: pd.Series
    explained: float
    left_out: tuple[str, ...]


def wealth_index(assets: pd.DataFrame, weight: pd.Series) -> Wealth:
    """Return the wealth of households (rows) by possessions (columns: 1 has it, 0 has not, missing unknown; or numbers, such as rooms).

    Means, deviations and correlations are weighted; an unknown value counts as the mean, as in DHS. A household without any answer has no
    score. The sign is such that owning more means a higher score: the loadings add up to more than nothing. Raises SurveyRefused for fewer than three possessions
    that differ between households, weights that are not above 0, and values that are no numbers.
    """
    weights = pd.to_numeric(weight, errors="coerce").to_numpy(dtype=float)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise SurveyRefused("surveys.wealth.weights")
    values = assets.apply(pd.to_numeric, errors="coerce")
    if wrong := [str(name) for name in assets if (values[name].isna() & assets[name].notna()).any()]:
        raise SurveyRefused("surveys.wealth.no_numbers", columns=", ".join(wrong))
    given = values.to_numpy(dtype=float)
    known = ~np.isnan(given)
    mean, deviation = _moments(given, known, weights)
    differs = deviation > 0
    if int(differs.sum()) < LEAST_ASSETS:
        raise SurveyRefused("surveys.wealth.too_few", n=int(differs.sum()), least=LEAST_ASSETS)
    scaled = np.where(known, (given - mean) / np.where(differs, deviation, 1), 0.0)[:, differs]
    correlations = (scaled * weights[:, None]).T @ scaled / weights.sum()
    sizes, vectors = np.linalg.eigh(correlations)
    first = vectors[:, -1] * (1 if vectors[:, -1].sum() >= 0 else -1)
    answered = known[:, differs].any(axis=1)  # what all have says nothing of a household
    score = np.where(answered, scaled @ first / np.sqrt(sizes[-1]), np.nan)
    names = assets.columns[differs]
    return Wealth(
        score=pd.Series(score, index=assets.index), fifth=pd.Series(_fifths(score, weights), index=assets.index, dtype="object"),
        loadings=pd.Series(first, index=names), explained=float(sizes[-1] / sizes.sum()),
        left_out=tuple(str(name) for name in assets.columns[~differs]),
    )  # fmt: skip


def with_wealth(cleaned: Cleaned) -> tuple[Cleaned, Wealth | None]:
    """Return cleaned children with their fifth (column `wealth`) by what their households own, and the index; both as they were where it cannot be made.

    Possessions are answers named `asset_...` (1 has it, 0 has not). Children count by their weights, so that the fifths are of children and not of people, as those of
    DHS are. A round that asked for fewer than three possessions that differ, or brought its own wealth groups, keeps what it has.
    """
    answers = cleaned.answers
    children = cleaned.children
    if answers.empty or children["wealth"].notna().any():
        return cleaned, None
    owned = answers[answers["question"].str.startswith(ASSET)]
    values = owned["answer"].map({"1": 1.0, "0": 0.0})
    wide = owned.assign(value=values).pivot_table(
        index="child", columns="question", values="value", aggfunc="first"
    )
    assets = wide.reindex(children["child"]).set_axis(children.index)
    if (assets.nunique() > 1).sum() < LEAST_ASSETS:
        return cleaned, None
    found = wealth_index(assets, children["weight"])
    return replace(cleaned, children=children.assign(wealth=found.fifth)), found


def _moments(given: Numbers, known: npt.NDArray[np.bool_], weight: Numbers) -> tuple[Numbers, Numbers]:
    mass = np.where(known, weight[:, None], 0.0)
    whole = mass.sum(axis=0)
    filled = np.where(known, given, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(whole > 0, (mass * filled).sum(axis=0) / whole, 0.0)
        spread = (mass * (filled - mean) ** 2).sum(axis=0) / whole
    deviation = np.sqrt(np.where(whole > 0, spread, 0.0))
    return mean, np.where(deviation > 1e-12, deviation, 0.0)


def _fifths(score: Numbers, weight: Numbers) -> list[str | None]:
    """Return the fifth of each household: households of one score stand in one fifth, that of the middle of their weight."""
    known = np.flatnonzero(~np.isnan(score))
    levels, place = np.unique(np.round(score[known], 10), return_inverse=True)
    mass = np.bincount(place.ravel(), weights=weight[known], minlength=len(levels))
    middle = (np.cumsum(mass) - mass / 2) / mass.sum() if len(levels) else mass
    found: list[str | None] = [None] * len(score)
    for row, level in zip(known, place.ravel(), strict=True):
        found[int(row)] = FIFTHS[min(int(middle[level] * 5), 4)]
    return found
