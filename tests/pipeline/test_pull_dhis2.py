"""Does a pull from a DHIS2 server lose nothing, double nothing, and go on where it was stopped?"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kalanso import pipeline
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.progress import Cancelled
from kalanso.places.tables import PLACE_CODES, PLACE_PARENTS, PLACES
from kalanso.sources.dhis2 import Credentials, DhisFault, Limits, Meanings, Transport
from kalanso.sources.dhis2.meanings import ElementMeaning
from kalanso.sources.dhis2.tables import DHIS2_CHANGES, DHIS2_PULLS, DHIS2_UNITS
from kalanso.sources.tables import IMPORTS, REJECTED_ROWS
from kalanso.store import Store, TableSpec
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_faults import Faults
from tests.sources.dhis2.dhis2_plans import FIRST, LAST, every_element
from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2, running

pytestmark = pytest.mark.long

NOW = datetime(2025, 2, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Dhis2]:
    with running(Dhis2(Country())) as made:
        yield made


@pytest.fixture
def pull(server: Dhis2) -> Iterator[Callable[..., Any]]:
    with ExitStack() as closing:

        def make(store: Store, plan: Meanings, **told: Any) -> Any:
            limits = told.pop("limits", {})
            transport = closing.enter_context(
                Transport(
                    address=server.context, credentials=Credentials(token=TOKEN), sleep=lambda _: None,
                    limits=Limits(**{"read": 5.0, "total": 20.0, **limits}), rng=random.Random(2),  # noqa: S311
                )
            )  # fmt: skip
            settings: dict[str, Any] = {"first": FIRST, "last": LAST, "new_places": True, "now": NOW, **told}
            return pipeline.pull_dhis2(store, transport, plan, **settings)

        yield make


def held(store: Store) -> dict[tuple[str, str, str], float]:
    """What the store holds, by uid of the facility, period and indicator; blanks left out."""
    codes = store.read(PLACE_CODES).to_pandas()
    uid = dict(zip(codes["place_code"], codes["code"], strict=True))
    rows = store.read(OBSERVATIONS).to_pandas()
    keys = zip(rows["place_code"].map(uid), rows["period"], rows["indicator"], strict=True)
    found = [(key, value) for key, value in zip(keys, rows["value"], strict=True) if not pd.isna(value)]
    assert len({key for key, _ in found}) == len(found), "a value is there twice"
    return dict(found)


def frame(store: Store, spec: TableSpec) -> pd.DataFrame:
    return store.read(spec).to_pandas()


def last_pull(store: Store) -> Any:
    return frame(store, DHIS2_PULLS).sort_values("taken_at").iloc[-1]


def asked_sets(server: Dhis2) -> list[dict[str, list[str]]]:
    return [params for path, params in server.asked if path == "dataValueSets.json"]


def truth(country: Country) -> dict[tuple[str, str, str], float]:
    names = {e["id"]: f"made_up_{n}" for n, e in enumerate(country.data_elements)}
    return {(u, p, names[e]): float(v) for (e, p, u, _), v in country.truth().items() if v}


def test_a_first_pull_brings_every_value_once_and_every_place(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    told = pull(store, every_element(server.country))
    assert held(store) == truth(server.country)
    receipt = told.imported.receipt
    assert (receipt.read, receipt.stored) == (len(server.country.truth()), len(server.country.truth()))
    assert told.request.mode == "full"
    assert not store.verify()


def test_a_stock_counted_in_vials_becomes_doses(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)
    first, *others = plan.elements
    vials = replace(first, indicator="stock_closing_doses", product="bcg", age_band="", doses_each=20)
    pull(store, replace(plan, elements=(vials, *others)))
    counted = {key: value for key, value in truth(server.country).items() if key[2] == "made_up_0"}
    found = {key: value for key, value in held(store).items() if key[2] == "stock_closing_doses"}
    assert counted
    assert found == {
        (unit, period, "stock_closing_doses"): 20 * value for (unit, period, _), value in counted.items()
    }


def test_the_journal_of_every_request_is_kept_with_the_snapshot(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    pull(store, every_element(server.country))
    latest = store.latest(OBSERVATIONS.name)
    assert latest is not None
    (made,) = latest.provenance.inputs
    kept = store.folder / "files" / made.sha256[:2] / made.sha256
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [line["path"] for line in lines[:3]] == ["me", "system/info", "organisationUnitLevels"]
    assert len(lines) == len(server.asked) == last_pull(store).requests
    assert all(line["outcome"] == "answered" and line["at"] and len(line["sha256"]) == 64 for line in lines)


def test_a_second_pull_asks_only_for_what_changed_deletions_included(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country = server.country
    plan = every_element(country)
    pull(store, plan)
    before, snapshot = held(store), store.latest(OBSERVATIONS.name)
    facility, element = country.at_level(5)[0]["id"], country.data_elements[0]["id"]
    country.pass_time(days=3)
    country.edit(element, "202401", facility, "41", comment="corrigé par Awa")
    country.edit(element, "202402", facility, None)
    country.edit(country.data_elements[1]["id"], "202403", facility, "7")
    country.pass_time(hours=2)
    server.asked.clear()

    told = pull(store, plan)

    assert told.request.mode == "increment"
    assert all(p["includeDeleted"] == ["true"] and "period" not in p for p in asked_sets(server))
    assert {p["lastUpdated"][0] for p in asked_sets(server)} == {"2025-02-04T07:00:00"}, (
        "an hour before the first pull"
    )
    assert held(store) == truth(country) != before
    row = last_pull(store)
    assert row.received == 3
    assert row.altered + row.added + row.removed in {2, 3}, "a change that changes nothing is none"
    assert snapshot is not None
    kept = store.read(OBSERVATIONS, as_of=snapshot.id).filter(lambda t: t.value.notnull()).count().execute()
    assert kept == len(before), "history stays in the earlier snapshot"


def test_a_pull_without_changes_changes_nothing(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)
    pull(store, plan)
    first = store.latest(OBSERVATIONS.name)
    server.country.pass_time(days=1)
    told = pull(store, plan)
    assert (told.laid.received, told.laid.added, told.laid.altered, told.laid.removed) == (0, 0, 0, 0)
    assert store.latest(OBSERVATIONS.name) == first


def test_what_was_saved_while_a_pull_ran_comes_with_the_next(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country, plan = server.country, every_element(server.country)
    facility = country.at_level(5)[-1]["id"]

    def meanwhile() -> bool:
        if len(server.asked) == 12:
            country.edit(country.data_elements[0]["id"], "202401", facility, "55")
        return False

    pull(store, plan, cancel=meanwhile)
    country.pass_time(days=1)
    pull(store, plan)
    assert held(store) == truth(country)


def test_more_than_before_is_asked_for_in_full(server: Dhis2, store: Store, pull: Callable[..., Any]) -> None:
    plan = every_element(server.country)
    late, modes = date(2024, 2, 1), []
    for told in ({"first": late}, {"first": FIRST}, {"first": late}, {"first": late, "full": True}):
        modes.append(pull(store, plan, **told).request.mode)
        server.country.pass_time(minutes=1)
        if len(modes) > 1:
            assert held(store) == truth(server.country), "months outside a full pull stay"
    assert modes == ["full", "full", "increment", "full"]


def test_a_month_that_was_saved_before_it_was_first_asked_for_is_not_lost(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    """The values of March were saved before the first pull, which ended in February."""
    plan = every_element(server.country)
    pull(store, plan, last=date(2024, 2, 29))
    server.country.pass_time(days=3)
    told = pull(store, plan, last=LAST)
    assert told.request.mode == "increment"
    assert held(store) == truth(server.country)
    whole = [p["period"] for p in asked_sets(server) if "period" in p][-3:]
    assert whole == [["202403"]] * 3


def test_months_of_an_earlier_pull_go_on_being_kept_up(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country, plan = server.country, every_element(server.country)
    pull(store, plan)
    country.pass_time(days=1)
    country.edit(country.data_elements[0]["id"], "202401", country.at_level(5)[0]["id"], "88")
    country.edit(country.data_elements[1]["id"], "202401", country.at_level(5)[1]["id"], None)
    assert pull(store, plan, first=date(2024, 3, 1)).request.mode == "increment"
    assert held(store) == truth(country)


def test_an_element_that_joins_the_form_and_a_place_that_joins_the_account_are_read_whole(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country, plan = server.country, every_element(server.country)
    elements = list(country.data_elements)
    country.data_elements = elements[:3]
    server.capture = ("OU2x0000001",)
    pull(store, plan)
    country.data_elements = elements
    country.pass_time(days=1)
    assert pull(store, plan).request.mode == "increment"
    server.capture = ("ImspTQPwCqd",)
    country.pass_time(days=1)
    assert pull(store, plan).request.mode == "increment"
    assert held(store) == truth(country)


def test_a_full_pull_takes_away_what_is_no_longer_there(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country, plan = server.country, every_element(server.country)
    pull(store, plan)
    country.pass_time(days=1)
    country.edit(country.data_elements[2]["id"], "202401", country.at_level(5)[3]["id"], None)
    told = pull(store, plan, full=True)
    assert held(store) == truth(country)
    assert told.laid.removed <= 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_faults_at_random_neither_lose_nor_double(
    seed: int, server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    server.faults = Faults(rate=0.3, seed=seed)
    server.page_limit = 7  # many pages, so that faults fall on lists too
    pull(store, every_element(server.country), limits={"attempts": 30})
    assert sum(server.faults.played.values()) >= 3
    assert held(store) == truth(server.country)


def test_stopped_at_random_and_resumed_it_gives_the_same_table(
    server: Dhis2, tmp_path: Path, now: datetime, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)
    whole = Store.create(tmp_path / "whole", country="ML", now=now, memory="1GB", threads=1)
    pull(whole, plan)
    cut = Store.create(tmp_path / "cut", country="ML", now=now, memory="1GB", threads=1)
    chance = random.Random(7)  # noqa: S311
    stops = 0
    for _ in range(60):
        left = chance.randint(1, 9)  # one look for each piece that arrives

        def stop() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        try:
            pull(cut, plan, cancel=stop)
            break
        except Cancelled:
            stops += 1
            server.country.pass_time(minutes=10)
    told = pull(cut, plan)
    assert stops >= 3
    assert held(cut) == held(whole) == truth(server.country)
    assert len(frame(cut, IMPORTS)) == len(frame(cut, DHIS2_PULLS)), "one receipt for each pull"
    assert told.imported.receipt.stored == len(truth(server.country))


def test_a_piece_that_arrived_is_not_asked_for_again(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)

    def stop_after_values() -> bool:
        return any((store.folder / "landing").rglob("values/*.json"))

    with pytest.raises(Cancelled):
        pull(store, plan, cancel=stop_after_values)
    done = len(list((store.folder / "landing").rglob("values/*.json")))
    assert done >= 1
    server.asked.clear()
    told = pull(store, plan)
    assert told.resumed
    assert len(asked_sets(server)) == 3 - done, "two regions and the country itself"


def test_what_is_too_much_is_asked_in_smaller_pieces(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    server.largest_set = 20  # two facilities for two months with four elements are 16
    told = pull(store, every_element(server.country))
    assert held(store) == truth(server.country)
    assert len(asked_sets(server)) > 20
    assert told.imported.receipt.stored == len(truth(server.country))


def test_a_server_that_never_answers_in_time_is_named_and_what_came_is_kept(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)
    server.largest_set = 1  # even one facility, one month is too much
    with pytest.raises(DhisFault, match="not finish in time"):
        pull(store, plan)
    assert store.latest(OBSERVATIONS.name) is None
    server.largest_set = 0
    pull(store, plan)
    assert held(store) == truth(server.country)


def test_a_due_form_without_a_number_leaves_a_blank_and_counts_its_reports(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country = server.country
    pull(store, every_element(country))
    rows = frame(store, OBSERVATIONS)
    grid = len(country.at_level(5)) * len(country.months) * len(country.data_elements)
    assert len(rows) == grid
    assert (rows.status == "missing").sum() == grid - len(truth(country))
    assert (rows.reports_expected == 1).all()
    one = rows[rows.indicator == "made_up_0"]
    came = sum(country.reported(u["id"], m)[0] for u in country.at_level(5) for m in country.months)
    in_time = sum(country.reported(u["id"], m)[1] for u in country.at_level(5) for m in country.months)
    assert (one.reports_received.sum(), one.reports_on_time.sum()) == (came, in_time)


def test_where_analytics_are_not_there_reports_come_from_registrations(
    server: Dhis2, tmp_path: Path, now: datetime, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)
    stores = [Store.create(tmp_path / n, country="ML", now=now, memory="1GB", threads=1) for n in ("a", "b")]
    pull(stores[0], plan)
    server.analytics_down = "E7144x"
    told = pull(stores[1], plan)
    columns = ["period", "indicator", "reports_expected", "reports_received", "reports_on_time"]
    sums = [frame(s, OBSERVATIONS)[columns].groupby(["period", "indicator"]).sum() for s in stores]
    assert sums[0].equals(sums[1])
    assert [n.id for n in told.imported.receipt.notes if n.id.endswith("registrations")]


def test_analytics_stand_in_for_values_that_may_not_be_read(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    server.analytics_limit = 40  # so that cells must be asked in smaller questions
    told = pull(store, every_element(server.country), feed="analytics")
    assert held(store) == truth(server.country)
    assert asked_sets(server) == []
    said = replace(every_element(server.country), feed="analytics")
    again = pull(store, said)
    assert (again.request.feed, again.request.mode) == ("analytics", "full"), (
        "the plan says it for every pull"
    )
    assert [n.id for n in told.imported.receipt.notes if n.id.endswith(".analytics")]


def test_values_stay_with_their_facility_when_it_moves_and_the_move_is_dated(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country, plan = server.country, every_element(server.country)
    pull(store, plan)
    facility, areas = country.at_level(5)[0], country.at_level(4)
    old, new = areas[0], areas[-1]
    facility |= {
        "parent": {"id": new["id"]},
        "path": f"{new['path']}/{facility['id']}",
        "name": "CSCom de Moribala",
    }
    country.units.sort(key=lambda u: u["level"])
    closed = country.at_level(5)[1]
    closed["closedDate"] = "2025-01-31T00:00:00.000"
    country.pass_time(days=10)

    told = pull(store, plan)

    assert held(store) == truth(country)
    codes = frame(store, PLACE_CODES)
    ours = dict(zip(codes.code, codes.place_code, strict=True))
    links = frame(store, PLACE_PARENTS)
    mine = links[(links.place_code == ours[facility["id"]]) & (links.tree == "health")].sort_values(
        "valid_from"
    )
    seen = {(r.parent_code, str(r.valid_from)[:10], str(r.valid_to)[:10]) for r in mine.itertuples()}
    none = {"None", "NaT"}
    assert {(p, "" if f in none else f, "" if t in none else t) for p, f, t in seen} == {
        (ours[old["id"]], "", "2025-02-13"), (ours[new["id"]], "2025-02-14", ""),
    }  # fmt: skip
    places = frame(store, PLACES).set_index("place_code")
    assert places.loc[ours[facility["id"]], "name"] == "CSCom de Moribala"
    assert str(places.loc[ours[closed["id"]], "valid_to"])[:10] == "2025-01-31"
    assert {c.kind for c in told.changes} == {"moved", "renamed", "closed"}
    assert set(frame(store, DHIS2_CHANGES).kind) == {"moved", "renamed", "closed"}
    assert frame(store, DHIS2_UNITS).uid.is_unique
    assert len(places) == len(country.units), "no unit became two places"
    again = pull(store, plan)
    assert again.changes == []


def test_what_cannot_be_stored_is_counted_with_its_reason(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country = server.country
    facility = country.at_level(5)[0]["id"]
    elements = [e["id"] for e in country.data_elements]
    country.edit(elements[0], "202401", facility, "douze")
    country.edit(elements[1], "202401", facility, "1e400")
    country.edit(elements[2], "202401", facility, "12", option="otherOption")
    plan = every_element(country)
    only = replace(plan, elements=(*plan.elements[:2], replace(plan.elements[2], option=country.options[0])))
    told = pull(store, only)
    receipt = told.imported.receipt
    assert receipt.rejected["sources.rejected.not_a_number"] == 2
    last = sum(e == elements[3] for e, *_ in country.truth())
    assert receipt.skipped["sources.skipped.dhis2_not_mapped"] == last + 1
    assert receipt.read == receipt.stored + receipt.skipped.total() + receipt.rejected.total()
    found = set(frame(store, REJECTED_ROWS).found)
    assert found == {"douze (CSCom 0001, 202401)", "1e400 (CSCom 0001, 202401)"}


def test_options_are_added_only_where_a_person_said_so(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    server.country = Country(ages=True, elements=1)
    plan = every_element(server.country)
    element = server.country.data_elements[0]["id"]
    young = ElementMeaning(
        element=element,
        option=server.country.options[0],
        indicator="dtp1_doses",
        age_band="0-11m",
        status="confirmed",
    )
    only_young = replace(plan, elements=(young,))
    pull(store, only_young)
    ages = {
        (r.indicator, r.age_band): r.value
        for r in frame(store, OBSERVATIONS).itertuples()
        if r.value == r.value
    }
    assert set(ages) == {("dtp1_doses", "0-11m")}
    first = frame(store, OBSERVATIONS).value.sum()
    both = replace(plan, elements=(young, replace(young, option=server.country.options[1])))
    pull(store, both, full=True)
    assert frame(store, OBSERVATIONS).value.sum() == 2 * first


def test_nothing_is_replaced_where_the_server_suddenly_holds_nothing(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    plan = every_element(server.country)
    pull(store, plan)
    before = held(store)
    server.country.facility_order.clear()
    server.analytics_down = "E7120"
    server.answers["completeDataSetRegistrations"] = lambda h: h.message(409, "E2014", "no")
    with pytest.raises(pipeline.CannotImport, match="Nothing was replaced"):
        pull(store, plan, full=True)
    assert held(store) == before


def test_neither_people_nor_secrets_reach_the_store(
    server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    country = server.country
    country.edit(
        country.data_elements[0]["id"],
        "202401",
        country.at_level(5)[0]["id"],
        "5",
        comment="patiente Fanta K.",
    )
    server.answers = {}
    with pytest.raises(Cancelled):
        pull(store, every_element(country), cancel=lambda: len(asked_sets(server)) >= 3)
    pull(store, every_element(country))
    for path in store.folder.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            assert TOKEN.encode() not in body, path
            if path.suffix == ".parquet":
                told = str(pd.read_parquet(path).to_dict()) if body else ""
                assert "awa.traore" not in told, path
                assert "Fanta" not in told, path
            else:
                assert b"Fanta" not in body, path


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"source": ""}, "short name"), ({"data_sets": ()}, "no data set"), ({"levels": {}}, "which level"),
        ({"elements": ()}, "No element"), ({"data_sets": ("DSunknown01",)}, "does not show"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_meant_is_refused(
    changed: dict[str, Any], said: str, server: Dhis2, store: Store, pull: Callable[..., Any]
) -> None:
    with pytest.raises(pipeline.CannotImport, match=said):
        pull(store, replace(every_element(server.country), **changed))
    assert store.tables() == []
