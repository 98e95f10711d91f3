"""Do rows of evidence of every kind arrive in the folder that the estimate reads, and are they heard there?"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from kalanso.coverage.folder import from_folder
from kalanso.coverage.place_evidence import place_evidence
from kalanso.surveys import access, evidence_rows, lots, tables
from tests.surveys.populations import MARGINS, called

WHEN = {"start": "2023Q1", "end": "2023Q4", "indicator": "dtp1"}


def told():
    """One lot by its counts, one by its decision, clusters of a third, and a telephone round."""
    plan = lots.LotPlan(children=19, decision=13)
    given = pd.DataFrame(
        [("r1", "A", "dtp1", 19, 14), ("r1", "B", "dtp1", 19, 9)],
        columns=["round", "place_code", "indicator", "children", "vaccinated"],
    ).assign(interviewed_from=date(2024, 3, 1), interviewed_to=date(2024, 3, 20))
    judged = lots.judged(given, plan)
    clusters = given.assign(round="r2", place_code="B", cluster=["c1", "c2"])
    phone = access.phone_coverage(
        called(np.random.default_rng(1)), margins=MARGINS, phoneless_share=0.3, odds_ratio=(0.3, 0.6)
    )
    return pd.concat(
        [
            lots.evidence(judged.iloc[[0]], ages_months=(12, 24)),
            lots.evidence(judged.iloc[[1]], ages_months=(12, 24), as_decisions=True),
            lots.evidence(clusters, ages_months=(12, 24)),
            access.evidence(phone.reachable, round="phone-2024", place_code="A", **WHEN),
        ],
        ignore_index=True,
    )


def test_all_kinds_stand_in_one_table_and_nothing_is_lost_on_the_way():
    table = evidence_rows.evidence_table(told().to_dict("records"))

    assert tables.SURVEY_EVIDENCE.arrow(pa.Table.from_pandas(table, preserve_index=False)).num_rows == 5
    parts = [evidence_rows.lot_rows(table), evidence_rows.cluster_rows(table), evidence_rows.area_rows(table)]
    assert [len(one) for one in parts] == [2, 2, 1]


def test_the_estimate_reads_them_as_they_were_written(tmp_path):
    table = told()
    pd.DataFrame({"place_code": ["ML", "A", "B"], "parent_code": ["", "ML", "ML"]}).to_csv(
        tmp_path / "places.csv", index=False
    )
    pd.DataFrame(
        {"source": "census", "place_code": ["A", "B"], "period": 2023, "surviving_infants": [500, 400]}
    ).to_csv(tmp_path / "denominators.csv", index=False)
    evidence_rows.lot_rows(table).to_csv(tmp_path / "lots.csv", index=False)
    evidence_rows.cluster_rows(table).to_csv(tmp_path / "surveys.csv", index=False)
    evidence_rows.area_rows(table).to_csv(tmp_path / "survey_areas.csv", index=False)

    evidence = from_folder(tmp_path)

    assert list(evidence.lots["decision"]) == ["", "fail"]
    assert evidence.lots["vaccinated"].iloc[0] == 14
    assert list(evidence.surveys["cluster"]) == ["c1", "c2"]
    phone = evidence.survey_areas.iloc[0]
    row = table[table["kind"] == "phone"].iloc[0]
    assert phone["coverage"] < row["coverage"]  # the phoneless pull it down
    assert phone["bias_sd"] > 0
    assert len(place_evidence(evidence)) > 0
