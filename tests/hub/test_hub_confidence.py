"""Does the grade of confidence stand beside numbers on maps, in the worklist and in files, and only for who may know?"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import override_settings

from kalanso.places.tables import PLACES
from kalanso.quality.tables import QUALITY_FINDINGS
from kalanso.store import Mode, Provenance, Store
from kalanso.triangulation.tables import CONFIDENCE_GRADES, CONFIDENCE_GRADES_PARTNERS
from tests.hub import made_up_run
from tests.hub.conftest import NOW, SOURCE
from tests.hub.test_hub_estimates import estimated  # noqa: F401 - a fixture
from tests.hub.test_hub_pages import text_of
from tests.hub.test_hub_worklist import MONTH, doubt
from tests.hub.visitors import visitor

YEAR = "2024"


def grade(
    place: dict[str, Any], kind: str, source: str, letter: str, indicator: str = "dtp1"
) -> dict[str, Any]:
    """One row of the grades: a letter for the coverage of a place in 2024."""
    return {
        "place_code": place["place_code"], "level": place["level"], "period": YEAR, "period_type": "year",
        "period_start": date(int(YEAR), 1, 1), "indicator": indicator, "source": source, "kind": kind, "value": 0.8,
        "grade": letter, "quality": "good", "agreement": "unknown", "missing": "[]", "evidence": "[]",
        "reasons": json.dumps([{"message": "triangulation.reason.agreement.unknown", "params": {}}]),
    }  # fmt: skip


@pytest.fixture(scope="module")
def graded_folder(estimated: Path, code_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A store with a run, a doubt about an area and one about its facility; reported doses are C, the estimate is B."""
    folder = tmp_path_factory.mktemp("graded") / "store"
    shutil.copytree(estimated, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    known = [one for one in store.read(PLACES).to_pyarrow().to_pylist() if one["level"] != "facility"]
    reported = [grade(one, "administrative", SOURCE, "C") for one in known]
    of_run = [grade(one, "estimate", made_up_run.RUN, "B") for one in known]
    store.publish(CONFIDENCE_GRADES, [*reported, *of_run], provenance=Provenance(), now=NOW)
    store.publish(CONFIDENCE_GRADES_PARTNERS, reported, provenance=Provenance(), now=NOW)
    doubts = [
        doubt(code_of("Ndébougou", "health_area")),
        doubt(code_of("CSCom Ndébougou", "facility"), indicator="bcg_doses"),
        doubt(code_of("Ndébougou", "health_area"), indicator="measles_cases"),
    ]
    store.publish(
        QUALITY_FINDINGS,
        QUALITY_FINDINGS.arrow(doubts),
        provenance=Provenance(),
        now=NOW,
        mode=Mode.REPLACE_ALL,
    )
    return folder


@pytest.fixture
def graded(graded_folder: Path, quick_hand: Any) -> Iterator[Any]:
    with override_settings(KALANSO_STORE=graded_folder):
        yield quick_hand


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(text_of(response)).replace("\u202f", " ").replace("\xa0", " "))


def rows_of(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("address", "kind", "letter"),
    [
        ("/lieux/", "choropleth", "C"),
        ("/lieux/{niono}/", "choropleth", "C"),
        ("/ou/?lieu={niono}", "choropleth", "B"),
        ("/ou/?mesure=incertitude&lieu={niono}", "estimate_map", "B"),
    ],
)
def test_the_rows_of_a_map_of_coverage_carry_the_grade_of_each_number(
    graded: Any, niono: str, address: str, kind: str, letter: str
) -> None:
    visitor("national").get(address.format(niono=niono))
    rows = next(job["table"] for job in graded.jobs if job["kind"] == kind)

    assert {row["grade"] for row in rows if row["value"] is not None} == {letter}


