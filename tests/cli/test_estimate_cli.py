"""What does a person see and get who asks for an estimate from the command line?"""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from kalanso.cli import main
from kalanso.cli.exits import ExitCode
from tests.coverage.folders import SOUND, folder
from tests.coverage.made_up_engine import MadeUpEngine


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> MadeUpEngine:
    made = MadeUpEngine()
    # The function of the same name hides the module from an ordinary import.
    monkeypatch.setattr(import_module("kalanso.pipeline.estimate"), "published_engine", lambda: made)
    return made


def test_an_estimate_answers_lists_places_and_says_where_the_files_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, engine: MadeUpEngine
) -> None:
    given = (str(folder(tmp_path / "in", stock=None)), "--out", str(tmp_path / "out"), "--draws", "50")
    code, out, _ = run(capsys, "--lang", "en", "estimate", *given)
    assert code == ExitCode.DONE
    text = " ".join(out.split())
    assert re.search(r"ML: about \d+ zero-dose children \(between \d+ and \d+\)", text)
    assert "stock.csv is missing" in text
    assert "Results:" in text
    code, out, _ = run(capsys, "estimate", *given)
    assert "enfants zéro dose" in " ".join(out.split())


def test_other_programs_get_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, engine: MadeUpEngine
) -> None:
    code, out, _ = run(
        capsys, "estimate", str(folder(tmp_path / "in")), "--out", str(tmp_path / "out"), "--draws", "50",
        "--preview", "--seed", "9", "--json",
    )  # fmt: skip
    told = json.loads(out)
    assert code == ExitCode.DONE
    assert told["engine"] == "preview"
    assert told["tables"]["coverage_estimates"] == 6 * 8 * 2
    said = json.loads((tmp_path / "out" / "diagnostics.json").read_text(encoding="utf-8"))
    assert said["question"]["seed"] == 9
    assert said["question"]["draws"] == 50


def test_a_question_file_sets_parts_and_options_win(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, engine: MadeUpEngine
) -> None:
    asked = tmp_path / "question.json"
    asked.write_text('{"dtp3": false, "draws": 70, "seed": 5}', encoding="utf-8")
    given = (str(folder(tmp_path / "in")), "--out", str(tmp_path / "out"), "--question", str(asked))
    code, _, _ = run(capsys, "estimate", *given, "--draws", "20")
    said = json.loads((tmp_path / "out" / "diagnostics.json").read_text(encoding="utf-8"))
    assert code == ExitCode.DONE
    assert (said["question"]["dtp3"], said["question"]["draws"], said["question"]["seed"]) == (False, 20, 5)
    asked.write_text('{"dtp5": true}', encoding="utf-8")
    code, _, err = run(capsys, "--lang", "en", "estimate", *given)
    assert code == ExitCode.BAD_USAGE
    assert "unknown setting (dtp5)" in " ".join(err.split())


def test_a_warm_start_is_taken_from_an_earlier_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, engine: MadeUpEngine
) -> None:
    folder(tmp_path / "in")
    run(capsys, "estimate", str(tmp_path / "in"), "--out", str(tmp_path / "one"), "--draws", "20")
    code, _, _ = run(
        capsys, "estimate", str(tmp_path / "in"), "--out", str(tmp_path / "two"), "--draws", "20",
        "--warm", str(tmp_path / "one"),
    )  # fmt: skip
    assert code == ExitCode.DONE
    assert "gamma" in engine.warm


@pytest.mark.parametrize("words", [(), ("IN",), ("IN", "--out", "OUT", "--store", "S"), ("--out", "OUT")])
def test_either_a_folder_with_out_or_a_store_is_asked_for(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, _, err = run(capsys, "--lang", "en", "estimate", *words)
    assert code == ExitCode.BAD_USAGE
    assert "Give a folder of evidence and --out" in err


def test_refusals_end_with_their_own_codes_and_a_plain_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, engine: MadeUpEngine
) -> None:
    bad = folder(tmp_path / "bad", places=SOUND["places"].replace("c,ML", "c,XX"))
    code, _, err = run(capsys, "--lang", "en", "estimate", str(bad), "--out", str(tmp_path / "out"))
    assert code == ExitCode.BAD_FILE
    assert "places.csv, row 6, column parent_code" in " ".join(err.split())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("x", encoding="utf-8")
    sound = str(folder(tmp_path / "in"))
    code, _, err = run(capsys, "estimate", sound, "--out", str(tmp_path / "mine"))
    assert code == ExitCode.BAD_USAGE
    engine.missed = True
    code, _, err = run(capsys, "--lang", "en", "estimate", sound, "--out", str(tmp_path / "out"))
    assert code == ExitCode.NOT_SURE_ENOUGH
    assert "not sure enough to publish" in " ".join(err.split())
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_file()] == ["diagnostics.json"]


def test_an_interrupted_estimate_says_that_it_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, engine: MadeUpEngine
) -> None:
    given = (str(folder(tmp_path / "in")), "--out", str(tmp_path / "out"), "--draws", "20")
    engine.stop_at = 2
    code, _, err = run(capsys, "--lang", "en", "estimate", *given)
    assert code == ExitCode.STOPPED
    assert "goes on where it was" in err
    engine.stop_at = None
    code, _, _ = run(capsys, "estimate", *given)
    assert code == ExitCode.DONE
    assert engine.steps == [0, 1, 2, 3]


def test_evidence_of_a_store_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = run(capsys, "evidence", "--store", str(tmp_path), "--out", str(tmp_path / "ev"))
    assert code == ExitCode.STORE_PROBLEM
    assert "store.json" in err


@pytest.mark.parametrize("command", ["estimate", "evidence"])
def test_help_speaks_both_languages(capsys: pytest.CaptureFixture[str], command: str) -> None:
    told = [run(capsys, "--lang", lang, command, "--help")[1] for lang in ("fr", "en")]
    assert told[0] != told[1]
    assert all("cli." not in text for text in told)
