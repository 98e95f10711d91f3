"""What does the manual say of each file of an evidence folder and of each table of results?

Written from the declarations, so that the page and the software cannot differ. After a change of a
declaration, run `python -m kalanso.coverage.evidence_reference docs/reference/estimates.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from kalanso.coverage.comparison_tables import LATER_TABLES
from kalanso.coverage.evidence_tables import EVIDENCE_TABLES, EvidenceTable
from kalanso.coverage.tables import RUN_TABLES, file_columns
from kalanso.store import Column, TableSpec


def evidence_reference() -> str:
    """Return the sections on all files of a folder, as Markdown."""
    return "\n\n".join(_file(table) for table in EVIDENCE_TABLES if table.name != "catchup")


def results_reference() -> str:
    """Return the sections on all tables of a run and on those made after it, as Markdown."""
    return "\n\n".join(_result(spec) for spec in (*RUN_TABLES, *LATER_TABLES))


def _file(table: EvidenceTable) -> str:
    needed = " (needed)" if table.required else ""
    more = "\n| *any other* | number | further columns of numbers |" if table.numeric_others else ""
    return f"### `{table.name}.csv`{needed}\n\n{table.meaning}.\n\n{_columns(table.columns)}{more}"


def _result(spec: TableSpec) -> str:
    columns = [spec.column(name) for name in file_columns(spec)]
    return f"### `{spec.name}`\n\n{spec.meaning}.\n\n{_columns(columns)}"


def _columns(columns: Iterable[Column]) -> str:
    rows = [f"| `{column.name}` | {_kind(column)} | {_meaning(column)} |" for column in columns]
    return "\n".join(["| Column | Kind | Meaning |", "| --- | --- | --- |", *rows])


def _kind(column: Column) -> str:
    named = {
        "string": "text",
        "int": "whole number",
        "float": "number",
        "float32": "number",
        "bool": "yes/no",
    }
    kind = named[column.type]
    if column.unit:
        kind = f"{kind} ({column.unit})"
    return f"{kind}, optional" if column.nullable else kind


def _meaning(column: Column) -> str:
    words = [f"`{word}`" for word in column.values if word]
    return f"{column.meaning}: {', '.join(words)}" if words else column.meaning


def renewed(page: str) -> str:
    """Return a page with the sections between its marks written anew."""
    for name, text in (("files", evidence_reference()), ("tables", results_reference())):
        before, mark, after = page.partition(f"<!-- {name} -->\n")
        _, end, rest = after.partition("<!-- end -->")
        page = f"{before}{mark}\n{text}\n\n{end}{rest}"
    return page


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
