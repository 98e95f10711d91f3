"""Does `kalanso check` write down what it finds, with the engine that was asked for?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kalanso.cli import main
from kalanso.store import Store
from tests.cli.faulty import check, faulty_store

pytestmark = pytest.mark.long


def test_check_counts_findings_by_check_and_writes_the_table(tmp_path: Path) -> None:
    told = check(faulty_store(tmp_path), tmp_path / "here")

    assert told["findings"] == sum(told["by_check"].values()) == sum(told["by_severity"].values())
    assert min(told["by_check"][name] for name in ("zeros", "outliers", "dropout", "points")) > 0
    assert (tmp_path / "here" / "tables" / "quality_findings" / "000001.json").is_file()


def test_check_opens_the_store_with_the_engine_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def noted(folder: Path, **options: Any) -> Store:
        opened.append((folder, options.get("engine")))
        raise FileNotFoundError(folder)

    monkeypatch.setattr("kalanso.store.Store.open", noted)
    with pytest.raises((SystemExit, FileNotFoundError)):
        main(["check", "--store", str(tmp_path), "--engine", "pyspark"])

    assert opened == [(tmp_path, "pyspark")]
