"""Do errors of raked estimates agree with R's survey, and with weights that are raked again for each sample?

Numbers of R (4.2, survey 4.1.1, MASS for `calibrate`), `f` being the table of `children()`:

    d <- svydesign(ids=~cluster, strata=~stratum, weights=~weight, data=f, nest=TRUE); T <- sum(weights(d))
    k <- calibrate(d, ~sex+cohort, population=c(`(Intercept)`=T, sexmale=0.51*T, cohortyoung=0.42*T), calfun="raking",
                   epsilon=1e-12, maxit=200)
    svymean(~dtp1, k); svymean(~dtp1, subset(k, cohort=="old")) ...; svyglm(dtp1~sex, design=k)
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys.design import rake
from kalanso.surveys.estimation import design, difference, quotient, shares
from tests.surveys.samples import schools_by_type

MARGINS = {"sex": {"female": 0.49, "male": 0.51}, "cohort": {"young": 0.42, "old": 0.58}}
# domain: (share, standard error) as R tells them
IN_R = {
    "all": (0.571944527862, 0.057394519379),
    "cohort old": (0.542234461740, 0.0585679880048),
    "sex female": (0.416566699250, 0.136233644104),
    "stratum S": (0.599388227345, 0.0807717346734),
    "place x": (0.590292063409, 0.120548477831),
}
GIRLS_AND_BOYS = (0.304662409043, 0.180156952189)


def children() -> pd.DataFrame:
    """Six children in each of twelve clusters of two strata."""
    rows = []
    for at in range(72):
        own = at // 6
        girl = (at * 7 + own) % 5 < 2
        rows.append(
            {
                "stratum": "ST"[own // 6], "cluster": f"c{own:02d}", "weight": 10.0 + 7 * (own % 5) + at % 2,
                "sex": "female" if girl else "male", "cohort": "old" if (at * 5 + own) % 3 else "young",
                "dtp1": float((at * 11 + 3 * own) % 7 < 4 + own % 2 - girl), "place": "x" if own < 4 else "y",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def raked(table: pd.DataFrame) -> pd.DataFrame:
    return rake(table, MARGINS).assign(raked_on="sex,cohort")


def test_errors_of_raked_shares_are_those_of_r_in_every_domain() -> None:
    own = raked(children())
    domains = {
        name: own[name.split()[0]].eq(name.split()[1]).to_numpy() if " " in name else np.ones(len(own), dtype=bool)
        for name in IN_R
    }  # fmt: skip
    found = shares(design(own), own[["dtp1"]], domains).set_index("domain")

    for name, (share, error) in IN_R.items():
        assert found.loc[name, "estimate"] == pytest.approx(share, abs=1e-9)
        assert found.loc[name, "standard_error"] == pytest.approx(error, abs=1e-9)


def test_errors_of_raked_differences_and_quotients_are_those_of_r() -> None:
    own = raked(children())
    girls = own["sex"].eq("female").to_numpy()
    found = difference(design(own), own[["dtp1"]], girls, ~girls).iloc[0]
    doses = quotient(design(own), 2 * own["dtp1"].to_numpy(), np.ones(len(own)))

    assert (found["difference"], found["standard_error"]) == pytest.approx(GIRLS_AND_BOYS, abs=1e-9)
    assert doses["standard_error"] == pytest.approx(2 * IN_R["all"][1], abs=1e-9)


def test_raking_of_the_schools_of_clus1_is_that_of_r_and_svy_with_a_tight_tolerance() -> None:
    # numbers of schools in California by type and by school-wide target, as R's examples of `rake` give them
    margins = {"kind": {"E": 4421, "H": 755, "M": 1018}, "target": {"no": 1072, "yes": 5122}}
    own = rake(schools_by_type(), margins).assign(raked_on="kind,target")
    found = shares(design(own), own[["index"]] / 1000).iloc[0]

    assert 1000 * found["estimate"] == pytest.approx(641.2303209268, abs=1e-6)
    assert 1000 * found["standard_error"] == pytest.approx(23.94200991, abs=1e-6)


def test_what_a_margin_tells_whole_does_not_move() -> None:
    own = raked(children())
    girls = pd.DataFrame({"girl": own["sex"].eq("female").astype(float)})
    found = shares(design(own), girls).iloc[0]

    assert found["estimate"] == pytest.approx(0.49, abs=1e-9)
    assert found["standard_error"] == pytest.approx(0, abs=1e-9)


def test_weights_that_were_not_raked_have_the_errors_that_they_had() -> None:
    own = children()
    plain = shares(design(own), own[["dtp1"]])
    told = own.assign(raking=1.0, raked_on=pd.Series(None, index=own.index, dtype=object))

    assert shares(design(told), own[["dtp1"]])["standard_error"].equals(plain["standard_error"])


def partly_raked(table: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """Rake the children whose margins are known; the others keep their weight."""
    told = rake(table[known], MARGINS).set_axis(table.index[known])
    weight = table["weight"].where(~known, told["weight"])
    factor = pd.Series(1.0, index=table.index).where(~known, told["raking"])
    return table.assign(
        weight=weight, raking=factor, raked_on=pd.Series("sex,cohort", index=table.index).where(known)
    )


def test_errors_of_partly_raked_shares_are_near_to_raking_anew_without_each_cluster() -> None:
    table = pd.concat(
        [children().assign(cluster=lambda own, n=n: own["cluster"] + f"-{n}") for n in range(6)],
        ignore_index=True,
    )
    noise = np.random.default_rng(3)
    table["dtp1"] = np.where(noise.random(len(table)) < 0.2, 1 - table["dtp1"], table["dtp1"])
    known = pd.Series(noise.random(len(table)) < 0.8)
    own = partly_raked(table, known)
    found = shares(design(own), own[["dtp1"]]).iloc[0]

    total = 0.0
    for stratum, at in table.groupby("stratum")["cluster"].unique().items():
        for cluster in at:
            kept = table["cluster"] != cluster
            more = np.where(table["stratum"].eq(stratum), len(at) / (len(at) - 1), 1.0)
            other = partly_raked(table.assign(weight=table["weight"] * more)[kept], known[kept])
            share = (other["weight"] * other["dtp1"]).sum() / other["weight"].sum()
            total += (len(at) - 1) / len(at) * (share - found["estimate"]) ** 2
    assert found["standard_error"] == pytest.approx(np.sqrt(total), rel=0.02)
