"""Do the vials opened in a place hold the doses that are said to have been given there?

All doses of DTP come from the same vials: children due x coverage x (1 + q2 + q), q2 = sqrt(q), the later
doses partly a quarter late (`estimation` §2.5). What is counted are doses given, log n + log p without
over-reporting, so that vials bound over-reporting, at the place where they are given (`attendance_term`
says whose children come there). Per place d and quarter t

  log used_dt ~ t_4(log given_dt + w_d, s),   w_d = log(used / given) ~ N(norm + w, .10^2),

w shared by all places, so that a hundred places together do not know wastage better than anybody.
w_d may be below zero only as far as stock records err. The level u_d = w_d + mean_t(log given - log used) is
the coordinate instead of w_d: the vials fix it whatever coverage is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import scipy.sparse as sp

from kalanso.coverage import records as r
from kalanso.coverage.attendance_term import Moving
from kalanso.coverage.layout import ACTING, Layout
from kalanso.coverage.records import Elsewhere, Floats, Ints, Pulls, Setting, Shares
from kalanso.coverage.stock_design import StockDesign

DEGREES = 4.0
# Log of children beyond which they are not computed: such states are refused by their density.
MOST = 100.0
STUDENT = (DEGREES + 1) / (DEGREES + 3)  # information of Student's t against a normal of the same scale
STEP = 1e-3


class Given(NamedTuple):
    """Doses that children of the areas (R,T) receive in their own quarter (`own`) and in the next (`next`), doses
    to older children by place (`late`), q and sqrt q, children with DTP1, all that they receive in a
    quarter, doses per place (D,T), and where children go (R,R; None: nowhere)."""

    own: Floats
    late: Floats
    next: Floats
    q: Floats
    root: Floats
    children: Floats
    received: Floats
    total: Floats
    matrix: sp.csr_array | None


@dataclass(frozen=True, eq=False)
class Stock:
    """All places with usable stock."""

    kind: ClassVar[str] = "stock"
    layout: Layout
    stock: StockDesign
    own_sd: float
    record_sd: float

    @cached_property
    def members(self) -> Ints:
        """The areas of these places, and those between which their children move (R)."""
        ways = self.layout.design.attendance.areas
        mixed = np.isin(self.stock.rows, ways).any()
        return np.unique(np.concatenate([self.stock.rows, ways])) if mixed else np.sort(self.stock.rows)

    @cached_property
    def inside(self) -> sp.csr_array:
        """Which areas make up each place (D,R)."""
        columns = np.searchsorted(self.members, self.stock.rows)
        shape = (len(self.stock.places), len(self.members))
        return sp.csr_array((np.ones(len(columns)), (self.stock.place_of, columns)), shape=shape)

    @cached_property
    def moving(self) -> Moving | None:
        """Where children of these areas go, if anywhere."""
        ways = self.layout.design.attendance
        return Moving(ways) if np.isin(self.stock.rows, ways.areas).any() else None

    @cached_property
    def late(self) -> Floats:
        """Doses to older children, as reported (R,T)."""
        found = np.zeros((len(self.members), self.stock.late.shape[1]))
        found[np.searchsorted(self.members, self.stock.rows)] = self.stock.late
        return found

    @cached_property
    def _moved(self) -> Ints:
        """Places among the members of the areas between which children move."""
        return np.searchsorted(self.members, self.layout.design.attendance.areas)

    def _matrix(self, gamma: Floats) -> tuple[sp.csr_array | None, Floats]:
        """Return where children go (R,R), and the chances as `Moving` stores them."""
        if self.moving is None:
            return None, np.empty(0)
        chances = self.moving.chances(gamma[self.layout.blocks["attraction"]])
        still = np.setdiff1d(np.arange(len(self.members)), self._moved)
        rows = np.concatenate([still, self._moved[self.moving.rows]])
        columns = np.concatenate([still, self._moved[self.moving.columns]])
        values = np.concatenate([np.ones(len(still)), chances])
        return sp.csr_array((values, (rows, columns)), shape=(len(self.members),) * 2), chances

    def given(self, at: Setting, shares: Shares, matrix: sp.csr_array | None) -> Given:
        """Return the doses given, by area and by place."""
        rows, late_share = self.members, at.scale[r.KERNEL]
        q, rho = shares.q[rows], shares.rho[rows, None]
        root = np.sqrt(q)
        children = np.exp(np.minimum(shares.offset[rows] - rho, MOST)) * shares.p[rows]
        later = children * late_share * (0.5 * root + q)
        own = children * (1.0 + root + q) - np.concatenate(
            [np.zeros_like(later[:, :1]), later[:, 1:]], axis=1
        )
        received = own.copy()
        received[:, 1:] += later[:, :-1]
        # Nothing of the last quarter's later doses falls inside the series.
        after = np.concatenate([later[:, :-1], np.zeros_like(later[:, :1])], axis=1)
        late = self.late * np.exp(-rho) * (1.0 + root + q)
        arrived = received if matrix is None else matrix.T @ received
        total = np.maximum(self.inside @ (arrived + late), 1e-300)
        return Given(own, late, after, q, root, children, received, total, matrix)

    def density(self, gamma: Floats, at: Setting, shares: Shares, pulls: Pulls) -> tuple[float, Floats]:
        """See Term."""
        s, place = self.stock, self.layout.design.further.stock
        matrix, chances = self._matrix(gamma)
        given = self.given(at, shares, matrix)
        log_given = np.log(given.total)
        counted = s.seen.sum(axis=1)
        mean = (log_given * s.seen).sum(axis=1) / counted
        level = shares.further[place]
        sd = np.exp(self.layout.at(gamma, "stock_sd"))
        off = (s.log_used - log_given + (mean - level)[:, None]) * s.seen
        spread = DEGREES * sd * sd + off * off
        wasted = level + s.level - mean
        gap = (wasted - s.expected_wastage - self.layout.at(gamma, "wastage")) / self.own_sd
        short = np.minimum(wasted, 0.0) / self.record_sd
        total = -0.5 * (DEGREES + 1) * float((np.log(spread / (DEGREES * sd * sd)) * s.seen).sum())
        total -= float(counted.sum()) * np.log(sd) + 0.5 * float(gap @ gap + short @ short)
        d_off = -(DEGREES + 1) * off / spread
        d_wasted = -gap / self.own_sd - short / self.record_sd
        pulls.further[place] += d_wasted - d_off.sum(axis=1)
        # Doses of a quarter lower its own gap, and by way of the mean raise all gaps and lower wastage.
        shared = (d_off.sum(axis=1) - d_wasted) / counted
        per_dose = self.inside.T @ ((shared[:, None] * s.seen - d_off) / given.total)
        slope = np.zeros(self.layout.size)
        slope[self.layout.blocks["wastage"]] = gap.sum() / self.own_sd
        slope[self.layout.blocks["stock_sd"]] = (DEGREES + 1) * (off * off / spread).sum() - counted.sum()
        if self.moving is not None:
            slope[self.layout.blocks["attraction"]] = self.moving.slope(
                chances, given.received[self._moved], per_dose[self._moved]
            )
        d_late_share = self._pull(at, shares, given, per_dose, pulls)
        slope[self.layout.blocks["late_share"]] = d_late_share * self.layout.natural_slope(
            gamma, "late_share"
        )
        return float(total), slope

    def _pull(self, at: Setting, shares: Shares, given: Given, per_dose: Floats, pulls: Pulls) -> float:
        """Add slopes in the areas, from those per dose given there (R,T); return that in the share of later
        doses."""
        rows, late_share = self.members, at.scale[r.KERNEL]
        now = per_dose if given.matrix is None else given.matrix @ per_dose
        after = np.concatenate([now[:, 1:], np.zeros_like(now[:, :1])], axis=1)
        through = now * given.own + after * given.next
        pulls.eta1[rows] += through * (1.0 - shares.p[rows])
        pulls.offset[rows] += through
        # Where children move, the dose level is that of children alone: there rho is no coordinate.
        pulls.rho[rows] -= (through + per_dose * given.late).sum(axis=1) * (
            self.layout.design.targets.open[rows] >= 0
        )
        d_root = 0.5 * given.root * (1.0 - given.q)
        d_q = given.q * (1.0 - given.q)
        late = np.full_like(now, late_share)
        late[:, 0] = 0.0
        on_own = (1.0 - 0.5 * late) * d_root + (1.0 - late) * d_q
        on_next = late_share * (0.5 * d_root + d_q)
        pulls.eta3[rows] += given.children * (now * on_own + after * on_next)
        pulls.eta3[rows] += per_dose * given.late / (1.0 + given.root + given.q) * (d_root + d_q)
        moving = given.children * (0.5 * given.root + given.q)
        return float((moving * (after - np.where(late > 0, now, 0.0))).sum())

    def information(self, gamma: Floats, at: Setting, shares: Shares, elsewhere: Elsewhere) -> Floats:
        """See Term: the doses' slopes in the globals by differences, all else held still."""
        s = self.stock
        counted = s.seen.sum(axis=1)
        sd = float(np.exp(self.layout.at(gamma, "stock_sd")))
        matrix, _ = self._matrix(gamma)
        here = self.given(at, shares, matrix).total
        level = shares.further[self.layout.design.further.stock]
        wasted = level + s.level - (np.log(here) * s.seen).sum(axis=1) / counted
        firm = np.sqrt(1.0 / self.own_sd**2 + (wasted < 0) / self.record_sd**2)
        rows = np.zeros((self.layout.size, s.seen.size + len(s.places)))
        for name in ACTING:
            for j in range(self.layout.blocks[name].start, self.layout.blocks[name].stop):
                moved = gamma.copy()
                moved[j] += STEP
                change = (
                    (np.log(self.given(at, elsewhere(moved), matrix).total) - np.log(here)) / STEP * s.seen
                )
                mean = change.sum(axis=1) / counted
                apart = (change - mean[:, None] * s.seen) * np.sqrt(STUDENT) / sd
                rows[j] = np.concatenate([apart.ravel(), mean * firm])
        return np.asarray(rows @ rows.T)

    def inform_further(self, gamma: Floats, at: Setting, shares: Shares, found: Floats) -> None:
        """See Term."""
        sd = float(np.exp(self.layout.at(gamma, "stock_sd")))
        place = self.layout.design.further.stock
        found[place] += self.stock.seen.sum(axis=1) * STUDENT / sd**2 + 1.0 / self.own_sd**2


def stock_terms(layout: Layout) -> list[Stock]:
    """Return the term of all usable stock, or nothing."""
    priors, stock = layout.priors, layout.design.stock
    if not stock.places:
        return []
    return [Stock(layout, stock, priors.fixed("stock", "place_sd"), priors.fixed("stock", "record_sd"))]
