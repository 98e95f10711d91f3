"""What evidence do the real files of Kenya and Mali hold?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from kalanso import pipeline
from kalanso.coverage import Evidence
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_folder import evidence_of
from kalanso.store import Store

pytestmark = pytest.mark.shared_data
NOW = datetime(2025, 1, 15, tzinfo=UTC)


def _evidence(folder: Path, country: str, files: list[tuple[str, Path, dict[str, str]]]) -> Evidence:
    store = Store.create(folder, country=country, now=NOW, memory="1GB", threads=1)
    for reader, path, options in files:
        pipeline.import_file(store, reader, path, now=NOW, options=options)
    return evidence_of(Holdings(store, date(2025, 1, 15)))


@pytest.fixture(scope="module")
def kenya(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    files = shared_data / "kenya"
    return _evidence(tmp_path_factory.mktemp("kenya") / "store", "KE", [
        ("boundaries", files / "counties.geojson", {"level": "district", "vintage": "2019"}),
        ("countdown", files / "countdown_workbook_2019_2023.xlsx", {}),
        ("wiisemart", files / "coverage_national.csv", {}),
    ])  # fmt: skip


def test_kenyas_counties_are_areas_with_neighbours_and_twenty_quarters(kenya: Evidence) -> None:
    assert len(kenya.areas) == 47
    assert kenya.country == "KE"
    assert (kenya.periods[0], kenya.periods[-1]) == ("2019Q1", "2023Q4")
    assert set(kenya.neighbours["place_code"]) == set(kenya.areas)
    assert kenya.covariates["log_density"].notna().all()
    assert len(kenya.doses[kenya.doses["indicator"] == "dtp1_doses"]) == 47 * 20
    assert (kenya.doses["reports_received"] <= kenya.doses["reports_expected"]).all()


def test_kenyas_survey_speaks_of_the_children_due_before_it(kenya: Evidence) -> None:
    rows = kenya.survey_areas.set_index("indicator")
    assert set(rows["survey"]) == {"dhs_2022"}
    assert (rows["coverage"]["dtp1"], rows["coverage"]["dtp3"]) == (0.964, 0.869)
    assert (rows["start"]["dtp1"], rows["end"]["dtp1"]) == ("2020Q3", "2021Q3")
    assert any(note.id == "pipeline.evidence.estimates_by_others" for note in kenya.notes)


def test_kenyas_stock_without_opening_and_closing_is_switched_off(kenya: Evidence) -> None:
    assert kenya.stock.empty
    assert any(note.id == "coverage.folder.missing.stock" for note in kenya.notes)


def test_mali_is_one_area_whose_doses_exceed_its_targets(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = shared_data / "mali"
    mali = _evidence(tmp_path_factory.mktemp("mali") / "store", "ML", [
        ("boundaries", files / "regions_2017.geojson", {}),
        ("population", files / "births_surviving_infants.csv", {}),
        ("wiisemart", files / "coverage_reported_national.csv", {}),
        ("wiisemart", files / "coverage_surveys_national.csv", {}),
    ])  # fmt: skip
    assert mali.areas == ["ML"]
    doses = mali.doses[
        (mali.doses["indicator"] == "dtp1_doses") & mali.doses["period"].str.startswith("2018")
    ]
    targets = mali.denominators[mali.denominators["period"] == 2018].set_index("source")["surviving_infants"]
    assert doses["value"].sum() / targets["who-reported"] == pytest.approx(1.14, abs=0.01)
    assert doses["value"].sum() / targets["unpd-cohorts"] > 1
    surveys = mali.survey_areas[mali.survey_areas["indicator"] == "dtp1"].set_index("survey")
    assert surveys["coverage"]["mli2018141"] == 0.81
    assert surveys["card_share"]["mli2018141"] == 0.56
    assert np.isfinite(mali.survey_areas["standard_error"]).all()
