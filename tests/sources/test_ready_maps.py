"""Can a table with the headings of a ready-made column map be imported without writing a map?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from kalanso import definitions
from kalanso.indicators.tables import OBSERVATIONS
from kalanso.pipeline.check import check
from kalanso.pipeline.import_file import import_file
from kalanso.sources import BadFile, load_map, mapped
from kalanso.sources.column_maps import ColumnMap, ready_maps
from kalanso.store import Store

NAMES = sorted(ready_maps())


def table_for(column_map: ColumnMap, path: Path) -> list[str]:
    """Write one row under the headings of a map, with a different number in each column; return the headings."""
    place, period = column_map.place, column_map.period
    when = {"year": "2024", "quarter": "T2 2024", "month": "2024-05"}[period.type]
    told = dict.fromkeys(filter(None, [place.parent]), "Ségou")
    told |= {place.name: "Niono", **dict.fromkeys(column_map.ignore, "30")}
    told |= {period.column: when} if period.column else {period.year: "2024", period.month: "mai"}
    told |= dict.fromkeys(filter(None, [column_map.columns.get("product", "")]), "penta")
    told |= dict.fromkeys(filter(None, [column_map.columns.get("age_band", "")]), "12-23 mois")
    told |= dict.fromkeys(filter(None, [column_map.columns.get("sex", "")]), "Filles")
    for number, heading in enumerate(column_map.indicators, 1):
        told[heading] = f"0.{number}" if column_map.unit == "share" else str(10 * number)
    path.write_text(";".join(told) + "\n" + ";".join(told.values()) + "\n", encoding="utf-8")
    return list(column_map.indicators)


@pytest.mark.parametrize("name", NAMES)
def test_a_table_with_the_headings_of_a_ready_map_is_read_as_the_map_says(name: str, tmp_path: Path) -> None:
    column_map = load_map(Path(name))
    headings = table_for(column_map, tmp_path / f"{name}.csv")

    reading = mapped.read(tmp_path / f"{name}.csv", column_map=column_map)

    assert reading.receipt.stored == len(headings)
    assert not reading.receipt.rejections
    rows = reading.observations.to_pylist()  # type: ignore[union-attr]
    assert {row["listed_name"] for row in rows} == {"Niono"}
    assert {row["period"] for row in rows} <= {"202405", "2024Q2", "2024"}
    known = definitions.load("ML").indicators
    counted = {one.parts.get("of") for one in known.values()}
    assert [
        row["indicator"] for row in rows if row["indicator"] not in known and row["indicator"] not in counted
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_ready_map_states_a_licence_and_the_list_of_its_names(name: str) -> None:
    column_map = load_map(ready_maps()[name])
    assert column_map.licence
    assert column_map.place.system
    assert column_map.place.vintage


def test_incidents_are_never_finer_than_district_and_month() -> None:
    column_map = load_map(Path("security-incidents"))
    assert (column_map.place.level, column_map.period.type) == ("district", "month")


def test_a_column_that_the_map_does_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cas.csv"
    table_for(load_map(Path("measles-cases")), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{lines[0]};Décès\n{lines[1]};2\n", encoding="utf-8")

    with pytest.raises(BadFile) as refused:
        mapped.read(path, column_map=load_map(Path("measles-cases")))
    assert "Décès" in refused.value.render("fr")


def test_a_name_that_no_map_has_is_said() -> None:
    with pytest.raises(BadFile):
        load_map(Path("rougeole-2"))


def test_a_file_of_the_same_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stock").write_text((ready_maps()["lqas"]).read_text(encoding="utf-8"), encoding="utf-8")
    assert load_map(Path("stock")).place.system == "lqas"


def test_stock_that_does_not_add_up_is_found_after_an_import_by_the_ready_map(
    store: Store, tmp_path: Path, now: datetime
) -> None:
    heads = "District;Formation sanitaire;Année;Mois;Produit;Stock initial;Reçu;Utilisé;Pertes;Sorties;Stock final;Jours de rupture"
    lines, held = [heads], 200
    for month in range(1, 13):
        closing = held + 100 - 90 - 10
        said = closing + 400 if month == 6 else closing
        lines.append(f"Niono;CSCom de Boura;2024;{month};penta;{held};100;90;10;0;{said};0")
        held = closing
    path = tmp_path / "stock.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    done = import_file(store, "tables", path, options={"map": "stock"}, now=now)
    found = check(store, now=now)

    assert done.source == "e-lmis"
    assert store.read(OBSERVATIONS).count().execute() == 12 * 7
    assert found.by_check["stock"] >= 1
