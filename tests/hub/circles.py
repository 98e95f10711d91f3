"""A store in which every circle sees something else: a released run, a newer draft, and places under a flag."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kalanso.coverage.tables import (
    COVERAGE_ESTIMATES,
    COVERAGE_ESTIMATES_PARTNERS,
    COVERAGE_ESTIMATES_PUBLIC,
    COVERAGE_ESTIMATES_YEARLY,
    COVERAGE_ESTIMATES_YEARLY_PARTNERS,
    COVERAGE_ESTIMATES_YEARLY_PUBLIC,
)
from kalanso.pipeline.tables import TABLES
from kalanso.places.tables import PLACE_FLAGS, PLACE_PARENTS, PLACES
from kalanso.store import Provenance, Store
from tests.hub import made_up_run
from tests.hub.conftest import NOW

RELEASED, DRAFT = "0123456789abcdef", "fedcba9876543210"
SPECS = {spec.name: spec for spec in TABLES}


@dataclass(frozen=True)
class Ground:
    """Places by their part in the tests, and the store over them."""

    folder: Path
    codes: Mapping[str, str]
    parents: Mapping[str, str]

    def above(self, code: str) -> list[str]:
        """Return the ancestors of a place, the nearest first."""
        found = []
        while code in self.parents:
            code = self.parents[code]
            found.append(code)
        return found


def build(small_store: Store, folder: Path) -> Ground:
    """Copy the small country; release a run, publish a newer draft beside it, and flag one area."""
    shutil.copytree(small_store.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    places = store.read(PLACES).to_pyarrow().to_pylist()
    lasting = [row for row in _rows(store, PLACE_PARENTS) if row["valid_to"] is None]
    # The health tree comes last and wins, as in the mirror of places.
    trees = sorted(lasting, key=lambda row: row["tree"] == "health")
    parents = {row["place_code"]: row["parent_code"] for row in trees}
    _publish_released(store, places, parents)
    _publish_draft(store, places, parents)
    codes = _codes(places, parents)
    flag: dict[str, Any] = {
        "place_code": codes["flagged"], "flag": "security", "valid_from": date(2020, 1, 1), "valid_to": None,
        "source": "test", "note": "secret reason",
    }  # fmt: skip
    store.publish(PLACE_FLAGS, [flag], provenance=Provenance(sources=("test",)), now=NOW)
    return Ground(folder, codes, parents)


def _rows(store: Store, spec: Any) -> list[dict[str, Any]]:
    return list(store.read(spec).to_pyarrow().to_pylist())


def _publish_released(store: Store, places: list[dict[str, Any]], parents: dict[str, str]) -> None:
    """Publish what partners and the public see of a run that was validated and published."""
    provenance = Provenance(sources=("demo-snis",), note=f"run {RELEASED}", state="published")
    told = made_up_run.tables([place for place in places if place["level"] != "facility"], parents)
    public = {place["place_code"] for place in places if place["level"] in {"country", "region", "district"}}
    for of, partners, everybody in (
        (COVERAGE_ESTIMATES, COVERAGE_ESTIMATES_PARTNERS, COVERAGE_ESTIMATES_PUBLIC),
        (COVERAGE_ESTIMATES_YEARLY, COVERAGE_ESTIMATES_YEARLY_PARTNERS, COVERAGE_ESTIMATES_YEARLY_PUBLIC),
    ):
        whole = [
            made_up_run.filled(of, row | {"run": RELEASED, "state": "published"}) for row in told[of.name]
        ]
        store.publish(partners, whole, provenance=provenance, now=NOW)
        seen = [row for row in whole if row["place_code"] in public]
        store.publish(everybody, seen, provenance=provenance, now=NOW)


def _publish_draft(store: Store, places: list[dict[str, Any]], parents: dict[str, str]) -> None:
    """Publish a newer run that nobody reviewed, whose numbers differ from the released one's."""
    shown = [place for place in places if place["level"] != "facility"]
    provenance = Provenance(sources=("demo-snis",), note=f"run {DRAFT}", state="draft")
    for name, rows in made_up_run.tables(shown, parents).items():
        if name in SPECS:
            spec = SPECS[name]
            told = [made_up_run.filled(spec, _moved(row) | {"run": DRAFT}) for row in rows]
            store.publish(spec, told, provenance=provenance, now=NOW + timedelta(hours=1))


def _moved(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose numbers nobody could have read in the released run."""
    if "missed_children_mean" not in row or "coverage_mean" not in row:
        return row
    return row | {
        name: row[name] + 0.0123
        for name in ("coverage_mean", "coverage_q025", "coverage_q975")
        if row.get(name)
    }


def _codes(places: list[dict[str, Any]], parents: dict[str, str]) -> dict[str, str]:
    by_name = {(place["name"], place["level"]): place["place_code"] for place in places}
    area, district = by_name["Ndébougou", "health_area"], by_name["Niono", "district"]
    below = sorted(code for code, parent in parents.items() if parent == area)
    beside = sorted(
        place["place_code"] for place in places
        if place["level"] == "health_area" and parents[place["place_code"]] == district and place["place_code"] != area
    )  # fmt: skip
    home = parents[district]
    others = sorted(p["place_code"] for p in places if p["level"] == "region" and p["place_code"] != home)
    levels = {place["place_code"]: place["level"] for place in places}
    far_districts = sorted(
        code for code, parent in parents.items() if parent == others[0] and levels[code] == "district"
    )
    far_areas = sorted(
        code
        for code, parent in parents.items()
        if parent == far_districts[0] and levels[code] == "health_area"
    )
    return {
        "country": parents[home], "region": home, "district": district, "area": area, "facility": below[0],
        "sibling": beside[0], "flagged": beside[1], "other_region": others[0], "other_district": far_districts[0],
        "other_area": far_areas[0],
    }  # fmt: skip
