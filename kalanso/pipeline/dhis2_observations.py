"""How do the values of a DHIS2 server become observations, each of them accounted for?

By the meanings that a person confirmed. What nobody gave a meaning is counted as skipped; what has no
period, place or number of ours is rejected with its reason. A form that was due and says nothing about
a number is a blank, which is not a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.meanings import ANY, Meanings
from kalanso.sources.dhis2.metadata import Metadata
from kalanso.sources.dhis2.periods import period_of
from kalanso.sources.judging import NUMBER_LIMIT
from kalanso.sources.readings import LISTED_OBSERVATIONS
from kalanso.sources.receipts import Receipt, Rejection

EXAMPLES = 200  # refused values listed one by one; all of them are counted
QUALITIES = ("indicator", "product", "age_band", "strategy", "sector", "sex")
_MEANING = ", ".join(QUALITIES)
REASONS = {
    "period": "sources.rejected.dhis2_period", "unit": "sources.rejected.dhis2_unit",
    "number": "sources.rejected.not_a_number", "attributes": "sources.rejected.dhis2_attributes",
}  # fmt: skip
NOT_MAPPED = "sources.skipped.dhis2_not_mapped"


class ObservationWork:
    """One pass from values to observations, in an engine whose memory is bounded."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        values: Path,
        reports: Path,
        meanings: Meanings,
        metadata: Metadata,
    ) -> None:
        self.connection, self.meanings, self.metadata = connection, meanings, metadata
        connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS SELECT * FROM read_parquet('{values}')")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW reports AS SELECT * FROM read_parquet('{reports}')")

    def write(self, target: Path, names: Mapping[str, tuple[str, str]], receipt: Receipt) -> dict[str, int]:
        """Write rows of LISTED_OBSERVATIONS and return how many stored values each place has.

        `names` gives for each uid the name of the place and the name above it under which it is known.
        """
        self._register(names)
        self._judge()
        self._count(receipt)
        columns = ", ".join(f'"{name}"' for name in LISTED_OBSERVATIONS.names)
        self.connection.execute(
            f"COPY (SELECT {columns} FROM ({self._rows()}) ORDER BY period_start, listed_code, indicator) "
            f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
        found = self.connection.execute(
            "SELECT unit, count(*) FROM judged WHERE verdict = '' GROUP BY 1"
        ).fetchall()
        return {str(unit): int(count) for unit, count in found}

    def _register(self, names: Mapping[str, tuple[str, str]]) -> None:
        self.connection.register("meaning", _meaning_table(self.meanings, self.metadata))
        self.connection.register(
            "place",
            pa.table(
                {
                    "unit": pa.array(list(names), pa.string()),
                    "listed_name": pa.array([name for name, _ in names.values()], pa.string()),
                    "listed_parent": pa.array([above for _, above in names.values()], pa.string()),
                }
            ),
        )
        codes = self.connection.execute(
            "SELECT period FROM raw UNION SELECT period FROM reports ORDER BY 1"
        ).fetchall()
        self.connection.register("when_", _period_table([code for (code,) in codes]))

    def _judge(self) -> None:
        number = 'TRY_CAST("value" AS DOUBLE)'
        self.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE judged AS
            SELECT r.element, r."option", r.attribute, r.unit, r.period, r."value", {number} AS number,
                w.code, w.period_type, w.period_start, p.listed_name, p.listed_parent, m.data_set, {_MEANING},
                m.attributes, m.doses_each,
                CASE WHEN m.element IS NULL THEN 'not_mapped' WHEN w.code IS NULL THEN 'period'
                     WHEN p.unit IS NULL THEN 'unit'
                     WHEN trim(coalesce("value", '')) <> '' AND ({number} IS NULL OR NOT isfinite({number})
                          OR abs({number}) > {NUMBER_LIMIT}) THEN 'number'
                     ELSE '' END AS verdict
            FROM raw r
            LEFT JOIN meaning m ON r.element = m.element AND (m."option" = '{ANY}' OR m."option" = r."option")
            LEFT JOIN when_ w ON r.period = w.period
            LEFT JOIN place p ON r.unit = p.unit"""
        )
        # Who reports to several funders must not be counted twice, nor be taken for one of them.
        self.connection.execute(
            """UPDATE judged SET verdict = 'attributes' WHERE verdict = '' AND attributes = 'one'
            AND (unit, code, element, "option") IN (SELECT (unit, code, element, "option") FROM judged
                WHERE verdict = '' GROUP BY unit, code, element, "option" HAVING count(DISTINCT attribute) > 1)"""
        )

    def _count(self, receipt: Receipt) -> None:
        found = dict(self.connection.execute("SELECT verdict, count(*) FROM judged GROUP BY 1").fetchall())
        receipt.read = sum(found.values())
        receipt.stored = found.get("", 0)
        if skipped := found.get("not_mapped", 0):
            receipt.skipped[NOT_MAPPED] += skipped
        for verdict, reason in REASONS.items():
            if count := found.get(verdict, 0):
                receipt.rejections += self._examples(verdict, reason)
                listed = sum(r.reason == reason for r in receipt.rejections)
                receipt.rejected_beyond_list[reason] += count - listed
        ages = self.connection.execute(
            "SELECT count(*) FROM judged WHERE verdict = '' AND age_band = 'unknown' AND indicator LIKE '%\\_doses' ESCAPE '\\'"
        ).fetchall()[0][0]
        if ages:
            receipt.suspicious["sources.suspicious.age_unknown"] += int(ages)

    def _examples(self, verdict: str, reason: str) -> list[Rejection]:
        rows = self.connection.execute(
            'SELECT unit, period, element, "option", attribute, "value" FROM judged WHERE verdict = $verdict '
            f"ORDER BY ALL LIMIT {EXAMPLES}",
            {"verdict": verdict},
        ).fetchall()
        units, elements = self.metadata.units, self.metadata.elements
        examples = []
        for unit, period, element, _, attribute, value in rows:
            what = {"period": period, "unit": unit, "attributes": attribute}.get(verdict, value)
            where = f"{units.get(unit, {}).get('name', unit)}, {period}"
            column = str(elements.get(element, {}).get("name", element))
            examples.append(Rejection(reason=reason, row=0, column=column, found=f"{what} ({where})"))
        return examples

    def _rows(self) -> str:
        """Return the query for numbers that were reported and blanks that a due form left."""
        reports = (
            "r.expected AS reports_expected, r.received AS reports_received, r.on_time AS reports_on_time"
        )
        qualities = ", ".join(f"s.{name}" for name in QUALITIES)
        same = " AND ".join(f"o.{name} = m.{name}" for name in QUALITIES)
        return f"""
            WITH summed AS (
                SELECT unit, any_value(listed_name) AS listed_name, any_value(listed_parent) AS listed_parent, code,
                    any_value(period_type) AS period_type, any_value(period_start) AS period_start,
                    min(data_set) AS data_set, {_MEANING}, sum(number * doses_each) AS total
                FROM judged WHERE verdict = '' GROUP BY unit, code, {_MEANING}),
            due AS (
                SELECT r.unit, p.listed_name, p.listed_parent, w.code, w.period_type, w.period_start, r.data_set,
                    r.expected, r.received, r.on_time
                FROM reports r JOIN place p ON r.unit = p.unit JOIN when_ w ON r.period = w.period AND w.code IS NOT NULL),
            blank AS (
                SELECT r.*, m.* EXCLUDE (data_set) FROM due r
                JOIN (SELECT DISTINCT data_set, {_MEANING} FROM meaning) m ON r.data_set = m.data_set
                WHERE r.expected > 0 AND NOT EXISTS (
                    SELECT 1 FROM summed o WHERE o.unit = r.unit AND o.code = r.code AND {same}))
            SELECT s.unit AS listed_code, s.listed_name, s.listed_parent, s.code AS period, s.period_type, s.period_start,
                total AS "value", CASE WHEN total IS NULL THEN 'missing' WHEN total = 0 THEN 'zero' ELSE 'reported' END
                AS status, {qualities}, {reports}
            FROM summed s LEFT JOIN due r ON r.data_set = s.data_set AND r.unit = s.unit AND r.code = s.code
            UNION ALL BY NAME
            SELECT s.unit AS listed_code, s.listed_name, s.listed_parent, s.code AS period, s.period_type, s.period_start,
                NULL::DOUBLE AS "value", 'missing' AS status, {qualities}, s.expected AS reports_expected,
                s.received AS reports_received, s.on_time AS reports_on_time
            FROM blank s"""


def _meaning_table(meanings: Meanings, metadata: Metadata) -> pa.Table:
    """Return confirmed meanings with the form on which each element stands."""
    form: dict[str, str] = {}
    for data_set in meanings.data_sets:
        for element in metadata.elements_of(data_set):
            form.setdefault(element, data_set)
    rows: list[dict[str, Any]] = []
    for entry in meanings.confirmed:
        m = entry.meaning
        rows.append(
            {
                "element": entry.element, "option": entry.option, "data_set": form.get(entry.element, ""),
                "indicator": m.indicator, "product": m.product, "age_band": m.age_band, "strategy": m.strategy,
                "sector": m.sector, "sex": m.sex, "attributes": entry.attributes, "doses_each": entry.doses_each,
            }
        )  # fmt: skip
    names = ("element", "option", "data_set", *QUALITIES, "attributes")
    schema = pa.schema([*((name, pa.string()) for name in names), ("doses_each", pa.int64())])
    return pa.Table.from_pylist(rows, schema=schema)


def _period_table(codes: list[str]) -> pa.Table:
    rows = []
    for code in codes:
        try:
            period = period_of(code)
        except DhisFault:
            continue
        rows.append(
            {
                "period": code,
                "code": period.code,
                "period_type": period.type.value,
                "period_start": period.start,
            }
        )
    schema = pa.schema(
        [
            ("period", pa.string()),
            ("code", pa.string()),
            ("period_type", pa.string()),
            ("period_start", pa.date32()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)
