"""Does a table page show, filter and hand out just what was published for the reader?"""

from __future__ import annotations

import csv
import io
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import openpyxl
import pyarrow as pa
import pytest
from django.test import override_settings
from django.utils.translation import override

from kalanso.hub.explore.queries import shelf as shelf_module
from kalanso.hub.explore.queries import tables
from kalanso.hub.explore.queries.shelf import Ground, Shelf
from kalanso.hub.explore.queries.words import THEMES, TITLES
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.pipeline.tables import TABLES
from kalanso.places.tables import PLACES
from kalanso.store import Audience, Provenance, Scope, Store
from tests.hub.conftest import NOW
from tests.hub.visitors import visitor

PRIVATE = [spec.name for spec in TABLES if spec.audience > Audience.PROGRAMME]


def rows_of(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def plain(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\u202f", " ").split())


def test_every_table_that_may_be_seen_is_listed_with_its_question(get: Any) -> None:
    page = get("/preuves/tables/").content.decode()
    for spec in TABLES:
        if spec.audience <= Audience.PROGRAMME:
            assert spec.name in TITLES, f"{spec.name}: asks no question"
            assert f"/preuves/tables/{spec.name}/" in page or spec.name in page


@pytest.mark.parametrize("name", PRIVATE)
@pytest.mark.parametrize("end", ["/", ".csv", ".xlsx", "/graphique/", "/carte/", "/provenance/"])
def test_a_private_table_does_not_exist(name: str, end: str, get: Any) -> None:
    assert get(f"/preuves/tables/{name}{end}").status_code == 404
    assert name not in get("/preuves/tables/").content.decode()


def test_the_csv_holds_the_whole_table_in_the_order_of_the_pages(get: Any, small_store: Store) -> None:
    stored = small_store.read(PLACES).order_by("place_code").to_pyarrow().to_pylist()

    found = rows_of(get("/preuves/tables/places.csv"))

    assert [row["place_code"] for row in found] == [row["place_code"] for row in stored]
    assert [row["name"] for row in found] == [row["name"] for row in stored]


def test_what_is_asked_again_and_again_stays_while_other_answers_come_and_go(
    small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "KEPT_ANSWERS", 2)
    shelf, asked = Shelf(Ground(small_store.folder, memory="512MB"), Scope()), list[str]()
    for key in ("tree", "a", "tree", "b", "tree", "c", "tree", "a"):
        shelf.remember(key, lambda key=key: asked.append(key))  # type: ignore[misc]
    assert asked == ["tree", "a", "b", "c", "a"]


def test_a_table_of_the_past_opens_again_after_many_others(
    small_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalanso.store.store.KEPT", 1)
    store = Store.open(shutil.copytree(small_store.folder, tmp_path / "store"), memory="512MB", threads=1)
    rows = store.read(INDICATOR_VALUES).filter(lambda t: t.period == "2024Q4").to_pyarrow()
    for number in (5, 6, 7):
        made = rows.set_column(
            rows.column_names.index("numerator"), "numerator", pa.array([float(number)] * rows.num_rows)
        )
        store.publish(INDICATOR_VALUES, made, provenance=Provenance(), now=NOW)
    shelf = Shelf(Ground(store.folder, memory="512MB"), Scope(audience=Audience.PARTNER))
    today = shelf.value(shelf.table(INDICATOR_VALUES).count())
    past = [manifest.id for manifest in store.history("indicator_values")]
    assert [shelf.value(shelf.table(INDICATOR_VALUES, one).count()) for one in past * 2] == [today] * len(
        past
    ) * 2
    assert shelf.value(shelf.table(INDICATOR_VALUES).count()) == today


@pytest.mark.parametrize("kept", [False, True], ids=["read", "kept in the engine"])
def test_a_download_takes_every_row_through_a_file_and_never_as_a_stream(
    kept: bool, small_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def endless(*_: Any, **__: Any) -> None:
        raise AssertionError("a stream over kept tables can wait for ever")

    monkeypatch.setattr(ir.Table, "to_pyarrow_batches", endless)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shelf = Shelf(Ground(small_store.folder, memory="512MB"), Scope.analyst())
    if kept:
        manifest = shelf.manifest(OBSERVATIONS)
        assert manifest is not None
        shelf._views[OBSERVATIONS.name, manifest.id] = shelf.table(OBSERVATIONS).cache()

    found = list(tables.batches(shelf, OBSERVATIONS, tables.Selection()))

    rows = [tuple(row[name] for name in OBSERVATIONS.key) for batch in found for row in batch.to_pylist()]
    assert len(rows) == small_store.read(OBSERVATIONS).count().to_pyarrow().as_py()
    assert rows == sorted(rows)
    assert max(batch.num_rows for batch in found) <= tables.BATCH_ROWS < len(rows)
    assert not list(tmp_path.iterdir()), "the file is cleared away"


def test_a_download_that_is_broken_off_leaves_no_file(
    small_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    batches = tables.batches(
        Shelf(Ground(small_store.folder, memory="512MB"), Scope.analyst()), OBSERVATIONS, tables.Selection()
    )
    next(batches)
    assert list(tmp_path.iterdir())

    batches.close()

    assert not list(tmp_path.iterdir())


def test_pages_follow_one_another_without_a_gap(get: Any, small_store: Store) -> None:
    total = small_store.read(PLACES).count().to_pyarrow().as_py()
    seen: list[str] = []
    for number in range(1, -(-total // 50) + 1):
        page = get(f"/preuves/tables/places/?page={number}").content.decode()
        seen += re.findall(r'<td[^>]*data-h="Lieu"[^>]*><a href="/lieux/([^/]+)/">', page)
    assert seen == sorted(seen)
    assert len(set(seen)) == total


def test_filters_narrow_page_and_downloads_alike(get: Any, code_of: Any) -> None:
    niono = code_of("Niono", "district")
    choice = f"?lieu={niono}&periode=2024Q4&indicateur=dtp1_coverage"

    page = get(f"/preuves/tables/indicator_values/{choice}")
    rows = rows_of(get(f"/preuves/tables/indicator_values.csv{choice}"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(get(f"/preuves/tables/indicator_values.xlsx{choice}"))))

    assert f"{len(rows)} lignes choisies, sur " in plain(page)
    assert f"Lieu choisi : Niono district sanitaire · {niono}" in plain(page)
    assert {row["period"] for row in rows} == {"2024Q4"}
    assert niono in {row["place_code"] for row in rows}
    assert len({row["place_code"] for row in rows}) > 1, "places below are included"
    sheet = list(book.worksheets[0].iter_rows(values_only=True))
    assert [name for name in sheet[0] if name != "place_name"] == list(INDICATOR_VALUES.column_names)
    assert len(sheet) - 1 == len(rows)
    assert "rapports.csv" in {
        cell for line in book["Provenance"].iter_rows(values_only=True) for cell in line
    }


def test_a_place_can_be_written_by_name(get: Any) -> None:
    by_name = rows_of(get("/preuves/tables/observations.csv?lieu=ndebougou&indicateur=dtp1_doses"))
    assert by_name
    assert {row["indicator"] for row in by_name} == {"dtp1_doses"}


@pytest.mark.parametrize("page", ["tables/indicator_values/", "qualite/"])
def test_a_name_that_several_places_bear_is_asked_about_with_their_levels_and_codes(
    page: str, get: Any, code_of: Any
) -> None:
    asked = get(f"/preuves/{page}?lieu=niono&periode=2024Q4")

    assert "Plusieurs lieux répondent à « niono » : choisissez-en un." in plain(asked).replace("\xa0", " ")
    assert f"Niono district sanitaire · Mali · Ségou · {code_of('Niono', 'district')}" in plain(asked)
    assert f"?lieu={code_of('Niono', 'district')}&amp;periode=2024Q4" in asked.content.decode()
    assert "Lieu choisi" not in plain(asked)


def test_pages_say_sentences_and_words_where_files_keep_codes(get: Any) -> None:
    page, rows = (
        get("/preuves/tables/quality_findings/"),
        rows_of(get("/preuves/tables/quality_findings.csv")),
    )

    assert {row["message"].partition(".")[0] for row in rows} == {"quality"}
    assert not re.search(r"<td[^>]*>(quality\.|\{)", page.content.decode())
    assert {"message", "params", "detail"} <= rows[0].keys()


@pytest.mark.parametrize(
    ("table", "column", "code", "shown"),
    [
        ("events", "kind", "form_change", "changement de formulaire"),
        ("events", "antigen", "mcv", "rougeole"),
        ("coverage_series", "evidence", "card or history", "carte ou dires de la mère"),
        ("coverage_series", "children_age", "12-23 m", "12 à 23 mois"),
        ("coverage_series", "vaccinated_by", "interview", "le jour de l’enquête"),
        ("places", "kind", "CSCom", "CSCom"),
    ],
)
def test_codes_are_shown_in_words(table: str, column: str, code: str, shown: str, small_store: Store) -> None:
    from kalanso.hub.explore.panels import coded

    with override_settings(KALANSO_STORE=small_store.folder), override("fr"):
        assert coded(table, column, code) == shown


def test_the_name_of_a_filtered_file_says_so(get: Any) -> None:
    whole, part = (
        get(f"/preuves/tables/places.csv{ask}")["Content-Disposition"] for ask in ("", "?niveau=district")
    )
    assert whole == 'attachment; filename="places-000001-demo.csv"'
    assert part == 'attachment; filename="places-000001-filtre-district-demo.csv"'


def test_list_and_page_tell_one_size_that_of_the_rows_the_reader_sees(
    small_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(Ground(small_store.folder, memory="512MB"), Scope(audience=Audience.PARTNER))

    told = {card.spec.name: card.rows for card in tables.counted(shelf) if card.manifest}
    monkeypatch.setattr(tables, "COUNTED_IN_LISTS", 1)
    soon = {card.spec.name: card.rows for card in tables.counted(shelf) if card.manifest}

    seen = {name: shelf.value(shelf.table(tables.find(shelf, name)).count()) for name in told}
    assert {name: rows for name, rows in told.items() if rows is not None} == {
        name: seen[name] for name, rows in told.items() if rows is not None
    }
    assert soon["places"] == seen["places"] > 0
    assert soon["observations"] is None


def test_pages_that_end_before_the_rows_say_so(get: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tables, "DEEPEST_ROW", 100)
    said = plain(get("/preuves/tables/indicator_values/?niveau=district"))
    assert "Page 1 sur 2." in said
    assert "Les pages montrent les 100 premières lignes" in said


@pytest.mark.parametrize(
    ("choice", "explained"),
    [
        ("?lieu=Atlantide", "Aucun lieu ne s’appelle « Atlantide »"),
        ("?periode=2024Q9", "« 2024Q9 » ne figure pas dans cette table."),
        ("?indicateur=%3Cscript%3E", "&lt;script&gt;"),
    ],
)
def test_a_filter_that_makes_no_sense_is_explained_beside_its_field(
    choice: str, explained: str, get: Any
) -> None:
    response = get(f"/preuves/tables/indicator_values/{choice}")
    text = response.content.decode().replace("\xa0", " ").replace("\u202f", " ")

    assert response.status_code == 200
    assert explained in text
    assert "Un filtre n’a pas été compris" in text
    assert "<script>" not in text


@pytest.mark.parametrize("page", ["0", "-1", "abc", "99999999999999999999", "1e3", ""])
def test_a_page_number_that_makes_no_sense_shows_a_page(page: str, get: Any) -> None:
    assert get(f"/preuves/tables/places/?page={page}").status_code == 200


def test_a_withdrawn_snapshot_is_shown_with_its_reason(get: Any) -> None:
    assert "mauvais fichier" in get("/preuves/tables/imports/provenance/").content.decode()
    assert "Cet état a été retiré" in plain(get("/preuves/tables/imports/provenance/?as_of=imports-000002"))


def test_an_old_state_stays_readable_under_its_permanent_address(get: Any) -> None:
    assert [row["file_name"] for row in rows_of(get("/preuves/tables/imports.csv"))] == ["bon.csv"]
    wrong = rows_of(get("/preuves/tables/imports.csv?as_of=imports-000002"))
    assert [row["file_name"] for row in wrong] == ["faux.csv"]
    assert "faux.csv" in get("/preuves/tables/imports/?as_of=imports-000002").content.decode()


def test_provenance_names_files_checksums_and_licences(get: Any) -> None:
    text = plain(get("/preuves/tables/places/provenance/"))
    assert "rapports.csv" in text
    assert "ab" * 32 in text
    assert "licence : CC0" in text.replace("\xa0", " ")


def test_cells_that_a_spreadsheet_would_compute_are_made_harmless(get: Any) -> None:
    from kalanso.hub.explore.views.downloads import _plain

    assert _plain("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert _plain("@x") == "'@x"
    assert _plain("-2+3+cmd|' /C calc'!A0").startswith("'-2")
    assert _plain("\nx") == "'\nx"
    assert _plain("-") == "-"
    assert _plain("Niono") == "Niono"
    assert _plain(-3.0) == -3


def test_a_workbook_takes_no_character_that_would_break_it(get: Any) -> None:
    from kalanso.hub.explore.views.downloads import _cell

    assert _cell("Nio\x07no\x00") == "Niono"
    assert _cell("=\x01HYPERLINK(1)") == "'=HYPERLINK(1)"


def test_a_table_too_long_for_a_workbook_says_what_to_do(get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kalanso.hub.explore.views.downloads.XLSX_CELLS", 100)
    response = get("/preuves/tables/observations.xlsx")
    assert response.status_code == 413
    assert "Prenez le CSV" in response.content.decode()


def test_a_chart_of_doses_adds_up_places_but_neither_strategies_nor_products(
    get: Any, quick_hand: Any, small_store: Store
) -> None:
    get("/preuves/tables/observations/graphique/?lieu=ML")
    job = next(job for job in quick_hand.jobs if job["kind"] == "trend")

    table = small_store.read(OBSERVATIONS)
    wanted = (table.indicator == "dtp1_doses") & (table.age_band == "0-11m") & (table.sector == "public")
    rows = table.filter(wanted & (table.period == "202306") & table.value.notnull()).to_pandas()
    sums = rows.groupby(["product", "strategy"])["value"].sum()
    drawn = [row["value"] for row in job["table"] if row["period"] == "202306"]
    assert sorted(drawn) == sorted(sums)
    assert len(drawn) > 1
    assert job["arguments"]["subject"]["age"] == "0-11m"


def test_a_map_shows_districts_of_the_country_and_areas_of_a_region(
    get: Any, quick_hand: Any, code_of: Any
) -> None:
    get("/lieux/ML/")
    get(f"/lieux/{code_of('Ségou', 'region')}/")
    country, region = [
        job for job in quick_hand.jobs if job["kind"] == "choropleth" and job.get("output") is None
    ][:2]
    assert {row["place"] for row in country["table"]} == {"Bougouni", "Macina", "Niono", "Ségou", "Yorosso"}
    assert "Ndébougou" in {row["place"] for row in region["table"]}
    assert all(row["geometry"] for row in country["table"])


def test_a_chart_of_one_source_names_that_source_and_not_what_came_last(
    small_store: Store, quick_hand: Any, tmp_path: Path
) -> None:
    """Observations grow source by source: their newest snapshot is another's than the drawn one's."""
    folder = tmp_path / "later"
    shutil.copytree(small_store.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    rows = store.read(OBSERVATIONS).limit(1).to_pyarrow().to_pylist()
    store.publish(
        OBSERVATIONS, [rows[0] | {"source": "demo-hub-report", "value": 1.0}],
        provenance=Provenance(sources=("demo-hub-report",)), now=NOW,
    )  # fmt: skip
    with override_settings(KALANSO_STORE=folder):
        visitor().get("/preuves/tables/observations/graphique/?lieu=ML-F0002")

    drawn = [job["arguments"]["subject"] for job in quick_hand.jobs]
    assert [[one["system"] for one in subject["sources"]] for subject in drawn] == [["demo-snis"]]


def test_the_list_of_tables_is_folded_by_theme_and_names_each_table_once(get: Any) -> None:
    page = get("/preuves/tables/").content.decode()
    links = re.findall(r'<h3><a href="/preuves/tables/(\w+)/"', page)

    assert page.count('<details class="fold">') >= 3
    assert '<details class="fold" open' not in page
    assert {"observations", "places", "quality_findings"} <= set(links)
    assert len(links) == len(set(links))


def test_every_table_that_may_be_read_stands_under_one_theme() -> None:
    named = [name for _heading, _anchor, names in THEMES for name in sorted(names)]
    open_to_some = {spec.name for spec in TABLES if spec.audience < Audience.PRIVATE}

    assert len(named) == len(set(named))
    assert set(named) == open_to_some


def test_tables_are_found_by_words_without_accents_and_stand_open(get: Any) -> None:
    page = get("/preuves/tables/?q=notifie+CENTRES").content.decode()

    assert re.findall(r'<h3><a href="/preuves/tables/(\w+)/"', page) == ["observations"]
    assert '<details class="fold" open' in page
    assert "ne parle de" in plain(get("/preuves/tables/?q=zzzz"))


def test_a_search_for_tables_tells_nobody_of_tables_that_are_closed_to_them() -> None:
    stranger = visitor(role=None)

    assert "ne parle de" in plain(stranger.get("/preuves/tables/?q=observations"))


def test_files_for_people_name_places_beside_their_codes(get: Any, code_of: Any) -> None:
    niono = code_of("Niono", "district")
    choice = f"?lieu={niono}&periode=2024Q4&indicateur=dtp1_coverage"
    rows = rows_of(get(f"/preuves/tables/indicator_values.csv{choice}"))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(get(f"/preuves/tables/indicator_values.xlsx{choice}"))))
    lines = list(book.worksheets[0].iter_rows(values_only=True))
    columns = list(rows[0])

    assert columns[columns.index("place_code") + 1] == "place_name"
    assert {row["place_name"] for row in rows if row["place_code"] == niono} == {"Niono (district sanitaire)"}
    assert [line[lines[0].index("place_name")] for line in lines[1:]] == [row["place_name"] for row in rows]
    assert "place_name" in {line[0] for line in book["Provenance"].iter_rows(values_only=True)}
    assert all(row["place_name"] for row in rows)


def test_a_table_that_names_its_places_itself_gets_no_second_name(get: Any) -> None:
    assert "place_name" not in rows_of(get("/preuves/tables/places.csv"))[0]
    assert "place_name" not in rows_of(get("/preuves/tables/imports.csv"))[0]
