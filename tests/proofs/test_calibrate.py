"""Does the proof of calibration run, resume and write what it saw, with a stand-in for the estimator?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
SMALL = [
    "--engine", "fake_engine:estimate", "--countries", "2", "--stress", "1", "--large", "0", "--areas", "20",
    "--quarters", "4", "--draws", "60", "--workers", "1", "--cells", "prior,few_clusters,no_survey",
]  # fmt: skip


@pytest.fixture
def calibrate(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(HERE))
    import calibrate  # type: ignore[import-not-found]

    return calibrate


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "card.md"
    path.write_text(
        "# Card\n\n<!-- calibration: begin -->\nyesterday's tables\n<!-- calibration: end -->\n\nafter\n",
        encoding="utf-8",
    )
    return path


def lines_in(folder: Path) -> list[dict[str, Any]]:
    texts = (folder / "countries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(text) for text in texts if text.startswith("{") and text.endswith("}")]


def test_every_country_is_one_line_and_the_tables_replace_those_of_the_page(
    calibrate: Any, tmp_path: Path, page: Path
) -> None:
    calibrate.main([*SMALL, "--folder", str(tmp_path / "runs"), "--page", str(page)])
    lines = lines_in(tmp_path / "runs")
    assert [(line["cell"], line["index"]) for line in lines] == [
        ("prior", 0), ("prior", 1), ("few_clusters", 0), ("no_survey", 0),
    ]  # fmt: skip
    assert set(lines[0]["runs"]) == {"published", "preview"}
    text = page.read_text(encoding="utf-8")
    assert "yesterday" not in text
    assert text.endswith("\n\nafter\n")
    for said in (
        "seed 40713",
        "draws kept 60",
        "prior 2",
        "| DTP1 coverage |",
        "| few clusters |",
        "| administrative |",
        "| one population believed |",
        "Without an estimate: 2",
    ):
        assert said in text


def test_an_interrupted_proof_goes_on_where_it_stopped(calibrate: Any, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    common = [*SMALL, "--folder", str(folder), "--print-only"]
    calibrate.main([*common, "--cells", "prior"])
    path = folder / "countries.jsonl"
    whole = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*whole[:2], whole[2][:200]]), encoding="utf-8")  # killed while writing
    calibrate.main([*common, "--cells", "prior"])
    again = lines_in(folder)
    assert [line["index"] for line in again] == [0, 1]
    times = ("seconds", "diagnostics")

    def plain(line: dict[str, Any]) -> str:
        runs = {k: {a: b for a, b in v.items() if a not in times} for k, v in line["runs"].items()}
        return json.dumps({**line, "runs": runs})

    assert plain(again[1]) == plain(json.loads(whole[2]))


def test_lines_of_other_code_are_made_again_and_left_out_of_the_tables(
    calibrate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    common = [*SMALL, "--folder", str(tmp_path), "--print-only", "--cells", "prior", "--countries", "1"]
    calibrate.main(common)
    monkeypatch.setattr(calibrate, "code_version", lambda: "other")
    capsys.readouterr()
    calibrate.main(common)
    assert "1 to go" in capsys.readouterr().out
    assert [line["code"] == "other" for line in lines_in(tmp_path)] == [False, True]


def test_a_line_depends_on_engine_priors_scores_and_countries_and_on_nothing_else(calibrate: Any) -> None:
    names = {str(path.relative_to(calibrate.ROOT / "kalanso")) for path in calibrate.code_files()}
    assert {
        "coverage/estimating.py",
        "coverage/model.py",
        "coverage/gmrf/cholesky.py",
        "coverage/priors.yaml",
        "coverage/scoring.py",
        "coverage/baselines/countdown.py",
        "simulation/evidence_truth.py",
    } <= names
    assert not {"coverage/pockets.py", "coverage/writing.py", "simulation/country.py"} & names


def test_an_estimator_that_refuses_is_counted_and_named(
    calibrate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [*SMALL, "--folder", str(tmp_path), "--print-only", "--cells", "prior", "--countries", "1"]
    calibrate.main([*asked, "--engine", "fake_engine:refuse"])
    out = capsys.readouterr().out
    assert "Without an estimate: 1 (prior 0 published: RuntimeError: chains have not met" in out
    assert "### Preview" in out
    assert "### Published" not in out


def test_stress_countries_are_those_of_the_prior_with_something_gone_wrong(calibrate: Any) -> None:
    from calibrate_country import Job, chance_of  # type: ignore[import-not-found]

    jobs = [Job(cell, 3, 1, 20, 4, ("preview",), 10, False) for cell in ("prior", "wrong_anchor", "large")]
    first, second, third = (chance_of(job, 0).integers(1 << 30) for job in jobs)
    assert first == second
    assert first != third


def test_an_unknown_cell_is_refused(calibrate: Any) -> None:
    with pytest.raises(SystemExit, match="expected some of prior"):
        calibrate.plan(calibrate.options(["--cells", "sunshine"]))


def test_a_page_without_markers_is_refused(calibrate: Any, tmp_path: Path) -> None:
    from calibrate_summary import write_section  # type: ignore[import-not-found]

    page = tmp_path / "page.md"
    page.write_text("# Card\n", encoding="utf-8")
    with pytest.raises(ValueError, match="markers"):
        write_section(page, "text")


def test_intervals_that_hold_too_seldom_are_marked(calibrate: Any) -> None:
    from calibrate_summary import summary

    def line(cell: str, index: int, value: float) -> dict[str, Any]:
        scores = [
            [quantity, group, measure, value, 10 if group in {"all", "conflict", "unsurveyed"} else 1]
            for quantity in ("dtp1", "missed_dtp1")
            for group in ("all", "conflict", "unsurveyed", "region", "country")
            for measure in ("covers50", "covers95", "bias", "pit", "pit_spread")
        ]
        run = {"failed": "", "seconds": 1.0, "draws": 10, "scores": scores, "diagnostics": {}}
        return {
            "cell": cell, "index": index, "seed": 1, "areas": 10, "quarters": 4, "runs": {"published": run},
        }  # fmt: skip

    lines = [line("prior", at, 0.5) for at in range(50)] + [line("few_clusters", 0, 0.5), line("no_survey", 0, 0.95)]  # fmt: skip
    text = summary(lines, "2024-01-01", "abc")
    assert "0.500 (0.86 to 1.00) **outside**" in text
    assert "| few clusters | 1 | **0.50** |" in text
    assert "| no survey | 1 | 0.95 |" in text
