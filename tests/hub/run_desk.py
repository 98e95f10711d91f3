"""A desk to test runs at: a tiny store of two health areas, an engine that samples nothing, a worker on call."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from kalanso.indicators.tables import COVERAGE_SERIES, OBSERVATIONS
from kalanso.store import Store
from tests.coverage.made_up_engine import MadeUpEngine
from tests.hub.visitors import person
from tests.pipeline.test_evidence_folder import place_rows, put, seen

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
WHY = "la revue du trimestre"


class Desk:
    """The store, and how people and the worker act on it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.engine = MadeUpEngine()
        self.follow = False  # whether the published tables follow each step at once

    def ask(self, by: Any = None, **changes: Any) -> Any:
        """Ask for a run as somebody of the national centre."""
        from kalanso.coverage import Question
        from kalanso.hub.evidence.actions import runs
        from kalanso.hub.evidence.queries.runs import snapshots

        question = Question(**({"draws": 20} | changes))
        return runs.ask_run(
            by=by or person("researcher"),
            question=question,
            quarters=36,
            why=WHY,
            snapshots=snapshots(),
            now=NOW,
        )

    def work(self) -> list[Any]:
        """Let the worker do all that waits, but for setting sources beside one another; return the jobs."""
        from django.conf import settings

        from kalanso.hub.jobs.tasks import work_once

        done, kinds = [], frozenset(settings.KALANSO_JOBS) - {"evidence.set_beside"}
        while (job := work_once("w", kinds=kinds)) is not None:
            done.append(job)
        return done

    def computed(self, by: Any = None, **changes: Any) -> Any:
        """Return a run that the worker has computed."""
        run = self.ask(by, **changes)
        self.work()
        run.refresh_from_db()
        assert run.work == "done", run.refused
        return run

    def check(self, run: Any, by: Any = None) -> None:
        """Sign every point of a run in review."""
        from kalanso.hub.evidence.actions import runs
        from kalanso.hub.evidence.models import RunCheck

        answers = {point.value: (True, "vu et expliqué") for point in RunCheck.Point}
        runs.check_run(by=by or person("researcher", name="relectrice"), run=run, answers=answers, now=NOW)

    def move(self, run: Any, after: str, by: Any = None, reason: str = "") -> Any:
        """Move a run to a state as somebody of the national centre."""
        from kalanso.hub.evidence.actions import runs

        step = runs.move_run(by=by or person("national"), run=run, after=after, reason=reason, now=NOW)
        if self.follow:
            self.work()
        run.refresh_from_db()
        step.refresh_from_db()
        return step

    def brought_to(self, state: str, **changes: Any) -> Any:
        """Return a new run that stands in a state."""
        run = self.computed(**changes)
        for after in ("technical_review", "validated", "published"):
            if run.state == state:
                break
            if after == "validated":
                self.check(run)
            self.move(run, after)
        return run


@pytest.fixture
def desk(hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A tiny store with a year of doses and official series, served by the hub."""
    from kalanso.hub.people import tasks

    store = Store.create(tmp_path / "store", country="ML", demo=True, now=NOW, memory="1GB", threads=1)
    place_rows(store)
    months = [f"2024{month:02d}" for month in range(1, 13)]
    put(store, OBSERVATIONS, [
        *[seen(place, month, 20) for place in ("F1", "F2", "CS") for month in months],
        *[seen(place, "2024", 300, "surviving_infants", source="census") for place in ("H1", "H2")],
    ])  # fmt: skip
    put(store, COVERAGE_SERIES, [
        {"source": "wiisemart", "place_code": "ML", "period": "2024", "period_type": "year", "period_start": date(2024, 1, 1),
         "indicator": "dtp1_coverage", "category": category, "coverage": share, "survey": "", "evidence": "", "validity": "",
         "children_age": "", "vaccinated_by": "", "vintage": "2024"}
        for category, share in (("ADMIN", 1.04), ("OFFICIAL", 0.92), ("WUENIC", 0.77))
    ])  # fmt: skip
    made = Desk(store)
    monkeypatch.setattr(sys.modules["kalanso.pipeline.estimate"], "published_engine", lambda: made.engine)
    # a slow machine must not bring a second thread into the transaction of a test
    monkeypatch.setattr("kalanso.hub.jobs.tasks.HEARTBEAT", 3600.0)
    with override_settings(KALANSO_STORE=store.folder, KALANSO_CACHE=tmp_path / "cache"):
        tasks.mirror(store, today=date(2025, 2, 15))
        yield made
