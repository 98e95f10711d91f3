"""Does a store set its sources beside one another, write bulletins and targets, and say from which snapshots?"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from kalanso import pipeline
from kalanso.cli import main
from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.pipeline.evidence import Holdings
from kalanso.pipeline.triangulation_evidence import gather_dossier, population_kind
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.store import Provenance, Store
from kalanso.triangulation import TriangulationRefused, for_partners
from kalanso.triangulation.tables import (
    CONFIDENCE_GRADES,
    CONFIDENCE_GRADES_PARTNERS,
    PROPOSED_TARGETS,
    TABLES,
    TRIANGULATION,
    TRIANGULATION_FINDINGS,
)

NOW = datetime(2025, 3, 1, tzinfo=UTC)
TREE = {"R1": "ML", "D1": "R1", "D2": "R1", "H1": "D1", "H2": "D1", "H3": "D2", "H4": "D2"}
LEVELS = {"ML": "country", "R": "region", "D": "district", "H": "health_area"}
NAMES = {
    "ML": "Mali",
    "R1": "Ségou",
    "D1": "Niono",
    "D2": "Macina",
    "H1": "Pogo",
    "H2": "=1+1",
    "H3": "Diafarabé",
    "H4": "Boky",
}
MONTHS = [f"{year}{month:02d}" for year in (2023, 2024) for month in range(1, 13)]
# Doses of DTP1 a month by area; each area has 240 children a year in its target, 300 by the United Nations' count of the country.
DOSES = {"H1": 30, "H2": 18, "H3": 19, "H4": 20}


def _places() -> list[dict[str, Any]]:
    return [
        {
            "place_code": code,
            "name": name,
            "level": LEVELS.get(code, LEVELS.get(code[0], "")),
            "kind": "",
            "source": "t",
        }
        for code, name in NAMES.items()
    ]


def _row(source: str, place: str, period: str, indicator: str, value: float, **more: Any) -> dict[str, Any]:
    year = len(period) == 4
    return {
        "source": source, "place_code": place, "period": period, "period_type": "year" if year else "month",
        "period_start": date(int(period[:4]), 1 if year else int(period[4:]), 1), "indicator": indicator, "value": value, "status": "reported",
        "product": "", "age_band": "0-11m", "strategy": "all", "sector": "all", "sex": "all",
    } | more  # fmt: skip


def _observations() -> list[dict[str, Any]]:
    rows = []
    for area, first in DOSES.items():
        for month in MONTHS:
            reports = {"reports_expected": 1.0, "reports_received": 1.0, "reports_on_time": 1.0}
            shares = (
                ("dtp1_doses", 1.0),
                ("dtp3_doses", 0.8),
                ("mcv1_doses", 0.8),
                ("bcg_doses", 1.1),
                ("opv1_doses", 1.0),
                ("anc1_visits", 1.2),
            )
            rows += [
                _row("snis", area, month, name, round(first * share), **reports) for name, share in shares
            ]
        rows += [
            _row("moh", area, year, "surviving_infants", 240.0, age_band="all") for year in ("2023", "2024")
        ]
    rows += [
        _row("un-wpp", "ML", year, "surviving_infants", 1200.0, age_band="all") for year in ("2023", "2024")
    ]
    return rows


def _series() -> list[dict[str, Any]]:
    common = {
        "source": "who",
        "place_code": "ML",
        "period": "2023",
        "period_type": "year",
        "period_start": date(2023, 1, 1),
        "vintage": "2025",
    }
    rows = []
    for indicator, evidence, share in (
        ("dtp1", "card or history", 0.82), ("dtp1", "card", 0.54), ("dtp3", "card or history", 0.71), ("dtp3", "card", 0.51),
    ):  # fmt: skip
        rows.append(common | {
            "indicator": f"{indicator}_coverage", "category": "SURVEY", "coverage": share, "survey": "dhs", "survey_title": "DHS", "evidence": evidence,
            "validity": "crude", "children_age": "12-23 m", "vaccinated_by": "", "card_seen_share": 0.56, "children": 2048.0, "collected_year": 2024,
        })  # fmt: skip
    blank = {"survey": "", "evidence": "", "validity": "", "children_age": "", "vaccinated_by": ""}
    return [*rows, common | blank | {"indicator": "dtp1_coverage", "category": "WUENIC", "coverage": 0.8}]


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of one region, checked, with indicators, and its sources set beside one another."""
    store = Store.create(
        tmp_path_factory.mktemp("beside") / "store", country="ML", now=NOW, memory="1GB", threads=1
    )
    parents = [
        {"place_code": code, "tree": "health", "parent_code": above, "source": "t"}
        for code, above in TREE.items()
    ]
    for spec, rows in (
        (PLACES, _places()),
        (PLACE_PARENTS, parents),
        (OBSERVATIONS, _observations()),
        (COVERAGE_SERIES, _series()),
    ):
        store.publish(spec, rows, provenance=Provenance(sources=("t",)), now=NOW)
    pipeline.check(store, now=NOW)
    pipeline.publish(store, now=NOW)
    pipeline.triangulate(store, now=NOW)
    return store


