"""Which places come first, how sure is their order, and did anything change?

Probabilities from the joint draws: of coverage under a threshold, of a place among the tenth with
most missed children, of the smallest set of areas that holds half of them, and of a change.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from kalanso.coverage.aggregates import (
    ROLLING,
    SPANS,
    SURVIVING,
    Cohort,
    Indices,
    Numbers,
    PlaceTree,
    area_draws,
    cohorts,
    counts_by_period,
    each,
    place_tree,
    windows,
)
from kalanso.coverage.summaries import INTERVAL, chances, interval, most_first, quantiles, ranks
from kalanso.vocabulary import Message

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

TOP_SHARE = 0.1
HALF = 0.5
ASSURANCE = 0.9  # with which a fixed list of areas shall hold half of the missed children
CONFIDENCE = 0.9  # from which a place is said to have more missed children than another
PROBABLE, ALMOST_SURE = 0.8, 0.95  # from which a change is put into words


def probability_below(
    posterior: Posterior, evidence: Evidence, thresholds: Sequence[float], *,
    indicator: str = "", span: str = ROLLING,
) -> pd.DataFrame:  # fmt: skip
    """Return P(coverage < threshold) for every place, period and threshold.

    Columns place_code, period, indicator, threshold, probability_below, place_level.
    """
    if not thresholds or not all(0 < threshold <= 1 for threshold in thresholds):
        raise ValueError(f"thresholds: expected shares above 0 and up to 1, got {list(thresholds)}")
    indicator = indicator or posterior.first
    tree = place_tree(posterior, evidence)
    rows = [
        pd.DataFrame(
            {
                "place_code": tree.codes, "period": cohort.period, "indicator": indicator,
                "threshold": threshold, "probability_below": (cohort.coverage < threshold).mean(axis=1),
                "place_level": tree.levels,
            }
        )
        for cohort in cohorts(posterior, tree, indicator, span)
        for threshold in thresholds
    ]  # fmt: skip
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


@dataclass(frozen=True, kw_only=True)
class HalfSet:
    """The smallest sets of areas that hold half of the missed children.

    In every draw the areas with most missed children form such a set: `sizes` (draws) says how many
    areas it needs, `probability` (areas) how often an area belongs to it. `list` are the positions
    of a fixed list, most missed children first, that holds half with the probability `assurance`;
    it is longer, because nobody knows which draw is true.
    """

    sizes: npt.NDArray[np.int64]
    probability: Numbers
    list: Indices
    assurance: float

    def size_interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the size, in whole areas."""
        low, high = quantiles(self.sizes[None, :], INTERVAL)[0]
        return math.floor(low), math.ceil(high)

    def message(self) -> Message:
        """Return the sentence that says in how many areas half of the missed children live."""
        low, high = self.size_interval()
        return Message(
            "coverage.half_set.size",
            {"n": round(float(np.median(self.sizes))), "low": low, "high": high, "sure": len(self.list)},
        )


def half_set(
    missed: Numbers, *, share: float = HALF, assurance: float = ASSURANCE, order: Indices | None = None
) -> HalfSet:
    """Return the smallest sets of areas that hold a share of all missed children (areas x draws).

    `order` is `most_first(missed)`, where it is known already.
    """
    if not 0 < share < 1 or not 0 < assurance < 1:
        raise ValueError(f"expected a share and an assurance between 0 and 1, got {share} and {assurance}")
    order = most_first(missed) if order is None else order
    by_draw = np.ascontiguousarray(missed.T)
    held = np.cumsum(np.take_along_axis(by_draw, order, axis=1), axis=1)
    wanted = share * by_draw.sum(axis=1)
    sizes = np.minimum((held < wanted[:, None]).sum(axis=1) + 1, len(missed))
    among = order[np.arange(len(missed)) < sizes[:, None]]
    by_mean = np.argsort(-missed.mean(axis=1), kind="stable")
    enough = (np.cumsum(missed[by_mean], axis=0) >= wanted).mean(axis=1) >= assurance
    last = int(np.argmax(enough)) if enough.any() else len(missed) - 1
    return HalfSet(
        sizes=sizes,
        probability=np.bincount(among, minlength=len(missed)) / missed.shape[1],
        list=by_mean[: last + 1],
        assurance=assurance,
    )


