"""Does the repository keep its own promises?

What linters and import contracts cannot see: files that open with their question, files and
functions short enough to read, one set of file names in every hub app, no path of a machine, no
package host, no copied data.
"""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Django writes migrations; nobody reads them like prose.
LIBRARY = sorted(path for path in (ROOT / "kalanso").rglob("*.py") if path.parent.name != "migrations")
LONGEST_FILE = 450
LONGEST_FUNCTION = 50
HUB_NAMES = {
    "__init__", "models", "actions", "queries", "permissions", "forms", "views", "urls", "tasks",
    "api", "panels", "exports", "apps",
}  # fmt: skip
SITE_NAMES = HUB_NAMES | {"settings", "configuration", "wsgi", "help", "errors", "middleware", "i18n"}
BANNED_NAMES = {"utils", "core", "common", "services", "helpers", "managers", "misc"}

# path or "path:function" -> why it may be longer than the rule allows
EXCUSED: dict[str, str] = {}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    if not listed[0]:
        pytest.skip("not a git checkout, so there is no list of tracked files")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_opens_with_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path}: no docstring"


def test_a_package_opens_with_the_question_that_it_answers() -> None:
    for path in (ROOT / "kalanso").glob("*/__init__.py"):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert "?" in text.split("\n\n")[0], f"{path}: the docstring asks no question"


def test_files_can_be_read_in_a_sitting() -> None:
    long = {}
    for path in LIBRARY:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        name = str(path.relative_to(ROOT))
        if lines > LONGEST_FILE and name not in EXCUSED:
            long[name] = lines
    assert not long


def test_functions_fit_on_a_screen() -> None:
    long = {}
    for path in LIBRARY:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                name = f"{path.relative_to(ROOT)}:{node.name}"
                if lines > LONGEST_FUNCTION and name not in EXCUSED:
                    long[name] = lines
    assert not long


def test_nothing_takes_a_stream_from_duckdb() -> None:
    streams = re.compile(r"to_pyarrow_batches|fetch_record_batch|to_arrow_reader|arrow_reader\(")
    found = [str(path) for path in LIBRARY if streams.search(path.read_text(encoding="utf-8"))]
    assert not found, "a stream over kept tables can wait for ever: write a file or take whole results"


def test_excuses_are_still_needed() -> None:
    for name in EXCUSED:
        assert (ROOT / name.split(":")[0]).exists(), f"{name} is excused but gone"


def test_no_folder_is_a_drawer_for_odds_and_ends() -> None:
    found = [path for path in (ROOT / "kalanso").rglob("*") if path.stem in BANNED_NAMES]
    assert not found


def test_hub_apps_use_only_the_agreed_file_names() -> None:
    for path in (ROOT / "kalanso" / "hub").glob("*/*.py"):
        allowed = SITE_NAMES if path.parent.name == "site" else HUB_NAMES
        assert path.stem in allowed, f"{path.relative_to(ROOT)}: not one of {sorted(allowed)}"


def test_the_hub_reads_published_tables_only_through_visible() -> None:
    for path in (ROOT / "kalanso" / "hub").rglob("*.py"):
        calls = [
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ]
        assert "read_parts" not in calls, f"{path}: reads part files itself"
        assert "publish" not in calls, f"{path}: only pipeline publishes"


def test_every_text_file_is_free_of_machine_paths_and_package_hosts() -> None:
    banned = re.compile(r"/root/|/home/[a-z]+/|/tmp/bash|/work/(main|shared)|https?://[^ ]*pypi")
    found = []
    for path in tracked():
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".po", ".html", ".css", ".sh", ""}:
            if path == Path(__file__):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if banned.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}")
    assert not found


def test_locked_requirements_are_hashed_and_name_no_host() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        pinned = re.findall(r"^[a-zA-Z0-9_.-]+(?:\[[a-z,]+\])?==[^ ]+.*\\$", text, re.M)
        assert len(pinned) == len(re.findall(r"^[a-zA-Z]", text, re.M)), f"{path}: a package has no hash"


def test_no_data_file_of_others_is_tracked() -> None:
    heavy = [path for path in tracked() if path.stat().st_size > 300_000]
    assert not heavy, "large files do not belong here; fetch them from their publishers"


def test_no_two_tables_share_a_name() -> None:
    from kalanso.pipeline.tables import TABLES

    names = [spec.name for spec in TABLES]
    assert sorted(names) == sorted(set(names))
