"""Are the numbers that VCQI gives for its demonstration district those of this library, to the last published digit?

The district's children may not be passed on: 210 in 30 clusters of seven, equal weights. Estimate, error, interval, design effect and cluster
correlation rest on sums over clusters alone (found, and found squared), and the published errors leave one whole number for each: any clusters
with these sums have the same results. The order of clusters, and who is who within, is made up.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kalanso.surveys import estimation
from kalanso.surveys.measures import missed
from kalanso.surveys.opportunities import CRUDE, Opportunities

# Children found in each cluster of seven, the others having none; sums and sums of squares stand behind each row.
CLUSTERS = {
    "crude_dtp1": [7] * 15 + [6] * 5 + [5] * 2 + [4] * 5 + [3, 2, 2],  # 172, 1062
    "crude_dtp3": [7] * 4 + [6] * 5 + [5] * 4 + [4] * 4 + [3] * 7 + [2] * 6,  # 127, 627
    "crude_mcv1": [7] * 4 + [6] * 7 + [5] * 3 + [4] * 6 + [3] * 5 + [2] * 4 + [1],  # 133, 681
    "valid_dtp1": [7] * 12 + [6] * 8 + [5] * 4 + [4] * 4 + [3, 0],  # 171, 1049
    "valid_dtp3": [3] * 2 + [2] * 7 + [1] * 2,  # 22, 48
    "fully_crude": [7, 5, 5] + [4] * 4 + [3] * 8 + [2] * 3 + [1] * 6,  # 69, 253
    "fully_valid": [3, 1, 1, 1, 1, 1],  # 8, 14
    "not_vaccinated": [],
}
# VCQI: estimate, standard error, interval, design effect, cluster correlation
PUBLISHED = {
    "crude_dtp1": (0.819048, 0.042186, 0.718226, 0.889352, 2.509623, 0.248618),
    "crude_dtp3": (0.604762, 0.045786, 0.509009, 0.693100, 1.833003, 0.137627),
    "crude_mcv1": (0.633333, 0.046295, 0.535337, 0.721417, 1.928923, 0.153405),
    "valid_dtp1": (0.814286, 0.041748, 0.715190, 0.884472, 2.408783, 0.232122),
    "valid_dtp3": (0.104762, 0.027341, 0.061047, 0.173981, 1.665811, 0.110091),
    "fully_crude": (0.328571, 0.047033, 0.240983, 0.429961, 2.095622, 0.180791),
    "fully_valid": (0.038095, 0.016684, 0.015839, 0.088802, 1.587658, 0.097205),
    "not_vaccinated": (0, 0, 0, 0.018170, 1, -1 / 6),
}
COLUMNS = ["estimate", "standard_error", "low", "high", "design_effect", "icc"]


@pytest.mark.parametrize("indicator", PUBLISHED)
def test_every_number_of_the_demonstration_district_is_that_of_vcqi(indicator):
    found = np.array(CLUSTERS[indicator] + [0] * 30, dtype=int)[:30]
    frame = pd.DataFrame({"stratum": "one", "cluster": np.repeat(np.arange(30), 7), "weight": 1.0})
    frame["found"] = np.concatenate([np.arange(7) < one for one in found]).astype(float)

    row = estimation.shares(estimation.design(frame), frame[["found"]]).iloc[0]

    assert tuple(row[COLUMNS].astype(float)) == pytest.approx(PUBLISHED[indicator], abs=1e-6)


# Children with the early dose and of these without the late one, by cluster. For DTP the published numbers of dropout, DTP1 and DTP3 leave
# whole numbers for all sums (172; 1062; 45; 113; products 274), which could not be if the formulas were others.
DTP = [
    (7, 3), (7, 0), (7, 2), (7, 1), (7, 4), (7, 1), (7, 1), (7, 3), (7, 2), (7, 0), (7, 0), (7, 2), (7, 2), (7, 2), (7, 0), (6, 4), (6, 1),
    (6, 4), (6, 1), (6, 1), (5, 3), (5, 1), (4, 0), (4, 1), (4, 2), (4, 1), (4, 2), (3, 1), (2, 0), (2, 0),
]  # fmt: skip
OPV = [
    (7, 2), (7, 1), (7, 0), (7, 1), (7, 1), (7, 3), (7, 0), (7, 3), (7, 1), (7, 2), (7, 0), (7, 4), (7, 0), (7, 2), (7, 2), (7, 0), (7, 1),
    (7, 1), (6, 1), (6, 0), (5, 0), (5, 0), (5, 3), (5, 4), (5, 2), (5, 2), (4, 2), (4, 0), (3, 1), (3, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("clusters", "began", "published"),
    [(DTP, 172, (0.261628, 0.191229, 0.346829)), (OPV, 182, (0.214286, 0.147861, 0.300044))],
)
def test_dropout_of_the_demonstration_district_and_its_interval_are_those_of_vcqi(clusters, began, published):
    frame = pd.DataFrame({"stratum": "one", "cluster": np.repeat(np.arange(30), 7), "weight": 1.0})
    frame["left"] = np.concatenate(
        [[1.0] * left + [0.0] * (early - left) + [np.nan] * (7 - early) for early, left in clusters]
    )

    row = estimation.shares(estimation.design(frame), frame[["left"]]).iloc[0]

    assert (row.children, row.degrees_of_freedom) == (began, 29)
    assert (row.estimate, row.low, row.high) == pytest.approx(published, abs=1e-6)


def district_visits() -> Opportunities:
    """Visits of 210 children whose totals are those of the district; which child has which is made up.

    Of 119 children with a missed opportunity, 99 never got the dose, 16 did later, and 4 got one of two.
    """
    children = np.arange(210)
    some, partly = children < 115, (children >= 115) & (children < 119)
    dtp1 = np.where(some, children < 92, partly).astype(float)
    opv1 = np.where(some, 1 + (children < 61), partly).astype(float)
    both = (children < 22) | partly  # both missed at one visit
    got = np.stack([(children >= 99), (children >= 99) & ~partly], axis=1)
    return Opportunities(
        eligible=np.stack([1.0 + (children < 51), np.full(210, 2.0)], axis=1), missed=np.stack([dtp1, opv1], axis=1), got=got,
        any_eligible=3.0 + (children < 170), any_missed=dtp1 + opv1 - both, mode=CRUDE,
    )  # fmt: skip


def test_missed_opportunities_of_the_demonstration_district_are_shares_of_what_vcqi_divides_by():
    record = SimpleNamespace(doses=("dtp1", "opv1"))
    visits = district_visits()

    found = {
        (one.name, one.detail): (one.found.sum(), one.asked.sum())
        for one in [*missed._visits(record, visits), *missed._children(record, visits)]
    }

    assert found["missed_visits_crude", "any"] == (250, 800)  # .3125
    # VCQI's rate: all doses missed, per visit at which any dose was due
    top, bottom = found["missed_doses_crude", "all"]
    assert (top / bottom, bottom) == (pytest.approx(0.345), 800)
    top, bottom = found["missed_visits_crude", "dtp1"]
    assert (top / bottom, bottom) == (pytest.approx(0.367816, abs=5e-7), 261)
    assert found["missed_children_crude", "any"] == (119, 210)
    assert found["missed_children_crude_uncorrected", "any"][0] == 99
    assert found["missed_children_crude_corrected", "any"][0] == 16
    assert found["missed_children_crude_partly_corrected", "any"][0] == 4