def burden(
    posterior: Posterior, evidence: Evidence, *, indicator: str = "", span: str = ROLLING
) -> pd.DataFrame:
    """Return the areas of each period in order of expected missed children.

    `probability_top_tenth` is the chance to be among the tenth of areas with most missed children,
    `probability_in_half` to be in the smallest set that holds half of them, `in_half_list` whether
    the area is on the fixed list (see HalfSet). Rows of one `group` cannot be told apart from the
    first of their group. Rate and burden stand together.
    """
    indicator = indicator or posterior.first
    tree = place_tree(posterior, evidence)

    def of_period(item: tuple[str, dict[str, Numbers]]) -> pd.DataFrame:
        period, counts = item
        cohort = Cohort(period=period, surviving=counts[SURVIVING], vaccinated=counts[indicator])
        return _burden_of(cohort, tree).assign(period=period, indicator=indicator)

    rows = each(counts_by_period(posterior, (indicator,), span), of_period)
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _burden_of(cohort: Cohort, tree: PlaceTree) -> pd.DataFrame:
    missed, count = cohort.missed, tree.area_count
    by_draw = most_first(missed)
    half, order = half_set(missed, order=by_draw), ranks(missed, by_draw)
    first = max(1, round(TOP_SHARE * count))
    bounds = quantiles(order, INTERVAL)
    listed = np.zeros(count, dtype=bool)
    listed[half.list] = True
    columns: dict[str, object] = {"place_code": tree.codes[:count], "parent_code": tree.parents}
    columns |= interval("missed_children", missed) | interval("coverage", cohort.coverage)
    columns |= {
        "rank_mean": order.mean(axis=1),
        "rank_q025": np.floor(bounds[:, 0]),
        "rank_q975": np.ceil(bounds[:, 1]),
        "probability_top_tenth": (order <= first).mean(axis=1),
        "probability_in_half": half.probability,
        "in_half_list": listed,
        "group": groups(missed),
    }
    table = pd.DataFrame(columns)
    return table.sort_values(["missed_children_mean", "place_code"], ascending=[False, True])


def groups(missed: Numbers, *, confidence: float = CONFIDENCE) -> npt.NDArray[np.int64]:
    """Return a group number for each place (places x draws): 1 holds the place with most children.

    A place belongs to the group of its leader, the first of the group in order of expected missed
    children, as long as the leader has more in less than `confidence` of the draws.
    """
    order = np.argsort(-missed.mean(axis=1), kind="stable")
    found = np.zeros(len(missed), dtype=np.int64)
    leader, group = int(order[0]), 1
    for place in order:
        if (missed[leader] > missed[place]).mean() >= confidence:
            leader, group = int(place), group + 1
        found[place] = group
    return found


def changes(
    posterior: Posterior, evidence: Evidence, *, before: str, after: str, indicator: str = "",
    span: str = ROLLING, least: float = 0.0, provisional: Collection[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """Return for every place whether coverage rose or fell between two periods, with its probability.

    `least` is the smallest change of coverage that matters; `provisional` are periods whose reports
    may still arrive, on which no change is put into words. Columns: place_code, before, after,
    indicator, change_mean, change_q025, change_q975, missed_change_mean, missed_change_q025,
    missed_change_q975, probability_rise, probability_fall, message, params, place_level.
    """
    indicator = indicator or posterior.first
    tree = place_tree(posterior, evidence)
    if least < 0:
        raise ValueError(f"least: expected 0 or a share above, got {least}")
    first, last = (_cohort_at(posterior, tree, indicator, span, period) for period in (before, after))
    change = last.coverage - first.coverage
    rise, fall = (change > least).mean(axis=1), (change < -least).mean(axis=1)
    open_still = {before, after} & set(provisional)
    said = [
        Message("coverage.change.provisional", {"before": before, "after": after, "dose": indicator})
        if open_still
        else change_message(float(up), float(down), before=before, after=after, dose=indicator)
        for up, down in zip(rise, fall, strict=True)
    ]
    columns: dict[str, object] = {
        "place_code": tree.codes, "before": before, "after": after, "indicator": indicator,
    }  # fmt: skip
    columns |= interval("change", change) | interval("missed_change", last.missed - first.missed)
    columns |= {
        "probability_rise": rise, "probability_fall": fall, "message": [one.id for one in said],
        "params": [one.params_json() for one in said], "place_level": tree.levels,
    }  # fmt: skip
    return pd.DataFrame(columns)


def _cohort_at(posterior: Posterior, tree: PlaceTree, indicator: str, span: str, period: str) -> Cohort:
    known = dict(windows(posterior.periods, span))
    if period not in known:
        raise ValueError(
            f"period: expected one of {', '.join(known) or '(none)'} with span {span}, got {period!r}; "
            f"spans are {', '.join(SPANS)}"
        )
    surviving, vaccinated = area_draws(posterior, indicator, known[period])
    return Cohort(period=period, surviving=tree.add_up(surviving), vaccinated=tree.add_up(vaccinated))


def change_message(rise: float, fall: float, *, before: str, after: str, dose: str = "dtp1") -> Message:
    """Return the sentence on a change that has these probabilities, in chances out of ten."""
    told: dict[str, object] = {"before": before, "after": after, "dose": dose}
    likely, word = (rise, "rise") if rise >= fall else (fall, "fall")
    if likely >= ALMOST_SURE:
        return Message(f"coverage.change.{word}_almost_sure", told)
    if likely >= PROBABLE:
        return Message(f"coverage.change.{word}_probable", told | {"chances": chances(likely)})
    if 1 - rise - fall >= PROBABLE:
        return Message("coverage.change.stable", told)
    return Message("coverage.change.unknown", told | {"chances": round(10 * rise)})
