"""What does a person see and get who lays out or analyses a household survey from the command line?"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from kalanso.cli.exits import ExitCode
from tests.cli.test_estimate_cli import run
from tests.pipeline.test_household_surveys import study
from tests.pipeline.test_survey_weights import drawn_study

pytestmark = pytest.mark.long


def test_an_analysis_says_what_was_cleaned_what_was_found_and_where_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    study(tmp_path / "study")
    (tmp_path / "salt").write_text("secret\n")
    words = (
        "survey",
        "analyse",
        str(tmp_path / "study"),
        "--out",
        str(tmp_path / "out"),
        "--salt-file",
        str(tmp_path / "salt"),
    )

    code, out, _ = run(capsys, "--lang", "en", *words)

    text = " ".join(out.split())
    assert code == ExitCode.DONE
    assert "570 children analysed of" in text
    assert "Zero-dose" in text
    assert "speak of them alone" in text
    code, out, _ = run(capsys, *words, "--json")
    told = json.loads(out)
    assert told["children"] == 570
    assert "surveys.csv" in told["files"]


def test_forms_of_a_draw_are_filled_to_try_the_whole_way(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = [
        {"cluster": f"A-{n}", "role": "main", "children": 100, "households": 15, "place_code": "ML-1"}
        for n in range(6)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "draw.csv", index=False)

    words = ("survey", "rehearse", str(tmp_path / "draw.csv"), "--out", str(tmp_path / "trial"))
    code, out, _ = run(capsys, *words, "--survey", "essai", "--first-day", "2025-03-03", "--days", "10")

    homes = pd.read_csv(tmp_path / "trial" / "homes.csv")
    assert code == ExitCode.DONE
    assert "90 visites" in out.replace("\u202f", " ")
    assert homes["today"].between("2025-03-03", "2025-03-13").all()
    assert {path.name for path in (tmp_path / "trial").iterdir()} == {
        "homes.csv", "members.csv", "answers.csv", "listed.csv",
    }  # fmt: skip
    pd.DataFrame(rows).drop(columns="cluster").to_csv(tmp_path / "none.csv", index=False)
    code, _, _ = run(
        capsys, "survey", "rehearse", str(tmp_path / "none.csv"), "--out", str(tmp_path / "other")
    )
    assert code == ExitCode.BAD_FILE


def test_a_made_up_study_can_be_analysed_as_it_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    code, out, _ = run(capsys, "survey", "example", str(folder))
    assert code == ExitCode.DONE
    assert "kalanso survey analyse" in out

    code, _, _ = run(
        capsys,
        "survey",
        "analyse",
        str(folder),
        "--out",
        str(tmp_path / "out"),
        "--salt-file",
        str(folder / "salt.txt"),
    )

    assert code == ExitCode.DONE
    estimates = pd.read_csv(tmp_path / "out" / "survey_estimates.csv")
    assert set(estimates["cohort"]) == {"18w-11m", "12-23m"}
    assert run(capsys, "survey", "example", str(folder))[0] == ExitCode.BAD_USAGE, (
        "a folder that holds something is left alone"
    )


def test_one_command_goes_from_the_form_to_the_report(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    code, out, _ = run(capsys, "--lang", "en", "survey", "example", str(folder), "--analyse")

    assert code == ExitCode.DONE
    assert "child.xlsx" in out.replace("\n", "")
    assert "children analysed of" in " ".join(out.split())
    names = {row[1].value for row in load_workbook(folder / "child.xlsx")["survey"].iter_rows(min_row=2)}
    answered = set(pd.read_csv(folder / "answers.csv", nrows=1).columns) - {"id", "today"}
    assert answered <= names, "every answer has its question"
    results = {path.name for path in (folder / "results").iterdir()}
    assert {"survey_estimates.csv", "receipt.csv", "report-fr.pdf", "report-en.docx"} <= results


def test_what_cannot_be_analysed_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "salt").write_text("secret")
    words = ("survey", "analyse", str(tmp_path), "--out", str(tmp_path / "out"))

    code, _, err = run(capsys, "--lang", "en", *words, "--salt-file", str(tmp_path / "salt"))
    assert (code, "round.yaml" in err.replace("\n", "")) == (ExitCode.BAD_FILE, True)
    code, _, err = run(capsys, "--lang", "en", *words, "--salt-file", str(tmp_path / "none"))
    assert (code, "secret text" in err) == (ExitCode.BAD_USAGE, True)
    code, _, err = run(
        capsys, "--lang", "en", *words, "--salt-file", str(tmp_path / "salt"), "--report", "odt"
    )
    assert (code, "odt" in err) == (ExitCode.BAD_USAGE, True)


def test_the_size_of_a_survey_is_that_of_whos_manual(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "--lang", "en", "survey", "size", "--expected", "0.8", "--expected", "0.5", "--icc", "0.1667"
    )
    assert code == ExitCode.DONE
    assert "88" in out
    assert "103" in out
    code, _, err = run(capsys, "--lang", "en", "survey", "size", "--expected", "80")
    assert (code, "percent" in err) == (ExitCode.BAD_USAGE, True)


def test_clusters_are_drawn_with_reserves_and_again_by_the_same_seed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    frame = tmp_path / "frame.csv"
    frame.write_text("unit_code,stratum,children\n" + "".join(f"v{n},X,{20 + n}\n" for n in range(40)))
    for name in ("one", "two"):
        words = (
            "survey",
            "draw",
            str(frame),
            "--clusters",
            "6",
            "--reserves",
            "2",
            "--out",
            str(tmp_path / name),
        )
        assert run(capsys, *words)[0] == ExitCode.DONE

    drawn = pd.read_csv(tmp_path / "one")
    assert drawn["role"].value_counts().to_dict() == {"main": 6, "reserve": 2}
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()
    frame.write_text("unit_code,stratum\na,X\n")
    code, _, err = run(
        capsys, "--lang", "en", "survey", "draw", str(frame), "--clusters", "1", "--out", str(tmp_path / "x")
    )
    assert (code, "children" in err) == (ExitCode.BAD_FILE, True)


def test_a_form_is_written_for_odk_and_an_unknown_one_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(
        capsys, "--lang", "en", "survey", "form", "child", "--out", str(tmp_path / "child.xlsx")
    )
    assert (code, "questions" in out) == (ExitCode.DONE, True)
    assert {"survey", "choices", "settings"} <= set(load_workbook(tmp_path / "child.xlsx").sheetnames)
    code, _, err = run(capsys, "--lang", "en", "survey", "form", "nothing", "--out", str(tmp_path / "x.xlsx"))
    assert (code, "household_list" in err) == (ExitCode.BAD_FILE, True)


def test_weights_come_out_of_a_draw(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    drawn_study(tmp_path)
    code, out, _ = run(capsys, "--lang", "en", "survey", "weights", str(tmp_path))
    assert code == ExitCode.DONE
    assert "Households that answered: 100%" in " ".join(out.split())
    assert {"cluster", "stratum", "place_code", "cohort", "weight"} <= set(
        pd.read_csv(tmp_path / "sample.csv")
    )
    (tmp_path / "listed.csv").unlink()
    code, _, err = run(capsys, "--lang", "en", "survey", "weights", str(tmp_path))
    assert code != ExitCode.DONE
    assert "listed.csv" in err
