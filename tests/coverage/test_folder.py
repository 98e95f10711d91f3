"""Does a folder of plain files become evidence, with every row accounted for?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kalanso.coverage import Evidence, EvidenceRefused
from kalanso.coverage.evidence_tables import EVIDENCE_TABLES
from kalanso.coverage.folder import FILES, from_folder, from_frames, to_folder
from tests.coverage.folders import SOUND, doses, folder

pytestmark = pytest.mark.long


def said(evidence: Evidence, locale: str = "en") -> str:
    for note in evidence.notes:
        assert note.render("fr") != note.render("en")
    return "\n".join(note.render(locale) for note in evidence.notes)


def test_a_sound_folder_is_used_in_full(tmp_path: Path) -> None:
    evidence = from_folder(folder(tmp_path))
    assert evidence.areas == ["a", "b", "c", "d"]
    assert evidence.periods[0] == "2022Q1"
    assert evidence.periods[-1] == "2023Q4"
    for name, receipt in evidence.receipt.items():
        assert receipt["read"] == receipt["used"] == SOUND[name].count("\n") - 1
    # Only that the doses carry no age is said.
    assert said(evidence).splitlines() == [
        "doses.csv: doses without age, counted as 0-11 months: 64 (first: row 2)."
    ]


def test_evidence_written_to_a_folder_reads_back_the_same(tmp_path: Path) -> None:
    late = doses(
        "a,2022Q1,dtp1_doses,50,3,3,0-11m,", "a,2022Q1,dtp1_doses,7,,,12-23m,catch_up",
        columns="place_code,period,indicator,value,reports_received,reports_expected,age_band,strategy",
    )  # fmt: skip
    for number, changed in enumerate(({}, {"doses": late}, {"surveys": None, "stock": None})):
        first = from_folder(folder(tmp_path / f"in{number}", **changed))
        second = from_folder(to_folder(first, tmp_path / f"out{number}"))
        for table in EVIDENCE_TABLES:
            pd.testing.assert_frame_equal(getattr(first, table.name), getattr(second, table.name))


def test_writing_leaves_no_file_of_an_earlier_evidence(tmp_path: Path) -> None:
    to_folder(from_folder(folder(tmp_path / "in")), tmp_path / "out")
    to_folder(from_folder(folder(tmp_path / "less", stock=None)), tmp_path / "out")
    assert not (tmp_path / "out" / "stock.csv").exists()


def test_rows_in_memory_follow_the_same_rules(tmp_path: Path) -> None:
    folder(tmp_path)
    frames = {name: pd.read_csv(tmp_path / f"{name}.csv") for name in FILES}
    given, read = from_frames(frames), from_folder(tmp_path)
    for table in EVIDENCE_TABLES:
        pd.testing.assert_frame_equal(getattr(given, table.name), getattr(read, table.name))
    with pytest.raises(ValueError, match="expected tables among"):
        from_frames({"villages": frames["doses"]})


@pytest.mark.parametrize("name", [name for name in FILES if name not in {"places", "strata"}])
def test_a_missing_or_empty_file_is_missing_evidence_and_said(tmp_path: Path, name: str) -> None:
    absent = from_folder(folder(tmp_path / "absent", **{name: None}))
    empty = from_folder(folder(tmp_path / "empty", **{name: SOUND[name].splitlines()[0] + "\n"}))
    blank = from_folder(folder(tmp_path / "blank", **{name: ""}))
    for evidence in (absent, empty, blank):
        assert f"{name}.csv is missing" in said(evidence)
        if name != "neighbours":
            assert len(getattr(evidence, name)) == 0


def test_places_alone_and_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceRefused, match="no folder there"):
        from_folder(tmp_path / "nowhere")
    with pytest.raises(EvidenceRefused, match=r"places\.csv: no area"):
        from_folder(folder(tmp_path / "none", places=None))
    alone = dict.fromkeys([name for name in FILES if name != "places"])
    with pytest.raises(EvidenceRefused, match="no quarter"):
        from_folder(folder(tmp_path / "alone", **alone))


def test_spreadsheets_of_french_offices_are_read(tmp_path: Path) -> None:
    covariates = "\ufeffPlace_Code;Urban;Travel hours\na;oui;0,5\nb;non;3,25\nc;non;2,1\nd;oui;0,7\n"
    counts = "sep=;\nplace_code;period;indicator;value\na;T1 2022;dtp1_doses;1 240\nb;2022-02;DTP1;80\n"
    evidence = from_folder(folder(tmp_path, covariates=covariates, doses=counts))
    assert evidence.covariates.to_dict("list") == {
        "place_code": ["a", "b", "c", "d"], "urban": [1, 0, 0, 1], "travel_hours": [0.5, 3.25, 2.1, 0.7],
    }  # fmt: skip
    assert evidence.doses[["place_code", "period", "value"]].to_numpy().tolist() == [
        ["a", "2022Q1", 1240], ["b", "2022Q1", 80],
    ]  # fmt: skip


def test_months_become_quarters_and_reports_are_added(tmp_path: Path) -> None:
    rows = [
        # a: two of three reports in January, then all; March has a report but no number
        "a,202201,dtp1_doses,30,2,3", "a,202202,dtp1_doses,40,3,3", "a,202203,dtp1_doses,,3,3",
        # b: nothing is known of reports, and March has no row
        "b,202201,dtp1_doses,10,,", "b,202202,dtp1_doses,12,,",
        # c: its quarter stands itself
        "c,202201,dtp1_doses,5,1,1", "c,2022Q1,dtp1_doses,50,3,3",
    ]  # fmt: skip
    evidence = from_folder(folder(tmp_path, doses=doses(*rows)))
    assert evidence.doses.drop(columns="indicator").to_numpy().tolist() == [
        ["a", "2022Q1", 70, 5, 9], ["b", "2022Q1", 22, 2, 3], ["c", "2022Q1", 50, 3, 3],
    ]  # fmt: skip
    assert "months joined into 2 quarters: 5" in said(evidence)
    assert "their quarter has a row of its own: 1 (first: row 7)" in said(evidence)


SPLIT = "place_code,period,indicator,age_band,strategy,sector,value"


@pytest.mark.parametrize(
    ("rows", "counted", "late", "sentence"),
    [
        # no band at all: counts, and is said
        (["a,2022Q1,dtp1_doses,,,,90"], 90, {}, "doses without age, counted as 0-11 months: 1"),
        # a band beside a row without one
        (["a,2022Q1,dtp1_doses,0-11m,,,80", "a,2022Q1,dtp1_doses,,,,90"], 80, {}, "kept out of coverage: 1"),
        # a band of the other dose makes the unbanded row of this one doubtful too
        (["a,2022Q1,dtp3_doses,0-11m,,,70", "a,2022Q1,dtp1_doses,all,,,90"], None, {}, "kept out of coverage: 1"),
        # late doses stand apart
        (["a,2022Q1,dtp1_doses,0-11 mois,,,80", "a,2022Q1,dtp1_doses,12-23m,,,9"], 80, {"12-23m": 9}, "kept apart: 1"),
        # a round is a series of its own, and says nothing of the routine row
        (["a,2022Q1,dtp1_doses,,fixed,,80", "a,2022Q1,dtp1_doses,0-11m,campaign,,5"], 80, {"0-11m": 5}, "kept apart: 1"),
        (["a,2022Q1,dtp1_doses,,,,80", "a,2022Q1,dtp1_doses,,catch-up,,5"], 80, {"unknown": 5}, "kept apart: 1"),
        # strategies and sectors are parts; a total beside them counts once
        (["a,2022Q1,dtp1_doses,0-11m,fixed,,50", "a,2022Q1,dtp1_doses,0-11m,outreach,,30"], 80, {}, ""),
        (
            ["a,2022Q1,dtp1_doses,0-11m,,public,50", "a,2022Q1,dtp1_doses,0-11m,,private,20",
             "a,2022Q1,dtp1_doses,0-11m,,all,70"],
            70, {}, "totals beside their parts (sector), set aside: 1 (first: row 4)",
        ),
        (["a,2022Q1,dtp1_doses,all,,,90", "a,2022Q1,dtp1_doses,unknown,,,4"], 90, {}, "several rows without age"),
    ],
)  # fmt: skip
def test_coverage_counts_doses_of_0_to_11_months_once(
    tmp_path: Path, rows: list[str], counted: float | None, late: dict[str, float], sentence: str
) -> None:
    evidence = from_folder(folder(tmp_path, doses=doses(*rows, columns=SPLIT)))
    own = evidence.doses[evidence.doses["indicator"] == "dtp1_doses"]
    assert own["value"].tolist() == ([] if counted is None else [counted])
    assert dict(zip(evidence.catchup["age_band"], evidence.catchup["doses"], strict=True)) == late
    assert sentence in said(evidence)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("doses", doses("a,2022Q1,dtp1_doses,-4,3,3", "b,2022Q1,dtp1_doses,9,3,3"), "negative doses, set aside as missing: 1 (first: row 2)"),
        ("doses", doses("a,2022Q1,dtp1_doses,,3,3", "b,2022Q1,dtp1_doses,9,3,3"), "missing data, never zero: 1"),
        ("doses", doses("a,2022Q1,dtp1_doses,0,0,3", "b,2022Q1,dtp1_doses,9,3,3"), "zeros where no report came: missing data: 1"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,4,3"), "completeness is capped at 1: 1"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,0,3"), "completeness is taken as unknown: 1"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,-1,3"), "taken as unknown: 1"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,3,3", "a,2022Q1,dtp1_doses,9,3,3"), "counted once: 1 (first: row 3)"),
        ("doses", doses("north,2022Q1,dtp1_doses,9,3,3"), "contain others (for example north)"),
        ("doses", doses("a,2022Q1,bcg_doses,9,3,3"), "does not use (for example bcg_doses)"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,3,3", "a,2022Q4,dtp1_doses,9,3,3"), "inside the series: 2 (for example 2022Q2)"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,x", columns="place_code,period,indicator,value,note"), "unknown columns, not read: note (1)"),
        ("denominators", "source,place_code,period,surviving_infants\nc1,a,2022,0\nc1,b,2022,-3\nc1,c,2022,\nc1,d,2022,90\n", "populations of zero, set aside as missing: 1"),
        ("denominators", "source,place_code,period,surviving_infants\nc1,a,2022,0\nc1,b,2022,-3\nc1,c,2022,\nc1,d,2022,90\n", "negative populations, set aside as missing: 1 (first: row 3)"),
        ("denominators", "source,place_code,period,surviving_infants\nc1,a,2022,70\n", "areas without any population: 3 (for example b)"),
        ("denominator_sources", "source\ncensus\n", "no source of populations is declared an anchor"),
        ("denominator_sources", "source,anchor\nother,yes\n", "sources without populations: other"),
        ("covariates", "place_code,urban\na,1\nb,0\nc,\n", "replaced by the mean: 1 (for example d)"),
        ("covariates", "place_code,urban\na,1\nb,0\nc,\nd,1\n", "urban: empty cells, replaced by the mean: 1"),
        ("covariates", "place_code,urban,kind\na,1,town\nb,0,village\nc,0,village\nd,1,town\n", "columns of words, not read: kind"),
        ("covariates", "place_code,one,urban\na,1,1\nb,1,0\nc,1,0\nd,1,0\n", "same everywhere, left out: one"),
        ("covariates", "place_code,urban\na,1\nb,0\nc,0\nd,1\nnorth,1\n", "contain others (for example north)"),
        ("neighbours", "place_code,neighbour_code\na,b\na,a\n", "own neighbour, set aside: 1"),
        ("neighbours", "place_code,neighbour_code\na,b\n", "areas without neighbour: 2 (for example c)"),
        ("neighbours", None, "replaced by the 3 nearest points, for 4 areas"),
        ("places", SOUND["places"].replace("-7.1,13.2", "-7.1,"), "without longitude or latitude, ignored: 1 (first: row 4)"),
        ("places", SOUND["places"].replace("-7.1,13.2", "0,0"), "points at 0° and 0°, ignored: 1"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,dtp1,0,20\ns,2,b,2022Q1,dtp1,0,20\n", "none of 40 children is vaccinated although doses are reported"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,dtp1,0,9\n", "none of 9 children is vaccinated; rows kept"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2019Q1,dtp1,0,90\n", "none of 90 children is vaccinated; rows kept"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,dtp1,0,0\n", "rows without a child asked, set aside: 1"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,north,2022Q1,dtp1,6,9\n", "pooled into a result of that place: 1"),
        ("survey_areas", "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,0,0.02\n", "coverage of zero although doses are reported"),
        ("survey_areas", "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,1,0.02\n", "moved to 0.005 and 0.995: 1"),
        ("survey_areas", "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,0.8,\n", "without share or standard error, set aside: 1"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children,stratum\ns,1,a,2022Q1,dtp1,6,9,urban\ns,2,b,2022Q1,dtp1,6,9,rural\n", "are not known (strata.csv): 1 (for example b)"),
        ("stock", "place_code,period,doses_used\nnorth,2022Q1,-5\n", "negative use, set aside"),
        ("attendance", "place_code,kind\nnorth,hub\n", "hubs named by a place that contains others"),
        ("attendance", "place_code,kind,from_code\na,hub,a\n", "hubs that would attract their own children"),
        ("stock", "place_code,period,doses_used\nnorth,2022Q1,0\n", "no vial opened"),
        ("stock", "place_code,period,doses_used\nnorth,202201,50\nnorth,202202,50\n", "months of an incomplete quarter, set aside"),
        ("recounts", "place_code,period,indicator,recounted,reported\na,2022Q1,dtp1_doses,5,0\n", "without doses on one side, set aside: 1"),
        ("facility_status", "place_code,period,functional_share\na,2022Q1,\n", "missing data, never zero"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,dtp1,6.4,9.5\n", "not whole numbers (weighted?), rounded: 1"),
        ("lots", "round,place_code,period,indicator,children,vaccinated\nr,a,2022Q1,dtp1,19,\n", "neither counts nor decision, set aside: 1"),
    ],
)  # fmt: skip
def test_doubtful_rows_are_handled_and_said(
    tmp_path: Path, name: str, text: str | None, sentence: str
) -> None:
    evidence = from_folder(folder(tmp_path, **{name: text}))
    assert sentence in said(evidence)
    for table in EVIDENCE_TABLES:
        needed = [column.name for column in table.columns if not column.nullable]
        assert not getattr(evidence, table.name)[needed].isna().any(axis=None)
    for receipt in evidence.receipt.values():
        assert receipt["used"] == receipt["read"] - sum(receipt["set_aside"].values()) >= 0


@pytest.mark.parametrize(
    ("name", "text", "where", "what"),
    [
        ("places", "place_code,parent_code\nML,\na,XX\n", "places.csv, row 3, column parent_code", "“XX” does not stand"),
        ("places", "place_code,parent_code\na,b\nb,a\n", "places.csv, row 2, column parent_code", "circle: a → b → a"),
        ("places", "place_code,parent_code\na,a\n", "row 2", "circle: a → a"),
        ("places", "place_code,parent_code\nML,\na,ML\na,\n", "row 4, column parent_code", "contradict"),
        ("places", "place_code,parent_code\nML,\n,ML\n", "row 3, column place_code", "empty cell"),
        ("places", "place_code,longitude,latitude\nML,13,200\n", "row 2, column latitude", "expected -90 – 90"),
        ("places", "code,parent\nML,\n", "row 1, column place_code", "column missing"),
        ("neighbours", "place_code,neighbour_code\na,zz\n", "row 2, column neighbour_code", "“zz” does not stand"),
        ("covariates", "place_code,urban\na,1\na,0\n", "row 3, column urban", "contradict each other (a): 1.0 in row 2"),
        ("covariates", "place_code,urban\na,1\nb,much2\n", "row 3, column urban", "expected a number, found “much2”"),
        ("doses", doses("norht,2022Q1,dtp1_doses,9,3,3"), "doses.csv, row 2, column place_code", "for example: north"),
        ("doses", doses("a,2022Q1,dtp1_doses,ten,3,3"), "row 2, column value", "found “ten”"),
        ("doses", doses("a,2022Q1,dtp1_doses,inf,3,3"), "row 2, column value", "found “inf”"),
        ("doses", doses("a,2022Q1,dtp1_doses,45%,3,3"), "row 2, column value", "found “45%”"),
        ("doses", doses("a,2022,dtp1_doses,9,3,3"), "row 2, column period", "neither a quarter nor a month"),
        ("doses", doses("a,2022W3,dtp1_doses,9,3,3"), "row 2, column period", "neither a quarter nor a month"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,3,3", "a,2022Q1,dtp1_doses,8,3,3"), "row 3, column value", "9.0 in row 2, 8.0 here"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,3,3,7"), "row 2", "7 cells where the headings name 6"),
        ("doses", "place_code,period,indicator,value,value\na,2022Q1,dtp1_doses,9,9\n", "row 1", "column given twice: value"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,young", columns="place_code,period,indicator,value,age_band"), "row 2, column age_band", "“young” is not one of"),
        ("doses", doses("a,2022Q1,dtp1_doses,9,flying", columns="place_code,period,indicator,value,strategy"), "row 2, column strategy", "“flying” is not one of"),
        ("doses", "place_code;period;indicator;value\na;2022Q1;dtp1_doses;1,234\n", "row 2, column value", "read in two ways"),
        ("denominators", "source,place_code,period,surviving_infants\nc,a,2022Q1,9\n", "row 2, column period", "is not a year"),
        ("denominators", "source,place_code,period,surviving_infants\nc,a,2022,9\nc,a,2022,8\n", "row 3", "contradict"),
        ("denominators", "source,place_code,period,surviving_infants\nc,zz,2022,9\n", "column place_code", "does not stand"),
        ("denominator_sources", "source,parent_source\nx,y\ny,x\n", "row 2, column parent_source", "circle"),
        ("denominator_sources", "source,bias_sd\ncensus,0\n", "column bias_sd", "never wrong"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,dtp1,12,9\n", "row 2, column vaccinated", "more children vaccinated (12.0) than children; expected ≤ 9"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,dtp1,-1,9\n", "column vaccinated", "is negative"),
        ("surveys", "survey,cluster,place_code,start,end,indicator,vaccinated,children\ns,1,a,2022Q3,2022Q1,dtp1,1,9\n", "column end", "lies before the start"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,lately,dtp1,1,9\n", "column period", "which quarters are meant"),
        ("surveys", "survey,cluster,place_code,indicator,vaccinated,children\ns,1,a,dtp1,1,9\n", "column start", "column missing"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,a,2022Q1,measles,1,9\n", "column indicator", "“measles” is not one of"),
        ("surveys", "survey,cluster,place_code,period,indicator,vaccinated,children\ns,1,x,2022Q1,dtp1,1,9\n", "column place_code", "does not stand"),
        ("survey_areas", "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,78.5,2\n", "row 2, column coverage", "Divide percentages by 100"),
        ("survey_areas", "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,0.785,0\n", "column standard_error", "standard error 0.0"),
        ("survey_areas", "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,-0.2,0.01\n", "column coverage", "expected 0 – 1"),
        ("strata", "place_code,stratum,share\na,urban,0.5\na,rural,0.2\n", "row 2, column share", "sum to 0.7; expected 1"),
        ("strata", "place_code,stratum,share\nz,urban,1\n", "column place_code", "does not stand"),
        ("stock", "place_code,period,doses_used,wastage\nnorth,2022Q1,700,10\n", "column wastage", "expected a share"),
        ("attendance", "place_code,kind\na,market\n", "column kind", "hub, neighbours"),
        ("attendance", "place_code,kind,from_code\na,hub,south\n", "column from_code", "south"),
        ("attendance", "place_code,kind,share\na,hub,20\n", "column share", "expected a share"),
        ("displacement", "place_code,period,children_change\na,2022Q1,-3\n", "column children_change", "-1"),
        ("recounts", "place_code,period,indicator,recounted,reported\nzz,2022Q1,dtp1_doses,5,6\n", "column place_code", "does not stand"),
        ("facility_status", "place_code,period,functional_share\na,2022Q1,50\n", "column functional_share", "expected a share"),
        ("lots", "round,place_code,period,indicator,children,vaccinated\nr,a,2022Q1,dtp1,19,20\n", "column vaccinated", "more children vaccinated"),
        ("lots", "round,place_code,period,indicator,children,decision\nr,a,2022Q1,dtp1,19,pass\n", "column decision_value", "without the number"),
        ("lots", "round,place_code,period,indicator,children,decision,decision_value\nr,a,2022Q1,dtp1,19,pass,25\n", "column decision_value", "exceeds the number of children"),
        ("lots", "round,place_code,period,indicator,children,decision,decision_value\nr,a,2022Q1,dtp1,19,fail,0\n", "column decision_value", "0.0 vaccinated children suffice"),
        ("lots", "round,place_code,period,indicator,children,vaccinated,decision,decision_value\nr,a,2022Q1,dtp1,19,15,fail,13\n", "column decision", "contradicts the count"),
        ("lots", "round,place_code,period,indicator,children,decision\nr,a,2022Q1,dtp1,19,maybe\n", "column decision", "“maybe” is not one of"),
    ],
)  # fmt: skip
def test_contradictions_are_refused_where_they_stand(
    tmp_path: Path, name: str, text: str, where: str, what: str
) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        from_folder(folder(tmp_path, **{name: text}))
    sentence = refused.value.render("en")
    assert sentence.startswith(f"{name}.csv")
    assert where in sentence
    assert what in sentence
    assert refused.value.render("fr").startswith(f"{name}.csv")


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("start,end", "2022Q3,2023Q2"),
        ("period", "2022Q3/2023Q2"),
        ("start/end", "2022Q3/2023Q2"),
        ("period", "202207/202306"),
        ("start,end", "202208,2023-05"),
    ],
)
def test_quarters_of_a_survey_are_written_in_any_of_these_ways(
    tmp_path: Path, columns: str, cells: str
) -> None:
    head = f"survey,cluster,place_code,{columns},indicator,vaccinated,children"
    evidence = from_folder(folder(tmp_path, surveys=f"{head}\ns,1,a,{cells},dtp1_coverage,6,9\n"))
    (row,) = evidence.surveys.to_dict("records")
    assert (row["start"], row["end"], row["indicator"], row["kind"]) == ("2022Q3", "2023Q2", "dtp1", "survey")


def test_percents_with_their_sign_are_shares(tmp_path: Path) -> None:
    text = "survey,place_code,period,indicator,coverage,standard_error\ns,ML,2022,dtp1,78.5%,2%\n"
    (row,) = from_folder(folder(tmp_path, survey_areas=text)).survey_areas.to_dict("records")
    assert (row["coverage"], row["standard_error"], row["start"], row["end"]) == (
        0.785,
        0.02,
        "2022Q1",
        "2022Q4",
    )


def test_clusters_of_a_larger_place_become_its_result_with_the_spread_between_them(tmp_path: Path) -> None:
    head = "survey,cluster,place_code,period,indicator,vaccinated,children"
    text = f"{head}\ns,1,north,2022Q1,dtp1,10,10\ns,2,north,2022Q1,dtp1,2,10\n"
    evidence = from_folder(folder(tmp_path, surveys=text, survey_areas=None))
    (row,) = evidence.survey_areas.to_dict("records")
    # ratio 12/20; residuals 10 - 6 and 2 - 6; sqrt(2/1 * 32) / 20
    assert row["coverage"] == pytest.approx(0.6)
    assert row["standard_error"] == pytest.approx(64**0.5 / 20)
    assert len(evidence.surveys) == 0


def test_mcv2_counts_in_the_second_year_and_other_doses_in_the_first(tmp_path: Path) -> None:
    columns = "place_code,period,indicator,value,age_band"
    rows = [
        "a,2022Q1,dtp1_doses,40,0-11m", "a,2022Q1,dtp1_doses,7,12-23m", "a,2022Q1,mcv2_doses,20,12-23m",
        "a,2022Q1,mcv2_doses,3,0-11m", "a,2022Q1,mcv1_doses,30,", "b,2022Q1,mcv2_doses,5,24-59m",
    ]  # fmt: skip
    evidence = from_folder(folder(tmp_path, doses=doses(*rows, columns=columns), surveys=None))
    found = dict(zip(evidence.doses["indicator"], evidence.doses["value"], strict=True))
    assert found == {"dtp1_doses": 40, "mcv2_doses": 20}
    assert evidence.catchup["doses"].tolist() == [7]
    assert "before its age, set aside: 1 (first: row 5)" in said(evidence)


def test_strata_of_a_larger_place_are_weighted_by_their_shares_of_children(tmp_path: Path) -> None:
    head = "survey,cluster,place_code,period,indicator,vaccinated,children,stratum"
    text = f"{head}\ns,1,north,2022Q1,dtp1,9,10,urban\ns,2,north,2022Q1,dtp1,5,10,rural\n"
    shares = "place_code,stratum,share\nnorth,urban,20%\nnorth,rural,80%\n"
    evidence = from_folder(folder(tmp_path, surveys=text, survey_areas=None, strata=shares))
    (row,) = evidence.survey_areas.to_dict("records")
    assert row["coverage"] == pytest.approx(0.2 * 0.9 + 0.8 * 0.5)
    # binomial error times the design effect, by stratum
    assert row["standard_error"] == pytest.approx((0.04 * 2 * 0.09 / 10 + 0.64 * 2 * 0.25 / 10) ** 0.5)


def test_where_nothing_is_known_of_neighbours_siblings_stand_in(tmp_path: Path) -> None:
    flat = "place_code,parent_code\nML,\nnorth,ML\na,north\nb,north\nc,ML\nd,ML\n"
    evidence = from_folder(folder(tmp_path, places=flat, neighbours=None))
    assert evidence.neighbours.to_numpy().tolist() == [["a", "b"], ["b", "a"], ["c", "d"], ["d", "c"]]
    assert "areas of the same parent, for 4 areas" in said(evidence)


def test_places_without_any_data_are_named(tmp_path: Path) -> None:
    places = SOUND["places"] + "e,ML,-6.0,12.0\n"
    evidence = from_folder(folder(tmp_path, places=places))
    assert "areas without doses, survey, population or recount: 1 (for example e)" in said(evidence)


def test_stock_by_month_adds_up_with_its_wastage(tmp_path: Path) -> None:
    rows = "".join(f"north,2022{month:02d},100,{share}\n" for month, share in ((1, 0.1), (2, 0.2), (3, 0.3)))
    evidence = from_folder(folder(tmp_path, stock="place_code,period,doses_used,wastage\n" + rows))
    (row,) = evidence.stock.to_dict("records")
    assert (row["doses_used"], row["wastage"]) == (300, pytest.approx(0.2))


def test_a_closed_month_closes_a_third_of_its_quarter(tmp_path: Path) -> None:
    text = "place_code,period,functional_share\nb,202207,0\n"
    (row,) = from_folder(folder(tmp_path, facility_status=text)).facility_status.to_dict("records")
    assert (row["period"], row["functional_share"]) == ("2022Q3", pytest.approx(2 / 3))


def test_files_that_are_no_evidence_are_named(tmp_path: Path) -> None:
    (folder(tmp_path) / "villages.csv").write_text("x\n1\n", encoding="utf-8")
    assert "unknown files, not read: villages.csv" in said(from_folder(tmp_path))
