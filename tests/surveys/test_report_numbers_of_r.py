"""Do pairs, corrected p values, curves by age and the wealth index come out as R has them?

R 4.2.2 with survey 4.1.1 and survival computed the constants; each test tells the call. R is not needed to run them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys import contrasts, estimation
from kalanso.surveys.dose_ages import Ages, turnbull
from kalanso.surveys.wealth import wealth_index

NONE = np.inf


def test_a_difference_and_the_rao_scott_test_of_it_are_those_of_r_and_do_not_say_the_same():
    """Twelve clusters of eight children in each of two strata, equal weights.

    d <- svydesign(id = ~cluster, strata = ~stratum, weights = ~1, data = x)
    k <- svycontrast(svyby(~got, ~stratum, d, svymean, covmat = TRUE), c(-1, 1)); confint(k, df = degf(d))
    2 * pt(abs(coef(k) / SE(k)), degf(d), lower = FALSE); svychisq(~got + stratum, d, statistic = "F")

    The t test rests on the error of the difference, Rao-Scott's on cell shares as they were found (nearly that of log odds): both are right, and
    far from one half they differ. R: p .0058 and .0325; "Chisq" .0225, "lincom" .0340.
    """
    got = [8, 8, 8, 6, 8, 8, 4, 7, 8, 8, 8, 8, 6, 7, 7, 5, 5, 4, 5, 8, 6, 6, 7, 5]
    x = pd.DataFrame(
        {"stratum": np.repeat(["a", "b"], 96), "cluster": np.repeat(np.arange(24), 8), "weight": 1.0}
    )
    x["got"] = np.concatenate([[1.0] * n + [0.0] * (8 - n) for n in got])
    sample, second = estimation.design(x), x["stratum"].eq("b").to_numpy(dtype=bool)

    apart = estimation.difference(sample, x[["got"]], ~second, second).iloc[0]
    test = estimation.independence(sample, x["got"], x["stratum"])

    ours = apart[["difference", "standard_error", "degrees_of_freedom", "low", "high", "p_value"]].astype(
        float
    )
    assert tuple(ours) == pytest.approx(
        (-0.1875, 0.0613852608736, 22, -0.314805239292, -0.0601947607079, 0.00581063243207), abs=1e-10
    )
    assert tuple(test) == pytest.approx((12.15, 5.20661238779, 1, 22, 0.0325348895397), abs=1e-10)


def test_fifteen_p_values_are_corrected_as_r_corrects_them():
    """p.adjust(p, "holm")"""
    p = [.032657, .483056, .272768, .006191, .196204, .004378, .065468, .183251, .221945, .432421, .000441, .275117, .007206, .705375, .034658]  # fmt: skip
    adjusted = [.359227, 1, 1, .080483, 1, .061292, .589212, 1, 1, 1, .006615, 1, .086472, 1, .359227]  # fmt: skip
    assert contrasts.holm(np.array(p)) == pytest.approx(adjusted, abs=1e-12)


def test_a_curve_by_age_is_that_of_survfit():
    """Eight dated doses, four of which only the interview is known, eight children without the dose; weights 1 to 4 in turn.

    s <- survfit(Surv(l, u, type = "interval2") ~ 1, weights = w); 1 - summary(s, times = c(45, 55, 65, 90, 125))$surv

    l and u: the day twice; NA and the interview; the interview and NA. R stops its steps sooner than we do, so agreement is to 1e-5.
    """
    day = np.array([42, 45, 50, 50, 61, 70, 95, 120], dtype=float)
    undated, without = [90, 110, 140, 60], [44, 58, 66, 80, 101, 130, 130, 131]
    ages = Ages(np.concatenate([day - 1, [-1.0] * 4, without]), np.concatenate([day, undated, [NONE] * 8]))
    found = turnbull(ages, np.tile([1.0, 2.0, 3.0, 4.0], 5))
    ours = [found.loc[found["until"] <= at, "mass"].sum() for at in (45, 55, 65, 90, 125)]
    r = [0.103796046677, 0.348841599159, 0.375898222079, 0.438101970236, 0.687021463428]
    assert ours == pytest.approx(r, abs=1e-5)


def test_the_wealth_index_is_the_first_weighted_component_of_r():
    """k <- cov.wt(a, wt = w / sum(w), method = "ML", cor = TRUE)

    q <- princomp(covmat = list(cov = k$cor, center = k$center, n.obs = 8)); loadings(q)[, 1]; q$sdev[1]^2 / 4
    """
    assets = pd.DataFrame(
        {"radio": [1, 0, 1, 1, 0, 0, 1, 0], "phone": [1, 1, 1, 0, 0, 1, 1, 0], "floor": [1, 0, 0, 1, 0, 0, 1, 0], "cattle": [0, 1, 0, 0, 1, 0, 0, 0]}
    )  # fmt: skip
    found = wealth_index(assets, pd.Series(np.arange(1.0, 9.0)))
    assert tuple(found.loadings) == pytest.approx(
        (0.613026286692, 0.338186075873, 0.574996183579, -0.423330058914), abs=1e-10
    )
    assert found.explained == pytest.approx(0.565867305918, abs=1e-10)
