"""What may a sheet look like that is read without a question? One to fill in, with the names of its places."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from kalanso.hub.evidence.forms.uploads import BlankSheetForm, clean_name
from kalanso.hub.evidence.queries import blank_sheets
from kalanso.hub.evidence.queries import uploads as queries
from kalanso.hub.evidence.views.uploads import safe_cell
from kalanso.hub.people.permissions import may
from kalanso.vocabulary import format_value

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
def blank(request: HttpRequest) -> HttpResponse:
    """Give a workbook with a line for each place of a place and month, to be filled in."""
    if not may(request.user, "evidence.upload") or not queries.homes(request.user):
        raise PermissionDenied(_("Votre rôle ne permet pas de déposer des fichiers."))
    form = BlankSheetForm(request.user)
    first = {name: field.choices[0][0] for name, field in form.fields.items() if field.choices}  # type: ignore[attr-defined]
    form = BlankSheetForm(request.user, {**first, **request.GET.dict()})
    if not form.is_valid():
        raise Http404(_("Il n'y a pas de modèle pour ce lieu et ce mois."))
    place, month = form.cleaned_data["lieu"], form.cleaned_data["mois"]
    ages = form.cleaned_data["ages"]
    said = format_value(month, "period", "fr")
    if ages == blank_sheets.VISITS:
        above, visited = queries.places_of_visits(place)
        headings, kind = [above, "Structure", *blank_sheets.VISITED], "recomptages"
        lines = [[*one, said, vaccine] for one in visited for vaccine in blank_sheets.COUNTED_AGAIN]
    else:
        heading, names = queries.places_of_sheet(place)
        headings, kind = blank_sheets.headings(heading, ages), "modele"
        lines = [[name, said] for name in names]
    response = HttpResponse(_workbook(headings, lines), content_type=XLSX)
    called = clean_name(f"{kind}-{queries.place_names({place})[place]}-{month}.xlsx", "xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(called)}"
    return response


def _workbook(headings: list[str], lines: list[list[str]]) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("Feuille à remplir")
    sheet.append(headings)
    for line in lines:
        sheet.append([safe_cell(cell) for cell in line])
    sheet.freeze_panes = "B2"
    sheet.column_dimensions["A"].width = 32
    sheet.column_dimensions["B"].width = 16
    for at in range(3, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(at)].width = len(headings[at - 1]) + 4
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()
