"""Which arrays does the compiled model read and fill?

Plain records of arrays, since compiled code knows no tables. `designing` makes them from evidence;
every symbol is that of the paper on the model: i areas (N), t quarters (T), k denominators (K).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Places of an area's level coordinates in local blocks: residual level of DTP1, of DTP3 given DTP1,
# log dose level, growth, DTP3 recording; then the three fields (DTP1, DTP3, reporting).
LEVEL1, LEVEL3, DOSE, GROWTH, RECORDING = range(5)
TIPS = 5
FIELDS = 3
# What an area's dose level is where over-reporting is no further coordinate (`Targets.open`).
HIDDEN, POPULATION = -1, -2


class Reports(NamedTuple):
    """Routine counts: doses y (N,T), which are there, log completeness, and places in `counts`.

    `lag` is how many quarters after the first dose the second is due: y3 of quarter t is of the cohorts
    t - lag and the one before. `counts` are the distinct values, `outlier_table` the log gamma terms of the outlier
    component, `outlier1` and `outlier3` (N,T) the same for each count.
    """

    y1: Floats
    y3: Floats
    seen1: Flags
    seen3: Flags
    log_complete1: Floats
    log_complete3: Floats
    slot1: Ints
    slot3: Ints
    counts: Floats
    outlier_table: Floats
    outlier1: Floats
    outlier3: Floats
    outlier_share: float
    outlier_kappa: float
    log_outlier_kappa: float
    log_outlier_odds: float
    lag: int


class Clusters(NamedTuple):
    """Survey clusters by area: cluster j of area i has start[i] <= j < start[i+1].

    `kind` 0: DTP1 of children; 1: DTP3 of those with DTP1; 2: DTP3 of children. The children were
    due in quarters first..last; `recalled` is the share without a card; `bias` is the place of the
    round's bias, or -1. `decision` 0: `vaccinated` was counted; 1: a lot that passed, with `vaccinated`
    or more; 2: one that failed, with fewer. `stratum` is the place of its stratum, or -1; `mix` (N,S) the
    shares of each area's children by stratum.
    """

    start: Ints
    kind: Ints
    first: Ints
    last: Ints
    vaccinated: Ints
    children: Ints
    recalled: Floats
    bias: Ints
    decision: Ints
    stratum: Ints
    mix: Floats


class Targets(NamedTuple):
    """Denominators: log per quarter (N,K), years from the middle (N,K), which are there; yearly slopes
    (N,K) and which are there; recounted log ratio (N) and its variance (0 = none). `open` (N) is the
    place of an area's over-reporting among the further coordinates, HIDDEN where it is integrated out, or
    POPULATION where the dose level stands for children due alone and a term knows over-reporting."""

    log_level: Floats
    years: Floats
    seen: Flags
    slope: Floats
    slope_seen: Flags
    recount: Floats
    recount_variance: Floats
    centre: float
    wild_allowed: bool
    slope_sd: float
    open: Ints


class Calendar(NamedTuple):
    """Years from the middle of the series (T), and 1 for the newest quarter, whose reports still come."""

    years: Floats
    newest: Floats


class Setting(NamedTuple):
    """What globals and hyperparameters say to one area: linear predictors and scales.

    `base1`, `base3` (N) are the covariates' part, `access` (N,T) shifts DTP1 where facilities are
    closed, `trend1`, `trend3`, `season` (T), `timing` (T) what moves reported doses of both kinds in a
    quarter everywhere, `reporting` (N) the mean of rho without its field.
    """

    base1: Floats
    base3: Floats
    access: Floats
    trend1: Floats
    trend3: Floats
    season: Floats
    season_factor: Floats
    timing: Floats
    reporting: Floats
    source_bias: Floats
    source_precision: Floats
    source_slope: Floats
    survey_bias: Floats
    stratum1: Floats
    stratum3: Floats
    kappa_table1: Floats
    kappa_slope1: Floats
    kappa_table3: Floats
    kappa_slope3: Floats
    scale: Floats
    bend: Floats


class Hold(NamedTuple):
    """How areas' coordinates stand to levels and paths: as they are, or (`follows`) standard normal about a
    posterior (`following`), made from what is told of each quarter (N,T,19; `WITHIN` and so on) and of levels
    (N,32; `TOLD` and so on). `fields` are the posterior's, about which theirs are bent."""

    follows: bool
    quarter: Floats
    level: Floats
    fields: Floats


# Columns of `Hold.quarter`: evidence on a pair of path values (11, 21, 22), with the next pair (2 x 2), with the
# three levels (2 x 3), with growth and recording (2 each), and what pulls at the pair.
WITHIN, ONWARD, ACROSS, BY_GROWTH, BY_RECORDING, PULL_PATH = 0, 3, 7, 13, 15, 17
QUARTER_COLUMNS = 19
# Columns of `Hold.level`: evidence on the levels of DTP1, of going on, of doses (lower triangle), of each with
# growth, recording and reporting (3 x 3), what pulls at them; roots of growth and recording (and what lies below the
# first), their middles, how each follows the three fields' effects, and those fields' middles.
TOLD, BY_GIVEN, PULL_LEVEL, ROOT_GROWTH, ROOT_BELOW, ROOT_RECORDING, MIDDLE_GROWTH, MIDDLE_RECORDING = (
    0, 6, 15, 18, 19, 20, 21, 22,
)  # fmt: skip
FIELDS_GROWTH, FIELDS_RECORDING, MIDDLE_FIELDS = 23, 26, 29
LEVEL_COLUMNS = 32

