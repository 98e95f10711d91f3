"""Is every row of a data value set read as it stands, and nothing that is no row?"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from kalanso.sources.dhis2 import values
from kalanso.sources.dhis2.transport import BadAnswer
from kalanso.sources.dhis2.values import read_values

ROW = {
    "dataElement": "fbfJHSPpUQD", "period": "202401", "orgUnit": "DiszpKrYNg8", "categoryOptionCombo": "HllvX50cXC0",
    "attributeOptionCombo": "HllvX50cXC0", "value": "12", "storedBy": "awa", "created": "2024-02-01T00:00:00.000+0000",
    "lastUpdated": "2024-02-01T00:00:00.000+0000", "comment": "recompté", "followup": False,
}  # fmt: skip


def read(folder: Path, content: Any) -> list[dict[str, Any]]:
    text = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    rows = read_values(io.BytesIO(text), folder / "x.parquet")
    found = pq.read_table(folder / "x.parquet").to_pylist()
    assert len(found) == rows
    return found


def test_a_row_keeps_its_key_value_and_moment_and_nothing_about_people(tmp_path: Path) -> None:
    assert read(tmp_path, {"dataValues": [ROW]}) == [
        {
            "element": "fbfJHSPpUQD", "period": "202401", "unit": "DiszpKrYNg8", "option": "HllvX50cXC0",
            "attribute": "HllvX50cXC0", "value": "12", "saved": "2024-02-01T00:00:00.000+0000", "deleted": False,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [{"dataValues": []}, {}, b'{"dataValues":[]}', b' {\n "dataValues" : [ ] \n}\n', {"dataValues": None}],
)
def test_nothing_is_nothing_however_it_is_written(content: Any, tmp_path: Path) -> None:
    assert read(tmp_path, content) == []


def test_deleted_rows_and_empty_values_are_told_apart(tmp_path: Path) -> None:
    rows = [
        {**ROW, "deleted": True, "value": ""},
        {**ROW, "value": None},
        {**ROW, "value": "", "deleted": False},
        {**ROW, "deleted": None},
    ]
    found = [(row["value"], row["deleted"]) for row in read(tmp_path, {"dataValues": rows})]
    assert found == [("", True), (None, False), ("", False), ("12", False)]


def test_a_remark_that_looks_like_the_end_of_a_row_confuses_nobody(tmp_path: Path) -> None:
    tricky = ['a},{"dataElement":"fake"', "}]}", 'quote " and \\ back', "},{", "é ] }, {", "\n},{\n"]
    rows = [{**ROW, "comment": text, "value": str(n)} for n, text in enumerate(tricky)]
    assert [row["value"] for row in read(tmp_path, {"dataValues": rows})] == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("window", [64, 300, 1000, 5000])
def test_rows_are_whole_wherever_the_pieces_are_cut(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "_WINDOW", window)
    rows = [{**ROW, "value": str(n), "comment": "é" * (n % 5)} for n in range(200)]
    assert [row["value"] for row in read(tmp_path, {"dataValues": rows})] == [str(n) for n in range(200)]


def test_the_quick_way_and_the_careful_way_read_the_same(tmp_path: Path) -> None:
    rows = [{k: v for k, v in ROW.items() if k not in dropped} | {"value": str(n)} for n, dropped in enumerate(
        [(), ("categoryOptionCombo",), ("attributeOptionCombo", "lastUpdated"), ("comment", "followup"), ("storedBy",)]
    )]  # fmt: skip
    compact = json.dumps({"dataValues": rows}, separators=(",", ":")).encode()
    quick = [row for table in values._quick(io.BytesIO(compact)) for row in table.to_pylist()]
    careful = [row for table in values._careful(io.BytesIO(compact)) for row in table.to_pylist()]
    assert quick == careful
    assert len(quick) == 5


@pytest.mark.parametrize("missing", ["dataElement", "period", "orgUnit"])
def test_a_value_without_its_key_is_refused(missing: str, tmp_path: Path) -> None:
    row = {k: v for k, v in ROW.items() if k != missing}
    with pytest.raises(BadAnswer) as caught:
        read(tmp_path, {"dataValues": [ROW, row]})
    assert (caught.value.case, caught.value.found) == ("value_without_key", missing)


@pytest.mark.parametrize(
    ("content", "case"),
    [
        (b'{"dataValues":[{"dataElement":"a","period":"2024"', "bad_json"), (b"", "bad_json"), (b"[1,2", "bad_json"),
        (b'{"dataValues":[{"a":1},{"b":2}', "bad_json"), (b'{"dataValues":[{]}', "bad_json"),
        (b'{"dataValues":["text"]}', "other_shape"), (b'{"dataValues":{}}', "other_shape"), (b"[]", "other_shape"),
        (b'{"httpStatusCode":409,"dataValues":[]}', "other_shape"), (b'{"dataValues":[{"value":"\xff"}]}', "not_utf8"),
        (b"\xff\xfe", "not_utf8"), (b"[" * 200_000, "bad_json"),
        (json.dumps({"dataValues": [ROW]}).encode()[:-1] + b',"more":}', "bad_json"),
    ],
)  # fmt: skip
def test_what_is_no_data_value_set_is_refused(content: bytes, case: str, tmp_path: Path) -> None:
    with pytest.raises(BadAnswer) as caught:
        read(tmp_path, content)
    assert caught.value.case == case


def test_rows_of_the_tests_of_dhis2_itself_are_read(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "dhis2" / "core_fixtures" / "dataValues_bulk.json"
    listed = json.loads(path.read_bytes())["dataValues"]
    assert read_values(io.BytesIO(path.read_bytes()), tmp_path / "x.parquet") == len(listed)
    found = pq.read_table(tmp_path / "x.parquet")
    assert found["value"].to_pylist() == [str(row["value"]) for row in listed]
    assert found["unit"].to_pylist() == [row["orgUnit"] for row in listed]
