"""Do pages say what all sources say together, with their evidence, and only to those who may know?"""

from __future__ import annotations

import gzip
import html
import io
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import override_settings

from kalanso.indicators.tables import OBSERVATIONS
from kalanso.places.tables import PLACES
from kalanso.store import Provenance, Store
from tests.hub import made_up_beside
from tests.hub.circles import Ground
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, stranger, visitor

NOW = datetime(2025, 2, 15, 13, 0, tzinfo=UTC)
REVIEW, TARGETS, BOOK = (
    "/preuves/croisement/",
    "/preuves/croisement/cibles/",
    "/preuves/croisement/cibles.xlsx",
)
COVERAGE, GRADES = "/preuves/croisement/coverage_sources/", "/preuves/croisement/confidence/"


@pytest.fixture(scope="module")
def beside_folder(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The country of the circles, one area under a flag, with every source beside every other."""
    folder = tmp_path_factory.mktemp("beside") / "store"
    shutil.copytree(ground.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    made_up_beside.publish(store, store.read(PLACES).to_pyarrow().to_pylist(), now=NOW)
    return folder


@pytest.fixture
def laid(beside_folder: Path, quick_hand: Any) -> Iterator[Any]:
    with override_settings(KALANSO_STORE=beside_folder):
        yield quick_hand


@pytest.fixture
def own(beside_folder: Path, tmp_path: Path, quick_hand: Any) -> Iterator[Store]:
    """A store of the test's own, so that it may publish."""
    shutil.copytree(beside_folder, tmp_path / "own", ignore=shutil.ignore_patterns("cache"))
    with override_settings(KALANSO_STORE=tmp_path / "own"):
        yield Store.open(tmp_path / "own", memory="1GB", threads=1)


def changed(store: Store, now: datetime) -> None:
    """Publish one other number."""
    row = store.read(OBSERVATIONS).limit(1).to_pyarrow().to_pylist()[0]
    other = row | {"value": (row["value"] or 0) + 1, "status": "reported"}
    store.publish(OBSERVATIONS, [other], provenance=Provenance(sources=("t",)), now=now)


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(text_of(response))).replace("\u2019", "'")


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_review_of_a_place_is_in_words_and_each_sentence_leads_to_the_rows_that_carry_it(
    laid: Any, ground: Ground
) -> None:
    district = ground.codes["district"]
    client = visitor("national")
    page = client.get(f"{REVIEW}?lieu={district}&periode=2024Q4")
    told = words(page)
    proof = re.search(r'href="(/preuves/tables/indicator_values/\?[^"]+)"', page.content.decode())
    assert proof is not None
    rows = client.get(html.unescape(proof[1]))

    assert "Que disent toutes les sources ensemble : Niono ?" in told
    assert "Ce qui ne s'accorde pas" in told
    assert "selon la source administrative (demo-snis), 70 % selon l'enquête (demo-survey-2024)" in told
    assert "Ce qui manque Il manque : cas par statut vaccinal" in told.replace("à savoir ", "")
    assert "Pour mieux noter les sources d'ici, il manque : une enquête du lieu" in told
    assert rows.status_code == 200
    assert "as_of=indicator_values-000001" in proof[1]
    assert "n'a pas été compris" not in words(rows)


def test_every_analysis_is_listed_with_the_places_where_it_finds_something_and_what_it_lacks(
    laid: Any, ground: Ground
) -> None:
    page = visitor("national").get(f"{REVIEW}?lieu={ground.codes['district']}")
    found = {one.name: (one.places, one.missing) for one, _explained in page.context["analyses"]}

    assert len(found) == 17
    assert found["coverage_sources"][0] > 2
    assert found["cases"] == (0, ("cases",))
    assert found["dropout"] == (0, ())


def test_an_analysis_answers_with_a_sentence_a_figure_its_numbers_verdicts_formula_and_files(
    laid: Any, ground: Ground
) -> None:
    code = ground.codes["district"]
    client = visitor("national")
    page = client.get(f"{COVERAGE}?lieu={code}")
    told = words(page)
    drawn = [job for job in laid.jobs if job["kind"] == "beside_sources"]
    files = re.findall(r'href="(/preuves/tables/triangulation\.\w+\?[^"]+)"', page.content.decode())
    rows = body(client.get(html.unescape(files[0]))).decode("utf-8-sig").splitlines()

    assert "Quelle couverture chaque source donne-t-elle" in told
    assert "au-dessus de sa référence" in told
    assert "Écart = source − référence" in told
    assert {row["place_code"] for row in drawn[0]["table"]} == {code}
    assert drawn[0]["arguments"]["analysis"] == "coverage_sources"
    assert len(files) == 2
    assert len(rows) > 2
    assert all(row.startswith("coverage_sources,") for row in rows[1:])


