"""How does somebody write down whom to call at a place where nobody has an account?"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kalanso.hub.evidence.actions import contacts as actions
from kalanso.hub.evidence.forms.desk import ContactForm
from kalanso.hub.evidence.queries.calls import contact_at
from kalanso.hub.people.models import PlaceMirror
from kalanso.hub.people.permissions import refuse_unless


@login_required
def contact(request: HttpRequest, code: str) -> HttpResponse:
    """Show whom to call at a place and take another; for those alone who work there or answer for it."""
    place = PlaceMirror.objects.filter(code=code).first()
    if place is None:
        raise Http404(_("Ce lieu n'existe pas."))
    refuse_unless(request.user, "evidence.keep_contact", place)
    held = contact_at(request.user, place)
    start = {"post": held.post, "phone": held.phone} if held else {}
    form = ContactForm(request.POST or None, initial=start | {"version": held.version if held else 0})
    if request.method == "POST" and form.is_valid():
        told, now = form.cleaned_data, datetime.now(UTC)
        try:
            if "remove" in request.POST:
                actions.remove_contact(by=request.user, place_code=code, version=told["version"], now=now)
                messages.success(request, _("Ce contact est effacé."))
            else:
                actions.keep_contact(by=request.user, place_code=code, now=now, **told)
                messages.success(
                    request, _("C'est noté : ce numéro s'affiche à côté des questions de ce lieu.")
                )
        except ValidationError as error:
            form.add_error(error.code if error.code in form.fields else None, error)
        else:
            return redirect("worklist")
    return render(
        request,
        "evidence/contact.html",
        {"form": form, "about": place, "held": held},
        status=422 if form.errors else 200,
    )
