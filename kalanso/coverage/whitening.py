"""In which coordinates does the posterior look like a standard normal?

x = x0 + B z, where B B' is about the posterior's covariance: areas by their own small factors, fields
by one sparse factor, globals by a dense one (a block arrow: `estimation-collapse` §1). Areas and fields
follow the globals through a table of responses found from the density itself, so that evidence of
any form is respected. `to_state` and `back` are each other's transposes. Where a frame standardises areas
already (`following`), they are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from kalanso.coverage import records as r
from kalanso.coverage.answers import Answers
from kalanso.coverage.area_factor import (
    AreaFactor,
    paths_back,
    paths_given_edge,
    tips_back,
    tips_given_fields,
)
from kalanso.coverage.gmrf import Factor
from kalanso.coverage.model import Model
from kalanso.coverage.products import add_product, fill_product
from kalanso.coverage.records import Floats
from kalanso.coverage.ridges import Ridges
from kalanso.coverage.series import Point, Series
from kalanso.coverage.stretching import Stretch
from kalanso.coverage.ties import Ties

EDGE = r.TIPS + r.FIELDS
Responses = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Place:
    """A state `x` for coordinates `y` (shrunk as ties ask, answers put in), the log of the volume there, its globals' point, its
    globals before ridges bend, and by how much fields are stretched."""

    y: Floats
    x: Floats
    volume: float
    point: Point | None
    straight: Floats
    stretch: Floats


@dataclass(frozen=True, eq=False)
class Whitening:
    """One linear map. `areas` is None where the frame standardises them. `responses` (N*8, G) says how tips and fields
    follow the globals, `root` (G,G) is the matrix with root root' = covariance of the globals. `further_sd` (E) and `further_responses`
    (E, G) are the same for coordinates beyond the areas' own; `ties` is what holds areas together beyond. What this says of
    globals is in coordinates in which their `ridges` are straight; `answers` is what chains have shown of others beyond
    all that."""

    model: Model
    centre: Floats
    areas: AreaFactor | None
    fields: Factor
    responses: Responses
    root: Floats
    further_sd: Floats
    further_responses: Floats
    ties: Ties
    stretch: Stretch
    series: Series | None = None
    ridges: Ridges = field(default_factory=Ridges)
    answers: Answers | None = None

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.model.size

    def to_state(self, z: Floats) -> Floats:
        """Return x for standard coordinates z (laid out as a state)."""
        return self.place(z).x

    def place(self, z: Floats) -> Place:
        """Return x for standard coordinates z (laid out as a state), and how coordinates are stretched there."""
        size, y = self.model.layout.size, self.ties.shrunk(z)
        point = None if self.series is None else self.series.at(y[:size])
        straight = self.centre[:size] + self.root @ y[:size] if point is None else point.gamma
        effect = straight if point is None else point.effect
        gamma = self.ridges.bent(straight)
        if self.answers is not None:
            y = self.answers.given(y)
        stretch = self.stretch.factors(gamma)
        x = self._given(self._times(y, stretch), effect - self.centre[:size])
        x += self.centre
        x[:size] = gamma
        volume = self.stretch.log_volume(gamma) + (0.0 if point is None else point.volume)
        return Place(y, x, volume, point, straight, stretch)

    def slope_at(self, place: Place, slope: Floats) -> Floats:
        """Return the slope in z of density and volume at a place, given the density's in x."""
        size = self.model.layout.size
        out, gathered = self._given_back(slope)
        begin, end = self.model.bounds[:2]
        out[begin:end] *= place.stretch
        stretched = self.stretch.slope(size, self.pull_of(place.y, out))
        direct = self.ridges.back(place.straight, slope[:size] + stretched)
        if self.series is None or place.point is None:
            out[:size] = self.root.T @ (direct - gathered)
        else:
            out[:size] = self.series.back(place.point, direct, -gathered)
        if self.answers is not None:
            out[:size] += self.answers.back(out)
        return self.ties.shrunk(out)

    def stretched(self, z: Floats, gamma: Floats) -> Floats:
        """Return standard coordinates with fields stretched as globals say."""
        return self._times(z, self.stretch.factors(gamma))

    def _times(self, z: Floats, stretch: Floats) -> Floats:
        out = z.copy()
        begin, end = self.model.bounds[:2]
        out[begin:end] *= stretch
        return out

    def pull_of(self, y: Floats, slope: Floats) -> Floats:
        """Return what pulls at the factors by which fields are stretched (M), times their slopes, given coordinates and
        slopes in them before they are stretched."""
        begin, end = self.model.bounds[:2]
        return slope[begin:end] * y[begin:end]

    def spread(self, z: Floats) -> Floats:
        """Return B z."""
        return self.linear(self.ties.shrunk(z))

    def linear(self, z: Floats) -> Floats:
        """Return B z for coordinates that have shrunk as ties ask."""
        return self._given(z, self.root @ z[: self.model.layout.size])

    def _given(self, z: Floats, effect: Floats) -> Floats:
        """Return where coordinates lead, away from the centre, when globals move by `effect`."""
        out = np.empty(self.size)
        zs, xs = self.model.state(z), self.model.state(out)
        xs.gamma[:] = effect
        alone = self.fields.backward(np.ascontiguousarray(zs.fields).ravel()).reshape(zs.fields.shape)
        if self.areas is None:
            xs.tips[:] = zs.tips
        else:
            tips_given_fields(self.areas, zs.tips, self._centred(alone), xs.tips)
        followed = np.empty((xs.tips.shape[0], EDGE))
        fill_product(self.responses, xs.gamma, followed.reshape(-1))
        xs.tips[:] -= followed[:, : r.TIPS]
        xs.fields[:] = alone - followed[:, r.TIPS :]
        if self.areas is None:
            xs.path1[:], xs.path3[:] = zs.path1, zs.path3
        else:
            fields = self._centred(xs.fields)
            paths_given_edge(self.areas, zs.path1, zs.path3, xs.tips, fields, xs.path1, xs.path3)
        xs.further[:] = self.further_sd * zs.further - self.further_responses @ xs.gamma
        return out

    def back(self, slope: Floats) -> Floats:
        """Return B' g: a slope in x as a slope in z."""
        return self.ties.shrunk(self._linear_back(slope))

    def _linear_back(self, slope: Floats) -> Floats:
        out, gathered = self._given_back(slope)
        size = self.model.layout.size
        out[:size] = self.root.T @ (slope[:size] - gathered)
        return out

    def _given_back(self, slope: Floats) -> tuple[Floats, Floats]:
        """Return slopes in all coordinates but the globals', and how far areas' slopes pull at those (G)."""
        out = np.empty(self.size)
        gs, zs = self.model.state(slope), self.model.state(out)
        tips, through_paths, through_tips = gs.tips.copy(), np.zeros_like(gs.fields), np.zeros_like(gs.fields)
        fields = gs.fields.copy()
        if self.areas is None:
            zs.path1[:], zs.path3[:] = gs.path1, gs.path3
        else:
            paths_back(self.areas, gs.path1, gs.path3, tips, through_paths, zs.path1, zs.path3)
            fields += self._centred(through_paths)
        pulled = np.concatenate([tips, fields], axis=1).ravel()
        gathered = np.zeros(gs.gamma.size)
        add_product(self.responses, pulled, gathered)
        gathered += self.further_responses.T @ gs.further
        zs.further[:] = self.further_sd * gs.further
        if self.areas is None:
            zs.tips[:] = tips
        else:
            tips_back(self.areas, tips, through_tips, zs.tips)
            fields += self._centred(through_tips)
        zs.fields[:] = self.fields.forward(fields.ravel()).reshape(fields.shape)
        return out, gathered

    def _centred(self, fields: Floats) -> Floats:
        """Areas see fields less their component's mean, as the density does; the mean moves freely."""
        return self.model.design.field.centred(fields)

    def moved(self, centre: Floats) -> Whitening:
        """Return the same map about another centre."""
        size = self.model.layout.size
        series = None if self.series is None else replace(self.series, centre=centre[:size])
        return replace(self, centre=centre, series=series)

    def turned(self, about: Floats, turn: Floats) -> Whitening:
        """Return the same map with coordinates of globals turned about a point: w becomes about + turn w."""
        centre, root, series = self.centre.copy(), self.root @ turn, self.series
        if series is None:
            centre[: about.size] += self.root @ about
        else:
            series = series.turned(about, turn)
            root = series.linear()
        answers = None if self.answers is None else self.answers.turned(about, turn)
        turned = replace(self, centre=centre, root=root, series=series, answers=answers)
        return turned.tied(self.ties.rows)

    def tied(self, rows: Floats) -> Whitening:
        """Return the same map, also whitened for residuals with these slopes in x (K,S)."""
        free = replace(self, ties=Ties.none(self.size))
        return replace(self, ties=Ties.of(rows, np.array([free.back(row) for row in rows])))
