"""Does a store's evidence hold every dose once, at the right place, quarter and age?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kalanso import pipeline, simulation
from kalanso.coverage import Evidence, Question, tables
from kalanso.coverage.folder import from_folder
from kalanso.indicators.tables import COVERAGE_SERIES, EVENTS, OBSERVATIONS
from kalanso.pipeline.evidence import Holdings, NothingToWorkOn
from kalanso.pipeline.evidence_folder import evidence_of
from kalanso.pipeline.evidence_surveys import due, standard_error
from kalanso.places.tables import PLACE_CONTEXTS, PLACE_PARENTS, PLACES
from kalanso.simulation.tables import SURVEY_CHILDREN, SURVEY_CLUSTERS
from kalanso.store import Audience, NotVisible, Provenance, Scope, Store, TableSpec, visible
from tests.coverage.made_up_engine import MadeUpEngine

pytestmark = pytest.mark.long

TODAY = date(2024, 12, 31)
NOW = datetime(2024, 12, 31, tzinfo=UTC)
WHERE = {
    "ML": ("country", None), "R": ("region", "ML"), "D": ("district", "R"), "H1": ("health_area", "D"),
    "H2": ("health_area", "D"), "F1": ("facility", "H1"), "F2": ("facility", "H1"), "CS": ("facility", "D"),
}  # fmt: skip
POINTS = {"H1": (-7.0, 12.0), "H2": (-6.0, 12.0), "CS": (-6.1, 12.0)}


def put(store: Store, spec: TableSpec, rows: list[dict[str, Any]]) -> None:
    whole = [{column.name: None for column in spec.columns} | row for row in rows]
    store.publish(spec, whole, provenance=Provenance(), now=NOW)


def place_rows(store: Store, where: dict[str, tuple[str, str | None]] = WHERE) -> None:
    put(store, PLACES, [
        {"place_code": code, "name": code, "level": level, "kind": "", "source": "t",
         "longitude": POINTS.get(code, (None, None))[0], "latitude": POINTS.get(code, (None, None))[1]}
        for code, (level, _) in where.items()
    ])  # fmt: skip
    put(store, PLACE_PARENTS, [
        {"place_code": code, "tree": "health", "parent_code": upper, "source": "t"}
        for code, (_, upper) in where.items() if upper
    ])  # fmt: skip


def seen(
    place: str, period: str, value: float | None, indicator: str = "dtp1_doses", **more: Any
) -> dict[str, Any]:
    """One observation of a month; years by their four digits."""
    yearly = len(period) == 4
    return {
        "source": "snis", "place_code": place, "period": period, "period_type": "year" if yearly else "month",
        "period_start": date(int(period[:4]), 1 if yearly else int(period[4:]), 1), "indicator": indicator,
        "value": value, "status": "missing" if value is None else "reported", "product": "",
        "age_band": "all" if yearly else "0-11m", "strategy": "all", "sector": "all", "sex": "all",
        "reports_expected": None if yearly else 1.0,
        "reports_received": None if yearly else float(value is not None), **more,
    }  # fmt: skip


def evidence(store: Store, **options: Any) -> Evidence:
    return evidence_of(Holdings(store, TODAY), **options)


def cell(rows: pd.DataFrame, place: str, period: str, indicator: str = "dtp1_doses") -> list[float]:
    own = rows[(rows["place_code"] == place) & (rows["period"] == period) & (rows["indicator"] == indicator)]
    return [float(v) for v in own[["value", "reports_received", "reports_expected"]].to_numpy()[0]]


def test_facilities_count_for_the_area_that_they_serve(store: Store) -> None:
    place_rows(store)
    put(store, OBSERVATIONS, [
        # F1: strategies are parts of one report, products too, and the total beside them counts once
        seen("F1", "202401", 10, strategy="fixed"), seen("F1", "202401", 4, strategy="outreach"),
        seen("F1", "202401", 14), seen("F1", "202401", 1, strategy="fixed", product="hexa"),
        seen("F1", "202402", 20), seen("F1", "202403", None),
        # F2 reports from February on, and is silent in March
        seen("F2", "202402", 7),
        # the district's centre stands beside H2
        seen("CS", "202401", 30), seen("CS", "202402", 31), seen("CS", "202403", 32),
    ])  # fmt: skip
    found = evidence(store)
    assert found.areas == ["H1", "H2"]
    assert found.ancestors("H1") == ("D", "R", "ML")
    # H1: 15 in January, 27 in February; of 3 + 2 reports due 1 + 2 came (mean of 1, 2, 2 due a month, times 3)
    assert cell(found.doses, "H1", "2024Q1") == pytest.approx([42, 3, 5])
    assert cell(found.doses, "H2", "2024Q1") == [93, 3, 3]


def test_an_areas_own_row_counts_only_where_its_facilities_are_silent(store: Store) -> None:
    place_rows(store)
    put(store, OBSERVATIONS, [
        seen("H1", "202401", 50), seen("F1", "202401", 20), seen("F2", "202401", 25),
        seen("H1", "202404", 60), seen("H2", "202401", 5),
    ])  # fmt: skip
    found = evidence(store)
    assert cell(found.doses, "H1", "2024Q1")[0] == 45
    assert cell(found.doses, "H1", "2024Q2")[0] == 60


def test_late_doses_and_rounds_stay_out_of_coverage(store: Store) -> None:
    place_rows(store)
    put(store, OBSERVATIONS, [
        seen("F1", "202401", 20), seen("F1", "202401", 3, age_band="12-23m"),
        seen("F1", "202401", 6, strategy="catch_up"), seen("F1", "202401", 9, strategy="catch_up", age_band="24-59m"),
    ])  # fmt: skip
    found = evidence(store)
    assert cell(found.doses, "H1", "2024Q1")[0] == 20
    late = found.catchup.set_index(["age_band", "strategy"])["doses"].to_dict()
    assert late == {("12-23m", ""): 3, ("0-11m", "catch_up"): 6, ("24-59m", "catch_up"): 9}


def test_the_source_with_most_doses_is_used_and_the_others_are_named(store: Store) -> None:
    place_rows(store)
    put(store, OBSERVATIONS, [
        seen("F1", "202401", 20), seen("F1", "202402", 21), seen("F1", "202401", 19, source="paper"),
    ])  # fmt: skip
    found = evidence(store)
    assert cell(found.doses, "H1", "2024Q1")[0] == 41
    assert (
        next(n for n in found.notes if n.id == "pipeline.evidence.other_sources").params["found"] == "paper"
    )


def test_populations_are_converted_once_and_say_where_they_come_from(store: Store) -> None:
    place_rows(store)
    put(store, OBSERVATIONS, [
        seen("F1", "202401", 20),
        seen("H1", "2024", 400, "surviving_infants", source="demo-population"),
        seen("H1", "2024", 9000, "population_total", source="demo-population"),
        seen("ML", "2024", 1000, "live_births", source="un-wpp"),
        seen("R", "2022", 100_000, "population_total", source="census-2022"),
        seen("H1", "2015", 300, "surviving_infants", source="demo-population"),
    ])  # fmt: skip
    found = evidence(store)
    rows = found.denominators.set_index(["source", "place_code"])["surviving_infants"].to_dict()
    assert rows == pytest.approx({
        ("demo-population", "H1"): 400, ("un-wpp", "ML"): 1000 * 0.953, ("census-2022", "R"): 100_000 * 0.041 * 0.953,
    })  # fmt: skip
    sources = found.denominator_sources.set_index("source")
    assert sources["parent_source"]["demo-population"] == "census-2009"
    assert sources["anchor"].to_dict() == {"census-2022": False, "demo-population": False, "un-wpp": True}


def test_children_of_12_to_23_months_were_due_10_to_22_months_before() -> None:
    assert due(date(2024, 10, 1), date(2024, 11, 25), (22, 10)) == ("2022Q4", "2024Q1")
    # 22 months before July 2022 is September 2020, 10 months before is September 2021
    assert due(date(2022, 7, 1), date(2022, 7, 1), (22, 10)) == ("2020Q3", "2021Q3")


def test_a_published_share_gets_its_error_from_the_sample() -> None:
    assert standard_error(0.5, 800) == pytest.approx((2 * 0.25 / 800) ** 0.5)
    assert standard_error(0.96, None) == standard_error(0.96, np.nan) == 0.02
    assert standard_error(1.0, 1e9) == 0.005


def _series(
    category: str, year: str, coverage: float, indicator: str = "dtp1_coverage", **more: Any
) -> dict[str, Any]:
    return {
        "source": "w", "place_code": "ML", "period": year, "period_type": "year", "period_start": date(int(year), 1, 1),
        "indicator": indicator, "category": category, "coverage": coverage, "survey": "", "evidence": "",
        "validity": "", "children_age": "", "vaccinated_by": "", "vintage": "1", **more,
    }  # fmt: skip


DHS = {"survey": "dhs", "evidence": "card or history", "children_age": "12-23 m", "collected_year": 2024, "children": 2000.0, "card_seen_share": 0.6}  # fmt: skip


def test_one_result_per_survey_is_used_and_estimates_by_others_are_not_counted_again(store: Store) -> None:
    place_rows(store)
    put(
        store,
        OBSERVATIONS,
        [seen("F1", f"{year}{month:02d}", 20) for year in (2022, 2023, 2024) for month in (1, 12)],
    )
    put(store, COVERAGE_SERIES, [
        _series("SURVEY", "2023", 0.84, **DHS), _series("SURVEY", "2023", 0.80, vaccinated_by="12 m", **DHS),
        _series("SURVEY", "2023", 0.50, **{**DHS, "evidence": "card"}), _series("WUENIC", "2023", 0.9),
        _series("SURVEY", "2010", 0.7, **{**DHS, "survey": "old", "collected_year": 2011}),
    ])  # fmt: skip
    found = evidence(store)
    (row,) = found.survey_areas.to_dict("records")
    assert (row["survey"], row["place_code"], row["start"], row["end"]) == ("dhs", "ML", "2022Q3", "2023Q3")
    assert row["coverage"] == 0.80
    assert row["standard_error"] == pytest.approx((2 * 0.8 * 0.2 / 2000) ** 0.5)
    assert row["card_share"] == 0.6
    assert any(note.id == "pipeline.evidence.estimates_by_others" for note in found.notes)


def test_without_a_survey_estimates_by_others_speak_with_a_bias_of_their_own(store: Store) -> None:
    place_rows(store)
    put(store, OBSERVATIONS, [seen("F1", "202401", 20), seen("F1", "202412", 20)])
    put(store, COVERAGE_SERIES, [_series("WUENIC", "2024", 0.9)])
    (row,) = evidence(store).survey_areas.to_dict("records")
    assert (row["kind"], row["bias_sd"], row["standard_error"]) == ("external", 0.3, 0.05)


def test_a_country_with_yearly_series_alone_is_one_area(store: Store) -> None:
    place_rows(store)
    put(store, COVERAGE_SERIES, [
        _series("ADMIN", str(year), 1.1, doses=880.0, target=800.0) for year in (2021, 2022)
    ] + [_series("ADMIN", "2022", 0.9, "dtp3_coverage", doses=720.0, target=800.0)])  # fmt: skip
    put(store, OBSERVATIONS, [seen("ML", "2022", 900, "surviving_infants", source="un-wpp")])
    found = evidence(store)
    assert found.areas == ["ML"]
    assert cell(found.doses, "ML", "2022Q3")[0] == 220
    assert cell(found.doses, "ML", "2022Q3", "dtp3_doses")[0] == 180
    assert set(found.denominators["source"]) == {"un-wpp", "w"}
    assert any(note.id == "pipeline.evidence.yearly_doses" for note in found.notes)


def test_contexts_closures_and_stock_reach_their_areas(store: Store) -> None:
    place_rows(store)
    cards = {"stock_opening_doses": 100.0, "doses_received": 50.0, "stock_closing_doses": 110.0, "doses_used": 36.0, "doses_wasted": 4.0}  # fmt: skip
    put(store, OBSERVATIONS, [
        *(seen(place, f"2024{month:02d}", 20) for place in ("F1", "F2", "CS") for month in range(1, 7)),
        *(seen("CS", f"2024{month:02d}", value, name, product="penta") for month in range(1, 7) for name, value in cards.items()),
        # F1 keeps cards, F2 does not: the vials of H1 are known in part only
        *(seen("F1", f"2024{month:02d}", value, name, product="penta") for month in range(1, 7) for name, value in cards.items()),
    ])  # fmt: skip
    put(store, PLACE_CONTEXTS, [
        {"place_code": "H1", "context": "conflict", "valid_from": date(2024, 4, 1), "source": "t"},
        {"place_code": "H2", "context": "rural", "source": "t"},
    ])  # fmt: skip
    put(store, EVENTS, [
        {"source": "t", "place_code": "F1", "first_day": date(2024, 4, 1), "last_day": None, "kind": "closure", "antigen": ""}
    ])  # fmt: skip
    found = evidence(store)
    assert found.covariates.set_index("place_code")["conflict"].to_dict() == {"H1": 0.5, "H2": 0.0}
    assert found.facility_status.to_dict("records") == [
        {"place_code": "H1", "period": "2024Q2", "functional_share": 0.5}  # F1 gave half of the doses
    ]
    assert found.stock[["place_code", "period", "doses_used"]].to_numpy().tolist() == [
        ["H2", "2024Q1", 120.0], ["H2", "2024Q2", 120.0],
    ]  # fmt: skip
    assert found.stock["wastage"].tolist() == pytest.approx([0.1, 0.1])


def test_months_whose_stock_does_not_balance_with_use_are_left_out(store: Store) -> None:
    place_rows(store)
    cards = {"stock_opening_doses": 100.0, "doses_received": 50.0, "stock_closing_doses": 110.0, "doses_used": 90.0, "doses_wasted": 4.0}  # fmt: skip
    put(store, OBSERVATIONS, [
        *(seen("CS", f"2024{month:02d}", 20) for month in (1, 2, 3)),
        *(seen("CS", f"2024{month:02d}", value, name, product="penta") for month in (1, 2, 3) for name, value in cards.items()),
    ])  # fmt: skip
    assert len(evidence(store).stock) == 0


def test_only_the_newest_quarters_are_looked_at(store: Store) -> None:
    place_rows(store)
    put(
        store,
        OBSERVATIONS,
        [seen("F1", f"{year}{m:02d}", 20) for year in range(2012, 2025) for m in (2, 5, 8, 11)],
    )
    assert evidence(store).periods[0] == "2016Q1"
    assert evidence(store, quarters=4).periods == ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]


def test_a_store_without_doses_says_what_to_import(store: Store) -> None:
    place_rows(store)
    with pytest.raises(NothingToWorkOn, match="expected observations"):
        evidence(store)
    put(store, OBSERVATIONS, [seen("ML", "2022", 900, "surviving_infants", source="un-wpp")])
    with pytest.raises(NothingToWorkOn, match="expected doses of DTP"):
        evidence(store)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The small example country as a store, its surveys' answers included."""
    made = simulation.example_country(seed=7, size="small")
    store = Store.create(
        tmp_path_factory.mktemp("country") / "store",
        country="ML",
        demo=True,
        now=NOW,
        memory="1GB",
        threads=1,
    )
    for spec in pipeline.TABLES:
        rows = getattr(made, spec.name.removeprefix("demo_"), None)
        if isinstance(rows, pa.Table):
            store.publish(spec, rows, provenance=Provenance(sources=("demo",)), now=NOW)
    return store


