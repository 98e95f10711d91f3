"""Which doses with known faults does the command line check, in its tests and on other engines?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

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
spark.driver.memory 2g
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


def kalanso(*words: str, **environment: str) -> str:
    """Run a command of the command line to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "kalanso.cli", *words], capture_output=True, text=True, env=os.environ | environment,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def faulty_store(folder: Path) -> Path:
    """Return a store with these counts."""
    (folder / "map.yaml").write_text(MAP, encoding="utf-8")
    (folder / "doses.csv").write_text("\n".join(faulty_counts()) + "\n", encoding="utf-8")
    store = folder / "store"
    words = ["import", "tables", str(folder / "doses.csv"), "--map", str(folder / "map.yaml")]
    kalanso(*words, "--store", str(store), "--country", "ML", "--json")
    return store


def check(store: Path, copy: Path, *words: str) -> dict[str, Any]:
    """Check a copy of a store and return what the command says of it."""
    shutil.copytree(store, copy)
    (copy / "spark-defaults.conf").write_text(SPARK_DEFAULTS, encoding="utf-8")
    told: dict[str, Any] = json.loads(
        kalanso("check", "--store", str(copy), "--json", *words, SPARK_CONF_DIR=str(copy))
    )
    return told
