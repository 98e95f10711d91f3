"""Does the assumed bias of the anchor reach the model also where the anchor speaks of the country alone?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kalanso.coverage import Evidence, Question
from kalanso.coverage.designing import design
from kalanso.coverage.priors import default_priors


def country(anchor_at: str) -> Evidence:
    rows = [("un", "ML", 2023, 8000.0), *[("census", area, 2023, 4000.0) for area in ("a", "b")]]
    return Evidence.of(
        places=pd.DataFrame([("ML", ""), ("a", "ML"), ("b", "ML")], columns=["place_code", "parent_code"]),
        doses=pd.DataFrame({"place_code": ["a", "b"], "period": "2023Q4", "indicator": "dtp1_doses", "value": 900.0}),
        denominators=pd.DataFrame(rows, columns=["source", "place_code", "period", "surviving_infants"]),
        denominator_sources=pd.DataFrame({"source": ["un", "census"], "anchor": [anchor_at == "un", anchor_at == "census"]}),
    )  # fmt: skip


@pytest.mark.parametrize("bias", [-0.1, 0.0, 0.1])
def test_an_anchor_that_counts_too_many_means_fewer_children(bias: float) -> None:
    asked = Question(anchor_bias=bias)
    of_country = design(country("un"), asked, default_priors()).sources
    assert of_country.totals[0].log_total == pytest.approx(np.log(2000) - bias)
    assert of_country.bias_mean.tolist() == [0.0]
    of_areas = design(country("census"), asked, default_priors()).sources
    assert of_areas.totals[0].log_total == pytest.approx(np.log(2000))
    assert of_areas.bias_mean.tolist() == [bias]
