"""Do models and lots of others reach the analyses, each named with its licence and day, and no lot as an estimate?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_evidence import gather_dossier
from kalanso.pipeline.triangulation_others import kind_of
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.store import Input, Provenance, Store
from kalanso.triangulation import Dossier, coverage_sources, sentence, zero_dose
from tests.triangulation.dossiers import PACK, lay, table

NOW = datetime(2025, 3, 1, tzinfo=UTC)


def _stated(source: str, place: str, period: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "source": source, "place_code": place, "period": period, "period_type": "year" if len(period) == 4 else "quarter",
        "period_start": date(int(period[:4]), 1, 1), "indicator": "dtp1_coverage", "value": value, "status": "reported",
        "product": "", "age_band": "0-11m", "strategy": "all", "sector": "all", "sex": "all",
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder: Path = tmp_path_factory.mktemp("others") / "store"
    store = Store.create(folder, country="ML", now=NOW, memory="1GB", threads=1)
    places = [
        {"place_code": c, "name": c, "level": level, "kind": "", "source": "t"}
        for c, level in (("D1", "district"), ("ML", "country"))
    ]
    parents = [{"place_code": "D1", "tree": "health", "parent_code": "ML", "source": "t"}]
    rows = {
        "ihme-2024": [_stated("ihme-2024", "D1", "2023", 0.71)],
        "lqas-2024": [
            _stated("lqas-2024", "D1", q, v, age_band="12-23m") for q, v in (("2024Q2", 0.7), ("2024Q3", 0.8))
        ],
    }
    store.publish(PLACES, places, provenance=Provenance(sources=("t",)), now=NOW)
    store.publish(PLACE_PARENTS, parents, provenance=Provenance(sources=("t",)), now=NOW)
    for source, own in rows.items():
        inputs = (Input(name="file.csv", sha256="0" * 64, licence=f"licence of {source}"),)
        store.publish(OBSERVATIONS, own, provenance=Provenance(sources=(source,), inputs=inputs), now=NOW)
    return gather_dossier(Holdings(store, NOW.date())).rows("coverage").set_index("source")  # fmt: skip


def test_a_model_of_others_comes_with_its_licence_and_the_day_of_its_import(found: pd.DataFrame) -> None:
    row = found.loc["ihme-2024"]

    assert (row["kind"], row["year"], row["value"]) == ("external", 2023, 0.71)
    assert (row["licence"], row["imported"]) == ("licence of ihme-2024", "2025-03-01")


def test_the_newest_round_of_lots_of_a_birth_cohort_comes_as_lots(found: pd.DataFrame) -> None:
    row = found.loc["lqas-2024"]

    assert (row["kind"], row["year"], row["value"]) == ("lots", 2023, 0.8)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("lqas", "lots"),
        ("mali-LQAS-2024", "lots"),
        ("lots-2024", "lots"),
        ("ihme", "external"),
        ("pilots", "external"),
    ],
)
def test_a_source_is_called_lots_by_its_name_alone(source: str, kind: str) -> None:
    assert kind_of(source) == kind


def beside(**changes: Any) -> Dossier:
    coverage = table(
        "place_code year indicator source kind value low high children licence imported",
        [("ML", 2022, "dtp1", "dhs", "survey", 0.7, 0.66, 0.74, 900, "", ""),
         ("ML", 2022, "dtp1", "ihme", "external", changes.get("external", 0.9), None, None, None, "IHME", "2024-05-01"),
         ("ML", 2022, "dtp1", "lqas", "lots", 0.5, None, None, None, "", "2024-06-01")],
    )  # fmt: skip
    return lay(
        coverage=coverage,
        populations=table(
            "place_code year source kind surviving_infants", [("ML", 2022, "un", "un", 1000.0)]
        ),
    )


def test_a_model_that_lies_apart_from_the_survey_is_told_with_licence_and_date() -> None:
    dossier = beside()
    told = [one for one in coverage_sources.compare(dossier).findings if one.source == "ihme"]

    assert [one.kind for one in told] == ["disagrees"]
    assert sentence(told[0].message, dossier.names, PACK, "en").startswith(
        "Mali, 2022: DTP1 at 90% by ihme (estimate of another model; licence: IHME; imported on 1 May 2024), 70% by the survey (dhs), 20 points apart."
    )


def test_a_model_that_agrees_is_no_further_evidence() -> None:
    dossier = beside(external=0.71)
    told = [one for one in coverage_sources.compare(dossier).findings if one.source == "ihme"]

    assert [one.kind for one in told] == ["agrees"]
    assert "is no further evidence" in sentence(told[0].message, dossier.names, PACK, "en")


def test_no_gap_is_computed_from_a_lot_and_no_children_are_counted() -> None:
    dossier = beside()
    answer = coverage_sources.compare(dossier)
    row = answer.rows[answer.rows["source"] == "lqas"].iloc[0]
    told = [one for one in answer.findings if one.source == "lqas"]

    assert row["verdict"] == "classifies"
    assert row[["reference", "gap", "gap_children"]].isna().all()
    assert [one.message.id for one in told] == ["triangulation.coverage_sources.lots"]
    assert "lots" not in set(zero_dose.compare(dossier).rows["source"])


def test_the_children_of_a_model_of_others_stand_beside_the_other_estimators() -> None:
    rows = zero_dose.compare(beside()).rows
    value = rows[(rows["source"] == "external") & (rows["measure"] == "zero_dose")]["value"]

    assert value.tolist() == pytest.approx([100.0])
