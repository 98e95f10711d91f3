"""What was somebody told, what do they want to be told, and how do they stop the weekly letter?"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kalanso.hub.people.actions import notices as changes
from kalanso.hub.people.forms.persons import Preferences
from kalanso.hub.people.models import Notification
from kalanso.hub.people.queries import letters
from kalanso.hub.people.queries import notices as told
from kalanso.hub.people.views.asked import now, number


@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """List what the reader was told, the newest first."""
    rows, after = told.page(request.user, before=number(request, "avant"))
    return render(
        request, "people/notices.html", {"rows": [(row, told.told(row)) for row in rows], "after": after}
    )


@login_required
@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that a notification was read, and go where it leads."""
    found = get_object_or_404(Notification, pk=pk, person=request.user)
    changes.mark_read(by=request.user, notification=found, now=now())
    return redirect(found.address or "notices")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Note that all notifications were read."""
    changes.mark_read(by=request.user, notification=None, now=now())
    return redirect("notices")


@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Choose what to be told, by letter or not, and in which language."""
    by, kinds = request.user, told.choices()
    chosen = {f"kind_{n}": not set(ids.split(",")) & set(by.unwanted) for n, (ids, _name) in enumerate(kinds)}
    form = Preferences(
        request.POST or None, kinds=kinds, languages=settings.LANGUAGES,
        initial={"language": by.language, "wants_digest": by.wants_digest, **chosen},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        changes.choose(
            by=by, unwanted=form.unwanted(), wants_digest=form.cleaned_data["wants_digest"],
            language=form.cleaned_data["language"],
        )  # fmt: skip
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect("preferences")
    return render(
        request, "people/preferences.html", {"form": form, "secret": letters.sealed(by, letters.FEED)}
    )


@login_required
@require_POST
def renew_feed(request: HttpRequest) -> HttpResponse:
    """Make the reader's old feed link useless."""
    changes.renew_feed(by=request.user)
    messages.success(request, _("L'ancien lien ne sert plus ; le nouveau est ci-dessous."))
    return redirect("preferences")


@never_cache
def unsubscribe(request: HttpRequest, secret: str) -> HttpResponse:
    """Stop the weekly letter for who holds the link of one; a look alone changes nothing."""
    person = letters.unsealed(secret, letters.STOP)
    if person is None:
        return render(request, "people/no_invitation.html", {"letter": True}, status=404)
    if request.method == "POST":
        changes.stop_digest(by=person)
        return render(request, "people/unsubscribed.html")
    words = {
        "title": _("Ne plus recevoir la lettre de la semaine ?"),
        "told": _("Vos notifications restent dans Kalanso ; vous pourrez reprendre la lettre dans vos préférences."),
        "button": _("Ne plus la recevoir"),
    }  # fmt: skip
    return render(request, "people/ask.html", words)
