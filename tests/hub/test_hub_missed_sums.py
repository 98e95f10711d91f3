"""Are missed children of several places added draw by draw, for those who may read the draws, and never otherwise?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import override_settings

from kalanso.coverage.tables import COVERAGE_ESTIMATES, COVERAGE_ESTIMATES_YEARLY, DRAWS
from kalanso.places.tables import PLACE_PARENTS, PLACES
from kalanso.store import Provenance, Store
from tests.hub import made_up_run
from tests.hub.conftest import NOW
from tests.hub.portfolio_desk import PAGE, intervention, planned
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

HOW_MANY, BIRTHS = 200, 50.0
QUARTERS = made_up_run.QUARTERS[-4:]


@pytest.fixture
def hand(quick_hand: Any) -> None:
    """Nothing is drawn here."""


@pytest.fixture(scope="session")
def drawn(small_store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store whose draws have one doubt in common, and estimates of districts that rest on them."""
    folder = tmp_path_factory.mktemp("drawn") / "store"
    shutil.copytree(small_store.folder, folder, ignore=shutil.ignore_patterns("cache"))
    store = Store.open(folder, memory="1GB", threads=1)
    places = store.read(PLACES).to_pyarrow().to_pylist()
    rows = store.read(PLACE_PARENTS).to_pyarrow().to_pylist()
    parents = {
        row["place_code"]: row["parent_code"]
        for row in sorted(rows, key=lambda one: one["tree"] == "health")
        if row["valid_to"] is None
    }
    made_up_run.publish(store, places, parents, now=NOW)
    rng = np.random.default_rng(7)
    common = rng.normal(0, 0.08, HOW_MANY)
    coverage, districts = {}, {}
    for place in places:
        if place["level"] == "health_area":
            own = np.clip(0.7 + common + rng.normal(0, 0.02, HOW_MANY), 0, 1).astype("float32")
            coverage[place["place_code"]] = own
            at = parents[place["place_code"]]
            districts[at] = districts.get(at, 0) + 4 * BIRTHS * (1 - own.astype(float))
    _publish(store, coverage, districts)
    return folder, districts


def _publish(store: Store, coverage: dict[str, Any], districts: dict[str, Any]) -> None:
    told = {"sources": ("demo-snis",), "note": f"run {made_up_run.RUN}", "state": "draft"}
    draws = [
        made_up_run.filled(DRAWS, {"place_code": code, "period": quarter, "draw": n + 1, "dtp1_coverage": float(one), "surviving_infants": BIRTHS})
        for code, several in coverage.items() for quarter in QUARTERS for n, one in enumerate(several)
    ]  # fmt: skip
    store.publish(DRAWS, draws, provenance=Provenance(**told), now=NOW + timedelta(hours=1))
    for spec, more in ((COVERAGE_ESTIMATES_YEARLY, {"span": "rolling4"}), (COVERAGE_ESTIMATES, {})):
        rows = [
            made_up_run.filled(spec, {
                "place_code": code, "period": QUARTERS[-1], "indicator": "dtp1", "place_level": "parent", "missed_children_mean": several.mean(),
                "missed_children_q025": np.quantile(several, 0.025), "missed_children_q975": np.quantile(several, 0.975),
                "coverage_mean": 0.7, "coverage_q025": 0.5, "coverage_q975": 0.9, "surviving_infants_mean": 900.0,
                "surviving_infants_q025": 800.0, "surviving_infants_q975": 1000.0, "rank_mean": 1.0, "rank_q025": 1.0, "rank_q975": 2.0, **more,
            })
            for code, several in districts.items()
        ]  # fmt: skip
        store.publish(spec, rows, provenance=Provenance(**told), now=NOW + timedelta(hours=1))


@pytest.fixture
def ground(
    hand: None, drawn: tuple[Path, dict[str, Any]], hub: None
) -> Iterator[tuple[Any, dict[str, Any], Any]]:
    """A line in three districts, of the store with draws."""
    folder, districts = drawn
    with override_settings(KALANSO_STORE=folder):
        one = intervention(person("national"))
        for code in sorted(districts)[:3]:
            planned(person("national"), one, code)
        yield one, districts, sorted(districts)[:3]


def test_the_interval_of_a_sum_is_that_of_its_joint_draws(ground: Any) -> None:
    one, districts, codes = ground
    page = visitor("national").get(f"{PAGE}intervention/{one.code}/")
    total = page.context["missed"].total
    draws = sum(districts[code] for code in codes)
    low, high = np.quantile(draws, (0.025, 0.975), method="weibull")
    assert (total.mean, total.low, total.high) == pytest.approx((draws.mean(), low, high), rel=1e-5)
    ends = [
        sum(np.quantile(districts[code], share, method="weibull") for code in codes)
        for share in (0.025, 0.975)
    ]
    assert total.width < ends[1] - ends[0]
    assert "dans les 3 districts ensemble" in text_of(page)
    assert text_of(page).count("enfants zéro dose (entre") == 4


def test_who_may_not_read_the_draws_reads_no_sum(ground: Any) -> None:
    one, _districts, codes = ground
    for visit in (visitor("partner"), visitor("donor"), visitor("district", codes[0])):
        page = visit.get(f"{PAGE}intervention/{one.code}/")
        assert page.context["missed"].total is None
        assert "districts ensemble" not in text_of(page)


def test_draws_that_do_not_give_back_the_estimates_give_no_sum(ground: Any, monkeypatch: Any) -> None:
    from kalanso.hub.explore.queries import shelf, sums
    from kalanso.hub.people.queries.access import access_of, scope_of
    from kalanso.hub.people.queries.here import reading_as

    _one, _districts, codes = ground
    with reading_as(scope_of(access_of(person("national")))):
        here = shelf.current()
        assert sums.missed(here, codes, together=True).total is not None
        before = sums._joint
        monkeypatch.setattr(sums, "_joint", lambda *told: before(*told) * 1.2)
        assert sums.missed(here, codes, together=True).total is None
        monkeypatch.setattr(sums, "_joint", lambda *told: before(*told)[:30])
        assert sums.missed(here, codes, together=True).total is None
        # One place alone says what its estimate says.
        assert sums.missed(here, codes[:1], together=True).total is not None


def test_the_grid_says_the_children_of_each_district_and_where_the_numbers_come_from(ground: Any) -> None:
    _one, districts, codes = ground
    page = visitor("national").get(PAGE)
    missed = page.context["grid"].codes
    assert missed == sorted(missed, key=missed.index)
    said = text_of(page)
    assert said.count("enfants zéro dose (entre") == 3
    assert "quatre trimestres jusqu'au T4 2024" in said
    assert "Zéro dose : aucune première dose" in said
    assert set(codes) <= set(districts)