def test_the_example_countrys_evidence_is_complete(country: Store, tmp_path: Path) -> None:
    done = pipeline.write_evidence(country, tmp_path / "ev", now=NOW)
    found = done.evidence
    assert len(found.areas) == 25
    assert {"conflict", "urban", "log_density"} <= set(found.covariates.columns)
    assert set(found.surveys["survey"]) == {"demo-survey-2021", "demo-survey-2024"}
    assert found.survey_areas.empty  # the answers are there, their published result would count twice
    assert (found.surveys["vaccinated"] <= found.surveys["children"]).all()
    assert found.surveys["children"].sum() == 2 * country.read(SURVEY_CHILDREN).count().execute()
    assert len(found.surveys) == 2 * country.read(SURVEY_CLUSTERS).count().execute()
    assert len(found.stock) > 0
    assert len(found.catchup) > 0
    for spec in found.neighbours, found.denominators, found.facility_status:
        assert len(spec) > 0
    assert from_folder(tmp_path / "ev").areas == found.areas


def test_no_dose_of_the_example_country_is_lost_or_counted_twice(country: Store) -> None:
    rows = country.read(OBSERVATIONS).to_pandas()
    own = rows[rows["indicator"].isin(["dtp1_doses", "dtp3_doses"]) & (rows["age_band"] == "0-11m")]
    own = own[~own["strategy"].isin(["catch_up", "campaign"])]
    found = evidence(country)
    for indicator, of_one in own.groupby("indicator"):
        kept = found.doses[found.doses["indicator"] == indicator]["value"].sum()
        # Months set aside: zeros for which no report came, and quarters without any value.
        assert kept == pytest.approx(of_one["value"].sum(), rel=1e-9)


