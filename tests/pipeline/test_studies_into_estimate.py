"""Do published studies of every kind reach the evidence of an estimate, each at its own place, quarters and with its label?"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from kalanso import pipeline
from kalanso.coverage import Evidence, Question
from kalanso.coverage.priors import default_priors
from kalanso.coverage.survey_design import clusters_of
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.pipeline.displaced_clusters import CannotPlace, publish_displaced
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.evidence_folder import evidence_of
from kalanso.pipeline.household_surveys import analyse_survey
from kalanso.pipeline.kept_runs import evidence_snapshots
from kalanso.pipeline.publish_surveys import (
    publish_analysis,
    publish_survey,
    published_rounds,
    withdraw_survey,
)
from kalanso.places.tables import PLACE_BOUNDARIES
from kalanso.store import Audience, Scope, Store, visible
from kalanso.surveys import access, lots
from kalanso.surveys.evidence_rows import evidence_row, evidence_table
from kalanso.surveys.tables import SURVEY_EVIDENCE
from kalanso.vocabulary import Message
from tests.coverage.made_up_engine import MadeUpEngine
from tests.pipeline.test_evidence_folder import _series, place_rows, put, seen
from tests.pipeline.test_household_surveys import study
from tests.surveys.populations import MARGINS, called

pytestmark = pytest.mark.long

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
AREAS = {"ML-H1": 0.9, "ML-H2": 0.7, "ML-H3": 0.5}
WHERE = {
    "ML": ("country", None), "R": ("region", "ML"), "D": ("district", "R"), "E": ("district", "R"),
    **dict.fromkeys(AREAS, ("health_area", "D")), "ML-H4": ("health_area", "E"),
    "V1": ("commune", "ML-H4"), "F1": ("facility", "ML-H1"),
}  # fmt: skip
WHEN = {"start": "2023Q1", "end": "2023Q4", "indicator": "dtp1"}


@pytest.fixture
def country(store: Store) -> Store:
    """A store with doses of four areas in two districts, and their populations."""
    place_rows(store, WHERE)
    put(store, OBSERVATIONS, [
        *(seen(area, f"{year}{month:02d}", 10) for area in (*AREAS, "ML-H4") for year in (2022, 2023, 2024) for month in range(1, 13)),
        *(seen(area, "2023", 140, "surviving_infants", source="demo-population") for area in (*AREAS, "ML-H4")),
    ])  # fmt: skip
    return store


def evidence(store: Store) -> Evidence:
    return evidence_of(Holdings(store, NOW.date()))


def row(**values: Any) -> dict[str, Any]:
    """One cluster of a household survey."""
    told = {
        "round": "r", "kind": "household", "form": "counts", "place_code": "ML-H4", "cluster": "1", "children": 12.0,
        "vaccinated": 9.0, "bias_sd": 0.0, **WHEN,
    }  # fmt: skip
    return evidence_row(
        Message("surveys.household.drawn", {"survey": "r"}),
        ("surveys.household.assume.drawn",),
        **(told | values),
    )


def told(store: Store, *rows: dict[str, Any]) -> None:
    publish_survey(store, evidence_table([row(**one) for one in rows]), now=NOW)


def notes(found: Evidence) -> dict[str, dict[str, Any]]:
    return {note.id: dict(note.params) for note in found.notes}


def test_a_simulated_study_is_published_and_heard_with_its_quarters_and_label(
    country: Store, tmp_path: Path
) -> None:
    study(tmp_path / "study")
    analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)
    assert evidence(country).surveys.empty

    snapshot = publish_analysis(country, tmp_path / "out", by="CNI", now=NOW)

    assert snapshot is not None
    done = pipeline.write_evidence(country, tmp_path / "ev", now=NOW)
    rows = pd.read_csv(tmp_path / "ev" / "surveys.csv")
    written = pd.read_csv(tmp_path / "out" / "surveys.csv")
    assert set(rows["place_code"]) == set(AREAS)
    assert rows["vaccinated"].sum() == written["vaccinated"].sum()
    # Children of 12 to 23 months in January and February 2025 were born from January 2023 on.
    assert (set(rows["start"]), set(rows["end"])) == ({"2023Q1"}, {"2024Q1"})
    assert 0.3 < rows["card_share"].mean() < 1, "memory is heard with its error, cards without"
    assert "surveys.household.chosen" in notes(done.evidence)
    assert evidence_snapshots(country)["survey_evidence"] == snapshot.id
    assert snapshot.id in Holdings(country, NOW.date()).heard_from()


def test_a_small_estimate_reads_a_study_and_names_its_snapshot(country: Store, tmp_path: Path) -> None:
    heard: list[Evidence] = []

    def listening(given: Evidence, *rest: Any, **more: Any) -> Any:
        heard.append(given)
        return MadeUpEngine()(given, *rest, **more)

    asked = Question(draws=20)
    before = pipeline.estimate(
        country, out=tmp_path / "before", question=asked, engine=MadeUpEngine(), now=NOW
    )
    told(country, *({"place_code": "ML-H3", "cluster": str(n), "chosen": True} for n in range(8)))
    after = pipeline.estimate(country, out=tmp_path / "after", question=asked, engine=listening, now=NOW)

    clusters, *_rest = clusters_of(heard[0], asked, default_priors())
    assert clusters.children.sum() == 8 * 12
    assert before.run != after.run, "other evidence is another run"
    snapshot = country.latest("survey_evidence")
    document = json.loads((tmp_path / "after" / "diagnostics.json").read_text())
    manifest = country.latest("coverage_estimates")
    assert snapshot is not None
    assert manifest is not None
    assert snapshot.id in document["inputs"]
    assert snapshot.id in manifest.provenance.made_from
    assert any(note.id == "surveys.household.drawn" for note in after.notes)


def test_chosen_places_are_never_spread_over_a_larger_one(country: Store) -> None:
    told(
        country, {"place_code": "D", "chosen": True}, {"place_code": "V1", "chosen": True},
        {"place_code": "F1", "chosen": True}, {"place_code": "ML-H2", "chosen": True},
    )  # fmt: skip
    found = evidence(country)
    assert set(found.surveys["place_code"]) == {
        "ML-H1",
        "ML-H2",
    }  # a facility speaks of the area that it serves
    assert found.survey_areas.empty
    assert notes(found)["pipeline.evidence.studies_chosen"] == {"found": "r", "n": 2}


def test_clusters_that_were_drawn_count_for_the_area_in_which_they_lie(country: Store) -> None:
    told(country, {"place_code": "V1"}, {"place_code": "ML-H4", "cluster": "1"}, {"place_code": "NOWHERE"},
         {"place_code": "ML-H1", "start": "2016Q1", "end": "2016Q4"})  # fmt: skip
    found = evidence(country)
    assert sorted(found.surveys["cluster"]) == ["1", "V1:1"]
    assert set(found.surveys["place_code"]) == {"ML-H4"}
    assert notes(found)["pipeline.evidence.studies_unknown_place"]["n"] == 1
    assert notes(found)["pipeline.evidence.studies_other_quarters"]["n"] == 1


def test_ways_without_access_keep_their_kind_bias_and_label(country: Store) -> None:
    phone = access.phone_coverage(
        called(np.random.default_rng(1)), margins=MARGINS, phoneless_share=0.3, odds_ratio=(0.3, 0.6)
    ).reachable  # fmt: skip
    publish_survey(country, access.evidence(phone, round="phone-2024", place_code="E", **WHEN), now=NOW)
    given = pd.DataFrame(
        [("lots-1", "ML-H1", "dtp1", 19, 14)], columns=["round", "place_code", "indicator", "children", "vaccinated"]
    ).assign(interviewed_from=date(2024, 3, 1), interviewed_to=date(2024, 3, 20))  # fmt: skip
    judged = lots.judged(given, lots.LotPlan(children=19, decision=13))
    publish_survey(country, lots.evidence(judged, ages_months=(12, 24)), now=NOW)

    found = evidence(country)

    (result,) = found.survey_areas.to_dict("records")
    assert (result["place_code"], result["survey"]) == ("E", "phone-2024")
    assert result["coverage"] < phone.coverage  # the phoneless pull it down
    assert result["bias_sd"] > 0
    assert list(found.lots["round"]) == ["lots-1"]
    assert "surveys.access.label.phone" in notes(found)
    assert (
        "téléphone"
        in Message("surveys.access.label.phone", notes(found)["surveys.access.label.phone"])
        .render("fr")
        .lower()
    )


def test_a_study_that_is_withdrawn_is_heard_no_more_and_others_stay(country: Store) -> None:
    told(country, {"round": "a", "place_code": "ML-H1"})
    told(country, {"round": "b", "place_code": "ML-H2"})
    told(country, {"round": "a", "place_code": "ML-H3"})  # analysed again
    assert set(evidence(country).surveys["place_code"]) == {"ML-H2", "ML-H3"}

    gone = withdraw_survey(country, "a", reason="poids faux", by="CNI", now=NOW)

    assert gone is not None
    assert (gone.kind, gone.reason) == ("withdrawal", "poids faux")
    assert published_rounds(country) == {"b"}
    assert set(evidence(country).surveys["survey"]) == {"b"}
    assert withdraw_survey(country, "a", reason="poids faux", by="CNI", now=NOW) is None
    third = country.history("survey_evidence")[2].id
    assert country.read(SURVEY_EVIDENCE, as_of=third).count().execute() == 2, (
        "any past state can be read again"
    )


def test_a_withdrawal_outlives_the_pruning_of_what_stood_before(country: Store) -> None:
    for name in ("a", "b", "c"):
        told(country, {"round": name, "place_code": "ML-H1"})
    country.prune(keep=1, now=NOW)
    withdraw_survey(country, "c", reason="poids faux", by="CNI", now=NOW)
    assert published_rounds(country) == {"a", "b"}


def test_a_study_whose_result_others_publish_too_counts_once(country: Store) -> None:
    put(country, COVERAGE_SERIES, [
        _series("SURVEY", "2023", 0.84, survey="r", evidence="card or history", children_age="12-23 m", collected_year=2024)
    ])  # fmt: skip
    assert len(evidence(country).survey_areas) == 1
    told(country, {"place_code": "ML-H1"})
    assert evidence(country).survey_areas.empty


def test_counts_of_few_children_are_for_those_who_work_with_the_rows(country: Store) -> None:
    told(country, {"place_code": "ML-H1"}, {"place_code": "ML-H2", "children": 40.0})
    wide = Scope(audience=Audience.PROGRAMME)
    rows = visible(country, SURVEY_EVIDENCE, wide, today=NOW.date()).to_pandas().set_index("place_code")
    assert pd.isna(rows.at["ML-H1", "children"])
    assert pd.isna(rows.at["ML-H1", "vaccinated"])


def test_rows_of_two_rounds_or_without_a_cluster_are_refused(country: Store) -> None:
    with pytest.raises(ValueError, match="one round"):
        publish_survey(country, evidence_table([row(round="a"), row(round="b")]), now=NOW)
    with pytest.raises(ValueError, match="counts need their cluster"):
        evidence_table([row(cluster="")])
    assert published_rounds(country) == frozenset()


def with_outlines(store: Store, *areas: str) -> None:
    """Give areas outlines of 20 km, side by side at the equator."""
    side = 20 / 111.32
    put(store, PLACE_BOUNDARIES, [
        {"place_code": code, "vintage": "2024", "kind": "published", "geometry": shapely.to_wkb(shapely.box(side * n, 0, side * (n + 1), side)),
         "area_km2": 400.0, "source": "t", "licence": "t"}
        for n, code in enumerate(areas)
    ])  # fmt: skip


def clusters_file(folder: Path) -> Path:
    """Two clusters: one in the middle of ML-H1, one on the border of ML-H1 and ML-H2."""
    side = 20 / 111.32
    rows = pd.DataFrame({"survey": "dhs", "cluster": ["1", "2"], "longitude": [side / 2, side], "latitude": side / 2, "urban": "no",
                         "children": 20, "vaccinated": [15, 10], **WHEN})  # fmt: skip
    rows.to_csv(folder / "clusters.csv", index=False)
    return folder / "clusters.csv"


def test_clusters_with_moved_positions_count_where_they_surely_lie(country: Store, tmp_path: Path) -> None:
    with_outlines(country, *AREAS, "ML-H4")
    done = publish_displaced(country, clusters_file(tmp_path), now=NOW)
    assert (done.in_areas, done.in_larger, done.nowhere) == (1, 1, 0)
    found = evidence(country)
    assert found.surveys[["place_code", "cluster", "children"]].to_numpy().tolist() == [["ML-H1", "1", 20.0]]
    (larger,) = found.survey_areas.to_dict("records")
    assert (larger["place_code"], larger["coverage"]) == ("D", 0.5)
    assert larger["bias_sd"] == pytest.approx(0.9), "one cluster is no sample of a district"
    assert "surveys.household.moved" in notes(found)
    assert not {"longitude", "latitude"} & set(SURVEY_EVIDENCE.column_names)


def test_clusters_are_not_placed_where_outlines_are_missing(country: Store, tmp_path: Path) -> None:
    with_outlines(country, "ML-H1")
    with pytest.raises(CannotPlace, match="outline"):
        publish_displaced(country, clusters_file(tmp_path), now=NOW)
