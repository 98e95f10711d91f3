"""How does somebody take lines and entries along, and how do grants leave as IATI?"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from openpyxl import Workbook

from kalanso.hub.grants.actions import grants as actions
from kalanso.hub.grants.forms.grants import IdentifierForm
from kalanso.hub.grants.models import Grant, IatiIdentifier
from kalanso.hub.grants.queries import iati as of_iati
from kalanso.hub.grants.queries import ledger, scope
from kalanso.hub.grants.views import now, tried
from kalanso.hub.people.permissions import WHOLE_COUNTRY, refuse_unless
from kalanso.vocabulary import no_formula

FORMS = ("csv", "xlsx")


@login_required
@require_GET
def lines(request: HttpRequest, pk: int, form: str) -> HttpResponse | FileResponse:
    """Send the budget lines of a grant that the reader sees."""
    grant = scope.one_grant(request.user, pk)
    return _sent(grant, "lignes", form, ledger.line_rows(request.user, grant))


@login_required
@require_GET
def entries(request: HttpRequest, pk: int, form: str) -> HttpResponse | FileResponse:
    """Send the ledger of a grant as far as the reader sees it."""
    grant = scope.one_grant(request.user, pk)
    return _sent(grant, "ecritures", form, ledger.entry_rows(request.user, grant))


def _sent(grant: Grant, what: str, form: str, rows: Iterable[tuple[Any, ...]]) -> HttpResponse | FileResponse:
    name = f"kalanso-{what}-{grant.code}-{now():%Y%m%d}.{form}"
    if form == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([_plain(value) for value in row] for row in rows)
        answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    if form != "xlsx":
        raise Http404(_("Ce fichier n'existe pas sous cette forme."))
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Données"))
    for row in rows:
        sheet.append([_cell(value) for value in row])
    about = book.create_sheet(_("Provenance"))
    about.append([_("Subvention"), grant.code, scope.title_of(grant)])
    about.append([_("Sur la foi de quoi"), no_formula(grant.source_note)])
    about.append([_("Chaque montant est dans sa monnaie ; rien n'est converti ici.")])
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(stream)
    stream.seek(0)
    return FileResponse(stream, as_attachment=True, filename=name)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else no_formula(value)


def _cell(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else no_formula(value)


@login_required
def iati(request: HttpRequest) -> HttpResponse:
    """Say what leaves as IATI and what is lacking, and take identifiers of organisations."""
    refuse_unless(request.user, "grants.export_iati", WHOLE_COUNTRY)
    rights = scope.rights(request.user)
    if request.method == "POST":
        refuse_unless(request.user, "grants.manage", WHOLE_COUNTRY)
    form = IdentifierForm(request.POST or None) if rights.manage else None
    if request.method == "POST" and form is not None and form.is_valid():
        given = form.cleaned_data
        if (
            tried(form, lambda: actions.write_identifier(by=request.user, now=now(), **given), "identifier")
            is not None
        ):
            messages.success(request, _("Identifiant gardé."))
            return redirect("grant_iati")
    context = {
        "form": form, "rights": rights, "identifiers": IatiIdentifier.objects.select_related("organisation", "by"),
        "lacking": of_iati.lacking(), "held": of_iati.held_back(), "grants": Grant.objects.count(),
    }  # fmt: skip
    return render(
        request, "grants/iati.html", context, status=422 if form is not None and form.errors else 200
    )


@login_required
@require_GET
def iati_file(request: HttpRequest) -> HttpResponse:
    """Send all grants as an IATI 2.03 activities file; refused where an identifier is lacking."""
    refuse_unless(request.user, "grants.export_iati", WHOLE_COUNTRY)
    try:
        document = of_iati.document(now=now())
    except of_iati.Lacking as lacking:
        messages.error(
            request, _("L'export attend l'identifiant IATI de : %(names)s.") % {"names": ", ".join(str(one) for one in lacking.organisations)}
        )  # fmt: skip
        return redirect("grant_iati")
    answer = HttpResponse(document, content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="iati-{now():%Y%m%d}.xml"'
    return answer
