"""Do the fast loops read rows as a general reader of JSON does, or say that they cannot?"""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kalanso.sources.dhis2 import scanning, values
from kalanso.sources.dhis2.scanning import Scanner
from tests.sources.dhis2.dhis2_country import Country
from tests.sources.dhis2.dhis2_server import Dhis2, data_value_set

NAMES = list(values.NAMES.values())
ROOM = Scanner(NAMES, keys=3, size=1 << 20)
KEYS = {"dataElement": "WSy7zOZx1Wl", "period": "202401", "orgUnit": "DiszpKrYNg8"}
UNKEPT = ("storedBy", "comment", "created", "followup")


def rows_of(text: bytes) -> list[dict[str, Any]] | None:
    """What the loops read, or None where they refuse."""
    table = ROOM.table(memoryview(text), values._CODED, "value")
    return None if table is None else table.to_pylist()


def as_read(row: dict[str, Any]) -> dict[str, Any]:
    """What a row means by the rules of `read_values`."""
    told = {name: row.get(theirs) for name, theirs in values.NAMES.items()}
    blanks = {name: "" for name in ("option", "attribute", "saved") if told[name] is None}
    return told | blanks | {"deleted": told["deleted"] is True}


def compact(rows: list[dict[str, Any]], *, plain: bool = False) -> bytes:
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=plain)
    return text.encode("utf-8", "surrogatepass")[1:-1]


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6) | st.sampled_from(
    ["},{", '"', "\\", "é"]
)
anything = st.one_of(st.none(), st.booleans(), texts, st.integers(-9, 9), st.just([]), st.just({"a": 1}))
field_names = st.sampled_from([*NAMES, *UNKEPT])
rows_drawn = st.lists(
    st.dictionaries(field_names, texts | st.none(), max_size=8).map(lambda more: {**KEYS, **more})
    | st.dictionaries(field_names, anything, max_size=12),
    min_size=1,
    max_size=6,
)


@settings(max_examples=400)
@given(rows=rows_drawn, repeat=st.integers(1, 3), plain=st.booleans())
def test_what_the_loops_read_is_what_stands_there(
    rows: list[dict[str, Any]], repeat: int, plain: bool
) -> None:
    found = rows_of(compact(rows * repeat, plain=plain))
    if found is not None:
        assert found == [as_read(row) for row in rows * repeat]


@settings(max_examples=400)
@given(seed=st.integers(0, 2**32), pieces=st.integers(1, 4))
def test_what_is_spoilt_is_refused_or_still_says_what_is_read(seed: int, pieces: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - damage, no secrets
    rows = [
        {**KEYS, "value": str(chance.randrange(99)), "comment": 'a "b" \\u', "deleted": False}
        for _ in range(5)
    ]
    text = bytearray(compact(rows))
    for _ in range(pieces):
        at = chance.randrange(len(text))
        text[at : at + chance.randrange(3)] = bytes(
            chance.choice(b'"\\,:{}[]aufnx0 \n') for _ in range(chance.randrange(3))
        )
    if (found := rows_of(bytes(text))) is None:
        return
    meant = json.loads(b"[" + text + b"]")
    assert found == [as_read(row) for row in meant]


def test_rows_as_the_server_writes_them_are_read_without_another_reader() -> None:
    country = Country(months=("202401", "202402"), elements=6)
    unit = country.at_level(5)[0]["id"]
    country.edit("WSy7zOZx1Wl", "202401", unit, "5", comment='recompté "hier"\n')
    country.edit("hJJlOnVOkV2", "202401", unit, None)
    asked = {"dataSet": [country.data_set], "orgUnit": ["ImspTQPwCqd"], "children": ["true"]}
    body = b"".join(
        data_value_set(Dhis2(country), asked | {"period": list(country.months), "includeDeleted": ["true"]})
    )
    listed = json.loads(body)["dataValues"]
    found = rows_of(body[len(b'{"dataValues":[') : -2])
    assert found == [as_read(row) for row in listed]
    assert any(row["deleted"] for row in found)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"{}", b'{"dataElement":"a","period":"b"}', b'{"dataElement":"a","period":"b","orgUnit":null}',
        b'{"dataElement":"a","period":"b","orgUnit":"c"},', b'{"dataElement":"a","period":"b","orgUnit":"c"} ',
        b'{"dataElement":"a","period":"b","orgUnit":"c","value":"1","value":"2"}',
        b'{"dataElement":"a","period":"b","orgUnit":"c","value":12}', b'{"dataElement":"a","period":"b","orgUnit":"c","deleted":"true"}',
        b'{"dataElement":"a","period":"b","orgUnit":"c","comment":"\\q"}', b'{"dataElement":"a","period":"b","orgUnit":"c","comment":"\n"}',
        b'{"dataElement":"a","period":"b","orgUnit":"c","comment":nothing}', b'{"dataElement":"a","period":"b","orgUnit":"c","comment":"\\u12"}',
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_other_readers(text: bytes) -> None:
    assert rows_of(text) is None


def test_more_than_there_is_room_for_is_left_to_other_readers() -> None:
    row = compact([KEYS])
    small = Scanner(NAMES, keys=3, size=2 * len(row))
    assert small.table(memoryview(row), values._CODED, "value").num_rows == 1
    assert small.table(memoryview(b",".join([row] * 3)), values._CODED, "value") is None


def test_many_fields_in_a_row_are_left_to_other_readers() -> None:
    row = KEYS | {f"x{n}": "" for n in range(scanning.SLOTS - 3)}
    assert rows_of(compact([row])) is not None
    assert rows_of(compact([row | {"one more": ""}])) is None


@pytest.mark.parametrize("window", [700, 5000])
def test_a_long_answer_is_read_by_the_loops_and_by_the_others_where_they_refuse(
    window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "_WINDOW", window)
    monkeypatch.setattr(values, "_FEW", 0)
    rows = [{**KEYS, "value": str(n), "storedBy": "x" * (n % 40)} for n in range(300)]
    rows[70]["value"] = 'with "quotes"'
    rows[71]["comment"] = "é"
    answer = io.BytesIO(b'{"dataValues":[' + compact(rows) + b"]}")
    quick = [row for table in values._quick(answer) for row in table.to_pylist()]
    assert quick == [as_read(row) for row in rows]
