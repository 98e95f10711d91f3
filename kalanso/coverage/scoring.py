"""How near do estimates come to a known truth, and do their intervals hold it as often as they say?

Proper scores and calibration of joint draws, for countries whose truth is known. Nothing here looks
at how the draws were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom

from kalanso.coverage.summaries import quantiles
from kalanso.simulation.evidence_truth import EvidenceTruth

if TYPE_CHECKING:
    from kalanso.coverage.posterior import Posterior

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEVELS = (0.5, 0.95)
POCKET_SHARE = 0.1  # of the areas, for small countries
POCKETS = 50  # "top 50", where a country has enough areas
FINE = 400  # points at which a quantile function is integrated
SCORE_COLUMNS = ("quantity", "group", "measure", "value", "count")


def crps_of_draws(draws: Numbers, truth: Numbers) -> Numbers:
    """Return the continuous ranked probability score of draws (S, ...) against the truth (...).

    mean |x - y| - sum over pairs |x - x'| / (2 S (S - 1)): the fair form, whose expectation does not
    depend on the number of draws (Ferro 2014). In the unit of the truth; 0 is perfect, and for a single
    draw it is the absolute error.
    """
    ordered = np.sort(np.asarray(draws, dtype=float), axis=0)
    count = len(ordered)
    near = np.abs(ordered - truth).mean(axis=0)
    if count < 2:
        return np.asarray(near)
    weight = 2.0 * np.arange(1, count + 1) - count - 1
    spread = np.tensordot(weight, ordered, axes=(0, 0)) / (count * (count - 1))
    return np.asarray(near - spread)


def crps_of_quantiles(levels: Sequence[float], values: Numbers, truth: Numbers) -> Numbers:
    """Return the same score for estimates that are known by some quantiles (..., L) only.

    The quantile function is taken straight between the given levels and level beyond the outermost;
    its pinball losses are integrated: twice the mean over levels. A narrow tail is thus forgiven, to
    all methods alike.
    """
    fine = (np.arange(FINE) + 0.5) / FINE
    given = np.asarray(values, dtype=float)
    known = np.asarray(levels, dtype=float)
    at = np.clip(np.searchsorted(known, fine) - 1, 0, max(len(known) - 2, 0))
    total = np.zeros(given.shape[:-1])
    for level, below in zip(fine, at, strict=True):
        if len(known) == 1:
            value = given[..., 0]
        else:
            part = np.clip((level - known[below]) / (known[below + 1] - known[below]), 0, 1)
            value = given[..., below] + part * (given[..., below + 1] - given[..., below])
        total += 2 * np.where(truth < value, (1 - level) * (value - truth), level * (truth - value))
    return total / FINE


def holds(draws: Numbers, truth: Numbers, level: float) -> Flags:
    """Return whether the central interval of draws (S, ...) of a level, such as .95, holds the truth."""
    tail = (1 - level) / 2
    bounds = quantiles(np.moveaxis(np.asarray(draws, dtype=float), 0, -1), (tail, 1 - tail))
    return np.asarray((bounds[..., 0] <= truth) & (truth <= bounds[..., 1]))


def probability_position(draws: Numbers, truth: Numbers) -> Numbers:
    """Return where the truth stands among the draws, 0 to 1; uniform where the draws are calibrated."""
    below = (np.asarray(draws) < truth).sum(axis=0)
    return np.asarray((below + 0.5) / (len(draws) + 1))


def binomial_band(count: int, share: float, probability: float = 0.99) -> tuple[float, float]:
    """Return the shares between which `count` independent events of chance `share` fall so often."""
    if count < 1:
        return 0.0, 1.0
    tail = (1 - probability) / 2
    low, high = binom.ppf([tail, 1 - tail], count, share)
    return float(low / count), float(high / count)


def pocket_count(areas: int) -> int:
    """Return how many areas a list of pockets holds: 50, or a tenth of the areas where that is fewer."""
    return max(1, min(POCKETS, round(POCKET_SHARE * areas)))


def pocket_recall(estimated: Numbers, true: Numbers, count: int) -> float:
    """Return which share of the areas with most missed children stands on the estimated list.

    Both (N,); areas without an estimate come last. Ties are broken by order.
    """
    guess = np.argsort(-np.where(np.isnan(estimated), -np.inf, estimated), kind="stable")[:count]
    real = np.argsort(-true, kind="stable")[:count]
    return len(set(guess.tolist()) & set(real.tolist())) / count


def area_groups(truth: EvidenceTruth) -> dict[str, Flags]:
    """Return the groups of areas that are scored apart: all, in conflict, surveyed, not surveyed."""
    return {
        "all": np.ones(len(truth.areas), dtype=bool),
        "conflict": truth.conflict,
        "surveyed": truth.surveyed,
        "unsurveyed": ~truth.surveyed,
    }


def first_regions(truth: EvidenceTruth) -> dict[str, Flags]:
    """Return the members of every place just below the country, where there are such places above areas."""
    found: dict[str, Flags] = {}
    for at, area in enumerate(truth.areas):
        chain = [area]
        while truth.parents.get(chain[-1], ""):
            chain.append(truth.parents[chain[-1]])
        if len(chain) > 2:
            found.setdefault(chain[-2], np.zeros(len(truth.areas), dtype=bool))[at] = True
    return found


def quantities(dtp1: Numbers, dtp3: Numbers | None, due: Numbers) -> dict[str, Numbers]:
    """Return what is scored, of draws or of the truth alike: shares, children due, children missed."""
    found = {"dtp1": dtp1, "surviving_infants": due, "missed_dtp1": due * (1 - dtp1)}
    if dtp3 is not None:
        found |= {"dtp3": dtp3, "missed_dtp3": due * (1 - dtp3)}
    return found


def true_quantities(truth: EvidenceTruth) -> dict[str, Numbers]:
    """Return the true value of everything that is scored."""
    return quantities(truth.dtp1_coverage, truth.dtp3_coverage, truth.surviving_infants)


def totals(dtp1: Numbers, dtp3: Numbers | None, due: Numbers, inside: Flags) -> dict[str, Numbers]:
    """Return the quantities of one larger place over the whole series: shares from sums (..., N, T)."""
    members, last = (..., inside, slice(None)), (-2, -1)
    weight = due[members].sum(axis=last)
    first = (due * dtp1)[members].sum(axis=last) / weight
    third = None if dtp3 is None else (due * dtp3)[members].sum(axis=last) / weight
    return quantities(first, third, weight)


def score_posterior(posterior: Posterior, truth: EvidenceTruth) -> pd.DataFrame:
    """Return calibration and accuracy of joint draws, with SCORE_COLUMNS.

    Groups of areas: every area and quarter is one case. `region` and `country`: sums over the whole
    series, draw by draw. Measures: `covers50`, `covers95`, `rmse`, `bias` of the mean, `crps`, `pit`
    (mean position) and `pit_spread` (its variance over that of a uniform, 1 where calibrated); `recall`
    of the pockets under group all. `count` is the number of cases. Raises ValueError where draws and
    truth are of other areas or quarters.
    """
    if list(posterior.areas) != list(truth.areas) or list(posterior.periods) != list(truth.periods):
        raise ValueError(
            f"truth: expected the {len(posterior.areas)} areas and {len(posterior.periods)} quarters of the "
            f"posterior in their order, got {len(truth.areas)} and {len(truth.periods)}"
        )
    given = tuple(
        None if one is None else np.asarray(one, dtype=np.float64)
        for one in (posterior.dtp1_coverage, posterior.dtp3_coverage, posterior.surviving_infants)
    )
    dtp1, dtp3, due = given
    assert dtp1 is not None
    assert due is not None
    rows: list[tuple[str, str, str, float, int]] = []
    true = true_quantities(truth)
    for name, draws in quantities(dtp1, dtp3, due).items():
        cells = _cells(draws, true[name])
        for group, inside in area_groups(truth).items():
            rows += [(name, group, *line) for line in _summary(cells, inside)]
    rows += _of_totals(dtp1, dtp3, due, truth)
    rows.append(("missed_dtp1", "all", "recall", _recall(dtp1, due, truth), 1))
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def _cells(draws: Numbers, true: Numbers) -> dict[str, Numbers]:
    error = draws.mean(axis=0) - true
    found = {f"covers{round(100 * level)}": holds(draws, true, level).astype(float) for level in LEVELS}
    return found | {
        "error": error,
        "crps": crps_of_draws(draws, true),
        "position": probability_position(draws, true),
    }


def _summary(cells: dict[str, Numbers], inside: Flags | None = None) -> list[tuple[str, float, int]]:
    """Return measure, value and number of cases of the cells (N, T) of some areas."""
    chosen = {name: (values if inside is None else values[inside]).ravel() for name, values in cells.items()}
    count = len(chosen["error"])
    if not count:
        return []
    found = [(name, float(chosen[name].mean()), count) for name in ("covers50", "covers95", "crps")]
    found.append(("rmse", float(np.sqrt((chosen["error"] ** 2).mean())), count))
    found.append(("bias", float(chosen["error"].mean()), count))
    found.append(("pit", float(chosen["position"].mean()), count))
    found.append(("pit_spread", float(((chosen["position"] - 0.5) ** 2).mean() * 12), count))
    return found


def _of_totals(
    dtp1: Numbers, dtp3: Numbers | None, due: Numbers, truth: EvidenceTruth
) -> list[tuple[str, str, str, float, int]]:
    everywhere = np.ones(len(truth.areas), dtype=bool)
    found: list[tuple[str, str, str, float, int]] = []
    for group, places in (("region", list(first_regions(truth).values())), ("country", [everywhere])):
        if not places:
            continue
        drawn = [totals(dtp1, dtp3, due, inside) for inside in places]
        real = [
            totals(truth.dtp1_coverage, truth.dtp3_coverage, truth.surviving_infants, inside)
            for inside in places
        ]
        for name in drawn[0]:
            draws = np.stack([one[name] for one in drawn], axis=-1)
            true = np.array([float(one[name]) for one in real])
            found += [(name, group, *line) for line in _summary(_cells(draws, true))]
    return found


def _recall(dtp1: Numbers, due: Numbers, truth: EvidenceTruth) -> float:
    estimated = (due * (1 - dtp1)).sum(axis=-1).mean(axis=0)
    true = (truth.surviving_infants * (1 - truth.dtp1_coverage)).sum(axis=-1)
    return pocket_recall(estimated, true, pocket_count(len(true)))
