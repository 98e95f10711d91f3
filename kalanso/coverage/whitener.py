"""How is the map found in which the posterior looks like a standard normal?

From the information of the areas' evidence: factors of areas and of fields, how both follow the globals, and the
globals' own precision once areas have followed. Globals that act on areas as their levels do are known from
the areas' information (`global_information`), all others are probed by differences of slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from kalanso.coverage import global_information as known
from kalanso.coverage import records as r
from kalanso.coverage.area_factor import AreaFactor, factor_areas
from kalanso.coverage.area_information import Information, add_prior
from kalanso.coverage.gmrf import Factor, NotPositiveDefinite, Pattern
from kalanso.coverage.model import Model
from kalanso.coverage.records import Flags, Floats, Ints
from kalanso.coverage.ridges import Ridges
from kalanso.coverage.series import Series
from kalanso.coverage.side_by_side import each
from kalanso.coverage.stretching import Stretch
from kalanso.coverage.ties import Ties
from kalanso.coverage.whitening import EDGE, Whitening

Slope = Callable[[Floats], Floats]
# How far globals are moved where their columns are found by differences, in their prior's standard deviations: so little
# that one side is enough.
PROBE = 0.002


class NotWhitened(ValueError):
    """Information that does not amount to a positive precision."""


@dataclass(eq=False)
class Whitener:
    """Makes maps for one model, `workers` slopes at once: keeps the sparse pattern of the fields' precision."""

    model: Model
    pattern: Pattern
    rows: Ints
    columns: Ints
    prior: Floats
    workers: int = 1

    @classmethod
    def of(cls, model: Model, workers: int = 1) -> Whitener:
        """Prepare the pattern of three fields on the areas' graph."""
        prior = sp.coo_matrix(sp.kron(model.design.field.precision, sp.identity(r.FIELDS)))
        n, k = model.design.shape[0], r.FIELDS
        inner = np.arange(n * k).reshape(n, k)
        rows = np.concatenate([prior.row, np.repeat(inner, k, axis=1).ravel()]).astype(np.int64)
        columns = np.concatenate([prior.col, np.tile(inner, (1, k)).ravel()]).astype(np.int64)
        ones = np.concatenate([np.abs(prior.data), np.ones(n * k * k)])
        return cls(model, Pattern.of(_summed(ones, rows, columns, n * k)), rows, columns, prior.data, workers)

    def _probed(self, centre: Floats, slope: Slope, places: list[int], least: Floats) -> dict[int, Floats]:
        """Return the columns of some globals, found by differences."""
        if not places:
            return {}
        here = slope(centre)

        def column(j: int) -> Floats:
            step, ahead = PROBE / np.sqrt(least[j]), centre.copy()
            ahead[j] += step
            return np.asarray((here - slope(ahead)) / step)

        return dict(zip(places, each(column, places, self.workers), strict=True))

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

    def settled_factors(
        self, information: Information, reference: Floats
    ) -> tuple[Information, AreaFactor, Factor]:
        """Settle and factor; where areas and fields together are not positive, do without curvature."""
        try:
            settled = self.settled(information, reference)
            return settled, *self.factors(settled, reference)
        except NotPositiveDefinite:
            plain = information.merged(np.zeros(self.model.design.shape[0]))
            return plain, *self.factors(plain, reference)

    def roots(self, information: Information, scale: Floats) -> Floats:
        """Return the logs of the roots of the fields' precision at some scales, for settled information."""
        _, fields = self.factors(information, scale)
        return np.log(fields.values[self.pattern.indptr[:-1]])

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
        self, centre: Floats, information: Information, reference: Floats, slope: Slope, free: Flags,
        least: Floats,
    ) -> Whitening:  # fmt: skip
        """Return the map about `centre`; `free` flags the globals that may move, `least` (G) is the
        precision that each has at least (its prior's), which also sets how far those are probed whose
        precision does not follow from the areas' information, by differences of `slope`."""
        information, areas, fields = self.settled_factors(information, reference)
        still = self._still(self.model, centre, centre, areas, fields)
        return self._with_globals(still, still, information, reference, slope, free, least)

    def refactored(
        self, map_: Whitening, centre: Floats, information: Information, reference: Floats
    ) -> Whitening:
        """Return a map about `centre` with factors of areas and fields for other information, globals as they were."""
        _, areas, fields = self.settled_factors(information, reference)
        return replace(map_, areas=areas, fields=fields).moved(centre)

    def standard(self, model: Model, centre: Floats, fields: Factor) -> Whitening:
        """Return the map without globals for a model whose frame standardises areas about `centre`."""
        there = centre.copy()
        state = model.state(there)
        state.tips[:] = state.path1[:] = state.path3[:] = 0.0
        return self._still(model, there, centre, None, fields)

    def following(
        self, still: Whitening, centre: Floats, told: Information, areas: AreaFactor, reference: Floats,
        slope: Slope, free: Flags, least: Floats,
    ) -> Whitening:  # fmt: skip
        """Return the map of a model whose frame standardises areas about `centre`, from `standard`, given settled
        information and its areas' factor."""
        plain = self._still(self.model, centre, centre, areas, still.fields)
        return self._with_globals(plain, still, told, reference, slope, free, least)

    def _still(
        self, model: Model, there: Floats, centre: Floats, areas: AreaFactor | None, fields: Factor
    ) -> Whitening:
        """Return a map in which globals do not move; `there` is `centre` as the model has it."""
        size, n = self.model.layout.size, self.model.design.shape[0]
        further_sd = 1.0 / np.sqrt(self.model.further_information(centre))
        responses = np.zeros((n * EDGE, size), np.float32)
        return Whitening(
            model, there, areas, fields, responses, np.zeros((size, size)), further_sd,
            np.zeros((further_sd.size, size)), Ties.none(self.model.size), Stretch.none(n * r.FIELDS),
        )  # fmt: skip

    def _with_globals(
        self, plain: Whitening, still: Whitening, information: Information, reference: Floats,
        slope: Slope, free: Flags, least: Floats,
    ) -> Whitening:  # fmt: skip
        """Let globals move in a map: what the areas' information says of them is in the coordinates of `plain`,
        what is probed in those of `still`."""
        size = self.model.layout.size
        responses, root = np.zeros_like(still.responses), np.zeros((size, size))
        followed = np.zeros_like(still.further_responses)
        places = np.flatnonzero(free)
        curvature, columns = self._columns(plain, still, information, reference, slope, places, least)
        paths, further = self.model.bounds[2], self.model.bounds[4]
        taken = np.empty((places.size, paths - size + still.further_sd.size))

        def follow(row: int) -> None:
            j, z = places[row], columns[row]
            answer = self.model.state(still.linear(z))
            responses[:, j] = np.concatenate([answer.tips, answer.fields], axis=1).ravel()
            # Paths do not follow the globals, so the globals' scale is the one with paths held.
            taken[row] = np.concatenate([z[size:paths], z[further:]])
            followed[:, j] = answer.further

        each(follow, range(places.size), self.workers)
        curvature -= taken @ taken.T
        root[np.ix_(places, places)] = root_of_inverse(curvature, least[places])
        ridges, series, ties = Ridges(), None, still.model.ties(still.centre)
        ties[:, :size] *= free
        if still.areas is None:
            inner = np.ix_(places, places)
            precision = np.zeros((size, size))
            precision[inner] = np.linalg.inv(root[inner] @ root[inner].T)
            ridges = Ridges.of(self.model.layout, still.centre[:size], free)
            series = Series.of(self.model.layout, still.centre[:size], precision, free)
        if series is not None:
            root = series.linear()
            responses[:, series.spread_of] = followed[:, series.spread_of] = ties[:, series.spread_of] = 0.0
        moving = replace(
            still, responses=responses, root=root, further_responses=followed, series=series, ridges=ridges
        )
        return moving.tied(ties)

    def _columns(
        self, plain: Whitening, still: Whitening, information: Information, reference: Floats,
        slope: Slope, places: Ints, least: Floats,
    ) -> tuple[Floats, list[Floats]]:  # fmt: skip
        """Return the precision among globals, and of each with all standard coordinates."""
        model, centre = self.model, plain.centre
        size, gamma = model.layout.size, centre[: model.layout.size]
        acts, weights = known.acting(model), known.source_weights(model, gamma)
        field_sd = float(reference[r.FIELDR])
        given = model.known_columns(centre)
        unknown = [j for j in places if not acts[j] and j not in given]
        probed = self._probed(still.centre, slope, unknown, least)

        def found(j: int) -> tuple[Floats, Floats]:
            if not acts[j]:
                column = given[j] if j in given else probed[j]
                return column[:size], (plain if j in given else still).back(column)
            told = known.column(information, known.shifts(model, gamma, j, weights), field_sd)
            column = np.zeros(model.size)
            parts = model.state(column)
            parts.path1[:], parts.path3[:] = told.path1, told.path3
            parts.tips[:] = told.edge[:, : r.TIPS]
            # The density sees fields less their mean, so nothing pulls at a mean.
            parts.fields[:] = model.design.field.centred(told.edge[:, r.TIPS :])
            return known.gathered(model, gamma, told, weights, field_sd), plain.back(column)

        curvature, columns = np.zeros((size, size)), []
        for j, (among, standard) in zip(places, each(found, places.tolist(), self.workers), strict=True):
            if acts[j]:
                curvature[acts, j] = among[acts]
            else:
                curvature[:, j] = curvature[j] = among
            columns.append(standard)
        block = model.layout.blocks["source_bias"]
        curvature[block, block] += known.bias_information(model, gamma)
        curvature[np.diag_indices(size)] += np.where(acts, model.layout.gaussian[1], 0.0)
        # Probed columns hold these already.
        shared = model.shared_information(centre)
        curvature += np.where(np.outer(acts, acts), shared, 0.0)
        inner = curvature[np.ix_(places, places)]
        return (inner + inner.T) / 2, columns


def _summed(values: Floats, rows: Ints, columns: Ints, size: int) -> sp.csc_matrix:
    """Return a matrix that keeps every stored place, zeros too."""
    return sp.coo_matrix((values, (rows, columns)), shape=(size, size)).tocsc()


def root_of_inverse(precision: Floats, least: Floats) -> Floats:
    """Return the root of the inverse of a precision that is nowhere below the prior's (`least`, diagonal).

    Differences at one point may find a direction flatter than its prior; the posterior is not.
    """
    scale = 1.0 / np.sqrt(least)
    values, vectors = np.linalg.eigh(precision * np.outer(scale, scale))
    return scale[:, None] * vectors / np.sqrt(np.maximum(values, 1.0))
