"""How is everything handed over to whoever will keep it next, readable without Kalanso?

`records`: every table of the hub as CSV. `tables`: every published table as Parquet and CSV, as those who run
the hub may see it. `files`: uploads and photos. `LISEZ-MOI.txt` names them all. Passwords, second proofs,
sessions and links are left out: they are of no use elsewhere, and a danger. Raw files of studies and rows of single
children are left out too: families consented to one study, whose files are handed over by decision, not by an export.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from django.conf import settings
from django.db import models

from kalanso.hub.people.tasks import MACHINE
from kalanso.hub.site.actions import backup, records
from kalanso.hub.studies.queries.destruction import RAW, raw_data
from kalanso.pipeline.tables import TABLES
from kalanso.store import Store, visible
from kalanso.vocabulary import no_formula

SECRET_TABLES = frozenset(
    {
        "mfa.authenticator",
        "account.emailaddress",
        "evidence.connectionsecret",
        "studies.roundsalt",
        "studies.correction",
    }
)
SECRET_COLUMNS = frozenset({"password", "fingerprint", "secret", "token", "session_key"})
WORDS = """\
Kalanso : tout ce que contient ce hub, lisible sans Kalanso. Fait le {day}.
Everything that this hub holds, readable without Kalanso.

records/  {records} tables : ce que des personnes ont saisi / what people wrote (CSV, UTF-8)
tables/   {tables} tables publiées / published tables (Parquet, CSV)
files/    {files} fichiers / uploads and photos

Les mots de passe, sessions et liens n'y sont pas. Ces fichiers nomment des personnes : gardez-les comme un
registre confidentiel. / Passwords, sessions and links are left out. These files name people: keep them as you
would keep a confidential register.
{studies}"""
STUDIES = """
Fichiers bruts d'études, laissés de côté : consentement, conservation et destruction valent pour chaque étude. Remettez-les
un par un, par une décision écrite. / Raw files of studies, left out: consent, retention and destruction hold for each study.
Hand them over one by one, by a written decision.
{lines}
"""


def export_all(*, into: Path) -> dict[str, int]:
    """Write everything into a new folder, and return how many tables and files. Raises FileExistsError."""
    if into.exists() and any(into.iterdir()):
        raise FileExistsError(f"{into}: expected an empty or new folder, found files; name another")
    for part in ("records", "tables", "files"):
        (into / part).mkdir(parents=True, exist_ok=True)
    told = {
        "records": _records(into / "records"),
        "tables": _tables(into / "tables"),
        "files": _files(into / "files"),
    }
    (into / "LISEZ-MOI.txt").write_text(
        WORDS.format(day=datetime.now(UTC).date().isoformat(), studies=_studies(), **told), encoding="utf-8"
    )
    return told


def _studies() -> str:
    """Say of which studies raw files were left out, and of which they were destroyed."""
    lines = [
        f"- {one.survey} : {'détruits / destroyed' if one.destroyed else 'à détruire / to be destroyed'} {one.day.isoformat()}"
        for one in raw_data()
    ]
    return STUDIES.format(lines="\n".join(lines)) if lines else ""


def _records(into: Path) -> int:
    found = 0
    with records.Standstill(into / ".standstill.sqlite3") as alias:
        for model in records.tables_as_of(records.migrations_of(alias)):
            if records.label_of(model) not in SECRET_TABLES:
                _write_csv(into / f"{records.label_of(model)}.csv", model, alias)
                found += 1
    return found


def _write_csv(path: Path, model: type[models.Model], alias: str) -> None:
    names = [one.attname for one in model._meta.concrete_fields if one.name not in SECRET_COLUMNS]
    with path.open("w", encoding="utf-8", newline="") as stream:
        sheet = csv.writer(stream)
        sheet.writerow(names)
        for row in _rows(model, alias):
            sheet.writerow([_cell(row.get(name)) for name in names])


def _rows(model: type[models.Model], alias: str) -> Iterator[dict[str, Any]]:
    for line in records.lines_of(model, alias):
        yield json.loads(line)


def _cell(value: Any) -> Any:
    """Return a cell; one that a spreadsheet would take for a formula begins with an apostrophe."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return no_formula(value)


def _tables(into: Path) -> int:
    if settings.KALANSO_STORE is None:
        return 0
    store, found = Store.open(settings.KALANSO_STORE, memory=settings.KALANSO_MEMORY, threads=1), 0
    for spec in TABLES:
        if store.latest(spec.name) is None:
            continue
        rows = visible(store, spec, MACHINE, today=datetime.now(UTC).date()).to_pyarrow()
        parquet.write_table(rows, into / f"{spec.name}.parquet")
        arrow_csv.write_csv(_flat(rows), into / f"{spec.name}.csv")
        found += 1
    return found


def _flat(rows: pa.Table) -> pa.Table:
    """Return a table whose columns CSV can hold: bytes and nested values stand in the Parquet file alone."""
    held = [
        name
        for name, kind in zip(rows.column_names, rows.schema.types, strict=True)
        if not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
    ]
    return rows.select(held)


def _files(into: Path) -> int:
    root: Path = settings.KALANSO_DATA
    found = 0
    for top in sorted(root.iterdir()):
        if not backup.is_file_of_people(top):
            continue
        for path in [top] if top.is_file() else sorted(one for one in top.rglob("*") if one.is_file()):
            if RAW.match(path.relative_to(root).as_posix()):
                continue
            to = into / path.relative_to(root)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
            found += 1
    return found
