"""How probable is one state of the whole country, given all evidence?

The joint log density of globals, fields and areas, with its exact slope: areas by compiled code,
the rest here. Coordinates of a state x: gamma (G), fields (N x 3), tips (N x 5), paths (N x T, twice),
and those further ones (E) that evidence on several areas needs (`further_design`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_density import areas_density
from kalanso.coverage.area_information import Information, add_information, add_told
from kalanso.coverage.area_places import areas_shares
from kalanso.coverage.attendance_term import Attendance
from kalanso.coverage.blocks import laid_records
from kalanso.coverage.designing import Design
from kalanso.coverage.frame import Frame
from kalanso.coverage.gmrf.bent import bent_density
from kalanso.coverage.lanes import LANES
from kalanso.coverage.layout import Layout
from kalanso.coverage.records import (
    Floats,
    Hold,
    Ints,
    Pulls,
    Reports,
    Setting,
    Shares,
    Slopes,
    Targets,
    Work,
)
from kalanso.coverage.terms import Term, Tie

# Globals stand on log, logit and standardised scales: a state beyond this is refused, not computed.
FARTHEST = 15.0


@dataclass(frozen=True, eq=False)
class State:
    """One state of the country, as views into its vector."""

    vector: Floats
    gamma: Floats
    fields: Floats
    tips: Floats
    path1: Floats
    path3: Floats
    further: Floats


@dataclass(eq=False)
class Model:
    """The density of one design under its priors, in the coordinates of a frame. Each thread has room of its own."""

    layout: Layout
    frame: Frame
    terms: tuple[Term, ...] = ()
    _rooms: threading.local = field(init=False, repr=False)
    _still: Pulls = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rooms = threading.local()
        self._still = _laid_pulls(Pulls.none(*self.design.shape, self.design.further.size))

    def __reduce__(self) -> tuple[type[Model], tuple[Layout, Frame, tuple[Term, ...]]]:
        """Rooms and what is laid out stay in the process that made them."""
        return Model, (self.layout, self.frame, self.terms)

    @property
    def _out(self) -> Slopes:
        """Room of this thread for slopes."""
        if not hasattr(self._rooms, "out"):
            d = self.design
            self._rooms.out = Slopes.zeros(
                *d.shape, len(d.sources.names), len(d.survey_names), d.further.size, len(d.strata.names)
            )
        return cast(Slopes, self._rooms.out)

    @property
    def _work(self) -> Work:
        """Room of this thread for one area."""
        return self._room("work")

    @property
    def _block(self) -> Work:
        """Room of this thread for a block of areas."""
        return self._room("block", LANES)

    def _room(self, name: str, *lanes: int) -> Work:
        if not hasattr(self._rooms, name):
            d = self.design
            made = Work.room(d.shape[1], len(d.sources.names), len(d.strata.names), *lanes)
            setattr(self._rooms, name, made)
        return cast(Work, getattr(self._rooms, name))

    @cached_property
    def _laid(self) -> tuple[Hold, Reports, Targets]:
        """What the density reads of areas and no state changes, laid out in lanes."""
        d = self.design
        return (
            laid_records(self.frame.hold, "quarter", "level", "fields"),
            laid_records(
                d.reports,
                "y1",
                "y3",
                "seen1",
                "seen3",
                "log_complete1",
                "log_complete3",
                "outlier1",
                "outlier3",
            ),
            laid_records(
                d.targets, "log_level", "years", "seen", "slope", "slope_seen", "recount", "recount_variance"
            ),
        )

    def _areas(self, state: State, at: Setting, pulls: Pulls) -> tuple[float, Slopes]:
        """Return the density of the areas' evidence and of their coordinates, with its slopes."""
        d, (hold, reports, targets), out = self.design, self._laid, self._out
        total = areas_density(
            state.tips, state.path1, state.path3, d.field.centred(state.fields), state.further, at, hold,
            reports, d.clusters, targets, d.calendar, pulls, out, self._block,
        )  # fmt: skip
        return total, out

    @property
    def design(self) -> Design:
        """The evidence as arrays."""
        return self.layout.design

    @cached_property
    def loose(self) -> Model:
        """The same density without the terms that tie areas together."""
        kept = tuple(term for term in self.terms if not isinstance(term, Tie))
        return self if len(kept) == len(self.terms) else Model(self.layout, self.frame, kept)

    @cached_property
    def bounds(self) -> tuple[int, int, int, int, int, int]:
        """Where fields, tips, paths and further coordinates begin in a state, and its length."""
        n, t = self.design.shape
        g = self.layout.size
        tips = g + n * r.FIELDS
        paths = tips + n * r.TIPS
        further = paths + 2 * n * t
        return g, tips, paths, paths + n * t, further, further + self.design.further.size

    @property
    def size(self) -> int:
        """Number of coordinates of a state."""
        return self.bounds[-1]

    def state(self, x: Floats) -> State:
        """Return the parts of a state vector as views."""
        n, t = self.design.shape
        a, b, c, d, e, f = self.bounds
        return State(
            x, x[:a], x[a:b].reshape(n, r.FIELDS), x[b:c].reshape(n, r.TIPS), x[c:d].reshape(n, t),
            x[d:e].reshape(n, t), x[e:f],
        )  # fmt: skip

    def start(self) -> Floats:
        """Return a plausible state: prior middles, dose levels from the counts."""
        x = np.zeros(self.size)
        state = self.state(x)
        state.gamma[:] = self.layout.start
        reports = self.design.reports
        counted = self.design.counted.sum(axis=1)
        rate = (reports.y1 * np.exp(-reports.log_complete1) * self.design.counted).sum(axis=1) / np.maximum(
            counted, 1
        )
        targets = self.design.targets
        seen = targets.seen.sum(axis=1)
        level = (targets.log_level * targets.seen).sum(axis=1) / np.maximum(seen, 1)
        level = np.where(seen > 0, level, targets.centre)
        doses = np.where(counted > 0, np.log(np.maximum(rate, 0.5)), level - 0.3)
        # Where children move, doses say little of those who live there.
        moving = self.design.attendance.areas
        state.further[self.design.further.registers] = doses[moving]
        doses[moving] = np.where(seen[moving] > 0, level[moving] - 0.3, doses[moving])
        state.tips[:, r.DOSE] = doses
        return x

    def add_information(self, x: Floats, weight: float, into: Information) -> None:
        """Add the expected information of the areas' evidence at one state, times a weight."""
        state = self.state(x)
        at = self.layout.setting(state.gamma, self.frame)
        d = self.design
        add_information(
            weight, state.tips, state.path1, state.path3, d.field.centred(state.fields), at,
            self.frame.hold, d.reports, d.clusters, d.targets, d.calendar, into, self._work,
        )  # fmt: skip
        for term in self.terms:
            if isinstance(term, Attendance):
                told = term.told(state.gamma, at, self.shares(state, at))
                add_told(
                    weight, term.members, told, state.tips, state.path1, state.path3,
                    d.field.centred(state.fields), at, self.frame.hold, d.calendar, into, self._work,
                )  # fmt: skip

    def told_elsewhere(self, x: Floats, gamma: Floats) -> Floats:
        """Return how much more the areas' evidence would say of tips (N,8,8) if the area's own spread of reporting
        were that of other globals; in the coordinates of a plain frame."""
        place = self.layout.blocks["local_reporting"]
        if (gamma[place] == x[place]).all():
            return np.zeros((self.design.shape[0], r.TIPS + r.FIELDS, r.TIPS + r.FIELDS))
        found = []
        for value in (gamma[place], x[place]):
            there, into = x.copy(), Information.zeros(*self.design.shape)
            there[place] = value
            self.add_information(there, 1.0, into)
            found.append(into.tips)
        return np.asarray(found[0] - found[1])

    def __call__(self, x: Floats) -> tuple[float, Floats]:
        """Return the log density of a state (up to a constant) and its slope."""
        state = self.state(x)
        if not np.abs(state.gamma).max() < FARTHEST:
            return -np.inf, np.zeros(self.size)
        at = self.layout.setting(state.gamma, self.frame)
        tied, extra, pulls = self._terms(state, at)
        value, out = self._areas(state, at, pulls)
        total = tied + value
        slope = np.empty(self.size)
        parts = self.state(slope)
        prior, d_prior = self.layout.density(state.gamma)
        total += prior + self.frame.log_volume(at.bend) + self._fields(state.fields, at, out, parts.fields)
        parts.gamma[:] = self.layout.slope(state.gamma, at, out, self.frame) + d_prior + extra
        parts.tips[:] = out.tips
        parts.path1[:] = out.path1
        parts.path3[:] = out.path3
        parts.further[:] = out.further + pulls.further
        return total, slope

    @cached_property
    def tied(self) -> Ints:
        """The areas of which evidence on several areas speaks."""
        every = [term.members for term in self.terms]
        return np.unique(np.concatenate(every)) if every else np.empty(0, np.int64)

    def shares(self, state: State, at: Setting) -> Shares:
        """Return what evidence on several areas reads of the areas that it concerns."""
        d = self.design
        out = Shares.room(*d.shape, state.further)
        areas_shares(
            self.tied, state.tips, state.path1, state.path3, d.field.centred(state.fields), at,
            self.frame.hold, d.targets, d.calendar, out, self._work,
        )  # fmt: skip
        return out

    def _terms(self, state: State, at: Setting) -> tuple[float, Floats, Pulls]:
        """Return the density of evidence on several areas, its slope in gamma, and its pulls."""
        extra = np.zeros(self.layout.size)
        if not self.terms:
            return 0.0, extra, self._still
        pulls = Pulls.none(*self.design.shape, self.design.further.size)
        total, shares = 0.0, self.shares(state, at)
        for term in self.terms:
            value, slope = term.density(state.gamma, at, shares, pulls)
            total += value
            extra += slope
        return total, extra, _laid_pulls(pulls)

    def shared_information(self, x: Floats) -> Floats:
        """Return what evidence on several areas says of the globals (G,G), areas held still."""
        state = self.state(x)
        at = self.layout.setting(state.gamma, self.frame)
        total = np.zeros((self.layout.size, self.layout.size))
        if self.terms:
            shares = self.shares(state, at)

            def elsewhere(gamma: Floats) -> Shares:
                return self.shares(state, self.layout.setting(gamma, self.frame))

            for term in self.terms:
                total += term.information(state.gamma, at, shares, elsewhere)
        return total

    def ties(self, x: Floats) -> Floats:
        """Return the slopes of the residuals of terms that tie areas, in their standard deviations (K,S).

        Areas take slopes in their log odds in linearly, so a tie is the difference that they make.
        """
        tying = [term for term in self.terms if isinstance(term, Tie)]
        found = np.zeros((len(tying), self.size))
        if not tying:
            return found
        state = self.state(x)
        at = self.layout.setting(state.gamma, self.frame)
        shares, plain = self.shares(state, at), self._pulled(state, at, self._still)
        for row, term in zip(found, tying, strict=True):
            pulls, slope = term.tie(state.gamma, at, shares)
            row[:] = self._pulled(state, at, _laid_pulls(pulls)) - plain
            row[: self.layout.size] += slope
        return found

    def _pulled(self, state: State, at: Setting, pulls: Pulls) -> Floats:
        """Return the slope of the areas' density under given pulls."""
        d, (_, out) = self.design, self._areas(state, at, pulls)
        found = np.empty(self.size)
        parts = self.state(found)
        parts.gamma[:] = self.layout.slope(state.gamma, at, out, self.frame)
        parts.fields[:] = d.field.centred(out.fields)
        parts.tips[:], parts.path1[:], parts.path3[:] = out.tips, out.path1, out.path3
        parts.further[:] = out.further
        return found

    def known_columns(self, x: Floats) -> dict[int, Floats]:
        """Return the precision between some globals and all coordinates, expected instead of observed: far
        from the middle, what is observed of an attraction says more of the misfit than of the posterior."""
        found: dict[int, Floats] = {}
        for term in self.terms:
            if isinstance(term, Attendance):
                state, d = self.state(x), self.design
                at = self.layout.setting(state.gamma, self.frame)
                told = term.attraction_information(state.gamma, at, self.shares(state, at))
                block = self.layout.blocks["attraction"]
                for a, j in enumerate(range(block.start, block.stop)):
                    column = np.zeros(self.size)
                    parts, fields = self.state(column), np.zeros_like(state.fields)
                    parts.gamma[block] = told.each[a]
                    parts.gamma[j] += self.layout.gaussian[1][j]
                    by = told.reporting[a]
                    parts.gamma[self.layout.blocks["reporting"]] = by.sum(), by @ d.conflict[term.members]
                    parts.tips[term.members, r.DOSE] = told.doses[a]
                    fields[term.members, 2] = by * at.scale[r.FIELDR]
                    parts.fields[:] = d.field.centred(fields)
                    found[j] = column
        return found

    def further_information(self, x: Floats) -> Floats:
        """Return about how much is known of each further coordinate (E), all else held still."""
        found = self.design.further.prior.copy()
        state = self.state(x)
        if found.size:
            at = self.layout.setting(state.gamma, self.frame)
            shares = self.shares(state, at)
            for term in self.terms:
                term.inform_further(state.gamma, at, shares, found)
        return found

    def _fields(self, fields: Floats, at: Setting, out: Slopes, slope: Floats) -> float:
        """Return the prior density of the bent fields; fill the slope, and add to that of the bend."""
        field, middle = self.design.field, self.frame.hold.fields
        slope[:] = field.centred(out.fields)
        q, (by_mean, by_spread) = field.precision, at.bend.T
        return float(
            bent_density(
                q.indptr,
                q.indices,
                q.data,
                middle,
                fields,
                by_mean,
                by_spread,
                np.empty_like(slope),
                out.bend,
                slope,
            )
        )


def _laid_pulls(pulls: Pulls) -> Pulls:
    made: Pulls = laid_records(pulls, "eta1", "eta3", "offset", "slip")
    return made
