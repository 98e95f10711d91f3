"""Does an import lose nothing, guess nothing, and survive being cut short?"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kalanso import pipeline
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.places import lineage
from kalanso.places.tables import PLACE_BOUNDARIES, PLACE_CODES, PLACE_MATCHES, PLACE_PARENTS, PLACES
from kalanso.sources import BadFile
from kalanso.sources.tables import IMPORTS, REJECTED_ROWS
from kalanso.store import Store, TableSpec


def frame(store: Store, spec: TableSpec) -> pd.DataFrame:
    return store.read(spec).to_pyarrow().to_pandas()


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    east, north = west + size, south + size
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def outlines(folder: Path, name: str, *features: tuple[dict[str, Any], dict[str, Any]]) -> Path:
    listed = [{"type": "Feature", "properties": told, "geometry": shape} for told, shape in features]
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": listed}), encoding="utf-8")
    return path


def write_regions(folder: Path) -> Path:
    return outlines(
        folder, "regions_2017.geojson",
        ({"shapeName": "Kayes"}, square(-12, 13, 3)), ({"shapeName": "Ségou"}, square(-7, 13, 3)),
    )  # fmt: skip


def write_cercles(folder: Path) -> Path:
    def told(name: str, code: str, region: str, above: str) -> dict[str, str]:
        return {"adm2": name, "adm2_pcode": code, "adm1": region, "adm1_pcode": above}

    return outlines(
        folder, "cercles_2017.geojson",
        (told("Kayes", "ML0103", "Kayes", "ML01"), square(-12, 13)),
        (told("Niono", "ML0405", "Ségou", "ML04"), square(-7, 14)),
        (told("Ségou", "ML0406", "Ségou", "ML04"), square(-7, 13)),
    )  # fmt: skip


def census(folder: Path, *rows: tuple[str, str, int]) -> Path:
    path = folder / "census_2009.csv"
    lines = [f"{region},{cercle},{total}" for region, cercle, total in rows]
    path.write_text("\n".join(["Region,Cercle,Population totale", *lines]) + "\n", encoding="utf-8")
    return path


def codes(store: Store) -> dict[tuple[str, str], str]:
    rows = frame(store, PLACES)
    return {(r.level, r.name): r.place_code for r in rows.itertuples()}


NOW = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)


def new_store(folder: Path, country: str = "ML") -> Store:
    return Store.create(folder, country=country, now=NOW, memory="1GB", threads=1)


@pytest.fixture(scope="module")
def places_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two regions and three cercles, made once and copied by the tests that change it."""
    folder = tmp_path_factory.mktemp("places")
    made = new_store(folder / "store")
    pipeline.import_file(made, "boundaries", write_regions(folder), now=NOW)
    pipeline.import_file(made, "boundaries", write_cercles(folder), now=NOW)
    return made.folder


@pytest.fixture
def mali(places_only: Path, tmp_path: Path) -> Store:
    shutil.copytree(places_only, tmp_path / "mali")
    return Store.open(tmp_path / "mali", memory="1GB", threads=1)


@pytest.fixture(scope="module")
def uncut(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, pd.DataFrame]]:
    """A file and the tables that its import leaves when nothing cuts it short."""
    folder = tmp_path_factory.mktemp("uncut")
    made, path = new_store(folder / "store"), write_cercles(folder)
    pipeline.import_file(made, "boundaries", path, now=NOW)
    return path, {spec.name: frame(made, spec) for spec in WRITTEN}


WRITTEN = (PLACES, PLACE_CODES, PLACE_PARENTS, PLACE_BOUNDARIES, IMPORTS)


def test_an_empty_store_gets_its_places_with_codes_parents_and_outlines(mali: Store) -> None:
    known = codes(mali)

    assert known["country", "Mali"] == "ML"
    assert known["cercle", "Niono"].startswith("ML-")
    assert len(frame(mali, PLACE_BOUNDARIES)) == 5
    tree = lineage(
        frame(mali, PLACE_PARENTS), frame(mali, PLACES), tree="administrative", on=date(2024, 1, 1)
    )
    above = tree[tree["place_code"] == known["cercle", "Niono"]]["ancestor_level"].tolist()
    assert above == ["cercle", "region", "country"]


def test_a_region_named_by_another_list_is_the_known_one(mali: Store) -> None:
    assert (frame(mali, PLACES)["level"] == "region").sum() == 2
    both = frame(mali, PLACE_CODES)
    segou = codes(mali)["region", "Ségou"]
    assert set(both[both["place_code"] == segou]["system"]) == {"geoboundaries-region", "cod-ab"}


