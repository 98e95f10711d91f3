"""Which spread of the globals suits a sampler?

A global is stiff while all areas stand still, and wide while they move with it. Where both are alike the
posterior's own spread is right; where they differ, steps are bound by the one and the way to go by the other, and
a spread between them (in logs) serves both. Stiffness is measured by differences of slopes where chains
have been, width by where they went.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kalanso.coverage.model import Model
from kalanso.coverage.records import Floats
from kalanso.coverage.sampling import Sampler
from kalanso.coverage.ties import Ties
from kalanso.coverage.whitening import Whitening

# The difference at which slopes are taken, in the map's units: so small that one side is enough.
NEAR = 0.004
# Curvature less than this is taken for this: at single points a direction may be flat that is not.
FLATTEST = 0.05
# The same before chains have been anywhere: a state drawn from a Gaussian tells little.
UNKNOWN = 0.5
# Directions are taken to be at most so many times as wide as stiff.
WIDEST = 1000.0
# How far spreads lie from stiff (0) to wide (1), in logs. Where areas hold a global each by a chance of its own, going far does
# not depend on the spread, and steps are the longer the less of it there is.
TOWARDS = 0.25
# The share of what is seen of widths that is believed: chains this short wander.
BELIEVED = 0.8


def precisions(model: Model, map_: Whitening, z: Floats) -> tuple[Floats, Floats]:
    """Return the second derivatives of minus the log density at z in the map's coordinates, among globals (G,G) and between
    globals and all others (G, others); evidence that ties areas together is left to the map's ties."""
    size = model.layout.size
    loose = Sampler(model.loose, replace(map_, model=model.loose, ties=Ties.none(map_.size)))
    y, found = map_.ties.shrunk(z), np.empty((size, map_.size))
    here = loose.energy(y)[1]
    for j in range(size):
        ahead = y.copy()
        ahead[j] += NEAR
        found[j] = (loose.energy(ahead)[1] - here) / NEAR
    among = found[:, :size]
    return (among + among.T) / 2.0, found[:, size:]


def standing(stiff: Floats) -> Floats:
    """Return the spread of globals where they are stiff alone (G,G), for chains of which nobody knows where they will go."""
    values, vectors = np.linalg.eigh(stiff)
    return np.asarray(vectors / np.sqrt(np.maximum(values, UNKNOWN)))


def suited(stiff: Floats, passed: Floats) -> tuple[Floats, Floats]:
    """Return a middle and a spread of globals between stiff (G,G) and where chains have been (S,G), all in the coordinates
    of one map."""
    values, vectors = np.linalg.eigh(stiff)
    values = np.maximum(values, FLATTEST)
    root, inverse = (vectors * values**power @ vectors.T for power in (0.5, -0.5))
    seen = BELIEVED * root @ np.cov(passed.T) @ root + (1.0 - BELIEVED) * np.eye(passed.shape[1])
    wide, turned = np.linalg.eigh(seen)
    return passed.mean(axis=0), inverse @ (turned * np.clip(wide, 1.0, WIDEST) ** (0.5 * TOWARDS))
