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


def without_the_lonely_stratum():
    frame = villages()
    return frame[frame.stratum != "D"].reset_index(drop=True)


def test_ratios_totals_and_their_t_intervals_agree_with_svy():
    frame = without_the_lonely_stratum()
    sample = estimation.design(frame)

    ours = estimation.quotient(sample, frame.dose.to_numpy(), frame.visits.to_numpy())
    theirs = sample_of(frame).estimation.ratio("dose", "visits").to_polars().to_dicts()[0]
    assert tuple(ours.values()) == pytest.approx(
        tuple(theirs[key] for key in ("est", "se", "lci", "uci", "df")), abs=1e-10
    )

    # a total has no function of its own: its error is that of sums of clusters
    sums = sample.sums((frame.weight * frame.dose).to_numpy(dtype=float)[:, None], np.ones(len(frame), bool))
    spread = [own.var(ddof=1) * len(own) for own in _by_stratum(sample, sums[:, 0])]
    total = sample_of(frame).estimation.total("dose").to_polars().to_dicts()[0]
    assert (sums.sum(), sum(spread) ** 0.5) == pytest.approx((total["est"], total["se"]), abs=1e-9)


def _by_stratum(sample, sums):
    return [sums[sample.stratum_of_cluster == at] for at in range(len(sample.strata))]


def test_the_rao_scott_test_agrees_with_svy():
    frame = without_the_lonely_stratum()
    ours = estimation.independence(estimation.design(frame), frame.dose, frame.wealth)
    theirs = sample_of(frame).categorical.tabulate("dose", "wealth").stats
    f = theirs.f
    assert tuple(ours) == pytest.approx(
        (theirs.chisq.value, f.value, f.df_num, f.df_den, f.p_value), abs=1e-10
    )


def test_differences_of_domains_agree_with_svy_but_for_one_degree_of_freedom():
    frame = without_the_lonely_stratum()
    girl = frame.girl.to_numpy()
    ours = estimation.difference(estimation.design(frame), frame[["dose"]], ~girl, girl).iloc[0]
    test = sample_of(frame.assign(girl=frame.girl.astype(int))).categorical.ttest("dose", group="girl").stats

    # svy takes one off for the slope of a regression on the group; clusters minus strata are 9. So does R (survey 4.1.1):
    # svyttest(dose ~ girl, subset without D): df 8, t -0.3658314, p 0.7239755
    assert (ours.degrees_of_freedom, test.df) == (9, 8)
    assert (test.t, test.p_value) == pytest.approx((-0.3658314, 0.7239755), abs=5e-8)
    assert ours.difference / ours.standard_error == pytest.approx(test.t, abs=1e-9)
    assert 2 * stats.t.sf(abs(test.t), 8) == pytest.approx(test.p_value, abs=1e-9)


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
