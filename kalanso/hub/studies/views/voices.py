"""How does somebody note where a study listened to people, above all where no household could be surveyed?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.people.permissions import refuse_unless
from kalanso.hub.people.queries.places import names_of
from kalanso.hub.studies.actions.voices import say_voices
from kalanso.hub.studies.forms.voices import VoicesForm
from kalanso.hub.studies.queries import rounds
from kalanso.hub.studies.views import context_of


@login_required
def voices(request: HttpRequest, pk: int) -> HttpResponse:
    """Show interviews and focus groups by place, and take a line."""
    found = rounds.one_round(request.user, pk)
    refuse_unless(request.user, "studies.declare", found)
    form = VoicesForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            say_voices(
                by=request.user, one=found, place_code=told["place"], interviews=told["interviews"],
                focus_groups=told["focus_groups"], now=datetime.now(UTC),
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Ligne gardée."))
            return redirect("round_voices", pk=found.pk)
    rows = list(found.voices.all())
    names = names_of({one.place_code for one in rows})
    context = {
        **context_of(request, found), "form": form, "rows": [(one, names.get(one.place_code, one.place_code)) for one in rows],
        "total": (sum(one.interviews for one in rows), sum(one.focus_groups for one in rows)),
    }  # fmt: skip
    return render(request, "studies/voices.html", context, status=422 if form.errors else 200)
