"""Does the computation behind the pages begin, end and speak with them?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from kalanso import pipeline
from kalanso.cli import refining
from kalanso.cli.exits import ExitCode
from kalanso.pipeline.computation_status import StatusFile
from kalanso.store import Store
from kalanso.vocabulary import Message
from tests.cli.test_estimate_cli import run
from tests.pipeline.test_assumptions_verb import Moving
from tests.pipeline.test_refine_verb import Gated
from tests.pipeline.test_store_runs import known

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# A program that starts another one, which watches it, says who that is, and ends at once.
ORPHANS = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import os, time\\nfrom kalanso.cli import refining\\nrefining.LOOKING = .1\\nrefining._end_with(os.getppid())\\nprint('up', flush=True)\\ntime.sleep(600)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid)
"""
__all__ = ["known"]


def patched(monkeypatch: pytest.MonkeyPatch, engine: Moving) -> None:
    for name in ("estimate", "assumptions"):
        monkeypatch.setattr(import_module(f"kalanso.pipeline.{name}"), "published_engine", lambda: engine)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True


def test_refine_says_how_it_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, known: Store
) -> None:
    patched(monkeypatch, Gated())
    code, out, _ = run(capsys, "--lang", "en", "refine", "--store", str(known.folder))
    assert code == ExitCode.NOT_SURE_ENOUGH
    assert "not sure enough to publish" in out
    assert refining.begun(known.folder) is False


def test_refine_and_assumptions_publish_and_say_where(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, known: Store
) -> None:
    patched(monkeypatch, Moving())
    code, out, _ = run(capsys, "refine", "--store", str(known.folder))
    assert code == ExitCode.DONE
    assert "Estimation à publier et hypothèses" in out
    code, out, _ = run(capsys, "--lang", "en", "assumptions", "--store", str(known.folder))
    assert code == ExitCode.DONE
    assert "No survey: mothers’ memory plays no part" in " ".join(out.split())
    code, _, err = run(capsys, "--lang", "en", "assumptions", "--out", "x")
    assert code == ExitCode.BAD_USAGE
    assert "Give a folder of evidence" in err


def test_a_computation_that_was_begun_is_known(known: Store) -> None:
    assert not refining.begun(known.folder)
    StatusFile(known, of="x").say("waiting", Message("pipeline.refine.interrupted"), 0.0, "preview")
    assert refining.begun(known.folder)


def test_a_demonstration_without_pages_ends_in_a_preview(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, known: Store
) -> None:
    patched(monkeypatch, Moving())
    built = pipeline.Demo(store=known, already=True, observations=1)
    monkeypatch.setattr(pipeline, "demo", lambda *_, **__: built)
    words = ("--lang", "en", "demo", "--store", str(known.folder), "--no-serve")
    code, out, _ = run(capsys, *words, "--no-estimate")
    assert code == ExitCode.DONE
    assert known.latest("coverage_estimates") is None
    code, out, _ = run(capsys, *words)
    assert code == ExitCode.DONE
    assert "zero-dose children" in " ".join(out.split())
    assert "kalanso refine" in " ".join(out.split())
    manifest = known.latest("coverage_estimates")
    assert manifest is not None
    code, out, _ = run(capsys, *words)
    assert "zero-dose children" not in out  # it is there already


def test_the_computation_ends_with_the_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with subprocess.Popen(SLEEPER) as sleeper:
        monkeypatch.setattr(refining, "_started", lambda _store: sleeper)
        with refining.behind(tmp_path, wanted=True):
            assert sleeper.poll() is None
        assert sleeper.poll() is not None
    with refining.behind(tmp_path, wanted=False):
        pass


@pytest.mark.skipif(os.name == "nt", reason="processes of Windows have no parent to look for")
def test_the_computation_ends_where_the_pages_were_killed() -> None:
    told = subprocess.run(
        [sys.executable, "-c", ORPHANS], capture_output=True, text=True, check=True, cwd=ROOT
    )
    pid = int(told.stdout)
    until = time.monotonic() + 20
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not alive(pid)


def test_its_words_stand_in_the_stores_folder(monkeypatch: pytest.MonkeyPatch, known: Store) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/echo")
    with refining._started(known.folder) as process:
        process.wait()
    log = (known.folder / "estimates" / "computation.log").read_text(encoding="utf-8")
    assert f"refine --store {known.folder} --while-parent" in log