def test_an_estimate_is_published_as_a_draft_and_seen_by_the_programme_only(
    country: Store, tmp_path: Path
) -> None:
    asked = Question(draws=40)
    done = pipeline.estimate(country, out=tmp_path / "out", question=asked, engine=MadeUpEngine(), now=NOW)
    assert len(done.snapshots) == len(tables.RUN_TABLES)
    manifest = country.latest("coverage_estimates")
    assert manifest is not None
    assert manifest.provenance.state == "draft"
    assert manifest.provenance.note == f"run {done.run}"
    assert any(name.startswith("observations-") for name in manifest.provenance.made_from)
    rows = country.read(tables.COVERAGE_ESTIMATES).to_pandas()
    assert len(rows) == done.rows["coverage_estimates"]
    assert set(rows["state"]) == {"draft"}
    assert sorted(rows.loc[rows["provisional"], "period"].unique()) == ["2024Q4"]
    assert country.read(tables.DRAWS).count().execute() == done.rows["draws"]
    programme = Scope(audience=Audience.PROGRAMME, cleared=True)
    assert visible(country, tables.COVERAGE_ESTIMATES, programme, today=TODAY).count().execute() == len(rows)
    with pytest.raises(NotVisible):
        visible(country, tables.COVERAGE_ESTIMATES, Scope(audience=Audience.PARTNER), today=TODAY)


