"""How does the portfolio look as a list that can be filled in and loaded again?

One row for each cell, its columns named as the reader of sheets knows them. Days of protected cells are left empty: loading
the list again changes nothing there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font

from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.portfolio.models.cells import State
from kalanso.hub.portfolio.models.interventions import Approach
from kalanso.hub.portfolio.queries import scope
from kalanso.hub.portfolio.queries.grid import Chosen, grid
from kalanso.vocabulary import no_formula


def headings() -> list[str]:
    """Return the headings, in the language of the page; both are understood when it is loaded."""
    return [
        _("Code"), _("Intervention"), _("Région"), _("District"), _("Organisation responsable"), _("Structure de mise en œuvre"),
        _("Approche"), _("Unité"), _("Début"), _("Fin"), _("Cible"), _("État"), _("Raison"),
    ]  # fmt: skip


def rows(person: Any, chosen: Chosen, *, today: date) -> list[list[Any]]:
    """Return the cells that somebody may see of a choice."""
    shown = grid(person, chosen, today=today)
    wanted = {square.pk for line in shown.lines for square in line.squares if square is not None}
    found = scope.cells(person).order_by("intervention__code", "place_code")
    flagged = scope.flagged_among({column.code for column in shown.columns})
    names = {column.code: (column.region, column.name) for column in shown.columns}
    listed = []
    for cell in found:
        if cell.pk not in wanted:
            continue
        open_ = scope.detail(person, cell, flagged)
        line, (region, name) = cell.intervention, names[cell.place_code]
        listed.append([
            line.code, line.title_fr, region, name, line.lead.name, cell.organisation.name, str(Approach(line.approach).label), line.unit,
            _day(cell.begins) if open_ else "", _day(cell.ends) if open_ else "", "" if cell.target is None else cell.target,
            str(State(cell.state).label), cell.reason if open_ else "",
        ])  # fmt: skip
    return listed


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day is not None else ""


def template() -> bytes:
    """Return a workbook to fill in: the headings, and one line as an example."""
    places = PlaceMirror.objects.filter(level="district").order_by("name")[:1]
    name = places[0].name if places else _("Nom du district")
    example = [
        "INT-001", _("Séances de vaccination du soir"), "", name, "", "", str(Approach.EXTENDED_HOURS.label), _("séances tenues"),
        "01/01/2026", "31/12/2026", 48, str(State.PLANNED.label), "",
    ]  # fmt: skip
    return workbook(headings(), [example], _("Portefeuille"))


def workbook(heads: Sequence[str], lines: Sequence[Sequence[Any]], title: str) -> bytes:
    """Return a workbook of one sheet with a row of headings."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    sheet.append(list(heads))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line in lines:
        sheet.append([no_formula(cell) for cell in line])
    sheet.freeze_panes = "A2"
    for column, width in zip(
        "ABCDEFGHIJKLM", (10, 40, 14, 18, 24, 24, 24, 18, 12, 12, 8, 16, 30), strict=True
    ):
        sheet.column_dimensions[column].width = width
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
