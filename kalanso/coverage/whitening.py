"""In which coordinates does the posterior look like a standard normal?

x = x0 + B z, where B B' is about the posterior's covariance: areas by their own small factors, fields
by one sparse factor, globals by a dense one (a block arrow: `estimation-collapse` §1). Areas and fields
follow the globals through a table of responses found from the density itself, so that evidence of
any form is respected. `to_state` and `back` are each other's transposes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kalanso.coverage import global_information as known
from kalanso.coverage import records as r
from kalanso.coverage.area_factor import (
    AreaFactor,
    factor_areas,
    paths_back,
    paths_given_edge,
    tips_back,
    tips_given_fields,
)
from kalanso.coverage.area_information import Information, add_prior
from kalanso.coverage.compiling import compiled
from kalanso.coverage.gmrf import Factor, NotPositiveDefinite, Pattern
from kalanso.coverage.model import Model
from kalanso.coverage.records import Flags, Floats, Ints
from kalanso.coverage.stretching import Stretch
from kalanso.coverage.ties import Ties

Slope = Callable[[Floats], Floats]
EDGE = r.TIPS + r.FIELDS
Responses = npt.NDArray[np.float32]


class NotWhitened(ValueError):
    """Information that does not amount to a positive precision."""


@dataclass(frozen=True, eq=False)
class Whitening:
    """One linear map. `responses` (N*8, G) says how tips and fields follow the globals, `root` (G,G) is
    the matrix with root root' = covariance of the globals. `further_sd` (E) and `further_responses`
    (E, G) are the same for coordinates beyond the areas' own; `ties` is what holds areas together beyond."""

    model: Model
    centre: Floats
    areas: AreaFactor
    fields: Factor
    responses: Responses
    root: Floats
    further_sd: Floats
    further_responses: Floats
    ties: Ties
    stretch: Stretch

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.model.size

    def to_state(self, z: Floats) -> Floats:
        """Return x for standard coordinates z (laid out as a state), stretched by hyperparameters."""
        y = self.ties.shrunk(z)
        return self.centre + self.linear(self.stretched(y, self._globals(y)))

    def _globals(self, y: Floats) -> Floats:
        """Return the globals that coordinates stand for which have shrunk as ties ask."""
        size = self.model.layout.size
        return np.asarray(self.centre[:size] + self.root @ y[:size])

    def stretched(self, z: Floats, gamma: Floats) -> Floats:
        """Return standard coordinates with tips and fields stretched as globals say."""
        out, factors = z.copy(), self.stretch.factors(gamma)
        state = self.model.state(out)
        tips = state.tips.size
        state.tips[:] *= factors[:tips].reshape(state.tips.shape)
        state.fields[:] *= factors[tips:].reshape(state.fields.shape)
        return out

    def log_volume(self, z: Floats) -> float:
        """Return the log of the volume of states for one of standard coordinates, up to a constant."""
        return self.stretch.log_volume(self._globals(self.ties.shrunk(z)))

    def slope_at(self, z: Floats, slope: Floats) -> Floats:
        """Return the slope in z of density and volume, at z, given the density's in x."""
        size, y = self.model.layout.size, self.ties.shrunk(z)
        out, pulled = self.pulled_at(y, self._globals(y), slope)
        out[:size] += self.root.T @ self.stretch.slope(size, pulled)
        return self.ties.shrunk(out)

    def pulled_at(self, y: Floats, gamma: Floats, slope: Floats) -> tuple[Floats, Floats]:
        """Return the slope in coordinates y before they are stretched at globals gamma, and what pulls at the
        factors (M): tips, then fields, times their slopes."""
        out = self.stretched(self._linear_back(slope), gamma)
        gs, ys = self.model.state(out), self.model.state(y)
        return out, np.concatenate([(gs.tips * ys.tips).ravel(), (gs.fields * ys.fields).ravel()])

    def spread(self, z: Floats) -> Floats:
        """Return B z."""
        return self.linear(self.ties.shrunk(z))

    def linear(self, z: Floats) -> Floats:
        """Return B z for coordinates that have shrunk as ties ask."""
        out = np.empty(self.size)
        zs, xs = self.model.state(z), self.model.state(out)
        xs.gamma[:] = self.root @ zs.gamma
        alone = self.fields.backward(np.ascontiguousarray(zs.fields).ravel()).reshape(zs.fields.shape)
        tips_given_fields(self.areas, zs.tips, self._centred(alone), xs.tips)
        followed = np.empty((xs.tips.shape[0], EDGE))
        _follow(self.responses, xs.gamma, followed.reshape(-1))
        xs.tips[:] -= followed[:, : r.TIPS]
        xs.fields[:] = alone - followed[:, r.TIPS :]
        fields = self._centred(xs.fields)
        paths_given_edge(self.areas, zs.path1, zs.path3, xs.tips, fields, xs.path1, xs.path3)
        xs.further[:] = self.further_sd * zs.further - self.further_responses @ xs.gamma
        return out

    def back(self, slope: Floats) -> Floats:
        """Return B' g: a slope in x as a slope in z."""
        return self.ties.shrunk(self._linear_back(slope))

    def _linear_back(self, slope: Floats) -> Floats:
        out = np.empty(self.size)
        gs, zs = self.model.state(slope), self.model.state(out)
        tips, through_paths, through_tips = gs.tips.copy(), np.zeros_like(gs.fields), np.zeros_like(gs.fields)
        paths_back(self.areas, gs.path1, gs.path3, tips, through_paths, zs.path1, zs.path3)
        fields = gs.fields + self._centred(through_paths)
        pulled = np.concatenate([tips, fields], axis=1).ravel()
        gathered = np.zeros(gs.gamma.size)
        _gather(self.responses, pulled, gathered)
        gathered += self.further_responses.T @ gs.further
        zs.further[:] = self.further_sd * gs.further
        zs.gamma[:] = self.root.T @ (gs.gamma - gathered)
        tips_back(self.areas, tips, through_tips, zs.tips)
        fields += self._centred(through_tips)
        zs.fields[:] = self.fields.forward(fields.ravel()).reshape(fields.shape)
        return out

    def _centred(self, fields: Floats) -> Floats:
        """Areas see fields less their component's mean, as the density does; the mean moves freely."""
        return self.model.design.field.centred(fields)

    def moved(self, centre: Floats) -> Whitening:
        """Return the same map about another centre."""
        return replace(self, centre=centre)

    def rescaled(self, root: Floats) -> Whitening:
        """Return the same map with another spread of the globals."""
        return replace(self, root=root).tied(self.ties.rows)

    def tied(self, rows: Floats) -> Whitening:
        """Return the same map, also whitened for residuals with these slopes in x (K,S)."""
        free = replace(self, ties=Ties.none(self.size))
        return replace(self, ties=Ties.of(rows, np.array([free.back(row) for row in rows])))