def test_partners_see_validated_runs_and_the_public_published_ones_down_to_the_district(
    country: Store, tmp_path: Path
) -> None:
    pipeline.estimate(
        country, out=tmp_path / "out", question=Question(draws=20), engine=MadeUpEngine(), now=NOW
    )
    partner, public = (
        Scope(audience=Audience.PARTNER, cleared=True),
        Scope(audience=Audience.PUBLIC, cleared=True),
    )

    def levels(spec: TableSpec, scope: Scope) -> set[str]:
        return set(visible(country, spec, scope, today=TODAY).to_pandas()["place_level"])

    for state, for_partners, for_public in (
        ("technical_review", set(), set()),
        ("validated", {"area", "parent", "country"}, set()),
        ("published", {"area", "parent", "country"}, {"parent", "country"}),
        ("draft", set(), set()),
    ):
        pipeline.release(country, state, by="CNI", now=NOW)
        assert levels(tables.COVERAGE_ESTIMATES_PARTNERS, partner) == for_partners, state
        assert levels(tables.COVERAGE_ESTIMATES_PUBLIC, public) == for_public, state
        assert set(country.read(tables.COVERAGE_ESTIMATES).to_pandas()["state"]) == {state}
        for spec in tables.RUN_TABLES:
            manifest = country.latest(spec.name)
            assert manifest is not None
            assert manifest.provenance.state == state, spec.name
    with pytest.raises(ValueError, match="expected one of draft"):
        pipeline.release(country, "final", by="CNI", now=NOW)


def test_flagged_places_are_hidden_from_those_who_are_not_cleared(country: Store, tmp_path: Path) -> None:
    pipeline.estimate(
        country, out=tmp_path / "out", question=Question(draws=20), engine=MadeUpEngine(), now=NOW
    )
    flagged = country.read(next(t for t in pipeline.TABLES if t.name == "place_flags")).to_pandas()[
        "place_code"
    ]
    seen_rows = visible(
        country, tables.COVERAGE_ESTIMATES, Scope(audience=Audience.PROGRAMME), today=TODAY
    ).to_pandas()
    parents = country.read(PLACE_PARENTS).to_pandas()
    below = set(parents.loc[parents["parent_code"].isin(set(flagged)), "place_code"])
    assert below
    assert not below & set(seen_rows["place_code"])
    assert set(flagged) <= set(seen_rows["place_code"])  # their district has a row of its own


def test_a_store_without_estimates_has_nothing_to_release(store: Store) -> None:
    with pytest.raises(NothingToWorkOn, match="expected estimates"):
        pipeline.release(store, "validated", by="CNI", now=NOW)
