"""Do the examples of the manual run, and do its links lead somewhere?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from kalanso.hub.offline import forms as offline_forms

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name}: {target} does not exist"


@pytest.mark.long
@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_python_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "```python" not in page.read_text(encoding="utf-8"):
        assert page.read_text(encoding="utf-8").strip(), f"{page.name} is empty"
        return
    monkeypatch.chdir(tmp_path)
    # An example that lets a form of its own join must not leave it to the tests that follow.
    monkeypatch.setattr(offline_forms, "_JOINED", dict(offline_forms._JOINED))
    sybil = Sybil([PythonCodeBlockParser(), SkipParser()], path=str(page.parent), pattern=page.name)
    for example in sybil.parse(page):
        example.evaluate()


def test_every_command_in_the_manual_exists() -> None:
    from typer.main import get_command

    from kalanso.cli import program

    commands = get_command(program()).commands  # type: ignore[attr-defined]
    for page in PAGES:
        lines = "\n".join(
            re.findall(r"^```(?:sh|console|bash)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
        )
        for words in re.findall(r"^[\s$]*(?:\S*/)?kalanso ([a-z0-9-]+(?: [a-z-]+)?)", lines, re.M):
            group, _, below = words.partition(" ")
            assert group in commands, f"{page.name}: kalanso {group} does not exist"
            inner = getattr(commands[group], "commands", None)
            assert inner is None or not below or below in inner, (
                f"{page.name}: kalanso {words} does not exist"
            )
