"""What does a person see and get who brings in what was asked without a household survey?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kalanso.cli.exits import ExitCode
from kalanso.pipeline.publish_surveys import published_rounds
from kalanso.store import Store
from tests.cli.test_estimate_cli import run
from tests.pipeline.test_survey_ways import LOTS, folder_of
from tests.surveys.populations import MARGINS, called


def phone(folder: Path, n: int = 300) -> Path:
    table = called(np.random.default_rng(1), n)
    return folder_of(
        folder, table, way="phone", phoneless_share=0.3, margins=MARGINS, interviews=12, groups=3
    )


def test_a_round_says_its_number_with_label_direction_and_assumptions(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "survey", "way", str(phone(tmp_path / "p")), "--out", str(tmp_path / "out"))

    text = " ".join(out.split())
    assert code == ExitCode.DONE
    assert "Pas d’enquête ménages" in text
    assert "Erreur probable : couverture trop haute." in text
    assert "entretiens : 12, groupes de discussion : 3" in text
    assert "Ce qui doit être vrai" in text
    code, out, _ = run(capsys, "survey", "way", str(tmp_path / "p"), "--out", str(tmp_path / "out"), "--json")
    assert json.loads(out)["children"] == 300


def test_what_lots_say_is_published_round_by_round_and_again_without_a_new_snapshot(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Store.create(tmp_path / "store", country="ML", demo=True, now=datetime(2025, 1, 1, tzinfo=UTC))
    folder = folder_of(tmp_path / "l", LOTS, way="lots", children=19, lower=0.5, upper=0.8)
    words = ("survey", "way", str(folder), "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store"))

    code, out, err = run(capsys, "--lang", "en", *words)
    assert code == ExitCode.DONE, err
    assert "worse" in out
    assert "R2" in (tmp_path / "out" / "picture-1-en-640.svg").read_text(encoding="utf-8")
    assert "rounds: 2" in out
    store = Store.open(tmp_path / "store")
    assert store.latest("survey_evidence") is not None
    before = len(store.history("survey_evidence"))
    run(capsys, *words)
    assert len(store.history("survey_evidence")) == before


def test_a_round_that_a_corrected_table_no_longer_has_is_withdrawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Store.create(tmp_path / "store", country="ML", demo=True, now=datetime(2025, 1, 1, tzinfo=UTC))
    folder = folder_of(tmp_path / "l", LOTS, way="lots", children=19, lower=0.5, upper=0.8)
    words = ("survey", "way", str(folder), "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store"))
    run(capsys, *words)
    store = Store.open(tmp_path / "store")
    both = published_rounds(store)
    first = LOTS["round"].iloc[0]
    LOTS[LOTS["round"] == first].to_csv(folder / "lots.csv", index=False)

    code, out, err = run(capsys, "--lang", "en", *words)

    assert code == ExitCode.DONE, err
    assert len(both) == 2
    left = published_rounds(store)
    assert len(left) == 1
    assert f"Withdrawn, as the table no longer has them: {next(iter(both - left))}." in " ".join(out.split())
    assert next(iter(left)).endswith(f":{first}")


def test_a_number_of_too_few_children_is_not_published(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Store.create(tmp_path / "store", country="ML", demo=True, now=datetime(2025, 1, 1, tzinfo=UTC))
    words = (
        "survey",
        "way",
        str(phone(tmp_path / "p", 20)),
        "--out",
        str(tmp_path / "o"),
        "--store",
        str(tmp_path / "store"),
    )

    code, _, err = run(capsys, "--lang", "en", *words)

    assert code == ExitCode.BAD_FILE
    assert "expected 25 children or more, got 20" in " ".join(err.split())


def test_a_plan_of_lots_says_its_rule_and_how_often_it_errs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "--lang", "en", "survey", "lot-plan", "--children", "19", "--lower", "0.5", "--upper", "0.8"
    )

    assert code == ExitCode.DONE
    assert "a lot of 19 children passes from 13 vaccinated on" in " ".join(out.split())
    code, _, err = run(capsys, "--lang", "en", "survey", "lot-plan", "--children", "5")
    assert code == ExitCode.BAD_USAGE
    assert "Take more children" in " ".join(err.split())


def test_answers_of_a_form_are_read_where_there_is_no_table(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "l", way="lots", children=19, lower=0.5, upper=0.8)
    rows = [
        {"KEY": f"{place}{n}", "today": "2024-11-05", "round": "R1", "lot": place, "consent": "1", "dob_history": "2023-06-01",
         "penta1": "1" if n < good else "2"}
        for place, good in (("A", 15), ("B", 4)) for n in range(19)
    ]  # fmt: skip
    pd.DataFrame([*rows, rows[0] | {"KEY": "no", "consent": "0"}]).to_csv(folder / "answers.csv", index=False)

    code, out, err = run(capsys, "--lang", "en", "survey", "way", str(folder), "--out", str(tmp_path / "out"))

    assert code == ExitCode.DONE, err
    assert "Without consent: 1." in out
    assert pd.read_csv(tmp_path / "out" / "lots.csv")["decision"].tolist() == ["pass", "fail"]
