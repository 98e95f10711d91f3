"""Is a compiled loop taken from an earlier state of the sources?"""

from __future__ import annotations

import os
from pathlib import Path

import numba as nb
import pytest

from kalanso.coverage import compiling


def test_every_state_of_the_sources_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop in another file than the outermost one may change: the compiler alone would not see it."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "inner.py").write_text("one = 1\n", encoding="utf-8")
    monkeypatch.setattr(compiling, "SOURCES", sources)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    compiling.folder.cache_clear()
    before = compiling.folder()
    (sources / "inner.py").write_text("one = 2\n", encoding="utf-8")
    compiling.folder.cache_clear()
    assert compiling.folder() != before
    assert compiling.folder().parent == before.parent == tmp_path / "kept"
    compiling.folder.cache_clear()


def test_folders_that_nobody_used_for_long_are_removed_and_others_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    old, new, other = tmp_path / ("a" * 16), tmp_path / ("b" * 16), tmp_path / "not-ours"
    for folder in (old, new, other):
        folder.mkdir()
    for folder in (old, other):
        os.utime(folder, (0, 0))
    compiling.folder.cache_clear()
    compiling.folder()
    assert not old.exists()
    assert new.exists()
    assert other.exists()
    compiling.folder.cache_clear()


def test_compiling_leaves_the_place_of_other_libraries_loops_alone() -> None:
    usual = nb.config.CACHE_DIR
    assert compiling.compiled(lambda x: x + 1.0)(1.0) == 2.0
    assert usual == nb.config.CACHE_DIR
