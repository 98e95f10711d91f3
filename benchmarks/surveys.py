"""How fast are design-based estimates, beside svy, on a large survey and on one of usual size?

Shares of many indicators in many domains, with strata, clusters and weights: estimate, standard error, interval.
`svy` gives the same standard errors (tests/second_opinion); its intervals are others.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from kalanso.surveys import estimation

SIZES = ((1_146, 6), (100_000, 20))  # children, domains
INDICATORS = 40


def main() -> None:
    """Print seconds and the ratio."""
    print(f"\nSurveys: {INDICATORS} indicators, estimate with interval in every domain")
    for children, domains in SIZES:
        frame, answers = _survey(children, domains)
        begun = time.perf_counter()
        masks = {str(one): (frame["domain"] == one).to_numpy() for one in range(domains)}
        ours = estimation.shares(estimation.design(frame), answers, masks)
        took = time.perf_counter() - begun
        theirs, peer = _svy(frame, answers)
        first = ours[ours["indicator"] == "i0"].sort_values("domain", key=lambda names: names.astype(int))
        apart = (
            float(np.abs(first["standard_error"].to_numpy() - peer).max())
            if peer is not None
            else float("nan")
        )
        line = f"  {children:>8,} children x {INDICATORS} x {domains:<3} kalanso {took:6.2f} s"
        told = (
            f"   svy {theirs:6.2f} s   ratio {took / theirs:.2f}   errors apart by {apart:.0e}"
            if peer is not None
            else "   svy is not installed"
        )
        print(line + told, flush=True)


def _survey(children: int, domains: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "stratum": rng.integers(0, 10, children), "cluster": rng.integers(0, max(6, children // 150), children),
            "weight": rng.uniform(0.5, 2, children), "domain": rng.integers(0, domains, children),
        }
    )  # fmt: skip
    values = (rng.uniform(size=(children, INDICATORS)) < rng.uniform(0.2, 0.9, INDICATORS)).astype(float)
    return frame, pd.DataFrame(values, columns=[f"i{at}" for at in range(INDICATORS)])


def _svy(frame: pd.DataFrame, answers: pd.DataFrame) -> tuple[float, np.ndarray | None]:
    """Return seconds of svy, and its standard errors of the first indicator by domain."""
    try:
        import polars
        import svy
    except ImportError:
        return float("nan"), None
    plan = svy.Design(stratum="stratum", psu="cluster", wgt="weight")
    whole = polars.from_pandas(pd.concat([frame, answers], axis=1))
    begun = time.perf_counter()
    sample = svy.Sample(data=whole, design=plan)
    found = [sample.estimation.mean(name, by="domain") for name in answers.columns]
    took = time.perf_counter() - begun
    return took, found[0].to_polars().sort("domain")["se"].to_numpy()