@dataclass(eq=False)
class Whitener:
    """Makes maps for one model: keeps the sparse pattern of the fields' precision."""

    model: Model
    pattern: Pattern
    rows: Ints
    columns: Ints
    prior: Floats
    probes: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model) -> Whitener:
        """Prepare the pattern of three fields on the areas' graph."""
        prior = sp.coo_matrix(sp.kron(model.design.field.precision, sp.identity(r.FIELDS)))
        n, k = model.design.shape[0], r.FIELDS
        inner = np.arange(n * k).reshape(n, k)
        rows = np.concatenate([prior.row, np.repeat(inner, k, axis=1).ravel()]).astype(np.int64)
        columns = np.concatenate([prior.col, np.tile(inner, (1, k)).ravel()]).astype(np.int64)
        ones = np.concatenate([np.abs(prior.data), np.ones(n * k * k)])
        return cls(model, Pattern.of(_summed(ones, rows, columns, n * k)), rows, columns, prior.data)

    def _probed(self, centre: Floats, slope: Slope | None, j: int, least: float) -> Floats:
        """Return a global's column by differences, or as found last where no slope is given."""
        if slope is not None or j not in self.probes:
            if slope is None:
                slope = lambda x: self.model.loose(x)[1]  # noqa: E731
            self.probes[j] = -_probe(centre, slope, j, 0.02 / np.sqrt(least))
        return self.probes[j]

    def settled(self, information: Information, reference: Floats) -> Information:
        """Return the information with its curvature put in, as far as each area stays positive."""
        n, t = self.model.design.shape
        share, bad = np.ones(n), np.zeros(n, bool)
        for part in (1.0, 0.5, 0.2, 0.0):
            share[bad] = part
            merged = information.merged(share)
            full = Information(*(block.copy() for block in merged))
            add_prior(reference, full)
            room = AreaFactor.room(n, t)
            if not factor_areas(full.within, full.onward, full.across, full.tips, room, bad):
                return merged
        first = self.model.design.areas[int(np.flatnonzero(bad)[0])]
        raise NotWhitened(f"area {first}: its precision is not positive definite")

    def _settled_factors(
        self, information: Information, reference: Floats
    ) -> tuple[Information, AreaFactor, Factor]:
        """Settle and factor; where areas and fields together are not positive, do without curvature."""
        try:
            settled = self.settled(information, reference)
            return settled, *self.factors(settled, reference)
        except NotPositiveDefinite:
            plain = information.merged(np.zeros(self.model.design.shape[0]))
            return plain, *self.factors(plain, reference)

    def roots(self, information: Information, scale: Floats) -> tuple[Floats, Floats]:
        """Return the logs of the roots of settled information and prior at some scales: tips, then fields."""
        areas, fields = self.factors(information, scale)
        tips = np.log(np.einsum("iaa->ia", areas.tips)).ravel()
        return tips, np.log(fields.values[self.pattern.indptr[:-1]])

    def factors(self, information: Information, reference: Floats) -> tuple[AreaFactor, Factor]:
        """Return the factors of areas and fields for settled information at reference scales."""
        n, t = self.model.design.shape
        full = Information(*(block.copy() for block in information))
        add_prior(reference, full)
        found, bad = AreaFactor.room(n, t), np.zeros(n, bool)
        if factor_areas(full.within, full.onward, full.across, full.tips, found, bad):
            raise NotWhitened("an area's precision is not positive definite")
        values = np.concatenate([self.prior, found.left.ravel()])
        return found, self.pattern.factor(_summed(values, self.rows, self.columns, n * r.FIELDS))

    def map(
        self, centre: Floats, information: Information, reference: Floats, slope: Slope | None, free: Flags,
        least: Floats,
    ) -> Whitening:  # fmt: skip
        """Return the map about `centre`; `free` flags the globals that may move, `least` (G) is the
        precision that each has at least (its prior's), which also sets how far those are probed whose
        precision does not follow from the areas' information. Without `slope` they stay as found last."""
        size, n = self.model.layout.size, self.model.design.shape[0]
        information, areas, fields = self._settled_factors(information, reference)
        responses = np.zeros((n * EDGE, size), np.float32)
        root = np.zeros((size, size))
        further_sd = 1.0 / np.sqrt(self.model.further_information(centre))
        followed = np.zeros((further_sd.size, size))
        none = Ties.none(self.model.size)
        still = Whitening(
            self.model, centre, areas, fields, responses, root, further_sd, followed, none,
            Stretch.none(n * EDGE),
        )  # fmt: skip
        places = np.flatnonzero(free)
        curvature, columns = self._columns(centre, information, reference, slope, places, least)
        paths, further = self.model.bounds[2], self.model.bounds[4]
        taken = np.empty((places.size, paths - size + further_sd.size))
        for row, j in enumerate(places):
            z = still.back(columns[row])
            answer = self.model.state(still.spread(z))
            responses[:, j] = np.concatenate([answer.tips, answer.fields], axis=1).ravel()
            # Paths do not follow the globals, so the globals' scale is the one with paths held.
            taken[row] = np.concatenate([z[size:paths], z[further:]])
            followed[:, j] = answer.further
        curvature -= taken @ taken.T
        root[np.ix_(places, places)] = root_of_inverse(curvature, least[places])
        ties = self.model.ties(centre)
        ties[:, :size] *= free
        return still.tied(ties)

    def _columns(
        self, centre: Floats, information: Information, reference: Floats, slope: Slope | None, places: Ints,
        least: Floats,
    ) -> tuple[Floats, list[Floats]]:  # fmt: skip
        """Return the precision among globals, and of each with all coordinates of a state."""
        model = self.model
        size, gamma = model.layout.size, centre[: model.layout.size]
        acts, weights = known.acting(model), known.source_weights(model, gamma)
        field_sd = float(reference[r.FIELDR])
        curvature, columns = np.zeros((size, size)), []
        given = model.known_columns(centre)
        for j in places:
            if not acts[j]:
                column = given[j] if j in given else self._probed(centre, slope, j, least[j])
                curvature[:, j] = column[:size]
                curvature[j] = column[:size]
            else:
                found = known.column(information, known.shifts(model, gamma, j, weights), field_sd)
                column = np.zeros(model.size)
                parts = model.state(column)
                parts.path1[:], parts.path3[:] = found.path1, found.path3
                parts.tips[:] = found.edge[:, : r.TIPS]
                # The density sees fields less their mean, so nothing pulls at a mean.
                parts.fields[:] = model.design.field.centred(found.edge[:, r.TIPS :])
                curvature[acts, j] = known.gathered(model, gamma, found, weights, field_sd)[acts]
            columns.append(column)
        block = model.layout.blocks["source_bias"]
        curvature[block, block] += known.bias_information(model, gamma)
        curvature[np.diag_indices(size)] += np.where(acts, model.layout.gaussian[1], 0.0)
        # Probed columns hold these already.
        shared = model.shared_information(centre)
        curvature += np.where(np.outer(acts, acts), shared, 0.0)
        inner = curvature[np.ix_(places, places)]
        return (inner + inner.T) / 2, columns