def test_numbers_of_all_levels_stand_beside_surveys_and_published_series(laid: Store) -> None:
    rows = laid.read(TRIANGULATION).to_pandas()

    own = rows[
        (rows["analysis"] == "coverage_sources")
        & (rows["place_code"] == "ML")
        & (rows["period"] == "2023")
        & (rows["indicator"] == "dtp1")
    ]
    assert set(own["kind"]) == {"administrative", "survey", "who_unicef"}
    admin = own[own["kind"] == "administrative"].iloc[0]
    assert admin["value"] == pytest.approx(12 * sum(DOSES.values()) / 960)
    assert admin["reference_source"] == "dhs"
    survey = own[own["kind"] == "survey"].iloc[0]
    assert survey["low"] < 0.82 < survey["high"]
    assert {"ML", "R1", "D1", "H1"} <= set(rows.loc[rows["analysis"] == "coverage_sources", "place_code"])


def test_an_area_that_vaccinates_its_neighbours_children_is_told_so(laid: Store) -> None:
    findings = laid.read(TRIANGULATION_FINDINGS).to_pandas()

    told = findings[
        (findings["analysis"] == "above_full")
        & (findings["place_code"] == "H1")
        & (findings["indicator"] == "dtp1")
    ]
    # Target 240, doses 360: H2 lacks only 24 of the 120 too many, and the target is the suspect's only sign.
    assert told["message"].tolist() == ["triangulation.above_full.not_established"]
    evidence = json.loads(told["evidence"].item())
    assert evidence[0]["table"] == "indicator_values"
    assert evidence[0]["snapshot"] == laid.latest("indicator_values").id  # type: ignore[union-attr]


@pytest.mark.long
def test_every_table_says_from_which_snapshots_it_was_made_and_running_again_changes_nothing(
    laid: Store,
) -> None:
    before = list(pipeline.triangulate(laid, now=NOW).snapshots)  # others may have run it on another day
    assert before == [laid.latest(spec.name).id for spec in TABLES]  # type: ignore[union-attr]

    again = pipeline.triangulate(laid, now=NOW)

    assert list(again.snapshots) == before
    for spec in TABLES:
        made_from = laid.latest(spec.name).provenance.made_from  # type: ignore[union-attr]
        assert {name.rsplit("-", 1)[0] for name in made_from} >= {
            "observations",
            "indicator_values",
            "coverage_series",
            "quality_findings",
            "places",
        }


