"""Are the draws possible at all, given what was counted?

The last guard before numbers reach people: an engine that wandered off gives finite numbers too. It
only knows orders of magnitude; whether draws may be published is judged by the engine's own gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kalanso.coverage.evidence import quarter_year
from kalanso.coverage.faults import EstimateRefused

if TYPE_CHECKING:
    from kalanso.coverage.evidence import Evidence
    from kalanso.coverage.posterior import Posterior

OFF = 20.0  # by this factor no source is ever wrong as a whole


def refuse_impossible(posterior: Posterior, evidence: Evidence) -> None:
    """Raise EstimateRefused for draws that are not finite, no shares, or far from all that was counted.

    The children due of all areas are held against every population of the country's areas and of
    larger places, and doses (children due times coverage) against the reported ones.
    """
    infants = posterior.surviving_infants
    shares = [values for values in (posterior.dtp1_coverage, posterior.dtp3_coverage) if values is not None]
    if not all(np.isfinite(values).all() for values in (infants, *shares)):
        raise _refused(posterior, "not_finite")
    if not (infants > 0).all() or any((values < 0).any() or (values > 1).any() for values in shares):
        raise _refused(posterior, "no_share")
    ratios = [*_to_populations(posterior, evidence), *_to_doses(posterior, evidence)]
    # One wild source must not stop a run: only draws that are far from all of them are impossible.
    far = [ratio for ratio in ratios if not 1 / OFF < ratio < OFF]
    if ratios and len(far) == len(ratios):
        raise _refused(posterior, "far_off", factor=f"{max(far, key=lambda ratio: abs(np.log(ratio))):.1g}")


def _refused(posterior: Posterior, name: str, **params: object) -> EstimateRefused:
    return EstimateRefused(f"coverage.sanity.{name}", diagnostics=posterior.diagnostics, **params)


def _to_populations(posterior: Posterior, evidence: Evidence) -> list[float]:
    """Return for each source and level the drawn number of children over the stated one."""
    median = np.median(posterior.surviving_infants, axis=0).astype(float)
    years = np.array([quarter_year(code) for code in posterior.periods])
    found = []
    rows = evidence.denominators
    for _, own in rows.groupby([rows["source"], rows["place_code"].map(evidence.depths)]):
        drawn = 0.0
        for place, year in zip(own["place_code"], own["period"], strict=True):
            inside = years == year if (years == year).any() else np.ones(len(years), bool)
            drawn += 4 * median[evidence.members(place)][:, inside].sum() / inside.sum()
        found.append(drawn / float(own["surviving_infants"].sum()))
    return found


def _to_doses(posterior: Posterior, evidence: Evidence) -> list[float]:
    rows = evidence.doses[evidence.doses["indicator"] == f"{posterior.first}_doses"]
    given = float(rows["value"].sum())
    if given <= 0:
        return []
    i = rows["place_code"].map(evidence.area_index).to_numpy(int)
    t = rows["period"].map(evidence.period_index).to_numpy(int)
    drawn = np.median(posterior.surviving_infants * posterior.dtp1_coverage, axis=0).astype(float)
    return [float(drawn[i, t].sum()) / given]
