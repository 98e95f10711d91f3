"""By which age has which share of children received a dose, when many are too young to tell?

A child without the dose at 5 months may have it at 6: its age at the dose is censored on the right. A dose known
without a day came some time before the interview: censored on both sides. The distribution is that of Turnbull (1976,
Journal of the Royal Statistical Society B 38:290-295), which is Kaplan and Meier's (1958) where no dose lacks its
day; errors come from leaving out one cluster at a time. Plain cumulative curves of a cohort stand here too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from kalanso.surveys.design import rake
from kalanso.surveys.estimation import design
from kalanso.surveys.estimation.calibration import RAKED_ON
from kalanso.surveys.estimation.design import Design, Mask, Numbers
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.record import Record, RecordRefused

NEVER = np.inf
# Each cluster left out is begun from the whole sample, and left once a step moves no mass by more than this.
EVENLY, CLOSE = 1e-3, 1e-6
# who is left in, by how much the rest of a stratum weighs more: weights, or None where none meet the margins
Again = Callable[[Mask, Numbers], Numbers | None]


class Ages(NamedTuple):
    """What is known of the age at a dose: later than `after` days, not later than `until` (n each)."""

    after: Numbers
    until: Numbers


class LeftOut(NamedTuple):
    """The jackknife variance, and in how many of its samples no weights met the margins, so that the raked ones stayed."""

    variance: Numbers
    not_raked: int


def known_ages(record: Record, dose: str, members: Mask) -> Ages:
    """Return what is known of the age at a dose (n), for children of known age; the others must not be members."""
    at = record.column(dose)
    interview = record.children["age_days"].to_numpy(dtype=float)
    dated = np.where(record.paper_ages[:, at] <= interview, record.paper_ages[:, at], np.nan)
    has = record.crude[:, at]
    after = np.where(~np.isnan(dated), dated - 1, np.where(has, -1.0, interview))
    until = np.where(~np.isnan(dated), dated, np.where(has, interview, NEVER))
    return Ages(after[members], until[members])


def turnbull(
    ages: Ages, weight: Numbers, *, tolerance: float = 1e-9, most: int = 20_000, near: pd.DataFrame | None = None
) -> pd.DataFrame:  # fmt: skip
    """Return the distribution of the age at a dose: after, until (days), mass (share).

    The mass of a row lies somewhere after `after` and until `until`; within, nobody can say where. What lies until
    infinity never came as far as was seen. Found by self-consistency, begun evenly, with the longer steps of Varadhan and Roland (2008,
    Scandinavian Journal of Statistics 35:335-353) where they raise the likelihood. `near` is the distribution of almost the same children, where
    there is one: begun from it the way is short.
    """
    if not len(weight) or not (ages.after < ages.until).all():
        raise RecordRefused(
            "expected children whose age at the dose lies after one day and until a later one"
        )
    pairs, place = np.unique(np.stack([ages.after, ages.until], axis=1), axis=0, return_inverse=True)
    share = np.bincount(place.ravel(), weights=weight) / weight.sum()
    low, high = _innermost(pairs[:, 0], pairs[:, 1])
    inside = ((pairs[:, :1] <= low[None, :]) & (high[None, :] <= pairs[:, 1:])).astype(float)
    mass = np.full(len(low), 1 / len(low)) if near is None else _begun(near, high)
    for _ in range(most):
        one = _consistent(mass, inside, share)
        two = _consistent(one, inside, share)
        if np.abs(two - one).max() < tolerance:
            mass = two
            break
        mass = _further(mass, one, two, inside, share)
    return pd.DataFrame({"after": low, "until": high, "mass": mass})


def _begun(near: pd.DataFrame, until: Numbers) -> Numbers:
    """Return a distribution laid on other intervals, with a little everywhere: what has no mass could never get any."""
    at = np.minimum(np.searchsorted(until, near["until"].to_numpy()), len(until) - 1)
    mass = np.bincount(at, weights=near["mass"].to_numpy(), minlength=len(until))
    return np.asarray((1 - EVENLY) * mass / mass.sum() + EVENLY / len(until))


def _consistent(mass: Numbers, inside: Numbers, share: Numbers) -> Numbers:
    """Return the mass that children have who are shared out over their intervals as `mass` says."""
    return np.asarray(mass * ((share / (inside @ mass)) @ inside))


def _further(mass: Numbers, one: Numbers, two: Numbers, inside: Numbers, share: Numbers) -> Numbers:
    """Return a step further in the direction of two steps where that is likelier, else the second step."""
    first, bend = one - mass, two - 2 * one + mass
    length = np.sqrt((first @ first) / max(float(bend @ bend), 1e-300))
    far = mass + 2 * length * first + length**2 * bend
    far = np.where(far > 0, far, two)
    far = _consistent(far / far.sum(), inside, share)
    return far if share @ np.log(inside @ far) > share @ np.log(inside @ two) else two


def _innermost(after: Numbers, until: Numbers) -> tuple[Numbers, Numbers]:
    """Return the intervals from a lower end to the next upper end, with no other end between them."""
    lows, highs = np.unique(after), np.unique(until)
    nearest = lows[
        np.searchsorted(lows, highs, side="left") - 1
    ]  # the greatest lower end before each upper end
    before = np.concatenate([[-np.inf], highs[:-1]])
    alone = before <= nearest
    return nearest[alone], highs[alone]


def kaplan_meier(age: Numbers, came: Mask, weight: Numbers) -> pd.DataFrame:
    """Return the weighted share of children with a dose by each age at which one came: until (days), share."""
    days = np.unique(age[came])
    left, rows = 1.0, []
    for day in days:
        left *= 1 - weight[came & (age == day)].sum() / weight[age >= day].sum()
        rows.append({"until": day, "share": 1 - left})
    return pd.DataFrame(rows, columns=["until", "share"])


def dose_by_age(
    record: Record, dose: str, cohort: str, at: Sequence[int], *, level: float = 0.95
) -> pd.DataFrame:  # fmt: skip
    """Return the share of a cohort with a dose by each age of `at` (days), as if all had been followed that long.

    Columns: age_days, share, standard_error, low, high, children, left_out (of unknown age), undated, not_raked (clusters without which the
    others could not be raked anew: there the error rests on weights that stayed as they were). Beyond the age
    of the oldest child nothing is known: such ages are refused; near it few children decide over all, as in any such curve.
    The interval is a logit one with t of clusters minus strata, of the strata with members; a stratum with one cluster adds nothing to
    the error. Weights that were raked are raked anew for each cluster left out, to the shares that the raked sample has, over all
    cohorts.
    """
    chosen = record.children["cohort"].eq(cohort).to_numpy(dtype=bool)
    if dose not in record.doses or not chosen.any():
        raise RecordRefused(
            f"expected a dose among {', '.join(record.doses)} and a cohort with children, got {dose!r} and {cohort!r}"
        )
    column = record.column(dose)
    interview = record.children["age_days"].to_numpy(dtype=float)
    members = chosen & ~np.isnan(interview) & record.rules.offered[:, column]
    if not members.any() or max(at) > interview[members].max():
        oldest = interview[members].max() if members.any() else 0
        raise RecordRefused(
            f"at: expected ages up to {oldest:g} days, that of the oldest child, got {max(at)}"
        )
    ages = known_ages(record, dose, members)
    sample = design(record.children)
    points = np.asarray(at, dtype=float)
    share = _by(ages, sample.weight[members], points)
    left_out = _left_out_one(sample, ages, points, share, members, _again(record.children, sample))
    error = np.sqrt(left_out.variance)
    held = np.unique(sample.stratum_of_cluster[sample.cluster[members]])
    freedom = int(sample.clusters_per_stratum[held].sum() - len(held))
    low, high = _logit_ends(share, error, freedom, level)
    undated = int((record.crude[members, column] & (ages.after < 0) & (ages.until > 0)).sum())
    return pd.DataFrame(
        {
            "age_days": points.astype(int), "share": share, "standard_error": error, "low": low, "high": high,
            "children": int(members.sum()), "left_out": int((chosen & ~members).sum()), "undated": undated,
            "not_raked": left_out.not_raked,
        }
    )  # fmt: skip


def _by(ages: Ages, weight: Numbers, at: Numbers, near: pd.DataFrame | None = None) -> Numbers:
    found = turnbull(ages, weight) if near is None else turnbull(ages, weight, near=near, tolerance=CLOSE)
    return np.array([float(found.loc[found["until"] <= age, "mass"].sum()) for age in at])


def _left_out_one(
    sample: Design, ages: Ages, at: Numbers, share: Numbers, members: Mask | None = None, again: Again | None = None
) -> LeftOut:  # fmt: skip
    """Return the jackknife variance: one cluster left out at a time, the others of its stratum weighing more.

    `ages` and `share` are those of `members` (all, if not given); `again` says what children weigh of whom some are left out.
    """
    members = np.ones(sample.children, dtype=bool) if members is None else members
    whole = turnbull(ages, sample.weight[members], tolerance=CLOSE)
    total = np.zeros(len(at))
    not_raked = 0
    for cluster in range(sample.clusters):
        stratum = sample.stratum_of_cluster[cluster]
        m = int(sample.clusters_per_stratum[stratum])
        if m < 2:
            continue
        kept = sample.cluster != cluster
        inside = kept & members
        if not inside.any():
            continue
        more = np.where(sample.stratum_of_cluster[sample.cluster] == stratum, m / (m - 1), 1.0)
        weight = None if again is None else again(kept, more)
        not_raked += again is not None and weight is None
        weight = sample.weight * more if weight is None else weight
        own = inside[members]
        other = _by(Ages(ages.after[own], ages.until[own]), weight[inside], at, whole)
        total += (m - 1) / m * (other - share) ** 2
    return LeftOut(total, not_raked)


def _again(children: pd.DataFrame, sample: Design) -> Again | None:
    """Return how children are raked anew to the shares that they have now; None where weights were not raked.

    A category that only those left out had is left out of its margin. Where no weights meet the margins there are none: None.
    """
    told = sample.calibration
    if told is None:
        return None
    names = str(children.loc[told.known, RAKED_ON].iloc[0]).split(",")
    own = children[names].astype(str)
    weight = pd.Series(sample.weight, index=own.index)
    margins = {name: weight[told.known].groupby(own.loc[told.known, name]).sum() for name in names}

    def weights(kept: Mask, more: Numbers) -> Numbers | None:
        rows = kept & told.known
        found = told.start * more
        there = {name: margins[name].reindex(own.loc[rows, name].unique()) for name in names}
        shares = {
            name: {str(one): float(share) for one, share in (part / part.sum()).items()}
            for name, part in there.items()
        }
        try:
            found[rows] = rake(own[rows].assign(weight=found[rows]), shares)["weight"].to_numpy()
        except SurveyRefused:
            return None
        return found

    return weights


def _logit_ends(share: Numbers, error: Numbers, freedom: int, level: float) -> tuple[Numbers, Numbers]:
    inside = (share > 0) & (share < 1) & (freedom > 0)
    p = np.where(inside, share, 0.5)
    t = stats.t.ppf((1 + level) / 2, max(freedom, 1))
    half = t * error / (p * (1 - p))
    low, high = (1 / (1 + np.exp(-(np.log(p / (1 - p)) + sign * half))) for sign in (-1, 1))
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def cumulative_coverage(record: Record, dose: str, cohort: str) -> pd.DataFrame:
    """Return the weighted share of a cohort with a dated dose by each age (RI_CCC_02): age_days, share.

    All children of whom the dose can be asked stand in the denominator; the curve ends at the share with a date, below crude
    coverage. It speaks of a cohort that is old enough; for a younger one see `dose_by_age`.
    """
    at = record.column(dose)
    members = record.children["cohort"].eq(cohort).to_numpy(dtype=bool) & record.due[:, at]
    return _curve(
        record.paper_ages[members, at], record.children["weight"].to_numpy(dtype=float)[members], "age_days"
    )


def cumulative_interval(record: Record, early: str, late: str, cohort: str) -> pd.DataFrame:
    """Return the weighted share of intervals between two dated doses up to each length (RI_CIC_02): interval_days, share."""
    gap = record.paper_ages[:, record.column(late)] - record.paper_ages[:, record.column(early)]
    members = record.children["cohort"].eq(cohort).to_numpy(dtype=bool) & ~np.isnan(gap)
    return _curve(gap[members], record.children["weight"].to_numpy(dtype=float)[members], "interval_days")


def _curve(days: Numbers, weight: Numbers, name: str) -> pd.DataFrame:
    known = ~np.isnan(days)
    points, place = np.unique(days[known], return_inverse=True)
    mass = np.bincount(place, weights=weight[known], minlength=len(points))
    share = np.cumsum(mass) / weight.sum() if len(weight) else np.zeros(0)
    return pd.DataFrame({name: points.astype(int), "share": share})
