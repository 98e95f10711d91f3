"""How does a test show its table?

    place | period | indicator  | value
    A     | 202401 | dtp1_doses | 10

Columns are parted by `|`; a line of dashes and lines beginning with `#` are left out; `-` is an empty
cell. What a table does not say gets the default of its kind.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso import definitions, indicators
from kalanso.indicators.tables import INDICATOR_VALUES, OBSERVATIONS
from kalanso.vocabulary import Period

TODAY = date(2030, 1, 1)


def parse(text: str) -> list[dict[str, str | None]]:
    """Return the rows of a text table, every cell as text."""
    lines = [line.strip() for line in text.strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith("#") and set(line) - set("-+| ")]
    heading = [cell.strip() for cell in lines[0].split("|")]
    rows = []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split("|")]
        assert len(cells) == len(heading), f"{line!r} has {len(cells)} cells, the heading {len(heading)}"
        rows.append({name: None if cell == "-" else cell for name, cell in zip(heading, cells, strict=True)})
    return rows


def observations(text: str) -> pa.Table:
    """Return observations; columns expected/received stand for the reports."""
    return OBSERVATIONS.arrow([_observation(row) for row in parse(text)])


def _observation(row: dict[str, str | None]) -> dict[str, Any]:
    period = Period.parse(str(row["period"]))
    value = None if row["value"] is None else float(row["value"])
    doses = str(row["indicator"]).endswith("_doses")
    found: dict[str, Any] = {
        "source": "dhis2", "place_code": row["place"], "period": period.code, "period_type": period.type.value,
        "period_start": period.start, "indicator": row["indicator"], "value": value,
        "status": "missing" if value is None else "zero" if value == 0 else "reported", "product": "",
        "age_band": "0-11m" if doses else "all", "strategy": "all", "sector": "all", "sex": "all",
        "reports_expected": None, "reports_received": None, "reports_on_time": None,
    }  # fmt: skip
    renamed = {"age": "age_band", "expected": "reports_expected", "received": "reports_received"}
    for name, cell in row.items():
        column = renamed.get(name, name)
        if column in {"place", "period", "value", "indicator"} or cell is None:
            continue
        found[column] = float(cell) if column.startswith("reports_") else cell
    return found


def lineage(text: str) -> pa.Table:
    """Return the lineage of a tree written as `place | level | parent`."""
    rows = {str(row["place"]): row for row in parse(text)}
    found = []
    for place in rows:
        above: str | None = place
        while above is not None:
            found.append((place, above, rows[above]["level"]))
            above = rows[above]["parent"]
    columns = list(zip(*found, strict=True))
    names = ("place_code", "ancestor_code", "ancestor_level")
    return pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)}
    )


def tables(counts: pa.Table, tree: pa.Table) -> tuple[ir.Table, ir.Table]:
    """Return both tables in one fresh engine."""
    engine = ibis.duckdb.connect(threads=1)
    return engine.create_table("counts", counts), engine.create_table("tree", tree)


def question(*codes: str, period: str = "month", **choices: Any) -> indicators.IndicatorQuestion:
    """Return a question about these indicators, asked long after the data."""
    return indicators.IndicatorQuestion.from_dict(
        {"indicators": codes, "period_type": period, "today": TODAY.isoformat(), **choices}
    )


def run(expression: ir.Table) -> pa.Table:
    """Return the rows of an expression; not merging its steps halves the time to write the SQL."""
    before = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        return expression.to_pyarrow()
    finally:
        ibis.options.sql.fuse_selects = before


def answer(
    counts: pa.Table, tree: pa.Table, asked: indicators.IndicatorQuestion, country: str = "generic"
) -> list[dict[str, Any]]:
    """Return the evaluated rows, checked against the published columns and their key."""
    pack = definitions.load(country)
    expression = indicators.evaluate(*tables(counts, tree), pack, asked)
    rows = INDICATOR_VALUES.arrow(run(expression)).to_pylist()
    keys = [tuple(row[name] for name in INDICATOR_VALUES.key) for row in rows]
    assert len(set(keys)) == len(keys), "two rows share a key"
    order = ("indicator", "source", "place_code", "period_start", "adjusted", "denominator_name")
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in order))


def show(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    """Return these columns of the rows; numbers rounded to 4 places, caveats without their prefix."""
    return [tuple(_shown(row[column]) for column in columns) for row in rows]


def _shown(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    return value.removeprefix("indicators.caveat.") if isinstance(value, str) else value