def test_the_review_and_the_grades_of_a_place_are_drawn_where_they_are_told(
    laid: Any, ground: Ground
) -> None:
    code, client = ground.codes["district"], visitor("national")
    client.get(f"{REVIEW}?lieu={code}")
    client.get(f"{GRADES}?lieu={code}")
    drawn = {
        job["arguments"]["analysis"]: job["table"] for job in laid.jobs if job["kind"] == "beside_sources"
    }

    assert {"narrative", "confidence"} <= set(drawn)
    assert {row["place_code"] for row in (*drawn["narrative"], *drawn["confidence"])} == {code}
    assert sum(row["value"] for row in drawn["narrative"]) > 0
    assert {row["verdict"] for row in drawn["confidence"]} <= {*"ABCD"}


REFERRED = {"verdict": "agrees"}
UNREFERRED = {"reference": None, "reference_source": "", "gap": None, "gap_children": None, "verdict": ""}


def test_a_picture_of_breaks_is_not_said_to_be_without_numbers(
    laid: Any, ground: Ground, monkeypatch: Any
) -> None:
    from kalanso.hub.explore.queries import beside

    monkeypatch.setattr(beside, "found_by", lambda *_asked: ([], []))
    monkeypatch.setattr(beside, "numbers_of", lambda *_asked: [])
    page = visitor("national").get(f"{REVIEW}breaks/?lieu={ground.codes['district']}&periode=2024")

    drawn = b'id="figure"' in page.content
    assert ("aucune rupture trouvée dans cette période" in text_of(page)) == drawn
    assert ("faute de chiffres" in text_of(page)) != drawn


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (REFERRED, "2 chiffres sur 2 ont été comparés, et rien n'y demande d'être regardé"),
        (UNREFERRED, "rien n'a pu être comparé, faute de référence ici"),
        (UNREFERRED | {"verdict": "apart"}, "2 chiffres sur 2 demandent d'être regardés"),
        (None, "cette analyse n'a pas été calculée ici, faute de chiffres. Cela ne veut pas dire que tout va bien"),
    ],
)  # fmt: skip
def test_only_numbers_that_were_compared_are_given_the_all_clear(
    laid: Any, ground: Ground, monkeypatch: Any, change: dict[str, Any] | None, said: str
) -> None:
    from kalanso.hub.explore.queries import beside

    read = beside.numbers_of
    monkeypatch.setattr(beside, "found_by", lambda *_asked: ([], []))
    monkeypatch.setattr(
        beside,
        "numbers_of",
        lambda *asked: [] if change is None else [row | change for row in read(*asked)],
    )
    told = words(visitor("national").get(f"{COVERAGE}?lieu={ground.codes['district']}&periode=2024"))

    assert said in told
    assert ("Ce qui en donnerait une : une estimation" in told) == (change == UNREFERRED)
    assert ("rien n'y demande" in told) == (change == REFERRED)


def test_sources_are_called_by_their_title_on_pages_and_by_their_code_in_files(
    laid: Any, ground: Ground
) -> None:
    from kalanso.hub.evidence.models import SourceCard

    by = person("national")
    for code, title in (("demo-snis", "Rapports mensuels"), ("demo-survey-2024", "Enquête de couverture")):
        SourceCard.objects.create(code=code, title=title, changed_by=by, changed=NOW)
    client, where = visitor("national"), f"?lieu={ground.codes['district']}"
    numbers, grades = words(client.get(COVERAGE + where)), words(client.get(GRADES + where))
    drawn = [job for job in laid.jobs if job["kind"] == "beside_sources"]
    file = body(client.get(f"/preuves/tables/triangulation.csv{where}")).decode()

    assert "selon l'enquête (Enquête de couverture)" in numbers
    assert "Rapports mensuels (administrative)" in numbers
    assert "administrative Rapports mensuels" in grades
    assert "demo-snis" not in grades
    assert "Rapports mensuels" in {row["source"] for row in drawn[-1]["table"]}
    assert "demo-snis" in file


@pytest.mark.parametrize("analysis", ["nothing", "narrative"])
def test_an_analysis_that_does_not_exist_is_not_found(laid: Any, analysis: str) -> None:
    answer = visitor("national", raises=False).get(f"/preuves/croisement/{analysis}/")

    assert answer.status_code == 404