def test_the_area_of_an_outline_is_that_on_the_ellipsoid(mali: Store) -> None:
    rows = frame(mali, PLACE_BOUNDARIES).set_index("place_code")

    # One degree square at 13-14 N: 111.2 km x cos(13.5 deg) x 110.6 km, within 0.5 %.
    assert rows.loc[codes(mali)["cercle", "Ségou"], "area_km2"] == pytest.approx(11_970, rel=0.005)


@pytest.mark.long
def test_numbers_of_a_listed_place_stand_under_our_code(mali: Store, tmp_path: Path, now: datetime) -> None:
    path = census(tmp_path, ("Ségou", "NIONO", 364871), ("Segou", "Segou", 696115))
    imported = pipeline.import_file(mali, "population", path, now=now)

    rows = frame(mali, OBSERVATIONS)
    assert dict(zip(rows["place_code"], rows["value"], strict=True)) == {
        codes(mali)["cercle", "Niono"]: 364871, codes(mali)["cercle", "Ségou"]: 696115,
    }  # fmt: skip
    assert set(rows["source"]) == {"census-2009"}
    assert imported.receipt.stored == 2


def test_a_name_that_nobody_knows_is_refused_and_listed(mali: Store, tmp_path: Path, now: datetime) -> None:
    path = census(tmp_path, ("Ségou", "Niono", 1), ("Ségou", "Tombouctou", 2))
    imported = pipeline.import_file(mali, "population", path, now=now)

    imported.receipt.check()
    assert imported.receipt.rejected == {"pipeline.rejected.place_unmatched": 1}
    refused = frame(mali, REJECTED_ROWS).iloc[0]
    assert (refused["row"], refused["found"]) == (3, "Tombouctou (Ségou)")
    status = frame(mali, PLACE_MATCHES).set_index("code")["status"]
    assert status["Tombouctou"] == "unmatched"


@pytest.mark.long
def test_a_new_place_is_made_only_on_demand(mali: Store, tmp_path: Path, now: datetime) -> None:
    path = census(tmp_path, ("Ségou", "Tombouctou", 2))

    imported = pipeline.import_file(mali, "population", path, new_places=True, now=now)

    assert imported.places["minted"] == 1
    assert ("cercle", "Tombouctou") in codes(mali)


@pytest.mark.long
def test_a_decision_of_a_person_is_used_now_and_by_every_later_import(
    mali: Store, tmp_path: Path, now: datetime
) -> None:
    path = census(tmp_path, ("Ségou", "Niono", 1), ("Ségou", "Office du Niger", 2))
    first = pipeline.import_file(mali, "population", path, now=now)
    assert pipeline.matches_to_csv(first.matches, tmp_path / "review.csv") == 1
    review = pd.read_csv(tmp_path / "review.csv", dtype=str, keep_default_na=False)
    review["place_code"], review["by"] = codes(mali)["cercle", "Ségou"], "A. Traoré"
    review.to_csv(tmp_path / "review.csv", index=False)

    counts = pipeline.keep_matches(mali, tmp_path / "review.csv", by="", now=now)
    again = pipeline.import_file(mali, "population", path, now=now)

    assert counts == {"reviewed": 1, "rejected": 0}
    assert again.receipt.rejected.total() == 0
    assert codes(mali)["cercle", "Ségou"] in set(frame(mali, OBSERVATIONS)["place_code"])
    stored = frame(mali, PLACE_MATCHES)
    assert "A. Traoré" in set(stored["reviewed_by"].dropna())


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [("place_code", "ML-X9999", "unknown_place"), ("by", "", "unsigned"), ("date", "hier", "not_a_day")],
)
def test_a_decision_that_cannot_be_meant_is_refused(
    mali: Store, tmp_path: Path, now: datetime, column: str, value: str, reason: str
) -> None:
    told = {
        "system": "census", "vintage": "2009", "code": "X", "name": "X", "parent_name": "", "by": "A", "date": "",
        "place_code": codes(mali)["cercle", "Niono"], column: value,
    }  # fmt: skip
    pd.DataFrame([told]).to_csv(tmp_path / "review.csv", index=False)

    with pytest.raises(BadFile) as refused:
        pipeline.keep_matches(mali, tmp_path / "review.csv", by="", now=now)

    assert refused.value.message_id == f"pipeline.review.{reason}"
    assert refused.value.row == 2