def test_evidence_of_every_finding_names_a_snapshot_that_exists(laid: Store) -> None:
    standing = {manifest.id for name in laid.tables() for manifest in laid.history(name)}

    for text in laid.read(TRIANGULATION_FINDINGS).to_pandas()["evidence"]:
        for item in json.loads(text):
            # The counts of the review point into the table that they stand in.
            assert item["snapshot"] in standing or item["table"] == TRIANGULATION_FINDINGS.name, item


def test_partners_are_given_the_grades_of_all_but_estimates(laid: Store) -> None:
    grades = laid.read(CONFIDENCE_GRADES).to_pandas()
    told = laid.read(CONFIDENCE_GRADES_PARTNERS).to_pandas()

    mixed = pd.DataFrame({"kind": ["survey", "estimate", "administrative"]})
    assert for_partners(mixed)["kind"].tolist() == ["survey", "administrative"]
    assert len(told)
    assert sorted(map(tuple, told.astype(str).values)) == sorted(
        map(tuple, grades[grades["kind"] != "estimate"].astype(str).values)
    )


def test_grades_and_targets_stand_for_every_level(laid: Store) -> None:
    grades = laid.read(CONFIDENCE_GRADES).to_pandas()
    targets = laid.read(PROPOSED_TARGETS).to_pandas().set_index("place_code")

    assert set(grades["grade"]) <= {"A", "B", "C", "D"}
    assert targets.loc["ML", ["present", "proposed"]].tolist() == [960, 1200]
    assert targets.loc["H3", "proposed"] == pytest.approx(300)
    assert targets.loc["H3", "message"] == "triangulation.targets.shared"


def test_surveys_by_card_are_handed_over_for_the_adjustment_of_recall(laid: Store) -> None:
    from kalanso.triangulation import recall_adjusted

    found = recall_adjusted(gather_dossier(Holdings(laid, NOW.date())).rows("surveys")).set_index("indicator")

    assert found.loc["dtp3", "adjusted"] == pytest.approx(0.82 * 0.51 / 0.54)


@pytest.mark.parametrize(
    ("source", "kind"),
    [("un-wpp", "un"), ("demo-un", "un"), ("census-2022", "census"), ("rgph5", "census"), ("worldpop-2024", "gridded"), ("cod-ps-2020", "projection"),
     ("microplan", "headcount"), ("dénombrement", "headcount"), ("moh", "official"), ("demo-population", "official"), ("sundry", "official")],
)  # fmt: skip
def test_a_source_of_populations_is_known_by_its_name(source: str, kind: str) -> None:
    assert population_kind(source) == kind


def test_the_review_reads_section_by_section_with_evidence(laid: Store) -> None:
    said = pipeline.monthly_review(laid, now=NOW)

    assert list(said)[-1] == "Ce qui manque"
    first = next(iter(said.values()))[0]
    assert first.text.startswith("Mali")
    assert first.evidence
    english = pipeline.monthly_review(laid, "D1", locale="en", now=NOW)
    assert all(one.text for sentences in english.values() for one in sentences)


def test_the_review_of_an_unknown_place_is_refused(laid: Store) -> None:
    with pytest.raises(TriangulationRefused, match="Atlantis"):
        pipeline.monthly_review(laid, "Atlantis", now=NOW)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_a_whole_district_gets_its_bulletins_in_one_go(laid: Store, tmp_path: Path, locale: str) -> None:
    done = pipeline.bulletins(laid, tmp_path, place="D1", locale=locale, now=NOW)

    assert done.period == "202412"
    assert done.pdf.read_bytes().startswith(b"%PDF")
    assert [path.name for path in done.pictures] == [
        f"bulletin-{area}-202412-{locale}.png" for area in ("H1", "H2")
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in done.pictures)
    again = pipeline.bulletins(laid, tmp_path / "again", place="D1", locale=locale, now=NOW)
    assert again.pictures[0].read_bytes() == done.pictures[0].read_bytes()


@pytest.mark.long
def test_a_month_before_any_report_has_no_bulletin(laid: Store, tmp_path: Path) -> None:
    with pytest.raises(TriangulationRefused):
        pipeline.bulletins(laid, tmp_path, place="H1", period="202201", now=NOW)
    assert not list(tmp_path.iterdir())