def test_a_period_without_findings_is_explained_and_another_shown(laid: Any, ground: Ground) -> None:
    for asked in ("1999", "jadis", "2024Q9"):
        told = words(visitor("national").get(f"{REVIEW}?lieu={ground.codes['district']}&periode={asked}"))
        assert f"« {asked} » n'est pas un choix de « Période » ; la page montre : 2024" in told


def test_a_grade_stands_beside_its_number_as_letter_and_words_with_a_link_to_its_reasons(
    laid: Any, ground: Ground
) -> None:
    area = ground.codes["area"]
    client = visitor("national")
    place = client.get(f"/lieux/{area}/")
    link = re.search(r'href="(/preuves/croisement/confidence/[^"]+)"', place.content.decode())
    assert link is not None
    why = client.get(html.unescape(link[1]))
    anchor = link[1].partition("#")[2]

    assert "C : à lire à côté d'une autre source" in words(place)
    assert f'id="{anchor}"' in why.content.decode()
    assert "Aucune source indépendante ici à laquelle le comparer." in words(why)
    assert "Il manque : une enquête du lieu" in words(why)


def test_places_inside_another_carry_the_grade_of_their_own_number_read_at_once(
    laid: Any, ground: Ground, monkeypatch: Any
) -> None:
    from kalanso.hub.explore.queries import beside

    asked: list[tuple[str, ...]] = []
    read = beside._graded
    monkeypatch.setattr(
        beside,
        "_graded",
        lambda shelf, spec, codes, **equal: asked.append(tuple(codes)) or read(shelf, spec, codes, **equal),
    )
    page = visitor("national").get(f"/lieux/{ground.codes['district']}/")
    marked = [row for row in page.context["ranked"] if row.grade]

    assert marked
    assert all(row.grade.row["place_code"] == row.place.code for row in marked)
    assert re.search(r'class="grade grade-c" title="C\s:\sà lire à côté', page.content.decode())
    assert "à croiser" in words(page)
    assert len([codes for codes in asked if len(codes) > 1]) <= 1


def test_the_score_card_shows_the_confidence_of_each_coverage_of_its_year(laid: Any, ground: Ground) -> None:
    page = visitor("national").get(f"/preuves/qualite/fiche/{ground.codes['district']}/")

    assert {one.row["period"] for one in page.context["graded"]} <= {page.context["year"].value}


def test_where_no_grade_exists_or_the_number_is_of_another_year_nothing_is_said(
    laid: Any, ground: Ground, get: Any
) -> None:
    area = ground.codes["area"]
    earlier = visitor("national").get(f"/lieux/{area}/?periode=2023Q4")
    with override_settings(KALANSO_STORE=ground.folder):
        before = get(f"/lieux/{area}/")

    assert earlier.context["grade"] is None
    assert "Pourquoi cette note" not in words(earlier)
    assert before.context["grade"] is None


def test_the_page_of_the_estimate_grades_every_source_of_the_place(laid: Any, ground: Ground) -> None:
    page = visitor("national").get(f"/lieux/{ground.codes['district']}/estimation/")

    assert "Jusqu'où se fier à chaque source ici ?" in words(page)
    assert page.context["grades"][0].row["grade"] == "C"


def test_targets_are_proposals_said_plainly_and_the_workbook_holds_the_same_places(
    laid: Any, ground: Ground
) -> None:
    code = ground.codes["district"]
    client = visitor("national")
    told = words(client.get(f"{TARGETS}?lieu={code}"))
    answer = client.get(f"{BOOK}?lieu={code}")
    book = openpyxl.load_workbook(io.BytesIO(body(answer)))
    sheet = book.worksheets[0]
    codes = {row[3] for row in sheet.iter_rows(min_row=2, values_only=True)}

    assert "Ce sont des propositions. Chaque lieu a la sienne" in told
    assert "celles des districts ne s'additionnent pas toujours jusqu'à celle de la région ou du pays" in told
    assert "Rien n'est envoyé à un système ni changé nulle part" in told
    assert {code, ground.codes["area"]} <= codes
    assert ground.codes["other_district"] not in codes
    assert sheet.max_column == 14


