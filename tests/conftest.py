"""What do all tests share?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kalanso.store import Engine, Store

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files that are not part of the repository."""
    folder = Path(os.environ.get("KALANSO_SHARED_DATA", REAL_DATA))
    if not folder.is_dir():
        pytest.skip("the folder of real data files is not here (set KALANSO_SHARED_DATA)")
    return folder


@pytest.fixture
def now() -> datetime:
    """A fixed moment, so that no test depends on the clock."""
    return datetime(2025, 1, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, now: datetime) -> Store:
    """An empty store."""
    return Store.create(tmp_path / "store", country="ML", now=now, memory="1GB", threads=1)


@pytest.fixture(scope="session")
def spark_engine() -> Engine:
    """Spark on this machine, for tests marked `spark`."""
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or 21, which is not installed")
    return Engine.pyspark()


LONG_BY_NATURE = ("spark", "browser")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Count tests on Spark and in a browser among the long ones, and put their files first: begun last, one worker would
    be minutes late with them."""
    for item in items:
        if any(item.get_closest_marker(mark) for mark in LONG_BY_NATURE):
            item.add_marker(pytest.mark.long)
    yield
    spark, browser = (
        {item.path for item in items if item.get_closest_marker(mark)} for mark in LONG_BY_NATURE
    )
    items.sort(key=lambda item: (item.path not in spark, item.path not in browser))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Where the environment is complete, a skipped test is a failed one.

    An environment cannot complete itself by a server of somebody else: such tests (`outside`) stay skipped, with
    their reason, unless that server is named.
    """
    report = yield
    outside = item.get_closest_marker("outside") is not None
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and os.environ.get("KALANSO_NO_SKIP")
        and not outside
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped although nothing may be skipped here: {report.longrepr}"
    return report
