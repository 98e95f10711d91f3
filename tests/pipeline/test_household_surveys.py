"""Do answers, sample and round of a survey become cleaned children, estimates, evidence and a report, or a refusal?"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from kalanso.pipeline.household_surveys import DONE, PRIVATE, Analysed, CannotAnalyse, analyse_survey
from kalanso.pipeline.progress import Cancelled
from kalanso.pipeline.study_rounds import CannotReadRound, read_round
from kalanso.simulation.household_folder import declaration
from kalanso.simulation.household_settings import Catchment, Fieldwork
from kalanso.simulation.household_survey import HouseholdSurvey, household_survey

pytestmark = pytest.mark.long

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
AREAS = tuple(
    Catchment(place_code=f"ML-H{number}", dtp1_coverage=share, dtp3_given_dtp1=0.8)
    for number, share in enumerate((0.9, 0.7, 0.5), 1)
)
FIELD = Fieldwork(children=570)


def study(folder: Path, fieldwork: Fieldwork = FIELD, seed: int = 5, **changes: Any) -> HouseholdSurvey:
    """Write a study of three areas; `changes` go into its declaration."""
    found = household_survey(AREAS, fieldwork, np.random.default_rng(seed))
    folder.mkdir(exist_ok=True)
    found.submissions.to_csv(folder / "answers.csv", index=False)
    found.sample.to_csv(folder / "sample.csv", index=False)
    told = {**declaration(fieldwork), **changes}
    (folder / "round.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return found


@pytest.fixture
def analysed(tmp_path: Path) -> tuple[HouseholdSurvey, Analysed]:
    truth = study(tmp_path / "study")
    return truth, analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)


def share(done: Analysed, indicator: str, detail: str, cohort: str, stratum: str) -> pd.Series:
    rows = done.estimates
    chosen = (rows["indicator"] == indicator) & (rows["detail"] == detail) & (rows["cohort"] == cohort)
    return rows[chosen & (rows["stratum"] == stratum) & (rows["domain_kind"] == "all")].iloc[0]


def test_every_planted_mistake_is_found_and_counted(analysed: tuple[HouseholdSurvey, Analysed]) -> None:
    truth, done = analysed
    planted = truth.planted["mistake"].value_counts()

    found = {
        "day_and_month_swapped": done.cleaned.rows_of("day_month_swapped"),
        "before_birth": done.cleaned.rows_of("date_before_birth"),
        "without_a_day": done.cleaned.rows_of("date_partial"),
        "interview_twice": done.cleaned.rows_of("interview_repeated"),
        "code_unknown": done.cleaned.rows_of("code_unknown"),
        "after_interview": done.cleaned.rows_of("date_after_survey") + done.cleaned.rows_of("date_after_interview"),
    }  # fmt: skip

    assert found == {name: planted.get(name, 0) for name in found}
    assert done.children == 570


def test_the_truth_lies_in_the_intervals_of_most_areas_and_cohorts(
    analysed: tuple[HouseholdSurvey, Analysed],
) -> None:
    truth, done = analysed
    held = [
        row.low <= one.expected_dtp1_answers <= row.high
        for one in truth.truth.itertuples()
        for row in [share(done, "crude_coverage", "dtp1", one.cohort, one.place_code)]
    ]
    assert len(held) == 6
    assert sum(held) >= 5


def test_zero_dose_children_are_those_without_dtp1_in_two_kinds(
    analysed: tuple[HouseholdSurvey, Analysed],
) -> None:
    _, done = analysed
    none, other, all_of = (
        share(done, name, "dtp1", "12-23m", "all")["estimate"]
        for name in ("zero_dose_no_vaccine_at_all", "zero_dose_had_bcg_or_opv", "zero_dose")
    )
    rest = share(done, "zero_dose_had_other_vaccines", "dtp1", "12-23m", "all")["estimate"]
    assert none + other + rest == pytest.approx(all_of)
    assert all_of == pytest.approx(1 - share(done, "crude_coverage", "dtp1", "12-23m", "all")["estimate"])


def test_the_evidence_is_of_children_of_one_year_and_more_by_cluster(
    analysed: tuple[HouseholdSurvey, Analysed], tmp_path: Path
) -> None:
    _, done = analysed
    rows = pd.read_csv(tmp_path / "out" / "surveys.csv")

    assert set(rows["indicator"]) == {"dtp1", "dtp3"}
    older = (done.cleaned.children["cohort"] == "12-23m").sum()
    assert rows.loc[rows["indicator"] == "dtp1", "children"].sum() == older
    assert set(rows["start"]) == {"2023Q1"}
    assert set(done.evidence["message"]) == {"surveys.household.chosen"}


def test_rows_of_single_children_stand_apart_and_without_a_name(
    analysed: tuple[HouseholdSurvey, Analysed], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    public = [path for path in out.iterdir() if path.is_file()]
    child = pd.read_csv(out / PRIVATE / "survey_children.csv")["child"].iloc[0]

    assert {path.name for path in (out / PRIVATE).glob("*.csv")} == {
        "survey_children.csv", "survey_doses.csv", "survey_answers.csv", "survey_corrections.csv", "low_clusters.csv",
    }  # fmt: skip
    assert not any(child.encode() in path.read_bytes() for path in public)


def test_what_each_child_needs_next_is_written_as_fhir(
    analysed: tuple[HouseholdSurvey, Analysed], tmp_path: Path
) -> None:
    lines = (tmp_path / "out" / PRIVATE / "next_doses.ndjson").read_text(encoding="utf-8").splitlines()
    resources = [json.loads(line) for line in lines]

    assert len(resources) == analysed[1].children
    assert {one["resourceType"] for one in resources} == {"ImmunizationRecommendation"}


def test_the_same_answers_give_the_same_tables(tmp_path: Path) -> None:
    study(tmp_path / "study")
    one, two = (
        analyse_survey(tmp_path / "study", tmp_path / name, salt="s", now=NOW).estimates
        for name in ("a", "b")
    )
    pd.testing.assert_frame_equal(one, two)


def test_the_report_is_written_in_both_languages(tmp_path: Path) -> None:
    study(tmp_path / "study")
    done = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", reports=("docx",), now=NOW)

    assert {"report-fr.docx", "report-en.docx"} <= set(done.files)
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out" / "report-fr.docx").read_bytes())) as held:
        text = held.read("word/document.xml").decode()
    assert "Zéro dose" in text
    assert "ne parlent que d’eux" in text, "chosen places are said to be chosen"
    assert "figures." not in text, "every sentence has its words"


def test_an_analysis_that_was_stopped_leaves_no_receipt(tmp_path: Path) -> None:
    study(tmp_path / "study")
    (tmp_path / "out").mkdir()
    asked = iter([False, True, True, True])

    with pytest.raises(Cancelled):
        analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", cancel=lambda: next(asked), now=NOW)
    assert not (tmp_path / "out" / DONE).exists()


ETHICS: dict[str, Any] = declaration(FIELD)["ethics"]  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ethics": {}}, "approval, data_protection, consent_version, kept_until, destroyed_on"),
        ({"ethics": {**ETHICS, "approval": " "}}, "approval"),
        ({"ethics": {**ETHICS, "destroyed_on": date(2025, 2, 1)}}, "2025-02-01"),
        ({"ethics": {**ETHICS, "kept_until": "soon"}}, "ethics.kept_until"),
        ({"policy": "SOMETIMES"}, "SOUGHT_FOR_ALL"),
        ({"mode": "loose"}, "vcqi | strict"),
        ({"grace_days": -1}, "grace_days"),
        ({"title": {"fr": "Étude"}}, "title"),
        ({"cohorts": [{"name": "x"}]}, "cohorts"),
        ({"cohorts": [{"name": "x", "from_days": 9, "to_days": 3}]}, "from_days"),
        ({"last_day": date(2024, 1, 1)}, "last_day"),
        ({"first_day": "soon"}, "first_day"),
        ({"doses": []}, "doses"),
        ({"survey_name": "x"}, "survey_name"),
        ({"scopes": {"19 districts": "ML-1"}}, "scopes"),
    ],
)
def test_a_round_that_lacks_something_is_refused_with_what(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    study(tmp_path / "study", **changes)
    with pytest.raises(CannotReadRound) as caught:
        read_round(tmp_path / "study", today=NOW.date())
    for locale in ("fr", "en"):
        assert said in caught.value.render(locale)


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _no_weights(folder: Path) -> None:
    sample = pd.read_csv(folder / "sample.csv")
    sample.assign(weight="").to_csv(folder / "sample.csv", index=False)


def _other_clusters(folder: Path) -> None:
    sample = pd.read_csv(folder / "sample.csv")
    sample.assign(cluster="x" + sample["cluster"]).to_csv(folder / "sample.csv", index=False)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_without("answers.csv"), "answers.csv"), (_without("sample.csv"), "sample.csv"), (_other_clusters, "clusters that were not drawn"),
        (_no_weights, "expected children with cluster and weight"),
        (lambda folder: (folder / "answers.csv").write_bytes(b""), "answers.csv"),
        (lambda folder: (folder / "sample.csv").write_text("cluster\nx\n"), "stratum"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_analysed_are_refused_and_nothing_is_written(
    tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    study(tmp_path / "study")
    spoil(tmp_path / "study")
    with pytest.raises(CannotAnalyse) as caught:
        analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)
    assert said in caught.value.render("en")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_round_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotReadRound, match=r"round\.yaml is missing"):
        read_round(tmp_path, today=NOW.date())


def test_one_cluster_in_a_stratum_is_said_and_a_cohort_without_children_too(tmp_path: Path) -> None:
    study(tmp_path / "study", replace(FIELD, clusters=1, children=60))
    answers = pd.read_csv(tmp_path / "study" / "answers.csv", dtype=str, keep_default_na=False)
    born = pd.to_datetime(answers["dob_history"])
    seen = pd.to_datetime(answers["today"])
    answers[(seen - born).dt.days >= 365].to_csv(tmp_path / "study" / "answers.csv", index=False)

    done = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)

    assert done.cleaned.rows_of("single_cluster_stratum") == 3
    assert done.cleaned.rows_of("empty_cohort") == 1
    assert share(done, "crude_coverage", "dtp1", "18w-11m", "all")["status"] == "no_children"


def test_pages_get_drawings_with_words_and_tables_in_both_languages(tmp_path: Path) -> None:
    study(tmp_path / "study")
    done = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", pictures=True, now=NOW)
    told = json.loads((tmp_path / "out" / "pictures.json").read_text(encoding="utf-8"))
    assert len(told["fr"]) == len(told["en"]) >= 4
    assert {one["by_stratum"] for one in told["fr"]} == {True, False}
    for one in told["fr"]:
        assert one["rows"], one["title"]
        assert one["alt"], one["title"]
        drawn = (tmp_path / "out" / f"picture-{one['number']}-fr-328.svg").read_text(encoding="utf-8")
        assert drawn.startswith("<svg")
        assert f"picture-{one['number']}-fr-328.svg" in done.files


def test_values_that_the_form_does_not_have_are_told_and_break_no_report(tmp_path: Path) -> None:
    study(tmp_path / "study", groups=["mother_education", "distance"])
    answers = pd.read_csv(tmp_path / "study" / "answers.csv", dtype=str, keep_default_na=False)
    answers.loc[:59, "mother_education"] = "Bac+2"
    answers.loc[60:63, "besd_intention"] = "maybe"
    answers.loc[64, "minutes_to_centre"] = "an hour"
    answers["colour"] = ["blue", *[""] * (len(answers) - 1)]
    answers.to_csv(tmp_path / "study" / "answers.csv", index=False)

    done = analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", reports=("docx",), now=NOW)

    assert "report-fr.docx" in done.files
    assert not done.estimates["domain"].eq("Bac+2").any()
    assert done.cleaned.rows_of("opinion_code_unknown") == 4
    receipt = pd.read_csv(tmp_path / "out" / DONE).set_index(["part", "what"])["n"]
    assert receipt["read", "unknown_code"] >= 64
    assert (receipt["read", "not_a_number"], receipt["read", "unknown_variable"]) == (1, 1)
    assert receipt["cleaned", "code_unknown"] >= 59  # one of the sixty may be told twice


MALARIA_WHERE = "19 districts of Kayes, Koulikoro, Mopti, Ségou and Sikasso"


@pytest.mark.parametrize("named", [False, True])
def test_a_dose_of_some_places_has_a_result_there_and_is_told_where_nobody_named_them(
    tmp_path: Path, named: bool
) -> None:
    scopes = {"scopes": {MALARIA_WHERE: ["ML-H1"]}} if named else {}
    days = {"first_day": date(2026, 2, 1), "last_day": date(2026, 2, 28)}
    study(
        tmp_path / "study",
        replace(FIELD, first_day=date(2026, 2, 1), days=27),
        doses=["dtp1", "dtp3", "malaria1"],
        **days,
        **scopes,
    )
    answers = pd.read_csv(tmp_path / "study" / "answers.csv", dtype=str, keep_default_na=False)
    answers.assign(malaria1_history="1").to_csv(tmp_path / "study" / "answers.csv", index=False)

    done = analyse_survey(
        tmp_path / "study",
        tmp_path / "out",
        salt="s",
        reports=("docx",),
        now=datetime(2026, 4, 1, tzinfo=UTC),
    )

    receipt = pd.read_csv(tmp_path / "out" / DONE)
    own = done.estimates.query(
        "indicator == 'crude_coverage' and detail == 'malaria1' and domain_kind == 'all'"
    )
    if named:
        assert not receipt["part"].eq("left_out").any()
        assert done.left_out == []
        assert set(own.loc[own["children"] > 0, "stratum"]) == {"all", "ML-H1"}
    else:
        assert receipt.query("part == 'left_out'")[["what", "n"]].to_numpy().tolist() == [
            ["malaria1", done.children]
        ]
        assert not own["children"].any()


def test_places_that_the_schedule_does_not_know_are_refused(tmp_path: Path) -> None:
    study(tmp_path / "study", scopes={"20 districts": ["ML-H1"]})
    with pytest.raises(CannotAnalyse) as caught:
        analyse_survey(tmp_path / "study", tmp_path / "out", salt="s", now=NOW)
    assert MALARIA_WHERE in caught.value.render("en")
