"""How does the catalogue of sources answer?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions import sources as actions
from kalanso.hub.evidence.forms.desk import SourceForm
from kalanso.hub.evidence.queries import catalogue, source_entry
from kalanso.hub.evidence.queries import sources as queries
from kalanso.hub.people.permissions import may


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """Show each source: what it is, what it last brought, whether something is overdue."""
    found = queries.catalogue(today=datetime.now(UTC).date())
    return render(
        request,
        "evidence/sources.html",
        {
            "sources": found,
            "late": [one for one in found if one.late_days],
            "unjudged": [one for one in found if one.newest and one.expected is None],
            "catalogue": catalogue.catalogue(),
            "reads_connections": may(request.user, "evidence.read_connections"),
        },
    )


@login_required
def one(request: HttpRequest, code: str) -> HttpResponse:
    """Show one source in full; whoever may, writes what is known of it."""
    source = next((s for s in queries.catalogue(today=datetime.now(UTC).date()) if s.code == code), None)
    if source is None:
        raise Http404(_("Aucune source ne porte ce nom."))
    allowed, card = may(request.user, "evidence.edit_source"), source.card
    start = (
        {name: getattr(card, name) for name in actions.COLUMNS}
        if card
        else {"cadence": "sometimes", "patience_days": 30}
    )
    form = SourceForm(request.POST or None, initial={**start, "version": card.version if card else 0})
    if request.method == "POST":
        if not allowed:
            raise PermissionDenied(
                _("Décrire une source est le rôle du CNI, des chercheurs et de l'administrateur.")
            )
        if form.is_valid():
            words = {name: form.cleaned_data[name] for name in actions.COLUMNS}
            try:
                actions.describe(
                    by=request.user,
                    code=code,
                    words=words,
                    version=form.cleaned_data["version"],
                    now=datetime.now(UTC),
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("C'est noté, avec votre nom et la date."))
                return redirect("source", code=code)
    known = catalogue.measured(code)
    return render(
        request, "evidence/source.html",
        {"source": source, "form": form, "allowed": allowed, "measured": known,
         "declared": source_entry.facts(known, card), "doubts": source_entry.doubts(code)},
        status=422 if form.errors else 200,
    )  # fmt: skip
