"""Can another process have figures drawn, and does it survive what goes wrong?"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

from kalanso.figures import Renderer, RenderingFailed, Source, Subject, fingerprint
from kalanso.figures import render as child

ROWS = [{"period": f"2024Q{n}", "value": 0.5 + n / 10} for n in range(1, 5)]
SUBJECT = {
    "measure": "Couverture DTP1",
    "place": "Niono",
    "sources": [{"system": "DHIS2", "snapshot": "2025-01-15"}],
}


def job(**changes: Any) -> dict[str, Any]:
    return {"kind": "trend", "table": ROWS, "arguments": {"subject": SUBJECT}, "width": 320} | changes


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer(timeout=120) as running:
        yield running


def test_importing_the_package_loads_neither_altair_nor_vl_convert() -> None:
    code = "import sys, kalanso.figures; print([m for m in ('altair', 'vl_convert', 'shapely') if m in sys.modules])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_one_job_on_standard_input_writes_the_file_and_answers(tmp_path: Path) -> None:
    output = tmp_path / "trend.svg"

    said = subprocess.run(
        [sys.executable, "-m", "kalanso.figures.render"], input=json.dumps(job(output=str(output))),
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip

    answer = json.loads(said.stdout)
    assert answer["ok"]
    assert answer["bytes"] == output.stat().st_size
    assert answer["figure"]["title"].startswith("Niono")
    assert answer["figure"]["table"]["columns"] == ["Période", "Couverture DTP1", "Remarques"]
    assert output.read_text(encoding="utf-8").startswith("<svg")


def test_a_persistent_child_draws_many_kinds_and_formats(renderer: Renderer, tmp_path: Path) -> None:
    box = shapely.to_wkb(shapely.box(-8, 12, -7, 13), hex=True)
    areas = [{"place": "Bla", "value": 0.4, "geometry": box}]

    first = renderer.render(job(output=str(tmp_path / "a.png"), format="png"))
    second = renderer.render(job(kind="choropleth", table=areas, locale="en", output=str(tmp_path / "b.svg")))
    third = renderer.render(job(output=str(tmp_path / "c.pdf"), format="pdf"))

    assert first["bytes"] > 1000
    assert second["figure"]["title"] == "Niono: 1 place of 1 below 80%; lowest, Bla (40%)"
    assert (tmp_path / "c.pdf").read_bytes().startswith(b"%PDF")
    assert third["ok"]


def test_a_table_may_come_as_parquet_with_outlines_in_bytes(renderer: Renderer, tmp_path: Path) -> None:
    path = tmp_path / "areas.parquet"
    outline = shapely.to_wkb(shapely.box(-8, 12, -7, 13))
    pd.DataFrame({"place": ["Bla"], "value": [0.9], "geometry": [outline]}).to_parquet(path)

    answer = renderer.render(
        {"kind": "choropleth", "table_path": str(path), "arguments": {"subject": SUBJECT}}
    )

    assert "Bla" in answer["figure"]["alt"]


def test_findings_denominator_and_thresholds_come_as_plain_values() -> None:
    arguments = {
        "subject": SUBJECT | {"caveats": [{"id": "figures.trend.gaps"}]},
        "findings": [{"check": "outliers", "period": "2024Q2"}],
        "denominator": {"name": "enfants", "census_year": 2009},
        "thresholds": {"fewest_values": 3},
    }

    figure = child.build(child.Job(kind="trend", table=ROWS, arguments=arguments))

    assert "recensement de 2009" in figure.caption
    assert "aucun chiffre n’a été reçu" in figure.caption
    assert "valeur aberrante à vérifier" in figure.table["Remarques"].tolist()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "pie"}, "kind: expected one of trend"),
        ({"colour": "red"}, "unknown fields"),
        ({"arguments": {"subject": {"measures": "x"}}}, "subject: unknown fields"),
        ({"arguments": {"subject": SUBJECT, "wrong": 1}}, "unexpected keyword argument"),
        ({"table": None}, "got neither"),
        ({"table": [{"period": "2024Q1"}]}, "missing columns"),
        ({"table_path": "rows.xlsx"}, "parquet or .json"),
    ],
)
def test_a_job_that_cannot_be_drawn_is_refused_with_the_reason(wrong: dict[str, Any], said: str) -> None:
    answer = child.answer(json.dumps(job(**wrong)))

    assert not answer["ok"]
    assert answer["fault"] == "refused"
    assert said in answer["error"]


def test_the_child_outlives_a_bad_line() -> None:
    lines = io.StringIO("not json\n\n" + json.dumps(job()) + "\n")
    answers = io.StringIO()

    child.serve(lines, answers)

    first, second = (json.loads(line) for line in answers.getvalue().splitlines())
    assert "not JSON" in first["error"]
    assert second["ok"]


def test_a_refusal_reaches_the_caller_and_the_child_goes_on(renderer: Renderer) -> None:
    with pytest.raises(RenderingFailed, match="missing columns"):
        renderer.render(job(table=[{"period": "2024Q1"}]))

    assert renderer.render(job())["ok"]


def test_a_dead_child_is_replaced(renderer: Renderer) -> None:
    renderer.render(job())
    assert renderer._child is not None
    renderer._child.kill()
    renderer._child.wait()

    assert renderer.render(job())["ok"]


def test_a_child_that_does_not_answer_in_time_is_ended() -> None:
    impatient = Renderer(timeout=0.01)

    with pytest.raises(RenderingFailed, match="seconds"):
        impatient.render(job())

    assert impatient._child is None


def test_a_fingerprint_depends_on_what_is_seen_and_on_nothing_else() -> None:
    about = Subject(measure="DTP1", sources=(Source(system="DHIS2", snapshot="2025-01-15"),))
    rows = pd.DataFrame(ROWS)

    def name(
        table: pd.DataFrame = rows, kind: str = "trend", locale: str = "fr", width: int = 320, **more: Any
    ) -> str:
        return fingerprint(kind, table, {"subject": about} | more, locale=locale, width=width)

    same = [name(), name(rows[["value", "period"]]), name(rows.set_axis([9, 8, 7, 6]))]
    other = [
        name(locale="en"), name(width=640), name(kind="heat_grid"), name(title="x"),
        name(rows.assign(value=rows["value"] + 1e-9)), name(rows.iloc[::-1]),
    ]  # fmt: skip

    assert len(set(same)) == 1
    assert len({same[0], *other}) == 7
    assert len(same[0]) == 32


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "import pandas as pd; from kalanso.figures import Subject, fingerprint;"
        "print(fingerprint('trend', pd.DataFrame({'value': [0.1, None], 'geometry': [b'a', None]}),"
        "{'subject': Subject(measure='DTP1')}, locale='fr', width=320))"
    )

    names = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }

    assert len(names) == 1
