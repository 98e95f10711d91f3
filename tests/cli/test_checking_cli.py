"""Does `kalanso check` find the same with either engine?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kalanso.cli import main

MAP = """\
version: 1
file: {separator: ",", encoding: utf-8, decimal: "."}
place: {name: centre, parent: district, level: health_area, system: t, vintage: "2024"}
period: {column: mois, type: month}
indicator: indicateur
value: valeur
columns: {reports_expected: attendus, reports_received: recus}
constants: {age_band: 0-11m}
"""
# Less planning and less compiling: the answer is the same and the test shorter.
SPARK_DEFAULTS = """\
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
"""


def faulty_counts() -> list[str]:
    """Counts of six places in 30 months: a wild one, a lone zero, a negative dropout, points unknown."""
    lines = ["district,centre,mois,indicateur,valeur,attendus,recus"]
    for place in range(6):
        for month in range(30):
            when = f"{2022 + month // 12}-{month % 12 + 1:02d}"
            received = 5 if month == 20 else 10
            for number, indicator in enumerate(("dtp1_doses", "dtp3_doses", "mcv1_doses")):
                value = 60 + (place * 11 + month * 7 + number * 3) % 9 - 4 * number
                value = value * 12 if (place, month, number) == (1, 15, 0) else value
                value = 0 if (place, month, number) == (2, 10, 2) else value
                value += 20 if place == 3 and number == 1 else 0
                lines.append(f"Niono,Centre {place},{when},{indicator},{value},10,{received}")
    return lines


@pytest.fixture(scope="module")
def faulty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("check")
    (folder / "map.yaml").write_text(MAP, encoding="utf-8")
    (folder / "doses.csv").write_text("\n".join(faulty_counts()) + "\n", encoding="utf-8")
    store = folder / "store"
    words = ["import", "tables", str(folder / "doses.csv"), "--map", str(folder / "map.yaml")]
    with pytest.raises(SystemExit) as left:
        main([*words, "--store", str(store), "--country", "ML", "--json"])
    assert not left.value.code
    return store


def check(store: Path, copy: Path, *words: str) -> dict[str, Any]:
    shutil.copytree(store, copy)
    (copy / "spark-defaults.conf").write_text(SPARK_DEFAULTS, encoding="utf-8")
    command = [sys.executable, "-m", "kalanso.cli", "check", "--store", str(copy), "--json", *words]
    environment = {**os.environ, "SPARK_CONF_DIR": str(copy)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_check_counts_findings_by_check_and_writes_the_table(faulty_store: Path, tmp_path: Path) -> None:
    told = check(faulty_store, tmp_path / "here")

    assert told["findings"] == sum(told["by_check"].values()) == sum(told["by_severity"].values())
    assert min(told["by_check"][name] for name in ("zeros", "outliers", "dropout", "points")) > 0
    assert (tmp_path / "here" / "tables" / "quality_findings" / "000001.json").is_file()


@pytest.mark.spark
def test_check_finds_the_same_with_spark(faulty_store: Path, tmp_path: Path) -> None:
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or 21, which is not installed")
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")

    here = check(faulty_store, tmp_path / "here")
    there = check(faulty_store, tmp_path / "there", "--engine", "pyspark")

    assert there["by_check"] == here["by_check"]
    assert there["by_severity"] == here["by_severity"]
