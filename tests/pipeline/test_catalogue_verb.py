"""Does `catalogue` find what was planted in the sources of the example country, and nothing else?"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from kalanso import definitions, simulation
from kalanso.cli import main
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline import Catalogued, NothingToWorkOn, catalogue
from kalanso.pipeline.catalogue import PUBLISHED
from kalanso.pipeline.demo import publish_sources
from kalanso.pipeline.demo_catalogue import score
from kalanso.simulation.other_sources import SURVEILLANCE, WORKBOOKS
from kalanso.store import Store

pytestmark = pytest.mark.long

NOW = datetime.fromisoformat("2025-01-15T12:00+00:00")


@pytest.fixture(scope="module")
def country() -> simulation.ExampleCountry:
    return simulation.example_country(size="small")


@pytest.fixture(scope="module")
def full_store(tmp_path_factory: pytest.TempPathFactory, country: simulation.ExampleCountry) -> Store:
    folder = tmp_path_factory.mktemp("catalogue") / "store"
    store = Store.create(folder, country="ML", demo=True, now=NOW, memory="1GB", threads=1)
    publish_sources(store, country, "demo", now=NOW)
    return store


@pytest.fixture(scope="module")
def found(full_store: Store) -> Catalogued:
    return catalogue(full_store, now=NOW)


def test_nothing_planted_is_missed_and_nothing_else_is_named(
    found: Catalogued, country: simulation.ExampleCountry
) -> None:
    pack = definitions.load("ML")

    told = score(
        found.tables, country.planted_sources.to_pandas(), complete=pack.threshold("provisional.complete"),
        days=int(pack.threshold("provisional.days")),
    )  # fmt: skip

    assert set(told["kind"]) == {
        "redundant", "disagreement", "silent", "absent", "corrected", "delay", "uncovered", "stopped", "unheld",
    }  # fmt: skip
    assert (told["planted"] > 0).all()
    assert told["missed"].sum() == 0, told.to_string()
    assert told["false_alarms"].sum() == 0, told.to_string()


def test_silences_of_the_monthly_reports_are_those_that_plain_counting_finds(
    found: Catalogued, full_store: Store, country: simulation.ExampleCountry
) -> None:
    parents = country.place_parents.to_pandas()
    above = parents[parents["tree"] == "health"].set_index("place_code")["parent_code"].to_dict()
    rows = full_store.read(OBSERVATIONS).to_pandas()
    rows = rows[(rows["source"] == "demo-snis") & (rows["indicator"] == "dtp1_doses") & rows["value"].notna()]
    there: dict[str, set[str]] = {}
    for place, period in rows[["place_code", "period"]].itertuples(index=False):
        while place is not None and not place.startswith("ML-D"):
            place = above.get(place)
        if place:
            there.setdefault(place, set()).add(period)
    months = [f"{year}{month:02d}" for year in range(2021, 2025) for month in range(1, 13)]
    slow = 0
    for seen in there.values():
        flags = [month in seen for month in months]
        flags = flags[flags.index(True) :]
        runs = "".join("x" if flag else "." for flag in flags).split("x")
        slow += sum(len(run) >= 2 for run in runs)

    gaps = found.rows("catalogue_gaps")
    own = gaps[
        (gaps["kind"] == "silent") & (gaps["source"] == "demo-snis") & (gaps["indicator"] == "dtp1_doses")
    ]
    assert len(own) == slow


def test_the_facts_of_a_source_stand_in_one_row(found: Catalogued) -> None:
    facts = found.rows("source_facts").set_index(["source", "series"])

    workbooks = facts.loc[(WORKBOOKS, "")]
    assert (workbooks["declared"], workbooks["finest_level"], workbooks["last_period"]) == (
        "dvdmt",
        "district",
        "202409",
    )
    assert (workbooks["redundant_with"], workbooks["vintages"], workbooks["lag_days"]) == (
        "demo-snis",
        10,
        15.0,
    )
    assert workbooks["state"] == "late"
    assert facts.loc[("demo-coverage", "WUENIC"), "declared"] == "wuenic"
    assert facts.loc[("lqas", ""), "state"] == "declared_only"
    assert "undeclared" not in set(facts["state"])


def test_the_catalogue_is_published_once_and_the_same_numbers_change_nothing(
    found: Catalogued, full_store: Store
) -> None:
    first = catalogue(full_store, now=NOW)  # another test may have looked on another day
    again = catalogue(full_store, now=NOW)

    assert again.snapshots == first.snapshots
    assert [name.rsplit("-", 1)[0] for name in found.snapshots] == [spec.name for spec in PUBLISHED]
    for spec in PUBLISHED:
        assert full_store.read(spec).count().execute() == len(found.rows(spec.name))


def test_months_that_the_newest_state_knows_in_part_are_provisional(
    found: Catalogued, country: simulation.ExampleCountry
) -> None:
    planted = country.planted_sources.to_pandas()
    slow = planted[(planted["kind"] == "delay") & (planted["value"] == 4)]["place_code"].iloc[0]
    told = found.rows("provisional_periods")
    own = told[
        (told["source"] == WORKBOOKS) & (told["indicator"] == "dtp1_doses") & (told["place_code"] == slow)
    ]

    assert dict(zip(own["period"], own["known_share"].round(2), strict=True)) == {
        "202409": 0.45, "202408": 0.75, "202407": 0.9,
    }  # fmt: skip


def test_a_store_without_numbers_is_refused(store: Store, now: datetime) -> None:
    with pytest.raises(NothingToWorkOn):
        catalogue(store, now=now)


def test_the_other_sources_leave_the_monthly_reports_as_they_are(country: simulation.ExampleCountry) -> None:
    sources = set(country.observations["source"].to_pylist())
    others = [*(rows for _, rows in country.other_sources.states), country.other_sources.surveillance]

    assert not sources & {WORKBOOKS, SURVEILLANCE}
    assert {name for rows in others for name in set(rows["source"].to_pylist())} == {WORKBOOKS, SURVEILLANCE}


def test_the_command_line_says_it_in_sentences_and_as_json(
    full_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for words in (["--lang", "en", "catalogue"], ["catalogue", "--json"]):
        with pytest.raises(SystemExit) as left:
            main([*words, "--store", str(full_store.folder)])
        assert left.value.code == 0
        told.append(capsys.readouterr().out)

    assert "say the same thing twice" in " ".join(told[0].split())
    assert {spec.name for spec in PUBLISHED} == set(json.loads(told[1]))


def test_a_demonstration_keeps_its_past_when_it_is_built_in_two_steps(
    tmp_path: Path, country: simulation.ExampleCountry
) -> None:
    store = Store.create(tmp_path / "store", country="ML", demo=True, now=NOW, memory="1GB", threads=1)
    publish_sources(store, country, "demo", now=NOW)
    before = [m.id for m in store.history(OBSERVATIONS.name)]

    publish_sources(store, country, "demo", now=NOW)

    assert [m.id for m in store.history(OBSERVATIONS.name)] == before