@pytest.mark.parametrize("page", [REVIEW, COVERAGE, TARGETS])
@pytest.mark.parametrize("who", [None, "reader", "partner", "donor", "editor"])
def test_who_is_not_of_the_programme_sees_none_of_it(
    laid: Any, ground: Ground, who: str | None, page: str
) -> None:
    client = visitor(who) if who else stranger()
    answer = client.get(f"{page}?lieu={ground.codes['district']}")
    book = client.get(f"{BOOK}?lieu={ground.codes['district']}")

    assert "À qui cette page est-elle ouverte ?" in words(answer)
    assert "source enquête" not in words(answer)
    assert book.status_code == 404
    for address in (f"/lieux/{ground.codes['district']}/", f"/lieux/{ground.codes['district']}/estimation/"):
        assert "Croisement" not in words(client.get(address))


@pytest.mark.parametrize("who", ["partner", "researcher"])
def test_partners_read_beside_a_reported_number_how_far_it_can_be_trusted_and_why(
    laid: Any, ground: Ground, who: str
) -> None:
    client, area = visitor(who), ground.codes["area"]
    place, why = client.get(f"/lieux/{area}/"), client.get(f"{GRADES}?lieu={area}")

    assert "C : à lire à côté d'une autre source" in words(place)
    assert "Aucune source indépendante ici à laquelle le comparer." in words(why)
    assert client.get("/preuves/tables/confidence_grades_partners.csv").status_code == 200
    assert client.get("/preuves/tables/confidence_grades.csv").status_code == (
        404 if who == "partner" else 200
    )


@pytest.mark.parametrize("who", [None, "reader"])
def test_whoever_sees_no_reported_number_sees_no_grade(laid: Any, ground: Ground, who: str | None) -> None:
    client, area = (visitor(who) if who else stranger()), ground.codes["area"]

    assert client.get(f"/lieux/{area}/").context["grade"] is None
    assert "À qui cette page est-elle ouverte ?" in words(client.get(f"{GRADES}?lieu={area}"))


def test_grades_of_a_place_under_a_flag_are_for_the_cleared(laid: Any, ground: Ground) -> None:
    flagged = ground.codes["flagged"]
    told = {
        who: visitor(who).get(f"{GRADES}?lieu={flagged}").context["grades"] for who in ("partner", "national")
    }

    assert told["partner"] == []
    assert told["national"] != []


@pytest.mark.parametrize("page", [REVIEW, COVERAGE, TARGETS])
def test_a_district_sees_its_own_places_and_none_of_another(laid: Any, ground: Ground, page: str) -> None:
    client = visitor("district", ground.codes["district"])
    own = client.get(f"{page}?lieu={ground.codes['area']}")
    other = client.get(f"{page}?lieu={ground.codes['other_area']}")
    country = client.get(f"{page}?lieu={ground.codes['country']}")

    assert own.context["manifest"] is not None
    assert "n'est pas un des vôtres" in words(other)
    assert "n'est pas un des vôtres" in words(country)
    assert client.get(f"{BOOK}?lieu={ground.codes['other_area']}").status_code == 404
    assert client.get(f"/lieux/{ground.codes['area']}/").context["grade"] is not None


def test_a_place_under_a_flag_is_in_no_sentence_file_or_bulletin_of_who_is_not_cleared(
    laid: Any, ground: Ground
) -> None:
    flagged, district = ground.codes["flagged"], ground.codes["district"]
    researcher, national = visitor("researcher"), visitor("national")
    codes = {
        client: {row[3] for row in openpyxl.load_workbook(io.BytesIO(body(client.get(f"{BOOK}?lieu={district}")))).worksheets[0].values}
        for client in (researcher, national)
    }  # fmt: skip
    files = {
        client: body(client.get(f"/preuves/tables/triangulation_findings.csv?lieu={district}")).decode()
        for client in codes
    }

    assert flagged not in codes[researcher]
    assert flagged in codes[national]
    assert flagged not in files[researcher]
    assert flagged in files[national]
    assert visitor("researcher").get(f"{COVERAGE}?lieu={flagged}").context["lines"] == []
    assert researcher.get(f"/lieux/{flagged}/bulletin/202412.pdf").status_code == 404
    assert national.get(f"/lieux/{flagged}/bulletin/202412.pdf").status_code == 200


def test_newer_data_are_said_until_the_work_that_reads_them_is_done(own: Store, ground: Ground) -> None:
    from kalanso.hub.jobs.models import Job

    client, page = visitor("national"), f"{REVIEW}?lieu={ground.codes['district']}"
    fresh = words(client.get(page))
    later = datetime.now(UTC) - timedelta(minutes=5)
    changed(own, later)
    stale = words(client.get(page))
    job = Job.objects.create(kind="evidence.recompute", key="k", asked=later, not_before=later)
    waits = words(client.get(page))
    Job.objects.filter(pk=job.pk).update(state="done", started=datetime.now(UTC), ended=datetime.now(UTC))
    again = words(client.get(page))

    assert "Rien de plus récent n'a été publié depuis." in fresh
    assert "ce qui suit ne les connaît pas" in stale
    assert "Le nouveau croisement est demandé" in waits
    assert "ce qui suit ne les connaît pas" not in again