@nb.njit(cache=True, nogil=True, fastmath=True)
def _follow(responses: Any, gamma: Any, out: Any) -> None:
    """Fill responses @ gamma. One thread and half the memory of a library's product: this is the traffic."""
    for i in range(responses.shape[0]):
        v = 0.0
        for j in range(gamma.size):
            v += responses[i, j] * gamma[j]
        out[i] = v


@compiled
def _gather(responses: Any, pulled: Any, out: Any) -> None:
    """Add responses.T @ pulled to `out`."""
    for i in range(responses.shape[0]):
        v = pulled[i]
        for j in range(out.size):
            out[j] += responses[i, j] * v


def _summed(values: Floats, rows: Ints, columns: Ints, size: int) -> sp.csc_matrix:
    """Return a matrix that keeps every stored place, zeros too."""
    return sp.coo_matrix((values, (rows, columns)), shape=(size, size)).tocsc()


def _probe(centre: Floats, slope: Slope, j: int, step: float) -> Floats:
    """Return the second derivatives of the density in coordinate j and all others, by differences."""
    ahead, behind = centre.copy(), centre.copy()
    ahead[j] += step
    behind[j] -= step
    return (slope(ahead) - slope(behind)) / (2 * step)


def root_of_inverse(precision: Floats, least: Floats) -> Floats:
    """Return the root of the inverse of a precision that is nowhere below the prior's (`least`, diagonal).

    Differences at one point may find a direction flatter than its prior; the posterior is not.
    """
    scale = 1.0 / np.sqrt(least)
    values, vectors = np.linalg.eigh(precision * np.outer(scale, scale))
    return scale[:, None] * vectors / np.sqrt(np.maximum(values, 1.0))
