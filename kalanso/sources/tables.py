"""What is remembered of every import?"""

from __future__ import annotations

from kalanso.sources.dhis2.tables import TABLES as DHIS2_TABLES
from kalanso.store import Audience, Column, TableSpec

IMPORTS = TableSpec(
    name="imports",
    version=1,
    meaning="The receipt of every import: what was read, stored, skipped, rejected and found suspicious",
    columns=(
        Column(name="import_id", type="string", meaning="identifier of the import"),
        Column(name="source", type="string", meaning="short name under which its rows stand"),
        Column(name="reader", type="string", meaning="which reader read it"),
        Column(name="file_name", type="string", meaning="name of the file"),
        Column(name="sha256", type="string", meaning="checksum of the file"),
        Column(name="imported_at", type="timestamp", meaning="when"),
        Column(name="unit", type="string", meaning="what was counted: rows or values"),
        Column(name="read", type="int", meaning="how many were read", minimum=0),
        Column(name="stored", type="int", meaning="how many were stored", minimum=0),
        Column(name="skipped", type="int", meaning="how many were no data: headers, blank lines, notes", minimum=0),
        Column(name="rejected", type="int", meaning="how many were refused", minimum=0),
        Column(name="suspicious", type="int", meaning="how many of the stored ones look doubtful", minimum=0),
        Column(name="reasons", type="string", meaning="counts by reason (JSON)"),
    ),
    key=("import_id",),
    audience=Audience.PROGRAMME,
)  # fmt: skip

REJECTED_ROWS = TableSpec(
    name="rejected_rows",
    version=1,
    meaning="Every row or value that was refused, where it stood, and why",
    columns=(
        Column(name="import_id", type="string", meaning="the import"),
        Column(name="number", type="int", meaning="running number within the import", minimum=1),
        Column(name="sheet", type="string", meaning="sheet of the workbook; empty for CSV"),
        Column(name="row", type="int", meaning="row in the file, counted from 1", minimum=1),
        Column(name="column", type="string", meaning="column heading or letter; empty for the whole row"),
        Column(name="reason", type="string", meaning="message id of the reason"),
        Column(name="found", type="string", meaning="what stood there", nullable=True),
        Column(name="expected", type="string", meaning="what was expected", nullable=True),
    ),
    key=("import_id", "number"),
    audience=Audience.PROGRAMME,
    cleared_only=True,
)  # fmt: skip

TABLES = (IMPORTS, REJECTED_ROWS, *DHIS2_TABLES)
