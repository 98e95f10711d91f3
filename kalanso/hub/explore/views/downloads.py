"""How does a reader take a table home?

The same rows as on the page, in the same order, under the same filters: CSV streamed at any size,
XLSX with a sheet on where the rows came from. Beside the code of a place stands its name, for people, and beside
coverage the grade of confidence in it.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from kalanso.hub.explore.panels import meaning, place_told
from kalanso.hub.explore.queries import confidence, places, tables
from kalanso.hub.explore.queries.shelf import Shelf
from kalanso.hub.explore.views.tables import frame
from kalanso.store import TableSpec

XLSX_CELLS = 600_000  # beyond, writing takes minutes and ordinary computers stop answering
LONGEST_NAME = 120  # of a file, its ending apart
NAMED, NAME, GRADE = "place_code", "place_name", "confidence_grade"
LEADS_TO_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What a file tells beside the columns of its table: names of places by code, grades of numbers; None where it tells none."""

    names: dict[str, str] | None
    grades: confidence.Graded | None


def csv_file(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Send every chosen row as CSV (UTF-8, comma, decimal point), a batch at a time."""
    context = frame(request, name, "rows")
    lines = _lines(context, _beside(context))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(context)}.csv"'
    return response


def _beside(context: dict[str, Any]) -> Beside:
    """Return what is told beside the rows, found before anything is sent, in the language of whoever asks.

    Earlier states of a table have no grades: what is graded is the newest.
    """
    here, spec = context["here"], context["spec"]
    grades = confidence.beside_rows(here, spec.name) if context["as_of"] is None else None
    return Beside(names=_names(context), grades=grades)


def _names(context: dict[str, Any]) -> dict[str, str] | None:
    """Return what the reader's places are called, by code; None for a table that needs no names."""
    columns = tables.shown_columns(context["spec"])
    if NAMED not in columns or {"name", NAME} & set(columns):
        return None
    return {code: place_told(code) for code in places.tree(context["here"]).places}


def _columns(spec: TableSpec, told: Beside) -> list[str]:
    columns = tables.shown_columns(spec)
    if told.names is not None:
        columns.insert(columns.index(NAMED) + 1, NAME)
    return [*columns, GRADE] if told.grades is not None else columns


def _values(row: dict[str, Any], told: Beside) -> Iterator[Any]:
    for column, value in row.items():
        yield value
        if told.names is not None and column == NAMED:
            yield told.names.get(value, "")
    if told.grades is not None:
        yield told.grades.of(row)


class _Echo:
    def write(self, text: str) -> str:
        return text


def _lines(context: dict[str, Any], told: Beside) -> Iterator[str]:
    here: Shelf = context["here"]
    writer = csv.writer(_Echo())
    with here.apart() as apart:
        yield "\ufeff" + writer.writerow(_columns(context["spec"], told))
        for batch in tables.batches(apart, context["spec"], context["selection"]):
            yield "".join(
                writer.writerow([_plain(value) for value in _values(row, told)]) for row in batch.to_pylist()
            )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(LEADS_TO_A_FORMULA) and len(value) > 1 else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def xlsx_file(request: HttpRequest, name: str) -> HttpResponse | FileResponse:
    """Send the chosen rows as a workbook, with a second sheet on their provenance."""
    context = frame(request, name, "rows")
    count = tables.count(context["here"], name, context["selection"])
    told = _beside(context)
    limit = XLSX_CELLS // len(_columns(context["spec"], told))
    if count > limit:
        context |= {"count": count, "limit": limit}
        return render(request, "explore/too_long.html", context, status=413)
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    _workbook(context, told).save(stream)
    stream.seek(0)
    return FileResponse(stream, as_attachment=True, filename=f"{_file_name(context)}.xlsx")


def _workbook(context: dict[str, Any], told: Beside) -> Workbook:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Données"))
    sheet.append(_columns(context["spec"], told))
    here: Shelf = context["here"]
    with here.apart() as apart:
        for batch in tables.batches(apart, context["spec"], context["selection"]):
            for row in batch.to_pylist():
                sheet.append([_cell(value) for value in _values(row, told)])
    about = book.create_sheet(_("Provenance"))
    for line in _about(context, told):
        about.append([_cell(value) for value in line])
    return book


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # workbooks know no zone; ours are UTC
    plain = _plain(value)
    return ILLEGAL_CHARACTERS_RE.sub("", plain) if isinstance(plain, str) else plain


def _about(context: dict[str, Any], told: Beside) -> Iterator[list[str]]:
    spec, manifest = context["spec"], context["manifest"]
    yield [_("Table"), spec.name, meaning(spec.meaning)]
    if context["applied"]:
        yield [_("Filtre"), " · ".join(context["applied"])]
    if manifest:
        yield [_("État"), manifest.id, manifest.created_at]
        yield [_("Sources"), ", ".join(manifest.provenance.sources)]
        for source in manifest.provenance.inputs:
            yield [_("Fichier"), source.name, source.sha256, source.licence or ""]
        if manifest.demo:
            yield [_("DÉMO"), _("Chiffres simulés : ne décrivent aucun lieu réel.")]
    for column in spec.columns:
        yield [column.name, meaning(column.meaning), column.unit]
        if told.names is not None and column.name == NAMED:
            yield [NAME, _("Nom du lieu, ajouté pour la lecture : le code seul désigne le lieu."), ""]
    if told.grades is not None:
        yield [
            GRADE,
            _(
                "Confiance dans la couverture de la source, du lieu et de l'année, de A à D ; vide : pas notée."
            ),
            "",
        ]


def _file_name(context: dict[str, Any]) -> str:
    manifest = context["manifest"]
    name = manifest.id if manifest else context["spec"].name
    chosen: tables.Selection = context["selection"]
    values = [part for part in (chosen.place, *(value for _column, value in chosen.values)) if part]
    if values:  # a part of a table must not pass for the whole
        told = re.sub(r"[^A-Za-z0-9]+", "-", "-".join(values)).strip("-")
        name = f"{name}-{_('filtre')}-{told}"[:LONGEST_NAME].rstrip("-")
    return f"{name}-demo" if manifest and manifest.demo else name
