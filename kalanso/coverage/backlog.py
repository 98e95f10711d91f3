"""How many children without a first dose live there today, and how old are they?

The living backlog: children of 0-11, 12-23 and 24-59 months who have no DTP1 on a day. It starts
from the children whom each birth cohort missed by 12 months, takes away late doses, catch-up rounds
and campaigns, deaths and departures, and adds children under one who are not vaccinated yet. It is
another number than the missed children of a cohort, and is never added to it.

Everything that was not measured stands in `BacklogAssumptions`. Doses that rounds gave to children
under one are part of DTP1 by 12 months already and are not taken away twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kalanso.coverage.aggregates import Numbers, PlaceTree, place_tree
from kalanso.coverage.backlog_assumptions import BacklogAssumptions, Drawn
from kalanso.coverage.backlog_cohorts import AGES, FIRST_BIRTHDAY, Series, birth_weights, series_until
from kalanso.coverage.summaries import interval, readable
from kalanso.vocabulary import Message, Period

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

BANDS = {"0-11m": (0, 12), "12-23m": (12, 24), "24-59m": (24, 60)}
ROUNDS = ("campaign", "catch_up")
# doses of children whose age was not recorded went to children of more than a year
_GIVEN_TO = {"12-23m": (12, 24), "24-59m": (24, 60), "unknown": (12, 60)}
BACKLOG_COLUMNS = (
    "place_code", "period", "date", "age_band",
    "without_dtp1_mean", "without_dtp1_q025", "without_dtp1_q975",
    "not_yet_due_mean", "before_first_quarter_share", "message", "params", "place_level",
)  # fmt: skip
_BLOCK = 50  # areas at a time: some 25 MB of draws per array


@dataclass(frozen=True, kw_only=True)
class _Bands:
    """Children without DTP1 by age band (bands x areas x draws); of these, not yet due (areas x
    draws); those of cohorts due before the first quarter (bands x areas, expected)."""

    without: Numbers
    not_due: Numbers
    older: Numbers


def backlog(
    posterior: Posterior, evidence: Evidence, rng: np.random.Generator, *,
    assumptions: BacklogAssumptions | None = None, as_of: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the living backlog at the end of a quarter, for every place and age band.

    `as_of` is a quarter of the posterior, by default the newest. Columns: BACKLOG_COLUMNS.
    `not_yet_due_mean` are children of the band 0-11m who are too young for DTP1 (and part of it);
    `before_first_quarter_share` is the part of the expected number that rests on cohorts before the
    first estimated quarter, for which that time's coverage is assumed. Raises ValueError for a
    quarter without draws, and for late doses without place, band or number.
    """
    assumed = assumptions or BacklogAssumptions()
    quarter = as_of or posterior.periods[-1]
    if quarter not in posterior.periods:
        raise ValueError(f"as_of: expected a quarter of {', '.join(posterior.periods)}, got {quarter!r}")
    tree = place_tree(posterior, evidence)
    late, reported = _late_doses(evidence, quarter)
    drawn = assumed.drawn(len(posterior.dtp1_coverage), rng, late_doses_reported=reported)
    parts = [_of_block(posterior, block, quarter, late, drawn, assumed) for block in _blocks(tree.area_count)]
    whole = _Bands(
        without=np.concatenate([part.without for part in parts], axis=1),
        not_due=np.concatenate([part.not_due for part in parts]),
        older=np.concatenate([part.older for part in parts], axis=1),
    )
    return _table(whole, tree, Period.parse(quarter))


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))


def _late_doses(evidence: Evidence, quarter: str) -> tuple[pd.DataFrame, bool]:
    """Return doses to children over one year up to a quarter, and whether routine ones are reported.

    Where no late routine dose is reported anywhere, `late_monthly` of the assumptions stands in.
    """
    rows = evidence.catchup
    if rows["doses"].isna().any() or (rows["doses"] < 0).any():
        raise ValueError("catchup: expected doses of 0 or more in every row")
    rows = rows[rows["age_band"].isin(list(_GIVEN_TO))]
    routine = ~rows["strategy"].isin(ROUNDS)
    last = Period.parse(quarter)
    back = rows["period"].map({code: last - Period.parse(code) for code in rows["period"].unique()})
    table = pd.DataFrame(
        {
            "area": rows["place_code"].map(evidence.area_index), "quarters_ago": back,
            "age_band": rows["age_band"], "doses": rows["doses"],
        }
    )  # fmt: skip
    within = (table["quarters_ago"] >= 0) & (table["doses"] > 0)
    return table[within & table["area"].notna()], bool((routine & (rows["doses"] > 0)).any())


