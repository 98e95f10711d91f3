"""What does a person see and get who imports from the command line?"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kalanso.cli import PARTS, main, program
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import choose, translated

CENSUS = "Region,Cercle,Population totale,Hommes,Femmes\nSégou,Niono,300,100,200\nSégou,Ségou,700,300,400\n"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


@pytest.fixture
def census(tmp_path: Path) -> Path:
    path = tmp_path / "census_2009.csv"
    path.write_text(CENSUS, encoding="utf-8")
    return path


def test_an_import_prints_a_receipt_that_adds_up(
    capsys: pytest.CaptureFixture[str], census: Path, tmp_path: Path
) -> None:
    store = str(tmp_path / "store")
    code, out, _ = run(
        capsys, "import", "population", str(census), "--store", store, "--country", "ML", "--json"
    )

    told = json.loads(out)
    assert code == ExitCode.DONE
    assert told["read"] == told["stored"] == 6
    assert told["places"]["minted"] == 2
    assert (tmp_path / "store" / "store.json").is_file()


def test_the_receipt_is_readable_in_both_languages(
    capsys: pytest.CaptureFixture[str], census: Path, tmp_path: Path
) -> None:
    common = (
        "import",
        "population",
        str(census),
        "--store",
        str(tmp_path / "s"),
        "--country",
        "ML",
        "--dry-run",
    )
    _, french, _ = run(capsys, *common, "--lang", "fr")
    _, english, _ = run(capsys, "--lang=en", *common)

    assert "Lu (valeurs)" in french
    assert "rien n’a été enregistré" in french
    assert "Read (values)" in english
    assert not (tmp_path / "s").exists()


def test_a_store_that_does_not_exist_asks_for_the_country(
    capsys: pytest.CaptureFixture[str], census: Path, tmp_path: Path
) -> None:
    code, _, err = run(
        capsys, "import", "population", str(census), "--store", str(tmp_path / "s"), "--lang", "en"
    )

    assert code == ExitCode.BAD_USAGE
    assert "--country ML" in err


def test_open_names_go_out_for_review_and_come_back(
    capsys: pytest.CaptureFixture[str], census: Path, tmp_path: Path
) -> None:
    store, review = str(tmp_path / "store"), tmp_path / "review.csv"
    run(capsys, "import", "population", str(census), "--store", store, "--country", "ML")
    other = tmp_path / "census_2020.csv"
    other.write_text(CENSUS.replace("Niono", "Office du Niger"), encoding="utf-8")
    strict = ("import", "population", str(other), "--store", store, "--matches-out", str(review), "--strict")

    code, out, _ = run(capsys, *strict, "--lang", "en")
    assert code == ExitCode.WITH_REJECTIONS
    assert "Office du Niger" in out
    with review.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == ["Office du Niger"]
    rows[0]["place_code"], rows[0]["by"] = "ML-C0001", "A. Traoré"
    with review.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    code, out, _ = run(capsys, "import", "matches", str(review), "--store", store, "--json")
    assert json.loads(out) == {"reviewed": 1, "rejected": 0}

    code, _, _ = run(capsys, *strict)
    assert code == ExitCode.DONE


def test_a_bad_file_ends_with_its_own_code_and_says_what_to_try(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    code, out, err = run(
        capsys,
        "import",
        "population",
        str(tmp_path / "x.csv"),
        "--store",
        str(tmp_path / "s"),
        "--country",
        "ML",
        "--json",
    )

    assert code == ExitCode.BAD_FILE
    assert "x.csv" in err
    assert out == ""


def test_a_folder_that_is_no_store_has_a_code_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "review.csv").write_text("system\n", encoding="utf-8")
    code, _, err = run(capsys, "import", "matches", str(tmp_path / "review.csv"), "--store", str(tmp_path))

    assert code == ExitCode.STORE_PROBLEM
    assert "store.json" in err


@pytest.mark.parametrize(
    "words", [("import", "population"), ("import", "nothing"), ("--lang", "de", "import")]
)
def test_wrong_usage_has_a_code_of_its_own(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, _, _ = run(capsys, *words)

    assert code == ExitCode.BAD_USAGE


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_no_help_text_is_left_as_a_message_id(locale: str) -> None:
    def texts(command: object) -> list[str]:
        own = [getattr(command, name, None) for name in ("help", "short_help", "epilog")]
        own += [getattr(param, "help", None) for param in command.params]  # type: ignore[attr-defined]
        below = getattr(command, "commands", {}).values()
        return [text for text in own if text] + [text for one in below for text in texts(one)]

    assert [text for text in texts(translated(program(), locale)) if text.startswith("cli.")] == []


def test_every_part_of_the_command_line_is_listed_once() -> None:
    assert len(set(map(id, PARTS))) == len(PARTS)


def test_help_reads_as_a_guide(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "import", "--help", "--lang", "fr")

    assert code == ExitCode.DONE
    assert "kalanso import countdown" in out
    assert "jamais deviné" in " ".join(out.split()).replace("│", "")


@pytest.mark.parametrize(
    ("arguments", "environment", "locale"),
    [
        ([], {}, "fr"),
        ([], {"LANG": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "C.UTF-8"}, "fr"),
        (["--lang", "fr"], {"LANG": "en_GB.UTF-8"}, "fr"),
        (["import", "--lang=en"], {}, "en"),
        (["--", "--lang", "en"], {}, "fr"),
    ],
)
def test_french_comes_first_and_english_on_demand(
    arguments: list[str], environment: dict[str, str], locale: str
) -> None:
    assert choose(arguments, environment)[0] == locale


def test_the_command_line_runs_where_the_hub_is_not_installed() -> None:
    blocked = (
        "import sys\n"
        "class NoDjango:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'django', 'granian', 'whitenoise'}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, NoDjango())\n"
        "import kalanso.pipeline, kalanso.sources\n"
        "from kalanso.cli import main\n"
        "main(['--version'])\n"
    )
    done = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("kalanso ")