# Places in `Setting.scale`: hyperparameters in natural units, at which slopes are returned too.
(
    FIELD1, LOCAL1, WALK1, CORR1, FIELD3, LOCAL3, WALK3, CORR3, LOADING, FIELDR, LOCALR, KAPPA1, KAPPA3,
    CLUSTER, GROWTH_MEAN, GROWTH_SD, RECORDING_SD, COMPLETE, LATE, KERNEL, SENSITIVITY, FALSE_YES,
    SHARED,
) = range(23)  # fmt: skip
SCALES = 23


class Slopes(NamedTuple):
    """What the density returns beside its value: slopes in everything it was given."""

    tips: Floats
    path1: Floats
    path3: Floats
    fields: Floats
    base1: Floats
    base3: Floats
    access: Floats
    trend1: Floats
    trend3: Floats
    season: Floats
    timing: Floats
    reporting: Floats
    source_bias: Floats
    source_precision: Floats
    source_slope: Floats
    survey_bias: Floats
    stratum1: Floats
    stratum3: Floats
    scale: Floats
    bend: Floats
    further: Floats

    @classmethod
    def zeros(
        cls, areas: int, quarters: int, sources: int, surveys: int, further: int, strata: int
    ) -> Slopes:
        """Return empty slopes."""
        n, t = areas, quarters
        return cls(
            np.zeros((n, TIPS)), np.zeros((n, t)), np.zeros((n, t)), np.zeros((n, FIELDS)), np.zeros(n),
            np.zeros(n), np.zeros((n, t)), np.zeros(t), np.zeros(t), np.zeros(t), np.zeros(t), np.zeros(n),
            np.zeros(sources), np.zeros(sources), np.zeros(sources), np.zeros(surveys), np.zeros(strata), np.zeros(strata), np.zeros(SCALES),
            np.zeros((FIELDS, 2)), np.zeros(further),
        )  # fmt: skip


class Shares(NamedTuple):
    """What evidence on several areas reads of them: coverage with DTP1, the share that goes on and the log
    of children due as reported (log n + rho; N,T); over-reporting rho (N; 0 where it is no coordinate),
    log slip between the columns of DTP1 and DTP3 (N), the further coordinates, and the mean of
    over-reporting (N; where the dose level is that of children due, log n)."""

    p: Floats
    q: Floats
    offset: Floats
    rho: Floats
    slip: Floats
    further: Floats
    reporting: Floats

    @classmethod
    def room(cls, areas: int, quarters: int, further: Floats) -> Shares:
        """Return room to be filled for areas of which nothing is read yet."""
        n, t = areas, quarters
        return cls(
            np.zeros((n, t)),
            np.zeros((n, t)),
            np.zeros((n, t)),
            np.zeros(n),
            np.zeros(n),
            further,
            np.zeros(n),
        )


# What evidence on several areas would read were the globals others and all else still.
Elsewhere = Callable[[Floats], Shares]


class Pulls(NamedTuple):
    """Slopes that evidence on several areas adds: in the log odds of DTP1 and of going on, in the log of
    children due as reported (N,T), in over-reporting (or its mean, as `Shares` gives them) and in slips
    (N), and in the further coordinates."""

    eta1: Floats
    eta3: Floats
    offset: Floats
    rho: Floats
    slip: Floats
    further: Floats

    @classmethod
    def none(cls, areas: int, quarters: int, further: int = 0) -> Pulls:
        """Return no pull."""
        n, t = areas, quarters
        return cls(
            np.zeros((n, t)), np.zeros((n, t)), np.zeros((n, t)), np.zeros(n), np.zeros(n), np.zeros(further)
        )


class Sums(NamedTuple):
    """Slopes in what all areas share, summed up lane by lane (records.Slopes has the same names)."""

    scale: Floats
    trend1: Floats
    trend3: Floats
    season: Floats
    timing: Floats
    source_bias: Floats
    source_precision: Floats
    source_slope: Floats
    bend: Floats


class Work(NamedTuple):
    """Room for one area or a block of them, so that nothing is allocated: quarters (odds, shares, offsets and their
    slopes), what `level_density` reads and fills, strata, what `following` and `following_back` need for quarters
    and levels, and slopes in what all areas share."""

    rows: Floats
    residuals: Floats
    present: Floats
    rho: Floats
    slopes: Floats
    logs: Floats
    strata: Floats
    pairs: Floats
    levels: Floats
    pairs_back: Floats
    levels_back: Floats
    sums: Sums

    @classmethod
    def room(cls, quarters: int, sources: int, strata: int, *lanes: int) -> Work:
        """Return empty room; `lanes` is how many areas it is for, where more than one."""

        def empty(*shape: int) -> Floats:
            return np.zeros((*shape, *lanes))

        t, k = quarters, max(sources, 1)
        sums = Sums(
            empty(SCALES),
            empty(t),
            empty(t),
            empty(t),
            empty(t),
            empty(k),
            empty(k),
            empty(k),
            empty(FIELDS, 2),
        )
        return cls(
            empty(ROWS, t), empty(k), empty(k), empty(4), empty(4 + 2 * k), empty(1 + k),
            np.zeros((5, max(strata, 1))), empty(t, 15), empty(12), empty(8, t), empty(12), sums,
        )  # fmt: skip


# Rows of `Work.rows`.
(
    PATH1, PATH3, LOGP, P, Q, OFFSET, D_ETA1, D_ETA3, D_OFFSET, D_PATH1, D_PATH3, GIVEN, DOSES, EXCESS, EXCESS_MEAN,
    EXCESS_KAPPA, D_EXCESS,
) = range(17)  # fmt: skip
ROWS = 17
