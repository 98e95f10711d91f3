"""Does the worklist of a store come out as a workbook and as CSV that people can use?"""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from kalanso import definitions
from kalanso.cli import main
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline import check
from kalanso.pipeline import worklist as lists
from kalanso.pipeline.quality_report import CannotReport, write_quality_report
from kalanso.pipeline.worklist_month import checks_behind
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.quality.tables import FINDING_STATUSES, QUALITY_METRICS, QUALITY_SCORES
from kalanso.store import Provenance, Store
from kalanso.vocabulary import Period

pytestmark = pytest.mark.long

NAMES = {
    "ML": ("Mali", "country"),
    "R": ("Ségou", "region"),
    "D": ("Niono", "district"),
    "F1": ("=Boura", "facility"),
    "F2": ("Kolongo", "facility"),
}
ABOVE = {"R": "ML", "D": "R", "F1": "D", "F2": "D"}


NOW = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of two facilities, one wild number in November 2024, its findings published."""
    now = NOW
    store = Store.create(
        tmp_path_factory.mktemp("list") / "store", country="ML", now=now, memory="1GB", threads=1
    )
    dated: dict[str, Any] = {"valid_from": None, "valid_to": None, "source": "t"}
    store.publish(PLACES, [
        {"place_code": c, "name": n, "level": level, "kind": "", "latitude": None, "longitude": None} | dated
        for c, (n, level) in NAMES.items()
    ], provenance=Provenance(), now=now)  # fmt: skip
    store.publish(PLACE_PARENTS, [
        {"place_code": c, "tree": "health", "parent_code": up} | dated for c, up in ABOVE.items()
    ], provenance=Provenance(), now=now)  # fmt: skip
    rows = []
    for place in ("F1", "F2"):
        for step in range(24):
            period = Period.parse("202301") + step
            for code, level in (("dtp1_doses", 60), ("dtp3_doses", 50)):
                wild = (place, period.code, code) == ("F1", "202411", "dtp1_doses")
                rows.append({
                    "source": "hmis", "place_code": place, "period": period.code, "period_type": "month",
                    "period_start": period.start, "indicator": code, "value": 900.0 if wild else float(level + step % 5),
                    "status": "reported", "product": "", "age_band": "0-11m", "strategy": "all", "sector": "all", "sex": "all",
                    "reports_expected": 1.0, "reports_received": 1.0, "reports_on_time": None,
                })  # fmt: skip
    store.publish(OBSERVATIONS, rows, provenance=Provenance(sources=("hmis",)), now=now)
    done = check(store, now=now)
    assert done.scored["quality_metrics"]
    return store


def test_the_wild_number_is_asked_of_its_facility(checked: Store, now: Any) -> None:
    listed = lists.worklist(checked, month=Period.parse("202411"), now=now)

    (line,) = [
        line
        for line in lists.in_words(listed, "fr")
        if line["place"] == "=Boura" and "900" in line["question"]
    ]
    assert (line["asked"], line["section"], line["children"], line["status"]) == (
        "La structure", "À demander", pytest.approx(62, abs=2), "nouvelle",  # the children of the month at most
    )  # fmt: skip


def test_what_people_said_stands_beside_it_and_the_month_before_is_asked_again(
    checked: Store, now: Any, tmp_path: Path
) -> None:
    checked = Store.open(shutil.copytree(checked.folder, tmp_path / "said"))
    before = lists.worklist(checked, month=Period.parse("202412"), now=now)
    first = (
        before.rows[before.rows.check == "outliers"].iloc[0]
        if (before.rows.check == "outliers").any()
        else None
    )
    assert first is not None  # an open question of the month before is asked again
    period = Period.parse(first.period)
    checked.publish(FINDING_STATUSES, [{
        "check": first.check, "source": first.source, "place_code": first.place_code, "period": first.period,
        "period_type": "month", "period_start": period.start, "indicator": first.indicator, "detail": first.detail,
        "status": "corrected", "said_on": date(2025, 1, 10),
    }], provenance=Provenance(), now=now)  # fmt: skip

    after = lists.worklist(checked, month=Period.parse("202412"), now=now)

    answered = after.rows[after.rows.section == "answered"]
    assert list(answered.check) == ["outliers"]
    assert lists.in_words(after, "en")[-1]["said_on"] == "10 Jan 2025"


def test_a_workbook_has_a_sheet_to_ask_and_one_of_answers_and_no_formula(
    checked: Store, now: Any, tmp_path: Path
) -> None:
    listed = lists.worklist(checked, month=Period.parse("202411"), place="niono", now=now)

    path = lists.write(listed, tmp_path / "liste.xlsx", "fr")

    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert sheet["A1"].value == "Que demander, à qui · Niono · novembre 2024"
    assert [cell.value for cell in sheet[2]][:3] == ["N°", "À qui", "Où demander"]
    assert any(cell.value == "'=Boura" for row in sheet.iter_rows() for cell in row)
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    assert [sheet.title for sheet in book.worksheets] == [
        "À demander",
        "En attente de réponse",
        "Déjà répondu",
    ]


def test_csv_follows_the_language_and_another_ending_is_refused(
    checked: Store, now: Any, tmp_path: Path
) -> None:
    listed = lists.worklist(checked, month=Period.parse("202411"), now=now)

    french = list(csv.reader(io.StringIO(lists.to_csv(listed, "fr").decode("utf-8-sig")), delimiter=";"))
    english = list(csv.reader(io.StringIO(lists.to_csv(listed, "en").decode("utf-8-sig"))))

    assert french[0][:3] == ["État", "N°", "À qui"]
    assert len(french) == len(english) == len(listed.rows) + 1
    with pytest.raises(lists.UnknownEnding, match=r"must end in .xlsx or .csv"):
        lists.write(listed, tmp_path / "liste.pdf", "fr")


def test_a_place_that_is_not_there_is_named(checked: Store, now: Any) -> None:
    with pytest.raises(lists.NoSuchPlace, match="Tombouctou: no place"):
        lists.worklist(checked, place="Tombouctou", now=now)


def test_a_name_of_several_places_is_refused_with_their_codes_and_a_code_is_one_place() -> None:
    names = {"R1": "Kayes", "D1": "Kayes", "D2": "Niono"}
    with pytest.raises(lists.SeveralPlaces, match=r"several places have this name \(D1, R1\)"):
        lists._code("kayes", names)
    assert lists._code("D1", names) == "D1"
    assert lists._code("niono", names) == "D2"


def test_the_command_writes_the_file_and_refuses_what_is_no_month(
    checked: Store, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "list.csv"
    with pytest.raises(SystemExit) as left:
        main(
            [
                "--lang",
                "en",
                "worklist",
                "--store",
                str(checked.folder),
                "--month",
                "202411",
                "--out",
                str(out),
                "--language",
                "fr",
            ]
        )
    assert not left.value.code
    assert "questions for November 2024" in capsys.readouterr().out
    assert out.read_bytes().startswith(b"\xef\xbb\xbf\xc3\x89tat;")
    with pytest.raises(SystemExit) as left:
        main(["--lang", "en", "worklist", "--store", str(checked.folder), "--month", "2024"])
    assert left.value.code == 2


def test_without_a_month_the_newest_complete_one_is_taken_and_said(checked: Store, capsys: Any) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--lang", "en", "worklist", "--store", str(checked.folder)])
    assert not left.value.code
    told = capsys.readouterr().out
    assert "Month taken: December 2024, the newest for which enough places have reported." in " ".join(
        told.split()
    )
    with pytest.raises(SystemExit):
        main(["--lang", "en", "worklist", "--store", str(checked.folder), "--month", "202411"])
    assert "Month taken" not in capsys.readouterr().out


def test_the_month_stays_until_the_checks_have_read_what_was_published(
    checked: Store, tmp_path: Path
) -> None:
    own, later = (
        Store.open(shutil.copytree(checked.folder, tmp_path / "later")),
        datetime(2025, 4, 15, tzinfo=UTC),
    )
    rows = own.read(OBSERVATIONS).to_pandas()
    newer = rows[rows["period"] == "202412"].assign(period="202501", period_start=date(2025, 1, 1))

    before = lists.worklist(own, now=later).month.code
    newer = newer.astype(object).where(newer.notna(), None)
    own.publish(OBSERVATIONS, newer.to_dict("records"), provenance=Provenance(sources=("hmis",)), now=later)
    assert (before, lists.worklist(own, now=later).month.code) == ("202412", "202412")
    assert checks_behind(own)
    check(own, now=later)
    assert lists.worklist(own, now=later).month.code == "202501"
    assert not checks_behind(own)


def test_the_files_say_the_words_of_the_page_and_leave_unknown_children_empty(
    checked: Store, now: Any
) -> None:
    listed = lists.worklist(checked, month=Period.parse("202411"), now=now)
    unknown = replace(listed, rows=listed.rows.assign(children=float("nan")))

    lines = lists.in_words(unknown, "fr")
    assert {line["children"] for line in lines} == {""}
    assert {line["severity"] for line in lines} <= {"sérieux", "à vérifier"}


def test_the_report_of_a_store_is_written_as_pdf_or_word(checked: Store, tmp_path: Path, capsys: Any) -> None:
    pdf, word = tmp_path / "rapport.pdf", tmp_path / "report.docx"
    common = ["quality-report", "--store", str(checked.folder)]
    for words in (
        [*common, "--out", str(pdf), "--mode", "who"],
        [*common, "--out", str(word), "--language", "en"],
    ):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert not left.value.code
    assert pdf.read_bytes().startswith(b"%PDF")
    assert word.read_bytes().startswith(b"PK")
    capsys.readouterr()
    for wrong in (
        ["--mode", "best", "--out", str(pdf)],
        ["--out", str(tmp_path / "r.odt")],
        ["--out", str(pdf), "--year", "1999"],
    ):
        with pytest.raises(SystemExit) as left:
            main(["--lang", "en", *common, *wrong])
        assert left.value.code == 2
    assert "known years: 2023, 2024" in " ".join(capsys.readouterr().err.split())


def test_a_store_that_was_not_checked_has_no_report(store: Store, now: Any, tmp_path: Path) -> None:
    with pytest.raises(CannotReport, match="run “kalanso check” first"):
        write_quality_report(store, tmp_path / "r.pdf", now=now)


def test_scores_and_metrics_are_published_beside_the_findings(checked: Store) -> None:
    scores = checked.read(QUALITY_SCORES).to_pandas()
    metrics = checked.read(QUALITY_METRICS).to_pandas()

    assert set(scores["mode"]) == {"who", "robust"}
    own = scores[
        (scores.place_code == "F1") & (scores.period == "2024") & (scores["mode"] == "robust")
    ].set_index("domain")
    assert own.score["completeness"] == 1.0
    assert own.score["internal"] < 1.0
    assert own.provisional.all()  # January 2025: reports of 2024 may still arrive
    assert {"1a", "1c", "2a", "2d", "2e"} <= set(metrics.metric)
    assert isinstance(metrics, pd.DataFrame)
    assert definitions.load("ML").section("quality")["who"]["level"] == "district"
