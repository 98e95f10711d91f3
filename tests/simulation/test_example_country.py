"""Is the example country what its contract says, and does the truth stay out of sight?"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from datetime import datetime

import pyarrow as pa
import pytest

from kalanso.indicators.tables import COVERAGE_SERIES, EVENTS, OBSERVATIONS
from kalanso.places.tables import (
    PLACE_BOUNDARIES,
    PLACE_CODES,
    PLACE_CONTEXTS,
    PLACE_CROSSWALK,
    PLACE_FLAGS,
    PLACE_PARENTS,
    PLACES,
)
from kalanso.simulation import ExampleCountry, NoSuchSize, example_country
from kalanso.simulation.tables import (
    PLANTED_FAULTS,
    PLANTED_SOURCES,
    SURVEY_CHILDREN,
    SURVEY_CLUSTERS,
    TABLES,
    TRUTH_BIRTHS,
    TRUTH_COVERAGE,
    TRUTH_SURVEY_CHILDREN,
    TRUTH_ZERO_DOSE,
)
from kalanso.store import Audience, Provenance, Store, TableSpec

PUBLISHED = {
    "places": PLACES,
    "place_parents": PLACE_PARENTS,
    "place_codes": PLACE_CODES,
    "place_contexts": PLACE_CONTEXTS,
    "place_flags": PLACE_FLAGS,
    "place_boundaries": PLACE_BOUNDARIES,
    "place_crosswalk": PLACE_CROSSWALK,
    "observations": OBSERVATIONS,
    "events": EVENTS,
    "coverage_series": COVERAGE_SERIES,
}
KEPT = {
    "survey_clusters": SURVEY_CLUSTERS,
    "survey_children": SURVEY_CHILDREN,
    "truth_births": TRUTH_BIRTHS,
    "truth_coverage": TRUTH_COVERAGE,
    "truth_zero_dose": TRUTH_ZERO_DOSE,
    "truth_survey_children": TRUTH_SURVEY_CHILDREN,
    "planted_faults": PLANTED_FAULTS,
    "planted_sources": PLANTED_SOURCES,
}


def fingerprint(country: ExampleCountry) -> str:
    digest = hashlib.sha256()
    for field in fields(country):
        value = getattr(country, field.name)
        if isinstance(value, pa.Table):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, value.schema) as writer:
                writer.write_table(value.combine_chunks())
            digest.update(sink.getvalue())
        else:
            digest.update(str(value).encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_country(small: ExampleCountry) -> None:
    assert fingerprint(example_country(size="small")) == fingerprint(small)


def test_another_seed_gives_another_country(small: ExampleCountry) -> None:
    other = example_country(seed=7, size="small")
    assert not other.observations.equals(small.observations)
    assert other.hub_report == small.hub_report


def test_a_size_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(NoSuchSize, match="full, small, got 'medium'"):
        example_country(size="medium")


@pytest.mark.parametrize("name", [*PUBLISHED, *KEPT])
def test_every_table_is_accepted_by_the_store(
    name: str, small: ExampleCountry, store: Store, now: datetime
) -> None:
    spec: TableSpec = (PUBLISHED | KEPT)[name]

    manifest = store.publish(spec, getattr(small, name), provenance=Provenance(sources=("demo",)), now=now)

    assert manifest.rows == getattr(small, name).num_rows > 0


def test_every_table_of_the_country_is_either_published_or_kept(small: ExampleCountry) -> None:
    tables = {f.name for f in fields(small) if isinstance(getattr(small, f.name), pa.Table)}
    assert tables == set(PUBLISHED) | set(KEPT)


def test_the_truth_is_private() -> None:
    assert all(spec.audience is Audience.PRIVATE for spec in TABLES)
    assert {spec.name for spec in TABLES} == {spec.name for spec in KEPT.values()}


@pytest.mark.parametrize("name", [name for name in PUBLISHED if "source" in PUBLISHED[name].column_names])
def test_every_published_row_says_that_it_is_a_demonstration(name: str, small: ExampleCountry) -> None:
    sources = set(getattr(small, name)["source"].to_pylist())
    assert sources
    assert all(source.startswith("demo") for source in sources)


def test_the_full_country_has_the_announced_size(full: ExampleCountry) -> None:
    level = full.places.to_pandas()["level"].value_counts()
    assert level["district"] == 75
    assert 1_250 <= level["health_area"] <= 1_350
    assert level["facility"] >= 2_600
    health = full.place_parents.to_pandas().query("tree == 'health'")
    assert (health["parent_code"] == "ML").sum() == 11
    assert 1_500_000 <= full.observations.num_rows <= 3_000_000
    assert len(set(full.observations["period"].to_pylist()) - {"2021", "2022", "2023", "2024"}) == 48
