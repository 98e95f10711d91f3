"""How does somebody read, note and end the decisions under which data of a study go abroad?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import may, refuse_unless
from kalanso.hub.studies.actions.transfers import end_transfer, note_transfer
from kalanso.hub.studies.forms.transfers import TransferEndForm, TransferForm
from kalanso.hub.studies.queries import rounds
from kalanso.hub.studies.views import context_of


@login_required
def transfers(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the decisions of a round, and take one or the end of one."""
    found = rounds.one_round(request.user, pk)
    refuse_unless(request.user, "studies.read", found)
    ends = "number" in request.POST
    form = TransferForm(request.POST if request.method == "POST" and not ends else None)
    ending = TransferEndForm(request.POST if request.method == "POST" and ends else None)
    asked = ending if ends else form
    if request.method == "POST":
        refuse_unless(request.user, "studies.send_abroad", found)
        if asked.is_valid():
            told = {"by": request.user, "one": found, "now": datetime.now(UTC)}
            try:
                if ends:
                    end_transfer(**told, **ending.cleaned_data)
                else:
                    note_transfer(**told, said=form.cleaned_data)
            except ValidationError as error:
                asked.add_error(None, error)
            else:
                messages.success(request, _("Décision gardée."))
                return redirect("round_transfers", pk=found.pk)
    rows = list(found.transfers.select_related("by", "ended_by"))
    context = {
        **context_of(request, found), "form": form, "ending": ending, "rows": rows, "standing": sum(1 for one in rows if one.ended is None),
        "may_note": may(request.user, "studies.send_abroad", found),
    }  # fmt: skip
    return render(request, "studies/transfers.html", context, status=422 if asked.errors else 200)