def _of_block(
    posterior: Posterior,
    block: slice,
    quarter: str,
    late: pd.DataFrame,
    drawn: Drawn,
    assumed: BacklogAssumptions,
) -> _Bands:
    series = series_until(posterior, block, quarter, drawn, growth=assumed.growth.value)
    weights = birth_weights(series.quarters, assumed.due_age_months)
    born = _mixed(weights, series.infants) / 3  # children of each month of birth who reach one year
    done = _mixed(weights, series.vaccinated) / 3
    young = slice(0, FIRST_BIRTHDAY)
    without = np.empty_like(born)
    days = (np.arange(30) + 0.5) / 30
    by_now = drawn.given_by(np.arange(FIRST_BIRTHDAY)[:, None] + days, assumed.due_age_months).mean(axis=1)
    alive = drawn.alive_under_one()[:, None, :]
    without[young] = (born[young] - by_now[:, None, None] * done[young]) * alive
    without[FIRST_BIRTHDAY:] = _over_one(born - done, block, late, drawn)
    moved = drawn.stayed(posterior.areas[block], np.arange(AGES) + 0.5)
    without *= moved[:, :, None]
    too_young = np.clip(assumed.due_age_months - np.arange(FIRST_BIRTHDAY), 0, 1)
    return _Bands(
        without=np.stack([without[a:b].sum(axis=0) for a, b in BANDS.values()]),
        not_due=np.tensordot(too_young, born[young] * alive * moved[young, :, None], axes=1),
        older=_expected_before(series, weights, without),
    )


def _mixed(weights: Numbers, of_quarters: Numbers) -> Numbers:
    """Return sums over quarters (quarters x areas x draws) by month of birth."""
    return np.tensordot(weights, of_quarters, axes=1)


def _over_one(missed: Numbers, block: slice, late: pd.DataFrame, drawn: Drawn) -> Numbers:
    """Return children of 12-59 months without DTP1 (months of age x areas x draws).

    `missed` are those without it at 12 months. Rounds come in the middle of their quarter, the
    earliest first, and find children of their band in proportion to those left.
    """
    left = missed[FIRST_BIRTHDAY:].copy()
    ages = np.arange(FIRST_BIRTHDAY, AGES)
    inside = late[(late["area"] >= block.start) & (late["area"] < block.stop)]
    for (ago, band), rows in inside.sort_values("quarters_ago", ascending=False).groupby(
        ["quarters_ago", "age_band"], sort=False
    ):
        youngest, oldest = _GIVEN_TO[str(band)]
        then = ages - 3 * int(ago) - 1  # completed months of age in the middle of the quarter
        of_band = np.flatnonzero((then >= youngest) & (then < oldest))
        if not len(of_band):
            continue
        doses = np.zeros(missed.shape[1])
        np.add.at(doses, rows["area"].to_numpy(dtype=np.intp) - block.start, rows["doses"].to_numpy())
        there = (left[of_band] * drawn.kept_since_one(then[of_band] + 0.5)[:, None, :]).sum(axis=0)
        found = np.minimum(doses[:, None] * drawn.genuine[None, :], there)
        left[of_band] *= 1 - np.divide(found, there, out=np.zeros_like(there), where=there > 0)
    return left * drawn.kept_since_one(ages + 0.5)[:, None, :]


def _expected_before(series: Series, weights: Numbers, without: Numbers) -> Numbers:
    """Return what cohorts due before the first quarter contribute (bands x areas, expected)."""
    assumed = weights[:, series.assumed].sum(axis=1)[:, None]
    mean = without.mean(axis=2) * assumed
    return np.stack([mean[a:b].sum(axis=0) for a, b in BANDS.values()])


def _table(found: _Bands, tree: PlaceTree, quarter: Period) -> pd.DataFrame:
    rows, day = [], quarter.end.isoformat()
    for number, band in enumerate(BANDS):
        without = tree.add_up(found.without[number])
        numbers = interval("without_dtp1", without)
        older = tree.add_up(found.older[number][:, None])[:, 0]
        not_due = tree.add_up(found.not_due).mean(axis=1) if band == "0-11m" else np.zeros(len(without))
        said = [
            backlog_message(
                band, day, *(float(numbers[f"without_dtp1_{end}"][at]) for end in ("mean", "q025", "q975"))
            )
            for at in range(len(without))
        ]
        mean = numbers["without_dtp1_mean"]
        columns: dict[str, object] = {
            "place_code": tree.codes,
            "period": quarter.code,
            "date": day,
            "age_band": band,
            **numbers,
        }
        columns |= {
            "not_yet_due_mean": not_due,
            "before_first_quarter_share": np.divide(older, mean, out=np.zeros_like(mean), where=mean > 0),
            "message": [one.id for one in said], "params": [one.params_json() for one in said],
            "place_level": tree.levels,
        }  # fmt: skip
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows, ignore_index=True)[list(BACKLOG_COLUMNS)]


def backlog_message(band: str, day: str, mean: float, low: float, high: float) -> Message:
    """Return the sentence on one age band, which says that these children live today."""
    name = {"0-11m": "under_one", "12-23m": "second_year", "24-59m": "older"}[band]
    told = {
        "day": day, "n": readable(mean, low, high), "low": readable(low, low, high),
        "high": readable(high, low, high),
    }  # fmt: skip
    return Message(f"coverage.backlog.{name}", told)
