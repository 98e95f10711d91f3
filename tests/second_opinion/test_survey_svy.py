"""Does the package svy say the same where its definitions are ours, and where do they differ?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kalanso.surveys import estimation
from tests.surveys.samples import schools, villages

svy = pytest.importorskip("svy", reason="the extra `survey` is not installed")


def sample_of(frame):
    import polars

    plan = svy.Design(stratum="stratum", psu="cluster", wgt="weight")
    return svy.Sample(data=polars.from_pandas(frame), design=plan)


def of_schools(method):
    rows = sample_of(schools()).estimation.prop("high", ci_method=method).to_polars()
    return rows.filter(rows["high"] == 1).to_dicts()[0]


def test_shares_errors_and_logit_intervals_agree_with_svy():
    ours = estimation.shares(estimation.design(schools()), schools()[["high"]], method="logit").iloc[0]
    theirs = of_schools("logit")
    assert tuple(ours[["estimate", "standard_error", "low", "high"]]) == pytest.approx(
        tuple(theirs[key] for key in ("est", "se", "lci", "uci")), abs=1e-10
    )


def test_domains_agree_with_svy():
    frame = villages()
    frame = frame[frame.stratum != "D"].reset_index(drop=True)  # svy refuses strata of one cluster
    girl = frame.girl.to_numpy()

    ours = estimation.shares(estimation.design(frame), frame[["dose"]], {"boy": ~girl, "girl": girl})
    theirs = sample_of(frame).estimation.mean("dose", by="girl").to_polars().sort("girl")

    assert ours["estimate"].to_numpy() == pytest.approx(theirs["est"].to_numpy(), abs=1e-10)
    assert ours["standard_error"].to_numpy() == pytest.approx(theirs["se"].to_numpy(), abs=1e-10)


def test_svys_beta_and_wilson_intervals_are_others_and_this_is_how():
    p, error, n, df = (np.array([value]) for value in (62 / 183, 0.08060866331580209, 183.0, 14.0))
    plain = p * (1 - p) / error**2
    korn_graubard = plain * (stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, df)) ** 2

    beta = estimation.METHODS["clopper_pearson"](p, korn_graubard, 0.05)
    # the penalty for few clusters twice: in the size, and again in place of z
    twice = estimation.METHODS["wilson"](p, korn_graubard, 2 * stats.norm.sf(stats.t.ppf(0.975, 14)))

    theirs = {method: of_schools(method) for method in ("beta", "wilson")}
    assert (beta[0][0], beta[1][0]) == pytest.approx((0.1751177623, 0.5366022881), abs=1e-9)  # as R
    assert (theirs["beta"]["lci"], theirs["beta"]["uci"]) == pytest.approx((beta[0][0], beta[1][0]), abs=1e-9)
    assert (theirs["wilson"]["lci"], theirs["wilson"]["uci"]) == pytest.approx(
        (twice[0][0], twice[1][0]), abs=1e-9
    )
