"""Does everything computed follow the observations, part by part, and go on where it was cut short?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kalanso import pipeline
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.progress import step
from kalanso.pipeline.recompute import PARTS
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.sources.catalogue.tables import SOURCE_HOLDINGS
from kalanso.store import Provenance, Store
from kalanso.triangulation.tables import TRIANGULATION_FINDINGS
from tests.pipeline.test_triangulate_verb import TREE, _observations, _places

NOW = datetime(2025, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two parts that take a minute say how far they are and find nothing; others test what they find."""

    def nothing(_store: Store, *, progress: Any, cancel: Any, **_told: Any) -> None:
        step(progress, cancel, "pipeline.check.gathering", 0.5)

    module = sys.modules["kalanso.pipeline.recompute"]
    monkeypatch.setattr(module, "check", nothing)
    monkeypatch.setattr(module, "publish", nothing)


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of one region, with nothing computed yet."""
    folder = tmp_path_factory.mktemp("recomputed") / "store"
    store = Store.create(folder, country="ML", now=NOW, memory="1GB", threads=1)
    parents = [
        {"place_code": code, "tree": "health", "parent_code": above, "source": "t"}
        for code, above in TREE.items()
    ]
    for spec, rows in ((PLACES, _places()), (PLACE_PARENTS, parents), (OBSERVATIONS, _observations())):
        store.publish(spec, rows, provenance=Provenance(sources=("t",)), now=NOW)
    return store


class Noted:
    """Remembers which parts were done, as a job does across its attempts."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.did: list[str] = []

    def __call__(self, step: str, do: Callable[[], Any]) -> None:
        if step not in self.done:
            do()
            self.did.append(step.partition(" ")[0])
            self.done.append(step)


def test_all_parts_follow_new_observations_and_a_second_attempt_does_only_what_was_left(laid: Store) -> None:
    noted, told = Noted(), []
    stop = 0.85  # when the analyses begin

    def progress(message: str, share: float) -> None:
        told.append(share)

    with pytest.raises(pipeline.Cancelled):
        pipeline.recompute(
            laid, once=noted, progress=progress, cancel=lambda: bool(told) and told[-1] >= stop, now=NOW
        )
    first = list(noted.did)
    done = pipeline.recompute(laid, once=noted, now=NOW)
    beside = laid.latest(TRIANGULATION_FINDINGS.name)

    assert first == ["check", "publish", "catalogue"], "what was done before it was stopped stays"
    assert noted.did == list(PARTS)
    assert laid.latest(SOURCE_HOLDINGS.name) is not None
    assert beside is not None
    assert "observations-000001" in beside.provenance.made_from
    assert done.beside == beside.rows > 0
    assert told == sorted(told), "progress never goes back"


def test_other_observations_are_computed_whatever_an_earlier_attempt_had_done(laid: Store) -> None:
    noted = Noted()
    pipeline.recompute(laid, once=noted, now=NOW)
    row = _observations()[-1] | {
        "value": 1500.0
    }  # children of the country, which the analyses read themselves
    laid.publish(OBSERVATIONS, [row], provenance=Provenance(sources=("t",)), now=LATER)
    noted.did.clear()
    done = pipeline.recompute(laid, once=noted, now=LATER)

    assert noted.did == list(PARTS)
    assert done.observations == 2


def test_a_store_without_observations_is_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(pipeline.NothingToWorkOn):
        pipeline.recompute(store, now=NOW)

    assert store.latest(TRIANGULATION_FINDINGS.name) is None
