"""Does a store publish what its observations allow, whatever is missing?"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from kalanso import pipeline, sources
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.store import Store
from tests.pipeline.test_evidence_folder import WHERE, place_rows, put, seen

pytestmark = pytest.mark.long

NOW = datetime(2025, 3, 1, tzinfo=UTC)
MAP = {
    "version": 1,
    "file": {"separator": ",", "encoding": "utf-8", "decimal": "."},
    "place": {"name": "centre", "parent": "district", "level": "health_area", "system": "t", "vintage": "1"},
    "period": {"column": "mois", "type": "month"},
    "indicator": "indicateur",
    "value": "valeur",
    "constants": {"age_band": "0-11m"},
}


def test_doses_without_any_population_are_published_without_a_value(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store", country="ML", now=NOW, memory="512MB", threads=1)
    lines = [
        f"Niono,{centre},2024-{month:02d},dtp1_doses,{20 + month}"
        for centre in ("Ndébougou", "Pogo")
        for month in range(1, 13)
    ]
    path = tmp_path / "doses.csv"
    path.write_text("\n".join(["district,centre,mois,indicateur,valeur", *lines]) + "\n", encoding="utf-8")
    options = {"column_map": sources.column_maps.from_document(MAP)}
    pipeline.import_file(store, "tables", path, source="t", options=options, now=NOW)

    pipeline.publish(store, now=NOW)

    rows = store.read(INDICATOR_VALUES).to_pandas()
    area = rows[(rows["indicator"] == "dtp1_coverage") & (rows["level"] == "health_area")]
    fourth = area[(area["period"] == "2024Q4") & ~area["cumulative"]]
    # The quarter and the four quarters that end with it, for two places.
    told = sorted(zip(fourth["denominator_name"].fillna(""), fourth["numerator"], strict=True))
    assert told == [("", 93.0), ("", 93.0), (":rolling4", 318.0), (":rolling4", 318.0)]
    assert fourth["value"].isna().all()
    assert set(fourth["caveat"]) == {"indicators.caveat.no_denominator"}


def test_neighbours_are_found_anew_only_where_places_or_outlines_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    verb = import_module("kalanso.pipeline.publish")
    found: list[int] = []
    find = verb._neighbours
    monkeypatch.setattr(verb, "_neighbours", lambda holdings: found.append(1) or find(holdings))
    place_rows(store)
    put(store, OBSERVATIONS, [seen("F1", "202401", 10)])
    pipeline.publish(store, now=NOW)
    assert len(found) == 1
    put(store, OBSERVATIONS, [seen("F1", "202402", 10)])
    pipeline.publish(store, now=NOW)
    assert len(found) == 1
    place_rows(store, WHERE | {"H3": ("health_area", "D")})
    pipeline.publish(store, now=NOW)
    assert len(found) == 2