def test_beside_the_estimate_of_a_chosen_place_stands_its_grade_with_a_link_to_its_reasons(
    graded: Any, niono: str
) -> None:
    page = visitor("national").get(f"/ou/?lieu={niono}")
    told = words(page)

    assert "Confiance dans cette estimation, Penta 1 (DTC 1) en 2024 : B" in told
    assert f"/preuves/croisement/confidence/?lieu={niono}#note-" in page.content.decode()


def test_areas_that_carry_most_bear_the_grade_of_their_estimate(graded: Any, niono: str) -> None:
    page = visitor("national").get(f"/ou/?lieu={niono}")

    assert page.context["burden"]
    assert {row["grade"].row["grade"] for row in page.context["burden"]} == {"B"}


def test_each_question_of_the_worklist_says_how_far_its_source_is_trusted_there(
    graded: Any, niono: str
) -> None:
    told = words(visitor("district", niono).get(f"/preuves/a-demander/?periode={MONTH}"))

    assert told.count("Confiance dans cette source, Ndébougou, Penta 1 (DTC 1) en 2024 : C") == 2, (
        "the facility's is its area's"
    )


def test_a_question_about_what_is_no_dose_is_told_no_grade_of_doses(graded: Any, niono: str) -> None:
    from kalanso.hub.explore.queries.confidence import Confidence

    assert Confidence().of(doubt(niono)) is None
    told = words(visitor("district", niono).get(f"/preuves/a-demander/?periode={MONTH}"))
    assert told.count("Pourquoi cette note") == told.count("Confiance dans cette source")


@pytest.mark.parametrize(
    ("table", "letter"),
    [("coverage_estimates", "B"), ("coverage_estimates_yearly", "B"), ("priorities", "B"), ("burden", "B")],
)
def test_files_of_estimates_and_priorities_end_with_the_grade_of_each_number(
    graded: Any, niono: str, table: str, letter: str
) -> None:
    client = visitor("national")
    rows = rows_of(client.get(f"/preuves/tables/{table}.csv?lieu={niono}"))
    answer = client.get(f"/preuves/tables/{table}.xlsx?lieu={niono}")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    heads = [cell.value for cell in book.worksheets[0][1]]
    of_the_year = [
        row for row in rows if row["period"][:4] == YEAR and row.get("indicator", "dtp1") == "dtp1"
    ]

    assert list(rows[0])[-1] == heads[-1] == "confidence_grade"
    assert {row["confidence_grade"] for row in of_the_year} == {letter}
    assert {row["confidence_grade"] for row in rows if row not in of_the_year} <= {""}
    assert "confidence_grade" in {line[0] for line in book["Provenance"].iter_rows(values_only=True)}


def test_files_of_reported_coverage_tell_the_grade_of_their_source(graded: Any, niono: str) -> None:
    rows = rows_of(visitor("national").get(f"/preuves/tables/indicator_values.csv?lieu={niono}"))

    told = {(row["indicator"], row["period"][:4]): row["confidence_grade"] for row in rows}
    assert told["dtp1_coverage", YEAR] == "C"
    assert told["dtp3_coverage", YEAR] == told["dtp1_coverage", "2023"] == ""


def test_whoever_may_not_see_grades_of_estimates_finds_none_in_files(graded: Any, niono: str) -> None:
    for role in ("partner", "donor", "reader"):
        answer = visitor(role).get(f"/preuves/tables/indicator_values.csv?lieu={niono}")
        found = rows_of(answer) if answer.status_code == 200 else []
        assert {row.get("confidence_grade", "") for row in found} <= {"", "C"}


def test_an_earlier_state_of_a_table_has_no_grade(graded: Any, graded_folder: Path, niono: str) -> None:
    first = Store.open(graded_folder, memory="1GB", threads=1).history("coverage_estimates")[0].id
    rows = rows_of(
        visitor("national").get(f"/preuves/tables/coverage_estimates.csv?lieu={niono}&as_of={first}")
    )

    assert "confidence_grade" not in rows[0]