def test_targets_become_a_workbook_in_which_no_name_is_a_formula(laid: Store, tmp_path: Path) -> None:
    done = pipeline.targets(laid, tmp_path / "cibles.xlsx", now=NOW)

    book = openpyxl.load_workbook(done.file)
    sheet = book["Cibles proposées"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:5] == ["Niveau", "Dans", "Lieu", "Code", "Année"]
    assert len(rows) == 1 + done.rows == 1 + 8
    of = {row[3]: row for row in rows[1:]}
    assert of["H2"][2] == "=1+1"
    assert next(cell for cell in sheet["C"] if cell.value == "=1+1").data_type == "s"
    assert of["ML"][5:10] == [960, "moh", 1200, 1200, 1200]
    assert "rien n’a été changé dans DHIS2" in " ".join(
        str(row[0].value) for row in book["À lire"].iter_rows()
    )


@pytest.mark.long
@pytest.mark.shared_data
def test_malis_published_series_contradict_one_another_as_everybody_knows(
    shared_data: Path, tmp_path: Path
) -> None:
    store = Store.create(tmp_path / "mali", country="ML", now=NOW, memory="1GB", threads=1)
    files = shared_data / "mali"
    for reader, name in (
        ("wiisemart", "coverage_reported_national.csv"), ("wiisemart", "coverage_surveys_national.csv"), ("population", "births_surviving_infants.csv"),
    ):  # fmt: skip
        pipeline.import_file(store, reader, files / name, now=NOW)

    pipeline.triangulate(store, now=NOW)

    rows = store.read(TRIANGULATION).to_pandas()
    zero = rows[(rows["analysis"] == "zero_dose") & (rows["source"] == "target_minus_doses")].set_index(
        "period"
    )["value"]
    assert (zero[[str(year) for year in range(2015, 2023)]] < 0).all()
    assert zero["2018"] == 778379 - 889266
    who = rows[(rows["analysis"] == "zero_dose") & (rows["source"] == "who_unicef")].set_index("period")[
        "value"
    ]
    assert who["2021"] == pytest.approx(0.18 * 872528)
    above = rows[(rows["analysis"] == "above_full") & (rows["indicator"] == "dtp1")]
    assert set(above["period"]) >= {str(year) for year in range(2015, 2023)}
    grades = store.read(CONFIDENCE_GRADES).to_pandas()
    newest = grades[(grades["kind"] == "administrative") & (grades["indicator"] == "dtp1")]
    assert newest["grade"].tolist() == ["D"]


def test_a_store_without_observations_is_refused(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "empty", country="ML", now=NOW)

    with pytest.raises(pipeline.NothingToWorkOn):
        pipeline.triangulate(store, now=NOW)


@pytest.mark.long
def test_the_command_line_reads_the_review_and_writes_both_files(
    laid: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(laid.folder)
    for arguments in (
        ["--lang", "en", "triangulate", "--store", folder, "--review", "D1"],
        ["--lang", "fr", "bulletin", "H3", "--store", folder, "--out", str(tmp_path), "--no-pictures"],
        ["--lang", "fr", "targets", "--store", folder, "--out", str(tmp_path / "t.xlsx")],
    ):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert not left.value.code
    told = capsys.readouterr().out
    assert "Confidence, by grade" in told
    assert (tmp_path / "t.xlsx").is_file()
    assert [path.suffix for path in sorted(tmp_path.iterdir())] == [".pdf", ".xlsx"]


def test_the_command_line_refuses_an_unknown_place_in_a_sentence(
    laid: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--lang", "fr", "bulletin", "Atlantis", "--store", str(laid.folder), "--out", str(tmp_path)])

    assert left.value.code == 3
    assert "Atlantis" in capsys.readouterr().err
