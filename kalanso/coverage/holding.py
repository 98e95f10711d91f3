"""About which posterior do areas' coordinates follow the hyperparameters?

Gathers a fitted Gaussian into what `following` reads of each area: the evidence's part of its precision, what
pulls at its paths and levels, and how growth and recording follow the fields. At the reference scales, and with
standard coordinates of zero, areas stand where the fit has its middle.
"""

from __future__ import annotations

import numpy as np

from kalanso.coverage import records as r
from kalanso.coverage.area_factor import AreaFactor
from kalanso.coverage.area_information import Information
from kalanso.coverage.records import Floats, Hold

LEVELS = (r.LEVEL1, r.LEVEL3, r.DOSE)
REST = (r.GROWTH, r.RECORDING)
REPORTING = r.TIPS + 2


def held(
    told: Information, full: Information, areas: AreaFactor, scales: Floats, tips: Floats, paths: Floats,
    fields: Floats,
) -> Hold:  # fmt: skip
    """Return what holds areas about a posterior.

    `told` is the settled information of the evidence, `full` the same with the priors at `scales`, `areas` its
    factor; `tips` (N,5), `paths` (N,T,2) and `fields` (N,3, in their standard deviations) the posterior's middle.
    """
    effects = fields * scales[[r.FIELD1, r.FIELD3, r.FIELDR]]
    quarter, level = _quarters(told, full, tips, paths), np.zeros((len(tips), r.LEVEL_COLUMNS))
    level[:, r.TOLD : r.TOLD + 6] = told.tips[:, *_lower(LEVELS)]
    given = told.tips[:, LEVELS][:, :, [*REST, REPORTING]].copy()
    given[:, :, 2] /= scales[r.FIELDR]
    level[:, r.BY_GIVEN : r.BY_GIVEN + 9] = given.reshape(-1, 9)
    pull = np.einsum("nab,nb->na", full.tips[:, LEVELS][:, :, : r.TIPS], tips)
    pull += np.einsum("ntda,ntd->na", full.across[:, :, :, LEVELS], paths)
    pull += given[:, :, 2] * effects[:, 2:]
    q1, q3 = scales[r.LOCAL1] ** -2, scales[r.LOCAL3] ** -2
    pull[:, 0] -= q1 * effects[:, 0] - scales[r.LOADING] * q3 * effects[:, 1]
    pull[:, 1] -= q3 * effects[:, 1]
    level[:, r.PULL_LEVEL : r.PULL_LEVEL + 3] = pull
    level[:, r.ROOT_GROWTH] = areas.tips[:, r.GROWTH, r.GROWTH]
    level[:, r.ROOT_BELOW] = areas.tips[:, r.RECORDING, r.GROWTH]
    level[:, r.ROOT_RECORDING] = areas.tips[:, r.RECORDING, r.RECORDING]
    level[:, [r.MIDDLE_GROWTH, r.MIDDLE_RECORDING]] = tips[:, REST]
    by_effect = areas.to_fields[:, REST] / scales[[r.FIELD1, r.FIELD3, r.FIELDR]]
    level[:, r.FIELDS_GROWTH : r.FIELDS_GROWTH + 3] = by_effect[:, 0]
    level[:, r.FIELDS_RECORDING : r.FIELDS_RECORDING + 3] = by_effect[:, 1]
    level[:, r.MIDDLE_FIELDS : r.MIDDLE_FIELDS + 3] = effects
    return Hold(True, quarter, level, fields.copy())


def _quarters(told: Information, full: Information, tips: Floats, paths: Floats) -> Floats:
    n, t = paths.shape[:2]
    out = np.zeros((n, t, r.QUARTER_COLUMNS))
    out[:, :, r.WITHIN : r.WITHIN + 3] = told.within[:, :, *_lower((0, 1))]
    out[:, :-1, r.ONWARD : r.ONWARD + 4] = told.onward[:, :-1].reshape(n, t - 1, 4)
    out[:, :, r.ACROSS : r.ACROSS + 6] = told.across[:, :, :, LEVELS].reshape(n, t, 6)
    out[:, :, r.BY_GROWTH : r.BY_GROWTH + 2] = told.across[:, :, :, r.GROWTH]
    out[:, :, r.BY_RECORDING : r.BY_RECORDING + 2] = told.across[:, :, :, r.RECORDING]
    pull = np.einsum("ntab,ntb->nta", full.within, paths)
    pull += np.einsum("ntda,na->ntd", full.across[:, :, :, : r.TIPS], tips)
    pull[:, :-1] += np.einsum("ntab,ntb->nta", full.onward[:, :-1], paths[:, 1:])
    pull[:, 1:] += np.einsum("ntab,nta->ntb", full.onward[:, :-1], paths[:, :-1])
    out[:, :, r.PULL_PATH : r.PULL_PATH + 2] = pull
    return out


def _lower(places: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Return rows and columns of a lower triangle, rows after each other."""
    size = len(places)
    return (
        [places[a] for a in range(size) for _ in range(a + 1)],
        [places[b] for a in range(size) for b in range(a + 1)],
    )
