"""Does the server of these tests answer as a real one does?

Held to answers recorded from DHIS2's demonstration server, and to the rules of its manual and its code.
"""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from tests.sources.dhis2.dhis2_server import TOKEN, Dhis2


def get(server: Dhis2, path: str, *params: tuple[str, str], token: str = TOKEN) -> tuple[int, Any]:
    """Ask with the standard library, so that the fake is not judged by the client that it tests."""
    request = urllib.request.Request(  # noqa: S310
        f"{server.context}/api/{path}?{urlencode(params)}", headers={"Authorization": f"ApiToken {token}"}
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def shape(value: Any) -> Any:
    """The kinds of values by name, for comparing two answers."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def agree(ours: Any, theirs: Any, where: str = "") -> None:
    """What the fake says must be of the kind that the real server says under the same name."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() & theirs.keys():
            agree(ours[name], theirs[name], f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if ours and theirs:
            agree(ours[0], theirs[0], f"{where}[]")
    else:
        assert ours == theirs, where


@pytest.mark.parametrize(
    ("path", "recorded", "fields"),
    [
        ("me", "play.dhis2.org_2.36_api_me.json", ""),
        ("organisationUnits", "android_organisation_units.json", "id,code,name,shortName,level,path,parent,openingDate,closedDate,geometry"),
        ("dataElements", "android_data_elements.json", "id,code,name,shortName,valueType,aggregationType,domainType,zeroIsSignificant,categoryCombo"),
        ("dataSets", "android_data_sets.json", "id,name,code,periodType,expiryDays,timelyDays,openFuturePeriods,categoryCombo,dataSetElements"),
    ],
)  # fmt: skip
def test_answers_have_the_shape_of_recorded_ones(
    path: str, recorded: str, fields: str, server: Dhis2, shared_data: Path
) -> None:
    theirs = json.loads((shared_data / "dhis2" / "api" / recorded).read_text(encoding="utf-8"))
    params = [("fields", fields), ("pageSize", "1000"), ("order", "id:asc")] if fields else []
    _, ours = get(server, path, *params)
    agree(shape(ours), shape(theirs), path)
    if fields:
        common = set(ours[path][-1]) & set(theirs[path][-1])
        assert {"id", "name"} <= common


def test_analytics_have_the_columns_of_recorded_ones(server: Dhis2, shared_data: Path) -> None:
    path = sorted((shared_data / "dhis2" / "api").glob("*analytics.json-b*"))[0]
    theirs = json.loads(path.read_text(encoding="utf-8"))
    element = server.country.data_elements[0]["id"]
    _, ours = get(
        server,
        "analytics.json",
        ("dimension", f"dx:{element}"),
        ("dimension", "pe:202401"),
        ("dimension", "ou:LEVEL-5;ImspTQPwCqd"),
    )
    assert [h["name"] for h in ours["headers"]] == [h["name"] for h in theirs["headers"]]
    assert set(ours["headers"][0]) == set(theirs["headers"][0])
    assert all(isinstance(cell, str) for row in (*ours["rows"], *theirs["rows"]) for cell in row)


def test_values_have_the_fields_of_dhis2s_own_tests(server: Dhis2, shared_data: Path) -> None:
    theirs = json.loads((shared_data / "dhis2" / "core_fixtures" / "dataValues_bulk.json").read_bytes())
    _, ours = values(server, ("period", "202401"))
    assert set(theirs["dataValues"][0]) <= set(ours["dataValues"][0])
    agree(shape(ours), shape(theirs))


def values(server: Dhis2, *params: tuple[str, str], unit: str = "ImspTQPwCqd") -> tuple[int, Any]:
    return get(
        server, "dataValueSets.json", ("dataSet", server.country.data_set), ("orgUnit", unit), ("children", "true"), *params
    )  # fmt: skip


def test_pages_are_of_fifty_and_unordered_unless_asked(server: Dhis2) -> None:
    code, first = get(server, "organisationUnits")
    assert (code, first["pager"]["pageSize"], set(first["organisationUnits"][0])) == (200, 50, {"id", "name"})
    _, one = get(server, "organisationUnits", ("pageSize", "5"), ("page", "1"))
    _, ordered = get(server, "organisationUnits", ("pageSize", "5"), ("page", "1"), ("order", "id:asc"))
    assert set(one["pager"]) == {"page", "pageCount", "total", "pageSize", "nextPage"}
    assert [u["id"] for u in ordered["organisationUnits"]] == sorted(u["id"] for u in server.country.units)[
        :5
    ]
    everywhere = [
        get(server, "organisationUnits", ("pageSize", "5"), ("page", str(n)))[1]
        for n in range(1, one["pager"]["pageCount"] + 1)
    ]
    seen = [u["id"] for page in everywhere for u in page["organisationUnits"]]
    assert len(set(seen)) < len(seen) == len(server.country.units), (
        "unordered pages repeat rows and skip others"
    )
    _, last = get(server, "organisationUnits", ("pageSize", "5"), ("page", str(one["pager"]["pageCount"])))
    assert "nextPage" not in last["pager"]


def test_changes_are_from_a_moment_on_that_moment_included(server: Dhis2) -> None:
    country = server.country
    facility, element = country.at_level(5)[0]["id"], country.data_elements[0]["id"]
    country.pass_time(days=1)
    country.edit(element, "202401", facility, "77")
    moment = country.now.isoformat()
    country.pass_time(days=1)
    country.edit(element, "202402", facility, None)
    since = [
        len(values(server, ("lastUpdated", text))[1]["dataValues"])
        for text in (moment, country.now.isoformat())
    ]
    assert since == [1, 0], "a deletion is not told unasked"
    _, told = values(server, ("lastUpdated", moment), ("includeDeleted", "true"))
    assert [(row["value"], row["deleted"]) for row in told["dataValues"]] == [("77", False), ("", True)]
    _, now = values(server, ("period", "202402"))
    assert (facility, element) not in {(r["orgUnit"], r["dataElement"]) for r in now["dataValues"]}


def test_an_empty_set_is_an_empty_list(server: Dhis2) -> None:
    assert values(server, ("period", "201001")) == (200, {"dataValues": []})


def test_errors_are_web_messages(server: Dhis2) -> None:
    code, told = get(server, "dataValueSets.json")
    assert code == 409
    assert {
        "httpStatus": "Conflict",
        "httpStatusCode": 409,
        "status": "ERROR",
        "errorCode": "E2001",
    }.items() <= told.items()
    assert get(server, "me", token="wrong")[0] == 401


def test_numbers_follow_the_rule_with_gaps(server: Dhis2) -> None:
    country = server.country
    _, told = values(server, ("period", "202401"), ("period", "202402"), ("period", "202403"))
    found = {
        (r["dataElement"], r["period"], r["orgUnit"], r["categoryOptionCombo"]): r["value"]
        for r in told["dataValues"]
    }
    assert found == country.truth()
    assert 0 < len(found) < len(country.at_level(5)) * 3 * len(country.data_elements)