@pytest.mark.long
def test_a_dash_says_that_it_is_no_known_place(mali: Store, tmp_path: Path, now: datetime) -> None:
    told = {
        "system": "census",
        "vintage": "2009",
        "code": "Niono",
        "parent_name": "Ségou",
        "place_code": "-",
        "by": "A",
    }
    pd.DataFrame([told]).to_csv(tmp_path / "review.csv", index=False)
    pipeline.keep_matches(mali, tmp_path / "review.csv", by="", now=now)

    imported = pipeline.import_file(mali, "population", census(tmp_path, ("Ségou", "Niono", 1)), now=now)

    assert imported.receipt.rejected == {"pipeline.rejected.place_rejected": 1}


def test_confirmed_and_rejected_names_are_kept_from_one_table(
    mali: Store, tmp_path: Path, now: datetime
) -> None:
    told = [
        {
            "system": "census",
            "vintage": "2009",
            "code": name,
            "parent_name": "Ségou",
            "place_code": code,
            "by": "A",
        }
        for name, code in (("Office", codes(mali)["cercle", "Niono"]), ("Nulle Part", "-"))
    ]
    pd.DataFrame(told).to_csv(tmp_path / "review.csv", index=False)

    assert pipeline.keep_matches(mali, tmp_path / "review.csv", by="", now=now) == {
        "reviewed": 1,
        "rejected": 1,
    }
    assert set(frame(mali, PLACE_MATCHES)["status"]) >= {"reviewed", "rejected"}


def test_rows_of_places_elsewhere_and_new_places_stay_out_where_a_file_speaks_for_some_places_only(
    mali: Store, tmp_path: Path, now: datetime
) -> None:
    niono = codes(mali)["cercle", "Niono"]
    path = census(tmp_path, ("Ségou", "Niono", 1), ("Ségou", "Ségou", 2), ("Ségou", "Tombouctou", 3))

    imported = pipeline.import_file(
        mali, "population", path, within=frozenset({niono}), new_places=True, now=now
    )

    assert imported.receipt.rejected == {"pipeline.rejected.place_outside": 2}
    assert imported.placed == {niono}
    assert set(frame(mali, OBSERVATIONS)["place_code"]) == {niono}
    assert ("cercle", "Tombouctou") not in codes(mali)


@pytest.mark.long
def test_two_names_of_one_place_do_not_count_twice(mali: Store, tmp_path: Path, now: datetime) -> None:
    niono = codes(mali)["cercle", "Niono"]
    told = [
        {
            "system": "census",
            "vintage": "2009",
            "code": name,
            "parent_name": "Ségou",
            "place_code": niono,
            "by": "A",
        }
        for name in ("Niono", "Office")
    ]
    pd.DataFrame(told).to_csv(tmp_path / "review.csv", index=False)
    pipeline.keep_matches(mali, tmp_path / "review.csv", by="", now=now)

    path = census(tmp_path, ("Ségou", "Niono", 1), ("Ségou", "Office", 2))
    imported = pipeline.import_file(mali, "population", path, now=now)

    imported.receipt.check()
    assert imported.receipt.rejected == {"pipeline.rejected.same_place_twice": 1}
    assert frame(mali, OBSERVATIONS)["value"].tolist() == [1]


@pytest.mark.long
def test_the_same_import_again_changes_nothing(mali: Store, tmp_path: Path, now: datetime) -> None:
    path = census(tmp_path, ("Ségou", "Niono", 1), ("Ségou", "Tombouctou", 2))
    first = pipeline.import_file(mali, "population", path, now=now)
    before = {name: mali.latest(name).id for name in mali.tables()}  # type: ignore[union-attr]

    second = pipeline.import_file(mali, "population", path, now=now.replace(year=2026))

    assert first.import_id == second.import_id
    assert {name: mali.latest(name).id for name in mali.tables()} == before  # type: ignore[union-attr]
    assert len(frame(mali, IMPORTS)) == 3


def test_a_dry_run_stores_nothing(mali: Store, tmp_path: Path, now: datetime) -> None:
    before = sorted(str(path.relative_to(mali.folder)) for path in mali.folder.rglob("*"))

    imported = pipeline.import_file(
        mali, "population", census(tmp_path, ("Ségou", "Niono", 1)), dry_run=True, now=now
    )

    assert imported.receipt.stored == 1
    assert imported.snapshots == ()
    assert sorted(str(path.relative_to(mali.folder)) for path in mali.folder.rglob("*")) == before


