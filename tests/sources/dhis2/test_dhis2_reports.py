"""Are reports counted, never taken from a rate that was cut at 100 %?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kalanso.sources.dhis2 import DhisFault, Metadata, Transport, fetch_metadata
from kalanso.sources.dhis2.analytics import Cell, Cells, ask, read_cells
from kalanso.sources.dhis2.chunks import Chunk
from kalanso.sources.dhis2.reports import reports_by_analytics, reports_by_registrations
from tests.sources.dhis2.dhis2_server import Dhis2, body_of

Connect = Callable[..., Transport]
HEADERS = [{"name": name} for name in ("dx", "pe", "ou", "value")]


def form(server: Dhis2) -> Chunk:
    return Chunk(data_set=server.country.data_set, units=("ImspTQPwCqd",), periods=server.country.months)


def test_reports_are_counts_and_a_form_that_came_more_often_than_due_shows(
    server: Dhis2, connect: Connect
) -> None:
    rows = [
        ["DS.EXPECTED_REPORTS", "202401", "A", "1"],
        ["DS.ACTUAL_REPORTS", "202401", "A", "2.0"],
        ["DS.EXPECTED_REPORTS", "202401", "B", "1"],
    ]
    server.answers["analytics.json"] = body_of(json.dumps({"headers": HEADERS, "rows": rows}).encode())
    chunk = Chunk(data_set="DS", units=("ImspTQPwCqd",), periods=("202401",))
    found = reports_by_analytics(connect(server), chunk, 5).to_pylist()
    assert [(r["unit"], r["expected"], r["received"], r["on_time"]) for r in found] == [
        ("A", 1, 2, 0),
        ("B", 1, 0, 0),
    ]
    asked = [params["dimension"][0] for path, params in server.asked if path == "analytics.json"]
    assert asked == ["dx:DS.EXPECTED_REPORTS;DS.ACTUAL_REPORTS;DS.ACTUAL_REPORTS_ON_TIME"]
    assert "REPORTING_RATE" not in asked[0]


def test_both_ways_of_counting_reports_agree(server: Dhis2, connect: Connect) -> None:
    transport = connect(server)
    metadata = fetch_metadata(transport)
    due = {unit["id"] for unit in server.country.at_level(5)}

    def table(found: Any) -> list[tuple[Any, ...]]:
        return sorted(
            (r["unit"], r["period"], r["expected"], r["received"], r["on_time"]) for r in found.to_pylist()
        )

    one = table(reports_by_analytics(transport, form(server), 5))
    other = table(reports_by_registrations(transport, form(server), metadata, due))
    assert one == other
    assert len(one) == len(due) * len(server.country.months)


def test_a_report_is_in_time_until_a_day_after_the_days_allowed(server: Dhis2, connect: Connect) -> None:
    """`(date - period end in days) <= timelyDays + 1` (JdbcCompletenessTableManager): 31 January and 15 days."""
    metadata = Metadata(
        lists={
            "dataSets": [{"id": "DS", "timelyDays": 15.0}],
            "organisationUnits": [{"id": u, "path": f"/{u}", "level": 5} for u in "ABCDE"],
        }
    )
    told = {"A": "2024-02-16", "B": "2024-02-17", "C": "2024-01-20", "D": "2024-02-16"}
    rows = [
        {"dataSet": "DS", "period": "202401", "organisationUnit": u, "date": d, "completed": u != "D"}
        for u, d in told.items()
    ]
    server.answers["completeDataSetRegistrations"] = body_of(
        json.dumps({"completeDataSetRegistrations": rows}).encode()
    )
    chunk = Chunk(data_set="DS", units=tuple("ABCDE"), below=False, periods=("202401",))
    found = reports_by_registrations(connect(server), chunk, metadata, set("ABCD")).to_pylist()
    assert [(r["unit"], r["expected"], r["received"], r["on_time"]) for r in found] == [
        ("A", 1, 1, 1), ("B", 1, 1, 0), ("C", 1, 1, 1), ("D", 1, 0, 0),
    ]  # fmt: skip


def test_a_place_owes_reports_only_while_it_is_open(server: Dhis2, connect: Connect) -> None:
    country = server.country
    first, second = country.at_level(5)[:2]
    first["closedDate"], second["openingDate"] = "2024-02-10T00:00:00.000", "2024-03-01T00:00:00.000"
    country.facility_order = {
        u: n for u, n in country.facility_order.items() if u not in {first["id"], second["id"]}
    }
    metadata = fetch_metadata(connect(server))
    due = {first["id"], second["id"]}
    found = reports_by_registrations(connect(server), form(server), metadata, due).to_pylist()
    owed = {(r["unit"], r["period"]) for r in found if r["expected"]}
    assert owed == {(first["id"], "202401"), (first["id"], "202402"), (second["id"], "202403")}


def test_too_many_cells_are_asked_for_in_halves(server: Dhis2, connect: Connect) -> None:
    country = server.country
    cells = Cells(
        items=tuple(e["id"] for e in country.data_elements),
        periods=country.months,
        places=("ImspTQPwCqd",),
        level=5,
    )
    whole = ask(connect(server), cells)
    server.analytics_limit = 20
    server.asked.clear()
    pieces = ask(connect(server), cells)
    assert sorted(map(repr, pieces)) == sorted(map(repr, whole))
    assert len(server.asked) > 4
    server.analytics_limit = -1
    with pytest.raises(DhisFault) as caught:
        ask(
            connect(server),
            Cells(
                items=(country.data_elements[0]["id"],), periods=("202401",), places=("ImspTQPwCqd",), level=5
            ),
        )
    assert caught.value.case == "e7128"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"headers": HEADERS, "rows": [["a", "202401", "u", "1.5"]]}, [Cell(item="a", period="202401", place="u", value=1.5)]),
        ({"headers": [{"name": n} for n in ("value", "ou", "pe", "dx")], "rows": [["2", "u", "2024", "a"]]}, [Cell(item="a", period="2024", place="u", value=2)]),
        ({"headers": [{"name": n} for n in ("dx", "pe", "value")], "rows": [["a", "2024", "2"]]}, [Cell(item="a", period="2024", place="", value=2)]),
        ({"headers": HEADERS}, []),
    ],
)  # fmt: skip
def test_columns_are_found_by_their_names(answer: dict[str, Any], found: list[Cell]) -> None:
    assert read_cells(answer) == found


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"headers": [{"name": "dx"}], "rows": []},
        {"headers": HEADERS, "rows": [["a"]]},
        {"headers": HEADERS, "rows": [["a", "b", "c", "x"]]},
    ],
)
def test_an_answer_of_another_shape_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(DhisFault):
        read_cells(answer)


def test_recorded_analytics_of_a_outside_are_read(shared_data: Path) -> None:
    counted = {}
    for path in sorted((shared_data / "dhis2" / "api").glob("*analytics*")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        cells = read_cells(answer)
        counted[path.name[-11:-5]] = len(cells)
        assert len(cells) == len(answer["rows"])
        assert all(cell.value >= 0 and len(cell.item) >= 11 for cell in cells)
    assert len(counted) == 3
