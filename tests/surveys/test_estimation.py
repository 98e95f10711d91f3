"""Are shares, errors and intervals those of other programs, and of a slow plain copy?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.surveys import estimation
from tests.surveys.samples import schools, schools_by_type, villages

# What VCQI's formulas give for the cluster sums of `clus1` (a check in R 4.2.2 with survey 4.1.1)
CLUS1 = {
    "wilson": (0.1942765951, 0.5212734744),
    "clopper_pearson": (0.1741385344, 0.5380386941),
    "logit": (0.1914785242, 0.5257569957),
    "jeffreys": (0.1877657779, 0.5204621407),
    "agresti_coull": (0.1933077783, 0.5222422913),
    "fleiss": (0.1808390629, 0.5382703090),
}


def all_children(frame, columns, **options):
    return estimation.shares(estimation.design(frame), frame[columns], **options)


@pytest.mark.parametrize(("method", "ends"), CLUS1.items())
def test_every_interval_is_that_of_vcqi_on_the_schools_of_clus1(method, ends):
    row = all_children(schools(), ["high"], method=method).iloc[0]

    assert row.estimate == pytest.approx(0.3387978142, abs=1e-9)
    assert row.standard_error == pytest.approx(0.0806086633, abs=1e-9)
    assert (row.low, row.high) == pytest.approx(ends, abs=1e-9)
    assert (row.design_effect, row.effective_children) == pytest.approx((5.279100705, 28.78985068), abs=1e-8)
    assert (row.clusters, row.degrees_of_freedom, row.children) == (15, 14, 183)


def test_one_sided_bounds_are_the_ends_of_the_90_percent_interval():
    row = all_children(schools(), ["high"]).iloc[0]
    assert (row.lower_bound, row.upper_bound) == pytest.approx((0.2154659404, 0.4887456057), abs=1e-9)


# On villages(), R 4.2.2 with survey 4.1.1 gave the numbers of the next three tests: see villages.R
def test_strata_weights_a_lonely_cluster_and_domains_agree_with_r():
    frame = villages()
    domains = {
        "all": np.ones(len(frame), dtype=bool),
        "girl": frame.girl.to_numpy(),
        "far": frame.far.to_numpy(),
    }

    rows = all_children(frame, ["dose", "written"], domains=domains, method="logit")
    rows = rows.set_index(["domain", "indicator"])

    found = rows[["estimate", "standard_error"]]
    assert tuple(found.loc[("all", "dose")]) == pytest.approx((0.499306518724, 0.0439175696402), abs=1e-10)
    assert tuple(found.loc[("all", "written")]) == pytest.approx((0.654517843584, 0.0330828251402), abs=1e-10)
    assert tuple(found.loc[("girl", "dose")]) == pytest.approx((0.495821727019, 0.0451045624828), abs=1e-10)
    assert tuple(found.loc[("far", "dose")]) == pytest.approx((0.563492063492, 0.047262521047), abs=1e-10)
    ends = rows.loc[("all", "dose"), ["low", "high"]]
    assert tuple(ends) == pytest.approx((0.401271863767, 0.597394522042), abs=1e-10)
    assert rows.loc[("all", "dose"), "lonely_strata"] == 1
    assert rows.loc[("far", "dose"), "lonely_strata"] == 0


def test_a_lonely_cluster_counts_nothing_as_certainty_and_can_be_refused():
    frame = villages()
    assert all_children(frame, ["dose"], lonely="certainty").iloc[0].standard_error == pytest.approx(
        0.033249853285, abs=1e-10
    )
    with pytest.raises(estimation.DesignRefused, match="got one in D"):
        all_children(frame, ["dose"], lonely="refuse")


def test_differences_ratios_and_tests_of_independence_agree_with_r():
    frame = villages()
    sample, girl = estimation.design(frame), frame.girl.to_numpy()

    apart = estimation.difference(sample, frame[["dose"]], ~girl, girl).iloc[0]
    ratio = estimation.quotient(sample, frame.dose.to_numpy(), frame.visits.to_numpy())
    whole = estimation.independence(sample, frame.dose, frame.wealth)
    girls = estimation.independence(sample, frame.dose, frame.wealth, girl)

    assert (apart.difference, apart.standard_error) == pytest.approx(
        (-0.00694070391973, 0.0474584820067), abs=1e-10
    )
    assert (ratio["estimate"], ratio["standard_error"]) == pytest.approx(
        (0.199004975124, 0.0185587018293), abs=1e-10
    )
    assert tuple(whole)[1:] == pytest.approx(
        (5.30174008501, 1.6461381203, 14.8152430827, 0.0228189128019), abs=1e-9
    )
    assert tuple(girls)[1:] == pytest.approx(
        (3.3177782983, 1.88546398645, 16.9691758781, 0.0631490778755), abs=1e-9
    )


def test_the_rao_scott_test_is_that_of_r_on_the_schools_of_clus1():
    frame = schools_by_type()
    found = estimation.independence(estimation.design(frame), frame.target, frame.kind)
    assert tuple(found) == pytest.approx((11.94089208, 5.090462615, 1.49464, 20.92496, 0.0230716), abs=5e-6)


def share_slowly(frame, answer, members):
    """One cluster after the other, in the words of the manual."""
    inside = frame[members & frame[answer].notna()]
    whole = inside.weight.sum()
    p = (inside.weight * inside[answer]).sum() / whole
    total, freedom = 0.0, 0
    for stratum in sorted(set(inside.stratum)):
        clusters = sorted(set(frame[frame.stratum == stratum].cluster))
        scores = []
        for cluster in clusters:
            own = inside[(inside.stratum == stratum) & (inside.cluster == cluster)]
            scores.append((own.weight * (own[answer] - p)).sum() / whole)
        m = len(scores)
        freedom += m - 1
        total += scores[0] ** 2 if m == 1 else m / (m - 1) * sum((z - sum(scores) / m) ** 2 for z in scores)
    return p, total**0.5, freedom


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_shares_agree_with_the_slow_ones(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 90))
    frame = pd.DataFrame(
        {
            "stratum": rng.choice(list("ABC"), n),
            "cluster": rng.integers(0, 6, n),
            "weight": rng.uniform(0.2, 3, n),
            "dose": rng.choice([0.0, 1.0, np.nan], n, p=[0.4, 0.5, 0.1]),
        }
    )
    members = rng.uniform(size=n) < 0.7
    members[:2], frame.loc[:1, "dose"] = True, [0.0, 1.0]

    row = all_children(frame, ["dose"], domains={"some": members}).iloc[0]

    p, error, freedom = share_slowly(frame, "dose", members)
    assert (row.estimate, row.standard_error) == pytest.approx((p, error), abs=1e-12)
    if error > 0:
        assert row.degrees_of_freedom == freedom
    assert row.low <= row.estimate <= row.high or freedom == 0


def icc_slowly(frame, answer):
    groups = [own[answer].to_numpy(dtype=float) for _, own in frame.groupby(["stratum", "cluster"])]
    n = sum(map(len, groups))
    mean = sum(map(sum, groups)) / n
    between = sum(len(g) * (g.mean() - mean) ** 2 for g in groups) / (len(groups) - 1)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n - len(groups))
    n0 = (n - sum(len(g) ** 2 for g in groups) / n) / (len(groups) - 1)
    return (between - within) / (between + (n0 - 1) * within)


def test_the_cluster_correlation_agrees_with_the_slow_one():
    frame = villages()
    assert all_children(frame, ["dose"]).iloc[0].icc == pytest.approx(icc_slowly(frame, "dose"), abs=1e-12)


def test_a_domain_without_children_has_no_estimate_and_one_cluster_alone_no_interval():
    frame = villages()
    nobody, one = np.zeros(len(frame), dtype=bool), (frame.stratum == "D").to_numpy()

    rows = all_children(frame, ["dose"], domains={"nobody": nobody, "one": one}).set_index("domain")

    assert np.isnan(rows.loc["nobody", "estimate"])
    assert rows.loc["nobody", "children"] == 0
    assert 0 < rows.loc["one", "estimate"] < 1
    assert rows.loc["one", ["standard_error", "low", "high"]].isna().all()


def test_visits_count_as_often_as_they_took_place():
    frame = pd.DataFrame({"stratum": "one", "cluster": [1, 1, 2, 2], "weight": 1.0, "missed": [1, 0, 2, 0]})
    visits = pd.DataFrame({"missed": [2, 1, 3, 2]})

    row = estimation.shares(estimation.design(frame), frame[["missed"]], denominators=visits).iloc[0]

    assert (row.numerator, row.denominator, row.estimate) == (3, 8, 3 / 8)
    assert np.isnan(row.icc)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.8, 0.95, "very_likely_at_least"), (0.5, 0.7999, "very_likely_below"), (0.7, 0.9, "indeterminate"),
        (np.nan, np.nan, "unknown"),
    ],
)  # fmt: skip
def test_coverage_is_classified_by_its_one_sided_bounds(low, high, said):
    assert estimation.classify(pd.Series([low]), pd.Series([high]), 0.8).tolist() == [said]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("weight", np.nan, "row 3, weight: expected a weight above 0"), ("weight", 0, "above 0"), ("weight", -1, "above 0"),
        ("cluster", None, "row 3, cluster"), ("stratum", None, "row 3, stratum"),
    ],
)  # fmt: skip
def test_a_design_with_gaps_is_refused_with_the_row(column, value, expected):
    frame = villages()
    frame[column] = frame[column].astype(object)
    frame.loc[2, column] = value
    with pytest.raises(estimation.DesignRefused, match=expected):
        estimation.design(frame)


def test_percentages_unknown_methods_and_misfits_are_refused():
    frame = villages()
    sample = estimation.design(frame)
    with pytest.raises(estimation.IndicatorsRefused, match="percent"):
        estimation.shares(sample, frame[["dose"]] * 80)
    with pytest.raises(ValueError, match="method: expected one of wilson"):
        estimation.shares(sample, frame[["dose"]], method="wald")
    with pytest.raises(ValueError, match="level"):
        estimation.shares(sample, frame[["dose"]], level=95)
    with pytest.raises(ValueError, match="lonely: expected"):
        estimation.shares(sample, frame[["dose"]], lonely="ignore")
    with pytest.raises(estimation.IndicatorsRefused, match="rows"):
        estimation.shares(sample, frame[["dose"]].head(5))
    with pytest.raises(estimation.IndicatorsRefused, match="domain 'few'"):
        estimation.shares(sample, frame[["dose"]], {"few": np.ones(3, dtype=bool)})
    with pytest.raises(estimation.DesignRefused, match="empty table"):
        estimation.design(frame.head(0))
    with pytest.raises(estimation.DesignRefused, match="expected a column 'w'"):
        estimation.design(frame, weight="w")
    with pytest.raises(estimation.TestRefused, match="two answers"):
        estimation.independence(sample, frame.dose, frame.dose * 0)
    with pytest.raises(ValueError, match="threshold"):
        estimation.classify(pd.Series([0.1]), pd.Series([0.2]), 80)