class Killed(BaseException):
    """Stands for a process that dies."""


@pytest.mark.long
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_an_import_killed_between_any_two_tables_is_completed_by_the_next(
    store: Store,
    uncut: tuple[Path, dict[str, pd.DataFrame]],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
) -> None:
    path, whole = uncut
    published = Store.publish
    done = 0

    def publish(self: Store, *arguments: Any, **options: Any) -> Any:
        nonlocal done
        done += 1
        if done == at:
            raise Killed
        return published(self, *arguments, **options)

    monkeypatch.setattr(Store, "publish", publish)
    with pytest.raises(Killed):
        pipeline.import_file(store, "boundaries", path, now=now)
    monkeypatch.undo()
    assert store.verify() == []

    pipeline.import_file(store, "boundaries", path, now=now)

    for spec in WRITTEN:
        assert frame(store, spec).equals(whole[spec.name]), spec.name


def test_a_stop_on_request_is_said(store: Store, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(pipeline.Cancelled):
        pipeline.import_file(store, "boundaries", write_cercles(tmp_path), cancel=lambda: True, now=now)


FACILITIES = """Country,Admin1,Facility name,Facility type,Lat,Long
Mali,Kayes,Khasso CSCOM,Community Health Centre,13.5,-11.5
Mali,Segou,Pelengana Nord,Community Health Centre,13.45,-6.5
Mali,Segou,Loin,Community Health Centre,13.5,-11.4
Mali,Segou,Sans Point,Community Health Centre,,
"""


def test_a_facility_hangs_below_the_outline_that_holds_it(mali: Store, tmp_path: Path, now: datetime) -> None:
    path = tmp_path / "facilities_2019.csv"
    path.write_text(FACILITIES, encoding="utf-8")
    imported = pipeline.import_file(mali, "facilities", path, now=now)

    known = codes(mali)
    links = frame(mali, PLACE_PARENTS)
    above = {(r.place_code, r.tree): r.parent_code for r in links.itertuples()}
    pelengana, lost = known["facility", "Pelengana Nord"], known["facility", "Sans Point"]
    assert above[pelengana, "administrative"] == known["cercle", "Ségou"]
    assert above[pelengana, "health"] == known["region", "Ségou"]
    assert above[lost, "administrative"] == known["region", "Ségou"]
    assert imported.receipt.suspicious["pipeline.suspicious.outside_parent"] == 1


def test_kayes_as_a_parent_is_the_rung_on_which_most_parents_stand(
    mali: Store, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "facilities_2019.csv"
    path.write_text(FACILITIES.replace("13.5,-11.5", ","), encoding="utf-8")
    pipeline.import_file(mali, "facilities", path, now=now)

    links = frame(mali, PLACE_PARENTS)
    khasso = links[links["place_code"] == codes(mali)["facility", "Khasso CSCOM"]]
    assert set(khasso["parent_code"]) == {codes(mali)["region", "Kayes"]}


@pytest.mark.long
def test_a_parent_may_be_named_as_another_list_writes_it(store: Store, tmp_path: Path, now: datetime) -> None:
    koulikoro = outlines(tmp_path, "regions_2017.geojson", ({"shapeName": "Koulikouro"}, square(-8, 12, 2)))
    pipeline.import_file(store, "boundaries", koulikoro, now=now)
    told = {"adm2": "Kati", "adm2_pcode": "ML0206", "adm1": "Koulikoro", "adm1_pcode": "ML02"}
    pipeline.import_file(
        store, "boundaries", outlines(tmp_path, "cercles_2017.geojson", (told, square(-8, 12))), now=now
    )

    imported = pipeline.import_file(store, "population", census(tmp_path, ("Koulikoro", "Kati", 5)), now=now)

    assert "pipeline.suspicious.parent_unknown" not in imported.receipt.suspicious


HIERARCHY = """id,level,level_name.local,name.local,code.id,parent.id,parent.name.local,geo.lat,geo.lon
X1,1,Région,Nioro,X1,,,13.4,-11.2
X2,2,Cercle,Niono,X2,X1,Nioro,14.2,-6.5
"""


def test_another_parent_than_the_stored_one_is_only_taken_with_a_day(
    mali: Store, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "hierarchy_2023.csv"
    path.write_text(HIERARCHY, encoding="utf-8")
    niono = codes(mali)["cercle", "Niono"]
    told = {
        "system": "open-admin-data",
        "vintage": "2023",
        "code": "X2",
        "parent_name": "Nioro",
        "place_code": niono,
        "by": "A",
    }
    pd.DataFrame([told]).to_csv(tmp_path / "review.csv", index=False)
    pipeline.keep_matches(mali, tmp_path / "review.csv", by="", now=now)

    doubtful = pipeline.import_file(mali, "places", path, new_places=True, now=now)
    assert doubtful.receipt.suspicious["pipeline.suspicious.other_parent"] == 1

    pipeline.import_file(mali, "places", path, valid_from=date(2023, 3, 13), now=now)
    links = frame(mali, PLACE_PARENTS)
    ours = links[links["place_code"] == niono].sort_values("valid_from", na_position="first")
    assert [str(day) for day in ours["valid_to"]] == ["2023-03-12", "None"]
    assert ours["parent_code"].tolist() == [codes(mali)["region", "Ségou"], codes(mali)["region", "Nioro"]]


def test_the_series_of_the_country_stand_under_its_iso_code(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    path = tmp_path / "coverage.csv"
    path.write_text("iso3,vaccine,year,kind,value\nMLI,dtp1,2022,admin,107\n", encoding="utf-8")
    pipeline.import_file(store, "wiisemart", path, now=now)

    row = frame(store, COVERAGE_SERIES).iloc[0]
    assert (row["place_code"], row["category"], row["coverage"]) == ("ML", "ADMIN", pytest.approx(1.07))


def test_provenance_names_the_file_its_checksum_and_where_it_was_fetched(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    regions = write_regions(tmp_path)
    sha256 = store.keep_file(regions)
    origin = {
        "sha256": sha256,
        "url": "https://example.org/x",
        "licence": "CC BY 4.0",
        "retrieved_at": "2024-12-01T00:00:00+00:00",
    }
    regions.with_name(f"{regions.name}.origin.json").write_text(json.dumps(origin), encoding="utf-8")
    pipeline.import_file(store, "boundaries", regions, now=now)

    made = store.latest("place_boundaries").provenance.inputs[0]  # type: ignore[union-attr]
    assert (made.name, made.sha256, made.url, made.licence) == (
        regions.name,
        sha256,
        "https://example.org/x",
        "CC BY 4.0",
    )
    assert set(frame(store, PLACE_BOUNDARIES)["licence"]) == {"CC BY 4.0"}
    assert store.kept_file(sha256).read_bytes() == regions.read_bytes()


def test_a_bad_file_leaves_the_store_as_it_was(mali: Store, tmp_path: Path, now: datetime) -> None:
    before = {name: mali.latest(name).id for name in mali.tables()}  # type: ignore[union-attr]
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(BadFile):
        pipeline.import_file(mali, "population", tmp_path / "x.csv", now=now)

    assert {name: mali.latest(name).id for name in mali.tables()} == before  # type: ignore[union-attr]


@pytest.mark.parametrize(("reader", "country"), [("oracle", ""), ("population", "KE")])
def test_what_cannot_be_meant_is_refused(
    store: Store, tmp_path: Path, now: datetime, reader: str, country: str
) -> None:
    with pytest.raises(pipeline.CannotImport):
        pipeline.import_file(store, reader, tmp_path / "x", country=country, now=now)


@pytest.mark.long
@pytest.mark.shared_data
def test_47_counties_find_their_outlines(shared_data: Path, tmp_path: Path, now: datetime) -> None:
    kenya = new_store(tmp_path / "kenya", "KE")
    folder = shared_data / "kenya"
    pipeline.import_file(
        kenya, "boundaries", folder / "counties.geojson", options={"level": "district"}, now=now
    )

    imported = pipeline.import_file(kenya, "countdown", folder / "countdown_workbook_2019_2023.xlsx", now=now)

    imported.receipt.check()
    assert imported.places["ambiguous"] + imported.places["unmatched"] == 0
    counties = set(frame(kenya, PLACE_BOUNDARIES)["place_code"])
    rows = kenya.read(OBSERVATIONS)
    found = (
        rows.filter(rows.indicator == "dtp1_doses").select("place_code").distinct().to_pyarrow().to_pylist()
    )
    assert {row["place_code"] for row in found} == counties
    assert len(counties) == 47
