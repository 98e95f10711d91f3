"""Whose children received the doses that an area reports?

Children of area j are vaccinated in area k with chance M_jk, a softmax of few attractions (0 for the own
area; `estimation` §2.3). Of an area k concerned, in quarter t,

  y_kt ~ NB(mu_kt),   log mu_kt = log sum_j M_jk n_jt p_jt + rho_k + psi log c_kt,

DTP3 likewise with its later doses and its slip between columns. Over-reporting rho is that of the area
that reports; coverage, children due and children missed stay with those who live there. In these
areas log n is the coordinate, and the level of each register, r_k = rho_k + mean_t log sum_j M_jk n_jt p_jt,
instead of rho_k: reports fix it whoever the children are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import scipy.sparse as sp

from kalanso.coverage import records as r
from kalanso.coverage.attendance_design import AttendanceDesign
from kalanso.coverage.attendance_pieces import Counts, counts_density, counts_information
from kalanso.coverage.layout import Layout
from kalanso.coverage.records import Elsewhere, Floats, Ints, Pulls, Setting, Shares

TINY = 1e-300
# Log of children beyond which they are not computed: such states are refused by their density.
MOST = 100.0


@dataclass(frozen=True, eq=False)
class Moving:
    """Where children go: M (S,S) from the attractions, and how a slope in M is one in them."""

    design: AttendanceDesign

    @cached_property
    def rows(self) -> Ints:
        """Home of each stored chance: all stay first, then the ways."""
        return np.concatenate([np.arange(len(self.design.areas)), self.design.home])

    @cached_property
    def columns(self) -> Ints:
        """Place of vaccination of each stored chance."""
        return np.concatenate([np.arange(len(self.design.areas)), self.design.away])

    def chances(self, attraction: Floats) -> Floats:
        """Return the stored chances, in the order of `rows` and `columns`."""
        d = self.design
        going = np.exp(attraction[d.pull] + d.log_weight)
        stay = 1.0 / (1.0 + np.bincount(d.home, going, minlength=len(d.areas)))
        return np.concatenate([stay, going * stay[d.home]])

    def matrix(self, chances: Floats) -> sp.csr_array:
        """Return M."""
        n = len(self.design.areas)
        return sp.csr_array((chances, (self.rows, self.columns)), shape=(n, n))

    def turns(self, chances: Floats) -> list[Floats]:
        """Return, for each attraction, the slopes of the stored chances in it."""
        d, found = self.design, []
        pull = np.concatenate([np.full(len(d.areas), -1), d.pull])
        for a in range(len(d.attractions)):
            drawn = np.bincount(self.rows, chances * (pull == a), minlength=len(d.areas))
            found.append(chances * ((pull == a) - drawn[self.rows]))
        return found

    def slope(self, chances: Floats, at_home: Floats, away: Floats) -> Floats:
        """Return the slope in the attractions where that in M_jk is sum_t at_home_jt away_kt."""
        d = self.design
        direct = np.einsum("wt,wt->w", at_home[self.rows], away[self.columns])
        mean = np.bincount(self.rows, chances * direct, minlength=len(d.areas))
        ways = slice(len(d.areas), None)
        each = chances[ways] * (direct[ways] - mean[d.home])
        return np.bincount(d.pull, each, minlength=len(d.attractions)).astype(np.float64)


class Doses(NamedTuple):
    """Children of each area with DTP1 (`first`) and with DTP3 of those due in the quarter (`third`), doses of
    DTP3 given when those of the cohort are due (`given3`), doses given in each area, log means of reports
    (S,T), and over-reporting of each area (S)."""

    first: Floats
    third: Floats
    given3: Floats
    arrived1: Floats
    arrived3: Floats
    log_mu1: Floats
    log_mu3: Floats
    rho: Floats


class Told(NamedTuple):
    """What reports say of areas: of log doses in a quarter against others (`first`, `third`; S,T), and of their
    level, by the area's own register (`register`, of which a share `own` is of its children) and by those
    of others (`elsewhere`; S)."""

    first: Floats
    third: Floats
    register: Floats
    own: Floats
    elsewhere: Floats


class Attracted(NamedTuple):
    """Precision of the attractions with each other (A,A), with mean over-reporting of each area and with its
    dose level (A,S)."""

    each: Floats
    reporting: Floats
    doses: Floats


@dataclass(frozen=True, eq=False)
class Attendance:
    """All areas whose children may go elsewhere, or come."""

    kind: ClassVar[str] = "attendance"
    layout: Layout
    ways: AttendanceDesign

    @property
    def members(self) -> Ints:
        """See Term."""
        return self.ways.areas

    @cached_property
    def moving(self) -> Moving:
        """Where children go."""
        return Moving(self.ways)

    @cached_property
    def counts(self) -> Counts:
        """The reports of these areas."""
        rows, given = self.ways.areas, self.ways.reports
        return Counts(
            given.y1[rows],
            given.y3[rows],
            self.ways.seen1,
            self.ways.seen3,
            given.slot1[rows],
            given.slot3[rows],
        )

    def _reported(self, of_cohort: Floats) -> Floats:
        """Carry what is said of cohorts to the quarters in which their second doses are reported."""
        lag = self.ways.reports.lag
        return np.concatenate(
            [of_cohort[:, :1].repeat(lag, axis=1), of_cohort[:, : of_cohort.shape[1] - lag]], axis=1
        )

    def _of_cohort(self, reported: Floats) -> Floats:
        """Carry slopes in reports of second doses back to cohorts; nothing is reported of the newest."""
        lag = self.ways.reports.lag
        return np.concatenate([reported[:, lag:], np.zeros_like(reported[:, :lag])], axis=1)

    def chances(self, gamma: Floats) -> Floats:
        """Return the chances to stay and to go (`Moving`)."""
        return self.moving.chances(gamma[self.layout.blocks["attraction"]])

    def doses(self, matrix: sp.csr_array, at: Setting, shares: Shares) -> Doses:
        """Return doses by home and by place, and log means of reports."""
        rows, reports = self.ways.areas, self.ways.reports
        first = np.exp(np.minimum(shares.offset[rows], MOST)) * shares.p[rows]
        third = first * shares.q[rows]
        given3 = third.copy()
        given3[:, 1:] += at.scale[r.KERNEL] * (third[:, :-1] - third[:, 1:])
        arrived1, arrived3 = np.maximum(matrix.T @ first, TINY), np.maximum(matrix.T @ given3, TINY)
        log1, log3 = np.log(arrived1), self._reported(np.log(arrived3))
        rho = shares.further[self.layout.design.further.registers] - log1.mean(axis=1)
        register = rho[:, None] + at.timing
        log_mu1 = log1 + register + at.scale[r.COMPLETE] * reports.log_complete1[rows]
        log_mu3 = log3 + register + at.scale[r.COMPLETE] * reports.log_complete3[rows]
        return Doses(
            first, third, given3, arrived1, arrived3, log_mu1, log_mu3 + shares.slip[rows, None], rho
        )

    def density(self, gamma: Floats, at: Setting, shares: Shares, pulls: Pulls) -> tuple[float, Floats]:
        """See Term."""
        chances = self.chances(gamma)
        matrix = self.moving.matrix(chances)
        found = self.doses(matrix, at, shares)
        rows, reports = self.ways.areas, self.ways.reports
        g1, g3 = np.empty_like(found.log_mu1), np.empty_like(found.log_mu3)
        told, d_kappa1, d_kappa3, d_shared = counts_density(
            self.counts, found.log_mu1, found.log_mu3, at, reports, g1, g3
        )
        over, d_rho, d_sd = self._over_reporting(at, shares, found.rho, pulls)
        d_rho += (g1 + g3).sum(axis=1)
        pulls.further[self.layout.design.further.registers] += d_rho
        per1, per3 = (
            (g1 - d_rho[:, None] / g1.shape[1]) / found.arrived1,
            self._of_cohort(g3) / found.arrived3,
        )
        d_late_share = self._pull(matrix, at, shares, found, per1, per3, pulls)
        pulls.slip[rows] += g3.sum(axis=1)
        natural = {
            "scatter1": d_kappa1, "scatter3": d_kappa3, "shared_scatter": d_shared,
            "late_share": d_late_share, "local_reporting": d_sd,
            "completeness": (g1 * reports.log_complete1[rows] + g3 * reports.log_complete3[rows]).sum(),
        }  # fmt: skip
        slope = self.layout.timing_slope(gamma, (g1 + g3).sum(axis=0))
        for name, value in natural.items():
            slope[self.layout.blocks[name]] = value * self.layout.natural_slope(gamma, name)
        slope[self.layout.blocks["attraction"]] = self.moving.slope(
            chances, np.hstack([found.first, found.given3]), np.hstack([per1, per3])
        )
        return float(told + over), slope

    def _over_reporting(
        self, at: Setting, shares: Shares, rho: Floats, pulls: Pulls
    ) -> tuple[float, Floats, float]:
        """Return the log density of over-reporting and of recounts, its slopes in rho, and that in the
        standard deviation of rho."""
        rows, targets = self.ways.areas, self.layout.design.targets
        sd = at.scale[r.LOCALR]
        off = (rho - shares.reporting[rows]) / sd
        variance = targets.recount_variance[rows]
        again = np.where(variance > 0, targets.recount[rows] - rho, 0.0) / np.where(
            variance > 0, variance, 1.0
        )
        pulls.rho[rows] += off / sd
        total = -0.5 * float(off @ off + (again**2 * variance).sum()) - len(rows) * np.log(sd)
        return total, again - off / sd, float(off @ off - len(rows)) / sd

    def _pull(
        self, matrix: sp.csr_array, at: Setting, shares: Shares, found: Doses, per1: Floats, per3: Floats,
        pulls: Pulls,
    ) -> float:  # fmt: skip
        """Add slopes in the areas, from those per dose given; return that in the share of later doses."""
        rows, late_share = self.ways.areas, at.scale[r.KERNEL]
        now = matrix @ per3
        after = np.concatenate([now[:, 1:], np.zeros_like(now[:, :1])], axis=1)
        before = np.concatenate([np.zeros_like(now[:, :1]), now[:, 1:]], axis=1)
        through3 = found.third * (now + late_share * (after - before))
        through = found.first * (matrix @ per1) + through3
        pulls.eta1[rows] += through * (1.0 - shares.p[rows])
        pulls.eta3[rows] += through3 * (1.0 - shares.q[rows])
        pulls.offset[rows] += through
        return float((found.third * (after - before)).sum())

    def reported(self, gamma: Floats, at: Setting, shares: Shares) -> tuple[Floats, Floats]:
        """Return the reports that are expected of the areas (S,T), of both doses."""
        found = self.doses(self.moving.matrix(self.chances(gamma)), at, shares)
        return np.exp(found.log_mu1), np.exp(found.log_mu3)

    def information(self, gamma: Floats, at: Setting, shares: Shares, elsewhere: Elsewhere) -> Floats:
        """See Term: nothing here, since globals act through the areas' own information (`told`)."""
        return np.zeros((self.layout.size, self.layout.size))

    def told(self, gamma: Floats, at: Setting, shares: Shares) -> Told:
        """Return what the reports say of each area's own children, and of its register."""
        chances = self.chances(gamma)
        found = self.doses(self.moving.matrix(chances), at, shares)
        squares = self.moving.matrix(chances**2)
        h1, h3, level = self._known(at, found)
        stay = chances[: len(self.ways.areas)]
        own = stay * (found.first / found.arrived1).mean(axis=1)
        register = self._register(at, level)
        others = (squares @ (register / found.arrived1.mean(axis=1) ** 2)) * found.first.mean(axis=1) ** 2
        return Told(
            found.first**2 * (squares @ (h1 / found.arrived1**2)),
            found.given3**2 * (squares @ (self._of_cohort(h3) / found.arrived3**2)),
            register, own, np.maximum(others - register * own**2, 0.0),
        )  # fmt: skip

    def _register(self, at: Setting, level: Floats) -> Floats:
        """Return how firmly the level of doses given hangs on mean reporting (S), the register's own level
        being known by its reports."""
        firm = 1.0 / at.scale[r.LOCALR] ** 2
        return np.asarray(firm * level / (firm + level))

    def attraction_information(self, gamma: Floats, at: Setting, shares: Shares) -> Attracted:
        """Return how far each attraction is known, and how it hangs together with areas and globals."""
        chances = self.chances(gamma)
        matrix = self.moving.matrix(chances)
        found = self.doses(matrix, at, shares)
        turns = [
            (self.moving.matrix(turn).T @ found.first / found.arrived1).mean(axis=1)
            for turn in self.moving.turns(chances)
        ]
        _, _, level = self._known(at, found)
        moved = np.array(turns) * self._register(at, level)
        homes = found.first.mean(axis=1) * (matrix @ (moved / found.arrived1.mean(axis=1)).T).T
        return Attracted(moved @ np.array(turns).T, moved, homes)

    def inform_further(self, gamma: Floats, at: Setting, shares: Shares, found: Floats) -> None:
        """See Term: the level of each register, from its reports."""
        doses = self.doses(self.moving.matrix(self.chances(gamma)), at, shares)
        _, _, level = self._known(at, doses)
        found[self.layout.design.further.registers] += level + 1.0 / at.scale[r.LOCALR] ** 2

    def _known(self, at: Setting, found: Doses) -> tuple[Floats, Floats, Floats]:
        """Return the information of each report on its log mean (S,T), and of all on a register's level (S)."""
        h1, h3 = np.empty_like(found.log_mu1), np.empty_like(found.log_mu3)
        level = np.empty(len(self.ways.areas))
        counts_information(self.counts, found.log_mu1, found.log_mu3, at, self.ways.reports, h1, h3, level)
        return h1, h3, level


def attendance_terms(layout: Layout) -> list[Attendance]:
    """Return the term of all areas between which children move, or nothing."""
    ways = layout.design.attendance
    return [Attendance(layout, ways)] if len(ways.areas) else []