def test_what_rests_on_a_run_that_failed_its_check_leaves_no_page(
    own: Store, ground: Ground, monkeypatch: Any
) -> None:
    from kalanso.hub.explore.queries import said

    district = ground.codes["district"]
    places = own.read(PLACES).to_pyarrow().to_pylist()
    made_up_beside.publish(own, places, now=NOW + timedelta(hours=1), by_estimate=(district,))
    client = visitor("national")
    page = client.get(f"{COVERAGE}?lieu={district}&vaccin=dtp1")
    monkeypatch.setattr(said, "tellable", lambda _here: False)
    changed(own, NOW + timedelta(hours=2))
    hidden = client.get(f"{COVERAGE}?lieu={district}&vaccin=dtp3")

    assert "selon l'estimation (" in words(page)
    assert "brouillon" in words(page), "the state of the run stands before its number"
    assert hidden.context["own"] == []


def test_before_the_sources_were_set_beside_one_another_pages_say_what_will_stand_there(
    small_store: Store, quick_hand: Any, niono: str
) -> None:
    for page in (REVIEW, COVERAGE, TARGETS):
        told = words(visitor("national").get(f"{page}?lieu={niono}"))
        assert "Les sources n'ont pas encore été mises côte à côte." in told


@pytest.mark.parametrize("address", [REVIEW, COVERAGE, GRADES, TARGETS, "/lieux/{}/bulletin/"])
def test_pages_are_small_and_there_in_english(laid: Any, ground: Ground, address: str) -> None:
    where = address.format(ground.codes["district"])
    page = visitor("national").get(f"/en{where}?lieu={ground.codes['country']}")

    assert page.status_code == 200
    assert len(gzip.compress(page.content)) < 30_000
    assert "Compare" in words(page) or "Evidence" in words(page) or "bulletin" in words(page)


def test_a_bulletin_is_read_on_the_page_and_taken_home_on_paper_and_as_a_picture(
    laid: Any, ground: Ground
) -> None:
    area = ground.codes["area"]
    client = visitor("district", ground.codes["district"])
    page = client.get(f"/lieux/{area}/bulletin/?periode=2024Q3")
    pdf, png = (client.get(f"/lieux/{area}/bulletin/202409.{form}") for form in ("pdf", "png"))
    of_facility = client.get(f"/lieux/{ground.codes['facility']}/bulletin/")

    assert page.context["when"].value == "202409"
    assert "Une question" in words(page)
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert (png.status_code, png.content[1:4]) == (200, b"PNG")
    assert of_facility.context["one"] is not None
    assert "Bulletin du mois" in words(client.get(f"/lieux/{area}/"))


def test_a_district_has_one_file_with_a_page_for_each_of_its_areas(laid: Any, ground: Ground) -> None:
    district = ground.codes["district"]
    client = visitor("national")
    page = client.get(f"/lieux/{district}/bulletin/")
    pdf = client.get(f"/lieux/{district}/bulletin/{page.context['when'].value}.pdf")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf.content))

    assert len(page.context["rows"]) > 1
    assert pages == len(page.context["rows"])
    assert client.get(f"/lieux/{district}/bulletin/202412.png").status_code == 404


@pytest.mark.parametrize("month", ["202413", "209901", "2024", "jadis"])
def test_a_month_without_numbers_has_no_file(laid: Any, ground: Ground, month: str) -> None:
    assert visitor("national").get(f"/lieux/{ground.codes['area']}/bulletin/{month}.pdf").status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [(None, 404), ("reader", 404), ("partner", 200), ("district", 200)]
)
def test_bulletins_are_for_those_who_may_see_the_numbers_of_the_place(
    laid: Any, ground: Ground, who: str | None, status: int
) -> None:
    client = visitor(who, ground.codes["other_district"] if who == "district" else "") if who else stranger()
    answer = client.get(f"/lieux/{ground.codes['area']}/bulletin/202412.pdf")
    page = words(client.get(f"/lieux/{ground.codes['area']}/bulletin/"))

    assert answer.status_code == status
    assert ("À qui cette page est-elle ouverte ?" in page) == (status == 404)
