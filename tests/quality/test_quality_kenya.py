"""What do the checks find in a real workbook of 47 counties and 60 months?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from kalanso import definitions
from kalanso.quality import Evidence, dropout, outliers, sentence, shared_falls
from tests.quality.kenya_workbook import workbook

pytestmark = [pytest.mark.long, pytest.mark.shared_data]


@pytest.fixture(scope="module")
def kenya(shared_data: Path) -> Evidence:
    """The workbook's numbers, with counties known by their name and the country above them."""
    wanted = [
        "dtp1_doses",
        "dtp3_doses",
        "bcg_doses",
        "mcv1_doses",
        "opv1_doses",
        "rota1_doses",
        "anc1_visits",
        "opd_visits",
    ]
    held = workbook(shared_data, wanted)
    return Evidence(
        observations=held.observations, places=held.places, lineage=held.lineage,
        thresholds=definitions.load("KE").section("quality"), today=date(2024, 3, 1),
    )  # fmt: skip


def test_the_wild_number_of_turkana_is_serious_and_first_doses_raise_few_alarms(kenya: Evidence) -> None:
    told = outliers.find(kenya).to_pandas()

    turkana = told[
        (told.place_code == "Turkana") & (told.period == "202306") & (told.indicator == "dtp1_doses")
    ]
    assert list(zip(turkana.value, turkana.severity, strict=True)) == [(8899.0, "serious")]
    first = told[(told.indicator == "dtp1_doses") & (told.severity != "note")]
    assert len(first) < 15  # of 2,820 county-months


def test_the_fall_of_december_2020_is_told_once_as_a_fall_of_the_service(kenya: Evidence) -> None:
    told = shared_falls.find(kenya).to_pandas()

    strike = told[(told.period == "202012") & (told.place_code == "Kenya")]
    assert list(strike.message) == ["quality.shared_falls.service"]
    evidence = json.loads(strike.params.iloc[0])
    assert evidence["reports"] > 0.95  # reports came
    assert {"anc1_visits", "opd_visits", "bcg_doses", "dtp1_doses", "mcv1_doses"} <= set(
        evidence["indicators"]
    )
    assert len(evidence["places"]) >= 25
    assert "décembre 2020" in sentence(
        strike.message.iloc[0], strike.params.iloc[0], definitions.load("KE"), "fr"
    )


def test_the_rotavirus_gap_of_2022_is_told_as_a_matter_of_the_product(kenya: Evidence) -> None:
    told = shared_falls.find(kenya).to_pandas()

    gap = told[(told.indicator == "rota1_doses") & told.period.isin(["202205", "202206", "202207", "202208"])]
    assert list(gap.message) == ["quality.shared_falls.product"] * 4


def test_third_above_first_doses_are_found_in_859_county_months(kenya: Evidence) -> None:
    told = dropout.find(kenya).to_pandas()

    months = told[told.message.str.startswith("quality.dropout.negative") & (told.period_type == "month")]
    counties = months[months.place_code != "Kenya"]
    assert len(counties) == 859
    # Most are explained by chance or by the tolerance of 2 %.
    assert 0.2 < (counties.severity == "attention").mean() < 0.4
